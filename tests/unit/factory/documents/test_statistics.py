"""Figures of columns, against plain computations over the same values (factory.documents.statistics)."""

from __future__ import annotations

import statistics
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hanse.dcat.croissant.shape import Counted
from hanse.factory.documents import statistics as ours
from hanse.factory.documents.statistics import Figures

numbers = st.lists(st.none() | st.floats(-1e6, 1e6, allow_subnormal=False), max_size=60)


def told(kind, *batches, personal=False):
    figures = Figures(kind, personal)
    for one in batches:
        figures.see(one if isinstance(one, pa.Array) else pa.array(one))
    return {one.name: one for one in figures.told()}


def values(kind, *batches, personal=False):
    return {name: one.value for name, one in told(kind, *batches, personal=personal).items()}


@example([[0.0, -0.0]])
@given(st.lists(numbers, min_size=1, max_size=4))
@settings(deadline=None)  # the first example imports Arrow's kernels
def test_numbers_in_any_number_of_batches(batches):
    found = values("Float", *[pa.array(one, pa.float64()) for one in batches])
    there = [one for batch in batches for one in batch if one is not None]
    assert found["count"] == len(there)
    assert found["missing"] == sum(one is None for batch in batches for one in batch)
    assert found["distinct"] == len(set(there))
    if there:
        assert (found["min"], found["max"]) == (min(there), max(there))
        assert found["mean"] == pytest.approx(statistics.fmean(there), abs=1e-6)
        assert found["sd"] == pytest.approx(statistics.pstdev(there), rel=1e-6, abs=1e-4)
        assert found["median"] == pytest.approx(statistics.median(there), abs=1e-6)


def test_texts_tell_lengths_and_no_values():
    found = values("Text", ["a", "äöü", None, "a"], personal=None)
    assert found == {"count": 3, "missing": 1, "distinct": 2, "shortest": 1, "longest": 3}


def test_frequent_values_only_where_nothing_is_personal():
    assert values("Text", ["a", "b"], ["a"])["frequent"] == (Counted("a", 2), Counted("b", 1))
    for personal in (None, True):
        assert "frequent" not in values("Text", ["a", "b"], personal=personal)
    many = [str(number) for number in range(ours.MAX_FREQUENT + 1)]
    assert "frequent" not in values("Text", many)
    assert "frequent" not in values("Text", many[: ours.MAX_FREQUENT], [many[-1]])


def test_personal_data_tells_no_bounds():
    assert {"min", "max"} <= values("Integer", [1, 2], personal=None).keys()
    assert not {"min", "max", "frequent"} & values("Integer", [1, 2], personal=True).keys()


def test_moments_and_days():
    found = values("Date", pa.array([date(2026, 1, 2), None, date(2025, 1, 1)]))
    assert (found["min"], found["max"], found["distinct"]) == ("2025-01-01", "2026-01-02", 2)


def test_nothing_at_all():
    assert values("Float", pa.array([], pa.float64())) == {"count": 0, "missing": 0, "distinct": 0}
    assert values("Text", pa.array([None, None], pa.string())) == {"count": 0, "missing": 2, "distinct": 0}


def test_what_has_no_end_is_not_told():
    found = values("Float", [1.0, float("inf")])
    assert found["count"] == 2
    assert not {"max", "mean", "sd"} & found.keys()


def test_bounds_make_figures_approximate_and_say_so(monkeypatch):
    monkeypatch.setattr(ours, "MAX_DISTINCT", 100)
    monkeypatch.setattr(ours, "MAX_HELD", 1_000)
    found = told("Integer", *[list(range(start, start + 500)) for start in range(0, 10_000, 500)])
    assert found["distinct"].approximate
    assert 100 < found["distinct"].value <= 10_000
    assert found["median"].approximate
    assert found["median"].value == pytest.approx(5_000, rel=0.05)
    assert found["quantile90"].value == pytest.approx(9_000, rel=0.05)
    assert not found["mean"].approximate
    assert found["mean"].value == pytest.approx(4_999.5)
