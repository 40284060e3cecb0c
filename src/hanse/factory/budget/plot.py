"""The plan as a picture (SVG, no script).

A bar for each language, of what is counted, estimated, to be acquired and missing; one for each entry that would fill it, with its price.
"""

from __future__ import annotations

from html import escape
from typing import Final

from hanse.factory.budget.records import Fill, Line, Plan
from hanse.odrl.price import Cost

_WIDTH: Final = 640
_EDGE: Final = 12
_ROW: Final = 48
_TOP: Final = 66
_COLOURS: Final = (("counted", "#1b5e20"), ("estimated", "#81a784"), ("to acquire", "#1e4fa3"), ("missing", "#ececec"))
"""Each differs from its neighbours in lightness, so that they differ without colour, too."""
_FILLS: Final = 8
"""Entries that are drawn; of the others there is their number."""
_LONGEST: Final = 48
_UNITS: Final = ("", " k", " M", " B", " T")


def plot_of(plan: Plan) -> str:
    """Return the picture, 640 wide, with a text for those who do not see it."""
    lines = [line for line in plan.languages if line.wanted]
    filled = {line.name: sum((one.tokens or {}).get(line.name, 0) for one in plan.fills) for line in lines}
    told = [_told(line, filled[line.name]) for line in lines]
    title = f"{figure(plan.wanted)} tokens for a model of {figure(round(plan.wish.parameters))} parameters, by language"
    rows = [_row(_TOP + _ROW * number, line, filled[line.name], told[number]) for number, line in enumerate(lines)]
    fills, height = _fills(plan, _TOP + _ROW * len(lines))
    said = "; ".join([*told, *(_priced(one) for one in plan.fills[:_FILLS])])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="title desc" font-family="sans-serif" font-size="13" fill="#111"><title id="title">{escape(title)}</title>'
        f'<desc id="desc">{_escaped(said)}</desc><rect width="100%" height="100%" fill="#fff"/>'
    )
    return f'{head}<text x="{_EDGE}" y="22" font-size="15">{escape(title)}</text>{_legend()}{"".join(rows)}{fills}</svg>\n'


def figure(count: int) -> str:
    """Return a number as people say it: `7.0 B` for seven thousand million; small ones as they are."""
    value, unit = float(count), 0
    while round(value, 1) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count}" if unit == 0 else f"{value:,.1f}{_UNITS[unit]}"


def price_said(cost: Cost) -> str:
    """Return a price as people say it; one that is not known has to be asked for."""
    return "price to be asked" if cost.unknown else "free" if cost.price is None else str(cost.price)


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


def _fills(plan: Plan, top: int) -> tuple[str, int]:
    """Draw what would fill it, each as wide as the tokens that it brings; return the height of the picture, too."""
    shown = plan.fills[:_FILLS]
    if not shown:
        return "", top
    costs = " + ".join(map(str, plan.costs)) or "nothing"
    asked = f", and {plan.unpriced} to ask the price of" if plan.unpriced else ""
    out = [f'<text x="{_EDGE}" y="{top + 20}" font-size="15">What would fill it costs {escape(costs)}{asked}</text>']
    most = max(1, *map(_tokens, shown))
    for number, one in enumerate(shown):
        y = top + 36 + 36 * number
        width = max(1.0, (_WIDTH - 2 * _EDGE) * _tokens(one) / most)
        out.append(f'<text x="{_EDGE}" y="{y + 10}">{_escaped(_priced(one))}</text>')
        out.append(f'<rect x="{_EDGE}" y="{y + 15}" width="{width:.1f}" height="8" fill="#1e4fa3"/>')
    more, bottom = len(plan.fills) - len(shown), top + 40 + 36 * len(shown)
    if not more:
        return "".join(out), bottom
    out.append(f'<text x="{_EDGE}" y="{bottom + 10}">and {more:,} more</text>')
    return "".join(out), bottom + 20


def _tokens(one: Fill) -> int:
    return sum((one.tokens or {}).values())


def _priced(one: Fill) -> str:
    entry = one.entry
    name = entry.title or entry.dataset
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    return f"{short}: {'size not said' if one.tokens is None else figure(_tokens(one))}, {price_said(entry.cost)}"


def _escaped(text: str) -> str:
    """Return what others wrote as text of a picture: XML has no control characters at all."""
    return escape("".join(char if char.isprintable() else "�" for char in text))
