"""The official compatibility kits against the product: three runs of each version, all enabled tests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from tests.conformance.dcp.adapter import system_under_test
from tests.conformance.dcp.cases import KIT_COUNTS, cases_of
from tests.conformance.dcp.parties import Others
from tests.conformance.dcp.versions import ROLES, V1_0_2, VERSIONS, Role, Version
from tests.conformance.dcp.world import UnderTest
from tests.conformance.kit import KitResult, require_kit, run_kit
from tests.conformance.kit import dcp_properties as told
from tests.services import free_port

EXPECTED_FAILURES: Mapping[tuple[str, Role], Mapping[str, str]] = {}
"""By version and role, the kit's name for a test that contradicts another one of the kit, and how it does."""


@pytest.mark.conformance
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_the_official_kit(announce: Callable[[str], None], version: Version, role: Role) -> None:
    run = f"{version.kit.name} {role}"
    require_kit(version.kit, run, announce)
    result = asyncio.run(_run(version, role))

    announce(f"{run} {result.line}")
    ran = len(result.passed) + len(result.failed)
    # How many tests the newer version has is not known here; it has at least as many as the older one.
    assert ran >= KIT_COUNTS[V1_0_2.name, role], result.output
    assert ran == KIT_COUNTS.get((version.name, role), ran), result.output
    assert Counter(result.failed) == Counter(EXPECTED_FAILURES.get((version.name, role), {})), result.output


async def _run(version: Version, role: Role) -> KitResult:
    others = Others(free_port())
    async with system_under_test(version, others) as under:
        return await asyncio.to_thread(run_kit, version.kit, _properties(version, role, under), port=others.port)


def _properties(version: Version, role: Role, under: UnderTest) -> dict[str, str]:
    if role == "credential service":
        return told.credential_service_properties(
            did=under.holder,
            sts=under.sts,
            client_id=under.client_id,
            client_secret=under.client_secret,
            holder_pid=under.holder_pid,
            rejected=(under.rejected_pid, "cs_06_05_01_credentialMessage_rejectedStatus"),
        )
    if role == "issuer":
        own = () if version.repeated_requests else tuple(cases_of(version, role))
        return told.issuer_properties(did=under.issuer, tests=own)
    return told.verifier_properties(did=under.verifier, trigger=under.kit_trigger)
