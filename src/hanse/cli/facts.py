"""`hanse facts`: payments, consents, events and whatever else decisions rest on and the server cannot measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Noun, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.use_model import Fact


@click.group("facts", cls=Noun, default="list")
def command() -> None:
    """Tell what decisions rest on: payments, consents, events, classifications."""


@command.verb("list", example="hanse facts")
def show_list(shell: Shell) -> None:
    """List what was told."""
    found = shell.client.facts.list()
    rows = [_row(one) for one in found]
    shell.answer(found, lambda: shell.table(("ABOUT", "FACT", "VALUE", "SEEN", "UNTIL", "FROM"), rows, "Nothing was told yet."))


@command.verb("tell", example='hanse facts tell payAmount "500.00 EUR" --about agr_06f9k2q4m8s1t5v7w9x3yz --source "invoice 2026-17"')
@click.argument("name", metavar="NAME")
@click.argument("value", metavar="VALUE", default="")
@click.option("--about", default="", metavar="ID|NAME", help="A contract, an asset or a participant; without it, everything.")
@click.option("--source", metavar="TEXT", help="Where it is known from.")
@click.option("--expires", metavar="DATE", help="When it stops counting, a day or a moment (UTC).")
def tell(shell: Shell, name: str, value: str, about: str, source: str | None, expires: str | None) -> None:
    """Tell a fact: payAmount "500 EUR", paid current, consent given, event NAME, classification internal, ..."""
    about = _about(shell, about)
    if about.startswith("agr_"):
        shell.client.contracts.get(about)  # nothing is told about a contract that there is none of
    fact = shell.client.facts.tell(name, value, about=about, source=source, expires=_moment(expires))
    shell.answer(fact, lambda: shell.print(f"{name} is {', '.join(fact.values) or 'nothing yet'} for {about or 'everything'}."))


@command.verb("untell", example="hanse facts untell consent --about ds_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("name", metavar="NAME")
@click.option("--about", default="", metavar="ID|NAME", help="A contract, an asset or a participant; without it, everything.")
def untell(shell: Shell, name: str, about: str) -> None:
    """Take a fact back: it is unknown from now on, and what rests on it ends."""
    about = _about(shell, about)
    shell.client.facts.untell(name, about=about)
    shell.answer({}, lambda: shell.print(f"{name} is unknown for {about or 'everything'} from now on."))


def _row(one: Fact) -> tuple[str, ...]:
    name, about = one.name.rpartition(":")[2], words.short(one.about) if one.about else "everything"
    return about, name, ", ".join(one.values), words.moment(one.observed), words.moment(one.expires), one.source


def _about(shell: Shell, text: str) -> str:
    """Return the id that is meant; a member may go by its name."""
    return text if not text or text.startswith(("agr_", "ds_", "did:")) else shell.client.did_of(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wrong_usage(f"{text[:80]!r} is not a date like 2027-01-01 or 2027-01-01T12:00:00Z.")
    if moment.tzinfo is None and "T" in text:
        wrong_usage(f"{text[:80]!r} has no time zone; write 2027-01-01T00:00:00Z.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
