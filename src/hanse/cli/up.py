"""`hanse up`: a space on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import running
from hanse.cli.kit import define
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.app.server import Server
    from hanse.app.space import Made

SPACE = "home"


@define("up", example="hanse up --name alice")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="The port, fixed when the space is made; otherwise the first free one from 8400."
)
@click.option("--name", metavar="NAME", help="Your participant's name; otherwise your login name.")
@click.option("--root", "roots", multiple=True, type=click.Path(path_type=Path), help="A folder to offer from; otherwise the current one.")
def command(shell: Shell, port: int | None, name: str | None, roots: tuple[Path, ...]) -> None:
    """Make a space on this machine and run it.

    The first time it makes a home folder with an anchor that founds a space, and a participant of yours that has joined.
    It runs until Ctrl-C; the next `hanse up` runs the same space again. It runs a home that `hanse join` has made, too.
    """
    own = running.own_name(name)
    settings = running.require_port(shell.home, port)
    folders = running.offered_from(shell.home, roots)

    async def tell(made: Made | None) -> None:
        _tell(shell, settings.public_root, made, folders)

    running.run(settings, lambda server: _made(server, shell.home, own, folders), tell)
    shell.note("Stopped. `hanse up` runs it again.")


async def _made(server: Server, home: Path, name: str, folders: tuple[str, ...]) -> Made | None:
    """Make the space at the first start, and write its tokens; return the new participant, or nothing at a later start."""
    from hanse.app.space import ANCHOR, add_participant, found_space
    from hanse.client.profiles import HOST, Profile, write

    token = await running.first_token(server, home)
    if token is None:
        return None
    url = server.settings.public_root
    space, anchor = await found_space(server, SPACE, f"The space of {name}")
    own = await add_participant(server, space, name, name, roots=folders)
    profiles = (Profile(own.name, url, own.token), Profile(ANCHOR, url, anchor.token), Profile(HOST, url, token))
    write(home, {one.name: one for one in profiles}, own.name)
    return own


def _tell(shell: Shell, url: str, made: Made | None, folders: tuple[str, ...]) -> None:
    """Say in five lines what there is, and what to type next."""
    from hanse.app.space import ANCHOR
    from hanse.client.profiles import read

    profiles, default = read(shell.home)
    space = f"{url}/spaces/{SPACE}" if ANCHOR in profiles else None
    data = {
        "url": url,
        "home": str(shell.home),
        "space": space,
        "participant": default,
        "profiles": list(profiles),
        "new": made is not None,
    }
    place = f" --home {shell.home}" if shell.home_option else ""

    def show() -> None:
        if space is None:
            shell.print(f"The participant {default!r} is yours and runs at {url}. Its home is {shell.home}.")
            shell.print(f"Next, in another terminal:  hanse status{place}  ·  Ctrl-C here stops it and keeps it.")
            return
        shell.print(f"A space on this machine runs at {url}. Its home is {shell.home}.")
        shell.print(f"The participant 'anchor' anchors it: {space}")
        may = f" It may offer what lies in {', '.join(folders)}." if made is not None and folders else ""
        shell.print(f"The participant {default!r} is a member of it and is yours.{may}")
        shell.print(f"Next, in another terminal:  hanse offer PATH{place}  ·  hanse participant add bob --join{place}")
        shell.print(f"Then, as the other:  hanse catalog --participant bob{place}  ·  Ctrl-C here stops the space and keeps it.")

    shell.answer(data, show)
