"""Second implementations of what custody needs from outside."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta

from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.evidence import kinds as k
from hanse.evidence.kinds import kind_of
from hanse.factory.custody.drills import Drilling
from hanse.factory.custody.looking import Looking
from hanse.factory.custody.models import Models
from hanse.factory.custody.ports import Contract, Fetched, Logged
from hanse.factory.custody.questions import Questions
from hanse.factory.custody.register import Register, Rules
from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import RandomIds
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.names import HANSE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Tenant("acme")
OWN, PROVIDER = Did("did:web:acme"), Did("did:web:meteo")
AGREEMENT = "agr_1"


def version(name="rain", number=1, **more):
    fields = {"root": f"{number:064x}", "count": 1, "size": 100, "stored": NOW - timedelta(days=9)}
    origin = Origin(places=("DE",), rights="CC-BY-4.0", personal=False)
    return DatasetVersion(tenant=ACME, name=name, number=number, **fields | {"origin": origin} | more)


class Tx:
    """The register in memory."""

    def __init__(self, world):
        self.world = world
        self.custody = self
        self._keepings, self._holds, self._drills = {}, {}, {}

    def keeping(self, tenant, version, keeper):
        return self._keepings.get((tenant, version, keeper))

    def keepings(self, tenant, version=None):
        return [one for key, one in sorted(self._keepings.items()) if key[0] == tenant and version in (None, key[1])]

    def put_keeping(self, one):
        self._keepings[one.tenant, one.version, one.keeper] = one

    def drop_keeping(self, tenant, version, keeper):
        del self._keepings[tenant, version, keeper]

    def hold(self, tenant, id):
        return self._holds.get((tenant, id))

    def holds(self, tenant, version=None, *, standing=False):
        found = [one for key, one in sorted(self._holds.items()) if key[0] == tenant and version in (None, one.version)]
        return [one for one in found if not standing or one.lifted is None]

    def put_hold(self, one):
        self._holds[one.tenant, one.id] = one

    def drill(self, tenant, version):
        return self._drills.get((tenant, version))

    def drills(self, tenant):
        return [one for key, one in sorted(self._drills.items()) if key[0] == tenant]

    def put_drill(self, one):
        self._drills[one.tenant, one.version] = one


class Shelf:
    """Versions with their bytes."""

    def __init__(self, clock):
        self.clock = clock
        self.versions, self.bytes, self.chunks, self.faults = {}, {}, {}, {}

    async def get(self, tenant, id):
        return self.versions.get(id)

    async def page(self, tenant, *, name=None, agreement=None):
        found = [one for one in self.versions.values() if name in (None, one.name)]
        return [one for one in found if agreement is None or agreement in one.agreements]

    async def made_of(self, tenant, id):
        return [one for one in self.versions.values() if id in {each.version for each in one.made_of}]

    def known(self, tx, tenant, id):
        return self.versions.get(id)

    async def files(self, tenant, id):
        found = self.bytes.get(id)
        if found is None:
            return None
        return [HeldFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in sorted(found.items())]

    async def read(self, tenant, id, path):
        data = self.bytes[id][path]
        for start in range(0, len(data), 7):
            yield data[start : start + 7]

    async def holds_chunk(self, tenant, id, blake3):
        return blake3 in self.chunks.get(id, ())

    async def fetch(self, tenant, id, progress):
        self.clock.advance(seconds=2)
        one = self.versions[id]
        progress(one.size)
        return Fetched(files=one.count, size=one.size, problems=tuple(self.faults.get(id, ())))


class World:
    """Everything around the room: a log, agreements and what they owe, and letters."""

    def __init__(self, **rules):
        self.clock = ManualClock(NOW)
        self.entries, self.told, self.owed = [], [], []
        self.tx, self.shelf = Tx(self), Shelf(self.clock)
        rules, shelf = Rules(**rules), self.shelf
        self.register = Register(self, self, self, shelf, self, rules, self.clock, RandomIds(self.clock), salt=lambda: "5a" * 16)
        self.models = Models(self, self, shelf, self, self.register, rules, self.clock)
        self.drilling = Drilling(self, self, shelf, shelf, self.register, self.clock, random.Random(7))
        self.looking = Looking(self, self, shelf, self.models)
        self.questions = Questions(self, shelf, self, self.models, self.register)

    def put(self, one, files=None):
        """Store a version; `files` are its bytes by path."""
        self.shelf.versions[one.id] = one
        self.shelf.bytes[one.id] = files or {}
        return one

    def open(self, one, action="train"):
        """State that a version was opened."""
        says = k.Opened(agreement=one.agreement or "", version=one.id, root=one.root, action=HANSE + action, operator="op_1")
        return self.append(self.tx, ACME, None, says)

    def kinds(self):
        return [kind_of(one.says) for one in self.entries]

    # Database.

    async def run(self, work):
        return work(self.tx)

    async def read(self, work):
        return work(self.tx)

    # Log.

    def append(self, tx, tenant, subject, says):
        self.entries.append(Logged(len(self.entries), self.clock.now(), OWN, says))
        return len(self.entries) - 1

    def append_many(self, tx, tenant, said):
        return [self.append(tx, tenant, subject, says) for subject, says in said]

    async def of(self, tenant, agreement, kinds):
        return [one for one in reversed(self.entries) if one.says.agreement == agreement and kind_of(one.says) in kinds]

    # Letters.

    async def look(self, tenant, agreement):
        pass

    def tell(self, tx, tenant, notice):
        self.told.append(notice)

    # Agreements.

    async def get(self, tenant, id):
        return Contract(id=id, provider=PROVIDER, consumer=OWN, since=NOW, words=("Use is permitted.",)) if id == AGREEMENT else None

    def deletions(self, tx, tenant, id):
        return list(self.owed)

    def own(self, tx, tenant):
        return OWN
