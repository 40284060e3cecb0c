"""The official compatibility kit against the product: all of its 65 enabled tests pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.conformance.dsp.adapter import connector_under_test
from tests.conformance.kit import DSP, KitResult, require_kit, run_kit
from tests.conformance.kit.dsp_properties import EXPECTED, connector_properties


@pytest.mark.conformance
def test_the_official_kit(announce: Callable[[str], None]) -> None:
    require_kit(DSP, "DSP kit", announce)
    result, faults = asyncio.run(_run())

    announce(f"DSP {len(EXPECTED.intersection(result.passed))}/{len(EXPECTED)}")
    assert (result.failed, faults) == ([], []), result.output
    assert sorted(EXPECTED) == result.passed


async def _run() -> tuple[KitResult, list[str]]:
    async with connector_under_test() as connector:
        properties = connector_properties(
            agent_id=connector.did,
            base=connector.base,
            protocol=connector.protocol,
            negotiation_webhook=connector.negotiation_webhook,
            transfer_webhook=connector.transfer_webhook,
        )
        return await asyncio.to_thread(run_kit, DSP, properties), connector.faults
