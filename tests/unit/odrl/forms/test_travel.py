"""What of a policy cannot travel in the Dataspace Protocol (odrl.travel)."""

from __future__ import annotations

import pytest
from hypothesis import given

from hanse.odrl.forms.read import read_terms
from hanse.odrl.forms.travel import cannot_travel
from hanse.odrl.forms.write import write_terms
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms
from tests.unit.odrl.strategies import terms

A = Atomic("count", "lteq", "5")


def permitted(rule, **more):
    return Terms(permissions=(rule,), **more)


@given(terms)
def test_what_can_travel_arrives_unchanged(value):
    found = cannot_travel(value)
    assert all(path.endswith("rightOperand") or "rightOperand[" in path or "duty" in path for path, _, _ in found)
    if not found:
        assert read_terms(write_terms(value)) == value


@pytest.mark.parametrize(
    ("value", "paths", "form"),
    [
        (permitted(Rule("use", refinements=(A,))), ["permission[0].action.refinement"], "duties"),
        (permitted(Rule("use", uid="urn:r")), ["permission[0].uid"], "place"),
        (permitted(Rule("use", target=Scope("urn:a"))), ["permission[0].target"], "offer of its own"),
        (permitted(Rule("use", assigner=Scope("urn:a"))), ["permission[0].assigner"], "agreement"),
        (permitted(Rule("use", assignee=Scope("urn:a"))), ["permission[0].assignee"], "urn:hanse:odrl:participant"),
        (permitted(Rule("use"), conflict="perm"), ["conflict"], "constraints"),
        (permitted(Rule("use"), inherits=("urn:a", "urn:b")), ["inheritFrom[0]", "inheritFrom[1]"], "written into this policy"),
        (
            permitted(Rule("use"), obligations=(Rule("delete", consequences=(Rule("inform"),)),)),
            ["obligation[0].consequence[0]"],
            "obligation of its own",
        ),
        (Terms(prohibitions=(Rule("use", remedies=(Rule("delete"),)),)), ["prohibition[0].remedy[0]"], "obligation of its own"),
        (Terms(prohibitions=(Rule("use", duties=(Rule("delete"),)),)), ["prohibition[0].duty"], "obligation"),
        (Terms(obligations=(Rule("delete"),)), [""], "the least"),
        (permitted(Rule("use", (Atomic("payAmount", "eq", "5", unit="urn:u"),))), ["permission[0].constraint[0].unit"], '"@type": "urn:u"'),
        (permitted(Rule("use", (Atomic("count", "eq", "5", data_type="t"),))), ["permission[0].constraint[0].dataType"], '"@type": "t"'),
        (permitted(Rule("use", (Atomic("count", "eq", 5),))), ["permission[0].constraint[0].rightOperand"], 'text ("5")'),
        (permitted(Rule("use", (Atomic("a", "isAnyOf", ["x", True]),))), ["permission[0].constraint[0].rightOperand[1]"], "typed value"),
        (permitted(Rule("use", (Atomic("a", "regex", "x"),))), ["permission[0].constraint[0].operator"], "isAnyOf"),
        (permitted(Rule("use", (Logical("or", (A, Atomic("a", "eq", 1))),))), ["permission[0].constraint[0].or[1].rightOperand"], "text"),
        (permitted(Rule("use", (Logical("or", ()),))), ["permission[0].constraint[0]"], "leave it out"),
        (permitted(Rule("use", duties=(Rule("pay", refinements=(A,)),))), ["permission[0].duty[0].action.refinement"], "duties"),
        (permitted(Rule("use", (A,) * 257)), [""], "at most 256"),
    ],
)
def test_what_cannot_travel_is_named_with_the_form_that_would_do(value, paths, form):
    found = cannot_travel(value)
    assert [path for path, _, _ in found] == paths
    assert all(what for _, what, _ in found)
    assert all(form in instead for _, _, instead in found)
