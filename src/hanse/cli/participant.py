"""`hanse participant`: who this server hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import Noun, wrong_usage
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from hanse.client.model import CreatedParticipant, Participant
    from hanse.client.space_model import AnchoredSpace

HOST = "host"
ANCHOR = "anchor"


@click.group("participant", cls=Noun, default="list")
def command() -> None:
    """Participants of this server."""


@command.verb("list", example="hanse participant list")
def show_list(shell: Shell) -> None:
    """Participants of this server."""
    found = shell.client_of(HOST).participants.list()
    rows = [(one.name, one.title, "suspended" if one.suspended else "active", ", ".join(each.url for each in one.spaces)) for one in found]
    shell.answer(found, lambda: shell.table(("NAME", "TITLE", "STATE", "SPACE"), rows, "There are no participants yet."))


@command.verb("add", example='hanse participant add bob --title "Bob & Co" --root ./data --join')
@click.argument("name", metavar="NAME")
@click.option("--title", help="The name that people read.")
@click.option("--root", "roots", multiple=True, type=click.Path(path_type=Path), help="A folder that it may offer from; may be repeated.")
@click.option("--host", "hosts", multiple=True, help="A host that it may offer from; may be repeated.")
@click.option("--join", "join_space", is_flag=True, help="Let it join the space that is anchored here, at once.")
@click.option("--space", metavar="NAME", help="Which space it joins; needed if several are anchored here.")
def add(
    shell: Shell, name: str, title: str | None, roots: tuple[Path, ...], hosts: tuple[str, ...], join_space: bool, space: str | None
) -> None:
    """Make a participant. Its administrator's token goes into the home folder's profiles."""
    from hanse.client.profiles import RESERVED, Profile
    from hanse.client.profiles import add as keep

    if name in RESERVED:
        raise Invalid(f"The name {name!r} has a meaning of its own among the profiles.", where="NAME", rule="name", hint="Use another one.")
    profile = shell.profile(HOST)
    folders = [str(one.absolute()) for one in roots]
    joins = _anchored(shell, space) if join_space or space else None
    created = shell.client_of(HOST).participants.create(name, title, allowed_roots=folders, allowed_hosts=hosts)
    kept = keep(shell.home, Profile(created.participant.name, profile.url, created.token))
    state = _join(shell, created, profile.url, joins) if joins else None
    data = {"participant": created.participant, "operator": created.operator, "profiles": str(kept), "space": state}

    def show() -> None:
        shell.print(f"{created.participant.title} is {created.participant.did}.")
        shell.note(f"Its administrator's token is in {kept}. Act for it with --participant {name}.")
        if state is not None:
            shell.print(f"In the space it is: {state}.")

    shell.answer(data, show)


@command.verb("show", example="hanse participant show bob")
@click.argument("name", metavar="NAME")
def show_one(shell: Shell, name: str) -> None:
    """Show a participant with its limits."""
    found = shell.client_of(HOST).participants.get(name)
    shell.answer(found, lambda: _show(shell, found))


@command.verb("edit", example="hanse participant edit bob --root ./data --root ./more")
@click.argument("name", metavar="NAME")
@click.option("--title", help="The name that people read.")
@click.option(
    "--root", "roots", multiple=True, type=click.Path(path_type=Path), help="The folders that it may offer from, in place of the old ones."
)
@click.option("--host", "hosts", multiple=True, help="The hosts that it may offer from, in place of the old ones.")
@click.option("--suspended/--active", default=None, help="Stop it, or let it go on.")
def edit(shell: Shell, name: str, title: str | None, roots: tuple[Path, ...], hosts: tuple[str, ...], suspended: bool | None) -> None:
    """Change a participant: its title, its limits, or whether it is suspended, one of the three at a time."""
    kinds = (title is not None, bool(roots or hosts), suspended is not None)
    if sum(kinds) != 1:
        wrong_usage("Give a --title, or limits (--root, --host), or --suspended or --active: one of the three.")
    folders = [str(one.absolute()) for one in roots] or None
    client = shell.client_of(HOST)
    found = client.participants.edit(name, title=title, allowed_roots=folders, allowed_hosts=list(hosts) or None, suspended=suspended)
    shell.answer(found, lambda: _show(shell, found))


@command.verb("erase", example="hanse participant erase bob --yes")
@click.argument("name", metavar="NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(shell: Shell, name: str, yes: bool) -> None:
    """Delete a participant with all it has here, for good. Its name is never given again."""
    from hanse.client.profiles import remove

    if not yes:
        confirm(shell, f"Delete {name} with its offers, contracts, keys and data, for good?")
    receipt = shell.client_of(HOST).participants.erase(name)
    remove(shell.home, name)

    def show() -> None:
        shell.print(f"{receipt.did} was erased on {words.moment(receipt.erased)}.")
        shell.fields([(kind, str(count)) for kind, count in sorted(receipt.counts.items())])

    shell.answer(receipt, show)


def _anchored(shell: Shell, space: str | None) -> AnchoredSpace:
    """Return the space that is anchored here, before anything is made. Raises `Invalid` if there are several and none is named."""
    from hanse.client import Client
    from hanse.client.profiles import choose

    anchor = choose(shell.home, ANCHOR)
    with Client(anchor.url, anchor.token) as anchoring:
        return anchoring.anchor.get(space=space)


def _join(shell: Shell, created: CreatedParticipant, url: str, space: AnchoredSpace) -> str:
    """Let a new participant join the space that is anchored here: invited by the anchor, for it alone."""
    from hanse.client import Client
    from hanse.client.profiles import choose

    anchor = choose(shell.home, ANCHOR)
    with Client(anchor.url, anchor.token) as anchoring, Client(url, created.token) as own:
        invitation = anchoring.anchor.invite(did=created.participant.did, space=space.name)
        return own.join(space.url, invitation.code).state


def _show(shell: Shell, one: Participant) -> None:
    shell.fields(
        [
            (one.name, one.title),
            ("DID", one.did),
            ("since", words.moment(one.created)),
            ("offers from", ", ".join([*one.allowed_roots, *one.allowed_hosts]) or "nowhere yet: `hanse participant edit NAME --root DIR`"),
            ("space", ", ".join(each.url for each in one.spaces)),
            ("suspended", words.moment(one.suspended)),
        ]
    )
