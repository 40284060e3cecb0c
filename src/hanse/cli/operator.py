"""`hanse operator`: who acts for a participant, and with which token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import Issued

ROLES = ("read", "operate", "approve", "administer")
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ"]


@click.group("operator", cls=Noun, default="list")
def command() -> None:
    """Operators and their tokens."""


@command.verb("list", example="hanse operator list")
def show_list(shell: Shell) -> None:
    """Operators and their tokens.

    Lists who acts for your participant. Each role includes those before it: read, operate, approve, administer.
    """
    found = shell.client.operators.list()
    rows = [(one.id, one.name, one.role, words.moment(one.created), words.moment(one.expires) or "never") for one in found]
    shell.answer(found, lambda: shell.table(("ID", "NAME", "ROLE", "SINCE", "EXPIRES"), rows, "There are no operators."))


@command.verb("add", example='hanse operator add "Night job" --role operate --expires 2027-01-01')
@click.argument("name", metavar="NAME")
@click.option("--role", type=click.Choice(ROLES), default="operate", show_default=True, help="What it may do.")
@click.option("--expires", type=click.DateTime(_FORMATS), help="Until when its token is good (UTC).")
def add(shell: Shell, name: str, role: str, expires: datetime | None) -> None:
    """Add an operator. Its token is shown this once."""
    until = None if expires is None else expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    issued = shell.client.operators.add(name, role, expires=until)
    shell.answer(issued, lambda: _show_once(shell, issued))


@command.verb("rotate", example="hanse operator rotate op_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="[ID]", required=False)
def rotate(shell: Shell, id: str | None) -> None:
    """Give an operator a new token; the old one is void at once.

    Without ID it is your own. A token of the home folder's profiles is replaced there, and not shown.
    """
    from hanse.client.profiles import HOST, Profile, read
    from hanse.client.profiles import add as keep

    profile = shell.profile()
    own = shell.client.who_am_i().operator
    issued = shell.client.operators.rotate(id or own)
    known = read(shell.home)[0].get(profile.name)
    if issued.operator.id != own or known != profile:
        shell.answer(issued, lambda: _show_once(shell, issued))
        return
    path = keep(shell.home, Profile(profile.name, profile.url, issued.token))
    data = {"operator": issued.operator, "profiles": str(path)}
    shell.answer(data, lambda: shell.print(f"{'The host' if profile.name == HOST else profile.name} has a new token, in {path}."))


@command.verb("remove", example="hanse operator remove op_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def remove(shell: Shell, id: str) -> None:
    """Remove an operator; its token is void at once."""
    shell.client.operators.remove(id)
    shell.answer({"removed": id}, lambda: shell.print(f"{id} is removed."))


def _show_once(shell: Shell, issued: Issued) -> None:
    shell.fields([(issued.operator.name, issued.operator.id), ("role", issued.operator.role), ("token", issued.token)])
    shell.note("The token is shown this once. Keep it as a secret, and hand it over as HANSE_TOKEN.")
