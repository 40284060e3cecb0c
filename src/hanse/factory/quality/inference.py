"""Intervals and tests in plain arithmetic; nothing here looks at data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from hanse.factory.quality.report import Interval

Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: both tails of a level of 95 %."""
_STEPS: Final = 10_000
_TINY: Final = 1e-15


def wilson(hits: int, of: int) -> Interval:
    """Return Wilson's interval of a share that was seen in a sample."""
    if not of:
        return Interval(0.0, 1.0, "Wilson")
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Interval(max(0.0, middle - half), min(1.0, middle + half), "Wilson")


def katz(hits: int, of: int, reference_hits: int, reference_of: int) -> Interval | None:
    """Return Katz's interval (on the logarithm) of a ratio of two shares; none where one of them is nothing."""
    if not hits or not reference_hits:
        return None
    error = math.sqrt(1 / hits - 1 / of + 1 / reference_hits - 1 / reference_of)
    ratio = (hits / of) / (reference_hits / reference_of)
    return Interval(ratio * math.exp(-Z * error), ratio * math.exp(Z * error), "Katz, on the logarithm")


def difference(hits: int, of: int, reference_hits: int, reference_of: int) -> Interval:
    """Return Newcombe's interval (of Wilson's) of a difference of two shares."""
    share, reference = hits / of, reference_hits / reference_of
    one, other = wilson(hits, of), wilson(reference_hits, reference_of)
    low = math.sqrt((share - one.low) ** 2 + (other.high - reference) ** 2)
    high = math.sqrt((one.high - share) ** 2 + (reference - other.low) ** 2)
    return Interval(share - reference - low, share - reference + high, "Newcombe")


def entropy(counts: Sequence[int]) -> float:
    """Return the entropy of counts by its greatest value: 1 where all are the same, 0 where one is all. At least two of them."""
    total = sum(counts)
    bits = -sum(one / total * math.log(one / total) for one in counts if one)
    return max(0.0, bits / math.log(len(counts)))


def distance(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return the total variation distance between the shares of counts and those of a population: half the sum of the differences."""
    total = sum(counts.values())
    names = {*counts, *shares}
    return sum(abs(counts.get(name, 0) / total - shares.get(name, 0.0)) for name in names) / 2


def chi_square(counts: Mapping[str, int], shares: Mapping[str, float]) -> tuple[float, float] | None:
    """Return Pearson's statistic and its p-value, over what the population has; nothing if that is fewer than two values."""
    expected = {name: share for name, share in shares.items() if share > 0}
    total = sum(counts.get(name, 0) for name in expected)
    if len(expected) <= 1 or not total:
        return None
    whole = sum(expected.values())
    statistic = math.fsum(
        (counts.get(name, 0) - total * share / whole) ** 2 / (total * share / whole) for name, share in sorted(expected.items())
    )
    return statistic, gamma_upper((len(expected) - 1) / 2, statistic / 2)


def gamma_upper(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x), by its series or its continued fraction."""
    if x <= 0:
        return 1.0
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a)) if x < 700 + a else 0.0
    if x < a + 1:
        return max(0.0, 1.0 - scale * _series(a, x))
    return min(1.0, scale * _fraction(a, x))


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for step in range(1, _STEPS):
        term *= x / (a + step)
        total += term
        if term < total * _TINY:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / 1e-300, 1 / b
    value = d
    for step in range(1, _STEPS):
        an = -step * (step - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        value *= c * d
        if abs(c * d - 1) < _TINY:
            break
    return value


def cohen(table: Mapping[tuple[str, str], int]) -> tuple[float, Interval] | None:
    """Return Cohen's kappa of two annotators, from how often they gave which two labels, with its interval.

    Nothing if by chance alone they would agree always. The error is the simple one: sqrt(po (1 - po) / (n (1 - pe)^2)).
    """
    n = sum(table.values())
    first: dict[str, int] = {}
    second: dict[str, int] = {}
    for (one, other), count in table.items():
        first[one] = first.get(one, 0) + count
        second[other] = second.get(other, 0) + count
    agreed = sum(count for (one, other), count in table.items() if one == other) / n
    chance = sum(first[name] * second.get(name, 0) for name in first) / (n * n)
    if chance >= 1:
        return None
    kappa = (agreed - chance) / (1 - chance)
    error = Z * math.sqrt(agreed * (1 - agreed) / (n * (1 - chance) ** 2))
    return kappa, Interval(kappa - error, min(1.0, kappa + error), "normal, simple standard error")


def fleiss(patterns: Sequence[tuple[Sequence[int], int]], raters: int) -> float | None:
    """Return Fleiss' kappa, of how many of `raters` gave each label to an item, and how many items had it so.

    Nothing if by chance alone they would agree always.
    """
    items = sum(count for _, count in patterns)
    agreed = sum(count * (sum(one * one for one in votes) - raters) for votes, count in patterns) / (items * raters * (raters - 1))
    totals = [sum(votes[label] * count for votes, count in patterns) for label in range(len(patterns[0][0]))]
    chance = sum((one / (items * raters)) ** 2 for one in totals)
    return None if chance >= 1 else (agreed - chance) / (1 - chance)
