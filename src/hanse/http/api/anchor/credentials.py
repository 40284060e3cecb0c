"""`/anchor/credentials`: what the anchor has issued, and taking back one of them."""

from __future__ import annotations

from typing import Any

from hanse.http.api import structs as s
from hanse.http.api.anchor import show
from hanse.http.api.anchor import structs as a
from hanse.http.api.anchor.which import WHICH, Anchored
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action

_HOLDER = Query("holder", "Only those of this participant, by its DID.")


class IssuedOperations:
    """Issued credentials; their texts are with their holders."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._anchored = anchored
        self._issuing = services.issuing
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one, page = "/anchor/credentials/{id}", s.Page[a.IssuedCredential]
        query = (*PAGING, _HOLDER, *WHICH)
        return [
            Operation("GET", "/anchor/credentials", "List issued credentials", self._list, Action.READ, gives=page, query=query),
            Operation("GET", one, "Look at an issued credential", self._get, Action.READ, gives=a.IssuedCredential, query=WHICH),
            Operation(
                "POST",
                one + "/revoke",
                "Take back one credential for good",
                self._revoke,
                Action.REVOKE_CREDENTIAL,
                takes=a.Decision,
                gives=a.IssuedCredential,
                query=WHICH,
                example={"reason": "Issued by mistake."},
                optional_body=True,
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[a.IssuedCredential]:
        after, limit = call.page()
        name, asked = await self._anchored.name(call), call.query("holder")
        found = await self._issuing.page(call.tenant, name, holder=None if asked is None else Did(asked), after=after, limit=limit)
        # A full page may be the last one; then the next is empty.
        following = found[-1].id if len(found) == limit else None
        return s.Page(items=[show.issued(one, self._clock.now()) for one in found], next=following)

    async def _get(self, call: Call, _said: Any) -> a.IssuedCredential:
        name = await self._anchored.name(call)
        return show.issued(await self._issuing.get(call.tenant, name, call.path("id")), self._clock.now())

    async def _revoke(self, call: Call, said: a.Decision) -> a.IssuedCredential:
        name = await self._anchored.name(call)
        revoked = await self._issuing.revoke(call.tenant, name, call.path("id"), said.reason, call.caller.name)
        return show.issued(revoked, self._clock.now())
