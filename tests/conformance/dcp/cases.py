"""All cases by version and role, under the names of the kit's own tests."""

from __future__ import annotations

from typing import Final

from tests.conformance.dcp import issuing, presenting, storing, verifying
from tests.conformance.dcp.versions import ROLES, V1_0_2, VERSIONS, Role, Version
from tests.conformance.dcp.world import Case

_ALL: Final[dict[Role, dict[str, Case]]] = {
    "credential service": presenting.CASES | storing.CASES,
    "issuer": issuing.CASES,
    "verifier": verifying.CASES,
}
_NEVER: Final = {
    "1.0.2": presenting.ONLY_IN_1_2_1 | storing.ONLY_IN_1_2_1 | issuing.ONLY_IN_1_2_1,
    "1.2.1": storing.ONLY_IN_1_0_2 | issuing.ONLY_IN_1_0_2,
}


def cases_of(version: Version, role: Role) -> dict[str, Case]:
    """Return the cases of a role in that version by name. Those of 1.2.1 are the ones that are known: its source is not public here."""
    return {name: case for name, case in _ALL[role].items() if name not in _NEVER[version.name]}


COUNTS: Final = {(version.name, role): len(cases_of(version, role)) for version in VERSIONS for role in ROLES}
"""How many cases there are."""

KIT_COUNTS: Final = {
    (V1_0_2.name, "credential service"): 40,
    (V1_0_2.name, "issuer"): 25,
    (V1_0_2.name, "verifier"): 20,
}
"""How many enabled tests the kit has, where that is known from its source."""
