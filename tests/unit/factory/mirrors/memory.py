"""The ports of mirrors in memory."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime

from msgspec import structs

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.mirrors.kit import Kit
from hanse.factory.mirrors.mirrors import Mirrors
from hanse.factory.mirrors.records import Deal, Fetched, Held, Judgement, MirrorState, Purged, Wanted
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Invalid, PeerUnreachable

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
US, MILL, HARBOUR = "us", "did:web:mill.example", "https://port.example/spaces/harbour"
WANTED = Wanted(provider=MILL, dataset="ds_1", name="rain")


class Rows:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, name):
        return self.rows.get((tenant, name))

    def put(self, mirror):
        self.rows[mirror.tenant, mirror.name] = mirror

    def of(self, tenant):
        return [one for (owner, _), one in sorted(self.rows.items()) if owner == tenant]

    def under(self, tenant, agreement):
        return [one for one in self.of(tenant) if one.agreement == agreement]

    def open(self):
        return [one for one in self.rows.values() if one.state is not MirrorState.ENDED]

    def due(self, now, limit):
        return [one for one in self.open() if one.due is not None and one.due <= now][:limit]

    def next_due(self):
        return min((one.due for one in self.open() if one.due is not None), default=None)


class Tx:
    def __init__(self):
        self.mirrors = Rows()
        self.ended = {}
        self.shelf = {}
        self.log = []
        self.events = []

    def emit(self, event):
        self.events.append(event)


class Staging:
    """A version in the making: the files that the provider had when it was fetched."""

    def __init__(self, world, mirror):
        self.world, self.mirror, self.staged = world, mirror, {}
        self.suspended = 0

    async def files(self):
        return [HeldFile(path, size, "0" * 64) for path, size in sorted(self.staged.items())]

    async def suspend(self):
        self.suspended += 1

    async def commit(self, also, *, sums=None):
        tenant, name = self.mirror.tenant, self.mirror.name

        def work(tx):
            held = tx.shelf.setdefault((tenant, name), {})
            last = max(held, default=0)
            number = last if last and held[last][1] == self.staged else max([last, *self.world.gone.get(name, [])]) + (1)
            version = DatasetVersion(
                tenant=tenant,
                name=name,
                number=number,
                root="0" * 64,
                count=len(self.staged),
                size=sum(self.staged.values()),
                stored=self.world.clock.now(),
                agreement=self.mirror.agreement,
                sums=sums or "measured",
            )
            held[number] = (version, dict(self.staged))
            also(tx, version)
            return version

        return await self.world.run(work)


class World:
    """A participant with everything around its mirrors. Each writing work runs twice, as a database under contention may."""

    def __init__(self):
        self.clock = ManualClock(NOON)
        self.tx = Tx()
        self.offered = {"a": 100, "b": 50}
        self.deals = []
        self.agreed = 0
        self.judgements = {HARBOUR: Judgement(yes=True)}
        self.fetching = []  # what fetches do instead of going well
        self.flowing = asyncio.Event()
        self.transfers, self.dropped, self.withdrawn, self.kept, self.gone = [], [], [], {}, {}
        self.pinned_versions, self.lines, self.previous = frozenset(), [], []
        kit = Kit(self, self, self, self, self, Onward(self), Log(self), self.clock, lambda: "salt")
        self.kit, self.mirrors = kit, Mirrors(kit)

    async def make(self, **said):
        await self.mirrors.make(US, structs.replace(WANTED, **said), "ann")
        await self.mirrors.settle()
        return self.mirror()

    async def refresh(self):
        await self.mirrors.refresh(US, "rain")
        await self.mirrors.settle()
        return self.mirror()

    async def later(self, **time):
        """Let time go by, and the timer come round."""
        self.clock.advance(**time)
        await self.mirrors.begin_due()
        await self.mirrors.settle()
        return self.mirror()

    def mirror(self, name="rain"):
        return self.tx.mirrors.get(US, name)

    def end_agreement(self, why="It is over."):
        for deal in self.deals:
            self.tx.ended[deal.id] = why
        self.deals.clear()

    # The database.

    async def run(self, work):
        work(copy.deepcopy(self.tx))
        attempt = copy.deepcopy(self.tx)
        result = work(attempt)
        self.tx = attempt
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))

    # Dealings.

    async def standing(self, tenant, provider, dataset):
        return self.deals[-1] if self.deals else None

    async def agree(self, tenant, provider, dataset, offer, by):
        self.agreed += 1
        self.deals.append(Deal(id=f"agr_{self.agreed}", spaces=(HARBOUR,)))
        return self.deals[-1]

    def deal(self, tx, tenant, agreement):
        return Deal(id=agreement, spaces=(HARBOUR,), ended=tx.ended.get(agreement, ""))

    async def pull(self, mirror, note):
        id = f"trf_{len(self.transfers) + 1}"
        self.transfers.append(id)
        await self.run(lambda tx: note(tx, id))
        return id

    async def done(self, tenant, transfer):
        self.transfers[self.transfers.index(transfer)] = f"{transfer} done"

    async def left(self, tenant, transfer):
        await self.flowing.wait()

    async def drop(self, tenant, transfer, reason):
        self.dropped.append((transfer, reason))

    # Spaces.

    async def shared(self, tenant, provider):
        return list(self.judgements)

    async def judge(self, tenant, space, trusted):
        return self.judgements[space]

    # The shelf.

    def check(self, name):
        if name != name.lower():
            raise Invalid("No name.", where="name", rule="name")

    async def stage(self, mirror):
        return Staging(self, mirror)

    def _held(self, tenant, name):
        return self.tx.shelf.get((tenant, name), {})

    async def latest(self, tenant, name):
        held = self._held(tenant, name)
        return held[max(held)][0] if held else None

    async def versions(self, tenant, name):
        return [version for _, (version, _) in sorted(self._held(tenant, name).items())]

    async def files(self, version):
        found = self._held(version.tenant, version.name)[version.number][1]
        return [HeldFile(path, size, "0" * 64) for path, size in sorted(found.items())]

    async def delete(self, version, reason):
        if version.id in self.kept:
            return Held(version.id, self.kept[version.id])
        del self._held(version.tenant, version.name)[version.number]
        self.gone.setdefault(version.name, []).append(version.number)
        return None

    async def purge(self, mirror, reason):
        held = [one for version in await self.versions(mirror.tenant, mirror.name) if (one := await self.delete(version, reason))]
        return Purged(receipts=tuple(f"led_{number}" for number in self.gone.get(mirror.name, [])), held=tuple(held))

    # The transport.

    async def fetch(self, tenant, transfer, staging, previous):
        self.previous.append(None if previous is None else previous.id)
        staging.staged = dict(self.offered)
        if self.fetching:
            await self.fetching.pop(0)()
        return Fetched(moved=10, verified=True)


class Onward:
    def __init__(self, world):
        self.world = world

    async def pinned(self, tenant, name):
        return self.world.pinned_versions

    async def withdraw(self, mirror):
        self.world.withdrawn.append(mirror.name)

    async def uses(self, mirror, since):
        return [one for one in self.world.lines if one.at >= since]


class Log:
    def __init__(self, world):
        self.world = world

    async def look(self, tenant, peer):
        pass

    def mirrored(self, tx, mirror, version, moved, removed):
        tx.log.append(("mirrored", version.id, moved, removed))

    def kept(self, tx, mirror, held):
        tx.log.append(("kept", *(f"{one.version}: {one.reason}" for one in held)))

    def report(self, tx, mirror, since, lines, digests):
        tx.log.append(("report", [(digests[one.who], one.use, one.size) for one in lines]))
        return [f"led_{len(tx.log)}"]


async def away():
    raise PeerUnreachable("Nobody answers.")
