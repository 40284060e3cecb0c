"""Any ODRL policy in JSON-LD (odrl.full, odrl.jsonld)."""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import CallerError, Invalid, Malformed, TooLarge
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Facts
from hanse.odrl.forms.bounds import MAX_DEPTH
from hanse.odrl.forms.full import read_policy, read_policy_text
from hanse.odrl.forms.read import read_terms
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms

W3C = "http://www.w3.org/ns/odrl.jsonld"
ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
A = {"leftOperand": "count", "operator": "lteq", "rightOperand": "5"}
READ_A = Atomic("count", "lteq", "5")


def policy(*permissions, **more):
    return {"@context": W3C, "@type": "Set", "uid": "urn:p", "permission": list(permissions) or [{"action": "use"}]} | more


def terms_of(value):
    return read_policy(value).terms


def rule_of(value):
    (rule,) = terms_of(value).permissions
    return rule


def constrained(constraint):
    return policy({"action": "use", "constraint": [constraint]})


def refused(value, rule, where, kind=Invalid):
    with pytest.raises(kind) as caught:
        read_policy(value)
    assert (caught.value.rule, caught.value.where) == (rule, where)
    return str(caught.value)


# --- One policy in three forms ----------------------------------------------------------------------------------------

COMPACT = {
    "@context": [W3C, {"ex": "https://example.org/ns#"}],
    "@type": "Offer",
    "uid": "urn:p",
    "profile": "urn:profile",
    "conflict": "prohibit",
    "inheritFrom": ["urn:parent"],
    "permission": [
        {
            "target": "urn:data",
            "assigner": "did:web:p.example",
            "action": {
                "rdf:value": {"@id": "odrl:print"},
                "refinement": [{"leftOperand": "resolution", "operator": "lteq", "rightOperand": 1200, "unit": "urn:dpi"}],
            },
            "constraint": [
                {"leftOperand": "ex:left", "operator": "isAnyOf", "rightOperand": [{"@id": "ex:a"}, {"@id": "ex:b"}]},
                {
                    "andSequence": [
                        {"leftOperand": "event", "operator": "lt", "rightOperand": {"@id": "odrl:policyUsage"}},
                        {"leftOperand": "dateTime", "operator": "lt", "rightOperand": {"@value": "2027-01-01", "@type": "xsd:date"}},
                    ]
                },
            ],
            "duty": [{"uid": "urn:duty", "action": "delete", "consequence": [{"action": "inform"}]}],
        }
    ],
    "prohibition": [{"target": "urn:data", "action": "ex:act", "remedy": [{"action": "odrl:anonymize"}]}],
}
PREFIXED = {
    "@context": {"o": ODRL, "xs": XSD, "ex": "https://example.org/ns#"},
    "@id": "urn:p",
    "@type": "o:Offer",
    "odrl:profile": {"@id": "urn:profile"},
    "o:conflict": {"@id": "o:prohibit"},
    "odrl:inheritFrom": {"@id": "urn:parent"},
    "odrl:permission": {
        "odrl:target": {"@id": "urn:data"},
        "odrl:assigner": {"@id": "did:web:p.example"},
        "odrl:action": {
            "rdf:value": {"@id": "o:print"},
            "odrl:refinement": {
                "odrl:leftOperand": {"@id": "odrl:resolution"},
                "odrl:operator": {"@id": "odrl:lteq"},
                "odrl:rightOperand": {"@value": "1200", "@type": "xs:integer"},
                "odrl:unit": {"@id": "urn:dpi"},
            },
        },
        "odrl:constraint": [
            {
                "o:leftOperand": {"@id": "ex:left"},
                "o:operator": {"@id": "o:isAnyOf"},
                "o:rightOperand": {"@list": [{"@id": "ex:a"}, {"@id": "ex:b"}]},
            },
            {"o:andSequence": {"@list": [{"@id": "_:first"}, {"@id": "_:second"}]}},
        ],
        "odrl:duty": {"@id": "urn:duty", "odrl:action": {"@id": "odrl:delete"}, "odrl:consequence": {"odrl:action": "odrl:inform"}},
    },
    "odrl:prohibition": {
        "odrl:target": "urn:data",
        "odrl:action": {"@id": "https://example.org/ns#act"},
        "odrl:remedy": {"odrl:action": {"@id": "odrl:anonymize"}},
    },
}
FIRST = {
    "@id": "_:first",
    "o:leftOperand": {"@id": "o:event"},
    "o:operator": {"@id": "o:lt"},
    "o:rightOperand": {"@id": "o:policyUsage"},
}
SECOND = {
    "@id": "_:second",
    "@type": "o:Constraint",
    "o:leftOperand": {"@id": "o:dateTime"},
    "o:operator": {"@id": "o:lt"},
    "o:rightOperand": {"@value": "2027-01-01", "@type": "xs:date"},
}
SAID = Terms(
    permissions=(
        Rule(
            "print",
            (
                Atomic(
                    "https://example.org/ns#left", "isAnyOf", [{"@id": "https://example.org/ns#a"}, {"@id": "https://example.org/ns#b"}]
                ),
                Logical(
                    "andSequence",
                    (
                        Atomic("event", "lt", {"@id": "odrl:policyUsage"}),
                        Atomic("dateTime", "lt", {"@value": "2027-01-01", "@type": "xsd:date"}),
                    ),
                ),
            ),
            (Rule("delete", uid="urn:duty", consequences=(Rule("inform"),)),),
            refinements=(Atomic("resolution", "lteq", {"@value": "1200", "@type": "xsd:integer"}, unit="urn:dpi"),),
            target=Scope("urn:data"),
            assigner=Scope("did:web:p.example"),
        ),
    ),
    prohibitions=(Rule("https://example.org/ns#act", target=Scope("urn:data"), remedies=(Rule("anonymize"),)),),
    profile=("urn:profile",),
    conflict="prohibit",
    inherits=("urn:parent",),
)


