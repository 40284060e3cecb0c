"""Reservations of text and data mining that lie beside data or in its folder. Read, never fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from hanse.dataplane.ports import Sources
from hanse.dataplane.records import STORED, STORED_FILE, Place
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.odrl.reservations import aipref, tdmrep
from hanse.odrl.reservations.files import MOST_READ, READERS
from hanse.odrl.reservations.model import Reservation

_AT_HOSTS: dict[str, Callable[[bytes, str | None], Reservation]] = {
    "/.well-known/tdmrep.json": tdmrep.read_file,
    "/robots.txt": aipref.read_robots,
}
_SOURCE = "its HTTP header"


async def reservations(sources: Sources, tenant: Tenant, place: Place) -> tuple[Reservation, ...]:
    """Return what is said of the data at `place`.

    Of a file its own name counts, of a folder every rule, of an address its path, its headers and its host.
    """
    found = await (_at_address(sources, tenant, place) if place.kind == "http" else _beside(sources, tenant, place))
    return tuple(one for one in found if one.uses or one.notes)


async def _beside(sources: Sources, tenant: Tenant, place: Place) -> list[Reservation]:
    folder, path = place, None
    if place.kind in ("file", STORED_FILE):
        parent, _, name = place.at.rpartition("/")
        folder, path = Place("folder", parent or "/") if place.kind == "file" else Place(STORED, f"{parent}/"), f"/{name}"
    bodies = [(read, await _bytes(sources, tenant, folder, name)) for name, read in READERS.items()]
    return [read(body, path) for read, body in bodies if body is not None]


async def _at_address(sources: Sources, tenant: Tenant, place: Place) -> list[Reservation]:
    fields = await sources.fields(tenant, place)
    found = [tdmrep.read_fields(fields, _SOURCE)]
    if "content-usage" in fields:
        found.append(aipref.read_field(fields["content-usage"], _SOURCE))
    parts = urlsplit(place.at)
    for name, read in _AT_HOSTS.items():
        # The same host and port as the data's own, so nothing is reached that its owner has not named.
        address = Place("http", f"{parts.scheme}://{parts.netloc}{name}")
        body = await _bytes(sources, tenant, address, name.rpartition("/")[2])
        # Many hosts answer with a page where there is no such file.
        if body is not None and not body.lstrip().startswith(b"<"):
            found.append(read(body, parts.path or "/"))
    return found


async def _bytes(sources: Sources, tenant: Tenant, folder: Place, name: str) -> bytes | None:
    try:
        opened = await sources.open(tenant, folder, name)
    except HanseError:
        return None  # none that may be read is the same as none
    try:
        return await opened.read(0, MOST_READ)
    finally:
        await opened.close()
