"""What a reader is shown of a report, in which order and in which words: the page and the PDF are both made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from hanse.factory.quality.base import ALL
from hanse.factory.quality.report import Measurement, Metric, Number, Profile, Report

SECTIONS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("Completeness", "Is everything there?", ("completeness", "record-completeness", "empty-columns", "required-columns", "placeholders")),
    ("Errors", "Is it right, as far as its form tells?", ("syntactic-accuracy", "errors", "type-errors", "not-finite", "unreadable")),
    ("Duplicates", "Is anything there twice?", ("duplicates", "text-duplicates", "near-duplicates", "uniqueness")),
    ("Consistency", "Does it contradict itself?", ("format-consistency", "rule-consistency")),
    ("Timeliness", "Is it up to date?", ("currentness", "timeliness", "newest-age", "oldest-age", "future")),
    ("Balance", "Is it even?", ("balance", "imbalance", "class-share")),
    (
        "Representativeness",
        "Does it stand for those whom it is about?",
        ("representativeness", "population-chi-square", "population-p-value", "population-share", "population-difference"),
    ),
    ("Setting", "Where, how and for what was it made?", ("place-coverage", "place-share", "setting-declared")),
    ("Labels", "Are the labels good?", ("label-completeness", "label-validity", "label-conflicts", "annotator-agreement")),
    ("Bias indicators", "Are groups treated alike?", ("disparate-impact", "parity-difference", "selection-rate")),
    ("Personal data", "Is it about persons?", ("personal-data", "personal-finds")),
    ("Provenance", "Is it known where it comes from?", ("provenance-completeness",)),
    ("Relevance", "Does it fit the stated use?", ("relevance", "needed-column", "needed-language", "needed-term")),
    ("Size", "How much is it?", ("records", "columns", "groups")),
)
HEADLINES: Final = (
    "completeness",
    "syntactic-accuracy",
    "duplicates",
    "format-consistency",
    "currentness",
    "balance",
    "representativeness",
    "label-completeness",
    "disparate-impact",
    "personal-data",
    "provenance-completeness",
    "relevance",
)
"""What a reader sees first."""
_PLOTTED: Final[Mapping[str, str]] = {
    "completeness": "Values present, by column",
    "class-share": "Shares of the values of {}",
    "population-share": "Shares of {} beside the stated population",
    "selection-rate": "Selection rates, by {}",
    "place-share": "Shares of places",
    "needed-term": "Records with each term",
    "needed-language": "Records in each language",
}
_BARS: Final = 24


class Row(Struct, frozen=True, kw_only=True):
    """One measurement in words. `part` is what it is of, if not the whole; `share` is the value where that is one, for a gauge."""

    title: str
    part: str = ""
    value: str = ""
    sure: str = ""
    sample: str = ""
    note: str = ""
    share: float | None = None
    better: str = ""


class PlotBar(Struct, frozen=True, kw_only=True):
    """One bar of a plot, from 0 to 1, with its interval, and a mark to compare it with."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    mark: float | None = None


class Plot(Struct, frozen=True):
    """Bars under a title; `more` of them are not shown."""

    title: str
    bars: tuple[PlotBar, ...]
    more: int = 0
    mark: str = ""


class Section(Struct, frozen=True, kw_only=True):
    """One question: what is true of the whole, what of its parts, and what was not measured, each with the reason."""

    title: str
    question: str
    whole: tuple[Row, ...]
    parts: tuple[Row, ...]
    missing: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]


def headlines(report: Report) -> list[Row]:
    """Return the values that come first; those that were not measured are left out."""
    found = {one.metric: one for one in report.measurements if one.value is not None and not (one.table or one.column or one.group)}
    return [_row(report.metric(name), found[name]) for name in HEADLINES if name in found]


def sections(report: Report) -> list[Section]:
    """Return the sections; metrics of plug-ins come last, each measure under its name."""
    known = {name for _, _, names in SECTIONS for name in names}
    wanted = [(title, question, names) for title, question, names in SECTIONS]
    brought: dict[str, list[str]] = {}
    for one in report.metrics:
        if one.name not in known:
            brought.setdefault(one.measure, []).append(one.name)
    wanted += [(measure, "Measured by a plug-in.", tuple(names)) for measure, names in brought.items()]
    return [_section(report, title, question, names) for title, question, names in wanted]


def figure(value: Number | None, unit: str = "") -> str:
    """Return a figure as people read it."""
    if value is None:
        return "–"
    if unit in ("share", "probability"):
        return percent(float(value))
    if unit == "difference":
        return f"{100 * value:+.3g} points"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        text = f"{int(value):,}"
    else:
        text = f"{value:,.2f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return f"{text} {'day' if text == '1' else 'days'}" if unit == "days" else text


def several(count: int, noun: str) -> str:
    """Return a number of things: `1 file`, `2 files`."""
    return f"{figure(count)} {noun}" if count == 1 else f"{figure(count)} {noun}s"


