"""From this server's public address to a participant's DID, and the checks on what people type."""

from __future__ import annotations

import ipaddress
import re
from pathlib import PurePosixPath

from msgspec import structs

from hanse.kernel.errors import Invalid, Misconfigured
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Quota

ENTRIES_LIMIT = 100
"""Entries in one list of allowed roots or hosts."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_HOST_PORT = re.compile(r"([^:\[\]]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")


def did_of(host: str, port: int, name: Tenant) -> Did:
    """Return the DID of the participant `name` on the server that the world reaches at `host` and `port`.

    The port is always written, so that the DID stays what it is if a default changes; every loopback address becomes
    `localhost`. Raises `Misconfigured` for other IP addresses, which did:web does not allow, and for what is no host.
    """
    if not 0 < port < 65536:
        raise Misconfigured(f"{port} is no port.", where="public.port", rule="port", hint="Use 1 to 65535.")
    return Did(f"did:web:{_public_host(host)}%3A{port}:participants:{name}")


def _public_host(host: str) -> str:
    plain = host.lower().strip("[]")
    address = _address(plain)
    if plain == "localhost" or (address is not None and address.is_loopback):
        return "localhost"
    if address is not None or not _HOST.fullmatch(plain):
        raise Misconfigured(
            f"{host[:80]!r} cannot be part of a DID.",
            where="public.host",
            rule="host",
            hint="Give the server a DNS name; did:web allows no IP addresses.",
        )
    return plain


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def line(text: str, where: str, limit: int = 200) -> str:
    """Return `text` as one printable line of 1 to `limit` characters, trimmed; raises `Invalid`."""
    trimmed = text.strip()
    if not trimmed or len(trimmed) > limit or not trimmed.isprintable():
        raise Invalid("This must be one line of readable text.", where=where, rule="line", hint=f"Use 1 to {limit} printable characters.")
    return trimmed


def roots(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return folders as absolute paths without detours; raises `Invalid`. The root of the file system is refused."""
    _bounded(paths, "allowed_roots")
    return tuple(_root(path, f"allowed_roots[{at}]") for at, path in enumerate(paths))


def _root(path: str, where: str) -> str:
    pure = PurePosixPath(path)
    if not pure.is_absolute() or ".." in pure.parts or len(pure.parts) < 2 or not path.isprintable() or len(path) > 4096:
        raise Invalid("This cannot be an allowed folder.", where=where, rule="root", hint="Use an absolute path without '..', below '/'.")
    return str(pure)


def hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return hosts, each `host` or `host:port` in lower case; raises `Invalid`."""
    _bounded(names, "allowed_hosts")
    return tuple(_host(name.lower(), f"allowed_hosts[{at}]") for at, name in enumerate(names))


def _host(name: str, where: str) -> str:
    match = _HOST_PORT.fullmatch(name)
    host = match[1].strip("[]") if match else ""
    port = int(match[2]) if match and match[2] else 443
    if not 0 < port < 65536 or not (_address(host) or _HOST.fullmatch(host)):
        raise Invalid(
            "This cannot be an allowed host.", where=where, rule="host", hint="Use 'host' or 'host:port', without scheme or path."
        )
    return name


def _bounded(entries: tuple[str, ...], where: str) -> None:
    if len(entries) > ENTRIES_LIMIT:
        raise Invalid(f"There are {len(entries)} entries.", where=where, rule="count", hint=f"Use at most {ENTRIES_LIMIT}.")


def quota(wanted: Quota) -> Quota:
    """Return `wanted` if every figure of it is at least 0 and the rates at least 1; raises `Invalid`."""
    for name, figure in structs.asdict(wanted).items():
        least = 1 if name in {"requests_per_second", "burst"} else 0
        if not least <= figure <= 1 << 62:
            raise Invalid(f"{figure} is no quota.", where=f"quota.{name}", rule="range", hint=f"Use {least} or more.")
    return wanted