def ids(*names):
    return [{"@id": name} for name in names]


def expanded(value):
    """Return the prefixed document in expanded form (JSON-LD 1.1, 5.1)."""
    if isinstance(value, list):
        return [expanded(one) for one in value]
    if not isinstance(value, dict):
        return {"@value": value} if not str(value).startswith(("urn:", "odrl:")) else {"@id": iri(value)}
    out = {}
    for key, inner in value.items():
        if key == "@context":
            continue
        if key in ("@id", "@value"):
            out[key] = iri(inner) if key == "@id" else inner
        elif key == "@type":
            out[key] = iri(inner) if "@value" in value else [iri(inner)]
        elif key == "@list":
            out[key] = expanded(inner)
        else:
            done = expanded(inner)
            out[iri(key)] = done if isinstance(done, list) else [done]
    return out


def iri(name):
    prefix, _, rest = name.partition(":")
    spaces = {"o": ODRL, "odrl": ODRL, "xs": XSD, "ex": "https://example.org/ns#", "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    return spaces[prefix] + rest if prefix in spaces else name


@pytest.mark.parametrize(
    "value",
    [
        COMPACT,
        [PREFIXED, FIRST, SECOND],
        {"@context": PREFIXED["@context"], "@graph": [FIRST, {k: v for k, v in PREFIXED.items() if k != "@context"}, SECOND]},
        expanded([PREFIXED, FIRST, SECOND]),
    ],
    ids=["compact", "prefixed", "graph", "expanded"],
)
def test_every_form_says_the_same(value):
    read = read_policy(value)
    assert read.terms == SAID
    assert (read.uid, read.kind) == ("urn:p", "Offer")
    assert read_policy_text(json.dumps(value)) == read


@given(st.randoms(use_true_random=False))
def test_the_order_of_members_has_no_meaning(random):
    def shuffled(value):
        if isinstance(value, list):
            return [shuffled(one) for one in value]
        if not isinstance(value, dict):
            return value
        items = [(key, shuffled(inner)) for key, inner in value.items()]
        random.shuffle(items)
        return dict(items)

    assert terms_of(shuffled(COMPACT)) == SAID


def test_what_the_wire_carries_reads_the_same_here():
    value = {
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "Offer",
        "@id": "urn:o",
        "permission": [{"action": "use", "constraint": [A, {"or": [A, {"xone": [A, A]}]}], "duty": [{"action": "urn:hanse:odrl:log"}]}],
        "obligation": [{"action": "delete", "constraint": [A]}],
        "profile": "urn:hanse:odrl:profile",
    }
    assert terms_of(value) == read_terms(value)


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (None, "Set"),
        ("Policy", "Set"),
        ("odrl:Set", "Set"),
        ("Offer", "Offer"),
        (["Set", ODRL + "Agreement"], "Agreement"),
    ],
)
def test_kinds(types, kind):
    value = policy()
    value.pop("@type")
    assert read_policy(value | ({"@type": types} if types else {})).kind == kind


