"""`hanse join` where there is nothing yet: a home, a participant, a server that can be reached, and then joining."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hanse.cli import running
from hanse.cli.shell import Shell
from hanse.kernel.errors import HanseError, Invalid, Misconfigured

if TYPE_CHECKING:
    from hanse.app.server import Server
    from hanse.app.space import Made
    from hanse.config import Settings

_NOT_YET = "The server goes on. In another terminal, with what was missing:"
_SET = "Set public_host to a name that others find, and tls_certificate and tls_key (or behind_proxy) with host, in"


class Newcomer(NamedTuple):
    """How the participant is to be called, and on which port it is to be reached."""

    name: str | None
    title: str | None
    port: int | None


def is_fresh(shell: Shell) -> bool:
    """Tell whether nobody is there yet to act for."""
    from hanse.client.profiles import read

    named = shell.participant or any(os.environ.get(name) for name in ("HANSE_PARTICIPANT", "HANSE_TOKEN"))
    return not named and not read(shell.home)[0]


def arrive(shell: Shell, newcomer: Newcomer, url: str, join: Callable[[], bool], again: str) -> None:
    """Make what is missing, run it until Ctrl-C, and `join` the space at `url` once it is reached.

    `join` tells its steps, and whether all is well; `again` is the command that goes on.
    """
    from hanse.config import load

    name = running.own_name(newcomer.name)
    host = _require_way(url, load(str(shell.home))[0])
    # A space on this machine is none that a server would call, but for being told to: here a person has.
    settings = running.require_port(shell.home, newcomer.port, urlsplit(url).netloc if _is_here(host) else None)
    folders = running.offered_from(shell.home)

    async def make(server: Server) -> Made:
        return await _made(server, shell, name, newcomer.title or name, folders)

    async def tell(made: Made) -> None:
        shell.print(f"The participant {made.name!r} is yours and runs at {settings.public_root}. Its home is {shell.home}.")
        if folders:
            shell.print(f"It may offer what lies in {', '.join(folders)}.")
        await _join(shell, join, again)

    running.run(settings, make, tell)
    shell.note("Stopped. `hanse up` runs it again.")


async def _join(shell: Shell, join: Callable[[], bool], again: str) -> None:
    place = f" --home {shell.home}" if shell.home_option else ""
    try:
        well = await asyncio.to_thread(join)
    except HanseError as error:
        shell.fail(error, None)
        well = False
    if well:
        shell.note(f"Next, in another terminal:  hanse status{place}  ·  Ctrl-C here stops the server and keeps it.")
    else:
        shell.note(f"{_NOT_YET}  {again}  ·  Ctrl-C here stops the server and keeps it.")


async def _made(server: Server, shell: Shell, name: str, title: str, folders: tuple[str, ...]) -> Made:
    from hanse.app.space import add_newcomer
    from hanse.client.profiles import HOST, Profile, write

    token = await running.first_token(server, shell.home)
    assert token is not None, "a home with tokens is not fresh"
    own = await add_newcomer(server, name, title, roots=folders)
    url = server.settings.public_root
    profiles = (Profile(own.name, url, own.token), Profile(HOST, url, token))
    write(shell.home, {one.name: one for one in profiles}, own.name)
    return own


def _require_way(url: str, settings: Settings) -> str:
    """Return the space's host.

    Raises `Misconfigured` if it is elsewhere, and would be told an address that leads nowhere but here: that is for good.
    """
    host = urlsplit(url).hostname
    if "://" not in url or not host:
        raise Invalid(
            "This is no address of a space.", where="SPACE_URL", rule="url", hint="Write the whole address: https://HOST/spaces/NAME."
        )
    if _is_here(host) or not _is_here(settings.public_host):
        return host
    raise Misconfigured(
        f"{host} has to reach your participant, and {settings.public_host} is no name for this machine elsewhere.",
        where="public_host",
        rule="public-host",
        hint=f"{_SET} {settings.home}/hanse.toml, then give the same command. Or ask an intermediary of the space to host you.",
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
