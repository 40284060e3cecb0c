"""Which peers take signed statements: those whose DID documents list an EvidenceService."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did
from hanse.ledger.ports import Resolver

SERVICE: Final = "EvidenceService"
"""The type of the service in DID documents."""
MAX_AGE: Final = timedelta(minutes=5)
"""For how long it is believed what a document said."""
_KEPT: Final = 10_000


class EvidencePeers:
    """Remembers it in memory, so that it can be asked inside transactions."""

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock
        self._known: OrderedDict[Did, tuple[bool, datetime]] = OrderedDict()

    def known(self, peer: Did) -> bool | None:
        """Tell whether the peer has an EvidenceService; nothing if that is not known, or not any more."""
        found = self._known.get(peer)
        return found[0] if found is not None and self._clock.now() < found[1] else None

    async def look(self, peer: Did) -> bool | None:
        """Find it out, if it is not known; nothing if the DID document cannot be had."""
        known = self.known(peer)
        if known is not None:
            return known
        try:
            document = await self._resolver.resolve(peer)
        except HanseError:
            return None
        there = document.id == peer and document.endpoint(SERVICE) is not None
        self._known[peer] = (there, self._clock.now() + MAX_AGE)
        self._known.move_to_end(peer)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return there
