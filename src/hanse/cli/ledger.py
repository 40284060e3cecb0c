"""`hanse ledger`: the signed log of what was decided, stated and ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import ledger_witness, words
from hanse.cli.files import read_text
from hanse.cli.kit import DONE, FAILED, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.ledger_model import LedgerEntry


@click.group("ledger", cls=Noun, default="list")
def command() -> None:
    """Show the signed log: what was permitted, refused, stated and ended, and by whom."""


command.add_command(ledger_witness.command)


@command.verb("list", example="hanse ledger --agreement agr_06f9k2q4m8s1t5v7w9x3yz")
@click.option("--agreement", metavar="ID", help="Only what is about this agreement.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, agreement: str | None, limit: int) -> None:
    """Show the signed log: what was permitted, refused, stated and ended, and by whom."""
    found = shell.client.ledger.list(agreement=agreement, most=limit)
    rows = [(str(one.index), words.moment(one.at), _by(one), one.sentence, _told(one)) for one in found]
    empty = "The ledger is empty." if agreement is None else f"The ledger has no entry about {agreement[:80]}."
    shell.answer(found, lambda: shell.table(("ENTRY", "WHEN", "BY", "WHAT", "OTHER SIDE"), rows, empty))


@command.verb("show", example="hanse ledger show 17")
@click.argument("id", metavar="ENTRY|ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one entry with its proof. With --json its envelope, the key and the hashes are there to be checked elsewhere."""
    entry = shell.client.ledger.get(id)

    def show() -> None:
        shell.print(entry.sentence)
        shell.fields(
            [
                ("entry", f"{entry.index} of {entry.proof.size}"),
                ("id", entry.id),
                ("kind", entry.kind),
                ("agreement", entry.agreement),
                ("signed by", entry.by),
                ("stated", words.moment(entry.at)),
                ("arrived", words.moment(entry.arrived)),
                ("sha256", entry.sha256),
                ("other side", _told(entry)),
                ("why", entry.delivered.reason if entry.delivered else ""),
            ]
        )

    shell.answer(entry, show)


@command.verb("checkpoint", example="hanse ledger checkpoint --witnessed")
@click.option("--witnessed", is_flag=True, help="The newest one that witnesses have cosigned, with their lines.")
def checkpoint(shell: Shell, witnessed: bool) -> None:
    """Print what the ledger says of itself, signed. Keep it elsewhere: `verify --against` shows later what was changed since."""
    text = shell.client.ledger.checkpoint(witnessed=witnessed)
    shell.answer({"checkpoint": text}, lambda: click.echo(text, nl=False))


@command.verb("verify", example="hanse ledger verify --against checkpoint.txt")
@click.option("--against", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="An earlier checkpoint.")
@click.pass_context
def verify(ctx: click.Context, shell: Shell, against: Path | None) -> None:
    """Check every signature, hash and number of the log, and that it is what its witnesses saw. The exit code is 1 if anything is not."""
    verdict = shell.client.ledger.verify(None if against is None else read_text(against, "checkpoint"))

    def show() -> None:
        if verdict.sound:
            since = _since(verdict.against, given=against is not None)
            shell.print(f"All {words.plural(verdict.size, 'entry').replace('entrys', 'entries')} are as they were written{since}.")
            return
        shell.print(f"{words.plural(verdict.count, 'fault')} found: this log was changed.")
        rows = [("" if fault.index is None else str(fault.index), fault.problem) for fault in verdict.faults]
        shell.table(("ENTRY", "WHAT IS WRONG"), rows, "")

    shell.answer(verdict, show)
    ctx.exit(DONE if verdict.sound else FAILED)


@command.verb("restart", example='hanse ledger restart --reason "The disk was lost; the backup is two days older."')
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is said in the first entry of the new log.")
def restart(shell: Shell, reason: str) -> None:
    """Begin a new log where one has stopped because entries were lost. It keeps the entries that are left, under a new name."""
    found = shell.client.ledger.restart(reason)
    shell.answer(found, lambda: shell.print(f"The new log is {found.name}."))


def _since(against: int, *, given: bool) -> str:
    said = ["the checkpoint"] if given else []
    seen = against - given
    said += [f"what {words.plural(seen, 'witness').replace('witnesss', 'witnesses')} saw"] if seen else []
    return f", and the log goes on from {' and '.join(said)}" if said else ""


def _by(one: LedgerEntry) -> str:
    return "us" if one.own else words.short(one.by)


def _told(one: LedgerEntry) -> str:
    return one.delivered.state if one.delivered is not None else ""
