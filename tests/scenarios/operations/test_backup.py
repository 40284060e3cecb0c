"""A backup is taken while everything runs; a restore brings the data back, and nothing that was used, spent or taken away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import zipfile
from datetime import timedelta

import httpx
import pytest

from hanse.app.build import Parts
from hanse.app.keys import existing_master_key
from hanse.app.recovery.backup import LEFT_OUT, TAKEN, backup
from hanse.app.recovery.confirm import confirm, unconfirmed
from hanse.app.recovery.restore import restore
from hanse.app.recovery.sealed import SealingWriter, open_sealed
from hanse.kernel.errors import Malformed, Misconfigured, Unauthenticated
from hanse.participants.roles import SERVER
from hanse.storage import schema
from hanse.storage.schema import STEPS
from tests.contract.storage import stage
from tests.scenarios.operations.world import Overheard, World, private_keys, running, until


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    address = request.getfixturevalue("postgres_database") if request.param == "postgres" else ""
    return World(tmp_path, address)


@contextlib.asynccontextmanager
async def both(world):
    async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
        yield north, south


async def ask_north(world, token, path="negotiations/neg_none"):
    async with httpx.AsyncClient() as client:
        url = f"{world.north.public_root}/participants/acme/dsp/2025-1/{path}"
        return await client.get(url, headers={"Authorization": f"Bearer {token}"})


async def fetch(address):
    async with httpx.AsyncClient() as client:
        token = address.properties["authorization"]
        return await client.get(address.endpoint, headers={"Authorization": f"Bearer {token}"})


async def before(world, target):
    """Make everything, take a backup, and return what the tests compare with."""
    made = {}
    async with both(world) as (north, south):
        await world.populate(north, south)
        made["contracts"] = [await world.agree(south, asset) for asset in world.assets[:2]]
        made["transfer"], made["address"] = await world.start(south, made["contracts"][0])
        asset = world.assets[2]
        made["waiting"] = (await south.connector.negotiations.request("zoo", world.acme.did, asset.id, asset.dataset.offers[0])).id
        assert (await fetch(made["address"])).status_code == 200
        made["used before"] = await south.wallet.tokens.token_for("zoo", world.acme.did)
        assert (await ask_north(world, made["used before"])).status_code == 404
        made["manifest"] = await backup(world.north, target, world.clock)
        made["used after"] = await south.wallet.tokens.token_for("zoo", world.acme.did)
        assert (await ask_north(world, made["used after"])).status_code == 404
        assert (await ask_north(world, made["used after"])).status_code == 401
        await _take_away(world, north, made)
    return made


async def _take_away(world, north, made):
    """Erase, end, withdraw and remove, after the backup."""
    await north.management.participants.erase(SERVER, "gone")
    await north.front.services.offers.withdraw("acme", world.assets[1].id)
    await north.management.members.remove("anchor", "harbour", "did:web:elsewhere.example:participants:old", "left")
    made["version"] = (await north.management.spaces.get("harbour")).version

    def end(tx):
        contract = tx.contracts.get("acme", made["contracts"][1])
        contract.ended, contract.end_reason = north.ground.clock.now(), "The data was wrong."
        tx.contracts.put(contract)

    await north.ground.database.run(end)


async def standing(server, work):
    return await server.ground.database.read(work)


async def nothing_open(server):
    return await standing(server, lambda tx: tx.transfers.page("acme", after=None, limit=9, open_only=True)) == []


async def told(world, south, made):
    """Wait until the consumer's server has heard that its transfer ended."""

    async def ended():
        found = await world.transfer(south, made["transfer"])
        return found if found.state == "TERMINATED" else None

    return await until(ended, "the termination")


