"""`hanse completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("completion", example="hanse completion bash >> ~/.bashrc")
@click.argument("name", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: Shell, name: str) -> None:
    """Print the completion script of a shell."""
    from hanse.cli.root import hanse

    kind = get_completion_class(name)
    assert kind is not None
    script = kind(hanse, {}, "hanse", "_HANSE_COMPLETE").source()
    shell.answer({"shell": name, "script": script}, lambda: shell.print(script))
