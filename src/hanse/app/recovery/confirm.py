"""Confirm what a restore has switched off: a person has asked the other side, and says that it still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import cast

import msgspec
from msgspec import structs

from hanse.anchor.issuing.entitlement import granted, preferred
from hanse.anchor.issuing.mint import offer
from hanse.anchor.issuing.status import mark_one
from hanse.anchor.ports import Letters as AnchorLetters
from hanse.anchor.records import Member, Space
from hanse.anchor.spaces import bump
from hanse.anchor.standing import Status
from hanse.anchor.versions import rulebook_of
from hanse.app.recovery.restoring import WAITS
from hanse.config import Settings
from hanse.connector.records import Asset
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound
from hanse.kernel.ids import RandomIds
from hanse.kernel.tenant import Did, Tenant
from hanse.storage import Database, Tx, open_database
from hanse.storage.stores.restores import Unconfirmed, UnconfirmedStore
from hanse.wallet.letters import Letters
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import ServiceType

ALL = "all"

_LATE = timedelta(minutes=1)  # what ends just now was suspended, too


async def unconfirmed(settings: Settings) -> Sequence[Unconfirmed]:
    """Return what waits. Raises `Misconfigured` while a server works on a SQLite file."""
    database = await open_database(settings.database_address, pool_size=2)
    try:
        return await database.read(lambda tx: UnconfirmedStore(tx.rows).list())
    finally:
        await database.close()


async def confirm(settings: Settings, wanted: Sequence[str], clock: Clock) -> Sequence[Unconfirmed]:
    """Let things hold again that a restore has switched off, by id, by participant, or `all`; return them.

    What a person has changed since is left as it is. Raises `NotFound` for what does not wait, and `Misconfigured` as above.
    """
    database = await open_database(settings.database_address, pool_size=2)
    try:
        confirmation = _Confirmation(database, clock)
        return await database.run(lambda tx: confirmation.confirm(tx, wanted))
    finally:
        await database.close()


class _Confirmation:
    """Takes back what the restore has done, thing by thing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._letters = cast("AnchorLetters", Letters(database, _Later(), clock, RandomIds(clock)))
        self._renew: Mapping[str, Callable[[Tx, Unconfirmed], None]] = {
            "participant": _participant,
            "contract": _contract,
            "asset": _asset,
            "member": self._member,
        }

    def confirm(self, tx: Tx, wanted: Sequence[str]) -> Sequence[Unconfirmed]:
        store = UnconfirmedStore(tx.rows)
        chosen = _chosen(store.list(), wanted)
        for thing in chosen:
            self._renew[thing.kind](tx, thing)
            store.delete(thing)
        return chosen

    def _member(self, tx: Tx, thing: Unconfirmed) -> None:
        """Make a member active again. What it has got since the backup does not count, and nobody knows whether that is anything."""
        name, _, did = thing.id.partition(" ")
        member, space = tx.members.get(name, Did(did)), tx.spaces.get(name)
        if member is None or space is None or (member.status, member.updated) != (Status.SUSPENDED, thing.moment):
            return
        now = self._clock.now()
        active = structs.replace(member, status=Status.ACTIVE, reason="", updated=now)
        tx.members.put(active)
        bump(tx, space, now)
        for one in tx.issued.live(name, member.did, now - _LATE):
            if (one.status, one.reason) == ("suspended", WAITS):
                mark_one(tx, space, one, "", "")
        self._offer(tx, space, active)

    def _offer(self, tx: Tx, space: Space, member: Member) -> None:
        rulebook = rulebook_of(tx, space)
        wanted = preferred(rulebook, [grant.type for grant in granted(space, rulebook, member)])
        offer(tx, self._letters, space, member.did, wanted, "reissue")


class _Later:
    """No mail: the server posts what is stored here, once it runs again."""

    async def post(self, _tenant: Tenant, _to: Did, _service: ServiceType, _path: str, _body: bytes, _token: str | None) -> MailAnswer:
        return MailAnswer(status=None, error="The server does not run.")


def _chosen(waiting: Sequence[Unconfirmed], wanted: Sequence[str]) -> Sequence[Unconfirmed]:
    chosen = [thing for thing in waiting if ALL in wanted or thing.id in wanted or thing.tenant in wanted]
    known = {ALL, *(thing.id for thing in chosen), *(thing.tenant for thing in chosen)}
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise NotFound(f"{unknown[0][:200]!r} does not wait for a confirmation.", where="id", hint="`hanse restore list` shows what does.")
    return chosen


def _participant(tx: Tx, thing: Unconfirmed) -> None:
    found = tx.participants.get(thing.tenant)
    if found is not None and found.suspended == thing.moment:
        tx.participants.put(structs.replace(found, suspended=None))


def _contract(tx: Tx, thing: Unconfirmed) -> None:
    found = tx.contracts.get(thing.tenant, thing.id)
    if found is not None and found.ended == thing.moment:
        found.ended, found.end_reason = None, ""
        tx.contracts.put(found)


def _asset(tx: Tx, thing: Unconfirmed) -> None:
    row = tx.rows.one("SELECT doc, encoded FROM assets WHERE tenant = ? AND id = ?", (thing.tenant, thing.id))
    found = None if row is None else msgspec.json.decode(row[0], type=Asset)
    if row is not None and found is not None and found.withdrawn == thing.moment:
        found.withdrawn = None
        tx.assets.put(found, bytes(row[1]))
