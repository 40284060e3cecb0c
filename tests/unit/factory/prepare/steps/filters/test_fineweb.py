"""FineWeb's rules: against a plain second reading of the published ones, and by hand."""

from __future__ import annotations

import pytest

from hanse.factory.prepare.steps.filters.fineweb import FineWeb
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.filters import naive
from tests.unit.factory.prepare.steps.filters.real import documents, reasons
from tests.unit.factory.prepare.steps.records import table

LINE = "A line that is long enough to be no short one."


def said(text: str, **parameters: object) -> str:
    return reasons(FineWeb(**parameters).apply(table([text]), None), 1)[0]


def test_every_decision_and_reason_is_the_published_one_on_real_documents() -> None:
    texts = documents()
    assert len(texts) >= 1_000
    found = reasons(FineWeb().apply(table(texts), None), len(texts))
    assert found == [naive.fineweb(text) for text in texts]
    assert {"", "fineweb-unended-lines", "fineweb-short-lines", "fineweb-repeated-lines"} <= set(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "fineweb-empty"),
        ("\n \n\t\n", "fineweb-empty"),
        ("\n".join(f"{LINE[:-1]} {number}" for number in range(9)), "fineweb-unended-lines"),
        ("\n".join([f"{LINE[:-1]} {number}" for number in range(22)] + [f"{LINE} Ends.", f"{LINE} Here.", f"{LINE} Now."]), ""),
        ("Short one.\nShorter.\n" + LINE, ""),
        ("Short one.\nShorter.\nA third one.\n" + LINE, "fineweb-short-lines"),
        ("x" * 29 + ".\n" + "y" * 29 + ".\n" + "z" * 29 + ".\n" + LINE, "fineweb-short-lines"),
        ("x" * 30 + ".\n" + "y" * 30 + ".\n" + "z" * 30 + ".\n" + LINE, ""),
        (f"{LINE}\n{LINE}", "fineweb-repeated-lines"),
        ("\n\n\n".join(f"{number:x>36}." for number in range(3)), "fineweb-list"),
        (f"{LINE} \nAnother of its kind, that has no blank behind it.", ""),
        (f"{LINE}。\nまた、長い行の終わりには句点がある。これで十分に長い行になるはずだと思います。", ""),
    ],
    ids=range(12),
)
def test_by_hand(text: str, reason: str) -> None:
    assert said(text) == reason


def test_limits_can_be_other_ones_or_none() -> None:
    assert said(f"{LINE}\n{LINE}", max_repeated_characters=0.5) == ""
    assert said("no end\n" * 3, min_ended_lines=None, max_short_lines=None, max_repeated_characters=None, max_line_ends=None) == ""
    assert said("no end;\nnone;\n", ends=";", max_short_lines=None, max_line_ends=None) == ""
    with pytest.raises(Invalid):
        FineWeb(max_short_lines=-0.1).check()
