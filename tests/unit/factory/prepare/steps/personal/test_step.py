"""Masking: what stands in a finding's place, what is counted, and what is dropped."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from hanse.factory.prepare.registry import step_class
from hanse.factory.prepare.steps.personal.step import Personal
from hanse.kernel.errors import Invalid, Misconfigured
from tests.unit.factory.prepare.steps.personal.samples import SAMPLES, parts

TEXTS = ["é a@example.org und DE89 3704 0044 0532 0130 00.", "nothing", "", "A@EXAMPLE.ORG, DE89370400440532013000, +49 30 1234567"]
COUNTS = {"personal-email": 2, "personal-iban": 2, "personal-phone": 1}


def records(texts: list[str]) -> pa.Table:
    rows = {"id": [f"r{number}" for number in range(len(texts))], "source": ["s@1"] * len(texts)}
    return pa.table({**rows, "text": pa.array(texts, pa.large_string()), "more": list(range(len(texts)))})


def applied(step: Personal, texts: list[str]) -> list[str]:
    result = step.apply(records(texts), None)
    assert not result.dropped
    assert result.records.schema == records(texts).schema
    assert result.records.drop_columns("text") == records(texts).drop_columns("text")
    return result.records.column("text").to_pylist()


def test_label_and_remove() -> None:
    assert applied(Personal(), TEXTS) == ["é [EMAIL] und [IBAN].", "nothing", "", "[EMAIL], [IBAN], [PHONE]"]
    assert applied(Personal(mask="remove"), TEXTS) == ["é  und .", "nothing", "", ", , "]
    assert applied(Personal(find=("iban",)), TEXTS)[0] == "é a@example.org und [IBAN]."
    assert Personal().apply(records(TEXTS), None).counts == COUNTS
    assert Personal().apply(records(["nothing"]), None).counts == {}


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_each_kind_is_masked_and_nothing_else(kind: str) -> None:
    for sample in SAMPLES[kind]:
        text, wanted = parts(sample)
        expected = sample
        for piece in wanted:
            expected = expected.replace(f"⟦{piece}⟧", f"[{kind.upper()}]")
        assert applied(Personal(), [text]) == [expected]


def test_masked_text_has_nothing_left() -> None:
    texts = [parts(sample)[0] for samples in SAMPLES.values() for sample in samples]
    once = Personal().apply(records(texts), None)
    assert Personal().apply(once.records, None).counts == {}


def test_hash(tmp_path: Path) -> None:
    salt = tmp_path / "salt"
    salt.write_bytes(b"0123456789abcdef")
    step = Personal(mask="hash", salt_file=str(salt))
    step.check()
    first, _, _, last = applied(step, TEXTS)
    email, iban = first.split()[1], first.split()[3].rstrip(".")
    assert last.split(", ")[:2] == [email, iban]  # however it is written
    assert email.startswith("[EMAIL-")
    assert len(email) == len("[EMAIL-]") + 16
    assert "example" not in first
    salt.write_bytes(b"another salt, longer")
    assert applied(step, TEXTS)[0] != first


def test_drop() -> None:
    result = Personal(mask="drop").apply(records(TEXTS), None)
    assert result.records.column("id").to_pylist() == ["r1", "r2"]
    assert [(one.id, one.reason) for one in result.dropped] == [("r0", "personal-email"), ("r3", "personal-email")]
    assert [one.sample for one in result.dropped] == ["é [EMAIL] und [IBAN].", "[EMAIL], [IBAN], [PHONE]"]
    assert result.counts == COUNTS


def test_parts_do_not_matter() -> None:
    texts = [parts(sample)[0] for samples in SAMPLES.values() for sample in samples]
    whole = applied(Personal(), texts)
    assert [text for at in range(0, len(texts), 7) for text in applied(Personal(), texts[at : at + 7])] == whole
    table = records(["before", *texts, "after"])
    chunked = pa.concat_tables([table.slice(0, 3), table.slice(3, 10), table.slice(13)]).slice(1, len(texts))
    assert Personal().apply(chunked, None).records.column("text").to_pylist() == whole


@pytest.mark.parametrize(
    ("parameters", "where"),
    [({"find": ["email", "shoe-size"]}, "find[1]"), ({"mask": "hash"}, "salt_file"), ({"salt_file": "x"}, "salt_file")],
)
def test_parameters_without_sense(parameters: dict[str, object], where: str) -> None:
    with pytest.raises(Invalid) as error:
        msgspec.convert(parameters, Personal).check()
    assert error.value.where == where


def test_salt_that_cannot_be_used(tmp_path: Path) -> None:
    for content in (None, b"short", b"x" * 5000):
        file = tmp_path / "salt"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(Misconfigured) as error:
            Personal(mask="hash", salt_file=str(file)).check()
        assert str(content or "-") not in str(error.value)
    with pytest.raises(Misconfigured):
        Personal(mask="hash", salt_file=str(tmp_path)).check()


def test_registered() -> None:
    assert step_class("personal") is Personal
