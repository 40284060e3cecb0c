"""Orders as people write them, and what is sent of them."""

from __future__ import annotations

import pytest

from hanse.cli.factory.order_file import fields, read_order
from hanse.client.factory.orders_model import NewLimits, NewOrder
from hanse.client.factory.orders_text import body_of, seconds_of, size_of
from hanse.kernel.errors import Invalid, Malformed

WHOLE = """
query: weather "air quality" language:de
purpose: [train, dpv:ResearchAndDevelopment]
budget: 500EUR
each: 100EUR
size: 1TB
datasets: 10
licence: cc-by-4.0
language: [de, fr]
max-size: 10GB
newer-than: 2026-01-01
until: 2027-06-30
quality:
  completeness: 0.95
quality-most:
  duplicates: 0.01
eu-only: true
clear-rights: true
into: cold
drift: accept
accept-declared: true
yes: true
standing: true
every: 6h
total:
  budget: 5000EUR
  datasets: 100
"""


def test_an_order_file_says_all_of_it():
    assert body_of(read_order(WHOLE)) == {
        "query": 'weather "air quality" language:de',
        "action": "urn:hanse:odrl:train",
        "purpose": "dpv:ResearchAndDevelopment",
        "limits": {"budget": "500EUR", "each": "100EUR", "size": 10**12, "datasets": 10},
        "licences": ["cc-by-4.0"],
        "languages": ["de", "fr"],
        "max_size": 10**10,
        "newer_than": "2026-01-01T00:00:00Z",
        "until": "2027-06-30T00:00:00Z",
        "quality": {"completeness": "0.95"},
        "quality_most": {"duplicates": "0.01"},
        "eu_only": True,
        "clear_rights": True,
        "into": "cold",
        "drift": "accept",
        "declared": True,
        "yes": True,
        "dry_run": False,
        "standing": {"every": 21_600, "total": {"budget": "5000EUR", "datasets": 100}},
    }


def test_a_short_order_asks_for_little():
    body = body_of(NewOrder(query="rain"))
    assert (body["action"], body["limits"], body["yes"]) == ("use", {}, False)
    assert "purpose" not in body
    assert "standing" not in body


@pytest.mark.parametrize(
    ("text", "line", "where"),
    [
        ("query: rain\nbudgets: 5EUR\n", 2, "budgets"),
        ("purpose: train\n", 1, "query"),
        ("query: rain\nyes: maybe\n", 2, "yes"),
        ("query: rain\nquality:\n  completeness: [1]\n", 2, "quality"),
        ("query: rain\nstanding: true\ntotal:\n  budgets: 5EUR\n", 4, "total.budgets"),
        ("query: rain\n\nmax-size: ten\n", 3, "max-size"),
        ("query: rain\npurpose: [train, use]\n", 2, "purpose"),
        ("query: rain\nstanding: true\nevery: often\n", 3, "every"),
        ("query: rain\ntotal:\n  budget: 5EUR\n", 2, "total"),
        ("query: rain\nnewer-than: yesterday\n", 2, "newer-than"),
        ("query: rain\ndrift: never\n", 2, "drift"),
        ("- query: rain\n", 1, "file"),
        ("query: rain\nquery: snow\n", 2, "file"),
        ("query: &a rain\n", 1, "query"),
    ],
)
def test_a_mistake_is_named_by_its_line(text, line, where):
    with pytest.raises(Invalid) as caught:
        read_order(text)
    assert f"Line {line}:" in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.startswith(where)


def test_what_is_no_yaml():
    with pytest.raises(Malformed, match="Line 2"):
        read_order("query: rain\n\tbudget: 5EUR\n")


def test_a_name_that_is_not_known_lists_those_that_are():
    with pytest.raises(Invalid) as caught:
        read_order("query: rain\ncolour: red\n")
    assert "accept-declared" in (caught.value.hint or "")
    assert {"query", "max-size", "standing", "total"} <= set(fields())


@pytest.mark.parametrize(
    ("text", "size"),
    [("10GB", 10**10), ("1.5 MB", 1_500_000), ("2GiB", 2 << 30), ("1kb", 1000), ("7B", 7), (12, 12), (None, None), ("0.5B", 0)],
)
def test_sizes(text, size):
    assert size_of(text, "size") == size


@pytest.mark.parametrize("text", ["", "GB", "ten GB", "-1GB", "1 XB", "1,5GB", "1e3MB"])
def test_what_is_no_size(text):
    with pytest.raises(Invalid):
        size_of(text, "size")


@pytest.mark.parametrize(("text", "seconds"), [("1d", 86_400), ("90 m", 5_400), ("2w", 1_209_600), ("P1D", 86_400), ("PT6H", 21_600)])
def test_lengths_of_time(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "0d", "1y", "P1M", "PT0S", "-1d", "1.5d"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(Invalid):
        seconds_of(text)


def test_limits_of_all_runs_are_for_standing_orders():
    with pytest.raises(Invalid):
        body_of(NewOrder(query="rain", total=NewLimits(budget="5EUR")))