@pytest.mark.parametrize("types", ["Request", "Ticket", "Assertion", "Privacy", ["Offer", "Agreement"], ["Set", "urn:x:Special"]])
def test_kinds_that_are_not_taken(types):
    refused(policy() | {"@type": types}, "policy-type", "policy.@type")


# --- Atomic rules (IM 2.7) --------------------------------------------------------------------------------------------


def test_a_rule_with_several_targets_and_actions_becomes_several():
    rules = terms_of(policy({"target": ["urn:a", "urn:b"], "assigner": "urn:s", "action": ["play", "stream"], "uid": "urn:r"})).permissions
    assert [(rule.target.id, rule.action) for rule in rules] == [
        ("urn:a", "play"),
        ("urn:a", "stream"),
        ("urn:b", "play"),
        ("urn:b", "stream"),
    ]
    # One name cannot stand for four rules.
    assert {(rule.assigner.id, rule.uid) for rule in rules} == {("urn:s", None)}


def test_what_the_policy_shares_is_each_rule_s_own():
    value = policy(
        {"assignee": "urn:billie", "uid": "urn:r"}, {"assignee": "urn:murphy"}, target="urn:a", assigner="urn:s", action="odrl:play"
    )
    assert terms_of(value).permissions == (
        Rule("play", uid="urn:r", target=Scope("urn:a"), assigner=Scope("urn:s"), assignee=Scope("urn:billie")),
        Rule("play", target=Scope("urn:a"), assigner=Scope("urn:s"), assignee=Scope("urn:murphy")),
    )


def test_what_is_shared_is_common_to_all_rules_and_not_replaced_by_their_own():
    rules = terms_of(policy({"action": "use", "target": "urn:own"}, target=["urn:all", "urn:own"])).permissions
    assert [rule.target.id for rule in rules] == ["urn:own", "urn:all"]


def test_duties_do_not_take_what_the_policy_shares():
    value = policy({"duty": [{"action": "delete"}]}, action="use", target="urn:a", obligation=[{"action": "inform"}])
    terms = terms_of(value)
    assert terms.permissions[0].duties == (Rule("delete"),)
    assert {rule.action for rule in terms.obligations} == {"inform", "use"}


def test_a_duty_of_several_actions_is_several_duties():
    rule = rule_of(policy({"action": "use", "duty": [{"uid": "urn:d", "action": ["delete", "inform"]}]}))
    assert rule.duties == (Rule("delete"), Rule("inform"))


def test_a_duty_that_two_permissions_share_keeps_its_id():
    duty = {"@id": "urn:duty", "action": "compensate"}
    rules = terms_of(policy({"action": "use", "duty": [duty]}, {"action": "play", "duty": "urn:duty"})).permissions
    assert [rule.duties for rule in rules] == [(Rule("compensate", uid="urn:duty"),)] * 2


# --- Assets and parties -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ("urn:a", Scope("urn:a")),
        ({"@id": "urn:a"}, Scope("urn:a")),
        ({"@type": "Asset", "uid": "urn:a"}, Scope("urn:a")),
        ({"@type": "AssetCollection", "uid": "urn:a"}, Scope(collection="urn:a")),
        ({"@type": "AssetCollection", "source": "urn:a"}, Scope(collection="urn:a")),
        ({"@type": ["odrl:AssetCollection"], "source": {"@id": "urn:a"}, "refinement": [A]}, Scope(None, "urn:a", (READ_A,))),
        ({"@type": ["Asset", "dct:Dataset"], "uid": "urn:a", "dct:title": "Annual report"}, Scope("urn:a")),
    ],
)
def test_assets(given, scope):
    assert rule_of(policy({"action": "use", "target": given})).target == scope


@pytest.mark.parametrize("role", ["assigner", "assignee"])
def test_parties(role):
    group = {"@type": ["PartyCollection", "vcard:Group"], "uid": "urn:team", "vcard:fn": "Team A"}
    assert getattr(rule_of(policy({"action": "use", role: group})), role) == Scope(collection="urn:team")
    friends = {"@type": "PartyCollection", "source": "urn:friends", "refinement": [A]}
    assert getattr(rule_of(policy({"action": "use", role: friends})), role) == Scope(None, "urn:friends", (READ_A,))


