"""What a participant states under a contract: its end, its use, and what it has deleted or modified."""

from __future__ import annotations

from typing import Any

from hanse.dsp.messages import Role
from hanse.evidence import kinds as k
from hanse.evidence.statement import receipt_of
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.evidence import structs as ls
from hanse.http.api.evidence.ledger import show_entry
from hanse.http.api.routing import Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.space import SpaceOperations
from hanse.http.api.stated import check_purpose
from hanse.kernel.errors import Conflict, Invalid
from hanse.participants.roles import Action

_DPV = "https://w3id.org/dpv#"


class StatingOperations:
    """They come before the other operations on contracts: a contract's id may hold a slash."""

    def __init__(self, services: Services, space: SpaceOperations) -> None:
        self._evidence = services.evidence
        self._ledger = services.ledger
        self._endings = services.endings
        self._space = space
        self._views = services.views

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one = "/contracts/{id:path}"
        end = {"how": "notice", "reason": "We take the station down."}
        use = {"purpose": _DPV + "ServiceProvision"}
        gone: dict[str, Any] = {"what": "deleted", "objects": [{"path": "rain.csv", "sha256": "ab" * 32, "size": 12}]}
        return [
            Operation(
                "POST", one + "/end", "End a contract", self._end, Action.END_CONTRACT, takes=ls.EndContract, gives=s.Contract, example=end
            ),
            Operation(
                "POST",
                one + "/statements",
                "State what the data is used for",
                self._state,
                Action.TRANSFER,
                takes=ls.StateUse,
                gives=ls.LedgerEntry,
                status=201,
                example=use,
            ),
            Operation(
                "POST",
                one + "/receipts",
                "Confirm that data was deleted or modified",
                self._receipt,
                Action.TRANSFER,
                takes=ls.NewReceipt,
                gives=ls.LedgerEntry,
                status=201,
                example=gone,
            ),
        ]

    async def _end(self, call: Call, said: ls.EndContract) -> s.Contract:
        ended = await self._endings.end(call.tenant, call.path("id"), said.how, said.reason, call.by)
        await self._evidence.settled(call.tenant, ended.end_statement, said.wait)
        return show.contract(ended, await self._space.names(call.tenant))

    async def _state(self, call: Call, said: ls.StateUse) -> ls.LedgerEntry:
        fields = {name: getattr(said, name) for name in ("purpose", "application", "environment", "spatial", "security_level")}
        if not any(fields.values()):
            raise Invalid("Say at least one thing about the use.", where="purpose", rule="required")
        check_purpose(said.purpose)
        return await self._sent(call, k.UseStated(agreement=call.path("id"), **fields), said.wait)

    async def _receipt(self, call: Call, said: ls.NewReceipt) -> ls.LedgerEntry:
        whole = {"count": said.count, "size": said.size, "root": said.root}
        if (not said.objects and None in whole.values()) or (said.objects and any(one is not None for one in whole.values())):
            raise Invalid("Name the objects, or their count, size and root.", where="objects", rule="required")
        fields: dict[str, Any] = receipt_of(said.objects) if said.objects else whole
        return await self._sent(call, k.Receipt(agreement=call.path("id"), what=said.what, **fields), said.wait)

    async def _sent(self, call: Call, says: k.Predicate, wait: float) -> ls.LedgerEntry:
        if (await self._views.contract(call.tenant, call.path("id"))).role is Role.PROVIDER:
            raise Conflict("You provide this data: whoever receives it states what becomes of it.", where="contract", rule="own-data")
        sent = await self._evidence.send(call.tenant, says)
        sent = await self._evidence.settled(call.tenant, sent.id, wait)
        return show_entry(await self._ledger.get(call.tenant, sent.index), sent)
