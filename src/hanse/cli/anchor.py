"""`hanse anchor`: the members of a space that you anchor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Function, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import AnchoredMember

ANCHOR = "anchor"
"""The profile that acts unless another is asked for."""


def in_space(function: Function) -> Function:
    """Add the option that names the space; a decorator."""
    return click.option("--space", metavar="NAME", help="Which space, if you anchor several.")(function)


@click.group("anchor", cls=Noun, default="members")
def command() -> None:
    """Members of a space that you anchor."""


@command.verb("found", example='hanse anchor found harbour "The Harbour Space"')
@click.argument("name", metavar="NAME")
@click.argument("title", metavar="TITLE")
def found(shell: Shell, name: str, title: str) -> None:
    """Found a space and be its anchor."""
    space = shell.client_of(ANCHOR).anchor.found(name, title)
    shell.answer(space, lambda: shell.print(f"{space.title} is founded. Others join it with: hanse join {space.url}"))


@command.verb("members", example="hanse anchor members")
@in_space
def members(shell: Shell, space: str | None) -> None:
    """Members of a space that you anchor.

    Lists members and former members.
    """
    listed = shell.client_of(ANCHOR).anchor.members(space=space)
    shell.answer(listed, lambda: _table(shell, listed, "There are no members yet: `hanse anchor invite`."))


@command.verb("applications", example="hanse anchor applications")
@in_space
def applications(shell: Shell, space: str | None) -> None:
    """List who asks to become a member."""
    listed = shell.client_of(ANCHOR).anchor.applications(space=space)
    shell.answer(listed, lambda: _table(shell, listed, "Nobody waits for a decision."))


@command.verb("invite", example="hanse anchor invite --role provider --expires 2027-01-01")
@click.option("--did", metavar="DID", help="For this participant alone; otherwise for whoever has the code.")
@click.option("--role", "roles", multiple=True, help="A role in the space, such as provider; may be repeated.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Until when it is good (UTC); otherwise for 7 days.")
@in_space
def invite(shell: Shell, did: str | None, roles: tuple[str, ...], expires: datetime | None, space: str | None) -> None:
    """Make an invitation that works once. Its code is shown this once."""
    client = shell.client_of(ANCHOR)
    until = None if expires is None else expires.replace(tzinfo=UTC)
    invitation = client.anchor.invite(did=did, roles=list(roles) or None, expires=until, space=space)

    def show() -> None:
        shell.fields([("invitation", invitation.code), ("roles", ", ".join(invitation.roles)), ("until", words.moment(invitation.expires))])
        shell.note(f"Who has it enters with: HANSE_INVITATION=CODE hanse join {client.anchor.get(space=space).url}")

    shell.answer(invitation, show)


@command.verb("approve", example="hanse anchor approve did:web:localhost%3A8401:participants:acme --role provider")
@click.argument("did", metavar="DID")
@click.option("--role", "roles", multiple=True, help="With this role, not those asked for; may be repeated.")
@click.option("--reason", default="", help="A note that is kept with the member.")
@in_space
def approve(shell: Shell, did: str, roles: tuple[str, ...], reason: str, space: str | None) -> None:
    """Admit an applicant."""
    member = shell.client_of(ANCHOR).anchor.approve(did, roles=list(roles) or None, reason=reason, space=space)
    _decided(shell, member)


Decide = Callable[..., "AnchoredMember"]


def _decision(verb: str, text: str, pick: Callable[[Shell], Decide]) -> None:
    """Add a verb that decides about a member, with a reason."""

    @click.argument("did", metavar="DID")
    @click.option("--reason", default="", help="Why; kept with the member.")
    @in_space
    def decide(shell: Shell, did: str, reason: str, space: str | None) -> None:
        _decided(shell, pick(shell)(did, reason, space=space))

    example = f'hanse anchor {verb} did:web:localhost%3A8401:participants:acme --reason "Left the project."'
    command.verb(verb, example=example, help=text)(decide)


_decision("refuse", "Refuse an applicant.", lambda shell: shell.client_of(ANCHOR).anchor.refuse)
_decision("suspend", "Suspend a member: for now it gets nothing.", lambda shell: shell.client_of(ANCHOR).anchor.suspend)
_decision("reinstate", "Undo a suspension.", lambda shell: shell.client_of(ANCHOR).anchor.reinstate)
_decision("remove", "Remove a member for good.", lambda shell: shell.client_of(ANCHOR).anchor.remove)


def _decided(shell: Shell, member: AnchoredMember) -> None:
    shell.answer(member, lambda: shell.print(f"{member.name} ({member.did}) is {member.status}."))


def _table(shell: Shell, listed: list[AnchoredMember], empty: str) -> None:
    rows = [(one.did, one.name, one.status, ", ".join(one.roles)) for one in listed]
    shell.table(("DID", "NAME", "STATE", "ROLES"), rows, empty)
