"""`/models` and `/risk`: which data models were trained on, and where that data comes from."""

from __future__ import annotations

from typing import Any, Final

from hanse.http.api import structs as s
from hanse.http.api.factory import custody_show as show
from hanse.http.api.factory import custody_structs as cs
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.participants.roles import Action

_NAME: Final = (Query("name", "Only the model of that name, or whose bytes have that SHA-256."),)
_WHOSE: Final = (Query("model", "A model: one answer per training."), Query("versions", "Versions (`name@number`) with commas between."))


class ModelOperations:
    """Models and risk."""

    def __init__(self, services: Services) -> None:
        self._desk = services.factory.custody

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, page, risk = Action.READ, s.Page[cs.ModelShown], list[cs.RiskShown]
        new = {
            "model": "rain-net",
            "digest": "ab" * 32,
            "inputs": ["weather@1"],
            "action": "https://w3id.org/hanse/train",
            "code": "git:abc",
        }
        where = "Say where data comes from, and what to do about it"
        return [
            Operation("GET", "/models", "List models, the one trained last first", self._list, read, gives=page, query=(*PAGING, *_NAME)),
            Operation(
                "POST",
                "/models/trainings",
                "Record that a model was trained",
                self._record,
                Action.TRANSFER,
                takes=cs.NewTraining,
                gives=cs.RecordedTraining,
                status=201,
                example=new,
            ),
            Operation("GET", "/risk", where, self._risk, read, gives=risk, query=_WHOSE),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[cs.ModelShown]:
        name = call.query("name")
        if name is not None:
            return s.Page(items=[show.model(await self._desk.models.get(call.tenant, name))])
        after, limit = call.page()
        found = await self._desk.models.all(call.tenant)
        start = next((number for number, one in enumerate(found, 1) if one.name == after), 0) if after else 0
        rest = found[start:]
        return s.Page(items=[show.model(one) for one in rest[:limit]], next=rest[limit - 1].name if len(rest) > limit else None)

    async def _record(self, call: Call, said: cs.NewTraining) -> cs.RecordedTraining:
        made = await self._desk.models.record(call.tenant, said.model, said.digest, said.inputs, said.action, said.code, said.parameters)
        return show.recorded(made)

    async def _risk(self, call: Call, _said: Any) -> list[cs.RiskShown]:
        model, versions = call.query("model"), call.query("versions")
        if (model is None) == (versions is None):
            raise Invalid("Name either a model or versions.", where="model", rule="required")
        if model is not None:
            return [show.risk(one) for one in await self._desk.risks.of_model(call.tenant, model)]
        return [show.risk(await self._desk.risks.of_versions(call.tenant, [one for one in (versions or "").split(",") if one]))]
