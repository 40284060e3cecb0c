"""Two participants with keys and one agreement, on a real database, each with a ledger; letters are carried by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from hanse.identity.did import Service
from hanse.identity.exchange import drive
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound, PeerUnreachable
from hanse.kernel.ids import RandomIds
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.exchange import Evidence
from hanse.ledger.log import Ledger
from hanse.ledger.peers import EvidencePeers
from hanse.ledger.ports import Parties
from hanse.wallet.seal import MasterKeySealer
from hanse.wallet.signing import Signing
from hanse.wallet.wallet import Wallet

NOW = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ACME, ZOO, OWL = Tenant("acme"), Tenant("zoo"), Tenant("owl")
AGREEMENT = "agr_1"


def did(tenant):
    return Did(f"did:web:localhost%3A8400:participants:{tenant}")


class Agreements:
    """Acme provides to zoo; owl has an agreement of its own with zoo."""

    def __init__(self):
        self.known = {
            (ACME, AGREEMENT): (ACME, ZOO, True),
            (ZOO, AGREEMENT): (ZOO, ACME, False),
            (OWL, "agr_owl"): (OWL, ZOO, True),
            (ZOO, "agr_owl"): (ZOO, OWL, False),
        }

    def implied(self, tx, tenant, agreement, sender):
        pass

    def parties(self, tx, tenant, agreement):
        found = self.known.get((tenant, agreement))
        if found is None:
            return None
        own, peer, provides = found
        digest = ("ab" if agreement == AGREEMENT else "cd") * 32
        return Parties(own=did(own), peer=did(peer), provides=provides, digest=digest, since=NOW)


class Letters:
    """Keeps what is queued, in the transaction's order."""

    def __init__(self):
        self.queued = []

    def queue(self, tx, **letter):
        self.queued.append(letter)
        return "ltr_1"


class Town:
    """Everything in one process; `lists` are the participants whose DID documents list an EvidenceService."""

    def __init__(self, database):
        self.database = database
        self.clock = ManualClock(NOW)
        self.ids = RandomIds(self.clock)
        sealer = MasterKeySealer(b"k" * 32)
        self.lists = {ACME, ZOO, OWL}
        self.asked = []
        self.wallet = Wallet(database, sealer, self.clock, self.ids, self._services)
        self.signing = Signing(sealer, self.clock)
        self.agreements = Agreements()
        self.letters = Letters()
        self.ledger = Ledger(database, self.signing, self.agreements, self.clock, self.ids)
        self.peers = EvidencePeers(self, self.clock)
        self.evidence = Evidence(database, self.ledger, self.signing, self.agreements, self.letters, self.peers, self.clock, self.ids)
        database.subscribe(self.evidence.on_event)

    async def settle_in(self, *kinds):
        for number, tenant in enumerate((ACME, ZOO, OWL)):
            kind = kinds[number] if number < len(kinds) else "P-256"
            await self.database.run(lambda tx, one=tenant, kind=kind: self.wallet.create(tx, one, did(one), kind))
        return self

    def _services(self, tenant, own):
        there = tenant in self.lists
        return [Service(f"{own}#evidence", "EvidenceService", "http://localhost/evidence")] if there else []

    async def resolve(self, asked, *, fresh=False):
        self.asked.append(asked)
        try:
            return await self.wallet.document(Tenant(asked.rpartition(":")[2]))
        except NotFound as fault:
            raise PeerUnreachable(fault.message) from None

    async def drive(self, exchange):
        documents = {}
        for tenant in (ACME, ZOO, OWL):
            documents[did(tenant)] = await self.wallet.document(tenant)
        return drive(exchange, lambda asked: documents[asked.did])

    async def append(self, tenant, says, **more):
        return await self.database.run(lambda tx: self.ledger.append(tx, tenant, says, **more))

    async def deliver(self, raw, sender=ZOO, to=ACME):
        """Do what the endpoint does: prove, then take."""
        opened = await self.drive(self.evidence.open(raw, did(sender)))
        return await self.database.run(lambda tx: self.evidence.take(tx, to, did(to), did(sender), opened))
