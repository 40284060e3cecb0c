"""What this process must know of its participants without asking the database: names, DIDs, allowed roots and hosts.

Checks of sources run inside transactions and on the data path, where nothing may be awaited; so the few facts they need
are kept in memory and follow every change, in this process by event, between processes by broadcast.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant, ParticipantChanged, ParticipantErased, Quota, SpaceLink
from hanse.storage import Database
from hanse.storage.stores.restores import Restores

TOPIC = "participant"
_PAGE = 500


class Tenants:
    """The participants of this server, in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[Tenant, Participant] = {}
        self._restored: datetime | None = None

    async def load(self) -> None:
        """Read all of them: at the start, and when changes may have been missed. No server runs while a backup is restored."""
        self._restored = await self._database.read(lambda tx: Restores(tx.rows).last())
        after: Tenant | None = None
        known: dict[Tenant, Participant] = {}
        while True:
            page = await self._database.read(lambda tx, after=after: tx.participants.page(after=after, limit=_PAGE))  # type: ignore[misc]
            known |= {participant.name: participant for participant in page}
            if len(page) < _PAGE:
                self._known = known
                return
            after = page[-1].name

    def restored(self) -> datetime | None:
        """Return when a backup was last restored here: what was used before that moment, nobody remembers."""
        return self._restored

    async def refresh(self, name: Tenant) -> None:
        """Read one anew, after it was changed or erased."""
        participant = await self._database.read(lambda tx: tx.participants.get(name))
        if participant is None:
            self._known.pop(name, None)
        else:
            self._known[name] = participant

    def names(self) -> list[Tenant]:
        """Return the participants of this server."""
        return list(self._known)

    def find(self, name: str) -> Participant:
        """Return a participant that answers peers. Raises `NotFound`, for suspended ones too."""
        participant = self._known.get(Tenant(name))
        if participant is None or participant.suspended is not None:
            raise NotFound(f"There is no participant {name[:80]!r} here.", where="participant")
        return participant

    def did_of(self, name: Tenant) -> Did:
        """Return the DID of a participant that answers peers. Raises `NotFound`."""
        return self.find(name).did

    def answers(self, name: Tenant) -> bool:
        """Tell whether a participant is there and not suspended."""
        participant = self._known.get(name)
        return participant is not None and participant.suspended is None

    def of_did(self, did: str) -> Participant | None:
        """Return the participant of that DID, if it is hosted here."""
        participant = self._known.get(Tenant(did.rpartition(":")[2]))
        return participant if participant is not None and participant.did == did else None

    async def spaces_of(self, name: Tenant) -> Sequence[SpaceLink]:
        """Return the spaces that a participant has joined. Raises `NotFound`."""
        return self.find(name).spaces

    async def own(self, name: str) -> tuple[Tenant, Did]:
        """Return name and DID of the participant that a path names. Raises `NotFound`."""
        participant = self.find(name)
        return participant.name, participant.did

    def roots(self, tenant: Tenant) -> tuple[str, ...]:
        """Return the folders that a participant's offers may take bytes from."""
        participant = self._known.get(tenant)
        return participant.allowed_roots if participant is not None else ()

    def quota(self, tenant: Tenant) -> Quota:
        """Return how much of the server a participant may use."""
        participant = self._known.get(tenant)
        return participant.quota if participant is not None else Quota()

    def hosts(self, tenant: Tenant) -> tuple[str, ...]:
        """Return the hosts that a participant's offers may take bytes from."""
        participant = self._known.get(tenant)
        return participant.allowed_hosts if participant is not None else ()


def changed(event: object) -> Tenant | None:
    """Return the participant that an event tells a change of, if it does."""
    return event.tenant if isinstance(event, ParticipantChanged | ParticipantErased) else None
