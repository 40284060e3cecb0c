"""`hanse ledger witness`: who cosigns the log, and whose logs are cosigned here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.ledger_model import LogWitness, LogWitnesses


@click.group("witness", cls=Noun, default="list")
def command() -> None:
    """Show who cosigns the log: the anchors of your spaces, and whom you name."""


@command.verb("list", example="hanse ledger witness list --now")
@click.option("--now", is_flag=True, help="Let all of them see the log first.")
@click.pass_context
def show_list(ctx: click.Context, shell: Shell, now: bool) -> None:
    """Show who cosigns the log, and how far each has seen it. The exit code is 1 if one saw something else than the log says."""
    found = shell.client.ledger.witnesses(ask=now)
    shell.answer(found, lambda: _show(shell, found))
    ctx.exit(FAILED if found.halted or any(one.alarm for one in found.witnesses) else DONE)


@command.verb("add", example="hanse ledger witness add did:web:witness.example:participants:harbour")
@click.argument("did", metavar="DID")
def add(shell: Shell, did: str) -> None:
    """Let somebody cosign the log from now on: a participant in one of whose spaces you are."""
    found = shell.client.ledger.add_witness(did)
    shell.answer(found, lambda: _show(shell, found))


@command.verb("remove", example="hanse ledger witness remove did:web:witness.example:participants:harbour")
@click.argument("did", metavar="DID")
def remove(shell: Shell, did: str) -> None:
    """Let somebody whom you named cosign the log no more. The anchors of your spaces stay."""
    found = shell.client.ledger.remove_witness(did)
    shell.answer(found, lambda: _show(shell, found))


@command.verb("others", example="hanse ledger witness others")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
def others(shell: Shell, limit: int) -> None:
    """Show whose logs you cosign, how far you have seen them, and what you refused to cosign."""
    found = shell.client.ledger.witnessed(most=limit)
    rows = [(one.name, str(one.size), words.moment(one.at), f"{one.refused} times" if one.refused else "") for one in found]
    shell.answer(found, lambda: shell.table(("LOG", "ENTRIES", "COSIGNED", "REFUSED"), rows, "You have cosigned no log yet."))


@command.verb("compare", example="hanse ledger witness compare did:web:acme.example:participants:acme")
@click.argument("did", metavar="DID")
@click.pass_context
def compare(ctx: click.Context, shell: Shell, did: str) -> None:
    """Compare what somebody's log shows with what witnesses saw of it. The exit code is 1 if that is more than one history."""
    found = shell.client.ledger.look(did)
    rows = [(one.witness, one.verdict, str(one.size), one.problem) for one in found.views]

    def show() -> None:
        verdict = "It shows more than one history" if found.forked else "No two saw different histories"
        shell.print(f"{verdict}: {found.name}, {found.size} entries.")
        shell.table(("WITNESS", "SAW", "ENTRIES", "WHY"), rows, "There is no witness to be asked: join a space, or name one.")

    shell.answer(found, show)
    ctx.exit(FAILED if found.forked else DONE)


def _show(shell: Shell, found: LogWitnesses) -> None:
    if found.halted:
        shell.print(f"The log has stopped: {found.halted} {found.hint}")
    rows = [
        (one.did, "named" if one.named else "anchor", f"{one.size} of {found.size}", words.moment(one.at), _trouble(one))
        for one in found.witnesses
    ]
    shell.table(("WITNESS", "WHY", "ENTRIES", "COSIGNED", "TROUBLE"), rows, "Nobody cosigns this log: join a space, or name a witness.")


def _trouble(one: LogWitness) -> str:
    return one.alarm or one.problem


def _why(one: LogWitness) -> str:
    return "named" if one.named else "anchor"
