"""Plots as inline SVG: plain shapes with a text for those who do not see them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from hanse.factory.quality.outline import Plot, PlotBar, axis_of, figure
from hanse.factory.quality.report import Bar, Profile

_LINE: Final = 26
_WIDE: Final = 360
_LABEL: Final = 130
_VALUE: Final = 62
_HIGH: Final = 72
_WORDS: Final = 20
_FITS: Final = 15


def shares(plot: Plot) -> str:
    """Return horizontal bars of shares, with their intervals and marks."""
    height = _LINE * len(plot.bars)
    said = escape(f"{plot.title}: " + ", ".join(f"{one.label} {one.text}" for one in plot.bars), quote=True)
    lines = "".join(_line(one, number * _LINE) for number, one in enumerate(plot.bars))
    more = f"<p class=note>{plot.more} more are in the table.</p>" if plot.more else ""
    mark = f"<p class=note>{escape(plot.mark)}</p>" if plot.mark else ""
    return (
        f'<figure><figcaption>{escape(plot.title)}</figcaption><svg viewBox="0 0 {_WIDE} {height}" role="img" aria-label="{said}">'
        f"{lines}</svg>{mark}{more}</figure>"
    )


def _line(one: PlotBar, top: int) -> str:
    room = _WIDE - _LABEL - _VALUE
    middle = top + _LINE / 2

    def at(value: float) -> float:
        return _LABEL + room * min(1.0, max(0.0, value))

    parts = [
        _label(one.label, middle),
        f'<rect class="track" x="{_LABEL}" y="{top + 5}" width="{room}" height="{_LINE - 10}" rx="2"/>',
        f'<rect class="bar" x="{_LABEL}" y="{top + 5}" width="{at(one.value) - _LABEL:.1f}" height="{_LINE - 10}" rx="2"/>',
        f'<text x="{_WIDE - 2}" y="{middle + 4}" text-anchor="end">{escape(one.text)}</text>',
    ]
    if one.low is not None and one.high is not None:
        low, high = at(one.low), at(one.high)
        parts.append(f'<path class="whisker" d="M{low:.1f} {middle - 4}v8M{low:.1f} {middle}H{high:.1f}M{high:.1f} {middle - 4}v8"/>')
    if one.mark is not None:
        parts.append(f'<path class="mark" d="M{at(one.mark):.1f} {top + 2}v{_LINE - 4}"/>')
    return "".join(parts)


def _label(text: str, middle: float) -> str:
    """Return a label beside its bar: squeezed if it is long, cut if it is too long."""
    shown = _cut(text)
    squeezed = f' textLength="{_LABEL - 10}" lengthAdjust="spacingAndGlyphs"' if len(shown) > _FITS else ""
    return f'<text x="{_LABEL - 8}" y="{middle + 4}" text-anchor="end"{squeezed}>{escape(shown)}</text>'


def histogram(profile: Profile) -> str:
    """Return the histogram of a column, of words their bars."""
    bars = profile.bars
    if not bars:
        return ""
    if bars[0].label:
        return _words(profile)
    most = max(1, *(one.count for one in bars)) if len(bars) > 1 else max(1, bars[0].count)
    wide = _WIDE / len(bars)
    shapes = "".join(_column(one, number * wide, wide, most) for number, one in enumerate(bars))
    low, high = axis_of(profile)
    what = "lengths in characters" if profile.kind == "text" else "values"
    said = escape(f"Histogram of {what} of {profile.column} from {low} to {high}; the highest bar has {most}.", quote=True)
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDE} {_HIGH + 16}" role="img" aria-label="{said}">{shapes}'
        f'<path class="axis" d="M0 {_HIGH}H{_WIDE}"/><text x="0" y="{_HIGH + 13}">{escape(low)}</text>'
        f'<text x="{_WIDE}" y="{_HIGH + 13}" text-anchor="end">{escape(high)}</text></svg>'
    )


def _column(one: Bar, left: float, wide: float, most: int) -> str:
    high = one.count / most * (_HIGH - 4)
    if one.count:
        high = max(high, 1.0)
    return f'<rect class="bar" x="{left + 0.5:.1f}" y="{_HIGH - high:.1f}" width="{max(wide - 1, 0.5):.1f}" height="{high:.1f}"/>'


def _words(profile: Profile) -> str:
    of = max(1, profile.count - profile.nulls)
    bars: Sequence[PlotBar] = [PlotBar(label=one.label, value=one.count / of, text=figure(one.count)) for one in profile.bars[:8]]
    said = escape(f"Most frequent values of {profile.column}: " + ", ".join(f"{one.label} {one.text}" for one in bars), quote=True)
    lines = "".join(_line(one, number * _LINE) for number, one in enumerate(bars))
    return f'<svg viewBox="0 0 {_WIDE} {_LINE * len(bars)}" role="img" aria-label="{said}">{lines}</svg>'


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"
