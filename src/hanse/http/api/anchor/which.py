"""What all operations of an anchor share: which space is meant, and who acts."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.anchor.records import Approval, Space
from hanse.anchor.spaces import Spaces
from hanse.http.api.routing import Call, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import HanseError, Invalid, NotFound
from hanse.kernel.tenant import Tenant

WHICH = (Query("space", "The name of the anchored space; it must be given if there are several."),)
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
        """Return the space that a call is about. Raises `NotFound`, and `Invalid` if there are several and none is named."""
        spaces, name = await self.all(call.tenant), call.query("space")
        found = [space for space in spaces if name in (None, space.name)]
        if len(found) != 1:
            raise _not_one(spaces, name)
        return found[0]

    async def name(self, call: Call) -> str:
        """Return the name of that space. Raises as `space` does."""
        return (await self.space(call)).name

    def by(self, call: Call) -> Approval:
        """Return the operator who acts, as it stands with what is decided."""
        return Approval(operator=call.caller.operator, name=call.caller.name, at=self._clock.now())


def _not_one(spaces: Sequence[Space], name: str | None) -> HanseError:
    if not spaces:
        return NotFound("You anchor no space.", where="space", rule="no-space", hint="`hanse anchor found` founds one.")
    all_of_them = ", ".join(space.name for space in spaces)
    if name is None:
        # Never a guess: a decision in the wrong space cannot be taken back.
        return Invalid(f"You anchor {all_of_them}: say which with --space.", where="space", rule="which-space")
    return NotFound(f"You anchor no space {name[:80]!r}.", where="space", rule="no-space", hint=f"You anchor {all_of_them}.")