def test_nothing_comes_back_that_was_used_ended_or_taken_away(world, tmp_path):
    async def scenario():
        made = await before(world, tmp_path / "space.hbk")
        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert outcome.continued
        assert outcome.replaced is not None
        assert outcome.replaced.exists()
        assert not [what for what in outcome.counts if what.endswith("to be confirmed")]
        async with both(world) as (north, south):
            await _used_stays_used(world, north, south, made)
            await _taken_away_stays_away(world, north, made)
            ended = await told(world, south, made)
            assert any("restored from a backup" in line.detail for line in ended.history)
            await until(lambda: nothing_open(north), "the last acknowledgement")
            await _goes_on(world, north, south, made)

    asyncio.run(scenario())


async def _used_stays_used(world, north, south, made):
    for token in (made["used before"], made["used after"]):
        answer = await ask_north(world, token)
        assert answer.status_code == 401
        assert "before this server was restored" in answer.text
    assert (await fetch(made["address"])).status_code in (401, 403)
    with pytest.raises(Unauthenticated):
        await north.management.operators.authenticate(world.acme.token)
    with pytest.raises(Unauthenticated):
        await north.management.operators.authenticate(world.host)
    # The clocks may differ: only what was surely made after the restore is taken.
    world.clock.ahead += timedelta(seconds=31)
    assert (await ask_north(world, await south.wallet.tokens.token_for("zoo", world.acme.did))).status_code == 404
    assert (await ask_north(world, made["used after"])).status_code == 401


async def _taken_away_stays_away(world, north, made):
    assert await standing(north, lambda tx: tx.participants.get("gone")) is None
    assert await standing(north, lambda tx: tx.tombstones.get("gone")) is not None
    assert await standing(north, lambda tx: tx.keys.list("gone")) == []
    alive, ended = [await standing(north, lambda tx, id=id: tx.contracts.get("acme", id)) for id in made["contracts"]]
    assert alive.ended is None
    assert ended.end_reason == "The data was wrong."
    assert (await standing(north, lambda tx: tx.assets.get("acme", world.assets[1].id))).withdrawn is not None
    assert (await standing(north, lambda tx: tx.assets.get("acme", world.assets[0].id))).withdrawn is None
    assert (await standing(north, lambda tx: tx.members.get("harbour", "did:web:elsewhere.example:participants:old"))).status == "removed"
    assert (await north.management.spaces.get("harbour")).version > made["version"]
    for table in sorted(LEFT_OUT - {"letters", "outbox", "presented", "replays"}):
        assert await standing(north, lambda tx, table=table: tx.rows.all(f"SELECT 1 FROM {table}")) == []


async def _goes_on(world, north, south, made):
    """The space works: the consumer sees the member list again, and fetches under the contract that stands."""
    world.clock.ahead += timedelta(minutes=2)
    assert await south.trust.directory.require("zoo", world.acme.did)
    _, address = await world.start(south, made["contracts"][0])
    assert (await fetch(address)).text == "day,rain\n1,2\n"


def test_without_the_old_database_nothing_holds_until_a_person_confirms_it(tmp_path):
    world = World(tmp_path)

    async def scenario():
        made = await before(world, tmp_path / "space.hbk")
        for path in tmp_path.glob("north/hanse.db*"):
            path.unlink()
        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not outcome.continued
        assert outcome.replaced is None
        assert outcome.counts["contracts to be confirmed"] == 2
        async with running(world.north, world.clock) as north:
            assert (await ask_north(world, made["used after"])).status_code == 404  # suspended: not even there
            statuses = [m.status for m in await north.management.members.page("anchor", "harbour")]
            assert sorted(statuses) == ["active", "suspended", "suspended", "suspended", "suspended"][: len(statuses)]
        waiting = await unconfirmed(world.north)
        assert {one.kind for one in waiting} == {"participant", "contract", "asset", "member"}
        done = await confirm(world.north, ["acme", "anchor"], world.clock)
        assert {one.tenant for one in done} == {"acme", "anchor"}
        left = await unconfirmed(world.north)
        assert {one.tenant for one in left} == {"gone"}
        world.clock.ahead += timedelta(minutes=2)
        async with both(world) as (north, south):
            await told(world, south, made)
            _, address = await world.start(south, made["contracts"][0])
            assert (await fetch(address)).status_code == 200

    asyncio.run(scenario())


