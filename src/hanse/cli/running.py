"""A server of one's own in the foreground: where it listens, what it may offer from, and what is told once it runs."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hanse.kernel.errors import Invalid, Misconfigured
from hanse.kernel.tenant import Tenant, tenant_name

if TYPE_CHECKING:
    from hanse.app.server import Server
    from hanse.config import Settings

_PORTS_TRIED = 100
_HALF_MADE = "If making it was broken off, remove the home folder and start again; nothing was in it yet."

T = TypeVar("T")


def own_name(name: str | None) -> Tenant:
    """Return the name of one's participant: as given, or the login name. Raises `Invalid` for one with a meaning of its own."""
    found = tenant_name(_login_name() if name is None else name)
    if found in reserved():
        raise Invalid(f"The name {found!r} has a meaning of its own here.", where="--name", rule="name", hint="Use another one.")
    return found


def reserved() -> frozenset[str]:
    """Return the names that no participant of a person can have."""
    from hanse.client.profiles import RESERVED

    return RESERVED | {"anchor"}


def require_port(home: Path, port: int | None, peer: str | None = None) -> Settings:
    """Return the settings of the home folder, which gets a settings file with a port if it has none.

    With `peer` (host and port) that one may be reached from there although it is not public.

    Raises `Misconfigured`, and `Invalid` for another port than it has already.
    """
    from hanse.config import FILE, load

    if not (home / FILE).exists():
        _write_settings(home / FILE, port or _free_port(), peer)
    settings, _ = load(str(home))
    if port is not None and settings.port != port:
        raise Invalid(
            f"This space has the port {settings.port}: it is part of the names of its participants.",
            where="--port",
            rule="port",
            hint="Leave --port out, or make another space with --home.",
        )
    return settings


def offered_from(home: Path, roots: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """Return the folders to offer from: those, or the current one; of the home folder itself the part that may be offered."""
    from hanse.sources.files import DATA

    here = Path.cwd()
    usual = here / DATA if here == home.resolve() else here
    return tuple(str(one.absolute()) for one in roots or (usual,) if one.absolute() != Path("/"))


async def first_token(server: Server, home: Path) -> str | None:
    """Return the token of the server's first operator at the first start, and nothing later.

    Raises `Misconfigured` if there are no tokens to use the server with.
    """
    from hanse.app.space import host_token
    from hanse.client.profiles import FILE, read

    token = await host_token(server)
    if token is None and not read(home)[0]:
        raise Misconfigured("The space is there, but not the tokens to use it.", where=str(home / FILE), rule="half-made", hint=_HALF_MADE)
    return token


def run(settings: Settings, make: Callable[[Server], Awaitable[T]], tell: Callable[[T], Awaitable[None]]) -> None:
    """Run the server until Ctrl-C: `make` what is missing before it serves, and `tell` of it once it does."""
    from hanse.app.logs import configure

    _require_free(settings)
    configure(settings, to_file=sys.stderr.isatty())  # a person's terminal shows what there is to do; a service has a journal
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_run(settings, make, tell))


async def _run(settings: Settings, make: Callable[[Server], Awaitable[T]], tell: Callable[[T], Awaitable[None]]) -> None:
    from hanse.app.server import Server, serve

    server = await Server.open(settings)
    made = await make(server)
    ready = asyncio.Event()
    serving = asyncio.create_task(serve(server, ready))
    waiting = asyncio.create_task(ready.wait())
    # What fails before it is ready would never set it: nobody would hear of it.
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not serving.done():
        await tell(made)
        sys.stdout.flush()
    await serving


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def _write_settings(path: Path, port: int, peer: str | None) -> None:
    allowed = f"peers_allow = [{json.dumps(peer)}]\n" if peer else ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(f"port = {port}\n{allowed}", "utf-8")
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
    return name if name and name not in reserved() else "me"
