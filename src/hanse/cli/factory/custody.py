"""`hanse custody`: who keeps which bytes until when; holds and retrieval drills."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, Noun
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from hanse.client.factory.custody_model import Custody, DrillReport, LegalHold

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.group("custody", cls=Noun, default="list")
def command() -> None:
    """Who keeps which bytes until when; holds and retrieval drills."""


@command.verb("list", example="hanse custody list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="At most so many.")
def show_list(shell: Shell, limit: int) -> None:
    """List what is kept by whom until when, what is held, and which drills are overdue."""
    found = shell.client.custody.list(most=limit)

    def show() -> None:
        rows = [(one.version, _where(one), _keepers(one), _held(one), _drilled(one)) for one in found]
        shell.table(("VERSION", "WHERE", "KEPT BY, UNTIL", "HOLD", "DRILL"), rows, "Nothing is in custody yet.")
        for one in found:
            for conflict in one.conflicts:
                shell.note(f"Decide: {conflict.text} The deletion wins, unless a legal hold stands.")

    shell.answer(found, show)


@command.verb("show", example="hanse custody show weather@1")
@click.argument("version", metavar="VERSION")
def show_one(shell: Shell, version: str) -> None:
    """Show who keeps a version, its holds, and when it was fetched back."""
    one = shell.client.custody.get(version)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("keep", example='hanse custody keep weather@1 --until 2036-12-31 --why "Our auditors ask for it."')
@click.argument("version", metavar="VERSION")
@click.option("--keeper", metavar="WHO", help="Who keeps it: a DID or a name; otherwise you.")
@click.option("--until", type=_DAY, metavar="DATE", help="Until when; otherwise for the years that are set.")
@click.option("--why", metavar="TEXT", help="Why. It stays in the register; the log has its digest alone.")
def keep(shell: Shell, version: str, keeper: str | None, until: datetime | None, why: str | None) -> None:
    """Note that somebody keeps a version until then. What you keep yourself cannot be deleted by hand."""
    one = shell.client.custody.keep(version, keeper=keeper, until=_utc(until), why=why)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("release", example="hanse custody release weather@1")
@click.argument("version", metavar="VERSION")
@click.option("--keeper", metavar="WHO", help="Who kept it; otherwise you.")
@click.option("--why", metavar="TEXT", help="Why.")
def release(shell: Shell, version: str, keeper: str | None, why: str | None) -> None:
    """Let go of a version: it may be deleted from now on."""
    one = shell.client.custody.release(version, keeper=keeper, why=why)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("hold", example='hanse custody hold weather@1 --reason "Case 12/2026." --until 2027-12-31')
@click.argument("about", metavar="VERSION|CONTRACT")
@click.option("--reason", required=True, metavar="TEXT", help="Why. It stays in the register; the log has its digest alone.")
@click.option("--until", type=_DAY, metavar="DATE", help="When it ends by itself; otherwise when it is lifted.")
def hold(shell: Shell, about: str, reason: str, until: datetime | None) -> None:
    """Set a legal hold: nothing deletes a version while one stands, whatever is owed. Providers who are owed a deletion are told."""
    held = shell.client.custody.hold(about, reason, until=_utc(until))
    shell.answer(held, lambda: _show_holds(shell, held))


@command.verb("lift", example='hanse custody lift hld_06f9k2q4m8s1t5v7w9x3yz --reason "The case is closed."')
@click.argument("id", metavar="HOLD")
@click.option("--reason", metavar="TEXT", help="Why.")
def lift(shell: Shell, id: str, reason: str | None) -> None:
    """Lift a legal hold. What is owed to be deleted is deleted then."""
    one = shell.client.custody.lift(id, reason=reason)
    shell.answer(one, lambda: _show_hold(shell, one))


@command.verb("drill", example="hanse custody drill --sample 5 -o drill.json")
@click.argument("versions", metavar="[VERSION]...", nargs=-1)
@click.option("--sample", type=click.IntRange(1, 10_000), metavar="N", help="So many by chance, of those in custody.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the report (JSON) there as well.")
@click.pass_context
def drill(ctx: click.Context, /, shell: Shell, versions: tuple[str, ...], sample: int | None, output: Path | None) -> None:
    """Fetch versions back and check every byte: these, a sample, or all that are overdue. The exit code is 1 if one is not sound."""
    with shell.progress("Fetching back") as progress:
        report = shell.client.custody.drill(versions, sample=sample, progress=progress)
    if output is not None:
        _write(output, report)
    shell.answer(report, lambda: _say(shell, report))
    ctx.exit(DONE if report.sound else FAILED)


def _write(output: Path, report: DrillReport) -> None:
    import msgspec

    try:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise Invalid(f"The report cannot be written: {error.strerror}.", where="output") from None


def _say(shell: Shell, report: DrillReport) -> None:
    if not report.drills:
        shell.print("Nothing is overdue: nothing was fetched back.")
        return
    for one in report.drills:
        rate = f", {words.size(int(one.size / one.seconds))}/s" if one.seconds > 0 else ""
        said = "as it was stored" if one.sound else "NOT as it was stored"
        files = words.plural(one.files, "file")
        shell.print(f"{one.version}: {said}; {files}, {words.size(one.size)} from the {one.tier} tier in {one.seconds:.1f} s{rate}")
        for problem in one.problems:
            shell.print(f"  {problem}")
    count = words.plural(len(report.drills), "version")
    shell.print(f"{count}, {words.size(report.size)}, in {report.seconds:.1f} s: {'all sound' if report.sound else 'not all sound'}.")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _where(one: Custody) -> str:
    return "deleted" if one.deleted is not None else one.tier or "unknown"


def _keepers(one: Custody) -> str:
    return ", ".join(f"{words.short(each.keeper)} {each.until:%Y-%m-%d}" for each in one.keepings)


def _held(one: Custody) -> str:
    return ", ".join(each.id for each in one.holds if each.stands)


def _drilled(one: Custody) -> str:
    last = "never" if one.drill is None else f"{one.drill.at:%Y-%m-%d}{'' if one.drill.sound else ' NOT SOUND'}"
    return f"{last}, OVERDUE" if one.overdue else last


def _show(shell: Shell, one: Custody) -> None:
    shell.fields(
        [
            (one.version, _where(one)),
            ("contract", ", ".join(one.contracts) or "own data"),
            *(("kept by", _kept_by(each.keeper, each.until, each.reason or each.why or "", each.entry)) for each in one.keepings),
            *(("hold", _hold_line(each)) for each in one.holds),
            ("fetched back", _drilled(one)),
            ("again by", words.moment(one.drill_due)),
            *(("decide", each.text) for each in one.conflicts),
        ]
    )


def _kept_by(keeper: str, until: datetime, why: str, entry: int) -> str:
    return f"{keeper} until {until:%Y-%m-%d}{f' ({why})' if why else ''} [entry {entry}]"


def _hold_line(one: LegalHold) -> str:
    state = "stands" if one.stands else "over"
    return f"{one.id} ({state}) since {one.since:%Y-%m-%d}: {one.reason} [entry {one.entry}]"


def _show_holds(shell: Shell, held: list[LegalHold]) -> None:
    for one in held:
        _show_hold(shell, one)


def _show_hold(shell: Shell, one: LegalHold) -> None:
    shell.fields(
        [
            (one.id, "stands" if one.stands else "over"),
            ("version", one.version),
            ("contract", ", ".join(one.contracts) or "own data"),
            ("reason", one.reason),
            ("since", words.moment(one.since)),
            ("until", words.moment(one.until)),
            ("lifted", words.moment(one.lifted)),
            ("the provider", "was told" if one.told else ""),
        ]
    )
