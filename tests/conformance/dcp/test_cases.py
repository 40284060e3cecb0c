"""Our own replay of the kits' cases, over HTTP on loopback: one server with three participants, and one peer, per run."""

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

    assert outcomes(version, role)[name] == ""


@pytest.mark.shared_data
@pytest.mark.parametrize(("version", "role"), [pytest.param(*one, id=_called(*one)) for one in RUNS])
def test_all_own_cases(announce: Callable[[str], None], version: Version, role: Role) -> None:
    shared_data()
    found = outcomes(version, role)

    passed = [name for name, fault in found.items() if not fault]
    announce(f"DCP own cases {version.name} {role} {len(passed)}/{len(found)}")
    assert passed == list(cases_of(version, role))


@cache
def outcomes(version: Version, role: Role) -> Mapping[str, str]:
    """Play all cases of a run, once; return what was wrong by name, empty if nothing was."""
    return asyncio.run(_run(version, role))


async def _run(version: Version, role: Role) -> dict[str, str]:
    others = Others(free_port())
    async with system_under_test(version, others) as under, peer_of(under.of(role), others) as peer:
        world = World(peer, under, version)
        return {name: await _fault(case, world) for name, case in cases_of(version, role).items()}


async def _fault(case: Case, world: World) -> str:
    try:
        await case(world)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is this case's outcome, and the others go on
        return f"{type(fault).__name__}: {fault}"
    return ""
