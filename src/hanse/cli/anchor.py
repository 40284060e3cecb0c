"""`hanse anchor`: the space that you anchor, with its members, rulebook and credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import anchor_credentials, anchor_rulebook, words
from hanse.cli.anchoring import anchor_of, decided, in_space
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.space_model import AnchoredMember, Claim, KnownMember


@click.group("anchor", cls=Noun, default="members")
def command() -> None:
    """Members, rulebook and credentials of a space that you anchor."""


command.add_command(anchor_rulebook.command)
command.add_command(anchor_credentials.issuers)
command.add_command(anchor_credentials.credentials)
command.add_command(anchor_credentials.revoke)


@command.verb("found", example='hanse anchor found harbour "The Harbour Space"')
@click.argument("name", metavar="NAME")
@click.argument("title", metavar="TITLE")
def found(shell: Shell, name: str, title: str) -> None:
    """Found a space and be its anchor."""
    space = anchor_of(shell).found(name, title)
    shell.answer(space, lambda: shell.print(f"{space.title} is founded. Others join it with: hanse join {space.url}"))


@command.verb("spaces", example="hanse anchor spaces")
def spaces(shell: Shell) -> None:
    """List the spaces that you anchor. With several, the other commands have to be told which: `--space NAME`."""
    listed = anchor_of(shell).spaces()
    rows = [(one.name, one.title, one.url) for one in listed]
    shell.answer(listed, lambda: shell.table(("SPACE", "TITLE", "URL"), rows, "You anchor no space yet: `hanse anchor found NAME TITLE`."))


@command.verb("members", example="hanse anchor members")
@in_space
def members(shell: Shell, space: str | None) -> None:
    """Members, rulebook and credentials of a space that you anchor.

    Lists members and former members.
    """
    listed = anchor_of(shell).members(space=space)
    shell.answer(listed, lambda: _table(shell, listed, "There are no members yet: `hanse anchor invite`."))


@command.verb("applications", example="hanse anchor applications")
@in_space
def applications(shell: Shell, space: str | None) -> None:
    """List who asks to become a member."""
    listed = anchor_of(shell).applications(space=space)
    shell.answer(listed, lambda: _table(shell, listed, "Nobody waits for a decision."))


@command.verb("show", example="hanse anchor show acme")
@click.argument("did", metavar="DID|NAME")
@in_space
def show(shell: Shell, did: str, space: str | None) -> None:
    """Show all that is known of a member or applicant: evidence, approvals, credentials, history."""
    member = anchor_of(shell).member(did, space=space)
    shell.answer(member, lambda: _show(shell, member))


@command.verb("invite", example="hanse anchor invite --role provider --expires 2027-01-01")
@click.option("--did", metavar="DID", help="For this participant alone; otherwise for whoever has the code.")
@click.option("--role", "roles", multiple=True, help="A role in the space, such as provider; may be repeated.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Until when it is good (UTC); otherwise for 7 days.")
@in_space
def invite(shell: Shell, did: str | None, roles: tuple[str, ...], expires: datetime | None, space: str | None) -> None:
    """Make an invitation that works once. Its code is shown this once."""
    anchor = anchor_of(shell)
    until = None if expires is None else expires.replace(tzinfo=UTC)
    invitation = anchor.invite(did=did, roles=list(roles) or None, expires=until, space=space)

    def tell() -> None:
        shell.fields([("invitation", invitation.code), ("roles", ", ".join(invitation.roles)), ("until", words.moment(invitation.expires))])
        shell.note(f"Who has it enters with: HANSE_INVITATION=CODE hanse join {anchor.get(space=space).url}")

    shell.answer(invitation, tell)


@command.verb("approve", example="hanse anchor approve acme --role provider")
@click.argument("did", metavar="DID|NAME")
@click.option("--role", "roles", multiple=True, help="With this role, not those asked for; may be repeated.")
@click.option("--reason", default="", help="A note that is kept with the member; the applicant reads it.")
@in_space
@click.pass_context
def approve(ctx: click.Context, shell: Shell, did: str, roles: tuple[str, ...], reason: str, space: str | None) -> None:
    """Say yes to an applicant.

    Where the rulebook asks for two operators, the exit code is 3 until another one has approved, with a token of its own.
    """
    decided(ctx, shell, anchor_of(shell).approve(did, roles=list(roles) or None, reason=reason, space=space))


@command.verb("roles", example="hanse anchor roles acme provider ai-factory")
@click.argument("did", metavar="DID|NAME")
@click.argument("roles", metavar="ROLE...", nargs=-1, required=True)
@click.option("--reason", default="", help="Why; kept with the member, who reads it.")
@in_space
@click.pass_context
def change_roles(ctx: click.Context, shell: Shell, did: str, roles: tuple[str, ...], reason: str, space: str | None) -> None:
    """Give a member these roles and no others.

    New roles take as many approvals as joining; the credentials of roles that it loses are revoked.
    """
    member = anchor_of(shell).change_roles(did, roles, reason, space=space)
    decided(ctx, shell, member, f"as {', '.join(member.roles)}")


@command.verb("claims", example="hanse anchor claims acme ai-factory trustLevel=2")
@click.argument("did", metavar="DID|NAME")
@click.argument("role", metavar="ROLE")
@click.argument("claims", metavar="NAME=VALUE...", nargs=-1, required=True)
@click.option("--reason", default="", help="Why; kept with the member, who reads it.")
@in_space
@click.pass_context
def set_claims(ctx: click.Context, shell: Shell, did: str, role: str, claims: tuple[str, ...], reason: str, space: str | None) -> None:
    """Choose what the member's credential for a role says, within the rulebook.

    A VALUE is a number, true or false, or else a text.
    """
    said = {name: _value(text) for name, text in words.pairs(claims, "trustLevel=2").items()}
    anchor = anchor_of(shell)
    member = anchor.set_claims(did, role, said, reason, space=space)
    now = anchor.member(member.did, space=space).claims.get(role, {})
    decided(ctx, shell, member, f"and as {role} has {_values(now)}" if now else "")


Decide = Callable[..., "AnchoredMember"]


def _decision(verb: str, text: str, pick: Callable[[Shell], Decide]) -> None:
    """Add a verb that decides about a member, with a reason."""

    @click.argument("did", metavar="DID|NAME")
    @click.option("--reason", default="", help="Why; kept with the member, who reads it.")
    @in_space
    @click.pass_context
    def decide(ctx: click.Context, shell: Shell, did: str, reason: str, space: str | None) -> None:
        decided(ctx, shell, pick(shell)(did, reason, space=space))

    command.verb(verb, example=f'hanse anchor {verb} acme --reason "Left the project."', help=text)(decide)


_decision("refuse", "Refuse an applicant.", lambda shell: anchor_of(shell).refuse)
_decision("suspend", "Suspend a member: for now it gets nothing.", lambda shell: anchor_of(shell).suspend)
_decision("reinstate", "Undo a suspension.", lambda shell: anchor_of(shell).reinstate)
_decision("remove", "Remove a member for good, and revoke its credentials.", lambda shell: anchor_of(shell).remove)


def _value(text: str) -> Claim:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else text


def _values(said: Mapping[str, Claim]) -> str:
    return ", ".join(f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in said.items())


def _table(shell: Shell, listed: list[AnchoredMember], empty: str) -> None:
    rows = [(one.did, one.name, _state(one), ", ".join(one.roles)) for one in listed]
    shell.table(("DID", "NAME", "STATE", "ROLES"), rows, empty)


def _state(member: AnchoredMember) -> str:
    return f"{member.status}, {len(member.approvals)} of {member.approvals_needed} approved" if member.approvals else member.status


def _show(shell: Shell, member: KnownMember) -> None:
    shell.fields(
        [
            (member.name, member.did),
            ("state", _state(member)),
            ("roles", ", ".join(member.roles)),
            ("since", words.moment(member.since)),
            ("reason", member.reason),
            ("presented", ", ".join(member.presented)),
            ("terms accepted", member.terms),
            ("sponsor", member.sponsor or ""),
            ("hosts others", member.hosting or ""),
            *((f"evidence {name}", text) for name, text in member.evidence.items()),
            *((f"{role} says", _values(said)) for role, said in member.claims.items()),
            *(("approved by", f"{by.name}, {words.moment(by.at)}: {by.says}") for by in member.approvals),
        ]
    )
    if member.credentials:
        shell.print()
        anchor_credentials.table(shell, member.credentials)
    shell.print()
    rows = [(f"{done.at.astimezone():%Y-%m-%d %H:%M:%S}", done.by, done.what, done.reason) for done in member.history]
    shell.table(("WHEN", "WHO", "WHAT", "WHY"), rows, "Nothing was done about it yet.")
