"""Verbs of `hanse quality` for what is signed: sign, publish, compare, dispute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hanse.cli import words
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.factory.assessments_model import Assessment, ComparisonRow, Dispute, Published, QualityComparison

_UNASSESSED: Final = "We have not assessed it."
"""What the server says of each figure then; it is told once."""
_STAGES = ("provider", "space", "factory", "user")


def add_relay(command: Noun) -> None:
    """Add the verbs."""
    for add in (_add_sign, _add_list, _add_show, _add_publish, _add_take, _add_compare, _add_dispute):
        add(command)


def _add_sign(command: Noun) -> None:
    @command.verb("sign", example="hanse quality sign weather-quality --of weather@1 --stage factory")
    @click.argument("report", metavar="REPORT", type=click.Path(path_type=Path))
    @click.option("--of", metavar="VERSION|OFFER", required=True, help="What was assessed: a stored version, or an own offer by its id.")
    @click.option("--stage", type=click.Choice(_STAGES), required=True, help="Where on the way of the data it was assessed.")
    def sign(shell: Shell, report: Path, of: str, stage: str) -> None:
        """Sign a report (report.json, or its folder): keep it, and state in the log that it was made of this content."""
        found = shell.client.assessments.sign(report, of=of, stage=stage)
        shell.answer(found, lambda: _show_one(shell, found))


def _add_list(command: Noun) -> None:
    @command.verb("list", example="hanse quality list --of weather@1")
    @click.option("--of", metavar="VERSION|OFFER", help="Only those of this version or offer.")
    def list_(shell: Shell, of: str | None) -> None:
        """List signed assessments, own ones and those of others, newest first."""
        found = shell.client.assessments.list(of)
        rows = [(one.id, one.about, one.stage, words.short(one.by), words.moment(one.at)) for one in found]
        shell.answer(found, lambda: shell.table(("ID", "OF", "STAGE", "BY", "WHEN"), rows, "Nothing was signed yet."))


def _add_show(command: Noun) -> None:
    @command.verb("show", example="hanse quality show asm_06f9k2 --claim claim.json")
    @click.argument("id", metavar="ID")
    @click.option("--claim", type=click.Path(path_type=Path), metavar="FILE", help="Write the signed statement there, to give to others.")
    @click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write the report there.")
    def show(shell: Shell, id: str, claim: Path | None, report: Path | None) -> None:
        """Show a signed assessment; write its signed statement or its report into a file."""
        from hanse.client.factory.evidence_check import save_archive

        found = shell.client.assessments.get(id)
        if claim is not None:
            save_archive(claim, found.claim.encode())
        if report is not None:
            save_archive(report, shell.client.assessments.report(id).content)
        shell.answer(found, lambda: _show_one(shell, found))


def _add_publish(command: Noun) -> None:
    @command.verb("publish", example="hanse quality publish ds_06f9k2")
    @click.argument("offer", metavar="OFFER")
    @click.option("--back", is_flag=True, help="Take the measures out of the catalogue.")
    def publish(shell: Shell, offer: str, back: bool) -> None:
        """Publish the newest assessment of each stage with an offer: signed measures that the catalogue shows."""
        found = shell.client.assessments.take_back(offer) if back else shell.client.assessments.publish(offer)
        shell.answer(found, lambda: _show_published(shell, found))


def _add_take(command: Noun) -> None:
    @command.verb("take", example="hanse quality take claim.json --of weather@1")
    @click.argument("claim", metavar="FILE", type=click.Path(path_type=Path))
    @click.option("--of", metavar="VERSION|OFFER", required=True, help="What it is about: a stored version, or an own offer by its id.")
    def take(shell: Shell, claim: Path, of: str) -> None:
        """Keep what somebody else signed about the same content, once the signature is proved."""
        found = shell.client.assessments.take(claim, of=of)
        shell.answer(found, lambda: _show_one(shell, found))


def _add_compare(command: Noun) -> None:
    @command.verb("compare", example="hanse quality compare weather@1")
    @click.argument("version", metavar="VERSION")
    @click.option("--tolerance", type=click.FloatRange(min=0), default=0.0, metavar="NUMBER", help="The least difference that counts.")
    def compare(shell: Shell, version: str, tolerance: float) -> None:
        """Verify what was declared of a version, by whom, and show it beside what was measured here."""
        found = shell.client.assessments.compare(version, tolerance=tolerance)
        shell.answer(found, lambda: _show_comparison(shell, found))


def _add_dispute(command: Noun) -> None:
    @command.verb("dispute", example="hanse quality dispute weather@1 -o weather.case.zip")
    @click.argument("version", metavar="VERSION")
    @click.option("--measure", "measures", metavar="NAME", multiple=True, help="Only this measure; may be repeated.")
    @click.option("--tolerance", type=click.FloatRange(min=0), default=0.0, metavar="NUMBER", help="The least difference that counts.")
    @click.option(
        "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where the case file goes; else VERSION.case.zip."
    )
    def dispute(shell: Shell, version: str, measures: tuple[str, ...], tolerance: float, output: Path | None) -> None:
        """State to the provider that its declared quality does not hold, and write the case file with all that proves it."""
        from hanse.client.factory.evidence_check import save_archive

        found = shell.client.assessments.dispute(version, measures, tolerance=tolerance)
        file = output or Path(f"{found.version}.case.zip")
        save_archive(file, found.archive)
        plain = {name: getattr(found, name) for name in ("version", "statement", "told", "measures", "remedies", "sha256", "missing")}
        shell.answer({"file": str(file), **plain}, lambda: _show_dispute(shell, found, file))


def _show_one(shell: Shell, one: Assessment) -> None:
    facts = (
        ("of", one.about),
        ("content", one.root),
        ("stage", one.stage),
        ("signed by", one.by),
        ("on", words.moment(one.at)),
        ("report", f"{one.report}{'' if one.kept else ' (not kept here)'}"),
        ("statement", one.statement),
        ("log", one.entry or ("proved on " + words.moment(one.proved) if one.proved else "")),
    )
    shell.print(one.id)
    shell.fields([(name, value) for name, value in facts if value])
    rows = [(each.metric, f"{each.value:g}", _interval(each.low, each.high), each.method) for each in one.figures]
    shell.table(("MEASURE", "VALUE", "INTERVAL", "METHOD"), rows, "It has no measure of the whole.")


def _show_published(shell: Shell, found: Published) -> None:
    rows = [(one.metric, f"{one.value:g}", one.claim[:16]) for one in found.measures]
    shell.table(("MEASURE", "VALUE", "STATEMENT"), rows, f"The catalogue shows no measure of {found.asset}.")


def _show_comparison(shell: Shell, found: QualityComparison) -> None:
    ours = f"{found.ours} (stage {found.stage})" if found.ours else "none yet"
    under = f"under {found.agreement}" if found.agreement else "which came from no provider"
    shell.print(f"{found.version}, {under}; our own assessment: {ours}")
    for said, rows in groupby(found.rows, _said):
        shell.print(f"\n{said}")
        _show_rows(shell, list(rows))
    broken = sum(one.verdict == "does not hold" for one in found.rows)
    if not found.rows:
        shell.note("Nothing was declared of it.")
    elif not found.ours:
        shell.note(f"Measure it first: hanse quality assess {found.version} --into ours, then")
        shell.note(f"hanse quality sign ours --of {found.version} --stage factory")
    elif broken:
        shell.note(f"{words.plural(broken, 'figure')} of these did not hold: hanse quality dispute {found.version}")


def _said(one: ComparisonRow) -> str:
    if one.stage == "agreement":
        return "Asked for by the agreement:"
    signed = "its signature is proved" if one.proved else "not proved by a signature"
    return f"Declared by {words.short(one.by)} (stage {one.stage}; {signed}):"


def _show_rows(shell: Shell, rows: Sequence[ComparisonRow]) -> None:
    tolerant = any(one.tolerance for one in rows)
    head = ("MEASURE", "DECLARED", "MEASURED", "DIFFERENCE", *(("TOLERANCE",) if tolerant else ()), "VERDICT")
    shell.table(head, [_row(one, tolerant=tolerant) for one in rows], "")
    for why, of in _reasons(rows).items():
        shell.note(f"{', '.join(of)}: {why}")


def _reasons(rows: Sequence[ComparisonRow]) -> dict[str, list[str]]:
    """Return each reason with the measures that it is told of."""
    found: dict[str, list[str]] = {}
    for one in rows:
        if one.why and one.why != _UNASSESSED:
            found.setdefault(one.why, []).append(one.metric)
    return found


def _row(one: ComparisonRow, *, tolerant: bool) -> tuple[str, ...]:
    shown = (one.measured, one.difference, *((one.tolerance,) if tolerant else ()))
    return (one.metric, f"{one.declared:g}", *("" if value is None else f"{value:g}" for value in shown), one.verdict)


def _show_dispute(shell: Shell, found: Dispute, file: Path) -> None:
    rows = [(one.metric, f"{one.declared:g}", f"{one.measured:g}", f"{one.tolerance:g}") for one in found.measures]
    shell.table(("MEASURE", "DECLARED", "MEASURED", "TOLERANCE"), rows, "")
    told = "The provider was sent it." if found.told else "The provider takes no signed statements: send it the file."
    shell.print(f"Stated as {found.statement}. {told}")
    for sentence in found.remedies:
        shell.print(sentence)
    shell.print(f"{file}: {words.size(len(found.archive))}, SHA-256 {found.sha256}")
    for sentence in found.missing:
        shell.print(f"  not in it: {sentence}")
    shell.note(f"Anybody can check it: hanse evidence verify {file}")


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:g} to {high:g}"
