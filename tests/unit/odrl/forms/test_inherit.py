"""Inheritance of policies (odrl.inherit; ODRL 2.2 IM, 2.8)."""

from __future__ import annotations

import pytest

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.full import read_policy
from hanse.odrl.forms.inherit import MAX_PARENTS, inherit, inherit_terms
from hanse.odrl.model import Rule, Scope, Terms


def parent(action, *inherits, **more):
    return Terms(permissions=(Rule(action),), inherits=inherits, **more)


def actions(terms):
    return [rule.action for rule in terms.permissions]


def test_the_example_of_the_standard():
    default = read_policy(
        {
            "@type": "Policy",
            "uid": "http://example.com/policy:default",
            "assigner": "http://example.com/org-01",
            "obligation": [{"target": "http://example.com/asset:terms-and-conditions", "action": "reviewPolicy"}],
        }
    )
    child = read_policy(
        {
            "@type": "Agreement",
            "uid": "http://example.com/policy:4444",
            "inheritFrom": "http://example.com/policy:default",
            "assignee": "http://example.com/user:0001",
            "permission": [{"target": "http://example.com/asset:5555", "action": "display"}],
        }
    )
    whole = inherit(child, {"http://example.com/policy:default": default})
    parties = {"assigner": Scope("http://example.com/org-01"), "assignee": Scope("http://example.com/user:0001")}
    assert whole.terms == Terms(
        permissions=(Rule("display", target=Scope("http://example.com/asset:5555"), **parties),),
        obligations=(Rule("reviewPolicy", target=Scope("http://example.com/asset:terms-and-conditions"), **parties),),
    )
    assert (whole.uid, whole.kind) == ("http://example.com/policy:4444", "Agreement")


def test_any_depth_and_the_child_s_rules_first():
    parents = {f"urn:{n}": parent(f"act-{n}", f"urn:{n + 1}") for n in range(200)} | {"urn:200": parent("act-200")}
    assert actions(inherit_terms(parent("own", "urn:0"), parents)) == ["own", *(f"act-{n}" for n in range(201))]


def test_a_diamond_counts_once():
    parents = {"urn:l": parent("left", "urn:top"), "urn:r": parent("right", "urn:top"), "urn:top": parent("top")}
    assert actions(inherit_terms(parent("own", "urn:l", "urn:r"), parents)) == ["own", "left", "top", "right"]


@pytest.mark.parametrize(
    "parents",
    [
        {"urn:a": parent("a", "urn:a")},
        {"urn:a": parent("a", "urn:b"), "urn:b": parent("b", "urn:a")},
        {"urn:a": parent("a", "urn:b"), "urn:b": parent("b", "urn:c"), "urn:c": parent("c", "urn:b")},
    ],
)
def test_a_circle_is_refused(parents):
    with pytest.raises(Invalid) as caught:
        inherit_terms(parent("own", "urn:a"), parents)
    assert caught.value.rule == "policy-circle"


def test_a_policy_that_inherits_from_itself_is_refused():
    policy = read_policy({"uid": "urn:self", "inheritFrom": "urn:p", "permission": {"action": "use"}})
    back = read_policy({"uid": "urn:p", "inheritFrom": "urn:self", "permission": {"action": "use"}})
    with pytest.raises(Invalid) as caught:
        inherit(policy, {"urn:self": policy, "urn:p": back})
    assert caught.value.rule == "policy-circle"


def test_a_parent_that_is_missing_is_refused():
    with pytest.raises(Invalid) as caught:
        inherit_terms(parent("own", "urn:a"), {"urn:a": parent("a", "urn:gone")})
    assert caught.value.rule == "policy-parent"
    assert "urn:gone" in str(caught.value)


@pytest.mark.parametrize(
    ("own", "theirs", "whole"),
    [
        (None, None, None),
        ("perm", None, "perm"),
        (None, "prohibit", "prohibit"),
        ("perm", "perm", "perm"),
        # Several strategies make the policy void where rules conflict (IM 2.9), as invalid does.
        ("perm", "prohibit", "invalid"),
        ("invalid", "perm", "invalid"),
    ],
)
def test_strategies_for_conflicts(own, theirs, whole):
    merged = inherit_terms(parent("own", "urn:a", conflict=own), {"urn:a": parent("a", conflict=theirs)})
    assert merged.conflict == whole


def test_profiles_are_inherited_once():
    merged = inherit_terms(parent("own", "urn:a", profile=("p", "q")), {"urn:a": parent("a", profile=("q", "r"))})
    assert merged.profile == ("p", "q", "r")
    assert merged.inherits == ()


def test_what_is_shared_spreads_to_all_rules_both_ways():
    child = read_policy({"inheritFrom": "urn:p", "target": ["urn:x", "urn:y"], "permission": {"action": "read"}})
    top = read_policy({"uid": "urn:p", "assignee": "urn:bob", "prohibition": {"action": "sell"}})
    whole = inherit(child, {"urn:p": top}).terms
    assert [(rule.target.id, rule.assignee.id) for rule in whole.permissions] == [("urn:x", "urn:bob"), ("urn:y", "urn:bob")]
    assert [(rule.target.id, rule.assignee.id) for rule in whole.prohibitions] == [("urn:x", "urn:bob"), ("urn:y", "urn:bob")]


def test_too_many_parents_are_refused():
    parents = {f"urn:{n}": parent("a", f"urn:{n + 1}") for n in range(MAX_PARENTS + 2)}
    with pytest.raises(Invalid) as caught:
        inherit_terms(parent("own", "urn:0"), parents)
    assert caught.value.rule == "policy-size"


def test_too_many_rules_are_refused():
    many = Terms(permissions=(Rule("use"),) * 1000)
    with pytest.raises(Invalid) as caught:
        inherit_terms(Terms(inherits=tuple(f"urn:{n}" for n in range(5))), {f"urn:{n}": many for n in range(5)})
    assert caught.value.rule == "policy-size"


def test_shared_targets_cannot_multiply_rules_beyond_the_bound():
    shares = {"target": [f"urn:{n}" for n in range(100)]}
    child = read_policy({"inheritFrom": "urn:p", "permission": [{"action": "read", "assignee": f"urn:{n}"} for n in range(100)]})
    top = read_policy({"uid": "urn:p", "permission": {"action": "read"}} | shares)
    with pytest.raises(Invalid) as caught:
        inherit(child, {"urn:p": top})
    assert caught.value.rule == "policy-size"
