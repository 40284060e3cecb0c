"""`/.well-known/dspace-version`: which versions are spoken where (DSP 2025-1, 4.3). Plain JSON without a context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from hanse.dsp.versions.v2025_1 import fields as f
from hanse.dsp.versions.v2025_1.fields import JsonObject
from hanse.kernel.errors import Invalid, Malformed, PeerInvalid

WELL_KNOWN: Final = "/.well-known/dspace-version"
MAX_VERSIONS: Final = 64
MAX_WORD: Final = 256


class Auth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a caller proves who it is, e.g. `DCP` `1.0` with the profile `vc20-bssl/jwt`."""

    protocol: str
    version: str
    profile: tuple[str, ...] = ()


class VersionEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One version. `path` begins with `/` and is appended to the root, that is, to all before `/.well-known`."""

    version: str
    path: str
    binding: str | None = None
    service_id: str | None = None
    identifier_type: str | None = None
    auth: Auth | None = None


def encode_versions(entries: Iterable[VersionEntry]) -> bytes:
    """Return the version document; an entry without a binding gets HTTPS, the only one there is."""
    listed = [msgspec.structs.replace(entry, binding=entry.binding or "HTTPS") for entry in entries]
    return msgspec.json.encode({"protocolVersions": listed})


def decode_versions(body: bytes) -> list[VersionEntry]:
    """Return the versions that a peer speaks, in its order.

    A missing binding means HTTPS (seen in the field). Entries that cannot be used (no version, no safe path, another
    binding) are left out, since one that is strange to us does not make the others wrong.
    Raises `PeerInvalid` when there is no list of versions at all.
    """
    try:
        listed = f.read_object(body).get("protocolVersions")
    except Malformed as error:
        raise PeerInvalid(f"The other side's version document cannot be read. {error.message}", where=error.where) from error
    if not isinstance(listed, list):
        raise PeerInvalid("The other side's version document has no list of versions.", where="protocolVersions")
    return [entry for item in listed[:MAX_VERSIONS] if (entry := _entry(item)) is not None]


def _entry(item: object) -> VersionEntry | None:
    if not isinstance(item, dict):
        return None
    try:
        entry = VersionEntry(
            version=f.text(item, "version", limit=MAX_WORD),
            path=_path(item),
            binding=f.optional_text(item, "binding", limit=MAX_WORD) or "HTTPS",
            service_id=f.optional_text(item, "serviceId"),
            identifier_type=f.optional_text(item, "identifierType", limit=MAX_WORD),
            auth=_auth(item.get("auth")),
        )
    except Invalid:
        return None
    return entry if entry.binding == "HTTPS" else None


def _path(item: JsonObject) -> str:
    """Return the path with a leading `/` (without one it would extend the host name it is appended to), or nothing for the root."""
    if item.get("path") == "":
        return ""
    path = f.text(item, "path")
    if any(sign in path for sign in "?#\\ ") or ".." in path.split("/"):
        raise Invalid("path is not a plain path.", where="path", rule="path")
    return f"/{plain}" if (plain := path.strip("/")) else ""


def _auth(value: object) -> Auth | None:
    if not isinstance(value, dict):
        return None
    profile = value.get("profile")
    profiles = [name[:MAX_WORD] for name in profile if isinstance(name, str)] if isinstance(profile, list) else []
    try:
        protocol, version = f.text(value, "protocol", limit=MAX_WORD), f.text(value, "version", limit=MAX_WORD)
    except Invalid:
        return None
    return Auth(protocol=protocol, version=version, profile=tuple(profiles[:MAX_VERSIONS]))
