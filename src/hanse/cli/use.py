"""`hanse use`: open stored data under its contract, and see what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, Function, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.use_model import Use

_ACTIONS = ("train", "fineTune", "evaluate", "embed", "retrieve", "mine")
"""Uses for artificial intelligence that go by a word; any other action goes by its name or IRI."""


def _stating(function: Function) -> Function:
    """Add the options that say what a use is."""
    for option in (
        click.option("--security-level", metavar="LEVEL", help="How secured, e.g. trust."),
        click.option("--spatial", metavar="CODE", help="Where, e.g. DE."),
        click.option("--environment", metavar="NAME", help="In which environment, e.g. production."),
        click.option("--application", metavar="NAME", help="By which application."),
        click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ServiceProvision."),
        click.option("--action", default="use", show_default=True, metavar="NAME", help=f"{', '.join(_ACTIONS)}, or an ODRL action."),
    ):
        function = option(function)
    return function


@click.group("use", cls=Noun, default="open")
def command() -> None:
    """Open stored data under its contract: decided, counted and logged."""


@command.verb("open", example="hanse use agr_06f9k2q4m8s1t5v7w9x3yz --action train --purpose dpv:ResearchAndDevelopment")
@click.argument("contract", metavar="CONTRACT")
@_stating
def open_(shell: Shell, contract: str, action: str, **said: str | None) -> None:
    """Open stored data under its contract: decided, counted and logged. The exit code is 1 if it is not permitted."""
    use = shell.client.uses.open(contract, _action(action), stated=_stated(said))
    shell.answer(use, lambda: _show(shell, use))


@command.verb("check", example="hanse use check agr_06f9k2q4m8s1t5v7w9x3yz --purpose dpv:Marketing")
@click.argument("contract", metavar="CONTRACT")
@_stating
@click.pass_context
def check(ctx: click.Context, /, shell: Shell, contract: str, action: str, **said: str | None) -> None:
    """Say whether one more use would be permitted now, and why. Nothing is counted; the exit code is 1 if it is not."""
    decision = shell.client.uses.check(contract, _action(action), stated=_stated(said))

    def show() -> None:
        for sentence in decision.sentences:
            shell.print(sentence)

    shell.answer(decision, show)
    ctx.exit(DONE if decision.permitted else FAILED)


@command.verb("list", example="hanse use list --contract agr_06f9k2q4m8s1t5v7w9x3yz")
@click.option("--contract", metavar="ID", help="Only uses under this contract.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, contract: str | None, limit: int) -> None:
    """List uses: transfers, and openings of stored data."""
    found = shell.client.uses.list(contract=contract, most=limit)
    rows = [(one.id, one.kind, _word(one.action), words.moment(one.reserved), _state(one)) for one in found]
    shell.answer(found, lambda: shell.table(("ID", "WHAT", "ACTION", "SINCE", "STATE"), rows, "Nothing was used yet."))


@command.verb("show", example="hanse use show use_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one use."""
    use = shell.client.uses.get(id)
    shell.answer(use, lambda: _show(shell, use))


@command.verb("end", example="hanse use end use_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def end(shell: Shell, id: str) -> None:
    """Say that an opening is over."""
    use = shell.client.uses.end(id)
    shell.answer(use, lambda: _show(shell, use))


def _action(word: str) -> str:
    from hanse.odrl.names import HANSE

    return HANSE + word if word in _ACTIONS else word


def _word(action: str) -> str:
    """Return an action as people type it: the other way round."""
    word = action.rpartition(":")[2]
    return word if _action(word) == action else action


def _stated(said: dict[str, str | None]) -> dict[str, str]:
    named = {"securityLevel" if name == "security_level" else name: value for name, value in said.items()}
    return {name: value for name, value in named.items() if value is not None}


def _state(use: Use) -> str:
    if use.ended is not None:
        return "ended" if use.counts else "given back"
    return "under way" if use.began is not None else "reserved"


def _show(shell: Shell, use: Use) -> None:
    shell.fields(
        [
            (use.id, _state(use)),
            ("contract", use.contract),
            ("as", f"{use.role}, with {use.peer}"),
            ("action", _word(use.action)),
            *((name.rpartition(":")[2], value) for name, value in sorted(use.stated.items())),
            ("since", words.moment(use.reserved)),
            ("ended", words.moment(use.ended)),
            ("bytes", str(use.size or "")),
            ("seconds", str(use.seconds or "")),
            ("why", use.reason),
        ]
    )
