"""`hanse join`: become a member of a space."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, WAITING, define, wrong_usage
from hanse.cli.newcomer import Newcomer, arrive, is_fresh
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client import Client
    from hanse.client.space_model import Joined

_CODES = {"member": DONE, "fits": DONE, "pending": WAITING}
_WELL = frozenset({DONE, WAITING})


@define(
    "join",
    example="hanse join https://space.example/spaces/harbour --role provider --evidence registration=HRB1234",
    resume="What the anchor has, it has: `hanse status` tells how it stands, and the same command goes on.",
)
@click.argument("url", metavar="SPACE_URL")
@click.option(
    "--invitation", metavar="CODE", envvar="HANSE_INVITATION", help="A code from the space's anchor, with which one enters at once."
)
@click.option("--role", "roles", multiple=True, help="Ask for this role, such as provider; may be repeated.")
@click.option("--evidence", multiple=True, metavar="NAME=TEXT", help="Hand in what the rulebook asks for; may be repeated.")
@click.option("--accept-terms", "terms", metavar="HASH", help="Accept the space's terms, by their hash; you are shown where to read them.")
@click.option("--sponsor", metavar="NAME", help="An intermediary on this server that vouches for you (with the profile of the host).")
@click.option("--hosting", metavar="URL", help="As an intermediary: where you tell how you host others.")
@click.option("--check", is_flag=True, help="Ask for nothing: only tell what the space would say.")
@click.option("--replace", is_flag=True, help="Pin the anchor that the space names now, in place of another.")
@click.option("--name", metavar="NAME", help="In a new home: your participant's name; otherwise your login name.")
@click.option("--title", help="In a new home: the name that people read.")
@click.option("--port", type=click.IntRange(1, 65_535), help="In a new home: the port, fixed from then on; else a free one from 8400.")
@click.pass_context
def command(
    ctx: click.Context,
    shell: Shell,
    url: str,
    invitation: str | None,
    roles: tuple[str, ...],
    evidence: tuple[str, ...],
    terms: str | None,
    sponsor: str | None,
    hosting: str | None,
    check: bool,
    replace: bool,
    name: str | None,
    title: str | None,
    port: int | None,
) -> None:
    """Join a space.

    You stay in the spaces that you are in already; `hanse leave` leaves one. Shows its steps: the anchor is looked at, has to reach
    you, and looks at what you bring along. Without an invitation it may be that people decide; until then the exit code is 3, and
    the same command tells how it stands. It is 1 if something is missing.

    Where there is no home folder yet, it makes one with a participant of yours, and runs it until Ctrl-C so that you are reached;
    `hanse up` runs it again.
    """
    papers = words.pairs(evidence, "registration=HRB1234")
    said = Said(url, invitation, roles, papers, terms, sponsor, hosting, check=check, replace=replace)
    if is_fresh(shell):
        arrive(shell, Newcomer(name, title, port), url, lambda: _ask(shell, said) in _WELL, said.typed(shell))
        return
    if name or title or port:
        wrong_usage("There is a home folder with a participant already: --name, --title and --port are for a new one.")
    ctx.exit(_ask(shell, said))


def _ask(shell: Shell, said: Said) -> int:
    """Ask to join, tell what came of it, and return the exit code."""
    joined = said.by(shell)
    shell.answer(joined, lambda: show(shell, joined, said))
    return FAILED if joined.problem else _CODES.get(joined.state, FAILED)


@dataclass(frozen=True)
class Said:
    """What was typed about the space and oneself."""

    url: str
    invitation: str | None = None
    roles: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    terms: str | None = None
    sponsor: str | None = None
    hosting: str | None = None
    check: bool = False
    replace: bool = False

    def by(self, shell: Shell) -> Joined:
        """Ask the server to join."""
        client, participant = _acting(shell, self.sponsor)
        return client.join(participant=participant, **vars(self))

    def typed(self, shell: Shell, accept: str | None = None) -> str:
        """Return the command that asks for it, with all that was typed; an invitation's code is a secret, and is left out."""
        options: list[tuple[str, str | None]] = [("--role", role) for role in self.roles]
        options += [("--evidence", f"{name}={text}") for name, text in self.evidence.items()]
        options += [("--accept-terms", accept or self.terms), ("--sponsor", self.sponsor), ("--hosting", self.hosting)]
        options += [("--participant", shell.participant), ("--home", shell.home_option)]
        typed = [word for name, text in options if text for word in (name, text)]
        code = " --invitation CODE" if self.invitation else ""
        return shlex.join(["hanse", "join", self.url, *typed, *(["--replace"] if self.replace else [])]) + code


def _acting(shell: Shell, sponsor: str | None) -> tuple[Client, str | None]:
    """Return the client, and whom it acts for if that is not the token's own: two participants are the host's business."""
    if sponsor is None:
        return shell.client, None
    participant = shell.profile().name
    return shell.client_as("host"), participant


def show(shell: Shell, joined: Joined, said: Said) -> None:
    """Print the steps, what is left to do, and how."""
    for step in joined.steps:
        shell.print(step)
    if joined.problem:
        shell.print(joined.problem)
    if joined.terms:
        before = "The terms have changed: read them at" if joined.state == "member" else "The terms are at"
        shell.print(f"{before} {joined.terms_url}. To accept them: {said.typed(shell, accept=joined.terms)}")
    if joined.state == "pending":
        shell.note("The anchor has to approve it. Run the same command again to see whether it has.")
    elif joined.state == "unreachable":
        shell.note("Once it is reached, run the same command again.")
    elif joined.state == "fits":
        shell.note(f"Nothing was asked for. To ask: {said.typed(shell)}")
