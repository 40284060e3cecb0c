"""What the client gives of preparations."""

from __future__ import annotations

from msgspec import Struct

from hanse.client.factory.facility_model import StoredVersion


class Preparation(Struct, frozen=True, kw_only=True):
    """A preparation whose files are awaited; or the version, if the same was stored before."""

    id: str
    version: StoredVersion | None = None


class PreparationPart(Struct, frozen=True, kw_only=True):
    """A part that came: of which file, up to which byte there is all of it now, and whether that is the whole file."""

    file: str
    end: int
    whole: bool
