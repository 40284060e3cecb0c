"""Signed assessments of quality, with the reports that are kept of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.factory.quality.relay.records import Assessment
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_SHAPE = Shape("assessments", Assessment, ("tenant", "id"), ("about",))
_ADD = "INSERT INTO assessments (tenant, id, about, doc, report) VALUES (?, ?, ?, ?, ?)"
_REPORT = "SELECT report FROM assessments WHERE tenant = ? AND id = ?"
_PAGE = "SELECT doc FROM assessments WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
_ABOUT = "SELECT doc FROM assessments WHERE tenant = ? AND about = ? AND id < ? ORDER BY id DESC LIMIT ?"
_LAST = "\x7f"  # behind every id


class Assessments(Documents[Assessment]):
    """Assessments."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SHAPE)

    def get(self, tenant: Tenant, id: str) -> Assessment | None:
        """Return one, or nothing."""
        return self._get(tenant, id)

    def add(self, one: Assessment, report: bytes) -> None:
        """Insert one with its sealed report; empty where none is kept."""
        self._rows.execute(_ADD, (one.tenant, one.id, one.about, msgspec.json.encode(one), report))

    def report(self, tenant: Tenant, id: str) -> bytes:
        """Return the sealed report; empty where none is kept."""
        row = self._rows.one(_REPORT, (tenant, id))
        return b"" if row is None else bytes(row[0])

    def page(self, tenant: Tenant, *, about: str | None, after: str | None, limit: int) -> Sequence[Assessment]:
        """Return up to `limit`, newest first, those older than the id `after`; of one subject, if it is named."""
        if about is None:
            return self._read(_PAGE, (tenant, after or _LAST, limit))
        return self._read(_ABOUT, (tenant, about, after or _LAST, limit))
