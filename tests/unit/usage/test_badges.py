"""Each term has the badge that this installation can really keep."""

from __future__ import annotations

import pytest

from hanse.odrl.constraints.base import Badge
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.names import HANSE, TRAIN
from hanse.usage.badges import badges, worst
from hanse.usage.classes import CLASSES
from hanse.usage.duties import Capabilities
from tests.unit.usage.rig import Atomic, Rule, terms

ALL = Capabilities(operands=BUILT_IN, ledger=True)
BY = Atomic("dateTime", "lteq", "2027-01-01T00:00:00Z")


def only(said, evidence, capabilities=ALL):
    (found,) = badges(said, capabilities, evidence)
    assert found.why
    return found.badge


@pytest.mark.parametrize(
    ("said", "with_evidence", "without"),
    [
        (terms(Atomic("count", "lteq", "3")), Badge.ENFORCED, Badge.ENFORCED),
        (terms(Atomic("dateTime", "lt", "2027-01-01")), Badge.ENFORCED, Badge.ENFORCED),
        (terms(Atomic(HANSE + "role", "eq", "consumer")), Badge.ENFORCED, Badge.ENFORCED),
        (terms(Atomic(HANSE + "participantLocation", "isPartOf", "EU")), Badge.ENFORCED, Badge.ENFORCED),
        (terms(Atomic("purpose", "eq", "https://w3id.org/dpv#Marketing")), Badge.ATTESTED, Badge.DECLARED),
        (terms(Atomic("spatial", "isPartOf", "EU")), Badge.ATTESTED, Badge.DECLARED),
        (terms(Atomic(HANSE + "application", "eq", "urn:x:app")), Badge.ATTESTED, Badge.DECLARED),
        (terms(Atomic("urn:x:unknown", "eq", "1")), Badge.DECLARED, Badge.DECLARED),
        (terms(action=TRAIN), Badge.DECLARED, Badge.DECLARED),
        (terms(duties=[Rule(HANSE + "mask")]), Badge.ENFORCED, Badge.ENFORCED),
        (terms(duties=[Rule(HANSE + "log")]), Badge.ENFORCED, Badge.ENFORCED),
        (terms(duties=[Rule("compensate")]), Badge.ENFORCED, Badge.ENFORCED),
        (terms(duties=[Rule("inform")]), Badge.ATTESTED, Badge.DECLARED),
        (terms(duties=[Rule("nextPolicy")]), Badge.DECLARED, Badge.DECLARED),
        (terms(obligations=[Rule("delete")]), Badge.ATTESTED, Badge.DECLARED),
        (terms(obligations=[Rule("compensate", (BY,))]), Badge.MONITORED, Badge.MONITORED),
        (terms(obligations=[Rule("compensate")]), Badge.DECLARED, Badge.DECLARED),
    ],
)
def test_a_term_is_kept_as_far_as_the_other_side_can_answer_for_it(said, with_evidence, without):
    assert only(said, True) is with_evidence
    assert only(said, False) is without
    assert only(said, None) is without


def test_what_this_installation_cannot_do_is_only_declared():
    poor = Capabilities(operands=BUILT_IN, transforms=frozenset(), ledger=False)
    assert only(terms(duties=[Rule(HANSE + "mask")]), True, poor) is Badge.DECLARED
    assert only(terms(duties=[Rule(HANSE + "log")]), False, poor) is Badge.DECLARED


def test_the_worst_of_them_counts():
    found = badges(terms(Atomic("count", "lteq", "3"), Atomic("purpose", "eq", "urn:x")), ALL, False)
    assert [path for path, _, _ in found] == ["permission[0].constraint[0]", "permission[0].constraint[1]"]
    assert worst(found) is Badge.DECLARED
    assert worst([]) is Badge.ENFORCED


def test_the_25_classes_are_all_there():
    assert [one.number for one in CLASSES] == list(range(1, 26))
    assert all(one.where and one.how and one.proof for one in CLASSES)
