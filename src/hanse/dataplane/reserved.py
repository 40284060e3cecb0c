"""Reservations of text and data mining that lie beside data or in its folder. Read, never fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from hanse.dataplane.ports import Sources
from hanse.dataplane.records import Place
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.odrl.reservations import aipref, croissant, rsl, tdmrep
from hanse.odrl.reservations.model import MOST_BYTES, Reservation

_READERS: dict[str, Callable[[bytes, str | None], Reservation]] = {
    "tdmrep.json": tdmrep.read_file,
    ".well-known/tdmrep.json": tdmrep.read_file,
    "tdm-policy.json": lambda body, _path: tdmrep.read_policy(body),
    "rsl.xml": rsl.read,
    "license.xml": rsl.read,
    "robots.txt": aipref.read_robots,
    "croissant.json": lambda body, _path: croissant.read(body),
}


async def reservations(sources: Sources, tenant: Tenant, place: Place) -> tuple[Reservation, ...]:
    """Return what the well-known files say of the data at `place`: of a file by its name, of a folder by every rule of theirs."""
    if place.kind == "http":
        return ()
    folder, path = place, None
    if place.kind == "file":
        parent, _, name = place.at.rpartition("/")
        folder, path = Place("folder", parent or "/"), f"/{name}"
    found = []
    for name, read in _READERS.items():
        body = await _bytes(sources, tenant, folder, name)
        if body is not None:
            found.append(read(body, path))
    return tuple(one for one in found if one.uses or one.notes)


async def _bytes(sources: Sources, tenant: Tenant, folder: Place, name: str) -> bytes | None:
    try:
        opened = await sources.open(tenant, folder, name)
    except HanseError:
        return None  # none that may be read is the same as none
    try:
        # One byte more than a reader takes, so that what is too long is seen to be so and never read in part.
        return await opened.read(0, 16 * MOST_BYTES + 1)
    finally:
        await opened.close()
