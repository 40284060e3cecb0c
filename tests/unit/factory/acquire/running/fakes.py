"""Second implementations of what carrying out needs: a provider, a facility, a transport, a log; each call can be the last one."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from datetime import UTC, datetime

from msgspec import structs

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.acquire.running.ports import Deal, Fetched, Flow, Talk
from hanse.kernel.errors import Conflict, NotFound, PeerRefused, StorageFailed
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.match.coverage import match
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.normal import terms_hash
from hanse.odrl.templates import parse_template

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TENANT = "factory"


def terms(text="members"):
    return parse_template(text, START)


class Killed(BaseException):
    """The process is dead."""


def held(path, content):
    return HeldFile(path, len(content), hashlib.sha256(content).hexdigest())


class Taps:
    """Counts calls that leave the runner, before and after their effect; from the deadly one on none gets through."""

    def __init__(self):
        self.count = 0
        self.deadly = 0
        self.dead = False
        self.died = asyncio.Event()

    def __call__(self):
        self.count += 1
        if self.dead or self.count == self.deadly:
            self.dead = True
            self.died.set()
            raise Killed


class TappedDatabase:
    def __init__(self, database, taps):
        self._database, self._taps = database, taps

    async def run(self, work):
        self._taps()
        found = await self._database.run(work)
        self._taps()
        return found

    async def read(self, work):
        self._taps()
        return await self._database.read(work)


class Changes:
    """Wakes those who wait for a negotiation or a transfer."""

    def __init__(self):
        self._events = {}

    def of(self, id):
        return self._events.setdefault(id, asyncio.Event())

    def touch(self, id):
        self.of(id).set()


class Provider:
    """What a provider and the connector between remember; it survives every kill."""

    def __init__(self):
        self.data = {}
        self.counter = None
        self.silent = False
        self.lost = False
        self.refuses = ""
        self.terms = terms()
        self.deals = {}
        self.talks = {}
        self.flows = {}
        self.stated = []
        self.changes = Changes()
        self.requests = Counter()


class Dealings:
    """The connector's side, as the port says; a provider that answers by rule."""

    def __init__(self, provider, database, taps):
        self._provider, self._database, self._taps = provider, database, taps
        self._note = Counter()

    async def standing(self, tenant, peer, dataset):
        self._taps()
        return [
            Deal(id=id, terms=one["terms"]) for id, one in self._provider.deals.items() if one["dataset"] == dataset and not one["ended"]
        ]

    def deal(self, tx, tenant, agreement):
        one = self._provider.deals.get(agreement)
        return None if one is None else Deal(id=agreement, terms=one["terms"], ended=one["ended"])

    async def covers(self, tenant, planned, offered):
        return match(planned, offered, BUILT_IN).verdict is Verdict.COVERED

    async def under_way(self, tenant, peer, dataset, hash):
        self._taps()
        found = [id for id, one in self._provider.talks.items() if one["dataset"] == dataset and one["state"] in ("REQUESTED", "OFFERED")]
        return next((id for id in found if terms_hash(self._provider.talks[id]["asked"]) == hash), None)

    async def negotiate(self, item, by, note):
        self._taps()
        provider = self._provider
        provider.requests["negotiate"] += 1
        id = f"neg_{len(provider.talks) + 1}"
        await self._database.run(lambda tx: note(tx, id))
        asked = item.need or item.offer.terms
        provider.talks[id] = {"state": "REQUESTED", "asked": asked, "terms": asked, "dataset": item.dataset, "said": "", "agreement": None}
        if provider.lost:
            provider.talks[id] |= {"state": "TERMINATED", "said": "It could not be delivered.", "lost": True}
        elif provider.refuses:
            provider.talks[id] |= {"state": "TERMINATED", "said": provider.refuses}
        elif provider.counter is not None:
            provider.talks[id] |= {"state": "OFFERED", "terms": provider.counter}
        elif not provider.silent:
            self.agree(id)
        self._taps()
        return id

    def agree(self, id):
        provider = self._provider
        talk = provider.talks[id]
        agreement = f"agr_{len(provider.deals) + 1}"
        provider.deals[agreement] = {"terms": talk["terms"], "dataset": talk["dataset"], "ended": ""}
        talk |= {"state": "FINALIZED", "agreement": agreement}
        provider.changes.touch(id)

    async def talk(self, tenant, id, seconds=0.0):
        self._taps()
        one = self._provider.talks[id]
        if seconds and one["state"] == "REQUESTED":
            await wait(self._provider.changes.of(id), seconds)
        one = self._provider.talks[id]
        state = one["state"]
        return Talk(
            id=id,
            state=state,
            final=state in ("FINALIZED", "TERMINATED"),
            terms=one["terms"],
            agreement=one["agreement"],
            ours=state == "OFFERED",
            refused=state == "TERMINATED" and not one.get("lost"),
            said=one["said"],
        )

    async def accept(self, tenant, id, by):
        self._taps()
        if self._provider.talks[id]["state"] == "OFFERED":
            self.agree(id)
        self._taps()

    async def refuse(self, tenant, id, reason):
        self._taps()
        one = self._provider.talks[id]
        if one["state"] not in ("FINALIZED", "TERMINATED"):
            one |= {"state": "TERMINATED", "said": reason}
        self._taps()

    async def ask(self, item, stated, by, note):
        self._taps()
        provider = self._provider
        if provider.deals[item.agreement]["ended"]:
            raise Conflict("The agreement ended.", rule="ended")
        provider.stated.append(dict(stated))
        id = f"trf_{len(provider.flows) + 1}"
        await self._database.run(lambda tx: note(tx, id))
        provider.flows[id] = {"state": "STARTED", "agreement": item.agreement, "dataset": item.dataset, "said": "", "by": "us"}
        if provider.deals[item.agreement].get("spent"):
            provider.flows[id] |= {"state": "TERMINATED", "said": "It was used as often as it may be.", "by": "peer"}
        self._taps()
        return id

    async def flow(self, tenant, id, until, seconds=0.0):
        self._taps()
        one = self._provider.flows[id]
        if seconds and one["state"] not in (*until, "COMPLETED", "TERMINATED"):
            await wait(self._provider.changes.of(id), seconds)
        state = one["state"]
        final = state in ("COMPLETED", "TERMINATED")
        return Flow(id=id, state=state, final=final, refused=state == "TERMINATED" and one["by"] == "peer", said=one["said"])

    async def left(self, tenant, id):
        while self._provider.flows[id]["state"] == "STARTED":
            event = self._provider.changes.of(id)
            event.clear()
            await event.wait()

    async def resume(self, tenant, id):
        self._provider.flows[id]["state"] = "STARTED"

    async def complete(self, tenant, id):
        self._taps()
        if self._provider.flows[id]["state"] == "STARTED":
            self._provider.flows[id]["state"] = "COMPLETED"
        self._taps()

    async def end(self, tenant, id, reason):
        self._taps()
        if self._provider.flows[id]["state"] not in ("COMPLETED", "TERMINATED"):
            self._provider.flows[id] |= {"state": "TERMINATED", "said": reason, "by": "us"}
        self._taps()


