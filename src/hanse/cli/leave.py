"""`hanse leave`: leave a space."""

from __future__ import annotations

import click

from hanse.cli.asking import confirm
from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("leave", example="hanse leave --yes")
@click.argument("space", metavar="[SPACE]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--anyway", is_flag=True, help="Forget the space here even if its anchor cannot be told.")
def command(shell: Shell, space: str | None, yes: bool, anyway: bool) -> None:
    """Leave a space.

    SPACE is its address or its name; it is needed only if you are in several. Its anchor takes your credentials back and they leave
    your wallet; nobody gets anything from you any more under what was agreed in it. Contracts are not ended by it. An application
    that waits is taken back.
    """
    if not yes:
        confirm(shell, f"Leave the space {space or ''}".rstrip() + ", and lose its credentials?")
    left = shell.client.leave(space, anyway=anyway)

    def show() -> None:
        for step in left.steps:
            shell.print(step)

    shell.answer(left, show)
