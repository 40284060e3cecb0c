"""Figures, and the page that they are written to."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured value beside its limit. `higher` tells which side of the limit is the good one."""

    what: str
    value: float
    unit: str
    limit: float
    higher: bool = False
    runs: Sequence[float] = ()
    note: str = ""

    @property
    def reached(self) -> bool:
        """Tell whether the limit is kept."""
        return self.value >= self.limit if self.higher else self.value <= self.limit


def median(what: str, runs: Sequence[float], unit: str, limit: float, *, higher: bool = False, note: str = "") -> Figure:
    """Return the median of repeated runs."""
    return Figure(what, statistics.median(runs), unit, limit, higher, tuple(runs), note)


def _row(figure: Figure) -> str:
    sign = "≥" if figure.higher else "≤"
    ratio = f"{figure.value / figure.limit:.2f}" if figure.limit else "–"
    runs = " ".join(f"{run:.3g}" for run in figure.runs)
    reached = "reached" if figure.reached else "**not reached**"
    return (
        f"| {figure.what} | {figure.value:.3g} {figure.unit} | {sign} {figure.limit:g} {figure.unit} | {ratio} | {reached} | {runs} |"
        f" {figure.note} |"
    )


def write(path: Path, order: Sequence[str], title: str, figures: Sequence[Figure]) -> None:
    """Write one section of the page anew, in its place among `order`; the others stay as they were measured."""
    head, *rest = path.read_text("utf-8").split("\n## ") if path.exists() else [""]
    del head
    sections = {one.partition("\n")[0]: one.partition("\n")[2].strip("\n") for one in rest}
    rows = ["| what | median | limit | ratio | | runs | note |", "|---|---|---|---|---|---|---|", *map(_row, figures)]
    sections[title] = "\n".join(["", f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_machine()}.", "", *rows]).strip("\n")
    lines = [
        "# Results",
        "",
        "Made by `make bench`. Take the ratios: the last column of figures is measured / limit, in one run on one machine.",
    ]
    for name in order:
        if name in sections:
            lines += ["", f"## {name}", "", sections[name]]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
