"""Keep until against delete by, between two participants: the deletion wins over the wish to keep, and a legal hold over the deletion."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hanse.connector.explain import Explanation
from hanse.evidence.statement import digest_of
from hanse.factory.facility.records import State
from hanse.factory.mirrors.records import Mirror, MirrorState
from hanse.http.api.factory.custody_stories import CustodyStories
from hanse.kernel.errors import Conflict
from hanse.odrl.facts import Done
from hanse.odrl.names import TRAIN
from hanse.participants.roles import SERVER
from tests.scenarios.factory.facility.test_duties import fulfilled, receipts, run, state, store
from tests.scenarios.operations.world import until
from tests.scenarios.usage.world import pair, permitting

DIGEST = digest_of(b"weights")


async def trained(two, version):
    """Record a model at the consumer's."""
    return await two.south.factory.custody.desk.models.record("zoo", "rain-net", DIGEST, [version.id], TRAIN, "git:abc")


async def notices(server, tenant, contract):
    """Return what a ledger has of legal holds, oldest first."""
    page = await server.evidence.ledger.page(tenant, before=None, limit=100, agreement=contract)
    return [entry.says.text for entry in reversed(page) if entry.kind == "notice" and entry.says.about == "legal-hold"]


def test_a_deletion_that_is_owed_wins_over_custody_and_that_is_told_before(tmp_path):
    async def scenario(two):
        version = await store(two)
        desk = two.south.factory.custody.desk
        done = await trained(two, version)
        [conflict] = done.conflicts
        assert (conflict.version, conflict.agreement) == (version.id, two.contract)
        assert conflict.delete < conflict.keep
        assert f"{two.contract} owes its deletion by" in conflict.text
        [custody] = await desk.register.overview("zoo")
        assert custody.conflicts == (conflict,)
        assert (await desk.questions.where("zoo", version.id)).notes[0] == conflict.text
        assert await desk.register.troubles("zoo") == [conflict.text]
        stories = CustodyStories(two.south.front.services)
        story = await stories.of_agreement("zoo", Explanation(id=two.contract, kind="agreement", summary="", state="FINAL"))
        assert (story.who, story.until, story.related[f"in custody: {version.id}"]) == ("you", conflict.delete, conflict.text)
        assert (await stories.named("zoo", version.id)).last_error == conflict.text
        with pytest.raises(Conflict, match="in custody until"):
            await two.south.factory.facility.removal.delete("zoo", version.id, "by hand, before it is owed")
        two.world.clock.ahead = timedelta(days=1, minutes=-5)
        two.south.connector.timer.wake()
        await fulfilled(two, two.north, "acme")
        assert (await two.south.factory.facility.facility.record("zoo", version.id)).state is State.GONE
        answer = await desk.questions.where("zoo", version.id)
        assert "was deleted on" in answer.lines[0].text
        assert (await two.south.evidence.ledger.get("zoo", answer.lines[0].entry)).kind == "receipt"
        [custody] = await desk.register.overview("zoo")
        assert custody.conflicts == ()  # it is settled
        assert (await trained(two, version)).again

    run(tmp_path, scenario)


def test_a_legal_hold_stops_the_deletion_of_the_key_and_the_provider_is_told(tmp_path):
    async def scenario(two):
        version = await store(two)
        desk, facility = two.south.factory.custody.desk, two.south.factory.facility
        [hold] = await desk.register.hold("zoo", two.contract, "The case of Maria Müller.")
        assert hold.told
        assert await until(lambda: notices(two.north, "acme", two.contract), "the notice") == [
            f"A legal hold keeps {version.id}. What is owed to be deleted of it is deleted once the hold has ended."
        ]
        removed = await facility.removal.destroy("zoo", two.contract, "the terms owe it")
        assert removed.versions == ()
        assert hold.id in removed.kept[0].reason
        two.world.clock.ahead = timedelta(days=1, minutes=5)
        two.south.connector.timer.wake()

        async def violated():
            return await state(two.south, "zoo", two.contract) == [Done.VIOLATED]

        await until(violated, "the breach")
        assert (await facility.facility.record("zoo", version.id)).state is State.WHOLE
        assert await receipts(two.north, "acme", two.contract) == []
        await desk.register.lift("zoo", hold.id, "Maria Müller's case is closed.")
        two.world.clock.ahead = timedelta(days=1, hours=2)
        two.south.connector.timer.wake()
        await fulfilled(two, two.north, "acme")
        assert (await facility.facility.record("zoo", version.id)).state is State.GONE
        assert len(await notices(two.north, "acme", two.contract)) == 2
        for server, tenant in ((two.south, "zoo"), (two.north, "acme")):
            for entry in await server.evidence.ledger.page(tenant, before=None, limit=200):
                assert b"Maria" not in entry.envelope.payload

    run(tmp_path, scenario)


def test_a_hold_ends_by_itself(tmp_path):
    async def scenario(two):
        version = await store(two)
        desk, facility = two.south.factory.custody.desk, two.south.factory.facility
        end = two.world.clock.now() + timedelta(hours=2)
        await desk.register.hold("zoo", version.id, "for two hours", end)
        with pytest.raises(Conflict, match="legal hold"):
            await facility.removal.delete("zoo", version.id, "too early")
        two.world.clock.ahead = timedelta(hours=3)
        await facility.removal.delete("zoo", version.id, "now it may")
        with pytest.raises(Conflict, match="deleted"):
            await desk.register.hold("zoo", version.id, "too late")

    run(tmp_path, scenario)


def test_a_participant_is_not_erased_while_a_hold_stands(tmp_path):
    async def scenario(two):
        version = await store(two)
        desk, participants = two.south.factory.custody.desk, two.south.management.participants
        [hold] = await desk.register.hold("zoo", version.id, "a court wants it")
        with pytest.raises(Conflict, match=hold.id):
            await participants.erase(SERVER, "zoo")
        assert await two.south.factory.facility.facility.version("zoo", "rain") == version
        await desk.register.lift("zoo", hold.id)
        assert (await participants.erase(SERVER, "zoo")).counts["custody_holds"] == 1

    run(tmp_path, scenario)


def test_a_mirror_that_ended_is_purged_whatever_is_in_custody(tmp_path):
    async def scenario():
        async with pair(tmp_path, permitting()) as two:
            version = await store(two)
            done = await trained(two, version)
            assert (done.kept, done.conflicts) == ((version.id,), ())
            database, facility = two.south.ground.database, two.south.factory.facility
            assert (await facility.removal.destroy("zoo", two.contract, "our wish")).versions == ()
            now = two.world.clock.now()
            fields = {"provider": "did:web:acme", "dataset": "ds_1", "made": now, "by": "op_1", "salt": "ab", "reported": now}
            mirror = Mirror(tenant="zoo", name="rain", agreement=two.contract, state=MirrorState.PURGING, **fields)
            await database.run(lambda tx: tx.mirrors.put(mirror))
            removed = await facility.removal.destroy("zoo", two.contract, "the mirror ended")
            assert [one.id for one in removed.versions] == [version.id]

    asyncio.run(scenario())
