"""A restore fetches nothing again by itself that may have been ended or recalled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hanse.app.recovery import former as formerly
from hanse.app.recovery.mirrors import halt_mirrors
from hanse.app.recovery.restoring import Restoring
from hanse.factory.mirrors.records import Mirror, MirrorState
from hanse.storage import open_database
from tests.unit.app.recovery.world import NOW, TAKEN

MIRRORS = [
    Mirror(
        tenant=tenant,
        name=name,
        provider="did:web:mill.example",
        dataset="ds_1",
        agreement="agr_1",
        made=NOW,
        by="ann",
        salt="s",
        reported=NOW,
        every=timedelta(hours=6),
        due=NOW,
        transfer="trf_1",
        state=state,
    )
    for tenant, name, state in (
        ("port", "a", MirrorState.ACTIVE),
        ("port", "b", MirrorState.PURGING),
        ("port", "c", MirrorState.ENDED),
        ("mill", "a", MirrorState.ACTIVE),
    )
]


def test_a_mirror_is_refreshed_by_hand_only_unless_somebody_vouches_for_it():
    async def whole():
        database = await open_database(":memory:")
        try:

            def work(tx):
                for mirror in MIRRORS:
                    tx.mirrors.put(mirror)
                restoring = Restoring(tx, formerly.read(tx), NOW, TAKEN, True)
                restoring.vouched.add("mill")
                halt_mirrors(restoring)
                return restoring, [one for tenant in ("port", "mill") for one in tx.mirrors.of(tenant)]

            return await database.run(work)
        finally:
            await database.close()

    restoring, (halted, *others) = asyncio.run(whole())
    assert (halted.every, halted.due, halted.transfer, halted.state) == (None, None, "", MirrorState.ACTIVE)
    assert f"{TAKEN:%Y-%m-%d}" in halted.problem
    assert others == MIRRORS[1:]
    assert restoring.counts["mirrors halted"] == 1
    assert "hanse mirror schedule" in restoring.advice[-1]
