"""`/assets`: what the participant offers."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from hanse.connector.offers import Description
from hanse.connector.records import FileSource, FolderSource, HttpSource, Source, StoredSource
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.terms import read_limits, read_many
from hanse.participants.roles import Action

_SAID = (
    "title",
    "description",
    "keywords",
    "theme",
    "licence",
    "language",
    "media_type",
    "spatial",
    "creators",
    "visible_to",
    "answering",
    "derived_from",
    "rights_held",
)


class AssetOperations:
    """Own assets."""

    def __init__(self, services: Services) -> None:
        self._offers = services.offers
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one = "/assets/{id}"
        new = {
            "source": {"kind": "folder", "path": "/srv/data/weather"},
            "title": "Weather since 1950",
            "terms": ["members + until 2099-01-01"],
        }
        change = {"description": "Daily observations", "keywords": ["weather"], "terms": ["members"]}
        return [
            Operation(
                "GET", "/assets", "List own assets, withdrawn ones too", self._list, Action.READ, gives=s.Page[s.Asset], query=PAGING
            ),
            Operation(
                "POST", "/assets", "Offer an asset", self._create, Action.OFFER, takes=s.NewAsset, gives=s.Asset, status=201, example=new
            ),
            Operation("GET", one, "Look at an asset", self._get, Action.READ, gives=s.Asset),
            Operation(
                "PATCH",
                one,
                "Change what is said of an asset",
                self._edit,
                Action.OFFER,
                takes=s.AssetChange,
                gives=s.Asset,
                example=change,
            ),
            Operation("DELETE", one, "Withdraw an asset; standing contracts keep their right", self._withdraw, Action.OFFER, gives=s.Asset),
            Operation(
                "POST", one + "/refresh", "Look at the source again after it has changed", self._refresh, Action.OFFER, gives=s.Asset
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[s.Asset]:
        after, limit = call.page()
        return show.page(await self._offers.page(call.tenant, after, limit + 1), limit, show.asset, lambda one: one.id)

    async def _create(self, call: Call, said: s.NewAsset) -> s.Asset:
        return show.asset(await self._offers.create(call.tenant, _source(said.source), self._description(said)))

    async def _get(self, call: Call, _said: Any) -> s.Asset:
        return show.asset(await self._offers.get(call.tenant, call.path("id")))

    async def _edit(self, call: Call, said: s.AssetChange) -> s.Asset:
        return show.asset(await self._offers.edit(call.tenant, call.path("id"), self._description(said)))

    async def _withdraw(self, call: Call, _said: Any) -> s.Asset:
        return show.asset(await self._offers.withdraw(call.tenant, call.path("id")))

    async def _refresh(self, call: Call, _said: Any) -> s.Asset:
        return show.asset(await self._offers.refresh(call.tenant, call.path("id")))

    def _description(self, said: s.NewAsset | s.AssetChange) -> Description:
        given = {name: value for name in _SAID if (value := getattr(said, name)) is not UNSET}
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        description = Description(**given | lists)
        if isinstance(said.rai, dict):
            description.rai = {term: tuple(texts) for term, texts in said.rai.items()}
        if isinstance(said.terms, list):
            description.terms = read_many(said.terms, self._clock.now())
        if not isinstance(said.preferences, UnsetType):
            description.preferences = None if said.preferences is None else read_limits(said.preferences, self._clock.now())
        return description


def _source(said: s.FileAt | s.FolderAt | s.HttpAt | s.StoredAt) -> Source:
    if isinstance(said, s.StoredAt):
        return StoredSource(said.version, said.path)
    if isinstance(said, s.HttpAt):
        return HttpSource(said.url)
    return FileSource(said.path) if isinstance(said, s.FileAt) else FolderSource(said.path)
