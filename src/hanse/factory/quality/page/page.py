"""Writes the page. Every text that comes from the data or from a person is escaped; nothing is loaded, nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from hanse.factory.quality.outline import Row, Section, facts_of, figure, headlines, name_of, sections, several
from hanse.factory.quality.page.plots import histogram, shares
from hanse.factory.quality.page.style import STYLE
from hanse.factory.quality.report import Profile, Report, digest_of_report

_CARDS: Final = 200
_OPEN: Final = 12
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(report: Report) -> bytes:
    """Return the page in UTF-8."""
    return "\n".join(_page(report)).encode("utf-8", "replace")


def _page(report: Report) -> Iterator[str]:
    title = escape(f"Quality of {report.assessed.title or report.assessed.version}")
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY, quote=True)}">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
    yield '<a class="skip" href="#summary">To the summary</a>'
    yield f"<main><header><h1>{title}</h1>"
    yield from _about(report)
    yield "</header>"
    yield from _summary(report)
    for section in sections(report):
        yield from _section(section)
    yield from _declared(report)
    yield from _profiles(report.profiles)
    yield from _methods(report)
    yield "</main></body></html>"


def _about(report: Report) -> Iterator[str]:
    assessed = report.assessed
    facts = [
        ("Version", assessed.version),
        ("Root", assessed.root),
        ("Provider", assessed.provider),
        ("Agreement", assessed.agreement),
        ("Assessed for", report.use or "no stated use"),
        ("By", report.by),
        ("On", f"{report.at:%Y-%m-%d %H:%M} UTC"),
        ("Ages as of", f"{report.moment:%Y-%m-%d %H:%M} UTC" if report.moment != report.at else ""),
        ("With", f"{report.software}; methods and their versions are at the end"),
        ("Report", f"SHA-256 {digest_of_report(report)}"),
    ]
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts if text)
    yield f'<dl class="about">{pairs}</dl>'


def _summary(report: Report) -> Iterator[str]:
    records, files = sum(one.records for one in report.tables), report.assessed.files
    yield '<section id="summary" aria-labelledby="h-summary"><h2 id="h-summary">Summary</h2>'
    yield f"<p>{several(records, 'record')} in {several(len(report.tables), 'table')}, of {several(files, 'file')} with"
    yield f"{several(report.assessed.size, 'byte')}.</p>"
    yield f'<ul class="tiles">{"".join(map(_tile, headlines(report)))}</ul>'
    missing = sum(len(one.missing) for one in sections(report))
    if missing:
        yield f'<p class="note">Not measured: {several(missing, "thing")}; each section says which, and why.</p>'
    if len(report.tables) > 1 or any(one.note or one.unreadable for one in report.tables):
        rows = [[one.name, figure(one.records), figure(one.columns), figure(one.unreadable), one.note] for one in report.tables]
        yield _table("Tables", ("Table", "Records", "Columns", "Unreadable", "Note"), rows)
    if report.left_out:
        items = "".join(f"<li>{escape(one)}</li>" for one in report.left_out)
        yield f"<details><summary>Left out: {several(len(report.left_out), 'file')}</summary><ul>{items}</ul></details>"
    yield "</section>"


def _tile(row: Row) -> str:
    return f"<li><strong>{escape(row.value)}</strong><span>{escape(row.title)}</span>{_gauge(row)}</li>"


def _gauge(row: Row) -> str:
    if row.share is None:
        return ""
    wide = f'<rect class="bar" width="{100 * row.share:.2f}" height="6"/>'
    track = '<rect class="track" width="100" height="6"/>'
    return f'<svg class="gauge" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{track}{wide}</svg>'


def _section(section: Section) -> Iterator[str]:
    id = "s-" + "".join(char if char.isalnum() else "-" for char in section.title.lower())
    yield f'<section aria-labelledby="{id}"><h2 id="{id}">{escape(section.title)}</h2><p class="question">{escape(section.question)}</p>'
    names = ("Measure", "Value", "How sure", "Sample", "Note")
    if section.whole:
        rows = [[one.title, one.value, one.sure, one.sample, one.note] for one in section.whole]
        yield _table("The whole version", names, rows)
    if section.plots:
        yield f'<div class="plots">{"".join(map(shares, section.plots))}</div>'
    if section.parts:
        rows = [[f"{one.title}: {one.part}", one.value, one.sure, one.sample, one.note] for one in section.parts]
        shown = " open" if len(rows) <= _OPEN and not section.plots else ""
        yield f"<details{shown}><summary>By table, column and group: {several(len(rows), 'value')}</summary>"
        yield _table("", names, rows) + "</details>"
    if section.missing:
        items = "".join(f"<li>{escape(title)}: not measured, because {escape(why)}.</li>" for title, why in section.missing)
        yield f'<ul class="missing soft">{items}</ul>'
    yield "</section>"


def _table(caption: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col" role="columnheader">{escape(name)}</th>' for name in names)
    body = "".join(_line(names, row) for row in rows)
    kind = ' class="values"' if "How sure" in names else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
    return f'<table role="table"{kind}>{title}{top}<tbody role="rowgroup">{body}</tbody></table>'


def _line(names: Sequence[str], row: Sequence[str]) -> str:
    first = f'<th scope="row" role="rowheader">{escape(row[0])}</th>'
    rest = "".join(
        f'<td role="cell"{" class=value" if name in ("Value", "Records") else ""} data-name="{escape(name)}">{escape(text)}</td>'
        for name, text in zip(names[1:], row[1:], strict=True)
    )
    return f'<tr role="row">{first}{rest}</tr>'


def _declared(report: Report) -> Iterator[str]:
    if report.declared:
        rows = [[one.about, one.text, one.source] for one in report.declared]
        yield '<section aria-labelledby="s-declared"><h2 id="s-declared">Declared, not measured</h2>'
        yield _table("What somebody said about the data", ("About", "What was said", "By whom"), rows) + "</section>"


def _profiles(profiles: Sequence[Profile]) -> Iterator[str]:
    if not profiles:
        return
    yield '<section aria-labelledby="s-columns"><h2 id="s-columns">Statistical properties</h2>'
    yield '<p class="question">What is in each column, and in each group that was asked for.'
    yield "Values that occur fewer than five times are not shown.</p>"
    if len(profiles) > _CARDS:
        yield f"<p>The first {_CARDS} of {figure(len(profiles))}; the report as data has all of them.</p>"
    several = len({one.table for one in profiles}) > 1
    yield f'<div class="cards">{"".join(_card(one, several=several) for one in profiles[:_CARDS])}</div></section>'


def _card(profile: Profile, *, several: bool) -> str:
    name = f"{profile.table} · {name_of(profile.column)}" if several else name_of(profile.column)
    facts = "".join(f"<dt>{escape(title)}</dt><dd>{escape(text)}</dd>" for title, text in facts_of(profile))
    group = f" · {escape(profile.group)}" if profile.group else ""
    note = f'<p class="note">{escape(profile.note)}</p>' if profile.note else ""
    head = f'<h3>{escape(name)}{group}</h3><p class="note">{escape(profile.kind)}, stored as {escape(profile.type)}</p>'
    return f"<article>{head}<dl>{facts}</dl>{histogram(profile)}{note}</article>"


def _methods(report: Report) -> Iterator[str]:
    yield '<section aria-labelledby="s-methods"><h2 id="s-methods">Methods</h2>'
    yield "<p>Characteristics are those of ISO/IEC 5259-2:2024 by name; formulas are in our own words.</p>"
    rows = [
        [one.title, one.characteristic or "–", one.formula, one.unit, f"{one.name} ({one.measure}/{one.version})"] for one in report.metrics
    ]
    yield "<details><summary>How each value comes about</summary>"
    yield _table("", ("Measure", "Characteristic", "Formula", "Unit", "Name and version"), rows) + "</details></section>"
