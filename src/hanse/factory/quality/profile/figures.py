"""Figures of numbers that are in memory: one sort gives quantiles, extremes, different values and the histogram."""

from __future__ import annotations

from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt

from hanse.factory.quality.report import Bar, rounded

BINS: Final = 20
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
Floats = npt.NDArray[np.float64]


class Figures(TypedDict, total=False):
    """Fields of a profile."""

    mean: float
    sd: float
    least: float
    most: float
    quantiles: tuple[float, ...]
    bars: tuple[Bar, ...]


def figures(values: Floats) -> Figures:
    """Return the figures of finite values in ascending order; nothing of none."""
    if not len(values):
        return {}
    with np.errstate(over="ignore", invalid="ignore"):  # what is beyond the largest number is left out at the end
        return _finite(_figures(values))


def _figures(values: Floats) -> Figures:
    found = Figures(mean=_float(np.mean(values)), least=_float(values[0]), most=_float(values[-1]))
    if len(values) > 1:
        found["sd"] = _float(np.std(values, ddof=1))
    found["quantiles"] = quantiles(values)
    edges = edges_of(float(values[0]), float(values[-1]))
    found["bars"] = bars(edges, np.diff(np.searchsorted(values, edges[1:-1], side="left"), prepend=0, append=len(values)))
    return found


def distinct(values: npt.NDArray[np.generic]) -> int:
    """Return how many different values there are among ones in ascending order."""
    return int(np.count_nonzero(values[1:] != values[:-1])) + 1 if len(values) else 0


def quantiles(values: Floats) -> tuple[float, ...]:
    """Return the quantiles of values in ascending order, interpolated between neighbours (type 7 of Hyndman and Fan)."""
    at = np.asarray(QUANTILES) * (len(values) - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, len(values) - 1)
    part = at - low
    found = values[low] * (1 - part) + values[high] * part
    return tuple(_float(one) for one in found)


def edges_of(least: float, most: float) -> Floats:
    """Return the borders of the bars of a histogram: one bar if all values are the same."""
    if least == most or not np.isfinite(most - least):
        return np.asarray([least, most], np.float64)
    return np.linspace(least, most, BINS + 1)


def bars(edges: Floats, counts: npt.NDArray[np.generic]) -> tuple[Bar, ...]:
    """Return the bars between borders."""
    pairs = zip(edges[:-1], edges[1:], counts, strict=True)
    return tuple(Bar(int(count), "", rounded(float(low)), rounded(float(high))) for low, high, count in pairs)


def _float(value: object) -> float:
    return float(rounded(float(value))) if np.isfinite(value) else float("nan")  # type: ignore[arg-type,call-overload]


def _finite(found: Figures) -> Figures:
    """Leave out what is beyond the largest number, e.g. the deviation of huge values."""
    for name in ("mean", "sd"):
        if name in found and not np.isfinite(found[name]):
            del found[name]
    return found
