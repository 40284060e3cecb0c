"""A witness cosigns what goes on from what it saw, and nothing else; what it saw is durable, and shown to whoever asks."""

import asyncio

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence import merkle, tiles
from hanse.evidence.checkpoint import Checkpoint, SignedCheckpoint, origin_of, read_checkpoint, read_signature, sign_checkpoint
from hanse.evidence.cosignature import Submission, cosignature_of, cosigner_of
from hanse.evidence.merkle import EMPTY_ROOT
from hanse.evidence.statement import Subject
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from hanse.ledger.witness import MAX_LOGS, KnownSize, hash_of
from hanse.ledger.witness_records import ForkAlarm
from tests.unit.ledger.town import ACME, AGREEMENT, OWL, ZOO, did

ORIGIN = origin_of(did(ACME))


async def submission(town, old):
    return await town.ledger.submission(ACME, old)


async def own_note(town, size, root, origin=ORIGIN):
    """Sign any checkpoint with acme's own key, as a log that cheats can."""
    pen = await town.database.run(lambda tx: town.signing.pen(tx, ACME))
    return read_checkpoint(sign_checkpoint(Checkpoint(origin, size, root), pen.jwk, pen.sign))


async def seen_size(town, witness=ZOO):
    try:
        return read_checkpoint(await town.witness.seen(witness, hash_of(ORIGIN))).checkpoint.size
    except NotFound:
        return None


def test_a_witness_cosigns_what_goes_on(witnessed):
    async def scenario(town):
        old = 0
        for count in (1, 4, 1, 7):
            await town.fill(count)
            asked = await submission(town, old)
            line = await town.witness.add(ZOO, asked.text)
            signed = SignedCheckpoint(asked.note.checkpoint, (read_signature(line.rstrip("\n")),))
            jwk = town.notes.pen(did(ZOO)).jwk
            at = cosignature_of(signed, cosigner_of(did(ZOO)), jwk, VerifyingKey.from_jwk(jwk).verify_bytes)
            assert at == town.clock.now().replace(microsecond=0)
            old = asked.note.checkpoint.size
        shown = read_checkpoint(await town.witness.seen(ZOO, hash_of(ORIGIN)))
        assert shown.checkpoint.size == 13
        assert [one.name for one in shown.signatures] == [ORIGIN, ORIGIN, cosigner_of(did(ZOO))]
        assert shown.signatures[-1].line == line  # made again from what is remembered
        again = await town.witness.add(ZOO, (await submission(town, 13)).text)  # the same once more: a new moment
        assert again.split()[1] == cosigner_of(did(ZOO))

    witnessed(scenario)


def test_a_witness_says_how_far_it_saw_the_log(witnessed):
    async def scenario(town):
        await town.fill(9)
        await town.witness.add(ZOO, (await submission(town, 0)).text)
        await town.fill(3)
        for old in (0, 5, 8, 10, 12):
            with pytest.raises(KnownSize) as known:
                await town.witness.add(ZOO, (await submission(town, old)).text)
            assert known.value.size == 9
        assert await seen_size(town) == 9

    witnessed(scenario)


async def replayed(town, first):
    """The old checkpoint once more: it is smaller than what was seen since."""
    return Submission(0, (), first), KnownSize


async def shrunk(town, first):
    return structs.replace(await submission(town, 9), note=await own_note(town, 5, b"x" * 32)), Malformed


async def with_a_proof_too_many(town, first):
    return Submission(9, (bytes(32),), first), Invalid


async def forked(town, first):
    return Submission(9, (), await own_note(town, 9, b"x" * 32)), Invalid


async def forked_and_longer(town, first):
    asked = await submission(town, 9)
    return structs.replace(asked, note=await own_note(town, 12, b"x" * 32)), Invalid


async def unproved(town, first):
    asked = await submission(town, 9)
    return structs.replace(asked, proof=asked.proof[:-1]), Invalid


async def disproved(town, first):
    asked = await submission(town, 9)
    return structs.replace(asked, proof=(bytes(32), *asked.proof[1:])), Invalid


