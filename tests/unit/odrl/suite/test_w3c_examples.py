"""The examples of the W3C draft of ODRL's formal semantics, from JSON-LD to the decision (odrl.full, odrl.compile)."""

from __future__ import annotations

from datetime import datetime

import pytest

from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.named import Named
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.forms.full import read_policy

EX = "http://example.com/"
EUR, DPI = "http://dbpedia.org/resource/Euro", "http://dbpedia.org/resource/Dots_per_inch"
CONTEXT = ["http://www.w3.org/ns/odrl.jsonld", {"ex": EX + "ns#"}]
OPERANDS = BUILT_IN.add([Named(name=EX + "ns#dayOfWeek")])
"""The draft's own left operand, from an external vocabulary."""


def atomic(left, operator, value, kind, **more):
    return {"leftOperand": left, "operator": operator, "rightOperand": {"@value": value, "@type": kind}} | more


def narrowed(action, *refinements):
    return [{"@id": EX + "action/1", "rdf:value": {"@id": f"odrl:{action}"}, "refinement": list(refinements)}]


PAY = narrowed("compensate", atomic("payAmount", "eq", "5.00", "xsd:decimal", unit=EUR))
A1 = {
    "permission": [
        {
            "target": EX + "document/1234",
            "assigner": EX + "party/16",
            "action": "distribute",
            "constraint": [atomic("dateTime", "lt", "2018-01-01", "xsd:date")],
        }
    ]
}
A2 = {
    "prohibition": [
        {
            "target": EX + "photoAlbum:55",
            "action": "archive",
            "assignee": EX + "assignee:55",
            "constraint": [atomic("dateTime", "lt", "2025-01-01", "xsd:date")],
        }
    ]
}
B1 = {
    "permission": [
        {
            "target": EX + "document/1234",
            "assigner": EX + "party/616",
            "action": narrowed("print", atomic("resolution", "lteq", "1200", "xsd:integer", unit=DPI)),
        }
    ]
}
C1 = {
    "permission": [
        {
            "assigner": EX + "party/sony",
            "assignee": EX + "party/billie",
            "target": EX + "music/1999.mp3",
            "action": "play",
            "duty": [{"@id": EX + "condition/1", "action": PAY}],
        }
    ]
}
C2 = {
    "permission": [
        C1["permission"][0]
        | {
            "duty": [
                {
                    "@id": EX + "condition/1",
                    "action": PAY,
                    "constraint": [atomic("ex:dayOfWeek", "eq", "Sunday", "xsd:string")],
                }
            ]
        }
    ]
}
E42 = {"permission": [{"action": "use"}], "obligation": [{"@id": EX + "obligation/1", "action": PAY}]}


def world(moment, action, target, assignee, assigner, duties=(), **known):
    return Facts(
        now=datetime.fromisoformat(moment + "+00:00"),
        action=action,
        target=EX + target,
        assignee=EX + assignee,
        assigner=EX + assigner,
        known={name.replace("day", EX + "ns#dayOfWeek"): Fact(value, "test") for name, value in known.items()},
        duties={EX + name: Duty(state, "test") for name, state in dict(duties).items()},
    )


def distributes(moment):
    return world(moment, "distribute", "document/1234", "party/1", "party/16")


def prints(dots):
    return world("2025-07-25T00:00:00", "print", "document/1234", "party/1", "party/616", resolution=(dots, DPI))


def plays(moment, day, state, who="billie"):
    return world(moment, "play", "music/1999.mp3", f"party/{who}", "party/sony", {"condition/1": state}, day=day)


def archives(moment):
    return world(moment, "archive", "photoAlbum:55", "assignee:55", "MyPix:55")


@pytest.mark.parametrize(
    ("policy", "facts", "permitted"),
    [
        pytest.param(A1, distributes("2017-12-19T15:00:00"), True, id="A1-1"),
        pytest.param(A1, distributes("2019-12-19T15:00:00"), False, id="A1-2"),
        pytest.param(B1, prints(1000), True, id="B1-1"),
        pytest.param(B1, prints(1400), False, id="B1-2"),
        pytest.param(C1, plays("2025-07-25T00:00:00", "Friday", Done.PENDING), False, id="C1-1"),
        pytest.param(C1, plays("2025-07-25T00:00:00", "Friday", Done.FULFILLED), True, id="C1-2"),
        pytest.param(C1, plays("2025-07-25T00:00:00", "Friday", Done.FULFILLED, who="billie1"), False, id="C1-2, as the draft misspells"),
        pytest.param(C2, plays("2025-07-29T00:00:00", "Tuesday", Done.PENDING), True, id="C2-1"),
        pytest.param(C2, plays("2025-08-03T00:00:00", "Sunday", Done.PENDING), False, id="C2-2"),
        pytest.param(C2, plays("2025-08-03T00:00:00", "Sunday", Done.FULFILLED), True, id="C2-3"),
    ],
)
def test_permissions(policy, facts, permitted):
    compiled = compile_terms(read_policy({"@context": CONTEXT, "@type": "Set"} | policy).terms, operands=OPERANDS)
    assert compiled.decide(facts) is permitted
    assert compiled.report(facts).permitted is permitted


@pytest.mark.parametrize(("moment", "active"), [("2024-12-31T23:59:59", True), ("2025-01-01T00:00:00", False)])
def test_a_prohibition_is_active_before_a_day(moment, active):
    policy = {"@context": CONTEXT, "permission": [{"action": "use"}], "conflict": "prohibit"} | A2
    compiled = compile_terms(read_policy(policy).terms)
    (rule,) = (rule for rule in compiled.report(archives(moment)).rules if rule.kind == "prohibition")
    assert rule.truth is active
    assert compiled.decide(archives(moment)) is not active


@pytest.mark.parametrize(("state", "permitted"), [(Done.FULFILLED, True), (Done.PENDING, True), (Done.VIOLATED, False), (None, False)])
def test_an_obligation_that_is_violated_or_unknown_ends_all_use(state, permitted):
    compiled = compile_terms(read_policy({"@context": CONTEXT} | E42).terms)
    duties = {} if state is None else {"obligation/1": state}
    assert compiled.decide(world("2025-01-01T00:00:00", "use", "a", "b", "c", duties)) is permitted
