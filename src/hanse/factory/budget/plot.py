"""The plan as a picture: for each language a bar of what is counted, estimated, to be acquired, and missing (SVG, no script)."""

from __future__ import annotations

from html import escape
from typing import Final

from hanse.factory.budget.records import Line, Plan

_WIDTH: Final = 640
_EDGE: Final = 12
_ROW: Final = 48
_TOP: Final = 66
_COLOURS: Final = (("counted", "#1b5e20"), ("estimated", "#81a784"), ("to acquire", "#1e4fa3"), ("missing", "#ececec"))
"""Each differs from its neighbours in lightness, so that they differ without colour, too."""
_UNITS: Final = ("", " k", " M", " B", " T")


def plot_of(plan: Plan) -> str:
    """Return the picture, 640 wide, with a text for those who do not see it."""
    lines = [line for line in plan.languages if line.wanted]
    filled = {line.name: sum((one.tokens or {}).get(line.name, 0) for one in plan.fills) for line in lines}
    told = [_told(line, filled[line.name]) for line in lines]
    title = f"{figure(plan.wanted)} tokens for a model of {figure(round(plan.wish.parameters))} parameters, by language"
    rows = (_row(_TOP + _ROW * number, line, filled[line.name], told[number]) for number, line in enumerate(lines))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_TOP + _ROW * len(lines)}" role="img"'
        f' aria-labelledby="title desc" font-family="sans-serif" font-size="13" fill="#111"><title id="title">{escape(title)}</title>'
        f'<desc id="desc">{escape("; ".join(told))}</desc><rect width="100%" height="100%" fill="#fff"/>'
    )
    return f'{head}<text x="{_EDGE}" y="22" font-size="15">{escape(title)}</text>{_legend()}{"".join(rows)}</svg>\n'


def figure(count: int) -> str:
    """Return a number as people say it: `7.0 B` for seven thousand million; small ones as they are."""
    value, unit = float(count), 0
    while round(value, 1) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count}" if unit == 0 else f"{value:,.1f}{_UNITS[unit]}"


def _legend() -> str:
    return "".join(
        f'<rect x="{_EDGE + 110 * number}" y="34" width="12" height="12" fill="{colour}" stroke="#555"/>'
        f'<text x="{_EDGE + 110 * number + 18}" y="45">{name}</text>'
        for number, (name, colour) in enumerate(_COLOURS)
    )


def _told(line: Line, filled: int) -> str:
    wanted = line.wanted or 0
    here = line.counted + line.estimated
    said = [f"{figure(here)} of {figure(wanted)} here"]
    still = max(0, wanted - here - filled)
    if filled:
        said.append(f"{figure(filled)} to acquire")
    if still:
        said.append(f"{figure(still)} missing")
    return f"{line.name}: {', '.join(said)}"


def _row(y: int, line: Line, filled: int, told: str) -> str:
    """Draw a bar as wide as what is wanted; what is beyond that is not drawn."""
    wanted = line.wanted or 1
    name, _, rest = told.partition(": ")
    out = [f'<text x="{_EDGE}" y="{y + 10}"><tspan font-weight="bold">{escape(name)}</tspan> {escape(rest)}</text>']
    left, start, wide = wanted, float(_EDGE), _WIDTH - 2 * _EDGE
    for (_, colour), tokens in zip(_COLOURS, (line.counted, line.estimated, filled, wanted), strict=True):
        shown = min(tokens, left)
        width = wide * shown / wanted
        if shown:
            out.append(f'<rect x="{start:.1f}" y="{y + 16}" width="{width:.1f}" height="18" fill="{colour}" stroke="#555"/>')
        start, left = start + width, left - shown
    return "".join(out)
