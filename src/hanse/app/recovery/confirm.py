"""Confirm what a restore has switched off: a person has asked the other side, and says that it still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import structs

from hanse.anchor.spaces import bump
from hanse.anchor.standing import Status
from hanse.config import Settings
from hanse.connector.records import Asset
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did
from hanse.storage import Tx, open_database
from hanse.storage.stores.restores import Unconfirmed, UnconfirmedStore

ALL = "all"


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
        return await database.run(lambda tx: _confirm(tx, wanted, clock))
    finally:
        await database.close()


def _confirm(tx: Tx, wanted: Sequence[str], clock: Clock) -> Sequence[Unconfirmed]:
    store = UnconfirmedStore(tx.rows)
    waiting = store.list()
    chosen = [thing for thing in waiting if ALL in wanted or thing.id in wanted or thing.tenant in wanted]
    known = {ALL, *(thing.id for thing in chosen), *(thing.tenant for thing in chosen)}
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise NotFound(f"{unknown[0][:200]!r} does not wait for a confirmation.", where="id", hint="`hanse restore list` shows what does.")
    for thing in chosen:
        _RENEW[thing.kind](tx, thing, clock)
        store.delete(thing)
    return chosen


def _participant(tx: Tx, thing: Unconfirmed, _clock: Clock) -> None:
    found = tx.participants.get(thing.tenant)
    if found is not None and found.suspended == thing.moment:
        tx.participants.put(structs.replace(found, suspended=None))


def _contract(tx: Tx, thing: Unconfirmed, _clock: Clock) -> None:
    found = tx.contracts.get(thing.tenant, thing.id)
    if found is not None and found.ended == thing.moment:
        found.ended, found.end_reason = None, ""
        tx.contracts.put(found)


def _asset(tx: Tx, thing: Unconfirmed, _clock: Clock) -> None:
    row = tx.rows.one("SELECT doc, encoded FROM assets WHERE tenant = ? AND id = ?", (thing.tenant, thing.id))
    found = None if row is None else msgspec.json.decode(row[0], type=Asset)
    if row is not None and found is not None and found.withdrawn == thing.moment:
        found.withdrawn = None
        tx.assets.put(found, bytes(row[1]))


def _member(tx: Tx, thing: Unconfirmed, clock: Clock) -> None:
    name, _, did = thing.id.partition(" ")
    member, space = tx.members.get(name, Did(did)), tx.spaces.get(name)
    if member is None or space is None or (member.status, member.updated) != (Status.SUSPENDED, thing.moment):
        return
    now = clock.now()
    tx.members.put(structs.replace(member, status=Status.ACTIVE, reason="", updated=now))
    bump(tx, space, now)


_RENEW: Mapping[str, Callable[[Tx, Unconfirmed, Clock], None]] = {
    "participant": _participant,
    "contract": _contract,
    "asset": _asset,
    "member": _member,
}