@pytest.mark.parametrize(
    ("scope", "rule", "place"),
    [
        ({"@type": "AssetCollection", "uid": "urn:a", "refinement": [A]}, "policy-missing", "source"),
        ({"@type": "AssetCollection"}, "policy-missing", "source"),
        ({"@type": "AssetCollection", "uid": "urn:a", "source": "urn:b"}, "policy-many", "source"),
        ({"@type": "Asset"}, "policy-missing", "@id"),
        ({"@type": "Party", "uid": "urn:a"}, "policy-type", "@type"),
        ({"uid": "urn:a", "partOf": "urn:c"}, "policy-part-of", "partOf"),
        ({"uid": "urn:a", "hasPolicy": "urn:p"}, "policy-unknown-member", "hasPolicy"),
        ({"uid": "urn:a", "urn:x:only": "Monday"}, "policy-unknown-member", "urn:x:only"),
    ],
)
def test_assets_that_are_not_taken(scope, rule, place):
    refused(policy({"action": "use", "target": scope}), rule, f"policy.permission[0].target.{place}")


# --- Right operands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "given", "read"),
    [
        ("eq", "x", "x"),
        ("eq", ["x"], "x"),
        ("eq", {"@value": "x"}, "x"),
        ("eq", {"@value": "x", "@type": "xsd:string"}, "x"),
        ("eq", {"@value": "x", "@type": XSD + "token"}, {"@value": "x", "@type": "xsd:token"}),
        ("eq", {"@value": "x", "@type": "urn:hanse:odrl:unit:EUR"}, {"@value": "x", "@type": "urn:hanse:odrl:unit:EUR"}),
        ("eq", {"@value": "x", "@language": "en"}, {"@value": "x", "@language": "en"}),
        ("eq", {"@id": "ex:a"}, {"@id": "https://example.org/ns#a"}),
        ("eq", {"@id": "odrl:policyUsage"}, {"@id": "odrl:policyUsage"}),
        ("eq", {"@id": "urn:a", "@type": "RightOperand"}, {"@id": "urn:a"}),
        # Bare numbers are exact in full ODRL, and typed, so that they can travel.
        ("eq", 5, {"@value": "5", "@type": "xsd:integer"}),
        ("eq", True, {"@value": "true", "@type": "xsd:boolean"}),
        ("eq", {"@value": 5}, {"@value": "5", "@type": "xsd:integer"}),
        ("eq", {"@value": 5, "@type": "urn:hanse:odrl:unit:GB"}, {"@value": "5", "@type": "urn:hanse:odrl:unit:GB"}),
        ("eq", 0.1, {"@value": "0.1", "@type": "xsd:decimal"}),
        ("eq", 1e300, {"@value": "1E+300", "@type": "xsd:double"}),
        ("isAnyOf", "x", ["x"]),
        ("isAnyOf", [["x"], ["y", "z"]], ["x", "y", "z"]),
        ("isAnyOf", {"@list": ["x", 1]}, ["x", {"@value": "1", "@type": "xsd:integer"}]),
        ("isPartOf", ["a", "b"], ["a", "b"]),
    ],
)
def test_right_operands(operator, given, read):
    value = constrained({"leftOperand": "count", "operator": operator, "rightOperand": given})
    value["@context"] = [W3C, {"ex": "https://example.org/ns#"}]
    assert rule_of(value).constraints[0].right == read


def test_digits_are_not_lost():
    text = json.dumps(constrained(A)).replace('"5"', "123456789012345678901234567890.10")
    assert read_policy_text(text).terms.permissions[0].constraints[0].right == {
        "@value": "123456789012345678901234567890.10",
        "@type": "xsd:decimal",
    }


@pytest.mark.parametrize(
    ("right", "rule"),
    [
        (None, "policy-right-operand"),
        ([], "policy-right-operand"),
        (float("nan"), "policy-right-operand"),
        ({"@value": None}, "policy-right-operand"),
        ({"@value": ["x"]}, "policy-right-operand"),
        ({"@value": "5", "@language": "en", "@type": "xsd:integer"}, "policy-right-operand"),
        ({"@value": 5, "@language": "en"}, "policy-right-operand"),
        ({"@id": "urn:a", "@type": "Party"}, "policy-type"),
        ({"@id": "urn:a", "partOf": "urn:b"}, "policy-unknown-member"),
        ({"__import__": "os"}, "policy-unknown-member"),
    ],
)
def test_right_operands_that_are_not_taken(right, rule):
    with pytest.raises(Invalid) as caught:
        read_policy(constrained(A | {"rightOperand": right}))
    assert caught.value.rule == rule
    assert caught.value.where.startswith("policy.permission[0].constraint[0].rightOperand")


