"""Writes the PDF. The template gets the report as data, so that nothing in it can be a command of the typesetter's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from hanse.factory.quality.outline import Plot, Row, axis_of, facts_of, figure, headlines, name_of, sections, several
from hanse.factory.quality.report import Profile, Report, digest_of_report
from hanse.kernel.errors import Misconfigured, OwnError

_TEMPLATE: Final = Path(__file__).with_name("report.typ")
_CARDS: Final = 60
_ROWS: Final = 60
_LONG: Final = 400
_NONE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FOREIGN: Final = re.compile(r"[^\t\n\x20-\x7e\u00a0-\u017f\u0386-\u03ce\u0400-\u045f\u2010-\u2026\u20ac]")
_NOT_ASCII: Final = re.compile(r"[^\t\n\x20-\x7e]")


def write_pdf(report: Report) -> bytes:
    """Return the PDF (PDF/UA-1). Raises `Misconfigured` if typst is not installed.

    Letters that the fonts of typst lack are shown by their numbers, e.g. [U+8CEA]: no font of the machine is used.
    """
    try:
        import typst
    except ModuleNotFoundError as error:
        raise Misconfigured(f"A PDF needs the package {error.name}.", hint="pip install 'hanse[prepare]'") from None
    data, why = _data(report), ""
    for lacking in (_NONE, _FOREIGN, _NOT_ASCII):
        try:
            made = typst.compile(
                _TEMPLATE.read_bytes(),
                format="pdf",
                sys_inputs={"report": msgspec.json.encode(_numbered(data, lacking)).decode()},
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
                timestamp=int(report.at.timestamp()),
            )
        except typst.TypstError as error:
            why = " ".join(str(error).split())[:300]
        else:
            assert isinstance(made, bytes)
            return made
    raise OwnError(f"The PDF cannot be made: {why}", rule="pdf")


def _numbered(data: Any, lacking: re.Pattern[str]) -> Any:
    """Return the data with letters that are lacking shown by their numbers."""
    if isinstance(data, str):
        return lacking.sub(lambda found: f"[U+{ord(found[0]):04X}]", data)
    if isinstance(data, dict):
        return {name: _numbered(value, lacking) for name, value in data.items()}
    return [_numbered(one, lacking) for one in data] if isinstance(data, list | tuple) else data


def _data(report: Report) -> dict[str, Any]:
    assessed = report.assessed
    records = sum(one.records for one in report.tables)
    about = {
        "Version": assessed.version,
        "Root": assessed.root,
        "Provider": assessed.provider,
        "Agreement": assessed.agreement,
        "Assessed for": report.use or "no stated use",
        "By": report.by,
        "On": f"{report.at:%Y-%m-%d %H:%M} UTC",
        "Ages as of": f"{report.moment:%Y-%m-%d %H:%M} UTC" if report.moment != report.at else "",
        "With": report.software,
        "Report": f"SHA-256 {digest_of_report(report)}",
    }
    return {
        "title": f"Quality of {assessed.title or assessed.version}",
        "by": report.by,
        "about": [[name, _cut(text)] for name, text in about.items() if text],
        "size": f"{several(records, 'record')} in {several(len(report.tables), 'table')}, of {several(assessed.files, 'file')}"
        f" with {several(assessed.size, 'byte')}.",
        "headlines": [[one.value, one.title, one.share] for one in headlines(report)],
        "sections": [_section(one) for one in sections(report)],
        "declared": [[one.about, _cut(one.text), one.source] for one in report.declared[:_ROWS]],
        "left": [_cut(one) for one in report.left_out[:_ROWS]],
        "columns": [_column(one) for one in report.profiles[:_CARDS]],
        "more": max(0, len(report.profiles) - _CARDS),
        "metrics": [
            [one.title, one.characteristic or "–", one.formula, f"{one.name} ({one.measure}/{one.version})"] for one in report.metrics
        ],
    }


def _section(section: Any) -> dict[str, Any]:
    rows: Sequence[Row] = [*section.whole, *section.parts]
    return {
        "title": section.title,
        "question": section.question,
        "rows": [
            [f"{one.title}{f': {one.part}' if one.part else ''}", one.value, one.sure, one.sample, _cut(one.note)] for one in rows[:_ROWS]
        ],
        "more": max(0, len(rows) - _ROWS),
        "missing": [[title, why] for title, why in section.missing],
        "plots": [_plot(one) for one in section.plots],
    }


def _plot(plot: Plot) -> dict[str, Any]:
    bars = [
        [_cut(one.label, 24), _inside(one.value), one.text, _inside(one.low), _inside(one.high), _inside(one.mark)] for one in plot.bars
    ]
    said = f"{plot.title}: " + ", ".join(f"{one.label} {one.text}" for one in plot.bars)
    return {"title": plot.title, "bars": bars, "mark": plot.mark, "alt": said}


def _column(profile: Profile) -> dict[str, Any]:
    most = max([one.count for one in profile.bars], default=0) or 1
    wordy = bool(profile.bars) and bool(profile.bars[0].label)
    return {
        "name": f"{name_of(profile.column)}{f' · {profile.group}' if profile.group else ''}",
        "kind": f"{profile.kind}, stored as {profile.type}",
        "facts": facts_of(profile),
        "bars": [] if wordy else [one.count / most for one in profile.bars],
        "words": [[_cut(one.label, 24), figure(one.count)] for one in profile.bars[:5]] if wordy else [],
        "axis": axis_of(profile),
        "alt": f"Histogram of {profile.column}",
        "note": profile.note,
    }


def _inside(value: float | None) -> float | None:
    return None if value is None else min(1.0, max(0.0, value))


def _cut(text: str, most: int = _LONG) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
