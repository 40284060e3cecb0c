"""A log that shows two histories is found by whoever compares what its witnesses saw."""

from hanse.evidence.checkpoint import read_checkpoint
from hanse.ledger.witness_records import ForkAlarm
from tests.unit.ledger.town import ACME, OWL, ZOO, did


async def witnessed_by(town, witness):
    known = next((one.size for one in await town.witness.logs(witness, after=None, limit=9)), 0)
    await town.witness.add(witness, (await town.ledger.submission(ACME, known)).text)


async def look(town):
    """Zoo looks, which is a witness itself; its anchor is owl."""
    town.spaces.anchored = [did(OWL)]
    found = await town.monitor.look(ZOO, did(ACME))
    return found, {one.witness: one for one in found.views}


def test_one_history_is_the_same_for_all(witnessed):
    async def scenario(town):
        await town.fill(300)
        await witnessed_by(town, ZOO)
        await town.fill(300)
        await witnessed_by(town, OWL)
        await town.fill(9)
        found, views = await look(town)
        assert (found.size, found.forked, set(views)) == (609, False, {did(ZOO), did(OWL)})
        assert [(views[did(one)].verdict, views[did(one)].size) for one in (ZOO, OWL)] == [("same", 300), ("same", 600)]

    witnessed(scenario)


def test_two_histories_are_found(witnessed):
    async def scenario(town):
        await town.fill(5)
        before = await town.snapshot()
        await town.fill(3)
        await witnessed_by(town, ZOO)
        await town.put_back(before)
        await town.fill(3)
        await witnessed_by(town, OWL)
        found, views = await look(town)
        assert found.forked
        assert {one.verdict for one in views.values()} == {"same", "differs"}
        bad = next(one for one in views.values() if one.verdict == "differs")
        assert "history of the first 8 entries" in bad.problem or "two histories" in bad.problem
        proof, shown = read_checkpoint(bad.note).checkpoint, read_checkpoint(found.checkpoint).checkpoint
        assert (proof.size, proof.root != shown.root) == (shown.size, True)
        assert any(isinstance(one, ForkAlarm) and not one.ours for one in town.events)

    witnessed(scenario)


def test_an_old_state_is_found(witnessed):
    async def scenario(town):
        await town.fill(5)
        before = await town.snapshot()
        await town.fill(3)
        await witnessed_by(town, ZOO)
        await town.put_back(before)
        found, views = await look(town)
        assert found.forked
        assert "saw 8 entries, and the log shows 5" in views[did(ZOO)].problem
        assert views[did(OWL)].verdict == "unseen"

    witnessed(scenario)


def test_tiles_that_do_not_add_up_prove_nothing(witnessed):
    async def scenario(town):
        await town.fill(9)
        await witnessed_by(town, ZOO)
        await town.database.run(lambda tx: tx.rows.execute("UPDATE ledger_entries SET leaf = ? WHERE number = 3", (bytes(32),)))
        found, views = await look(town)
        assert (views[did(ZOO)].verdict, found.forked) == ("unknown", False)
        assert "do not add up" in views[did(ZOO)].problem

    witnessed(scenario)


def test_a_witness_that_is_away_is_unknown(witnessed):
    async def scenario(town):
        await town.fill(2)
        town.carrier.away.add(did(OWL))
        _, views = await look(town)
        assert views[did(OWL)].verdict == "unknown"

    witnessed(scenario)


def test_a_log_that_grows_between_two_looks_is_no_fork(witnessed):
    async def scenario(town):
        await town.fill(5)
        ask, grown = town.carrier.checkpoint, []

        async def checkpoint(one):
            text = await ask(one)
            if not grown:
                grown.append(True)
                await town.fill(3)
                await witnessed_by(town, ZOO)
            return text

        town.carrier.checkpoint = checkpoint
        found, views = await look(town)
        assert (found.size, found.forked, views[did(ZOO)].verdict) == (8, False, "same")
        assert not any(isinstance(one, ForkAlarm) for one in town.events)

    witnessed(scenario)


def test_a_log_that_shows_another_history_when_asked_again_is_a_fork(witnessed):
    async def scenario(town):
        await town.fill(5)
        before = await town.snapshot()
        await town.fill(2)
        old = await town.ledger.checkpoint(ACME)
        await town.put_back(before)
        await town.fill(4)
        await witnessed_by(town, ZOO)
        ask, shown = town.carrier.checkpoint, [old]

        async def checkpoint(one):
            return shown.pop() if shown else await ask(one)

        town.carrier.checkpoint = checkpoint
        found, _ = await look(town)
        assert found.forked

    witnessed(scenario)
