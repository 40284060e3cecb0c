"""Builds what people manage: participants, operators, spaces, members, and the directory that trust is read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from hanse.anchor.members import Members
from hanse.anchor.records import MembersChanged
from hanse.anchor.spaces import Spaces
from hanse.app.build import Ground
from hanse.http.peer import PeerClient
from hanse.kernel.errors import PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Tenant
from hanse.participants.operators import Operators
from hanse.participants.ports import ParticipantsTx
from hanse.participants.registry import Participants
from hanse.storage import Tx
from hanse.storage.erase import erase_tenant
from hanse.trust.directory import Directory

MEMBERS_TOPIC = "members"
"""The broadcast that a space's list has changed; its payload is the space's address."""


class Management:
    """Participants and spaces on that ground."""

    def __init__(self, ground: Ground) -> None:
        database, clock = ground.database, ground.clock
        settings = ground.settings
        self.operators = Operators(database, clock, ground.ids)
        self.participants = Participants(
            database,
            clock,
            self.operators,
            ground.keys,
            StorageEraser(),
            host=settings.public_host,
            port=settings.public_port or settings.port,
        )
        self.spaces = Spaces(database, clock, ground.wallet, root=settings.public_root)
        self.members = Members(database, clock, ground.ids)
        self.directory = Directory(database, clock, self.participants, self.spaces, GuardedFetch(ground.client), ground.resolver)

    def on_event(self, event: object) -> None:
        """Read a space's list anew when it has changed in this process."""
        if isinstance(event, MembersChanged):
            self.directory.forget(event.url)


class StorageEraser:
    """Deletes everything of a participant from every table."""

    def erase(self, tx: ParticipantsTx, tenant: Tenant) -> Mapping[str, int]:
        """Delete, in this transaction; return how many rows of each table there were."""
        return erase_tenant(cast("Tx", tx), tenant)


class GuardedFetch:
    """Fetches public documents through the guarded client."""

    def __init__(self, client: PeerClient) -> None:
        self._client = client

    async def get(self, url: str, limit: int) -> bytes:
        """Return at most `limit` bytes; raises `PeerError`s."""
        answer = await self._client.send("GET", url, limit=limit)
        if answer.status >= 500:
            raise PeerUnreachable(f"The address answered HTTP {answer.status}.")
        if answer.status != 200:
            raise PeerRefused(f"The address answered HTTP {answer.status}.", status=answer.status)
        return answer.body
