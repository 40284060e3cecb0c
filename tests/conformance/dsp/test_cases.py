"""Our own replay of the kit's 65 cases, over HTTP on loopback, all at once; it needs neither Java nor Maven."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.conformance.dsp.adapter import connector_under_test
from tests.conformance.dsp.cases import CASES
from tests.conformance.dsp.peer import Exchange, peer_of
from tests.conformance.dsp.reads import READS
from tests.conformance.kit.dsp_properties import EXPECTED
from tests.shared_data import shared_data


def test_there_is_a_case_of_ours_for_each_of_the_kits() -> None:
    names = [*READS, *(case.name for case in CASES)]

    assert len(names) == 65
    assert set(names) == EXPECTED


@pytest.mark.shared_data
def test_own_cases(announce: Callable[[str], None]) -> None:
    shared_data()
    outcomes, faults = asyncio.run(_run())

    for name in sorted(outcomes):
        print(f"own case {name} " + (f"FAILED {outcomes[name]}" if outcomes[name] else "passed"))
    passed = {name for name, fault in outcomes.items() if not fault}
    announce(f"DSP own cases {len(passed)}/{len(EXPECTED)}")
    assert {name: fault for name, fault in outcomes.items() if fault} == {}
    assert faults == []
    assert passed == EXPECTED


async def _run() -> tuple[dict[str, str], list[str]]:
    async with connector_under_test() as connector, peer_of(connector) as peer:
        plays = {case.name: Exchange(peer, case).play() for case in CASES} | {name: read(peer) for name, read in READS.items()}
        ends = await asyncio.gather(*plays.values(), return_exceptions=True)
        outcomes = {name: "" if end is None else f"{type(end).__name__}: {end}" for name, end in zip(plays, ends, strict=True)}
        return outcomes, connector.faults