async def padded(town, first):
    asked = await submission(town, 9)
    return structs.replace(asked, proof=(*asked.proof, bytes(32))), Invalid


async def empty_with_a_root(town, first):
    return Submission(0, (), await own_note(town, 0, b"x" * 32, origin_of(did(ACME), 2))), Invalid


async def proved_from_nothing(town, first):
    return Submission(0, (bytes(32),), await own_note(town, 3, b"x" * 32, origin_of(did(ACME), 2))), Invalid


async def by_another_key(town, first):
    key = SigningKey.generate(f"{did(ACME)}#key-1")
    asked = await submission(town, 9)
    return structs.replace(asked, note=read_checkpoint(sign_checkpoint(asked.note.checkpoint, key.public_jwk, key.sign_bytes))), Forbidden


async def by_the_witness_itself(town, first):
    pen = town.notes.pen(did(ZOO))
    asked = await submission(town, 9)
    return structs.replace(asked, note=read_checkpoint(sign_checkpoint(asked.note.checkpoint, pen.jwk, pen.sign))), Forbidden


async def with_one_bad_signature(town, first):
    """Its name and key are right, and it does not fit: the whole note is no good (signed-note 1.0)."""
    asked = await submission(town, 9)
    good, second = asked.note.signatures
    bad = type(good)(good.name, good.key_id, first.signatures[0].signature)
    return structs.replace(asked, note=SignedCheckpoint(asked.note.checkpoint, (bad, second))), Forbidden


async def of_a_stranger(town, first):
    town.spaces.members.discard(did(ACME))
    return await submission(town, 9), NotFound


async def of_another_program(town, first):
    return structs.replace(await submission(town, 0), note=await own_note(town, 3, bytes(32), "example.com/log")), NotFound


async def of_the_witness(town, first):
    return structs.replace(await submission(town, 0), note=await own_note(town, 3, bytes(32), origin_of(did(ZOO)))), NotFound


CHEATS = [
    replayed, shrunk, with_a_proof_too_many, forked, forked_and_longer, unproved, disproved, padded, empty_with_a_root,
    proved_from_nothing, by_another_key, by_the_witness_itself, with_one_bad_signature, of_a_stranger, of_another_program, of_the_witness,
]  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
def test_what_does_not_go_on_is_not_cosigned_and_not_remembered(witnessed, cheat):
    async def scenario(town):
        await town.fill(9)
        first = await submission(town, 0)
        await town.witness.add(ZOO, first.text)
        await town.fill(3)
        asked, error = await cheat(town, first.note)
        with pytest.raises(error):
            await town.witness.add(ZOO, asked.text)
        assert await seen_size(town) == 9
        assert await town.database.read(lambda tx: tx.witnessed_logs.count(ZOO, did(ACME))) == 1

    witnessed(scenario)


def test_a_fork_is_kept_as_its_own_proof(witnessed):
    async def scenario(town):
        await town.fill(9)
        await town.witness.add(ZOO, (await submission(town, 0)).text)
        forks = [await own_note(town, 9, bytes([number]) * 32) for number in range(3)]
        for fork in forks:
            with pytest.raises(Invalid) as refused:
                await town.witness.add(ZOO, Submission(9, (), fork).text)
            assert "two histories" in refused.value.message
        (seen,) = await town.witness.logs(ZOO, after=None, limit=10)
        assert (seen.refused, read_checkpoint(seen.suspect).checkpoint) == (3, forks[0].checkpoint)
        pen = await town.database.run(lambda tx: town.signing.pen(tx, ACME))
        check = VerifyingKey.from_jwk(pen.jwk).verify_bytes
        for text in (seen.note, seen.suspect):  # both are signed by the log: that is the proof
            assert read_checkpoint(text).signed_with(pen.jwk, check)
        assert [one.ours for one in town.events if isinstance(one, ForkAlarm)] == [False]

    witnessed(scenario)


