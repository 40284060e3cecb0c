"""`hanse transfers`: see them, and steer them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, WAITING, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client import Client
    from hanse.client.model import Transfer

PATIENCE = 5
"""Seconds that a step waits to see what the other side makes of it."""

_AFTER = {"suspend": ("SUSPENDED",), "resume": ("STARTED",), "complete": ("COMPLETED",), "terminate": ("TERMINATED",)}


@click.group("transfers", cls=Noun, default="list")
def command() -> None:
    """Show transfers, and steer them."""


@command.verb("list", example="hanse transfers --open")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not final.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, open_only: bool, limit: int) -> None:
    """Show transfers, and steer them."""
    found = shell.client.transfers.list(open_only=open_only, most=limit)
    rows = [(one.id, one.role, words.short(one.peer), one.state or "unsent", _who(one)) for one in found]
    shell.answer(found, lambda: shell.table(("ID", "AS", "WITH", "STATE", "WAITS FOR"), rows, "There are no transfers."))


@command.verb("show", example="hanse transfers show trf_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one transfer."""
    transfer = shell.client.transfers.get(id)
    shell.answer(transfer, lambda: _show(shell, transfer))


@command.verb("start", example="hanse transfers start agr_06f9k2q4m8s1t5v7w9x3yz --push")
@click.argument("contract", metavar="CONTRACT")
@click.option("--push", is_flag=True, help="Let the provider send the data to this server, instead of fetching it.")
@click.pass_context
def start(ctx: click.Context, shell: Shell, contract: str, push: bool) -> None:
    """Ask for a contract's data without fetching it. `hanse get` fetches, too."""
    transfer = shell.client.transfers.start(contract, push=push, patience=PATIENCE)
    shell.answer(transfer, lambda: _show(shell, transfer))
    ctx.exit({"STARTED": DONE, "COMPLETED": DONE, "TERMINATED": FAILED}.get(transfer.state or "", WAITING))


@command.verb("suspend", example='hanse transfers suspend trf_06f9k2q4m8s1t5v7w9x3yz --reason "Maintenance."')
@click.argument("id", metavar="ID")
@click.option("--reason", default="", help="Why; the other side is told.")
@click.pass_context
def suspend(ctx: click.Context, shell: Shell, id: str, reason: str) -> None:
    """Halt a transfer for now. Streams under way are cut."""
    _step(ctx, shell, id, "suspend", lambda client: client.transfers.suspend(id, reason))


@command.verb("resume", example="hanse transfers resume trf_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
@click.pass_context
def resume(ctx: click.Context, shell: Shell, id: str) -> None:
    """Let a transfer go on that you suspended."""
    _step(ctx, shell, id, "resume", lambda client: client.transfers.resume(id))


@command.verb("complete", example="hanse transfers complete trf_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
@click.pass_context
def complete(ctx: click.Context, shell: Shell, id: str) -> None:
    """Say that a transfer is done."""
    _step(ctx, shell, id, "complete", lambda client: client.transfers.complete(id))


@command.verb("terminate", example='hanse transfers terminate trf_06f9k2q4m8s1t5v7w9x3yz --reason "Not needed any more."')
@click.argument("id", metavar="ID")
@click.option("--reason", default="", help="Why; the other side is told.")
@click.pass_context
def terminate(ctx: click.Context, shell: Shell, id: str, reason: str) -> None:
    """End a transfer for good. Streams under way are cut."""
    _step(ctx, shell, id, "terminate", lambda client: client.transfers.terminate(id, reason))


def _step(ctx: click.Context, shell: Shell, id: str, verb: str, take: Callable[[Client], Transfer]) -> None:
    take(shell.client)
    wanted = _AFTER[verb]
    now = shell.client.transfers.wait(id, wanted, patience=PATIENCE)
    shell.answer(now, lambda: _show(shell, now))
    ctx.exit(DONE if now.state in wanted else FAILED if now.final else WAITING)


def _who(one: Transfer) -> str:
    return "" if one.final else f"{one.who}: {one.waits_for}" if one.who else one.waits_for


def _show(shell: Shell, one: Transfer) -> None:
    shell.fields(
        [
            (one.id, one.state or "not yet acknowledged"),
            ("as", f"{one.role}, with {one.peer}"),
            ("contract", one.contract),
            ("dataset", one.dataset),
            ("format", one.format),
            ("suspended by", one.suspended_by or ""),
            ("waits for", _who(one)),
            ("until", words.moment(one.deadline)),
        ]
    )
