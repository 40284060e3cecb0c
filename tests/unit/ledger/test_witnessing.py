"""A log and its witnesses: cosignatures are kept, what contradicts them is found, and a log that lost entries stops."""

import asyncio

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.checkpoint import Checkpoint, origin_of, read_checkpoint, sign_checkpoint
from hanse.evidence.cosignature import cosign, cosignature_of, cosigner_of
from hanse.evidence.statement import Subject
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerInvalid
from hanse.ledger.records import LogState
from hanse.ledger.witness_ports import Answer
from hanse.ledger.witness_records import CosignedLog, ForkAlarm
from hanse.ledger.witnessing import MAX_WITNESSES, SKEW
from tests.unit.ledger.town import ACME, OWL, ZOO, did


async def round_of(town):
    again = await town.witnessing.round(ACME)
    return again, await town.watch()


def test_anchors_are_witnesses_and_whoever_is_named(witnessed):
    async def scenario(town):
        assert [one.witness for one in await town.witnessing.witnesses(ACME)] == [did(ZOO)]
        await town.witnessing.name(ACME, did(OWL))
        assert [(one.witness, one.named) for one in await town.witnessing.witnesses(ACME)] == [(did(ZOO), False), (did(OWL), True)]
        await town.fill(3)
        assert await town.witnessing.round(ACME) is None
        found = await town.witnessing.cosigned(ACME)
        assert (found.size, [one.did for one in found.witnesses]) == (3, [did(OWL), did(ZOO)])
        signed = read_checkpoint(found.note)
        for one in found.witnesses:
            assert cosignature_of(signed, one.name, one.jwk, VerifyingKey.from_jwk(one.jwk).verify_bytes) == one.at
        await town.witnessing.drop(ACME, did(OWL))
        assert [one.witness for one in await town.witnessing.witnesses(ACME)] == [did(ZOO)]
        assert [one.did for one in (await town.witnessing.cosigned(ACME)).witnesses] == [did(ZOO)]
        assert await town.size() == 3  # cosignatures are no entries: each would be news for the witnesses

    witnessed(scenario)


def test_who_cannot_be_a_witness_is_refused(witnessed):
    async def scenario(town):
        with pytest.raises(Invalid):
            await town.witnessing.name(ACME, did(ACME))
        with pytest.raises(PeerInvalid):
            await town.witnessing.name(ACME, did("nobody"))
        with pytest.raises(Conflict):
            await town.witnessing.drop(ACME, did(ZOO))
        with pytest.raises(NotFound):
            await town.witnessing.drop(ACME, did(OWL))
        town.spaces.anchored = [did(f"anchor{number}") for number in range(MAX_WITNESSES)]
        with pytest.raises(Invalid):
            await town.witnessing.name(ACME, did(OWL))

    witnessed(scenario)


def test_what_comes_meanwhile_is_cosigned_at_once(witnessed):
    async def scenario(town):
        assert not await town.witnessing.due(ACME)  # an empty log is no news
        await town.fill(500)
        assert await town.witnessing.due(ACME)
        await town.witnessing.round(ACME)
        assert not await town.witnessing.due(ACME)
        assert len(town.carrier.sent) == 1
        assert [event for event in town.events if isinstance(event, CosignedLog)] == [CosignedLog(ACME, did(ZOO), 500)]
        town.clock.advance(hours=25)
        assert await town.witnessing.due(ACME)
        before = (await town.watch()).at
        await town.witnessing.round(ACME)
        assert (await town.watch()).at > before

    witnessed(scenario)


def test_a_witness_that_saw_more_than_is_known_here_tells(witnessed):
    """The cosignature was lost on its way: the witness answers 409, and the log proves from there."""

    async def scenario(town):
        await town.fill(4)
        await town.witness.add(ZOO, (await town.ledger.submission(ACME, 0)).text)
        await town.fill(4)
        again, watch = await round_of(town)
        assert (again, watch.size, watch.problem) == (None, 8, "")
        assert [one.old for _, one in town.carrier.sent] == [0, 4]

    witnessed(scenario)


def test_a_witness_that_is_away_is_asked_again_ever_more_seldom(witnessed):
    async def scenario(town):
        await town.witnessing.name(ACME, did(OWL))
        await town.fill(2)
        town.carrier.away.add(did(ZOO))
        again, watch = await round_of(town)
        assert (watch.failures, watch.problem, watch.again) == (1, "Nobody answers.", again)
        assert (await town.watch(OWL)).size == 2
        sent = len(town.carrier.sent)
        await town.witnessing.round(ACME)
        assert len(town.carrier.sent) == sent + 1  # owl alone: it is too early for zoo
        pauses = []
        for _ in range(12):
            town.clock.advance(seconds=(again - town.clock.now()).total_seconds())
            again, watch = await round_of(town)
            pauses.append((again - town.clock.now()).total_seconds())
        assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
        town.carrier.away.clear()
        town.clock.advance(seconds=(again - town.clock.now()).total_seconds())
        again, watch = await round_of(town)
        assert (again, watch.failures, watch.size) == (None, 0, 2)

    witnessed(scenario)


