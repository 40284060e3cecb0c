"""`hanse leave`: leave the space."""

from __future__ import annotations

import click

from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("leave", example="hanse leave --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(shell: Shell, yes: bool) -> None:
    """Leave your space.

    Its anchor takes your credentials back, and nobody in it gets anything from you any more. Contracts are not ended by it.
    """
    if not yes:
        click.confirm("Leave the space, and lose its credentials?", abort=True, err=True)
    left = shell.client.leave()

    def show() -> None:
        for step in left.steps:
            shell.print(step)

    shell.answer(left, show)
