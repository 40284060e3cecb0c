"""Two sides with messages lost, repeated, reordered and either side killed at any point always end in agreement or in the same failure."""

from __future__ import annotations

import asyncio
import os

import pytest
from msgspec import structs

from hanse.connector.negotiations import Negotiations
from hanse.connector.transfers import Transfers
from hanse.dsp import messages as m
from tests.scenarios.model.simulation import Run, Violation

FIRST = int(os.environ.get("HANSE_MODEL_SEED", "0"))
RUNS = int(os.environ.get("HANSE_MODEL_RUNS", "320"))
BATCH = 40


def play(seed, **how):
    run = Run(seed, **how)
    try:
        asyncio.run(run.play())
    except BaseException as error:
        error.add_note(f"HANSE_MODEL_SEED={seed}\n" + "\n".join([*run.log, *run.monitor.story]))
        raise
    return run


@pytest.mark.parametrize("first", range(FIRST, FIRST + RUNS, BATCH))
def test_both_sides_end_in_agreement_or_in_the_same_failure(first):
    for seed in range(first, min(first + BATCH, FIRST + RUNS)):
        play(seed)


def test_the_same_with_database_files_that_are_closed_and_opened_again(tmp_path):
    for seed in range(8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        play(seed, steps=60, folder=folder)


def test_the_runs_reach_every_ending():
    ends = {(key[1][:3], state) for seed in range(24) for key, state in play(seed).monitor.states.items()}
    assert ends == {("neg", "FINALIZED"), ("neg", "TERMINATED"), ("trf", "COMPLETED"), ("trf", "TERMINATED")}


def test_a_seed_repeats_its_run():
    first, second = play(7), play(7)
    assert first.monitor.story == second.monitor.story
    assert first.log == second.log


# A test that cannot fail shows nothing: each of these has one bug, which the invariants must find.


class TakesRepeatsAsNew(Negotiations):
    """Begins another negotiation when the first message comes again."""

    def _first(self, tx, sender, message, fingerprint, attested):
        if isinstance(message, m.ContractRequest):
            while self.store(tx).by_peer_pid(sender.tenant, sender.did, message.consumer_pid, m.Role.PROVIDER):
                message = structs.replace(message, consumer_pid=message.consumer_pid + "-again")
        return super()._first(tx, sender, message, fingerprint, attested)


class CommitsWhenSending(Negotiations):
    """Takes its own step for granted before the other side has acknowledged it."""

    def queue(self, tx, process, step, message, by="us", detail=""):
        super().queue(tx, process, step, message, by)
        self._settle(tx, process)


class ForgetsWhatItSent(Negotiations):
    """Does not remember a step whose acknowledgement it no longer waits for."""

    def end(self, tx, process, reason, by="us"):
        self._drop_intent(tx, process)
        super().end(tx, process, reason, by)


class ForgetsToHalt(Transfers):
    """Goes on serving while its suspension is on its way."""

    def queue(self, tx, process, step, message, by="us", detail=""):
        super(Transfers, self).queue(tx, process, step, message, by, detail)


class BelievesRepeatsOfASuspension(Transfers):
    """Takes whatever the peer suspends for suspended by itself."""

    def entered(self, tx, process, step, sender):
        super().entered(tx, process, step, sender)
        if step == "suspend":
            process.suspended_by = process.role
            self.store(tx).put(process)


@pytest.mark.parametrize(
    "bug",
    [
        {"negotiations_type": TakesRepeatsAsNew},
        {"negotiations_type": CommitsWhenSending},
        {"negotiations_type": ForgetsWhatItSent},
        {"transfers_type": ForgetsToHalt},
        {"transfers_type": BelievesRepeatsOfASuspension},
    ],
    ids=lambda bug: next(iter(bug.values())).__name__,
)
def test_the_invariants_find_a_bug(bug):
    for seed in range(RUNS):
        try:
            play(seed, **bug)
        except Violation:
            return
    pytest.fail(f"{bug} was not found in {RUNS} runs")