async def wait(event, seconds):
    event.clear()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class Shelf:
    """What a facility has on its disk."""

    def __init__(self):
        self.staged = {}
        self.holders = Counter()
        self.versions = {}
        self.contents = {}
        self.full = False
        self.forgetful = False


class Staging:
    def __init__(self, shelf, order, item, database, taps):
        self._shelf, self._database, self._taps = shelf, database, taps
        self._order, self._item = order, item
        self.key = (item.order, item.number, item.agreement)
        shelf.holders[self.key] += 1
        self._turn = shelf.holders[self.key]
        self._files = dict(shelf.staged.get(self.key, {}))

    async def have(self, path):
        found = self._files.get(path)
        return None if found is None else held(path, found)

    def put(self, path, content):
        self._check()
        if self._shelf.full:
            raise StorageFailed("There is no room left on the disk.", rule="full")
        self._files[path] = content

    async def files(self):
        return [held(path, content) for path, content in sorted(self._files.items())]

    async def read(self, path, start=0, end=None):
        yield self._files[path][start:end]

    async def suspend(self):
        self._taps()
        self._check()
        if not self._shelf.forgetful:
            self._shelf.staged[self.key] = dict(self._files)
        self._taps()

    async def commit(self, also):
        self._taps()
        self._check()
        item, files = self._item, await self.files()
        numbers = [one.number for one in self._shelf.versions.values() if one.name == item.name]
        version = DatasetVersion(
            tenant=TENANT,
            name=item.name,
            number=max(numbers, default=0) + 1,
            root=hashlib.sha256(repr(files).encode()).hexdigest(),
            count=len(files),
            size=sum(file.size for file in files),
            stored=START,
            agreement=item.agreement,
            sums="provider" if item.verified else "measured",
        )
        await self._database.run(lambda tx: also(tx, version))
        self._shelf.versions[version.id] = version
        self._shelf.contents[version.id] = dict(self._files)
        self._shelf.staged.pop(self.key, None)
        self._taps()
        return version

    async def abandon(self):
        self._taps()
        self._shelf.staged.pop(self.key, None)
        self._taps()

    def _check(self):
        if self._shelf.holders[self.key] != self._turn:
            raise Conflict("Somebody else has taken it up.", rule="committed")


