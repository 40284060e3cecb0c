"""What a model is said to be is read strictly, and what is wrong is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hanse.factory.budget.wish import wish_of
from hanse.kernel.errors import Invalid
from hanse.odrl.price import Price


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e9", 1e9), ("1E+9", 1e9), ("7B", 7e9), ("350M", 350e6), ("1.5 T", 1.5e12), ("12K", 12_000.0), ("1", 1.0), ("1000000000.0", 1e9)],
)
def test_parameters(text, value):
    assert wish_of(text, "de").parameters == value


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e16", "1e-3", "7 b", "many", "1_000", "1,5B", "٣", "1e999", "9" * 40])
def test_parameters_that_are_none(text):
    with pytest.raises(Invalid) as wrong:
        wish_of(text, "de")
    assert (wrong.value.where, wrong.value.rule) == ("parameters", "range")


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("de", {"de": 1.0}),
        ("de,fr", {"de": 0.5, "fr": 0.5}),
        (" DEU = 0.7 , fr=.3", {"de": 0.7, "fr": 0.3}),
        ("de=0.1,fr=0.2,it=0.7", {"de": 0.1, "fr": 0.2, "it": 0.7}),
        ("pt-BR", {"pt-br": 1.0}),
        ("http://publications.europa.eu/resource/authority/language/FRA", {"fr": 1.0}),
    ],
)
def test_languages(text, shares):
    assert wish_of("1e9", text).languages == shares


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "language"),
        ("de,", "language"),
        ("german", "language"),
        ("de,de", "language"),
        ("de,deu", "language"),
        ("pt-br,pt", "language"),
        ("de=0,fr=1", "language"),
        ("de=-1,fr=2", "language"),
        ("de=1.5", "language"),
        ("de=", "language"),
        ("de=1e0", "language"),
        ("de,fr=0.5", "shares"),
        ("de=0.7,fr=0.2", "shares"),
        ("de=0.5,fr=0.500000001", "shares"),
        (",".join(f"a{letter}" for letter in "abcdefghijklmnopq"), "language"),
    ],
)
def test_languages_that_are_none(text, rule):
    with pytest.raises(Invalid) as wrong:
        wish_of("1e9", text)
    assert (wrong.value.where, wrong.value.rule) == ("languages", rule)


def test_the_rest_of_a_wish():
    wish = wish_of("1e6", "de", ratio=0.5, domains="Health  Care=0.6,law=0.4", licences=["cc-by-4.0", "CC-BY-4.0"], budget="12.50EUR")
    assert wish.tokens == 500_000
    assert wish.domains == {"health care": 0.6, "law": 0.4}
    assert wish.licences == ("CC-BY-4.0",)
    assert wish.budget == Price(Decimal("12.50"), "EUR")


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"ratio": 0.0}, "ratio"),
        ({"ratio": float("nan")}, "ratio"),
        ({"ratio": 2e6}, "ratio"),
        ({"domains": "law,law"}, "domain"),
        ({"domains": "a\x00b"}, "domain"),
        ({"domains": "law=0.5"}, "domain"),
        ({"licences": [""]}, "licence"),
        ({"licences": ["x" * 501]}, "licence"),
        ({"licences": ["MIT"] * 17}, "licence"),
        ({"budget": "many"}, "budget"),
    ],
)
def test_the_rest_of_a_wish_that_is_wrong(said, where):
    with pytest.raises(Invalid) as wrong:
        wish_of("1e6", "de", **said)
    assert wrong.value.where == where