# --- What is refused, and where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "rule", "where"),
    [
        (constrained(A | {"status": "3"}), "policy-status", "policy.permission[0].constraint[0].status"),
        (constrained(A | {"odrl:status": 3}), "policy-status", "policy.permission[0].constraint[0].status"),
        (
            constrained({"leftOperand": "count", "operator": "eq", "rightOperandReference": "https://internal.example/limit"}),
            "policy-reference",
            "policy.permission[0].constraint[0].rightOperandReference",
        ),
        (constrained({"@id": "https://elsewhere.example/constraint"}), "policy-reference", "policy.permission[0].constraint[0]"),
        (policy("https://elsewhere.example/rule"), "policy-reference", "policy.permission[0]"),
        (constrained(A | {"operator": "regex"}), "policy-operator", "policy.permission[0].constraint[0].operator"),
        (constrained(A | {"comment": "x"}), "policy-unknown-member", "policy.permission[0].constraint[0].comment"),
        (constrained({"and": [A], "or": [A]}), "policy-logical", "policy.permission[0].constraint[0]"),
        (constrained({"and": []}), "policy-logical", "policy.permission[0].constraint[0].and"),
        (constrained({"and": [A], "count": "5"}), "policy-unknown-member", "policy.permission[0].constraint[0].count"),
        (policy({"action": "use", "remedy": [{"action": "delete"}]}), "policy-unknown-member", "policy.permission[0].remedy"),
        (policy({"action": "use", "refinement": [A]}), "policy-unknown-member", "policy.permission[0].refinement"),
        (policy({"action": {"@id": "use", "refinement": [A]}}), "policy-missing", "policy.permission[0].action"),
        (policy({"target": "urn:a"}), "policy-missing", "policy.permission[0].action"),
        (policy({"action": "use", "@type": "Prohibition"}), "policy-type", "policy.permission[0].@type"),
        (policy(conflict="first"), "policy-conflict", "policy.conflict"),
        (policy(conflict=["perm", "prohibit"]), "policy-many", "policy.conflict"),
        (policy(unknown="x"), "policy-unknown-member", "policy.unknown"),
        (policy(permissions=[]), "policy-unknown-member", "policy.permissions"),
        ({"@type": "Set", "uid": "urn:p"}, "policy-empty", "policy"),
        ({"@type": "Set", "permission": []}, "policy-empty", "policy"),
        ([policy(), policy()], "policy-many", "policy"),
        (policy() | {"dct:isReplacedBy": {"@id": "urn:q"}}, "policy-replaced", "policy.dct:isReplacedBy"),
        (policy() | {"@reverse": {}}, "policy-json-ld", "policy.@reverse"),
        ([policy(), {"@id": "urn:party", "assigneeOf": "urn:p"}], "policy-unknown-member", "policy.urn:party"),
        ([policy(), {"@id": "urn:p", "prohibition": [{"action": "sell"}]}], "policy-twice", "policy"),
        (policy() | {"odrl:permission": [{"action": "sell"}]}, "policy-twice", "policy.permission"),
        # A name in the namespace of ODRL that is no simple name is not a keyword and no other member.
        (policy() | {ODRL + "@id": "urn:q"}, "policy-unknown-member", f"policy.{ODRL}@id"),
        (
            policy({"action": "use", "duty": [{"action": "delete", "consequence": [{"action": "a", "consequence": []}]}]}),
            "policy-unknown-member",
            "policy.permission[0].duty[0].consequence[0].consequence",
        ),
        (
            policy(prohibition=[{"action": "sell", "remedy": [{"action": "a", "consequence": []}]}]),
            "policy-unknown-member",
            "policy.prohibition[0].remedy[0].consequence",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(value, rule, where):
    refused(value, rule, where)


def test_an_action_that_is_described_elsewhere_keeps_its_refinements():
    print_ = {"@id": "urn:act", "rdf:value": {"@id": "odrl:print"}, "refinement": [A]}
    for reference in ("urn:act", {"@id": "urn:act"}):
        rules = terms_of(policy({"action": print_}, {"action": reference})).permissions
        assert rules == (Rule("print", refinements=(READ_A,)),) * 2


@pytest.mark.parametrize("text", ['"\\ud800"', '{"@value": "\\udfff"}', '{"\\ud800": 1}'])
def test_half_a_character_is_refused(text):
    with pytest.raises(Malformed):
        read_policy_text(json.dumps(constrained(A)).replace('"5"', text))


def test_the_same_part_may_stand_twice_in_any_order():
    parts = [{"@id": "urn:c"} | A, {"@id": "urn:c"} | dict(reversed(A.items()))]
    assert rule_of(policy({"action": "use", "constraint": parts})).constraints == (READ_A, READ_A)


def test_one_and_true_are_not_the_same():
    parts = [{"@id": "urn:c"} | A | {"rightOperand": value} for value in (1, True)]
    with pytest.raises(Invalid) as caught:
        read_policy(policy({"action": "use", "constraint": parts}))
    assert caught.value.rule == "policy-twice"


def test_metadata_is_no_term():
    value = policy() | {"dct:creator": "Billie", "dct:replaces": {"@id": "urn:old"}, "rdfs:label": "mine"}
    assert terms_of(value) == terms_of(policy())


@pytest.mark.parametrize(
    "context",
    [
        "https://evil.example/odrl.jsonld",
        [W3C, "file:///etc/passwd"],
        {"odrl": "https://evil.example/"},
        {"permission": "odrl:prohibition"},
        {"permission": {"@id": "odrl:prohibition"}},
        {"@vocab": "https://evil.example/"},
        {"@base": "https://evil.example/"},
        {"urn": "https://evil.example/"},
        {"http": "https://evil.example/"},
        {"a": "b:"},
        {"a": "https://example.org/a"},
        {"": "https://example.org/"},
        5,
        [[W3C]],
    ],
)
def test_contexts_that_are_not_known_or_define_terms_are_refused(context):
    with pytest.raises(Invalid) as caught:
        read_policy(policy() | {"@context": context})
    assert caught.value.rule in ("policy-context", "policy-text")
    assert caught.value.where.startswith("policy.@context")


def test_a_context_inside_is_refused():
    refused(policy({"@context": {"use": "urn:x:sell"}, "action": "use"}), "policy-context", "policy.permission[0].@context")


# --- Bounds -----------------------------------------------------------------------------------------------------------


def nested(depth):
    constraint = A
    for _ in range(depth - 1):
        constraint = {"and": [constraint]}
    return constraint


def test_the_deepest_that_is_taken():
    assert read_policy(constrained(nested(MAX_DEPTH)))
    deep = {"http://www.w3.org/ns/odrl/2/and": [{"@list": [{"@id": "_:0"}]}]}
    nodes = [{"@id": f"_:{n}", ODRL + "and": [{"@list": [{"@id": f"_:{n + 1}"}]}]} for n in range(MAX_DEPTH - 2)]
    nodes.append({"@id": f"_:{MAX_DEPTH - 2}"} | {ODRL + key: value for key, value in A.items()})
    assert read_policy([constrained(deep) | {"@context": W3C}, *nodes])


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100, 900])
def test_deeper_is_refused(depth):
    text = json.dumps(constrained("here")).replace('"here"', '{"and": [' * depth + json.dumps(A) + "]}" * depth)
    refused_text(text, Malformed, "policy-depth")


