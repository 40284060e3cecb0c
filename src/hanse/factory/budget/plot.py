"""The plan as a picture: for each language a bar of what is counted, estimated, to be filled, and missing (SVG, no script)."""

from __future__ import annotations

from html import escape
from typing import Final

from hanse.factory.budget.plan import base
from hanse.factory.budget.records import Plan

_WIDTH: Final = 640
_LEFT: Final = 90
_ROW: Final = 40
_COLOURS: Final = (("counted", "#1b5e20"), ("estimated", "#81a784"), ("on offer", "#1565c0"), ("missing", "#e0e0e0"))
"""Each differs from its neighbour in lightness, so that they differ without colour, too."""


def plot_of(plan: Plan) -> str:
    """Return the picture, 640 wide, with a text for those who do not see it."""
    lines = [line for line in plan.languages if line.wanted]
    brought = _brought(plan)
    rows = [
        _row(index, line.name, line.wanted or 0, (line.counted, line.estimated, brought.get(line.name, 0)))
        for index, line in enumerate(lines)
    ]
    height = 50 + _ROW * len(lines)
    title = f"Tokens for a model of {plan.parameters:.3g} parameters, by language"
    legend = "".join(
        f'<rect x="{_LEFT + 120 * number}" y="26" width="10" height="10" fill="{colour}" stroke="#555"/>'
        f'<text x="{_LEFT + 120 * number + 15}" y="35">{name}</text>'
        for number, (name, colour) in enumerate(_COLOURS)
    )
    told = "; ".join(f"{line.name}: {line.counted + line.estimated:,} of {line.wanted:,}" for line in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="title desc"'
        f' font-family="sans-serif" font-size="12"><title id="title">{escape(title)}</title><desc id="desc">{escape(told)}</desc>'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="10" y="16" font-size="14">{escape(title)}</text>{legend}{"".join(rows)}</svg>\n'
    )


def _row(index: int, name: str, wanted: int, parts: tuple[int, int, int]) -> str:
    y, wide = 48 + index * _ROW, _WIDTH - _LEFT - 20
    out, start = [f'<text x="10" y="{y + 17}">{escape(name)}</text>'], 0.0
    left = wanted
    for (_, colour), tokens in zip(_COLOURS, (*parts, wanted), strict=True):
        shown = min(tokens, left)
        width = wide * shown / wanted if wanted else 0.0
        if width > 0:
            out.append(f'<rect x="{_LEFT + start:.1f}" y="{y}" width="{width:.1f}" height="24" fill="{colour}" stroke="#555"/>')
        start, left = start + width, left - shown
    return "".join(out)


def _brought(plan: Plan) -> dict[str, int]:
    """Return the tokens that the chosen entries bring, by the language as it was asked for."""
    names = [line.name for line in plan.languages if line.wanted]
    found: dict[str, int] = {}
    for fill in plan.fills:
        for name in names:
            if base(name) in map(base, fill.entry.languages):
                found[name] = found.get(name, 0) + (fill.tokens or 0)
    return found
