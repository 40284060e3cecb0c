"""`hanse join`: become a member of a space."""

from __future__ import annotations

import click

from hanse.cli.kit import DONE, WAITING, define
from hanse.cli.shell import Shell


@define("join", example="hanse join http://localhost:8400/spaces/harbour --invitation inv_code")
@click.argument("url", metavar="SPACE_URL")
@click.option(
    "--invitation", metavar="CODE", envvar="HANSE_INVITATION", help="A code from the space's anchor, with which one enters at once."
)
@click.option("--replace", is_flag=True, help="Give up another space for this one.")
@click.pass_context
def command(ctx: click.Context, shell: Shell, url: str, invitation: str | None, replace: bool) -> None:
    """Join a space.

    Without an invitation the space's anchor decides; until then the exit code is 3.
    """
    joined = shell.client.join(url, invitation, replace=replace)

    def show() -> None:
        for step in joined.steps:
            shell.print(step)
        if joined.state == "pending":
            shell.note("The anchor has to approve it. Run the same command again to see whether it has.")

    shell.answer(joined, show)
    ctx.exit({"member": DONE, "pending": WAITING}.get(joined.state, 1))
