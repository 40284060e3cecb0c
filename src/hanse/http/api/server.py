"""`/status` and `/whoami`."""

from __future__ import annotations

from typing import Any

from hanse import __version__
from hanse.http.api import server_structs as s
from hanse.http.api.routing import Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.space import SpaceOperations
from hanse.http.api.wallet.credentials import WalletOperations
from hanse.participants.records import Participant

_HOLDINGS = 100


class ServerOperations:
    """Who am I, and how does everything stand?"""

    def __init__(self, services: Services, space: SpaceOperations, wallet: WalletOperations) -> None:
        self._services = services
        self._space = space
        self._wallet = wallet
        self._started = services.clock.now()

    def operations(self) -> list[Operation]:
        """Return the operations."""
        return [
            Operation("GET", "/status", "How the server and the participant stand", self._status, gives=s.Status),
            Operation("GET", "/whoami", "Who the token belongs to", self._whoami, gives=s.WhoAmI),
        ]

    async def _status(self, call: Call, _said: Any) -> s.Status:
        participant = await self._participant(call)
        counted = participant is not None and call.caller.tenant is not None
        return s.Status(
            version=__version__,
            uptime_seconds=(self._services.clock.now() - self._started).total_seconds(),
            database=self._services.engine,
            participant=participant,
            counts=await self._services.views.counts(call.tenant) if counted else None,
            spaces=[] if participant is None else await self._space.standings(participant),
            credentials=await self._wallet.holdings(call.tenant, _HOLDINGS) if counted else None,
            ledger=await self._services.factory.witnessing.trouble(call.tenant) if counted else "",
            custody=(await self._services.factory.custody.register.troubles(call.tenant))[:100] if counted else [],
        )

    async def _whoami(self, call: Call, _said: Any) -> s.WhoAmI:
        caller = call.caller
        return s.WhoAmI(operator=caller.operator, name=caller.name, role=caller.role, participant=await self._participant(call))

    async def _participant(self, call: Call) -> Participant | None:
        return None if call.named is None else await self._services.participants.get(call.caller, call.named)
