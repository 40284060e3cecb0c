"""What has expired is forgotten on every engine (the rules are tested in `tests/unit/app/test_upkeep.py`)."""

from __future__ import annotations

from hanse.anchor.records import IssuanceState
from hanse.app.upkeep import ISSUANCES_KEPT, ISSUED_KEPT, PRESENTED_KEPT, Upkeep
from hanse.kernel.clock import ManualClock
from hanse.kernel.ids import CountedIds
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet
from tests.contract.storage import stage
from tests.contract.storage.stage import NOW, OTHER, PEER, A, later, on

TABLES = ("replays", "access_tokens", "issued_credentials", "issuances", "presented")


def _fill(tx):
    ended, answered, shown = (NOW - kept - (later(days=1) - NOW) for kept in (ISSUED_KEPT, ISSUANCES_KEPT, PRESENTED_KEPT))
    tx.replays.consume(A, PEER, "jti", later(hours=-1))
    tx.access_tokens.put(stage.access("h1", expires=later(hours=-1)))
    for n in range(3):
        tx.issued.put(stage.issued(f"vc_{n}", valid_until=ended))
        tx.issuances.put(stage.issuance(f"iss_{n}", state=IssuanceState.ISSUED, created=answered, updated=answered))
    tx.presented.put(stage.presented(at=shown))
    tx.presented.put(stage.presented(holder=OTHER, at=shown))
    tx.keys.put(stage.key(number=1))
    tx.keys.put(stage.key(number=2))


def test_everything_that_has_expired_goes(address):
    async def scenario(db):
        clock = ManualClock(NOW)
        await db.run(_fill)
        await Upkeep(db, clock, Wallet(db, MasterKeySealer(new_master_key()), clock, CountedIds())).prune()
        left = await db.read(lambda tx: {table: tx.rows.one(f"SELECT count(*) FROM {table}")[0] for table in TABLES})
        assert left == dict.fromkeys(TABLES, 0)

    on(address, scenario)
