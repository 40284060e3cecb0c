"""`hanse contracts`: agreements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import contracts_stating, words
from hanse.cli.kit import Noun
from hanse.cli.policy_say import show_badges
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import Contract


@click.group("contracts", cls=Noun, default="list")
def command() -> None:
    """Show contracts with their terms in words."""


@command.verb("list", example="hanse contracts")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, limit: int) -> None:
    """Show contracts with their terms in words."""
    found = shell.client.contracts.list(most=limit)
    rows = [(one.id, one.role, words.short(one.peer), words.moment(one.finalized), _state(one, whole=False)) for one in found]

    def show() -> None:
        shell.table(("ID", "AS", "WITH", "SINCE", "STATE"), rows, "There are no contracts yet: `hanse get DATASET`.")
        if found:
            shell.note(f"`hanse contracts show {found[0].id}` shows the terms of the first in words.")

    shell.answer(found, show)


@command.verb("show", example="hanse contracts show agr_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one contract in words."""
    contract = shell.client.contracts.get(id)

    def show() -> None:
        for sentence in contract.sentences:
            shell.print(sentence)
        show_badges(shell, contract.agreement, contract.peer)
        shell.fields(
            [
                ("dataset", contract.dataset),
                ("with", contract.peer),
                ("since", words.moment(contract.finalized)),
                ("state", _state(contract)),
                ("negotiation", contract.negotiation),
                ("statement", contract.end_statement),
            ]
        )

    shell.answer(contract, show)


for _verb in (contracts_stating.end, contracts_stating.state, contracts_stating.deleted):
    command.add_command(_verb)


def _state(contract: Contract, *, whole: bool = True) -> str:
    """Return whether it is in force, or when and why it ended; in a list the first sentence of that has to do."""
    if contract.ended is None:
        return "in force"
    why = contract.end_reason if whole else contract.end_reason.partition(". ")[0].rstrip(".") + "."
    return f"ended {words.moment(contract.ended)} {why}".strip(" .") + "."
