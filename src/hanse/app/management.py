"""Builds what people manage: participants, operators, spaces with their rulebooks and members, and what anchors issue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from hanse.anchor.issuing.issuer import Issuing
from hanse.anchor.issuing.renewal import Renewals
from hanse.anchor.issuing.status import StatusPages, mark
from hanse.anchor.joining.members import Members
from hanse.anchor.ports import Letters
from hanse.anchor.rulebooks import Rulebooks
from hanse.anchor.spaces import Spaces
from hanse.anchor.versions import rulebook_of
from hanse.app.build import Ground
from hanse.http.peer import PeerClient
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Tenant
from hanse.participants.operators import Operators
from hanse.participants.ports import ParticipantsTx
from hanse.participants.registry import Participants
from hanse.storage import Tx
from hanse.storage.erase import erase_tenant


class Management:
    """Participants and spaces on that ground."""

    def __init__(self, ground: Ground, letters: Letters) -> None:
        database, clock = ground.database, ground.clock
        settings, wallet = ground.settings, ground.wallet
        self.operators = Operators(database, clock, ground.ids)
        self.participants = Participants(
            database,
            clock,
            self.operators,
            ground.keys,
            StorageEraser(clock),
            host=settings.public_host,
            port=settings.public_port or settings.port,
        )
        self.spaces = Spaces(database, clock, wallet, root=settings.public_root)
        self.rulebooks = Rulebooks(database, clock, wallet, root=settings.public_root)
        self.members = Members(database, clock, ground.ids, mark=mark)
        self.status = StatusPages(database, clock, wallet)
        self.issuing = Issuing(database, clock, ground.ids, wallet, letters, rulebook_of, ground.parts.issuer_rules)
        self.renewals = Renewals(database, letters, rulebook_of)
        self._clock = clock
        ground.public = self._public

    async def offer_renewals(self) -> None:
        """Offer members new credentials before the old ones end: a chore."""
        await self.renewals.offer_renewals(self._clock.now())

    async def _public(self, url: str) -> bytes | None:
        """Return a status list or a schema of a space that is anchored on this server, or nothing."""
        if "/status/" in url:
            return await self.status.local(url)
        return await self.issuing.schemas.local(url) if "/schemas/" in url else None


class StorageEraser:
    """Deletes everything of a participant from every table, unless a legal hold stands on some of its data."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def erase(self, tx: ParticipantsTx, tenant: Tenant) -> Mapping[str, int]:
        """Delete, in this transaction; return how many rows of each table there were. Raises `Conflict` (rule `kept`)."""
        whole = cast("Tx", tx)
        held = next((one for one in whole.custody.holds(tenant, standing=True) if one.stands(self._clock.now())), None)
        if held is not None:
            hint = f"The participant's own operators lift it: hanse custody lift {held.id}"
            raise Conflict(f"A legal hold ({held.id}) stands on data of {tenant}.", where="name", rule="kept", hint=hint)
        return erase_tenant(whole, tenant)


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
