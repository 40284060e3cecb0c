"""Every kind in its sentence, and what is near it but is none; Arrow's forms of the same texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.personal.findings import Findings
from hanse.factory.prepare.steps.personal.scan import kinds, scan
from tests.unit.factory.prepare.steps.personal.samples import NOTHING, SAMPLES, parts


def array(*texts: str | None) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def found(findings: Findings, texts: list[str]) -> list[tuple[int, str, str]]:
    rows = zip(findings.records.tolist(), findings.begins.tolist(), findings.ends.tolist(), findings.codes.tolist(), strict=True)
    return [(record, findings.kinds[code], texts[record].encode()[begin:end].decode()) for record, begin, end, code in rows]


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_found(kind: str) -> None:
    for sample in SAMPLES[kind]:
        text, wanted = parts(sample)
        assert found(scan(array(text)), [text]) == [(0, kind, piece) for piece in wanted]


def test_every_kind_has_a_sample() -> None:
    assert set(kinds()) == set(SAMPLES)


@pytest.mark.parametrize("number", range(len(NOTHING)))
def test_nothing_found(number: int) -> None:
    assert found(scan(array(NOTHING[number])), [NOTHING[number]]) == []


def test_many_texts_are_looked_at_each_for_itself() -> None:
    texts = [text for samples in SAMPLES.values() for text in (parts(sample)[0] for sample in samples)]
    alone = [(number, kind, piece) for number, text in enumerate(texts) for _, kind, piece in found(scan(array(text)), [text])]
    together = scan(array(*texts))
    assert found(together, texts) == alone
    assert sum(together.counts.values()) == len(alone)
    assert together.sizes.tolist() == [len(text.encode()) for text in texts]


def test_nothing_reaches_over_from_text_to_text() -> None:
    halves = ["BSN", "111222333", "4111 1111", " 1111 1111", "DE89 3704 0044 05", "32 0130 00", "+49 30", "1234567", "a@exam", "ple.org"]
    assert scan(array(*halves)).counts == {}
    # What touches it in another text does not hide it, either.
    neighbours = ["x", "12345678Z", "9", "93.184.216.34", "1", "4111111111111111", "5"]
    assert [piece for *_, piece in found(scan(array(*neighbours)), neighbours)] == neighbours[1::2]


def test_forms_of_arrow() -> None:
    texts = ["", "x a@example.org", "plain", "é b@example.org"]
    whole = found(scan(array(*texts)), texts)
    assert whole == [(1, "email", "a@example.org"), (3, "email", "b@example.org")]
    assert found(scan(pa.array(texts, pa.string())), texts) == whole
    assert found(scan(pa.chunked_array([texts[:1], texts[1:3], [], texts[3:]], pa.large_string())), texts) == whole
    assert found(scan(array("c@example.org", *texts, "d@example.org")[1:5]), texts) == whole
    assert found(scan(array(None, texts[1], None, texts[3])), texts) == whole
    for empty in (array(), array(None), array(""), pa.chunked_array([], pa.large_string())):
        assert scan(empty).counts == {}


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [parts(sample)[0] for samples in SAMPLES.values() for sample in samples]
    once = found(scan(array(*texts)), texts)
    for size in (1, 100, 1_000):
        monkeypatch.setattr("hanse.factory.prepare.steps.personal.scan._CHUNK", size)
        assert found(scan(array(*texts)), texts) == once


def test_only_the_kinds_that_are_asked_for() -> None:
    text = "BSN 111222333, a@example.org, Tel. 030 1234567, IBAN DE89370400440532013000"
    assert scan(array(text)).counts == {"email": 1, "iban": 1, "nl-bsn": 1, "phone": 1}
    assert scan(array(text), ["email", "phone"]).counts == {"email": 1, "phone": 1}
    assert scan(array(text), ["national"]).counts == {"nl-bsn": 1}


def test_findings_are_apart_and_within_their_texts() -> None:
    texts = [" ".join(parts(sample)[0] for samples in SAMPLES.values() for sample in samples)] * 3
    findings = scan(array(*texts))
    assert np.all(findings.begins < findings.ends)
    assert np.all(findings.ends <= findings.sizes[findings.records])
    same = findings.records[1:] == findings.records[:-1]
    assert np.all(findings.begins[1:][same] >= findings.ends[:-1][same])
    assert np.all(np.diff(findings.records) >= 0)


def test_bytes_and_signs_around() -> None:
    for before, after in (("", ""), ("é", "é"), ("\u200b", "\u200b"), ("\0", "\0"), ("日本", "語"), ("»", "«"), ("\n", "\r\n"), ("(", ")")):
        text = f"{before}12345678Z{after}"
        assert found(scan(array(text)), [text]) == [(0, "es-dni", "12345678Z")], (before, after)


def test_no_break_spaces_are_spaces() -> None:
    text = "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000, 4111\u00a01111\u00a01111\u00a01111, +49\u202f30\u202f1234567"
    assert [kind for _, kind, _ in found(scan(array(text)), [text])] == ["iban", "card", "phone"]


def test_what_is_stated_not_to_be_found() -> None:
    """Zero-width signs inside a number, digits of other scripts, numbers over two lines, addresses written out."""
    for text in (
        "DE89\u200b3704 0044 0532 0130 00",
        "４１１１ １１１１ １１１１ １１１１",
        "4111 1111\n1111 1111",
        "anna (at) example (dot) org",
    ):
        assert scan(array(text)).counts == {}