def answering(town, **changes):
    """Return what a witness answers that is not honest."""
    pen = town.notes.pen(did(ZOO))

    def answer(submission):
        checkpoint = structs.replace(submission.note.checkpoint, **changes.get("checkpoint", {}))
        key, name, at = changes.get("key", pen), changes.get("name", cosigner_of(did(ZOO))), changes.get("at", town.clock.now())
        return Answer(200, cosign(checkpoint, name, key.jwk, key.sign, at))

    return answer


class Thief:
    def __init__(self):
        key = SigningKey.generate(f"{did(ZOO)}#note-1", "Ed25519")
        self.jwk, self.sign = key.public_jwk, key.sign_bytes


DISHONEST = {
    "an unknown key": lambda town: answering(town, key=Thief()),
    "another name": lambda town: answering(town, name=cosigner_of(did(OWL))),
    "another size": lambda town: answering(town, checkpoint={"size": 1}),
    "another root": lambda town: answering(town, checkpoint={"root": bytes(32)}),
    "a time before": lambda town: answering(town, at=town.clock.now() - SKEW * 2),
    "a time after": lambda town: answering(town, at=town.clock.now() + SKEW * 2),
    "nothing": lambda town: lambda _: Answer(200, ""),
    "nonsense": lambda town: lambda _: Answer(200, "\N{EM DASH} x y\n" * 100),
    "no number": lambda town: lambda _: Answer(409, "all of it\n"),
    "ever other numbers": lambda town: lambda one: Answer(409, f"{(one.old + 1) % 3}\n"),
    "a size that nobody has": lambda town: lambda _: Answer(409, "999\n"),
    "a fork that it cannot show": lambda town: lambda _: Answer(422, ""),
    "an error": lambda town: lambda _: Answer(500, ""),
    "not found": lambda town: lambda _: Answer(404, ""),
}


@pytest.mark.parametrize("make", DISHONEST.values(), ids=DISHONEST)
def test_a_witness_that_is_not_honest_is_not_believed_and_stops_nothing(witnessed, make):
    async def scenario(town):
        await town.fill(3)
        town.carrier.answers[did(ZOO)] = make(town)
        _, watch = await round_of(town)
        assert (watch.size, watch.failures, watch.alarm) == (0, 1, "")
        assert watch.problem
        assert await town.witnessing.cosigned(ACME) is None
        await town.fill(1)

    witnessed(scenario)


async def cut(town):
    """Put the log back as it was before its newest entries, as a restore from an old backup would."""
    await town.fill(5)
    before = await town.snapshot()
    await town.fill(3)
    await town.witnessing.round(ACME)
    await town.put_back(before)


async def rewritten(town):
    """The same, and then go on otherwise, further than before."""
    await cut(town)
    await town.fill(6)


@pytest.mark.parametrize(("harm", "words"), [(cut, "3 were lost"), (rewritten, "another history of the first 8 entries")])
def test_a_log_that_was_cut_off_or_rewritten_is_found_and_stops(witnessed, harm, words):
    async def scenario(town):
        await harm(town)
        assert (await town.ledger.verify(ACME)).sound  # nothing in the log itself tells
        verdict = await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))
        assert not verdict.sound
        assert "saw" in verdict.faults[0].problem
        _, watch = await round_of(town)
        assert words in watch.alarm
        assert read_checkpoint(watch.proof).checkpoint.size == 8
        (alarm,) = [one for one in town.events if isinstance(one, ForkAlarm) and one.ours]
        assert words in alarm.problem
        with pytest.raises(Conflict) as stopped:
            await town.fill(1)
        assert stopped.value.rule == "ledger-halted"
        await town.witnessing.restart(ACME, "The disk was lost.")
        await town.fill(2)
        found = await round_of(town)
        assert (found[0], found[1].alarm) == (None, "")
        standing = await town.witnessing.standing(ACME)
        assert standing.state.log == 2
        note = read_checkpoint((await town.witnessing.cosigned(ACME)).note)
        assert (note.checkpoint.origin, note.checkpoint.size) == (f"{did(ACME)}/ledger-2", standing.size)
        said = await town.ledger.get(ACME, standing.size - 3)
        assert words in said.says.text
        assert "The disk was lost." in said.says.text
        assert (await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))).sound

    witnessed(scenario)


def test_the_records_of_cosignatures_may_be_lost_with_the_entries(witnessed):
    """Whoever cuts the log cuts the records beside it, too. The witness itself is asked."""

    async def scenario(town):
        await cut(town)
        await town.database.run(lambda tx: tx.rows.execute("DELETE FROM log_witnesses"))
        verdict = await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))
        assert "entries were cut off" in verdict.faults[0].problem
        _, watch = await round_of(town)
        assert "3 were lost" in watch.alarm

    witnessed(scenario)


def test_what_a_witness_cosigned_last_counts_while_it_is_away(witnessed):
    async def scenario(town):
        await cut(town)
        town.carrier.away.add(did(ZOO))
        verdict = await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))
        assert (verdict.sound, verdict.against) == (False, 1)

    witnessed(scenario)


