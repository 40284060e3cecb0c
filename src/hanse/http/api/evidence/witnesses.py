"""`/ledger/witnesses`: who cosigns the participant's log; `/witnessed`: whose logs it cosigns itself."""

from __future__ import annotations

from typing import Any

from hanse.evidence.checkpoint import origin_of
from hanse.http.api import structs as s
from hanse.http.api.evidence import structs as ls
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.identity.did import parse_web_did
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.witness_records import Seen, Watch
from hanse.participants.roles import Action


class WitnessOperations:
    """They come before the other operations of the ledger: an entry's id may be any word."""

    def __init__(self, services: Services) -> None:
        self._monitor = services.factory.monitor
        self._witness = services.factory.witness
        self._witnessing = services.factory.witnessing

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, edit = Action.READ, Action.KEEP_LEDGER
        all_, one = "/ledger/witnesses", "/ledger/witnesses/{did}"
        now, new, gone = "Let the witnesses see the ledger now", "Let somebody witness the ledger", "Let a named witness go"
        did = {"did": "did:web:witness.example:participants:harbour"}
        restart, why = "Begin a new ledger where one has stopped", {"reason": "The disk was lost."}
        look = "Compare somebody's ledger with what witnesses saw of it"
        page = s.Page[ls.WitnessedLog]
        return [
            Operation("GET", all_, "Who witnesses the ledger", self._list, read, gives=ls.LogWitnesses),
            Operation("POST", all_ + "/ask", now, self._ask, read, gives=ls.LogWitnesses),
            Operation("POST", all_, new, self._name, edit, takes=ls.NameWitness, gives=ls.LogWitnesses, example=did),
            Operation("DELETE", one, gone, self._drop, edit, gives=ls.LogWitnesses),
            Operation("POST", "/ledger/restart", restart, self._restart, edit, takes=ls.RestartLedger, gives=ls.LogWitnesses, example=why),
            Operation("POST", "/witnessed/look", look, self._look, read, takes=ls.LookAtLog, gives=ls.LogLook, example=did),
            Operation("GET", "/witnessed", "Whose ledgers this participant witnesses", self._witnessed, read, gives=page, query=PAGING),
        ]

    async def _list(self, call: Call, _said: Any) -> ls.LogWitnesses:
        return await self._shown(call.tenant)

    async def _ask(self, call: Call, _said: Any) -> ls.LogWitnesses:
        await self._witnessing.round(call.tenant)
        return await self._shown(call.tenant)

    async def _name(self, call: Call, said: ls.NameWitness) -> ls.LogWitnesses:
        parse_web_did(said.did)
        await self._witnessing.name(call.tenant, Did(said.did))
        return await self._shown(call.tenant)

    async def _drop(self, call: Call, _said: Any) -> ls.LogWitnesses:
        await self._witnessing.drop(call.tenant, Did(call.path("did")))
        return await self._shown(call.tenant)

    async def _restart(self, call: Call, said: ls.RestartLedger) -> ls.LogWitnesses:
        await self._witnessing.restart(call.tenant, said.reason)
        return await self._shown(call.tenant)

    async def _shown(self, tenant: Tenant) -> ls.LogWitnesses:
        standing = await self._witnessing.standing(tenant)
        state = standing.state
        return ls.LogWitnesses(
            name=origin_of(standing.own, state.log),
            size=standing.size,
            halted=state.halted,
            hint=state.hint if state.halted else "",
            witnesses=[_witness(one) for one in standing.witnesses],
        )

    async def _look(self, call: Call, said: ls.LookAtLog) -> ls.LogLook:
        parse_web_did(said.did)
        found = await self._monitor.look(call.tenant, Did(said.did))
        views = [
            ls.LogView(witness=one.witness, verdict=one.verdict, size=one.size, problem=one.problem, note=one.note) for one in found.views
        ]
        return ls.LogLook(name=found.origin, size=found.size, checkpoint=found.checkpoint, forked=found.forked, views=views)

    async def _witnessed(self, call: Call, _said: Any) -> s.Page[ls.WitnessedLog]:
        after, limit = call.page()
        found = await self._witness.logs(call.tenant, after=after, limit=limit + 1)
        last = found[limit - 1].hash if len(found) > limit else None
        return s.Page[ls.WitnessedLog](items=[_seen(one) for one in found[:limit]], next=last)


def _witness(one: Watch) -> ls.LogWitness:
    return ls.LogWitness(did=one.witness, named=one.named, size=one.size, at=one.at, problem=one.problem, alarm=one.alarm, proof=one.proof)


def _seen(one: Seen) -> ls.WitnessedLog:
    return ls.WitnessedLog(name=one.origin, owner=one.owner, size=one.size, at=one.at, refused=one.refused, suspect=one.suspect)
