"""Which names objects may have, and what both kinds of places say when they are full."""

from __future__ import annotations

import re
from typing import Final

from hanse.kernel.errors import Invalid, StorageFailed

_NAME: Final = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,99}/){0,7}[a-z0-9][a-z0-9-]{0,99}")


def check_name(name: str) -> str:
    """Return a name of an object, or what several begin with. Raises `Invalid` for anything that could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise Invalid("This cannot be the name of an object.", where="name", rule="object-name")
    return name


def full(place: str) -> StorageFailed:
    """Return the error for a place without room."""
    return StorageFailed(
        f"There is no room left in the facility ({place}).",
        where="facility",
        rule="full",
        hint="Make room (`hanse facility collect`, `hanse facility tier`), then try again; what was stored so far is kept.",
    )
