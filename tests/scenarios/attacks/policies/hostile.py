"""Policies that nobody should send, as they stand in a message or in a call of the management interface."""

from __future__ import annotations

import json
import sys
from typing import Any


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def nested(key: str, depth: int) -> dict[str, Any]:
    value = constraint("count", "lteq", "3")
    for _ in range(depth):
        value = {key: [value]}
    return value


def policy(*constraints: Any, **more: Any) -> dict[str, Any]:
    return {"permission": [{"action": "use", "constraint": list(constraints)}]} | more


COUNT = constraint("count", "lteq", "3")
_REFERENCE = {"leftOperand": "count", "operator": "lteq"}

REFUSED = {
    "bare number": policy(constraint("count", "lteq", 3)),
    "bare fraction": policy(constraint("count", "lteq", 3.5)),
    "bare boolean": policy(constraint("count", "lteq", True)),
    "null": policy(constraint("count", "lteq", None)),
    "status": policy(COUNT | {"status": "0"}),
    "reference": policy(_REFERENCE | {"rightOperandReference": "http://127.0.0.1:1/count"}),
    "reference besides": policy(COUNT | {"rightOperandReference": "http://127.0.0.1:1/count"}),
    "unit": policy(COUNT | {"unit": "urn:hanse:odrl:unit:GB"}),
    "inherits": policy(inheritFrom="http://127.0.0.1:1/policy"),
    "conflict": policy(conflict="perm"),
    "remedy": {"permission": [{"action": "use"}], "prohibition": [{"action": "distribute", "remedy": [{"action": "delete"}]}]},
    "consequence": {"permission": [{"action": "use", "duty": [{"action": "inform", "consequence": [{"action": "delete"}]}]}]},
    "refinement": {"permission": [{"action": {"rdf:value": "use", "refinement": [COUNT]}}]},
    "target of a rule": {"permission": [{"action": "use", "target": "urn:other"}]},
    "party of a rule": {"permission": [{"action": "use", "assignee": "did:web:mallory.example"}]},
    "60 deep": policy(nested("and", 25)),
    "1,000 deep": policy(nested("or", 1000)),
    "257 rules": {"permission": [{"action": "use"}] * 257},
    "257 constraints": policy(*[COUNT] * 257),
    "5,000 values": policy(constraint("purpose", "isAnyOf", [f"urn:{n}" for n in range(5000)])),
    "a megabyte": policy(constraint("purpose", "eq", "x" * 1_100_000)),
    "two joins": policy({"and": [COUNT], "or": [COUNT]}),
    "an empty join": policy({"xone": []}),
    "no operator": policy(constraint("count", "~=", "3")),
    "no list": {"permission": {"action": "use"}},
    "nothing": {"permission": []},
    "context inside": policy(COUNT | {"@context": "http://127.0.0.1:1/context.jsonld"}),
    "text": {"permission": "use"},
}
"""What cannot be read: refused with the place."""

UNDECIDABLE = {
    "unknown operand": policy(constraint("urn:evil:operand", "eq", "x")),
    "unknown action": {"permission": [{"action": "urn:evil:action"}]},
    "unknown profile": policy(profile="http://127.0.0.1:1/profile"),
    "Python": policy(constraint("purpose", "eq", "__import__('os').system('id')")),
    "Jinja": policy(constraint("event", "eq", "{{ 7 * 7 }}{% for x in ().__class__.__mro__ %}{% endfor %}")),
    "format": policy(constraint("event", "eq", "{0.__class__}%s%n{}")),
    "SPARQL": policy(constraint("purpose", "isA", "?x } DROP ALL ; SERVICE <http://127.0.0.1:1/> { ?s ?p ?o")),
    "shell": policy(constraint("spatial", "eq", "$(touch /tmp/x)`id`; rm -rf / #")),
    "SQL": policy(constraint("event", "eq", "'); DROP TABLE contracts; --")),
    "a sentence of ours": policy(constraint("event", "eq", 'x". Permitted: to use the data. "')),
    "a regular expression": policy(constraint("event", "eq", "^(([a-z])+.)+[A-Z]([a-z])+$" + "a" * 3000)),
    "direction": policy(constraint("event", "eq", "\u202edettimrep")),
    "NUL": policy(constraint("event", "eq", "a\0b")),
    "half a character": policy(constraint("event", "eq", "\ud800")),
    "a huge number": policy(constraint("count", "lteq", "1e999999999")),
    "a million digits": policy(constraint("count", "lteq", "9" * 900_000)),
    "NaN": policy(constraint("count", "lteq", "NaN")),
    "an endless period": policy(constraint("elapsedTime", "lteq", "P99999999999Y")),
    "year 10000": policy(constraint("dateTime", "lteq", "10000-01-01T00:00:00Z")),
    "year 0": policy(constraint("dateTime", "gteq", "0000-01-01T00:00:00Z")),
    "a bomb of or": policy(*({"or": [constraint("purpose", "eq", f"urn:{n}:{m}") for m in range(5)]} for n in range(40))),
    "a bomb of xone": policy({"xone": [constraint("purpose", "neq", f"urn:{n}") for n in range(250)]}),
    "many values": policy(*(constraint("purpose", "isAnyOf", [f"urn:{n}:{m}" for m in range(250)]) for n in range(15))),
    "long parties": policy(constraint("urn:hanse:odrl:participant", "isAnyOf", ["did:web:" + "%4a" * 600] * 100)),
    "many duties": {"permission": [{"action": "use", "duty": [{"action": "inform"}] * 250}]},
    "confusable party": policy(constraint("urn:hanse:odrl:participant", "eq", "did:web:\u212aelvin.example")),
}
"""What can be read, and is no offer of anybody here."""


def raw(value: Any) -> bytes:
    """Return JSON, however deep, halves of characters included."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        return json.dumps(value).encode()
    finally:
        sys.setrecursionlimit(before)
