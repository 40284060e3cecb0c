"""A town whose participants witness one another's logs: zoo and owl those of acme, carried in memory."""

from __future__ import annotations

from hanse.app.keys import derived_key
from hanse.app.note_keys import NoteKeys
from hanse.evidence import kinds as k
from hanse.evidence.checkpoint import read_checkpoint
from hanse.evidence.cosignature import read_submission
from hanse.evidence.tiles import read_tile
from hanse.kernel.errors import HanseError, NotFound, PeerUnreachable
from hanse.ledger.log import Ledger
from hanse.ledger.monitor import Monitor
from hanse.ledger.witness import KnownSize, Witness, hash_of
from hanse.ledger.witness_ports import Answer
from hanse.ledger.witnessing import Witnessing
from tests.unit.ledger.town import ACME, AGREEMENT, OWL, ZOO, Town, did

STATUS = {"Malformed": 400, "Forbidden": 403, "NotFound": 404, "Invalid": 422}


class Spaces:
    """All three are in one space; `anchored` are those whose anchor witnesses for acme."""

    def __init__(self):
        self.members = {did(one) for one in (ACME, ZOO, OWL)}
        self.anchored = [did(ZOO)]

    async def is_member(self, tenant, peer):
        return peer in self.members

    def hosts(self, tx, tenant):
        return True

    def own(self, tenant):
        return did(tenant)

    async def anchors(self, tenant):
        return [one for one in self.anchored if one != did(tenant)]


class Carrier:
    """The second implementation of the client: it calls the witness of the same process. `away` do not answer."""

    def __init__(self, town):
        self.town = town
        self.away = set()
        self.sent = []
        self.answers = {}

    async def add(self, witness, submission):
        self._there(witness)
        self.sent.append((witness, submission))
        if witness in self.answers:
            return self.answers[witness](submission)
        assert read_submission(submission.text) == submission
        return await ask(self.town, witness, submission.text)

    async def seen(self, witness, origin):
        self._there(witness)
        try:
            return await self.town.witness.seen(tenant_of(witness), hash_of(origin))
        except NotFound:
            return None

    async def keys(self, one):
        self._there(one)
        return [self.town.notes.pen(one).jwk] if one in self.town.spaces.members else []

    async def log_keys(self, one, *, fresh=False):
        document = await self.town.wallet.document(tenant_of(one))
        own = [method.public_key_jwk for method in document.verification_method if document.allows("assertionMethod", method.id)]
        return [*own, self.town.notes.pen(one).jwk]

    async def checkpoint(self, one):
        self._there(one)
        return await self.town.ledger.checkpoint(tenant_of(one))

    async def tile(self, one, path):
        self._there(one)
        return await self.town.ledger.tile(tenant_of(one), read_tile(path))

    def _there(self, one):
        if one in self.away:
            raise PeerUnreachable("Nobody answers.")


async def ask(town, witness, text):
    """Do what the endpoint does."""
    try:
        return Answer(200, await town.witness.add(tenant_of(witness), text))
    except KnownSize as known:
        return Answer(409, f"{known.size}\n")
    except HanseError as error:
        return Answer(STATUS[type(error).__name__], error.message)


class WitnessTown(Town):
    """The town, with a note key and a witness for everybody."""

    def __init__(self, database):
        super().__init__(database)
        self.notes = NoteKeys(lambda *names: derived_key(b"k" * 32, *names))
        self.spaces = Spaces()
        self.carrier = Carrier(self)
        self.events = []
        self.ledger = Ledger(database, self.signing, self.agreements, self.clock, self.ids, self.notes)
        self.witness = Witness(database, self.notes, self.spaces, self.carrier, self.clock)
        self.monitor = Monitor(database, self.spaces, self.carrier)
        self.witnessing = Witnessing(database, self.ledger, self.spaces, self.carrier, self.clock)
        database.subscribe(self.events.append)

    async def fill(self, count, tenant=ACME):
        for number in range(count):
            await self.append(tenant, k.UseBegan(agreement=AGREEMENT, use=f"trf_{number}", action="use"))
        return self

    async def watch(self, witness=ZOO):
        return next(one for one in await self.witnessing.witnesses(ACME) if one.witness == did(witness))

    async def snapshot(self):
        """Return the log's tables as they are, to be put back later: what somebody with the database can do."""
        return {table: await self.rows(table) for table in LOG}

    async def rows(self, table):
        return await self.database.read(lambda tx: tx.rows.all(f"SELECT * FROM {table} WHERE tenant = ?", (ACME,)))

    async def put_back(self, tables):
        def work(tx):
            for table, rows in tables.items():
                tx.rows.execute(f"DELETE FROM {table} WHERE tenant = ?", (ACME,))
                for row in rows:
                    tx.rows.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in row)})", tuple(row))

        await self.database.run(work)

    async def size(self):
        return read_checkpoint(await self.ledger.checkpoint(ACME)).checkpoint.size


LOG = ("ledger_heads", "ledger_entries", "ledger_nodes")


def tenant_of(one):
    return one.rpartition(":")[2]