def percent(value: float) -> str:
    """Return a share in per cent: never 100 % or 0 % for what is less or more than that."""
    text = f"{100 * value:.4g}"
    if text == "100" and value < 1:
        text = "> 99.99"
    elif value and abs(value) < 1e-4:
        text = "< 0.01" if value > 0 else "> -0.01"
    return f"{text} %"


def _section(report: Report, title: str, question: str, names: Sequence[str]) -> Section:
    metrics = {one.name: one for one in report.metrics}
    found = [one for name in names for one in report.measurements if one.metric == name]
    whole, parts, missing = list[Row](), list[Row](), list[tuple[str, str]]()
    for one in found:
        metric = metrics[one.metric]
        part = part_of(one)
        if one.value is None:
            missing.append((f"{metric.title}{f' ({part})' if part else ''}", one.why))
        else:
            (parts if part else whole).append(_row(metric, one))
    return Section(
        title=title,
        question=question,
        whole=tuple(whole),
        parts=tuple(parts),
        missing=tuple(missing),
        plots=tuple(_plots(found)),
    )


def part_of(one: Measurement) -> str:
    """Return what a measurement is of, in words; nothing for the whole."""
    return " · ".join(text for text in (one.table, one.column, one.group) if text)


def _row(metric: Metric, one: Measurement) -> Row:
    sample = ""
    if one.sample is not None:
        size, of = figure(one.sample.size), figure(one.sample.of)
        sample = f"{one.sample.how} {size}" if one.sample.how == ALL else f"{size} of {of}: {one.sample.how}"
    share = float(one.value) if metric.unit == "share" and one.value is not None and 0 <= one.value <= 1 else None
    return Row(
        title=metric.title,
        part=part_of(one),
        value=figure(one.value, metric.unit),
        sure=_sure(metric, one),
        sample=sample,
        note=one.note,
        share=share,
        better=metric.better,
    )


def _sure(metric: Metric, one: Measurement) -> str:
    between = one.interval
    if between is not None:
        low, high = figure(between.low, metric.unit), figure(between.high, metric.unit)
        return f"{low} to {high} ({100 * between.level:g} %, {between.method})"
    return "exact" if one.exact else "see note"


def _plots(found: Sequence[Measurement]) -> Iterator[Plot]:
    stated = {(one.column, one.group): one.value for one in found if one.metric == "population-difference"}
    for name, title in _PLOTTED.items():
        some: dict[str, list[Measurement]] = {}
        for one in found:
            if one.metric == name and one.value is not None and part_of(one) and (one.column or one.group):
                some.setdefault("" if name == "completeness" else one.column, []).append(one)
        for column, ones in some.items():
            bars = [_bar(one, name, stated.get((one.column, one.group))) for one in ones]
            mark = "The line is the stated share." if name == "population-share" else ""
            yield Plot(title.format(column), tuple(bars[:_BARS]), max(0, len(bars) - _BARS), mark)


def _bar(one: Measurement, name: str, apart: Number | None) -> PlotBar:
    value = float(one.value or 0)
    label = part_of(one) if name == "completeness" else one.group or one.column
    low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
    mark = None if name != "population-share" or apart is None else value - float(apart)
    return PlotBar(label=label, value=value, text=percent(value), low=low, high=high, mark=mark)


def name_of(name: str) -> str:
    """Return the name of a column as it can be shown."""
    return " ".join(name.split()) or "(no name)"


def facts_of(profile: Profile) -> list[tuple[str, str]]:
    """Return the figures of a profile with their names, as a reader is shown them."""
    about = " of characters" if profile.kind == "text" else ""
    found = [("records", figure(profile.count)), ("nulls", figure(profile.nulls))]
    if profile.distinct is not None:
        found.append(("different", figure(profile.distinct) if profile.exact else f"about {figure(profile.distinct)}"))
    if profile.not_finite:
        found.append(("not finite", figure(profile.not_finite)))
    plain = {"mean": profile.mean, "deviation": profile.sd, "least": profile.least, "most": profile.most}
    if profile.kind == "boolean":
        return [*found, ("true", percent(profile.mean or 0))] if profile.mean is not None else found
    show = _day if profile.kind == "date" else figure
    for name, value in plain.items():
        if value is not None:
            found.append((f"{name}{about}", _days(float(value)) if profile.kind == "date" and name == "deviation" else show(value)))
    if profile.quantiles:
        found.append((f"quantiles 5, 25, 50, 75, 95 %{about}", ", ".join(show(one) for one in profile.quantiles)))
    return found


def axis_of(profile: Profile) -> tuple[str, str]:
    """Return what stands at both ends of a histogram."""
    show = _day if profile.kind == "date" else figure
    if not profile.bars or profile.bars[0].low is None:
        return "", ""
    return show(profile.bars[0].low), show(profile.bars[-1].high)


def _day(seconds: Number | None) -> str:
    from datetime import UTC, datetime, timedelta

    if seconds is None:
        return "–"
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(seconds)):%Y-%m-%d}"
    except OverflowError:
        return figure(seconds)


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:.4g} days"
