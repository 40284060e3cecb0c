"""The ports of links in memory."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime, timedelta

from msgspec import structs

from hanse.factory.links.links import Links
from hanse.factory.links.records import Deal, Relay, Seen, Spent
from hanse.kernel.clock import ManualClock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
US = "us"
HARBOUR, MEADOW = "https://port.example/spaces/harbour", "https://land.example/spaces/meadow"
MILL, ZOO = "did:web:mill.example", "did:web:zoo.example"


def run(awaitable):
    return asyncio.run(awaitable)


class LinkRows:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, space):
        return self.rows.get((tenant, space))

    def put(self, link):
        self.rows[link.tenant, link.space] = link

    def of(self, tenant):
        return [link for (owner, _), link in sorted(self.rows.items()) if owner == tenant]

    def _open(self):
        return [link for link in self.rows.values() if link.ended is None and link.until is not None]

    def due(self, now, limit):
        return sorted((link for link in self._open() if link.until <= now), key=lambda link: link.until)[:limit]

    def next_due(self):
        return min((link.until for link in self._open()), default=None)


class Tx:
    def __init__(self):
        self.links = LinkRows()
        self.stated = []
        self.events = []

    def emit(self, event):
        self.events.append(event)


class Factory:
    """A participant of two spaces with everything around its links. Each writing work runs twice, as a database under contention may."""

    def __init__(self):
        self.clock = ManualClock(NOON)
        self.tx = Tx()
        member = {"joined": True, "listed": True, "membership": True, "notes": True}
        self.seen = {
            HARBOUR: Seen(space=HARBOUR, title="Harbour", roles=frozenset({"consumer"}), trust={"mirror": (), "replicate": ()}, **member),
            MEADOW: Seen(space=MEADOW, title="Meadow", intermediaries=frozenset({ZOO})),
        }
        self.relays = {ZOO: Relay(met=True, notes=True)}
        self.deals, self.ended, self.revoked, self.acquired = [], [], [], Spent()
        self.standing_orders = {HARBOUR: ["ord_1"]}
        self.links = Links(self, self, self, self, self, self.clock)

    def change(self, space, **changes):
        self.seen[space] = structs.replace(self.seen[space], **changes)

    def deal(self, id, peer=MILL, spaces=(HARBOUR,), after=timedelta()):
        self.deals.append(Deal(id=id, peer=peer, dataset="ds_1", spaces=spaces, finalized=NOON + after))

    # The ports.

    async def run(self, work):
        work(copy.deepcopy(self.tx))
        attempt = copy.deepcopy(self.tx)
        result = work(attempt)
        self.tx = attempt
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))

    async def joined(self, tenant):
        return [space for space, seen in self.seen.items() if seen.joined]

    async def look(self, tenant, space):
        return self.seen.get(space, Seen(space=space, problem="There is no space at this address."))

    async def relay(self, tenant, peer):
        return self.relays.get(peer, Relay(met=False))

    async def standing(self, tenant, space, *, since=None, peer=None):
        there = [one for one in self.deals if one.id not in self.ended and (since is None or one.finalized >= since)]
        return [one for one in there if (one.peer == peer if peer is not None else space in one.spaces)]

    async def end(self, tenant, id, reason):
        if id in self.ended:
            return False
        self.ended.append(id)
        return True

    async def revoke(self, tenant, space, reason):
        self.revoked += self.standing_orders.pop(space, [])
        return list(self.revoked)

    async def spent(self, tenant, space, since):
        return self.acquired

    def append_about(self, tx, tenant, subject, says):
        tx.stated.append((subject.name, says))
