"""Policies from JSON: what is accepted, what is refused and where (odrl.read)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import CallerError, Invalid, Malformed
from hanse.odrl.forms.read import read_agreement, read_offer, read_terms
from hanse.odrl.forms.write import write_agreement, write_offer
from hanse.odrl.model import Atomic, Logical, Rule
from tests.shared_data import shared_data
from tests.unit.odrl.strategies import json
from tests.wire.schemas import validate

TIME = {"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2027-01-01"}


def offer(**more):
    return {"@id": "o", "permission": [{"action": "use"}], **more}


def permission(**more):
    return offer(permission=[{"action": "use", **more}])


def constraint(value):
    return permission(constraint=[TIME, value])


def nested(depth):
    value = TIME
    for _ in range(depth - 1):
        value = {"and": [value]}
    return value


@pytest.mark.parametrize(
    "value",
    [
        offer(),
        offer(**{"@type": "Offer", "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"]}),
        offer(prohibition=[], obligation=[]),
        offer(profile="https://a.example/p"),
        offer(profile=["https://a.example/p", "https://b.example/p"]),
        permission(constraint=[]),
        permission(**{"@type": "Permission"}),
        permission(duty=[{"action": "https://a.example/pay", "constraint": [TIME]}]),
        offer(target="t", assigner="a", assignee="b", permission=[{"action": "use", "target": "t", "assigner": "a", "assignee": "b"}]),
        constraint({**TIME, "rightOperand": {"@value": "2027-01-01", "@type": "xsd:date"}}),
        constraint({**TIME, "rightOperand": ["a", 1, True]}),
        constraint({**TIME, "operator": "term-lteq"}),
        permission(constraint=[nested(16)]),
        permission(constraint=[TIME] * 256),
        {"@id": "o", "prohibition": [{"action": "use"}]},
    ],
)
def test_accepted(value):
    assert read_offer(value).id == "o"


@pytest.mark.parametrize(
    ("value", "where", "rule"),
    [
        ([], "offer", "policy-object"),
        ({"permission": [{"action": "use"}]}, "offer.@id", "policy-missing"),
        (offer(**{"@id": 1}), "offer.@id", "policy-text"),
        (offer(**{"@id": "x" * 5000}), "offer.@id", "policy-size"),
        (offer(**{"@type": "Agreement"}), "offer.@type", "policy-type"),
        (offer(**{"@type": ["Offer"]}), "offer.@type", "policy-type"),
        (offer(inheritFrom="x"), "offer.inheritFrom", "policy-unknown-member"),
        (offer(timestamp="2026-01-01T00:00:00Z"), "offer.timestamp", "policy-unknown-member"),
        (offer(profile=5), "offer.profile", "policy-text"),
        (offer(profile=["a", 5]), "offer.profile[1]", "policy-text"),
        ({"@id": "o"}, "offer", "policy-empty"),
        ({"@id": "o", "permission": [], "obligation": [{"action": "use"}]}, "offer", "policy-empty"),
        (offer(permission={"action": "use"}), "offer.permission", "policy-array"),
        (offer(permission=["use"]), "offer.permission[0]", "policy-object"),
        (offer(permission=[{}]), "offer.permission[0].action", "policy-missing"),
        (permission(action={"@id": "use"}), "offer.permission[0].action", "policy-text"),
        (permission(remedy=[]), "offer.permission[0].remedy", "policy-unknown-member"),
        (permission(**{"@type": "Duty"}), "offer.permission[0].@type", "policy-type"),
        (permission(target="t"), "offer.permission[0].target", "policy-party"),
        (offer(prohibition=[{"action": "use", "duty": []}]), "offer.prohibition[0].duty", "policy-unknown-member"),
        (permission(duty=[{"action": "use", "consequence": []}]), "offer.permission[0].duty[0].consequence", "policy-unknown-member"),
        (permission(constraint=TIME), "offer.permission[0].constraint", "policy-array"),
        (constraint("x"), "offer.permission[0].constraint[1]", "policy-object"),
        (constraint({**TIME, "operator": "isNot"}), "offer.permission[0].constraint[1].operator", "policy-operator"),
        (constraint({**TIME, "unit": "day"}), "offer.permission[0].constraint[1].unit", "policy-unknown-member"),
        (constraint({"and": [TIME], "or": [TIME]}), "offer.permission[0].constraint[1]", "policy-logical"),
        (constraint({"and": []}), "offer.permission[0].constraint[1].and", "policy-logical"),
        (constraint({"and": [TIME], **TIME}), "offer.permission[0].constraint[1].leftOperand", "policy-unknown-member"),
        (constraint({**TIME, "rightOperand": 5}), "offer.permission[0].constraint[1].rightOperand", "policy-right-operand"),
        (constraint({**TIME, "rightOperand": True}), "offer.permission[0].constraint[1].rightOperand", "policy-right-operand"),
        (constraint({**TIME, "rightOperand": None}), "offer.permission[0].constraint[1].rightOperand", "policy-right-operand"),
        (constraint({"leftOperand": "a", "operator": "eq"}), "offer.permission[0].constraint[1].rightOperand", "policy-right-operand"),
        (permission(constraint=[TIME] * 257), "offer.permission[0].constraint[256]", "policy-size"),
        (offer(permission=[{"action": "use"}] * 257), "offer.permission[256]", "policy-size"),
        (constraint({**TIME, "rightOperand": ["x"] * 5000}), "offer.permission[0].constraint[1].rightOperand", "policy-size"),
    ],
)
def test_refused_with_the_place_and_the_rule(value, where, rule):
    with pytest.raises((Invalid, Malformed)) as error:
        read_offer(value)
    assert (error.value.where, error.value.rule) == (where, rule)


def test_a_rules_parties_must_be_its_policys():
    with pytest.raises(Invalid) as error:
        read_offer(offer(target="t", permission=[{"action": "use", "target": "u"}]))
    assert error.value.where == "offer.permission[0].target"


@pytest.mark.parametrize("depth", [17, 900])
def test_depth_is_bounded(depth):
    deep = ["x"]
    for _ in range(depth):
        deep = [deep]
    for value in (nested(depth), {**TIME, "rightOperand": deep}):
        with pytest.raises(Malformed) as error:
            read_offer(permission(constraint=[value]))
        assert error.value.rule == "policy-depth"


def test_agreement():
    value = offer(**{"@type": "Agreement"}, target="t", assigner="a", assignee="b", timestamp="2026-01-01T00:00:00.123456789Z")
    assert read_agreement(value).assignee == "b"
    for key in ("target", "assigner", "assignee"):
        with pytest.raises(Invalid) as error:
            read_agreement({name: one for name, one in value.items() if name != key})
        assert error.value.where == f"agreement.{key}"
    with pytest.raises(Invalid) as error:
        read_agreement({**value, "timestamp": "yesterday"})
    assert error.value.rule == "policy-timestamp"


def test_terms_of_a_file_have_no_parties():
    assert read_terms({"@type": "Set", "permission": [{"action": "use"}]}).permissions == (Rule("use"),)
    with pytest.raises(Invalid) as error:
        read_terms({"target": "t", "permission": [{"action": "use"}]})
    assert error.value.where == "policy.target"


def test_logical_constraints_keep_their_tree():
    found = read_offer(permission(constraint=[{"or": [TIME, {"andSequence": [TIME]}]}])).terms.permissions[0].constraints
    time = Atomic("dateTime", "lt", "2027-01-01")
    assert found == (Logical("or", (time, Logical("andSequence", (time,)))),)


def test_the_examples_of_the_standard():
    for path in sorted((shared_data() / "dsp-2025-1/negotiation/example").glob("*.json")):
        message = msgspec.json.decode(path.read_bytes())
        if "offer" in message:
            read = read_offer(message["offer"])
            assert read_offer(write_offer(read, in_catalogue=False)) == read
        if "agreement" in message:
            agreed = read_agreement(message["agreement"])
            assert write_agreement(agreed) == message["agreement"]
            validate("contract#Agreement", write_agreement(agreed))


KEYS = [
    "@id",
    "@type",
    "permission",
    "prohibition",
    "obligation",
    "action",
    "constraint",
    "leftOperand",
    "operator",
    "rightOperand",
    "and",
    "duty",
]
chaos = st.recursive(
    json | st.sampled_from(["use", "eq", "dateTime", "Offer"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(chaos)
def test_whatever_comes_is_read_or_refused(value):
    for read in (read_offer, read_agreement, read_terms):
        try:
            read(value)
        except CallerError as error:
            assert error.where
