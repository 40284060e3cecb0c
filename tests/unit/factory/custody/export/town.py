"""What an export collects from, in memory."""

from __future__ import annotations

from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.evidence.archive.format import KnownDid
from hanse.evidence.archive.pack import Agreed
from hanse.evidence.checkpoint import Checkpoint, origin_of, sign_checkpoint
from hanse.evidence.dsse import read_envelope
from hanse.evidence.merkle import inclusion_proof
from hanse.evidence.statement import Subject, statement_of
from hanse.factory.custody.export.ports import Logged, Pen, Proved
from hanse.factory.custody.export.service import Exporting
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound
from tests.unit.evidence.archive.built import ACME, AGREEMENT, DATASET, NOW, VERSION, ZOO, Case


class World:
    """One participant's rooms, all of them: they are filled by a `Case`."""

    def __init__(self):
        self.case = Case(witnessed=False)
        self.held = {
            VERSION: DatasetVersion(
                tenant="zoo",
                name="rain",
                number=1,
                root=self.case.root,
                count=3,
                size=108,
                stored=NOW,
                agreement=AGREEMENT,
                provider=ACME,
                dataset=DATASET,
                sums="provider",
                origin=Origin(places=("DE",)),
            )
        }
        self.lists = {VERSION: [HeldFile(one.path, one.size, one.sha256) for one in self.case.files]}
        self.known = {AGREEMENT: Agreed(self.case.agreement, self.case.normal, ("Zoo may use the data.",))}
        self.written = {}
        self.dids = {one.did: one for one in (self.case.zoo, self.case.acme, self.case.anchor)}
        rooms = (self.Agreements(self), self, self, self.Credentials(self), self.Versions(self), self.Documents(self))
        self.exporting = Exporting(*rooms, ManualClock(NOW), "hanse 0")

    class Agreements:
        def __init__(self, world):
            self.world = world

        async def get(self, tenant, id):
            return self.world.known.get(id)

    class Versions:
        def __init__(self, world):
            self.world = world

        async def get(self, tenant, id):
            return self.world.held.get(id)

        async def under(self, tenant, agreement):
            return [one for one in self.world.held.values() if one.agreement == agreement]

        async def files(self, tenant, id):
            return self.world.lists.get(id)

    class Documents:
        def __init__(self, world):
            self.world = world

        async def of(self, tenant, subject):
            return self.world.written.get(subject, [])

    class Credentials:
        def __init__(self, world):
            self.world = world

        async def of(self, tenant, holder):
            return [one for one in self.world.case.credentials if one.record.holder == holder]

    # The log.

    async def about(self, tenant, agreement):
        receipts = {one.entry: bytes(one.envelope) for one in self.case.receipts}
        for index in reversed(range(len(self.case.log.raws))):
            raw = self.case.log.raws[index]
            envelope = read_envelope(raw)
            if statement_of(envelope).predicate.agreement == agreement:
                signer = envelope.keyid.partition("#")[0]
                key = dict(self.dids[signer].key.public_jwk)
                yield Logged(index=index, signer=signer, at=NOW, raw=raw, key=key, receipt=receipts.get(index, b""))

    async def prove(self, tenant, indexes):
        log, size = self.case.log, len(self.case.log.raws)
        if any(index >= size for index in indexes):
            raise NotFound("There is no such entry.")
        key = self.case.zoo.key
        note = sign_checkpoint(Checkpoint(origin_of(ZOO), size, log.edge.root), key.public_jwk, key.sign_bytes)
        return Proved(note, {index: inclusion_proof(index, size, log.node) for index in indexes})

    # Identities.

    async def pen(self, tenant):
        return Pen(ZOO, self.case.zoo.kid, self.case.zoo.key.sign_bytes)

    async def own_keys(self, tenant):
        return {self.case.zoo.kid: dict(self.case.zoo.key.public_jwk) | {"d": "never"}}

    async def document(self, tenant, did):
        party = self.dids.get(did)
        return party.document() if party is not None else KnownDid(did)

    def state(self, says, name, digest):
        self.case.state(says, Subject.of(name, digest))
