"""`/contracts` and `/explain`: what was agreed, and what happened."""

from __future__ import annotations

from typing import Any

from hanse.connector.explain import Explanation
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.explaining.explainer import Explainer
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.space import SpaceOperations
from hanse.participants.roles import Action


class ContractOperations:
    """Contracts, and the story of any id. An agreement's id is the provider's choice and may hold a slash."""

    def __init__(self, services: Services, space: SpaceOperations, explainer: Explainer) -> None:
        self._views = services.views
        self._space = space
        self._explainer = explainer

    def operations(self) -> list[Operation]:
        """Return the operations."""
        explain = "Tell what happened to an id or a DID, what it waits for, and who must act"
        return [
            Operation("GET", "/contracts", "List contracts, newest first", self._list, Action.READ, gives=s.Page[s.Contract], query=PAGING),
            Operation("GET", "/contracts/{id:path}", "Look at a contract", self._get, Action.READ, gives=s.Contract),
            Operation("GET", "/explain/{id:path}", explain, self._explain, Action.READ, gives=Explanation),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[s.Contract]:
        after, limit = call.page()
        found = await self._views.contracts(call.tenant, after, limit + 1)
        names = await self._space.names(call.tenant)
        return show.page(found, limit, lambda one: show.contract(one, names), lambda one: one.id)

    async def _get(self, call: Call, _said: Any) -> s.Contract:
        found = await self._views.contract(call.tenant, call.path("id"))
        return show.contract(found, await self._space.names(call.tenant))

    async def _explain(self, call: Call, _said: Any) -> Explanation:
        return await self._explainer.explain(call.tenant, call.path("id"))
