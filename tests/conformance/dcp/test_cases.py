"""Our own replay of the kits' cases, over HTTP on loopback: one server with three participants per version, one peer per role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from tests.conformance.dcp.adapter import system_under_test
from tests.conformance.dcp.cases import KIT_COUNTS, cases_of
from tests.conformance.dcp.parties import Others
from tests.conformance.dcp.peer import peer_of
from tests.conformance.dcp.versions import ROLES, VERSIONS, Role, Version
from tests.conformance.dcp.world import Case, World
from tests.services import free_port
from tests.shared_data import shared_data

RUNS = [(version, role) for version in VERSIONS for role in ROLES]
ALL = [(version, role, name) for version, role in RUNS for name in cases_of(version, role)]


def _called(*parts: object) -> str:
    return "-".join(part.name if isinstance(part, Version) else str(part).replace(" ", "-") for part in parts)


@pytest.mark.parametrize(("version", "role"), list(KIT_COUNTS))
def test_there_is_a_case_of_ours_for_each_of_the_kits(version: str, role: Role) -> None:
    [known] = [one for one in VERSIONS if one.name == version]

    assert len(cases_of(known, role)) == KIT_COUNTS[version, role]


@pytest.mark.shared_data
@pytest.mark.parametrize(("version", "role", "name"), [pytest.param(*one, id=_called(*one)) for one in ALL])
def test_own_case(version: Version, role: Role, name: str) -> None:
    shared_data()

    assert outcomes(version)[role][name] == ""


@pytest.mark.shared_data
@pytest.mark.parametrize(("version", "role"), [pytest.param(*one, id=_called(*one)) for one in RUNS])
def test_all_own_cases(announce: Callable[[str], None], version: Version, role: Role) -> None:
    shared_data()
    found = outcomes(version)[role]

    passed = [name for name, fault in found.items() if not fault]
    announce(f"DCP own cases {version.name} {role} {len(passed)}/{len(found)}")
    assert passed == list(cases_of(version, role))


@cache
def outcomes(version: Version) -> Mapping[Role, Mapping[str, str]]:
    """Play all cases of a version, once; return what was wrong by role and name, empty if nothing was."""
    return asyncio.run(_run(version))


async def _run(version: Version) -> dict[Role, dict[str, str]]:
    found: dict[Role, dict[str, str]] = {}
    others = Others(free_port())
    async with system_under_test(version, others) as under:
        for role, did in zip(ROLES, (under.holder, under.issuer, under.verifier), strict=True):
            async with peer_of(did, others) as peer:
                world = World(peer, under, version)
                found[role] = {name: await _fault(case, world) for name, case in cases_of(version, role).items()}
    return found


async def _fault(case: Case, world: World) -> str:
    try:
        await case(world)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is this case's outcome, and the others go on
        return f"{type(fault).__name__}: {fault}"
    return ""
