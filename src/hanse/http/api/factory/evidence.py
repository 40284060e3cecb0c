"""`/evidence`: archives that prove, offline and years later, what was agreed, received, used and made."""

from __future__ import annotations

from hanse.factory.custody.export.service import Exporting
from hanse.http.api.factory import evidence_structs as es
from hanse.http.api.routing import Call, Operation
from hanse.participants.roles import Action


class EvidenceOperations:
    """Making archives. They are verified where they lie."""

    def __init__(self, archives: Exporting) -> None:
        self._archives = archives

    def operations(self) -> list[Operation]:
        """Return the operations."""
        return [
            Operation(
                "POST",
                "/evidence/archives",
                "Make an archive that proves what was agreed, received, used and made",
                self._export,
                Action.READ,
                takes=es.NewArchive,
                gives=es.Archive,
                example={"about": "rain@1"},
            )
        ]

    async def _export(self, call: Call, said: es.NewArchive) -> es.Archive:
        made = await self._archives.export(call.tenant, said.about)
        about = es.ArchiveAbout(kind=made.about.kind, name=made.about.name)
        return es.Archive(about=about, sha256=made.sha256, missing=list(made.missing), archive=made.archive)
