"""Two installations: the anchor of one witnesses the logs of the other over HTTP, and remembers what a lost disk forgets."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import httpx
import pytest

from hanse.app.build import Parts
from hanse.app.recovery.backup import backup
from hanse.app.recovery.restore import restore
from hanse.evidence import kinds as k
from hanse.evidence import tiles
from hanse.evidence.checkpoint import origin_of, read_checkpoint
from hanse.evidence.cosignature import cosignature_of, cosigner_of
from hanse.evidence.merkle import included, leaf_hash
from hanse.evidence.statement import Subject
from hanse.identity.did import decode_document, did_url
from hanse.identity.keys import VerifyingKey
from hanse.kernel.errors import Conflict
from hanse.participants.roles import SERVER
from tests.scenarios.operations.world import World, running, until

SUBJECT = Subject.of("rain@1", "ab" * 32)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    """North with the anchor may be on PostgreSQL; south, which loses its disk, is on SQLite."""
    return World(tmp_path, request.getfixturevalue("postgres_database") if request.param == "postgres" else "")


async def say(server, count, tenant="zoo"):
    said = [(SUBJECT, k.Drilled(version=f"rain@{number}", root="ab" * 32, sound=True)) for number in range(count)]
    return await server.evidence.ledger.append_all(tenant, said)


async def fetched(client, did, service, path):
    document = decode_document((await client.get(did_url(did))).content)
    answer = await client.get(document.endpoint(service) + path)
    assert answer.status_code == 200, answer.text
    return document, answer


def note_key(document):
    (method,) = [one for one in document.verification_method if one.id.endswith("#note-1")]
    assert not document.allows("assertionMethod", method.id)
    return method.public_key_jwk


def test_a_log_is_witnessed_and_proved_to_strangers_by_what_is_public(world):
    async def scenario():
        async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
            await world.populate(north, south)
            await say(south, 600)

            async def cosigned():
                found = await south.factory.witnesses.witnessing.cosigned("zoo")
                return found if found is not None and found.size == 600 else None

            found = await until(cosigned, "the cosignature")
            async with httpx.AsyncClient() as client:
                anchor, _ = await fetched(client, world.anchor.did, "TransparencyLog", "/checkpoint")
                jwk = note_key(anchor)
                at = cosignature_of(
                    read_checkpoint(found.note), cosigner_of(world.anchor.did), jwk, VerifyingKey.from_jwk(jwk).verify_bytes
                )
                assert at == found.witnesses[0].at
                await _proved(client, world.zoo, await south.evidence.ledger.get("zoo", 300))
                name = hashlib.sha256(origin_of(world.zoo).encode()).hexdigest()
                _, shown = await fetched(client, world.anchor.did, "TransparencyWitness", f"/{name}/checkpoint")
                assert read_checkpoint(shown.text).checkpoint == read_checkpoint(found.note).checkpoint
            verdict = await south.evidence.ledger.verify("zoo", None, await south.factory.witnesses.witnessing.views("zoo"))
            assert (verdict.sound, verdict.against) == (True, 1)

    asyncio.run(scenario())


async def _proved(client, did, entry):
    """Do what a stranger does who was given an entry: the checkpoint, its signatures, the tiles, the proof."""
    document, answer = await fetched(client, did, "TransparencyLog", "/checkpoint")
    signed = read_checkpoint(answer.text)
    size = signed.checkpoint.size
    own = document.verification_method[-1].public_key_jwk
    for jwk in (note_key(document), own):
        assert signed.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes)
    held = {}
    for one in tiles.tiles_for(lambda tile: tiles.inclusion_proof(entry.index, size, tile)):
        _, answer = await fetched(client, did, "TransparencyLog", f"/tile/{one.path}")
        assert answer.headers["cache-control"].endswith("immutable")
        held[one] = answer.content
    proof = tiles.inclusion_proof(entry.index, size, held.__getitem__)
    assert included(leaf_hash(entry.raw), entry.index, size, proof, signed.checkpoint.root)
    base = document.endpoint("TransparencyLog")
    for path in ("/tile/0/003", "/tile/0/000.p/300", "/tile/0/0", "/tile/entries/000", "/tile/entries/000.p/1", "/tile/8/000", "/x"):
        assert (await client.get(base + path)).status_code == 404


def test_the_witness_speaks_as_the_standard_has_it(world):
    """tlog-witness 1.0: 400, 403, 404, 409 with the size and its type, 422; and no entry in any answer."""

    async def scenario():
        async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
            await world.populate(north, south)
            await say(south, 4)
            first = await south.evidence.ledger.submission("zoo", 0)
            await say(south, 4)
            stranger = await north.evidence.ledger.submission("gone", 0)
            async with httpx.AsyncClient() as client:
                url = f"http://localhost:{world.north.port}/participants/anchor/witness/add-checkpoint"

                async def post(text):
                    return await client.post(url, content=text)

                assert (await post(first.text)).status_code == 200
                again = await post(first.text)
                assert (again.status_code, again.text, again.headers["content-type"]) == (409, "4\n", "text/x.tlog.size")
                asked = await south.evidence.ledger.submission("zoo", 4)
                wrong = {
                    400: asked.text.replace("old 4", "old 9"),
                    403: asked.text.replace(f"\N{EM DASH} {origin_of(world.zoo)}", "\N{EM DASH} another"),
                    404: asked.text.replace(world.zoo, "did:web:nobody.example"),
                    422: asked.text.replace("\n\n", "\n" + "A" * 43 + "=\n\n", 1),
                }
                for status, text in wrong.items():
                    answer = await post(text)
                    assert answer.status_code == status, (status, answer.text)
                for nonsense in (b"", b"\xff\xfe", b"old", b"old 0\n\n", b"x" * 40_000, b"old 4\n\n"):
                    assert (await post(nonsense)).status_code in {400, 413}
                good = await post(asked.text)
                assert (good.status_code, good.text.split()[1]) == (200, cosigner_of(world.anchor.did))
                assert (await client.post(url.replace("anchor", "nobody"), content=asked.text)).status_code == 404
                assert (await post(stranger.text)).status_code in {200, 404}

    asyncio.run(scenario())


def test_a_restored_log_that_lost_entries_stops_and_begins_anew(world, tmp_path):
    async def scenario():
        async with running(world.north, world.clock) as north:
            async with running(world.south, world.clock) as south:
                await world.populate(north, south)
                await say(south, 5)
                await backup(world.south, tmp_path / "south.hbk", world.clock)
                await say(south, 7)
                assert await south.factory.witnesses.witnessing.round("zoo") is None
            for file in world.south.home_path.glob("hanse.db*"):
                file.unlink()  # the disk is lost; the master key was kept elsewhere
            outcome = await restore(world.south, tmp_path / "south.hbk", Parts(clock=world.clock))
            assert not outcome.continued
            assert outcome.counts["ledgers that wait for the word of their witnesses"] == 1
            world.clock.ahead += timedelta(minutes=2)
            async with running(world.south, world.clock) as south:
                with pytest.raises(Conflict) as waits:
                    await say(south, 1)
                assert "witnesses are being asked" in str(waits.value)
                people = south.management.participants
                await people.resume(SERVER, "zoo")
                await south.ground.tenants.refresh("zoo")
                witnessing = south.factory.witnesses.witnessing
                await witnessing.round("zoo")
                state = await witnessing.state("zoo")
                assert "saw 12 entries, and 5 are here: 7 were lost" in state.halted
                with pytest.raises(Conflict):
                    await say(south, 1)
                await witnessing.restart("zoo", "The disk was lost.")
                assert await say(south, 2) == 8
                assert await witnessing.round("zoo") is None
                note = read_checkpoint((await witnessing.cosigned("zoo")).note)
                assert (note.checkpoint.origin, note.checkpoint.size) == (origin_of(world.zoo, 2), 8)
                assert len(await north.factory.witnesses.witness.logs("anchor", after=None, limit=9)) >= 2

    asyncio.run(scenario())


def test_a_witness_that_was_restored_remembers_what_it_saw(world, tmp_path):
    """Its memory is never shortened, as long as the replaced database is there: it would cosign a second history."""

    async def scenario():
        async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
            await world.populate(north, south)
            await say(south, 5)
            await south.factory.witnesses.witnessing.round("zoo")
            await backup(world.north, tmp_path / "north.hbk", world.clock)
            await say(south, 7)
            await south.factory.witnesses.witnessing.round("zoo")
        await restore(world.north, tmp_path / "north.hbk", Parts(clock=world.clock))
        assert (await seen_by_anchor(world)).size == 12
        # Once more: now the replaced database has gone its own way since, so it vouches for nobody; and still it saw more.
        again = await restore(world.north, tmp_path / "north.hbk", Parts(clock=world.clock))
        assert not again.continued
        assert (await seen_by_anchor(world)).size == 12

    asyncio.run(scenario())


async def seen_by_anchor(world):
    async with running(world.north, world.clock) as north:
        found = await north.factory.witnesses.witness.logs("anchor", after=None, limit=9)
        return next(one for one in found if one.owner == world.zoo)
