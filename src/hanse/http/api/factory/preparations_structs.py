"""What the management interface takes and gives about preparations: versions that were made of others."""

from __future__ import annotations

from msgspec import Struct

from hanse.dcat.preparation import Account
from hanse.http.api.factory.facility_structs import StoredVersion
from hanse.http.api.structs import Body, Line


class NewPreparation(Body, kw_only=True):
    """What was made of stored versions: what it is called, and the account of how it was made."""

    name: Line
    account: Account


class Preparation(Struct, kw_only=True):
    """A preparation whose files are awaited; or the version, if the same was stored before."""

    id: str
    version: StoredVersion | None = None


class PreparationPart(Struct, kw_only=True):
    """A part that came: of which file, up to which byte there is all of it now, and whether that is the whole file."""

    file: str
    end: int
    whole: bool
