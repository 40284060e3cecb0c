"""A key store in a dict, and a database around it that counts how often it is asked."""

import copy
from datetime import UTC, datetime

import pytest

from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import CountedIds
from hanse.wallet.ports import SealedKey
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


class Keys:
    def __init__(self):
        self.rows: dict[tuple[str, str], SealedKey] = {}

    def list(self, tenant):
        return sorted((key for key in self.rows.values() if key.tenant == tenant), key=lambda key: key.number)

    def get(self, tenant):
        return next(iter(reversed(self.list(tenant))), None)

    def former(self):
        return [key for key in self.rows.values() if key != self.get(key.tenant)]

    def put(self, key):
        self.rows[key.tenant, key.kid] = key


class Tx:
    def __init__(self, keys):
        self._keys = keys
        self.events = []

    @property
    def keys(self):
        return self._keys

    def emit(self, event):
        self.events.append(event)


class MemoryDatabase:
    """Commits what `run` did, forgets it where it raised, and refuses to let `read` write."""

    def __init__(self):
        self.keys = Keys()
        self.reads = 0
        self.writes = 0
        self.events = []

    async def run(self, work):
        draft = copy.copy(self.keys)
        draft.rows = dict(self.keys.rows)
        tx = Tx(draft)
        result = work(tx)
        self.keys = draft
        self.writes += 1
        self.events += tx.events
        return result

    async def read(self, work):
        self.reads += 1
        draft = copy.copy(self.keys)
        draft.rows = dict(self.keys.rows)
        result = work(Tx(draft))
        assert draft.rows == self.keys.rows
        return result


@pytest.fixture
def database():
    return MemoryDatabase()


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def sealer():
    return MasterKeySealer(new_master_key())


@pytest.fixture
def wallet(database, sealer, clock):
    return Wallet(database, sealer, clock, CountedIds())
