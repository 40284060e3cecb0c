"""Two sides with messages lost, repeated, reordered and either side killed at any point always end in agreement or in the same failure."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.scenarios.model.simulation import Run, Violation

FIRST_SEED = int(os.environ.get("HANSE_MODEL_SEED", "0"))
RUNS = int(os.environ.get("HANSE_MODEL_RUNS", "320"))


def play(seed, **how):
    run = Run(seed, **how)
    try:
        asyncio.run(run.play())
    except BaseException as error:
        error.add_note(f"seed {seed}\n" + "\n".join([*run.log, *run.monitor.story]))
        raise
    return run


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + RUNS, 40))
def test_both_sides_end_in_agreement_or_in_the_same_failure(first):
    for seed in range(first, min(first + 40, FIRST_SEED + RUNS)):
        play(seed)
