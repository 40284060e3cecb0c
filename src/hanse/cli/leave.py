"""`hanse leave`: leave the space."""

from __future__ import annotations

import click

from hanse.cli.asking import confirm
from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("leave", example="hanse leave --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--anyway", is_flag=True, help="Forget the space here even if its anchor cannot be told.")
def command(shell: Shell, yes: bool, anyway: bool) -> None:
    """Leave your space.

    Its anchor takes your credentials back and they leave your wallet; nobody in it gets anything from you any more. Contracts are
    not ended by it. An application that waits is taken back.
    """
    if not yes:
        confirm(shell, "Leave the space, and lose its credentials?")
    left = shell.client.leave(anyway=anyway)

    def show() -> None:
        for step in left.steps:
            shell.print(step)

    shell.answer(left, show)
