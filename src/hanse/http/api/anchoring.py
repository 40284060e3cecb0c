"""What all operations of an anchor share: which space is meant, and who acts."""

from __future__ import annotations

from hanse.anchor.records import Approval, Space
from hanse.anchor.spaces import Spaces
from hanse.http.api.routing import Call, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant

WHICH = (Query("space", "The name of the anchored space, if there are several."),)
MOST = 500
"""Spaces of one anchor that are looked through."""


class Anchored:
    """The spaces that participants anchor."""

    def __init__(self, services: Services) -> None:
        self._spaces: Spaces = services.spaces
        self._clock = services.clock

    async def all(self, tenant: Tenant) -> list[Space]:
        """Return the spaces that a participant anchors."""
        return [*await self._spaces.page(tenant, limit=MOST)]

    async def space(self, call: Call) -> Space:
        """Return the space that a call is about. Raises `NotFound`."""
        name = call.query("space")
        found = [space for space in await self.all(call.tenant) if name in (None, space.name)]
        if not found:
            raise NotFound("The participant anchors no such space.", where="space", rule="no-space", hint="Found one: POST /anchor.")
        return found[0]

    async def name(self, call: Call) -> str:
        """Return the name of that space. Raises `NotFound`."""
        return (await self.space(call)).name

    def by(self, call: Call) -> Approval:
        """Return the operator who acts, as it stands with what is decided."""
        return Approval(operator=call.caller.operator, name=call.caller.name, at=self._clock.now())
