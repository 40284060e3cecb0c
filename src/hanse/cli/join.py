"""`hanse join`: become a member of a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, WAITING, define
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client import Client
    from hanse.client.space_model import Joined

_CODES = {"member": DONE, "fits": DONE, "pending": WAITING}


@define("join", example="hanse join https://space.example/spaces/harbour --role provider --evidence registration=HRB1234")
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
@click.option("--replace", is_flag=True, help="Give up another space for this one.")
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
) -> None:
    """Join a space.

    Shows its steps: the anchor is looked at, has to reach you, and looks at what you bring along. Without an invitation it may be that
    people decide; until then the exit code is 3, and the same command tells how it stands. It is 1 if something is missing.
    """
    papers = words.pairs(evidence, "registration=HRB1234")
    client, participant = _acting(shell, sponsor)
    joined = client.join(
        url,
        invitation,
        roles=roles,
        evidence=papers,
        terms=terms,
        sponsor=sponsor,
        hosting=hosting,
        check=check,
        replace=replace,
        participant=participant,
    )
    shell.answer(joined, lambda: _show(shell, joined, url))
    ctx.exit(_CODES.get(joined.state, FAILED))


def _acting(shell: Shell, sponsor: str | None) -> tuple[Client, str | None]:
    """Return the client, and whom it acts for if that is not the token's own: two participants are the host's business."""
    if sponsor is None:
        return shell.client, None
    participant = shell.profile().name
    return shell.client_as("host"), participant


def _show(shell: Shell, joined: Joined, url: str) -> None:
    for step in joined.steps:
        shell.print(step)
    if joined.terms:
        shell.print(f"The terms are at {joined.terms_url}. To accept them: --accept-terms {joined.terms}")
    if joined.state == "pending":
        shell.note("The anchor has to approve it. Run the same command again to see whether it has.")
    elif joined.state == "unreachable":
        shell.note("Once it is reached, run the same command again.")
    elif joined.state == "fits":
        shell.note(f"Nothing was asked for. To ask: hanse join {url}")
