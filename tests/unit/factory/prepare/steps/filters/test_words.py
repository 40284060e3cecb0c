"""How text is split into words: as spaCy 3.8 splits English, whose results stand here."""

from __future__ import annotations

import pytest

from hanse.factory.prepare.steps.filters.words import LONGEST, split
from tests.unit.factory.prepare.steps.filters.real import documents


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("word", "word"),
        ("(word)", "( word )"),
        ('"Hello,', '" Hello ,'),
        ("end...", "end ..."),
        ("end............", "end ............"),
        ("n°5", "n ° 5"),
        ("don't", "do n't"),
        ("Don’t", "Do n’t"),
        ("doesn't.", "does n't ."),
        ("they'll've", "they 'll 've"),
        ("cannot", "can not"),
        ("were", "were"),
        ("dog's", "dog 's"),
        ("e.g.,", "e.g. ,"),
        ("(i.e.", "( i.e."),
        ("Dr.", "Dr."),
        ("x.", "x."),
        ("well-known", "well - known"),
        ("--long-option=VALUE", "--long - option = VALUE"),
        ("either/or", "either / or"),
        ("and/or", "and/or"),
        ("10km", "10 km"),
        ("50%", "50 %"),
        ("$5", "$ 5"),
        ("3-4", "3 - 4"),
        ("one,two", "one , two"),
        ("1,000", "1,000"),
        ("end.Start", "end . Start"),
        ("file.txt", "file.txt"),
        ("https://example.org/a-b,c", "https://example.org/a-b,c"),
        ("you@example.org", "you@example.org"),
        ("'s'", "'s '"),
        ("text):", "text ):"),
        ("«été»", "« été »"),
        ("10am", "10 am"),
        ("U.S.", "U.S."),
        ("a☃b", "a ☃ b"),
    ],
    ids=str,
)
def test_as_spacy_splits(run: str, words: str) -> None:
    assert split(run) == tuple(words.split())


def test_words_joined_are_the_run() -> None:
    runs = {run for text in documents() for run in text.split()}
    assert len(runs) > 20_000
    assert [run for run in runs if "".join(split(run)) != run or "" in split(run)] == []


@pytest.mark.parametrize("sign", ["(", "a@", "-", ".", "'", "a.b/"], ids=["bracket", "at", "dash", "dot", "quote", "address"])
def test_time_is_bounded_for_long_runs(sign: str) -> None:
    for length in (LONGEST // len(sign), 200_000):
        assert "".join(split(sign * length)) == sign * length
