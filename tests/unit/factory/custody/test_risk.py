"""Shares of risk: what is counted, what is not known, and what to do about it."""

from __future__ import annotations

import pytest

from hanse.dcat.holding import Origin
from hanse.dcat.model import Dataset
from hanse.dcat.risk import OUTSIDE, PERSONAL, UNCLEAR, UNPLACED, UNTOLD
from hanse.factory.custody.ports import Amount
from hanse.factory.custody.risk import MARKS, marks_of, risk_of
from tests.unit.factory.custody.world import AGREEMENT, PROVIDER, version

CLEAR = Origin(places=("DE",), rights="CC-BY-4.0", personal=False)


@pytest.mark.parametrize(
    ("origin", "licence", "marks"),
    [
        (CLEAR, None, ()),
        (Origin(places=("DE", "EU"), rights="x", personal=False), None, ()),
        (Origin(places=("DE", "US"), rights="x", personal=False), None, (OUTSIDE,)),
        (Origin(places=("Atlantis",), rights="x", personal=False), None, (OUTSIDE,)),
        (Origin(), None, (UNPLACED, UNCLEAR, UNTOLD)),
        (Origin(places=("FR",), personal=True), "CC-BY-4.0", (PERSONAL,)),
        (Origin(places=("FR",), personal=False), "ask us", (UNCLEAR,)),
    ],
)
def test_marks(origin, licence, marks):
    offered = None if licence is None else Dataset(id="ds_1", title="x", licence=licence)
    assert marks_of(version(origin=origin, offered=offered)) == marks


def shares(risk):
    return {one.mark: one.share for one in risk.shares}


def test_shares_are_of_bytes_and_each_version_counts_once():
    one = version(size=300)
    other = version(number=2, size=100, origin=Origin(places=("US",), rights="x", personal=True), agreement=AGREEMENT, provider=PROVIDER)
    risk = risk_of("net", [one, other, one], {})
    assert risk.size == 400
    assert shares(risk) == dict.fromkeys(MARKS, 0.0) | {OUTSIDE: 0.25, PERSONAL: 0.25}
    assert all(each.of_tokens is None and each.of_records is None for each in risk.shares)
    assert [(each.version, each.mark, each.contract, each.provider) for each in risk.advice] == [
        ("rain@2", OUTSIDE, AGREEMENT, PROVIDER),
        ("rain@2", PERSONAL, AGREEMENT, PROVIDER),
    ]


def test_records_and_tokens_count_only_where_all_are_known():
    one, other = version(size=300), version(number=2, size=100, origin=Origin())
    known = {one.id: Amount(records=1, tokens=10), other.id: Amount(records=3)}
    share = next(each for each in risk_of("net", [one, other], known).shares if each.mark == UNPLACED)
    assert (share.share, share.of_records, share.of_tokens) == (0.25, 0.75, None)


def test_nothing_and_empty_files():
    assert shares(risk_of("net", [], {})) == dict.fromkeys(MARKS, 0.0)
    empty = [version(size=0), version(number=2, size=0, origin=Origin())]
    assert shares(risk_of("net", empty, {}))[UNPLACED] == 0.5


def test_every_mark_has_an_advice_the_largest_version_first():
    versions = [version(number=n, size=n, origin=Origin(places=("US",), personal=True)) for n in range(1, 5)]
    risk = risk_of("net", versions, {})
    assert [each.version for each in risk.advice] == [f"rain@{n}" for n in (4, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1)]
    assert all(each.todo for each in risk.advice)
