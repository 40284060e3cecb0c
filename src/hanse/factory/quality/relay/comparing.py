"""Declared against measured. Pure: the same input gives the same answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import structs

from hanse.evidence.kinds.quality import Figure
from hanse.factory.quality.relay.records import Assessment, Row, Told

HOLDS, FAILS, OPEN, UNMEASURED = "holds", "does not hold", "not comparable", "not measured"
AGREEMENT: Final = "agreement"
"""The stage of what the terms themselves ask for."""
ROUNDING: Final = 1e-8
"""Reports round to nine digits: what differs by no more than this share is the same."""
OF_TIME: Final = frozenset({"timeliness", "currentness", "newest-age", "oldest-age", "future"})
"""Measures that change with time: only those for the same moment are compared."""
OF_STATED: Final = frozenset(
    {
        "syntactic-accuracy",
        "errors",
        "type-errors",
        "uniqueness",
        "required-columns",
        "rule-consistency",
        "representativeness",
        "relevance",
        "timeliness",
        "currentness",
        "newest-age",
        "oldest-age",
        "future",
        "balance",
        "imbalance",
        "label-completeness",
        "label-validity",
        "label-conflicts",
        "annotator-agreement",
        "disparate-impact",
        "parity-difference",
        "place-coverage",
        "setting-declared",
    }
)
"""Measures that depend on what was stated of the data (types, rules, a population, labels): compared only for the same statements."""


def compare(told: Sequence[Told], ours: Assessment | None, root: str, floor: float = 0.0) -> tuple[Row, ...]:
    """Return one row per declared figure. `root` is what we hold, `floor` the least tolerance, as the parties agreed on it."""
    measured = {} if ours is None else {one.metric: one for one in ours.figures}
    return tuple(_row(one, ours, measured.get(one.metric), root, floor) for one in told)


def required(terms: Mapping[str, Sequence[tuple[str, float]]], ours: Assessment | None, by: str) -> Iterator[Row]:
    """Yield what an agreement asks for beside what was measured."""
    measured = {} if ours is None else {one.metric: one for one in ours.figures}
    for metric, operator, limit in ((metric, *limit) for metric, limits in sorted(terms.items()) for limit in limits):
        figure, why = measured.get(metric), f"The agreement asks for {_SIGNS[operator]} {limit:g}."
        row = Row(metric=metric, declared=limit, by=by, stage=AGREEMENT, verdict=UNMEASURED, why=why)
        if figure is None:
            yield row
            continue
        off, slack = figure.value - limit, _half(figure.low, figure.high)
        kept = _kept(operator, off, slack + _rounding(limit))
        yield _with(row, figure.value, off, slack, HOLDS if kept else FAILS, why)


_SIGNS: Final = {"gteq": "at least", "gt": "more than", "lteq": "at most", "lt": "less than", "eq": "exactly"}


def _kept(operator: str, off: float, slack: float) -> bool:
    """Tell whether a figure keeps a limit. What is within its own interval of the limit is in the provider's favour."""
    if operator == "eq":
        return abs(off) <= slack
    return off >= -slack if operator in ("gteq", "gt") else off <= slack


def _row(told: Told, ours: Assessment | None, figure: Figure | None, root: str, floor: float) -> Row:
    row = Row(
        metric=told.metric, declared=told.value, by=told.by, stage=told.stage, claim=told.claim, signed=told.signed, verdict=UNMEASURED
    )
    if ours is None:
        return _with(row, None, None, None, UNMEASURED, "We have not assessed it.")
    if figure is None:
        return _with(row, None, None, None, UNMEASURED, "Our own report has no value of it.")
    why = _other(told, ours, figure, root)
    off = figure.value - told.value
    slack = max(floor, _half(told.low, told.high) + _half(figure.low, figure.high))
    if why:
        return _with(row, figure.value, off, slack, OPEN, why)
    worse = {"higher": -off, "lower": off}.get(figure.better or told.better, abs(off))
    return _with(row, figure.value, off, slack, FAILS if worse > slack + _rounding(told.value) else HOLDS, "")


def _other(told: Told, ours: Assessment, figure: Figure, root: str) -> str:
    """Return why two figures say nothing about each other."""
    if told.root and told.root != root:
        return "It was declared of other content."
    if told.method and told.method != figure.method:
        return f"It was measured by {told.method}, here by {figure.method}."
    if not told.method:
        return "It does not say how it was measured."
    if told.metric in OF_TIME and told.moment != ours.moment:
        return "Its age was told for another moment."
    if told.metric in OF_STATED and told.stated != ours.stated:
        return "Other types, rules, labels or populations were stated for it."
    return ""


def _half(low: float | None, high: float | None) -> float:
    """Return how far a figure may lie from the truth: half its interval; an exact one has none."""
    return (high - low) / 2 if low is not None and high is not None else 0.0


def _rounding(value: float) -> float:
    return ROUNDING * max(1.0, abs(value))


def _with(row: Row, measured: float | None, off: float | None, slack: float | None, verdict: str, why: str) -> Row:
    return structs.replace(row, measured=measured, difference=off, tolerance=slack, verdict=verdict, why=why)
