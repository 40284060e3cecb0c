"""C4's rules: against a plain second reading of the published ones, and by hand."""

from __future__ import annotations

import pytest

from hanse.factory.prepare.steps.filters.c4 import C4
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.filters import naive
from tests.unit.factory.prepare.steps.filters.real import documents, reasons
from tests.unit.factory.prepare.steps.records import table

GOOD = ("This line has words enough.", "So has the second one!", "Is the third one fine?", 'Here ends "the fourth one."')


def read(text: str, **parameters: object) -> tuple[str, str]:
    """Return what is left of a text, and the reason if nothing is."""
    applied = C4(**parameters).apply(table([text]), None)
    reason = reasons(applied, 1)[0]
    return ("", reason) if reason else (applied.records.column("text")[0].as_py(), "")


def with_good(*lines: str) -> str:
    return "\n".join([*GOOD, *lines])


def test_every_decision_reason_and_text_is_the_published_one_on_real_documents() -> None:
    texts = documents()
    assert len(texts) >= 1_000
    applied = C4().apply(table(texts), None)
    found = reasons(applied, len(texts))
    expected = [naive.c4(text) for text in texts]
    assert found == [reason for _, reason in expected]
    assert applied.records.column("text").to_pylist() == [text for text, reason in expected if not reason]
    assert {"", "c4-curly-bracket", "c4-few-sentences"} <= set(found)
    assert found.count("") > 200


@pytest.mark.parametrize(
    "line",
    [
        "A line without an end mark",
        "This one trails off into nothing...",
        "Only four words here.",
        f"One word is {'x' * 1001} too long.",
        "Please enable JavaScript in your browser.",
        "This site uses cookies to work.",
        "Read our Privacy Policy before you go on.",
        "",
    ],
    ids=range(8),
)
def test_a_line_goes(line: str) -> None:
    assert read(with_good(line)) == ("\n".join(GOOD), "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "c4-few-sentences"),
        ("\n".join(GOOD[:2]), "c4-few-sentences"),
        (with_good("Lorem ipsum dolor sit amet consectetur."), "c4-lorem-ipsum"),
        (with_good("Lorem ipsum without an end mark is only a line"), ""),
        (with_good("int main() { return 0; } is some code."), "c4-curly-bracket"),
        ("One line can hold it all. It has three sentences. Here is the last.", ""),
        ("Mr. Smith and Dr. Jones met e.g. at 3.15 p.m. on Monday. That is all.", "c4-few-sentences"),
        ("What does this mean?!? Nobody can tell. Really.", ""),
    ],
    ids=range(8),
)
def test_a_document_goes(text: str, reason: str) -> None:
    assert read(text)[1] == reason


def test_citations_are_taken_out_and_lines_are_counted() -> None:
    applied = C4().apply(
        table([with_good("As was said before [12] and after[edit] this [citation needed].", "no end", "Too few words.")]), None
    )
    assert applied.records.column("text")[0].as_py() == with_good("As was said before  and after this .")
    assert applied.counts == {"lines-few-words": 1, "lines-no-end": 1}


def test_what_is_dropped_is_shown_as_it_was() -> None:
    assert C4().apply(table(["nothing of this stays"]), None).dropped[0].sample == "nothing of this stays"


def test_bad_words_are_the_users() -> None:
    text = with_good("There is some Gunk in this line.")
    assert read(text)[1] == ""
    assert read(text, bad_words=("gunk", "rot-13"))[1] == "c4-bad-word"
    assert read(text, bad_words=("gun",))[1] == ""


def test_every_rule_can_be_off() -> None:
    text = "lorem ipsum {\njavascript ...\nuses cookies [1]\n" + "x" * 2000
    off = {"line_ends": (), "min_words": None, "max_word": None, "min_sentences": None, "without_citations": False, "javascript": False}
    assert read(text, **off, policies=False, lorem_ipsum=False, curly_brackets=False) == (text, "")


@pytest.mark.parametrize("parameters", [{"min_words": -1}, {"bad_words": (" ",)}, {"line_ends": ("",)}], ids=["number", "word", "end"])
def test_parameters_that_make_no_sense_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        C4(**parameters).check()
    assert caught.value.where == next(iter(parameters))
