"""Openings of stored versions and leases to nodes, as steps. `hanse.open` is what people use (see `client.reading`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.shells import Method, Mode, Noun


class OpenedVersion(Struct, frozen=True, kw_only=True):
    """An opening that was permitted, with the key that reads this one version; see `hanse.open`."""

    version: str
    root: str
    size: int
    files: int
    use: str
    hot: str
    cold: str
    manifest: str
    key: str
    contract: str | None = None
    contracts: list[str] = []
    uses: list[str] = []

    def __repr__(self) -> str:
        return f"OpenedVersion({self.version!r})"


class Lease(Struct, frozen=True, kw_only=True):
    """A version lent to a node. `state` is `lent`, `overdue` or `returned`."""

    id: str
    version: str
    state: str
    holder: str
    action: str
    openings: int
    granted: datetime
    until: datetime
    contract: str | None = None
    contracts: list[str] = []
    used: int | None = None
    gaps: list[str] = []
    returned: datetime | None = None


class GivenLease(Struct, frozen=True, kw_only=True):
    """A new lease, and the text of its file for the node."""

    lease: Lease
    file: str


def open_version(version: str, action: str = "use", *, stated: Mapping[str, str] | None = None) -> Steps[OpenedVersion]:
    """Open a version: decided, counted and logged; return where and with which key to read. Raises `Forbidden` with the reasons."""
    return (yield from post("/openings", said(version=version, action=action, stated=stated), OpenedVersion))


def list_leases(*, most: int | None = None) -> Steps[list[Lease]]:
    """Return leases, newest first."""
    return (yield from listed("/leases", Lease, most))


def get_lease(id: str) -> Steps[Lease]:
    """Return a lease. Raises `NotFound`."""
    return (yield from get(f"/leases/{part(id)}", Lease))


def give_lease(
    version: str,
    node: Mapping[str, str],
    *,
    hours: float = 24.0,
    openings: int = 1,
    action: str = "use",
    stated: Mapping[str, str] | None = None,
) -> Steps[GivenLease]:
    """Lend a version to the node with that public key (JWK, P-256). All its openings are counted now. Raises `Forbidden`, `Invalid`."""
    body = said(version=version, node=dict(node), hours=hours, openings=openings, action=action, stated=stated)
    return (yield from post("/leases", body, GivenLease))


def return_lease(id: str, log: str) -> Steps[Lease]:
    """Hand the node's log of use back. Raises `NotFound`, `Invalid` naming the line that is false."""
    return (yield from post(f"/leases/{part(id)}/return", {"log": log}, Lease))


class Leases(Noun[Mode]):
    """Versions lent to nodes without network."""

    list = Method(list_leases)
    get = Method(get_lease)
    give = Method(give_lease)
    take_back = Method(return_lease)


class StoredVersions(Noun[Mode]):
    """Stored versions, opened under their contract."""

    open = Method(open_version)
