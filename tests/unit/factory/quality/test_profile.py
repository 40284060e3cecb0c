"""Profiles, in memory and streamed, against figures worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hanse.factory.quality.profile import profile
from hanse.factory.quality.profile.table import group_profiles
from hanse.factory.quality.report import Bar, Profile
from tests.unit.factory.quality.tables import subject_of

DAY = 86_400.0


def _profiles(frame: dict[str, Any] | pl.DataFrame, *, typed: bool = True, small: bool = True, place: Path = Path()) -> dict[str, Profile]:
    table = subject_of(frame, typed=typed, small=small, workshop=place).tables[0]
    return {one.column: one for one in profile(table)}


@pytest.mark.parametrize("small", [True, False], ids=["in memory", "streamed"])
def test_numbers(tmp_path: Path, small: bool) -> None:
    # 1, 2, 3, 4, 10: mean 4; squared differences 9+4+1+0+36 = 50, by 4 = 12.5, its root 3.5355339. Quantile 5 %: at 0.05 * 4 = 0.2, 1.2;
    # 95 %: at 3.8, 4 + 0.8 * 6 = 8.8.
    one = _profiles({"n": [1.0, 2.0, 3.0, 4.0, 10.0, None, float("nan"), float("inf")]}, small=small, place=tmp_path)["n"]
    assert (one.count, one.nulls, one.not_finite) == (8, 1, 2)
    assert (one.mean, one.sd, one.least, one.most) == (4.0, 3.53553391, 1.0, 10.0)
    assert one.quantiles == (1.2, 2.0, 3.0, 4.0, 8.8)
    # Twenty bars from 1 to 10, 0.45 wide: 1 is in the first, 2 in the third, 3 in the fifth, 4 in the seventh, 10 in the last.
    assert [number for number, bar in enumerate(one.bars) if bar.count] == [0, 2, 4, 6, 19]
    assert sum(bar.count for bar in one.bars) == 5
    if small:
        assert (one.distinct, one.exact) == (5, True)
    else:
        assert not one.exact
        assert "estimated" in one.note


def test_texts_booleans_and_dates() -> None:
    frame = {
        "t": ["a", "bb", "bb", None] * 5,
        "b": [True, True, False, None] * 5,
        "d": [date(1970, 1, 2), date(1970, 1, 4), date(1970, 1, 4), None] * 5,
    }
    found = _profiles(frame)
    # Lengths 1, 2, 2: mean 5/3. Values that occur five times or more are shown.
    assert (found["t"].mean, found["t"].distinct) == (1.66666667, 2)
    assert found["t"].bars == (Bar(10, "bb"), Bar(5, "a"))
    assert (found["b"].mean, found["b"].distinct, found["b"].nulls) == (0.666666667, 2, 5)
    # Seconds since 1970: one day, three days, three days: mean 7/3 of a day.
    assert found["d"].mean == pytest.approx(7 / 3 * DAY)
    assert (found["d"].least, found["d"].most, found["d"].distinct) == (DAY, 3 * DAY, 2)


def test_rare_values_are_not_shown() -> None:
    assert _profiles({"t": ["Ada"] * 4 + ["x"] * 5})["t"].bars == (Bar(5, "x"),)


@pytest.mark.parametrize("small", [True, False], ids=["in memory", "streamed"])
def test_groups(small: bool) -> None:
    frame = {"g": ["a"] * 5 + ["b"] * 5 + ["c"], "n": [1, 2, 3, 4, 5, 10, 10, 10, 10, None, 7]}
    table = subject_of(frame, small=small).tables[0]
    found = {one.group: one for one in group_profiles(table, "g", ["a", "b", "c"])}
    assert (found["g=a"].mean, found["g=a"].sd, found["g=a"].count, found["g=a"].most) == (3.0, 1.58113883, 5, 5.0)
    assert (found["g=b"].mean, found["g=b"].nulls) == (10.0, 1)
    assert "g=c" not in found, "a group of one says what one person's value is"


@pytest.mark.parametrize("small", [True, False], ids=["in memory", "streamed"])
@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": []}),
        pl.DataFrame({"a": [], "b": []}, schema={"a": pl.Int64, "b": pl.String}),
        pl.DataFrame({"a": [None, None]}),
        pl.DataFrame({"a": [1]}),
        pl.DataFrame({"a": [float("nan")] * 3, "b": [float("inf"), float("-inf"), 1.0]}),
        pl.DataFrame({"a": [2**63 - 1, -(2**63), 0]}),
        pl.DataFrame({"a": [1e308, -1e308]}),
        pl.DataFrame({"a": [[1, 2], None], "b": [{"x": 1}, {"x": None}], "c": [b"\xff", None]}),
        pl.DataFrame({"a": [datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31")]}),
        pl.DataFrame({" odd · name\n": ["x", "y"], "": [1, 2]}),
    ],
    ids=[
        "no type",
        "no rows",
        "all null",
        "one row",
        "not finite",
        "huge integers",
        "huge floats",
        "nested",
        "far dates",
        "names",
    ],
)
def test_odd_tables(frame: pl.DataFrame, small: bool, tmp_path: Path) -> None:
    found = _profiles(frame, small=small, place=tmp_path)
    assert list(found) == frame.columns
    for one in found.values():
        assert one.count == len(frame)
        assert one.nulls == frame[one.column].null_count()
        assert all(bar.count >= 0 for bar in one.bars)
