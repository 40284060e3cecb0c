"""The bound on what a pattern may cost: never below what it does cost, and no hindrance for what people write."""

from __future__ import annotations

import re
from time import perf_counter

import pytest

from hanse.identity.credentials.patterns import ways

LIMIT = 1_000_000


@pytest.mark.parametrize(
    ("pattern", "length", "most"),
    [
        ("^abc$", 500, 1),
        ("abc", 99, 100),
        ("^a?b?$", 9, 4),
        ("^(a|b|c)(d|e)$", 9, 6),
        ("^a{2,4}$", 9, 3),
        ("^a{,4}$", 9, 5),
        ("^a{4}$", 9, 1),
        ("^a+$", 9, 10),
        ("^[*+?|(]+$", 9, 10),
        (r"^\*\+\?\|\($", 9, 1),
        ("^a*?b$", 9, 10),
        ("^a|b$", 9, 20),
        ("^[]*?]$", 9, 1),
        ("^[^]*?]$", 9, 1),
        ("^(?:a)(?=b)(?!c)(?<=d)(?<!e)(?P<f>g)$", 9, 1),
    ],
)
def test_ways_are_counted(pattern, length, most):
    re.compile(pattern)
    assert ways(pattern, length) == most


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a){2}", "(a|b)*", r"(a)\1", "(?P<x>a)(?P=x)", "(a)(?(1)b)", "(?i)a", "(?x)a #", "(?#(a+)+)", "a" * 257]
)
def test_what_cannot_be_counted_is_not(pattern):
    assert ways(pattern, 1) is None


EVIL = ["a?", "(a|a)", "(?:a|b|a)", "a*", "a+?", "[ab]*", "(?:a)?", "a{0,9}", "(?=a*)", "a{1,}", r"\w*", "(a|(b|a))"]


@pytest.mark.parametrize("piece", EVIL)
@pytest.mark.parametrize("start", ["", "^"])
def test_what_is_let_through_is_fast(piece, start):
    """The longest pattern of its kind that is within the limit."""
    for length in (20, 60, 512):
        count = max((n for n in range(40) if (cost := ways(start + piece * n + "[^a]$", length)) is not None and cost <= LIMIT), default=0)
        begun = perf_counter()
        re.search(start + piece * count + "[^a]$", "a" * length)
        assert perf_counter() - begun < 2  # seconds, on a busy machine; one piece more may take twice that, twenty more years