async def unchecked(town):
    await town.database.run(lambda tx: tx.ledger.put_state(LogState(tenant=ACME, halted="It was restored.", unchecked=True)))


def test_a_restored_log_goes_on_once_its_witnesses_know_no_more(witnessed):
    async def scenario(town):
        await town.fill(5)
        await town.witnessing.round(ACME)
        await town.fill(2)  # these no witness has seen, and they are there: more than is known elsewhere is no loss
        await unchecked(town)
        with pytest.raises(Conflict):
            await town.fill(1)
        town.carrier.away.add(did(ZOO))
        assert await town.witnessing.round(ACME) is not None
        with pytest.raises(Conflict):
            await town.fill(1)
        town.carrier.away.clear()
        assert await town.witnessing.round(ACME) is None
        await town.fill(1)
        assert await town.witnessing.round(ACME) is None
        assert (await town.watch()).size == 8

    witnessed(scenario)


def test_a_witness_that_claims_anything_holds_up_no_restored_log_and_troubles_no_verification(witnessed):
    async def scenario(town):
        await town.fill(5)
        await unchecked(town)
        thief = SigningKey.generate(f"{did(ACME)}#key-1")
        claims = Checkpoint(origin_of(did(ACME)), 99, bytes(32))

        for shown in (sign_checkpoint(claims, thief.public_jwk, thief.sign_bytes), "nonsense", await town.ledger.checkpoint(OWL)):

            async def seen(witness, origin, shown=shown):
                return shown

            town.carrier.seen = seen
            assert (await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))).sound
            assert await town.witnessing.round(ACME) is None
            await town.fill(1)
            await unchecked(town)

    witnessed(scenario)


def test_what_was_seen_of_the_log_before_a_restart_contradicts_nothing(witnessed):
    async def scenario(town):
        await cut(town)
        await town.witnessing.round(ACME)
        old = (await town.watch()).proof
        await town.witnessing.restart(ACME, "The disk was lost.")

        async def seen(witness, origin):
            return old

        town.carrier.seen = seen
        town.carrier.answers[did(ZOO)] = lambda _: Answer(422, "")
        _, watch = await round_of(town)
        assert (watch.alarm, watch.failures) == ("", 1)
        assert (await town.ledger.verify(ACME, None, await town.witnessing.views(ACME))).sound
        await town.fill(1)

    witnessed(scenario)


def test_a_log_that_has_stopped_signs_no_second_history(witnessed):
    async def scenario(town):
        await rewritten(town)
        await town.witnessing.round(ACME)
        for sign in (lambda: town.ledger.checkpoint(ACME), lambda: town.ledger.submission(ACME, 0)):
            with pytest.raises(Conflict):
                await sign()
        _, watch = await round_of(town)
        assert "another history" in watch.alarm
        assert "another history" in await town.witnessing.trouble(ACME)
        assert read_checkpoint((await town.witnessing.state(ACME)).proof).checkpoint.size == 8

    witnessed(scenario)


def test_a_restored_log_that_lost_entries_says_that_it_cannot_go_on(witnessed):
    async def scenario(town):
        await cut(town)
        await unchecked(town)
        assert await town.witnessing.round(ACME) is not None
        state = await town.witnessing.state(ACME)
        assert (state.unchecked, "3 were lost" in state.halted) == (False, True)
        assert "restart" in state.hint

    witnessed(scenario)


def test_a_log_that_nobody_witnesses_goes_on(witnessed):
    async def scenario(town):
        town.spaces.anchored = []
        await town.fill(2)
        await unchecked(town)
        assert await town.witnessing.round(ACME) is None
        await town.fill(1)

    witnessed(scenario)


def test_a_log_that_goes_on_is_not_begun_anew(witnessed):
    async def scenario(town):
        with pytest.raises(Conflict):
            await town.witnessing.restart(ACME, "Just so.")

    witnessed(scenario)


def test_two_rounds_at_once_end_in_the_newest(witnessed):
    async def scenario(town):
        await town.fill(3)
        first, _ = await asyncio.gather(town.witnessing.round(ACME), town.fill(4))
        await asyncio.gather(*(town.witnessing.round(ACME) for _ in range(4)))
        assert (first, (await town.watch()).size) == (None, 7)
        assert (await town.watch()).problem == ""

    witnessed(scenario)


def test_entries_in_a_row_are_the_same_as_one_by_one(witnessed):
    async def scenario(town):
        await town.fill(3)
        said = [(Subject.of("v@1", "ab" * 32), k.Drilled(version=f"v@{n}", root="ab" * 32, sound=True)) for n in range(1_203)]
        assert await town.ledger.append_all(ACME, said) == 1_206
        assert (await town.ledger.verify(ACME)).sound
        with pytest.raises(Invalid):
            await town.ledger.append_all(ACME, [*said[:7], (said[0][0], k.Drilled(version="x" * 9_999, root="ab" * 32, sound=True))])
        assert await town.size() == 1_206  # of a group that fails nothing is there
        bundle = await town.ledger.prove_all(ACME, [0, 700, 1_205])
        assert set(bundle.proofs) == {0, 700, 1_205}

    witnessed(scenario)
