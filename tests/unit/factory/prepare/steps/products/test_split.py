"""Splits: the stated shares, for good, and no group in two of them."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.factory.prepare.steps.products.split import Split
from hanse.kernel.errors import Invalid


def records(count, **columns):
    """Make records without text."""
    return pa.table(
        {"id": [f"s@1/f#{number}" for number in range(count)], "source": ["s@1"] * count, "text": pa.array([""] * count, pa.large_string())}
        | columns
    )


def test_the_shares_are_about_the_stated_ones():
    made = Split(validation=0.1, test=0.2).apply(records(10_000), None)
    assert made.counts == Counter(made.records["split"].to_pylist())
    assert abs(made.counts["validation"] - 1_000) < 100
    assert abs(made.counts["test"] - 2_000) < 130


def test_a_record_stays_in_its_split_whatever_else_is_there():
    step = Split(validation=0.3, test=0.3)
    table = records(300)
    every = dict(zip(table["id"].to_pylist(), step.apply(table, None).records["split"].to_pylist(), strict=True))
    some = table.take(pa.array(range(299, 0, -3)))
    assert step.apply(some, None).records["split"].to_pylist() == [every[name] for name in some["id"].to_pylist()]
    more = Split(validation=0.3, test=0.5).apply(table, None).records["split"].to_pylist()
    assert all(after == "test" for before, after in zip(every.values(), more, strict=True) if before == "test")


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=60))
def test_no_group_is_in_two_splits_and_what_has_none_is_dropped(groups):
    made = Split(validation=0.4, test=0.3, by="person").apply(records(len(groups), person=pa.array(groups, pa.int64())), None)
    kept = made.records.to_pylist()
    assert len({(row["person"], row["split"]) for row in kept}) == len({row["person"] for row in kept})
    assert [drop.reason for drop in made.dropped] == ["split-no-group"] * groups.count(None)
    assert len(kept) + len(made.dropped) == len(groups)


def test_all_or_nothing_can_be_asked_for():
    assert set(Split(validation=0, test=0).apply(records(50), None).counts) == {"train"}
    assert set(Split(validation=0, test=1).apply(records(50), None).counts) == {"test"}


@pytest.mark.parametrize("fields", [{"test": -0.1}, {"validation": 1.1}, {"validation": 0.6, "test": 0.6}, {"test": float("nan")}])
def test_shares_that_are_none_are_refused(fields):
    with pytest.raises(Invalid):
        Split(**fields).check()


def test_a_column_that_is_no_group_is_refused_and_records_without_it_are_dropped():
    with pytest.raises(Invalid, match="no plain values"):
        Split(by="many").apply(records(1, many=[[1, 2]]), None)
    made = Split(by="nothing").apply(records(2), None)
    assert [drop.reason for drop in made.dropped] == ["split-no-group", "split-no-group"]
