"""`/transfers`: fetch what was agreed on, and steer what is under way."""

from __future__ import annotations

from typing import Any

from hanse.connector.rules import Move
from hanse.dsp.messages import DataAddress
from hanse.dsp.transfer import Step
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.negotiations import OPEN, WAITING
from hanse.http.api.routing import PAGING, Call, Handler, Operation
from hanse.http.api.services import Services
from hanse.http.api.stated import check_purpose
from hanse.kernel.errors import NotFound
from hanse.participants.roles import Action

_STEPS = {
    "suspend": (Step.SUSPEND, "Halt a transfer for now"),
    "resume": (Step.START, "Let a transfer go on"),
    "complete": (Step.COMPLETE, "Say that a transfer is done"),
    "terminate": (Step.TERMINATE, "End a transfer"),
}


class TransferOperations:
    """Transfers, on both sides."""

    def __init__(self, services: Services) -> None:
        self._transfers = services.transfers
        self._own_sink = services.sink
        self._renewals = services.renewals
        self._views = services.views

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one, act = "/transfers/{id}", Action.TRANSFER
        page, new = s.Page[s.Transfer], {"contract": "agr_06f9k2"}
        listing = Operation("GET", "/transfers", "List transfers, newest first", self._list, Action.READ, gives=page, query=(*PAGING, OPEN))
        ask = "Ask for the data of a contract"
        return [
            listing,
            Operation("POST", "/transfers", ask, self._ask, act, takes=s.NewTransfer, gives=s.Transfer, status=202, example=new),
            Operation("GET", one, "Look at a transfer, or wait for a change", self._get, Action.READ, gives=s.Transfer, query=WAITING),
            Operation("GET", one + "/address", "Get where the data is, with its token", self._address, act, gives=DataAddress),
            Operation("POST", one + "/refresh", "Renew the token of the data address", self._refresh, act, gives=DataAddress),
            *(self._step(name, step, summary) for name, (step, summary) in _STEPS.items()),
        ]

    def _step(self, name: str, step: Step, summary: str) -> Operation:
        async def handle(call: Call, said: s.Ending) -> s.Transfer:
            moved = await self._transfers.move(call.tenant, call.path("id"), Move(step, reason=said.reason), call.by)
            return await self._shown(call, moved.id)

        handler: Handler = handle
        example = {"reason": "Enough for today."}
        path = f"/transfers/{{id}}/{name}"
        return Operation(
            "POST",
            path,
            summary,
            handler,
            Action.TRANSFER,
            takes=s.Ending,
            gives=s.Transfer,
            status=202,
            example=example,
            optional_body=True,
        )

    async def _list(self, call: Call, _said: Any) -> s.Page[s.Transfer]:
        after, limit = call.page()
        found = await self._views.transfers(call.tenant, after, limit + 1, open_only=call.flag("open"))
        return show.page(found, limit, show.transfer, lambda one: one.process.id)

    async def _get(self, call: Call, _said: Any) -> s.Transfer:
        waiting = call.wait()
        if waiting is None:
            return await self._shown(call, call.path("id"))
        seconds, until = waiting
        return show.transfer(await self._views.transfer_when(call.tenant, call.path("id"), until, seconds))

    async def _ask(self, call: Call, said: s.NewTransfer) -> s.Transfer:
        check_purpose(said.stated.get("purpose"))
        sink = self._own_sink if said.sink is True else _sink(said.sink)
        made = await self._transfers.request(call.tenant, said.contract, said.format, sink, stated=said.stated, by=call.by)
        return await self._shown(call, made.id)

    async def _address(self, call: Call, _said: Any) -> DataAddress:
        address = await self._transfers.address(call.tenant, call.path("id"))
        if address is None:
            hint = "Wait until the transfer is STARTED; a push has none."
            raise NotFound("The transfer has no data address (yet).", where="id", rule="no-address", hint=hint)
        return address

    async def _refresh(self, call: Call, _said: Any) -> DataAddress:
        return await self._renewals.renew(call.tenant, call.path("id"))

    async def _shown(self, call: Call, id: str) -> s.Transfer:
        return show.transfer(await self._views.transfer(call.tenant, id))


def _sink(said: s.SinkAddress | None) -> DataAddress | None:
    return None if said is None else DataAddress(endpoint_type=said.endpoint_type, endpoint=said.endpoint, properties=said.properties)
