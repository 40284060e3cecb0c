"""Claims of verified credentials, and the paths that find them (RFC 9535)."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.jsonpath import ABSENT, read_path, value_at
from hanse.odrl.constraints.regions import Named, Ordered
from hanse.odrl.model import Atomic
from hanse.odrl.names import CLAIM, CREDENTIAL
from tests.unit.odrl.constraints.deciding import MISSING, NOW, world

SUBJECT = {
    "id": "did:web:a.example",
    "address": {"country": "DE", "postcode": "01234"},
    "employees": 250,
    "share": 0.1,
    "certified": True,
    "founded": "1899-05-01",
    "score": "12.5",
    "roles": ["buyer", "seller"],
    "nothing": None,
    "a b": {"c'd": "e"},
}


def claim(path, operator, right, value=MISSING, kind="Org", **more):
    subjects = {kind: (SUBJECT,)} if value is MISSING else value
    atomic = Atomic(f"{CLAIM}{kind}#{path}", operator, right)
    operand = BUILT_IN.find(atomic.left)
    assert operand is not None
    assert operand.problem(atomic) is None, operand.problem(atomic)
    return operand.compile(atomic)(world(CREDENTIAL, subjects, **more))


@pytest.mark.parametrize(
    ("path", "operator", "right", "truth"),
    [
        ("$.address.country", "eq", "DE", True),
        ("$.address.country", "eq", "FR", False),
        ("$.address.country", "neq", "FR", True),
        ("$.address.country", "isAnyOf", ["FR", "DE"], True),
        ("$.address.country", "isNoneOf", ["FR", "DE"], False),
        ("$.address.country", "isPartOf", "EU", True),
        ("$.address.country", "isPartOf", "FR", False),
        ("$['address']['country']", "eq", "DE", True),
        ("$.address.postcode", "eq", "01234", True),
        ("$.address.postcode", "eq", "1234", False),
        ("$.address.postcode", "eq", {"@value": "1234", "@type": "xsd:integer"}, True),
        ("$.employees", "eq", "250", True),
        ("$.employees", "eq", "250.0", True),
        ("$.employees", "lteq", "249", False),
        ("$.employees", "gt", {"@value": "249", "@type": "xsd:integer"}, True),
        ("$.employees", "isAnyOf", ["1", "250"], True),
        ("$.employees", "eq", "many", False),
        ("$.share", "eq", "0.1", True),
        ("$.share", "lt", "0.1", False),
        ("$.score", "gteq", "12.5", True),
        ("$.score", "lt", "12.5", False),
        ("$.certified", "eq", "true", True),
        ("$.certified", "eq", {"@value": "true", "@type": "xsd:boolean"}, True),
        ("$.certified", "eq", "1", False),
        ("$.founded", "lt", "1900-01-01", True),
        ("$.founded", "gteq", "1899-05-01", True),
        ("$.founded", "gt", "1899-05-01", False),
        ("$.founded", "eq", "1899-05-01", True),
        ("$.founded", "lteq", "1899-05-01T12:00:00Z", None),
        ("$.founded", "gteq", "1899-05-01+02:00", None),  # the two days overlap in part
        ("$.founded", "lt", "1899-05-01-02:00", None),
        ("$.founded", "gt", "1899-04-30", True),
        ("$.founded", "lteq", "1899-04-30", False),
        ("$.founded", "eq", "1899-05-01+02:00", False),
        ("$.founded", "eq", "1899-05-01-02:00", False),
        ("$.founded", "eq", "1899-05-01T00:00:00Z", False),
        ("$.roles", "eq", "buyer", True),
        ("$.roles", "isAllOf", ["buyer", "seller"], True),
        ("$.roles", "hasPart", ["buyer", "judge"], False),
        ("$.roles", "isNoneOf", ["judge"], True),
        ("$.roles", "isNoneOf", ["judge", "seller"], False),
        ("$.roles", "neq", "seller", False),
        ("$.roles[1]", "eq", "seller", True),
        ("$.roles[-1]", "eq", "seller", True),
        ("$['a b']['c\\'d']", "eq", "e", True),
        ('$["a b"]["c\'d"]', "eq", "e", True),
    ],
)
def test_claims(path, operator, right, truth):
    assert claim(path, operator, right) is truth
    assert claim(quote(path), operator, right) is truth


@pytest.mark.parametrize("operator", ["eq", "neq", "lt", "gteq", "isAnyOf", "isNoneOf", "isAllOf", "isPartOf", "hasPart"])
@pytest.mark.parametrize("path", ["$.missing", "$.address.country.code", "$.roles[7]", "$.nothing", "$.address", "$"])
def test_a_claim_that_is_not_there_is_unknown(operator, path):
    assert claim(path, operator, "3") is None


@pytest.mark.parametrize("operator", ["eq", "neq", "isNoneOf", "gteq"])
def test_nothing_presented_is_unknown(operator):
    assert claim("$.employees", operator, "3", {}) is None
    assert claim("$.employees", operator, "3", {"Other": (SUBJECT,)}) is None
    assert claim("$.employees", operator, "3", "Org") is None
    assert claim("$.employees", operator, "3", {"Org": "x"}) is None
    assert claim("$.employees", operator, "3", {"Org": ("x", 3, None)}) is None
    assert claim("$.employees", operator, "3", None) is None
    assert claim("$.employees", operator, "3", {"Org": (SUBJECT,)}, expires=NOW) is None


def test_several_credentials_count_together():
    two = {"Org": ({"country": "DE"}, {"country": "FR"}, {})}
    assert claim("$.country", "eq", "FR", two) is True
    assert claim("$.country", "neq", "FR", two) is False
    assert claim("$.country", "isNoneOf", ["IT"], two) is True
    assert claim("$.country", "isAllOf", ["DE", "FR"], two) is True


def test_a_type_may_be_an_iri():
    kind = "https://types.example/v1#Org"
    assert claim("$.employees", "eq", "250", kind=kind) is True


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("Org", "eq", "x"),
        ("Org#", "eq", "x"),
        ("Org#address", "eq", "x"),
        ("#$.a", "eq", "x"),
        ("Org#$..a", "eq", "x"),
        ("Org#$.a", "lt", "x"),
        ("Org#$.a", "eq", ["x"]),
        ("Org#$.a", "isAnyOf", [3]),
        ("Org#$.a", "isAnyOf", ["x"] * 1001),
        ("Org#$.a", "term-lteq", "3"),
        ("Org#$.a", "isPartOf", {"@value": 3}),
    ],
)
def test_what_can_never_be_decided_has_a_problem(left, operator, right):
    atomic = Atomic(CLAIM + left, operator, right)
    operand = BUILT_IN.find(atomic.left)
    assert operand is not None
    assert operand.problem(atomic)
    assert operand.region(atomic) is None


def test_many_right_operands_are_bounded():
    assert claim("$.roles", "isAnyOf", ["buyer"] * 1_000) is True


def test_regions():
    def region(operator, right):
        operand = BUILT_IN.find(f"{CLAIM}Org#$.a")
        assert operand is not None
        return operand.region(Atomic(f"{CLAIM}Org#$.a", operator, right))

    assert region("eq", "x") == Named(f"{CLAIM}Org#$.a", frozenset({"x"}))
    assert region("isNoneOf", ["x", "y"]) == Named(f"{CLAIM}Org#$.a", frozenset({"x", "y"}), others=True)
    assert isinstance(region("lteq", "3"), Ordered)
    assert region("lteq", "2026-01-01").sort == "moment"
    assert "FR" in region("isPartOf", "EU").names
    assert region("isAllOf", ["x", "y"]) is None


# --- Paths ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.a", ("a",)),
        ("$.a.b_1", ("a", "b_1")),
        ("$ .a", ("a",)),
        ("$['a']", ("a",)),
        ('$[ "a" ]', ("a",)),
        ("$[0]", (0,)),
        ("$[-1]", (-1,)),
        ("$.é", ("é",)),
        ("%24.a", ("a",)),
        ("$%5B'a%20b'%5D", ("a b",)),
        ("$['\\'']", ("'",)),
        ("$['\"']", ('"',)),
        ("$['\\\\']", ("\\",)),
        ('$["\\u00e9\\n"]', ("é\n",)),
        ("$['\\ud83d\\ude00']", ("😀",)),
        ("$['']", ("",)),
    ],
)
def test_paths(text, steps):
    assert read_path(text) == steps


@pytest.mark.parametrize(
    "text",
    [
        "", "a", ".a", "$a", "$.", "$..a", "$.*", "$[*]", "$['a','b']", "$[0:1]", "$[?@.a]", "$[01]", "$[-0]", "$[+1]", "$[1.0]", "$['a'",
        "$[a]",
        "$.1a", "$.a-b", "$.a ", "$['\\x']", '$["\\\'"]', "$['\\\"']", "$['\\ud83d']", "$['\n']", "$[99999999999999999]", "$.a" * 33,
        "$" + ".a" * 33, "$." + "a" * 600, "%FF", "$.constructor()", "$.__class__.__mro__()",
    ],
)  # fmt: skip
def test_no_paths(text):
    assert read_path(text) is None


def test_a_path_finds_members_and_nothing_else():
    assert value_at({"a": [1, {"b": 2}]}, ("a", 1, "b")) == 2
    assert value_at({"a": None}, ("a",)) is None
    assert value_at({"a": 1}, ("b",)) is ABSENT
    assert value_at("text", ("__class__",)) is ABSENT
    assert value_at("text", (0,)) is ABSENT
    assert value_at([1], (1,)) is ABSENT
    assert value_at([1], (-2,)) is ABSENT
    assert value_at({"0": 1}, (0,)) is ABSENT


def test_long_paths_take_no_time():
    began = time.perf_counter()
    for text in ["$" + "['a" * 10_000, '$["' + "\\" * 400, "$[" + " " * 400, "$['" + "\\'" * 200]:
        assert read_path(text) is None
    assert time.perf_counter() - began < 1