def test_two_histories_for_two_witnesses_are_found_when_they_compare(witnessed):
    """Each sees a log that goes on. Together they hold two checkpoints of one size, signed by the log, with two roots."""

    async def scenario(town):
        await town.fill(5)
        before = await town.snapshot()
        await town.fill(1)
        await town.witness.add(ZOO, (await submission(town, 0)).text)
        await town.put_back(before)
        await town.append(ACME, began("another"))
        await town.witness.add(OWL, (await submission(town, 0)).text)
        one, other = [read_checkpoint(await town.witness.seen(tenant, hash_of(ORIGIN))) for tenant in (ZOO, OWL)]
        assert one.checkpoint.size == other.checkpoint.size == 6
        assert one.checkpoint.root != other.checkpoint.root
        with pytest.raises(KnownSize):
            await town.witness.add(ZOO, (await submission(town, 0)).text)
        with pytest.raises(Invalid):
            await town.witness.add(ZOO, (await submission(town, 6)).text)

    witnessed(scenario)


def test_requests_at_once_never_roll_back(witnessed):
    """tlog-witness 1.0, the race at the end of add-checkpoint: of two from one size, one is too late."""

    async def scenario(town):
        await town.fill(4)
        small = await submission(town, 0)
        await town.fill(4)
        large = await submission(town, 0)
        done = await asyncio.gather(*(town.witness.add(ZOO, one.text) for one in (large, small) * 4), return_exceptions=True)
        assert len([one for one in done if isinstance(one, str)]) == 1
        assert all(isinstance(one, str | KnownSize) for one in done)
        assert await seen_size(town) == 8

    witnessed(scenario)


def test_one_owner_fills_no_table(witnessed):
    async def scenario(town):
        for number in range(1, MAX_LOGS + 1):
            note = await own_note(town, 0, EMPTY_ROOT, origin_of(did(ACME), number))
            await town.witness.add(ZOO, Submission(0, (), note).text)
        note = await own_note(town, 0, EMPTY_ROOT, origin_of(did(ACME), MAX_LOGS + 1))
        with pytest.raises(NotFound):
            await town.witness.add(ZOO, Submission(0, (), note).text)

    witnessed(scenario)


def test_what_was_never_seen_is_not_shown(witnessed):
    async def scenario(town):
        with pytest.raises(NotFound):
            await town.witness.seen(ZOO, "0" * 64)

    witnessed(scenario)


def test_the_store_adds_once(witnessed):
    async def scenario(town):
        await town.fill(2)
        await town.witness.add(ZOO, (await submission(town, 0)).text)
        (seen,) = await town.witness.logs(ZOO, after=None, limit=10)
        with pytest.raises(Conflict):
            await town.database.run(lambda tx: tx.witnessed_logs.add(seen))

    witnessed(scenario)


def test_tiles_prove_what_the_server_proves(witnessed):
    """A client that has tiles and a checkpoint needs no server to prove anything."""

    async def scenario(town):
        await town.ledger.append_all(ACME, [(began_subject(), began(number)) for number in range(700)])
        checkpoint = read_checkpoint(await town.ledger.checkpoint(ACME)).checkpoint
        held = {name: await town.ledger.tile(ACME, name) for name in tiles.tiles_of(checkpoint.size)}
        assert tiles.root_of(700, held.__getitem__) == checkpoint.root
        for index in (0, 255, 256, 511, 512, 699):
            entry = await town.ledger.get(ACME, index)
            proof = tiles.inclusion_proof(index, 700, held.__getitem__)
            assert merkle.included(merkle.leaf_hash(entry.raw), index, 700, proof, checkpoint.root)
            assert [one.hex() for one in proof] == list((await town.ledger.prove(ACME, index)).hashes)
        for missing in (tiles.Tile(0, 3), tiles.Tile(0, 2), tiles.Tile(2, 0, 1), tiles.Tile(63, 0, 1), tiles.Tile(0, 10**15, 1)):
            with pytest.raises(NotFound):
                await town.ledger.tile(ACME, missing)

    witnessed(scenario)


def began(number):
    return k.UseBegan(agreement=AGREEMENT, use=f"trf_{number}", action="use")


def began_subject():
    return Subject.of(AGREEMENT, "ab" * 32)
