"""Keys, credentials and status lists across a backup and a restore: what was taken back stays so, what was proved can be proved again."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from hanse.anchor.records import Approval
from hanse.app.build import Parts
from hanse.app.recovery.anchors import place_by_clock
from hanse.app.recovery.backup import backup
from hanse.app.recovery.confirm import confirm
from hanse.app.recovery.restore import restore
from hanse.app.recovery.restoring import WAITS
from hanse.app.space import hand_over
from hanse.identity.status import decode_bits
from tests.scenarios.operations.world import World, running, until

OLD = "did:web:elsewhere.example:participants:old"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    return World(tmp_path, request.getfixturevalue("postgres_database") if request.param == "postgres" else "")


@contextlib.asynccontextmanager
async def both(world, north=None):
    async with running(world.south, world.clock) as other, running(north or world.north, world.clock) as one:
        yield one, other


async def knock(world, token, at="north"):
    """Ask for a negotiation that is not there: 404 is for members alone."""
    settings, name = (world.north, "acme") if at == "north" else (world.south, "zoo")
    async with httpx.AsyncClient() as client:
        url = f"{settings.public_root}/participants/{name}/dsp/2025-1/negotiations/neg_none"
        return await client.get(url, headers={"Authorization": f"Bearer {token}"})


async def as_zoo(world, south):
    return await knock(world, await south.wallet.tokens.token_for("zoo", world.acme.did))


async def as_acme(world, north):
    return await knock(world, await north.wallet.tokens.token_for("acme", world.zoo), "south")


async def deal(world, north, south):
    """See that both sides take each other for members."""
    world.clock.ahead += timedelta(seconds=6)  # one that has just started may have missed the other's document, and asks again by then
    for took in (await as_zoo(world, south), await as_acme(world, north)):
        assert took.status_code == 404, took.text


async def issued_to(north, did):
    return {one.type: one for one in await north.management.issuing.page("anchor", "harbour", holder=did)}


async def bits(north, purpose, number):
    """Read a status list as everybody does."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{north.settings.public_root}/spaces/harbour/status/{purpose}-{number}")
    payload = answer.text.split(".")[1]
    return decode_bits(json.loads(base64.urlsafe_b64decode(payload + "=="))["credentialSubject"]["encodedList"])


def test_what_was_taken_back_after_the_backup_stays_taken_back(world, tmp_path):
    async def scenario():
        async with both(world) as (north, south):
            await world.populate(north, south)
            await deal(world, north, south)
            await backup(world.north, tmp_path / "space.hbk", world.clock)
            made = await _take_back(world, north)
        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert outcome.continued
        assert outcome.advice == []
        world.clock.ahead += timedelta(minutes=6)  # both have read each other's DID document anew by then
        async with both(world) as (north, south):
            await _stays_taken_back(world, north, made)
            await deal(world, north, south)

    asyncio.run(scenario())


async def _take_back(world, north):
    management, wallet = north.management, north.ground.wallet
    made = {"role": (await issued_to(north, world.zoo))["DataConsumerCredential"]}
    await management.issuing.revoke("anchor", "harbour", made["role"].id, "not needed", "Ann")
    await management.issuing.issue_now("anchor", "harbour", OLD)
    made["old"] = (await issued_to(north, OLD))["MembershipCredential"]
    await management.members.suspend("anchor", "harbour", OLD, "asked to explain")
    text = (await management.rulebooks.published("harbour")).text
    ann = Approval(operator="op_ann", name="Ann", at=world.clock.now())
    await management.rulebooks.publish("anchor", "harbour", text + "# second\n", ann)
    [key] = await wallet.keys("acme")
    made["stolen"] = key.kid
    since = world.clock.now()
    made["new"] = (await north.ground.database.run(lambda tx: wallet.compromise(tx, "acme", key.kid, since))).kid
    made["last"] = await north.ground.database.read(lambda tx: tx.status_lists.last("harbour"))
    return made


async def _stays_taken_back(world, north, made):
    role, old = made["role"], made["old"]
    assert (await bits(north, "revocation", role.number))[role.index]
    assert (await bits(north, "suspension", old.number))[old.index]
    assert (await issued_to(north, OLD))["MembershipCredential"].status == "suspended"
    assert (await north.management.rulebooks.published("harbour")).version == 2
    await hand_over(north, world.space, "acme", world.acme.did)
    numbers = [(one.number, one.index) for one in await north.management.issuing.page("anchor", "harbour")]
    assert len(set(numbers)) == len(numbers), "a place was given twice"
    assert await north.ground.database.read(lambda tx: tx.status_lists.last("harbour")) > made["last"]
    stolen, new = await north.ground.wallet.keys("acme")
    assert (stolen.kid, stolen.state, new.kid, new.state) == (made["stolen"], "compromised", made["new"], "active")
    assert (await north.ground.database.read(lambda tx: tx.keys.list("acme")))[0].sealed == b""