class Facility:
    def __init__(self, shelf, database, taps):
        self._shelf, self._database, self._taps = shelf, database, taps

    async def stage(self, order, item):
        self._taps()
        return Staging(self._shelf, order, item, self._database, self._taps)

    async def version(self, tenant, id):
        if id not in self._shelf.versions:
            raise NotFound("There is no such version.")
        return self._shelf.versions[id]

    async def latest(self, tenant, name):
        found = [one for one in self._shelf.versions.values() if one.name == name]
        return max(found, key=lambda one: one.number, default=None)

    async def files(self, version):
        return [held(path, content) for path, content in sorted(self._shelf.contents[version.id].items())]

    async def move(self, tenant, id, place):
        self._taps()
        self._shelf.versions[id] = structs.replace(self._shelf.versions[id], tier=place)

    async def read(self, version, path, start, end):
        yield self._shelf.contents[version.id][path][start:end]


class Transport:
    def __init__(self, provider, taps):
        self._provider, self._taps = provider, taps
        self.faults = []
        self.gate = None
        self.slow = 0.0
        self.at_once = self.most = 0

    async def fetch(self, tenant, transfer, staging, previous, progress):
        self._taps()
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            return await self._fetch(transfer, staging, progress)
        finally:
            self.at_once -= 1

    async def _fetch(self, transfer, staging, progress):
        if self.faults:
            raise self.faults.pop(0)
        flow = self._provider.flows[transfer]
        if flow["state"] != "STARTED":
            raise PeerRefused("No right.", status=403)
        files, moved, done = self._provider.data[flow["dataset"]], 0, 0
        for path, content in files.items():
            if self.gate is not None:
                await self.gate.wait()
            self._taps()
            await asyncio.sleep(self.slow)
            if await staging.have(path) != held(path, content):
                staging.put(path, content)
                moved += len(content)
            done += len(content)
            progress(moved, done, sum(map(len, files.values())))
        return Fetched(size=done, files=len(files), moved=moved, verified=True)


class Documents:
    def __init__(self, taps):
        self._taps = taps
        self.made = []
        self.fault = None

    async def materialised(self, tenant, version):
        self._taps()
        if self.fault is not None:
            raise self.fault
        self.made.append(version.id)


class Log:
    """The signed log, as rows of the database would be: what a transaction undoes is undone."""

    def __init__(self):
        self.lines = []

    def acquired(self, tx, order, item, version, changes):
        tx.rows.execute("INSERT INTO told (tenant, about, name, doc) VALUES (?, ?, ?, ?)", (TENANT, version.id, version.root, b"{}"))

    def append_about(self, tx, tenant, subject, says):
        self.lines.append(says)

    async def acquisitions(self, database):
        return await database.read(lambda tx: [row[0] for row in tx.rows.all("SELECT about FROM told ORDER BY about")])
