"""`/ledger`: the participant's signed log; and what it states to others under its contracts."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hanse.evidence.say import say
from hanse.evidence.statement import statement_of
from hanse.http.api import structs as s
from hanse.http.api.evidence import structs as ls
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.tenant import Tenant
from hanse.ledger.records import Entry, Sent
from hanse.participants.roles import Action

_OF = Query("agreement", "Only entries about this agreement.")
_NUMBER = re.compile("[0-9]{1,18}")
_COSIGNED = Query("witnessed", "The newest one that witnesses have cosigned.", {"type": "boolean"})
_OLD = Query("old", "The number of entries that it had.", {"type": "integer", "minimum": 1})


class LedgerOperations:
    """Reading and proving; what is written, the use cases write."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._evidence = services.evidence
        self._witnessing = services.factory.witnessing

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, page = Action.READ, s.Page[ls.LedgerEntry]
        listing = "List what the ledger holds, newest first"
        sign = "Sign what the ledger is now"
        verify = "Check every signature, hash and index of the ledger"
        return [
            Operation("GET", "/ledger", listing, self._list, read, gives=page, query=(*PAGING, _OF)),
            Operation("GET", "/ledger/checkpoint", sign, self._checkpoint, read, gives=ls.SignedCheckpoint, query=(_COSIGNED,)),
            Operation("GET", "/ledger/growth", "Prove what the ledger once was", self._growth, read, gives=ls.Growth, query=(_OLD,)),
            Operation(
                "POST",
                "/ledger/verify",
                verify,
                self._verify,
                read,
                takes=ls.VerifyLedger,
                gives=ls.LedgerVerdict,
                example={},
                optional_body=True,
            ),
            Operation("GET", "/ledger/{id}", "Look at an entry, with its proof", self._get, read, gives=ls.OpenEntry),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[ls.LedgerEntry]:
        after, limit = call.page()
        before = None if after is None else _number(after, "after")
        found = await self._ledger.page(call.tenant, before=before, limit=limit + 1, agreement=call.query("agreement"))
        shown = [await self._shown(one) for one in found[:limit]]
        return s.Page[ls.LedgerEntry](items=shown, next=str(found[limit - 1].index) if len(found) > limit else None)

    async def _get(self, call: Call, _said: Any) -> ls.OpenEntry:
        entry = await self._named(call.tenant, call.path("id"))
        proof = await self._ledger.prove(call.tenant, entry.index)
        sent = await self._evidence.sent(call.tenant, entry.id)
        shown = await self._shown(entry)
        return ls.OpenEntry(
            **{name: getattr(shown, name) for name in shown.__struct_fields__},
            says=msgspec.to_builtins(entry.says),
            envelope=msgspec.json.decode(entry.raw),
            key=entry.key,
            proof=ls.InclusionProof(size=proof.size, hashes=list(proof.hashes), checkpoint=proof.checkpoint),
            receipt=msgspec.json.decode(sent.receipt) if sent is not None and sent.receipt else None,
        )

    async def _named(self, tenant: Tenant, text: str) -> Entry:
        """Return an entry by its number or by its statement's id, which a peer may have chosen."""
        index = int(text) if _NUMBER.fullmatch(text) else -1
        return await (self._ledger.find(tenant, text) if index < 0 else self._ledger.get(tenant, index))

    async def _checkpoint(self, call: Call, _said: Any) -> ls.SignedCheckpoint:
        if not call.flag("witnessed"):
            return ls.SignedCheckpoint(checkpoint=await self._ledger.checkpoint(call.tenant))
        found = await self._witnessing.cosigned(call.tenant)
        if found is None:
            hint = "`hanse ledger witness list` says why."
            raise NotFound("No witness has cosigned this ledger yet.", where="witnessed", rule="not-witnessed", hint=hint)
        return ls.SignedCheckpoint(checkpoint=found.note)

    async def _growth(self, call: Call, _said: Any) -> ls.Growth:
        proof = await self._ledger.prove_growth(call.tenant, _number(call.needed("old"), "old"))
        return ls.Growth(old=proof.index, size=proof.size, hashes=list(proof.hashes), checkpoint=proof.checkpoint)

    async def _verify(self, call: Call, said: ls.VerifyLedger) -> ls.LedgerVerdict:
        seen = await self._witnessing.views(call.tenant)
        found = await self._ledger.verify(call.tenant, said.checkpoint, seen)
        faults = [ls.LedgerFault(index=one.index, problem=one.problem) for one in found.faults]
        return ls.LedgerVerdict(
            sound=found.sound, size=found.size, root=found.root, count=found.count, faults=faults, against=found.against
        )

    async def _shown(self, entry: Entry) -> ls.LedgerEntry:
        return show_entry(entry, await self._evidence.sent(entry.tenant, entry.id))


def show_entry(entry: Entry, sent: Sent | None) -> ls.LedgerEntry:
    """Return an entry as operators see it."""
    says = statement_of(entry.envelope).predicate
    return ls.LedgerEntry(
        index=entry.index,
        id=entry.id,
        kind=entry.kind,
        agreement=entry.agreement,
        by=entry.signer,
        own=entry.signer.rpartition(":")[2] == entry.tenant,
        at=says.at,
        arrived=entry.at,
        sentence=say(says),
        sha256=entry.hash,
        delivered=None if sent is None else ls.Delivered(to=sent.to, state=sent.state.value, reason=sent.reason),
    )


def _number(text: str, where: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Invalid("It is not a number.", where=where, rule="range")
    return int(text)
