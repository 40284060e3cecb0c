import json
from time import perf_counter

import pytest

from hanse.identity.credentials.schema import MAX_SCHEMA, check_schema
from hanse.kernel.errors import Unauthenticated

DRAFTS = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
]
NOW = DRAFTS[-1]


def check(schema, *instances, draft=NOW):
    text = schema if isinstance(schema, bytes) else json.dumps({"$schema": draft, **schema}).encode()
    check_schema(text, list(instances))


def rule(schema, *instances, draft=NOW):
    with pytest.raises(Unauthenticated) as caught:
        check(schema, *instances, draft=draft)
    return caught.value.rule


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_draft(draft):
    schema = {
        "type": "object",
        "properties": {"level": {"enum": ["gold", "silver"]}, "count": {"$ref": "#/definitions/count"}},
        "required": ["level"],
        "definitions": {"count": {"type": "integer", "minimum": 1}},
    }
    check(schema, {"level": "gold", "count": 3}, {"level": "silver"}, draft=draft)
    for wrong in ({}, {"level": "lead"}, {"level": "gold", "count": 0}, [], 5, None):
        assert rule(schema, wrong, draft=draft) == "schema"
    assert rule(schema, {"level": "gold"}, {}, draft=draft) == "schema"


def test_the_error_names_the_place_and_quotes_nothing():
    with pytest.raises(Unauthenticated) as caught:
        check({"properties": {"a": {"type": "string"}}}, {"a": 12345})
    assert "the keyword type at /a" in caught.value.message
    assert "12345" not in str(caught.value)


def test_the_place_is_one_readable_line():
    with pytest.raises(Unauthenticated) as caught:
        check({"additionalProperties": {"type": "string"}}, {"\0\n" + "a" * 500: 1})
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"true",
        b"{}",
        b"\xff",
        b'{"$schema": "https://example.com/mine"}',
        b'{"$schema": 5}',
        b'{"$schema": ["x"]}',
        b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "nonsense"}',
        b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": 5}',
        b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "pattern": "("}',
        b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "x": "' + b"y" * MAX_SCHEMA + b'"}',
    ],
)
def test_schemas_that_cannot_be_used(raw):
    assert rule(raw, "text") == "schema-unusable"


@pytest.mark.parametrize(
    "reference", ["http://127.0.0.1:9/x", "https://example.com/schema", "file:///etc/passwd", "other.json", "#/no/where"]
)
@pytest.mark.parametrize("draft", DRAFTS)
def test_nothing_outside_is_fetched(reference, draft):
    for schema in ({"allOf": [{"$ref": reference}]}, {"properties": {"a": {"$ref": reference}}}):
        assert rule(schema, {"a": 1}, draft=draft) == "schema-unusable"


def doubling(keyword):
    steps = {f"s{n}": {keyword: [{"$ref": f"#/$defs/s{n + 1}"}, {"$ref": f"#/$defs/s{n + 1}"}]} for n in range(40)}
    return {"$defs": {**steps, "s40": {"type": "object"}}, "$ref": "#/$defs/s0"}


def asking():
    steps = {f"s{n}": {"dependentSchemas": {key: {"$ref": f"#/$defs/s{n + 1}"} for key in "ab"}} for n in range(40)}
    return {"$defs": {**steps, "s40": {"type": "object"}}, "$ref": "#/$defs/s0"}


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        (doubling("allOf"), {}),
        ({**doubling("allOf"), "unevaluatedProperties": False}, {"a": 1}),
        (doubling("oneOf"), {}),
        ({"$ref": "#"}, {}),
        ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, {}),
        ({"items": {"allOf": [{"type": "integer"}] * 1000}}, [1] * 1000),
        ({"allOf": [{"$schema": NOW, **doubling("allOf")}]}, {}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$schema": DRAFTS[0], "pattern": "^a+$"}}}, "a" * 600),
        ({"uniqueItems": True}, [{"a": n} for n in range(5000)]),
        ({"pattern": "^(a+)+$"}, "a" * 40 + "!"),
        ({"pattern": "^(a|a)*$"}, "a" * 40 + "!"),
        ({"pattern": "^(?:a|aa){1,}$"}, "a" * 40 + "!"),
        ({"pattern": "a*a*a*a*a*a*b"}, "a" * 500),
        ({"pattern": "a{0,}a{0,}a{0,}a{0,}a{0,}b"}, "a" * 500),
        ({"pattern": r"(a)\1\1"}, "a" * 500),
        ({"patternProperties": {"^(a+)+$": {}}}, {"a" * 40 + "!": 1}),
        ({"pattern": "^a+$"}, "a" * 513),
        ({"patternProperties": {"^a+$": {}}}, {"a" * 513: 1}),
        ({"pattern": "a?" * 26 + "a" * 26}, "a" * 26),
        ({"pattern": "(a|a)" * 27 + "b"}, "a" * 40),
        ({"pattern": "a*a*a*b"}, "a" * 512),
        ({"pattern": "a{1,200}a{1,200}a{1,200}b"}, "a" * 512),
        ({"pattern": "(?i)a"}, "a"),
        ({"additionalProperties": False, "patternProperties": {"a*a*b": {}}}, {"a" * 20_000: 1}),
        ({"unevaluatedProperties": False, "allOf": [{"patternProperties": {"a*a*b": {}}}]}, {"a" * 20_000: 1}),
        ({"unevaluatedProperties": False, **doubling("allOf")}, {"a": 1}),
        ({"unevaluatedProperties": False, **asking()}, {"a": 1, "b": 1}),
        ({"allOf": [{"uniqueItems": True}] * 500}, [{"a": n} for n in range(400)]),
        ({"items": {"enum": list(range(10_000))}}, [9_999] * 5000),
        ({"allOf": [{"items": {}}] * 2000}, [1] * 20_000),
    ],
)
def test_no_schema_keeps_us_busy(schema, instance):
    start = perf_counter()
    assert rule(schema, instance) == "schema-unusable"
    assert perf_counter() - start < 5  # seconds; unbounded these take years


def test_common_patterns_are_fine():
    check({"pattern": r"^did:web:[A-Za-z0-9.%:_-]+$"}, "did:web:example.com")
    check({"pattern": r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"}, "DE-BY")
    check({"pattern": r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$"}, "somebody.with.a.name@department.example.com")
    check({"pattern": r"^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$"}, "2026-03-01T12:00:00Z")
    check({"pattern": f"^({'|'.join(f'X{n}' for n in range(50))})$"}, "X31")
    check({"additionalProperties": False, "patternProperties": {"^x-[a-z]+$": {"type": "string"}}}, {"x-note": "fine"})
    check({"uniqueItems": True}, list(range(500)))
    assert rule({"pattern": r"^[A-Z]{2}$"}, "de") == "schema"


def test_deep_instances_end():
    instance: list = []
    for _ in range(900):
        instance = [instance]
    schema = {"items": {"$ref": "#"}}
    try:
        check(schema, instance)
    except Unauthenticated as fault:
        assert fault.rule == "schema-unusable"