def test_an_old_copy_of_the_database_cannot_vouch_for_what_came_after_it(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with both(world) as (north, south):
            await world.populate(north, south)
        shutil.copy(tmp_path / "north" / "hanse.db", tmp_path / "old.db")
        async with both(world) as (_, south):
            await world.agree(south, world.assets[0])
            await backup(world.north, tmp_path / "space.hbk", world.clock)
        shutil.copy(tmp_path / "old.db", tmp_path / "north" / "hanse.db")
        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not outcome.continued
        assert outcome.counts["contracts to be confirmed"] == 1
        again = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not again.continued

    asyncio.run(scenario())


def test_refused_before_anything_is_changed(tmp_path):
    world = World(tmp_path)

    async def scenario():
        target = tmp_path / "space.hbk"
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
            await backup(world.north, target, world.clock)
            with pytest.raises(Misconfigured, match="uses the database"):
                await restore(world.north, target)
        untouched = (tmp_path / "north" / "hanse.db").read_bytes()
        damaged = tmp_path / "damaged.hbk"
        _rewrite(world, target, damaged, "tables/participants.jsonl", lambda body: body.replace(b"ACME", b"ACNE"))
        with pytest.raises(Malformed, match="damaged"):
            await restore(world.north, damaged)
        altered = tmp_path / "altered.hbk"
        _rewrite(world, target, altered, "manifest.json", lambda body: body.replace(b'"schema": %d' % len(STEPS), b'"schema": 1'))
        with pytest.raises(Misconfigured, match="altered"):
            await restore(world.north, altered)
        with open_sealed(target, existing_master_key(world.north.home_path)) as plain:
            (tmp_path / "plain.hbk").write_bytes(plain.read())
        with pytest.raises(Malformed, match="not encrypted"):
            await restore(world.north, tmp_path / "plain.hbk")
        (tmp_path / "half.hbk").write_bytes(target.read_bytes()[:900])
        with pytest.raises(Malformed):
            await restore(world.north, tmp_path / "half.hbk")
        key = tmp_path / "north" / "master.key"
        kept = key.read_text()
        key.unlink()
        with pytest.raises(Misconfigured, match="master key is not there"):
            await restore(world.north, target)
        key.write_text("A" * 43 + "=\n")
        with pytest.raises(Misconfigured, match="another master key"):
            await restore(world.north, target)
        key.write_text(kept)
        assert (tmp_path / "north" / "hanse.db").read_bytes() == untouched

    asyncio.run(scenario())


@contextlib.contextmanager
def _inside(world, path):
    with open_sealed(path, existing_master_key(world.north.home_path)) as plain, zipfile.ZipFile(plain) as archive:
        yield archive


def _rewrite(world, source, target, name, change):
    """Alter what is inside, as only somebody with the master key can."""
    with _inside(world, source) as old, target.open("wb") as file:
        sealing = SealingWriter(file, existing_master_key(world.north.home_path))
        with zipfile.ZipFile(sealing, "w") as new:
            for one in old.namelist():
                new.writestr(one, change(old.read(one)) if one == name else old.read(one))
        sealing.finish()


@pytest.mark.postgres
def test_a_running_server_on_postgresql_is_noticed(tmp_path, postgres_database):
    world = World(tmp_path, postgres_database)

    async def scenario():
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
            await backup(world.north, tmp_path / "space.hbk", world.clock)
            with pytest.raises(Misconfigured, match="use the database already"):
                await restore(world.north, tmp_path / "space.hbk")

    asyncio.run(scenario())


@pytest.mark.postgres
def test_from_sqlite_to_postgresql(tmp_path, postgres_database):
    world, other = World(tmp_path), postgres_database

    async def scenario():
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
            await backup(world.north, tmp_path / "space.hbk", world.clock)
        moved = type(world.north)(**{f: getattr(world.north, f) for f in world.north.__struct_fields__} | {"database": other})
        outcome = await restore(moved, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert not outcome.continued
        async with running(moved, world.clock) as north:
            assets = await standing(north, lambda tx: tx.assets.page("acme", after=None, limit=9))
            assert [asset.id for asset in assets] == sorted(asset.id for asset in world.assets)

    asyncio.run(scenario())


def test_a_backup_holds_no_secret(tmp_path, monkeypatch):
    monkeypatch.setattr("hanse.app.build.PeerClient", Overheard)
    world = World(tmp_path)

    async def scenario():
        Overheard.forget()
        made = await before(world, tmp_path / "space.hbk")
        with _inside(world, tmp_path / "space.hbk") as archive:
            text = b"".join(archive.read(name) for name in archive.namelist())
            rows = {name[7:-6] for name in archive.namelist() if name.startswith("tables/")}
        assert rows == set(TAKEN)
        secret = {world.host, world.acme.token, world.gone.token, made["used before"], made["address"].properties["authorization"]}
        secret |= {(tmp_path / "north" / "master.key").read_text().strip()} | Overheard.tokens | Overheard.presentations
        async with running(world.north, world.clock) as north:
            secret |= await private_keys(north)
        assert len(Overheard.presentations) > 1
        assert not [one for one in secret if one.encode() in text]
        assert b'"token_hash":""' in text
        assert b'"MembershipCredential"' in text
        whole = (tmp_path / "space.hbk").read_bytes()
        assert not [one for one in (b"MembershipCredential", b"participants", b"manifest", b"ACME") if one in whole]
        assert (tmp_path / "space.hbk").stat().st_mode & 0o077 == 0

    asyncio.run(scenario())


def test_the_token_of_a_request_is_not_in_a_backup(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
            await north.ground.database.run(lambda tx: tx.issuances.put(stage.issuance("iss_1", tenant="anchor", token="opaque-token")))
            await backup(world.north, tmp_path / "space.hbk", world.clock)
            assert (await standing(north, lambda tx: tx.issuances.get("iss_1"))).token == "opaque-token"
        with _inside(world, tmp_path / "space.hbk") as archive:
            line = archive.read("tables/issuances.jsonl")
        assert b"iss_1" in line
        assert b"opaque-token" not in line

    asyncio.run(scenario())


def test_every_table_has_been_decided_on():
    assert set(TAKEN) | LEFT_OUT == set(schema.tables())
    assert not set(TAKEN) & LEFT_OUT


def test_a_backup_of_an_older_schema_is_brought_forward(tmp_path):
    world = World(tmp_path)

    async def scenario():
        async with running(world.north, world.clock) as north:
            await world.populate_alone(north)
            await north.ground.database.run(_as_schema_1)
        await backup(world.north, tmp_path / "old.hbk", world.clock)
        with _inside(world, tmp_path / "old.hbk") as archive:
            assert json.loads(archive.read("manifest.json"))["schema"] == 1
        await restore(world.north, tmp_path / "old.hbk", Parts(clock=world.clock))
        async with running(world.north, world.clock) as north:
            assert len(await standing(north, lambda tx: tx.assets.page("acme", after=None, limit=9))) == 3

    asyncio.run(scenario())


def _as_schema_1(tx):
    for table in ("restores", "unconfirmed", *(name for name in schema.tables() if name not in schema.tables(schema.STEPS[:2]))):
        tx.rows.execute(f"DROP TABLE {table}")
    for index in ("negotiations_open_peer", "transfers_open_peer"):
        tx.rows.execute(f"DROP INDEX {index}")
    tx.rows.execute("UPDATE schema_version SET version = 1")