@pytest.mark.parametrize("opening", ["[", '{"permission":', '{"permission":[{"constraint":[{"and":'])
@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_endless_nesting_is_refused_at_once(opening, depth):
    refused_text(opening * depth, Malformed, "policy-depth")


def refused_text(text, kind, rule):
    started = time.perf_counter()
    with pytest.raises(kind) as caught:
        read_policy_text(text)
    assert caught.value.rule == rule
    assert time.perf_counter() - started < 10


def test_a_circle_of_constraints_is_refused():
    circle = {"@id": "urn:c", "and": [{"@id": "urn:c"}]}
    with pytest.raises(Malformed) as caught:
        read_policy(constrained(circle))
    assert caught.value.rule == "policy-depth"


def test_constraints_that_double_at_each_level_are_refused():
    nodes = [{"@id": f"urn:{n}", "and": [{"@id": f"urn:{n + 1}"}, {"@id": f"urn:{n + 1}"}]} for n in range(14)]
    with pytest.raises(Invalid) as caught:
        read_policy([constrained({"@id": "urn:0"}), *nodes, {"@id": "urn:14"} | A])
    assert caught.value.rule == "policy-size"


def test_a_rule_for_very_many_parties_and_actions_is_refused_before_it_is_made():
    many = [f"urn:{n}" for n in range(2_000)]
    tracemalloc.start()
    try:
        refused(policy({"action": many, "target": many, "assigner": many, "assignee": many}), "policy-size", "policy.permission[0]")
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_split_rules_multiply_their_constraints():
    value = policy({"action": "use", "target": [f"urn:{n}" for n in range(100)], "constraint": [A] * 50})
    refused(value, "policy-size", "policy.permission[0]")


