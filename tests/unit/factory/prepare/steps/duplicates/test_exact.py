"""`exact-duplicates`, against a dict."""

from __future__ import annotations

import random

import pytest

from hanse.factory.prepare.steps.duplicates.exact import ExactDuplicates
from tests.unit.factory.prepare.steps.duplicates import naive
from tests.unit.factory.prepare.steps.records import table


def _with_copies() -> list[str]:
    chance = random.Random(5)
    texts = list(naive.documents())
    texts += [chance.choice(texts) for _ in range(300)] + [text.upper() for text in texts[:50]] + [f"  {text}\n" for text in texts[50:100]]
    chance.shuffle(texts)
    return texts


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(ExactDuplicates(), id="bytes"),
        pytest.param(ExactDuplicates(ignore_case=True), id="case"),
        pytest.param(ExactDuplicates(ignore_case=True, ignore_space=True), id="both"),
    ],
)
def test_the_first_of_each_text_stays_whatever_the_parts(step: ExactDuplicates) -> None:
    texts = _with_copies()
    first: dict[str, int] = {}
    expected = []
    for number, text in enumerate(texts):
        plain = text.lower() if step.ignore_case else text
        expected.append(first.setdefault(" ".join(plain.split()) if step.ignore_space else plain, number))
    for size in (len(texts), 400, 7):
        made = naive.run(step, table(texts), size)
        assert naive.firsts(made, len(texts)) == expected
        assert naive.kept(made) == sorted(set(expected))
        assert {one.reason for one in made.dropped} == {"exact-duplicate"}


def test_empty_texts_are_the_same_text() -> None:
    assert naive.kept(naive.run(ExactDuplicates(), table(["", "a", "", "A", " "]), 2)) == [0, 1, 3, 4]


def test_nothing_twice_and_nothing_at_all() -> None:
    assert naive.kept(naive.run(ExactDuplicates(), table(["a", "b"]))) == [0, 1]
    assert naive.kept(naive.run(ExactDuplicates(), table([""]).slice(0, 1))) == [0]


def test_many_equal_records_leave_one() -> None:
    assert naive.kept(naive.run(ExactDuplicates(), table(["Moin."] * 100_000), 30_000)) == [0]
