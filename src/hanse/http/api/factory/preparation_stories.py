"""The stories of preparations whose files are on their way; once a version is there, its own story tells how it was made."""

from __future__ import annotations

from hanse.connector.explain import Explanation
from hanse.http.api.services import Services
from hanse.kernel.tenant import Tenant


class PreparationStories:
    """Tells them."""

    def __init__(self, services: Services) -> None:
        self._deriving = services.factory.deriving

    async def under_way(self, tenant: Tenant, id: str) -> Explanation:
        """Explain a preparation. Raises `NotFound` for one that is over, or that nobody has gone on with for a while."""
        name, account = self._deriving.under_way(tenant, id)
        files = await self._deriving.files(tenant, id)
        steps = ", ".join(one.step for one in account.steps)
        return Explanation(
            id=id,
            kind="preparation",
            summary=f"A version of {name}, made in {len(account.steps)} steps ({steps}), is being stored; {len(files)} files have come.",
            state="UNDER WAY",
            waits_for="the rest of its files",
            who="whoever prepared it: the same command goes on",
            related={"made of": ", ".join(one.version for one in account.inputs), "action": account.action},
        )
