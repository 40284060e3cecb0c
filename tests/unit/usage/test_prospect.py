"""Before an agreement: could the peer ever use the data under these terms?"""

from __future__ import annotations

import pytest

from hanse.odrl.names import HANSE
from hanse.usage.ports import Proven
from tests.unit.usage.rig import PEER, Atomic, Rule, Terms, run, terms

OTHER = "did:web:localhost%3A8400:participants:other"


@pytest.mark.parametrize(
    "said",
    [
        terms(),
        terms(Atomic("dateTime", "gteq", "2027-01-01T00:00:00Z"), Atomic("dateTime", "lt", "2028-01-01T00:00:00Z")),
        terms(Atomic("purpose", "isA", "https://w3id.org/dpv#Marketing")),
        terms(Atomic("event", "isAnyOf", ["urn:x:launch"]), duties=[Rule("compensate")]),
        terms(Atomic(HANSE + "role", "eq", "consumer"), Atomic("count", "lteq", "1")),
        terms(Atomic(HANSE + "participant", "isAnyOf", [PEER]), obligations=[Rule("delete")]),
        Terms(permissions=(Rule(HANSE + "train"),)),
        Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", (Atomic("dateTime", "gteq", "2027-01-01T00:00:00Z"),)),)),
    ],
)
def test_what_can_still_come_true_does_not_count_against_it(said):
    async def scenario(rig):
        rig.proven_now = Proven(roles=frozenset({"consumer"}))
        assert (await rig.prospect()).permitted

    run(said, scenario)


@pytest.mark.parametrize(
    "said",
    [
        terms(Atomic("dateTime", "lt", "2026-01-01T00:00:00Z")),
        terms(Atomic(HANSE + "role", "eq", "ai-factory")),
        terms(Atomic(HANSE + "participant", "isAnyOf", [OTHER])),
        terms(Atomic("count", "lteq", "0")),
        terms(Atomic("urn:x:unknown", "eq", "1")),
        Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", (Atomic(HANSE + "participant", "eq", PEER),)),)),
        Terms(permissions=(Rule("use"),), profile=("urn:x:profile",)),
    ],
)
def test_what_is_so_and_stays_so_does(said):
    async def scenario(rig):
        rig.proven_now = Proven(roles=frozenset({"consumer"}))
        answer = await rig.prospect()
        assert not answer.permitted
        assert answer.sentence

    run(said, scenario)