@pytest.mark.parametrize(
    "value",
    [
        policy(*[{"action": "use"}] * 1025),
        constrained({"or": [A] * 4096}),
        constrained(A | {"operator": "isAnyOf", "rightOperand": ["x"] * 65_536}),
    ],
)
def test_what_is_too_much_is_refused(value):
    with pytest.raises(Invalid) as caught:
        read_policy(value)
    assert caught.value.rule == "policy-size"


def test_five_megabytes():
    small = json.dumps(constrained(A | {"rightOperand": "x" * 4_000_000}))
    assert read_policy_text(small)
    refused_text(json.dumps(constrained(A | {"rightOperand": "x" * 5_000_000})), TooLarge, "policy-size")
    refused_text(json.dumps(policy(unknown=[0] * 1_600_000)), Invalid, "policy-size")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        '{"permission": NaN}',
        b"\xff\xfe",
        '{"permission": [{"action": "use"}], "permission": []}',
        '{"permission": [{"action": "use", "action": "sell"}]}',
        "1" * 5_000,
        '{"a": 1e99999999999999999999}',
    ],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Malformed):
        read_policy_text(text)


@pytest.mark.parametrize("value", [None, 5, "use", [], [5], {"@graph": 5}, {"@graph": [[policy()]]}])
def test_what_is_no_policy_is_refused(value):
    with pytest.raises(CallerError):
        read_policy(value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["use", "urn:a", W3C, "odrl:use"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("@id", "@type", "@value", "@list", "@context", "@graph", "permission", "odrl:prohibition", ODRL + "duty", "action"),
                    *("target", "assignee", "constraint", "refinement", "rdf:value", "leftOperand", "operator", "rightOperand", "and"),
                    *("or", "xone", "andSequence", "source", "partOf", "unit", "dataType", "status", "remedy", "consequence", "conflict"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(values)
def test_anything_is_read_or_refused(value):
    try:
        read_policy(value)
    except CallerError as error:
        assert error.where is not None


# --- Text that would like to be executed ------------------------------------------------------------------------------

INJECTIONS = [
    "__import__('os').system('touch /tmp/hanse-was-here')",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in () %}{% endfor %}${7*7}#{7*7}",
    "1} ; DROP ALL ; SELECT * WHERE { ?s ?p ?o",
    "$(touch /tmp/hanse-was-here)`id`; rm -rf /",
    "%s%n{0.__class__}",
    "(a+)+$",
    "\u202eeslaf\u0000",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_stays_text(text):
    value = policy(
        {
            "uid": f"urn:{text}",
            "action": text,
            "target": text,
            "assignee": {"@type": "PartyCollection", "source": text},
            "constraint": [{"leftOperand": text, "operator": "isAnyOf", "rightOperand": [text, {"@value": text, "@type": text}]}],
        },
        profile=text,
    )
    terms = terms_of(value)
    (rule,) = terms.permissions
    assert (rule.action, rule.target, rule.assignee, rule.uid) == (text, Scope(text), Scope(collection=text), f"urn:{text}")
    assert rule.constraints == (Atomic(text, "isAnyOf", [text, {"@value": text, "@type": text}]),)
    facts = Facts(now=datetime(2026, 1, 1, tzinfo=UTC), action=text, target=text, assignee=text)
    assert not compile_terms(terms).decide(facts)
    assert terms_of(json.loads(json.dumps(value))) == terms


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("member", ["operator", "status", "rightOperandReference"])
def test_text_in_other_places_is_refused(member, text):
    with pytest.raises(Invalid):
        read_policy(constrained(A | {member: text}))
