"""Gopher's rules: against a plain second reading of the paper, and by hand."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.filters import batches, gopher
from hanse.factory.prepare.steps.filters.gopher import Gopher
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.filters import naive
from tests.unit.factory.prepare.steps.filters.real import documents, reasons
from tests.unit.factory.prepare.steps.records import table

QUALITY_OFF = {
    "min_words": None,
    "max_words": None,
    "min_mean_length": None,
    "max_mean_length": None,
    "max_symbols": None,
    "max_bullets": None,
    "max_ellipsis_lines": None,
    "min_with_letter": None,
    "min_stop_words": None,
}


def said(text: str, **parameters: object) -> str:
    return reasons(Gopher(**parameters).apply(table([text]), None), 1)[0]


def test_every_decision_and_reason_is_that_of_the_paper_on_real_documents() -> None:
    texts = documents()
    assert len(texts) >= 1_000
    found = reasons(Gopher().apply(table(texts), None), len(texts))
    assert found == [naive.gopher(text) for text in texts]
    assert len(Counter(found)) >= 12, Counter(found)
    assert 50 < found.count("") < len(texts)


def test_repetition_alone_decides_as_the_paper_on_real_documents() -> None:
    texts = documents()
    found = reasons(Gopher(**QUALITY_OFF).apply(table(texts), None), len(texts))
    assert found == [naive.repetition(text, naive.words_of(text)) for text in texts]
    assert {"gopher-top-2-words", "gopher-repeated-5-words", "gopher-repeated-lines"} <= set(found)


def test_batches_and_neighbours_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = documents()[:300]
    whole = reasons(Gopher().apply(table(texts), None), len(texts))
    monkeypatch.setattr(batches, "MOST", 7)
    assert reasons(Gopher().apply(table(texts), None), len(texts)) == whole
    backwards = reasons(Gopher().apply(table(texts[::-1]), None), len(texts))
    assert backwards[::-1] == whole


WORDS = [f"{a}{b}{c}" for a in ("ba", "ko", "mi") for b in ("ren", "tol", "sum", "vek") for c in ("da", "lo", "pi")]


def prose(groups: int) -> str:
    """Return groups of four words, of which only `the` and `of` are repeated."""
    return " ".join(f"the {WORDS[n % 36]}{'r' * (n // 36)} of {WORDS[(n * 7 + 5) % 36]}{'s' * (n // 36)}" for n in range(groups))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "gopher-empty"),
        (" \n ", "gopher-too-short"),
        (" ".join(["the", "of", *(f"word{'x' * n}" for n in range(8))] * 4 + ["ninth"] * 9), "gopher-too-short"),
        ("a of " * 40, "gopher-short-words"),
        (" ".join("extraordinarily" + "a" * n for n in range(60)), "gopher-long-words"),
        (prose(20) + " #" * 10, "gopher-hashes"),
        (prose(20) + " ..." * 12, "gopher-ellipses"),
        ("\n".join(f"- {prose(20)[n * 20 : n * 20 + 20]}" for n in range(18)), "gopher-bullets"),
        ("\n".join(f"{prose(40)[n * 40 : n * 40 + 40]}{'…' * (n < 5)}" for n in range(12)), "gopher-ellipsis-lines"),
        (prose(20) + " 12" * 21, "gopher-few-letters"),
        (prose(20).replace("the ", "das ").replace(" of ", " von "), "gopher-stop-words"),
        (prose(20) + "\n\na\n\na\n\nb\n\nb", "gopher-repeated-paragraphs"),
        (f"{prose(20)}\n\n{prose(20)[:200]}\n\nx\n\n{prose(20)[:200]}\n\ny", "gopher-repeated-paragraph-characters"),
        (prose(20) + "\na\na\nb\nb", "gopher-repeated-lines"),
        (f"{prose(20)}\n{prose(20)[:200]}\nx\n{prose(20)[:200]}\ny", "gopher-repeated-line-characters"),
        (prose(20) + " very much" * 20, "gopher-top-2-words"),
        (prose(20), ""),
    ],
    ids=range(17),
)
def test_by_hand(text: str, reason: str) -> None:
    assert said(text) == reason


def test_a_limit_itself_is_not_beyond_it() -> None:
    words = ["the", "of", *(f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(48))]
    assert said(" ".join(words)) == ""
    assert said(" ".join(words[:-1])) == "gopher-too-short"
    assert said(" ".join(words), max_words=49) == "gopher-too-long"
    assert said(" ".join([*words, "#", "#", "#", "#", "#"])) == ""


def test_signs_are_words_for_shares_only() -> None:
    words = ["the", "of", *(f"word{chr(97 + n)}" for n in range(24))]
    text = " ".join([*words, *words]) + " ( ) ; ."
    assert said(text, **{**QUALITY_OFF, "max_words": 51, "max_top": {}, "max_repeated": {}}) == "gopher-too-long"
    assert said(text, **{**QUALITY_OFF, "max_words": 52, "max_top": {}, "max_repeated": {}}) == ""


def test_sequences_inside_a_counted_one_are_not_remembered() -> None:
    text = "wa wb wc wd we wa wb wc wd we wf wg wb wc wd we wf wx"
    off = {**QUALITY_OFF, "max_top": {}, "max_repeated_lines": None}
    counted = 5 * 2 / len(text)
    assert said(text, **off, max_repeated={5: counted - 0.001}) == "gopher-repeated-5-words"
    assert said(text, **off, max_repeated={5: counted + 0.001}) == ""


def test_a_limit_can_be_off_and_other_stop_words_given() -> None:
    german = prose(20).replace("the ", "das ").replace(" of ", " von ")
    assert said(german, stop_words=("das", "von")) == ""
    assert said(german, min_stop_words=None) == ""
    assert said("", min_words=None, min_stop_words=None) == "gopher-empty"
    assert said("-- ..", **QUALITY_OFF) == "gopher-top-2-words"
    assert said("-- ..", **QUALITY_OFF, max_top={}) == ""


def test_long_documents_are_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for text in documents() if len(text) > 3_000][:40]
    whole = reasons(Gopher(max_words=700).apply(table(texts), None), len(texts))
    assert 5 < whole.count("gopher-too-long") < 35
    monkeypatch.setattr(batches, "PIECE", 500)
    monkeypatch.setattr(gopher, "PIECE", 500)
    assert reasons(Gopher(max_words=700).apply(table(texts), None), len(texts)) == whole
    assert "".join(batches.pieces("one two\t" * 1_000)) == "one two\t" * 1_000


def test_no_records_and_null_texts() -> None:
    assert reasons(Gopher().apply(table([]), None), 0) == []
    records = table(["x"]).set_column(2, "text", pa.array([None], pa.large_string()))
    assert [one.reason for one in Gopher().apply(records, None).dropped] == ["gopher-empty"]


def test_dropped_records_are_shown_and_the_others_are_as_they_were() -> None:
    records = table(["short " + "x" * 500, prose(20), "again"], url=["a", "b", "c"])
    applied = Gopher().apply(records, None)
    assert applied.records.equals(records.slice(1, 1))
    assert [(one.id, one.sample) for one in applied.dropped] == [("r0", "short " + "x" * 194), ("r2", "again")]


@pytest.mark.parametrize(
    "parameters",
    [{"min_words": -1}, {"max_symbols": float("nan")}, {"max_top": {1: 0.2}}, {"max_repeated": {101: 0.2}}, {"max_top": {2: -1}}],
)
def test_limits_that_make_no_sense_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        Gopher(**parameters).check()
    assert caught.value.where == next(iter(parameters))
