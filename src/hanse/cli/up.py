"""`hanse up`: a space on this machine."""

from __future__ import annotations

import asyncio
import getpass
import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli.kit import define
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid, Misconfigured
from hanse.kernel.tenant import tenant_name

if TYPE_CHECKING:
    from hanse.app.server import Server
    from hanse.app.space import Made
    from hanse.config import Settings

SPACE = "home"
_PORTS_TRIED = 100
_HALF_MADE = "If making it was broken off, remove the home folder and start again; nothing was in it yet."


@define("up", example="hanse up --name alice")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="The port, fixed when the space is made; otherwise the first free one from 8400."
)
@click.option("--name", metavar="NAME", help="Your participant's name; otherwise your login name.")
@click.option("--root", "roots", multiple=True, type=click.Path(path_type=Path), help="A folder to offer from; otherwise the current one.")
def command(shell: Shell, port: int | None, name: str | None, roots: tuple[Path, ...]) -> None:
    """Make a space on this machine and run it.

    The first time it makes a home folder with an anchor that founds a space, and a participant of yours that has joined.
    It runs until Ctrl-C; the next `hanse up` runs the same space again.
    """
    from hanse.app.logs import configure
    from hanse.config import FILE, load

    name = _login_name() if name is None else tenant_name(name)
    if name in _reserved():
        raise Invalid(f"The name {name!r} has a meaning of its own here.", where="--name", rule="name", hint="Use another one.")
    new = not (shell.home / FILE).exists()
    if new:
        _write_settings(shell.home / FILE, port or _free_port())
    settings, _ = load(str(shell.home))
    if port is not None and settings.port != port:
        raise Invalid(
            f"This space has the port {settings.port}: it is part of the names of its participants.",
            where="--port",
            rule="port",
            hint="Leave --port out, or make another space with --home.",
        )
    folders = tuple(str(one.absolute()) for one in roots or (_offered_from(shell.home),) if one.absolute() != Path("/"))
    _require_free(settings)
    configure(settings, to_file=sys.stderr.isatty())  # a person's terminal shows what there is to do; a service has a journal
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_run(shell, settings, name, folders))
    shell.note("Stopped. `hanse up` runs it again.")


def _offered_from(home: Path) -> Path:
    """Return the current folder; where that is the home folder itself, the part of it that may be offered."""
    from hanse.sources.files import DATA

    here = Path.cwd()
    return here / DATA if here == home.resolve() else here


async def _run(shell: Shell, settings: Settings, name: str, folders: tuple[str, ...]) -> None:
    from hanse.app.server import Server, serve

    server = await Server.open(settings)
    made = await _made(server, shell.home, name, folders)
    ready = asyncio.Event()
    serving = asyncio.create_task(serve(server, ready))
    await ready.wait()
    if not serving.done():
        _tell(shell, settings, made, folders)
    await serving


async def _made(server: Server, home: Path, name: str, folders: tuple[str, ...]) -> Made | None:
    """Make the space at the first start, and write its tokens; return the new participant, or nothing at a later start."""
    from hanse.app.space import ANCHOR, add_participant, found_space, host_token
    from hanse.client.profiles import FILE, HOST, Profile, read, write

    token = await host_token(server)
    if token is None:
        if not read(home)[0]:
            raise Misconfigured(
                "The space is there, but not the tokens to use it.", where=str(home / FILE), rule="half-made", hint=_HALF_MADE
            )
        return None
    url = server.settings.public_root
    space, anchor = await found_space(server, SPACE, f"The space of {name}")
    own = await add_participant(server, space, name, name, roots=folders)
    profiles = (Profile(own.name, url, own.token), Profile(ANCHOR, url, anchor.token), Profile(HOST, url, token))
    write(home, {one.name: one for one in profiles}, own.name)
    return own


def _tell(shell: Shell, settings: Settings, made: Made | None, folders: tuple[str, ...]) -> None:
    """Say in five lines what there is, and what to type next."""
    from hanse.client.profiles import read

    url = settings.public_root
    profiles, default = read(shell.home)
    space = f"{url}/spaces/{SPACE}"
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
        shell.print(f"A space on this machine runs at {url}. Its home is {shell.home}.")
        shell.print(f"The participant 'anchor' anchors it: {space}")
        may = f" It may offer what lies in {', '.join(folders)}." if made is not None and folders else ""
        shell.print(f"The participant {default!r} is a member of it and is yours.{may}")
        shell.print(f"Next, in another terminal:  hanse offer PATH{place}  ·  hanse participant add bob --join{place}")
        shell.print(f"Then, as the other:  hanse catalog --participant bob{place}  ·  Ctrl-C here stops the space and keeps it.")

    shell.answer(data, show)
    sys.stdout.flush()


def _reserved() -> frozenset[str]:
    from hanse.client.profiles import RESERVED

    return RESERVED | {"anchor"}


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def _write_settings(path: Path, port: int) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(f"port = {port}\n", "utf-8")
    except OSError as error:
        raise Misconfigured(f"The home folder cannot be made: {error.strerror}.", where=str(path.parent)) from None


def _free_port() -> int:
    from hanse.config import DEFAULT_PORT

    for port in range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED):
        if _is_free("127.0.0.1", port):
            return port
    raise Misconfigured(f"No port from {DEFAULT_PORT} on is free.", where="--port", hint="Name one with --port.")


def _require_free(settings: Settings) -> None:
    if not _is_free(settings.host, settings.port):
        raise Misconfigured(
            f"The port {settings.port} is in use.", where="port", rule="port", hint="Is this space running already? `hanse status` tells."
        )


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _login_name() -> str:
    """Return the login name as a participant's name: a DNS label, and none with a meaning of its own."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):
        login = ""
    name = re.sub(r"[^a-z0-9]+", "-", login.lower()).strip("-")[:63].strip("-")
    return name if name and name not in _reserved() else "me"
