"""`/catalog`: what peers offer."""

from __future__ import annotations

from typing import Any

from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.routing import Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action

_EXAMPLE = {"peer": "did:web:localhost%3A8400:participants:acme", "filter": [{"keyword": "weather"}]}


class CatalogOperations:
    """Peers' catalogues, read for the participant."""

    def __init__(self, services: Services) -> None:
        self._browser = services.browser

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one = (Query("peer", "The DID of the provider."), Query("id", "The dataset's id."))
        return [
            Operation(
                "POST",
                "/catalog",
                "Read a peer's catalogue",
                self._catalog,
                Action.READ,
                takes=s.AskCatalog,
                gives=s.Catalogue,
                example=_EXAMPLE,
            ),
            Operation("GET", "/catalog/datasets", "Read one dataset of a peer", self._dataset, Action.READ, gives=s.Catalogue, query=one),
        ]

    async def _catalog(self, call: Call, said: s.AskCatalog) -> s.Catalogue:
        peer, filter = Did(said.peer), tuple(said.filter)
        if said.next is not None and (said.filter or said.all):
            raise Invalid("A following page has the filter of the first.", where="next", rule="next", hint="Send `peer` and `next` alone.")
        if said.all:
            return show.catalogue(await self._browser.all(call.tenant, peer, filter))
        return show.catalogue(await self._browser.page(call.tenant, peer, filter, said.next))

    async def _dataset(self, call: Call, _said: Any) -> s.Catalogue:
        return show.catalogue(await self._browser.dataset(call.tenant, Did(call.needed("peer")), call.needed("id")))