def test_without_the_old_database_what_came_after_the_backup_counts_no_more_and_is_offered_anew(world, tmp_path):
    async def scenario():
        async with both(world) as (north, south):
            await world.populate(north, south)
            await backup(world.north, tmp_path / "space.hbk", world.clock)
            await hand_over(north, world.space, "zoo", world.zoo, south)
            lost = (await south.wallet.credentials.page("zoo", after=None, limit=9))[0]
            assert (await as_zoo(world, south)).status_code == 404
        fresh = await _lose_everything_but_the_master_key(world, tmp_path)
        outcome = await restore(fresh, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not outcome.continued
        assert len(outcome.advice) == 2
        await confirm(fresh, ["all"], world.clock)
        moment = outcome.moment
        world.clock.ahead += timedelta(minutes=2)
        async with both(world, fresh) as (north, south):
            await _void(north, lost)
            assert not any(one.reason == WAITS for one in await north.management.issuing.page("anchor", "harbour"))
            await _renewed(world, south, lost, place_by_clock(moment))
            await deal(world, north, south)
            assert (await north.management.rulebooks.published("harbour")).version > 1

    asyncio.run(scenario())


async def _lose_everything_but_the_master_key(world, folder):
    (folder / "fresh").mkdir()
    shutil.copy(folder / "north" / "master.key", folder / "fresh" / "master.key")
    shutil.rmtree(folder / "north")
    return structs.replace(world.north, home=str(folder / "fresh"), database="")


async def _void(north, lost):
    """See that a credential that was given after the backup is revoked, although nobody has a record of it."""
    payload = json.loads(base64.urlsafe_b64decode(lost.text.split(".")[1] + "=="))
    entries = {one["statusPurpose"]: one for one in payload["credentialStatus"]}
    entry = entries["revocation"]
    number = int(entry["statusListCredential"].rpartition("-")[2])
    assert (await bits(north, "revocation", number))[int(entry["statusListIndex"])]


async def _renewed(world, south, lost, place):
    """Wait until the wallet has been offered new credentials, has asked for them, and has them."""

    async def renewed():
        held = await south.wallet.credentials.page("zoo", after=None, limit=9)
        return held if lost.text not in {one.text for one in held} and len(held) >= 2 else None

    for one in await until(renewed, "the new credentials"):
        status = json.loads(base64.urlsafe_b64decode(one.text.split(".")[1] + "=="))["credentialStatus"][0]
        assert int(status["statusListCredential"].rpartition("-")[2]) == place.number
        assert int(status["statusListIndex"]) >= place.index


def test_a_copy_from_before_the_last_credential_cannot_vouch(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
        shutil.copy(tmp_path / "north" / "hanse.db", tmp_path / "old.db")
        world.clock.ahead += timedelta(seconds=2)
        async with running(world.north, world.clock) as north:
            await north.management.issuing.issue_now("anchor", "harbour", world.acme.did)
            await backup(world.north, tmp_path / "space.hbk", world.clock)
        for left in tmp_path.glob("north/hanse.db-*"):
            left.unlink()
        shutil.copy(tmp_path / "old.db", tmp_path / "north" / "hanse.db")
        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not outcome.continued
        assert outcome.counts["members to be confirmed"] == 1

    asyncio.run(scenario())


def test_a_wallet_is_recovered_with_the_master_key_and_a_rotated_key_with_it(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with both(world) as (north, south):
            await world.populate(north, south)
            await north.ground.database.run(lambda tx: north.ground.wallet.rotate(tx, "acme"))
            before = await _wallet(north)
            assert [key.state for key in before[0]] == ["retired", "active"]
            await backup(world.north, tmp_path / "space.hbk", world.clock)
        fresh = await _lose_everything_but_the_master_key(world, tmp_path)
        await restore(fresh, tmp_path / "space.hbk", Parts(clock=world.clock))
        await confirm(fresh, ["all"], world.clock)
        world.clock.ahead += timedelta(minutes=2)
        async with both(world, fresh) as (north, south):
            assert (await _wallet(north))[0] == before[0]
            # South takes what the recovered key signs, and verifies the credentials that the anchor's key signed before.
            await deal(world, north, south)
            await north.ground.database.run(lambda tx: north.ground.wallet.rotate(tx, "acme"))
            assert len((await _wallet(north))[0]) == 3

    asyncio.run(scenario())


async def _wallet(north):
    held = await north.wallet.credentials.page("acme", after=None, limit=9)
    return await north.ground.wallet.keys("acme"), {one.text for one in held}
