"""`decontaminate`, against sets of tuples of words."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from hanse.factory.prepare.steps.duplicates.decontaminate import Decontaminate
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.duplicates import naive
from tests.unit.factory.prepare.steps.records import table


def _written(folder: Path) -> tuple[str, str]:
    """Write two test sets out of pieces of real texts, of 5 to 30 words."""
    chance = random.Random(2)
    pieces = []
    for text in naive.documents()[::9]:
        found = text.split()
        begin = chance.randrange(max(len(found) - 30, 1))
        pieces.append(" ".join(found[begin : begin + chance.randint(5, 30)]))
    one, other = folder / "Exam.txt", folder / "questions.v2.jsonl"
    one.write_text("\ufeff" + "\r\n \r\n".join(pieces[:60]), "utf-8")
    other.write_text("\n".join(json.dumps({"q": text, "n": 3, "a": [{"b": text[::-1]}, None]}) for text in pieces[60:]) + "\n\n", "utf-8")
    return str(one), str(other)


def test_what_shares_words_with_a_test_set_is_left_out(tmp_path: Path) -> None:
    step = Decontaminate(against=_written(tmp_path))
    step.check()
    known: list[tuple[str, set[tuple[str, ...]]]] = []
    for path in step.against:
        raw = Path(path).read_text("utf-8-sig")
        texts = raw.split("\n \n") if path.endswith(".txt") else [json.loads(line)["q"] for line in raw.splitlines() if line]
        long = [found for text in texts if len(found := naive.words(text)) >= 8]
        known.append((path, {tuple(found[at : at + 13]) for found in long for at in range(max(len(found) - 12, 1))}))
    expected = {}
    for number, text in enumerate(naive.documents()):
        found = naive.words(text)
        grams = {tuple(found[at : at + size]) for size in range(8, 14) for at in range(len(found) - size + 1)}
        reasons = [f"contaminated-{name}" for name, (_, test) in zip(["exam", "questions-v2"], known, strict=True) if grams & test]
        if reasons:
            expected[f"r{number}"] = reasons[0]
    made = naive.run(step, table(naive.documents()), 700)
    assert {one.id: one.reason for one in made.dropped} == expected
    assert len(expected) > 80
    assert len(set(expected.values())) == 2
    assert len(made.records) == 1200 - len(expected)
    assert all(8 <= len(one.sample.split()) <= 13 for one in made.dropped)


@pytest.mark.parametrize("size", [1, 4])
def test_words_of_two_records_are_no_sequence(tmp_path: Path, size: int) -> None:
    (tmp_path / "t.txt").write_text("one two three four five six seven eight")
    step = Decontaminate(against=(str(tmp_path / "t.txt"),))
    texts = ["one two three four five six seven", "eight", "one two three", "0 One, two; three four FIVE six seven (eight) 9"]
    assert naive.kept(naive.run(step, table(texts), size)) == [0, 1, 2]


@pytest.mark.parametrize("content", ["", "too short\n\nto count"])
def test_a_test_set_without_ngrams_drops_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.txt").write_text(content)
    step = Decontaminate(against=(str(tmp_path / "t.txt"),))
    assert naive.kept(naive.run(step, table(["too short", "", "x " * 10_000]))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        pytest.param("t.jsonl", b'{"a": "b"}\n{"a": \n', "t.jsonl, line 2", id="no JSON"),
        pytest.param("t.jsonl", b"[" * 100_000, "t.jsonl, line 1", id="deep"),
        pytest.param("t.txt", b"abc\xff", "t.txt, byte 3", id="no UTF-8"),
    ],
)
def test_a_broken_test_set_is_told_with_its_place(tmp_path: Path, name: str, content: bytes, where: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid) as raised:
        Decontaminate(against=(str(tmp_path / name),)).decide([], tmp_path)
    assert raised.value.where is not None
    assert raised.value.where.endswith(where)


def test_parameters_are_checked(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.txt").write_text("x")
    good = str(tmp_path / "a" / "t.txt")
    for step, where in [
        (Decontaminate(), "against"),
        (Decontaminate(against=(str(tmp_path / "none.txt"),)), "against"),
        (Decontaminate(against=(str(tmp_path / "a"),)), "against"),
        (Decontaminate(against=(good, str(tmp_path / "b" / "t.txt"))), "against"),
        (Decontaminate(against=(good,), words=1), "words"),
        (Decontaminate(against=(good,), least=14), "least"),
    ]:
        with pytest.raises(Invalid) as raised:
            step.check()
        assert raised.value.where == where


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("x")
    step = Decontaminate(against=(str(tmp_path / "t.txt"),))
    before = step.fingerprint()
    (tmp_path / "t.txt").write_text("y")
    assert step.fingerprint() != before
