"""JSON schemas of credentials (VC JSON Schema 1.0; JsonSchemaValidator2018), from strangers and therefore on a short leash.

Drafts 4, 6, 7, 2019-09 and 2020-12. Nothing is fetched for a `$ref`; the size of schema and instance, the steps of a
validation and the patterns are bounded, so that neither a schema nor a credential can keep the server busy. A schema
that cannot be used refuses the credential: what was promised was not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, Final

import msgspec

from hanse.identity.credentials.model import refusal
from hanse.identity.credentials.patterns import ways
from hanse.kernel.errors import Unauthenticated

MAX_SCHEMA: Final = 64 * 1024
"""Bytes of a schema."""
MAX_STEPS: Final = 10_000
"""Keywords that one validation may look at; a common one looks at a few dozen."""
MAX_WORK: Final = 1_000_000
"""What they may look at in all: entries and members, pairs of a list that are compared, ways to try a pattern."""
MAX_MATCHED: Final = 512
"""Characters of a text that a pattern is tried on."""

_COMPILED: Final = 64  # schemas kept ready
_STEP: Final = 10  # an entry that is descended into, in terms of one that is only looked at
_UNEVALUATED: Final = frozenset({"unevaluatedProperties", "unevaluatedItems"})
# Beside these, jsonschema walks the schema for the former by itself, uncounted.
_UNCOUNTED: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "patternProperties"})

_left: ContextVar[list[int]] = ContextVar("left")

Validator = Any  # jsonschema's classes carry no types
Keyword = Callable[[Validator, Any, Any, Any], Iterator[Any] | None]


class _Unusable(Exception):
    """The schema asks for more than we do."""


def load() -> None:
    """Import what checks schemas, from one thread: a library that several threads import for the first time at once is only half there."""
    from importlib import import_module

    for name in ("jsonschema.exceptions", "jsonschema.validators", "referencing.exceptions", "referencing.jsonschema"):
        import_module(name)


def check_schema(raw: bytes, instances: list[Any]) -> None:
    """Check the instances against the schema `raw` (JSON). Raises `Unauthenticated`: `schema` if one breaks it, `schema-unusable`."""
    from jsonschema.exceptions import SchemaError, ValidationError
    from referencing.exceptions import Unresolvable

    try:
        validator = _compiled(raw)
        for instance in instances:
            _left.set([MAX_STEPS, MAX_WORK])
            validator.validate(instance)
    except ValidationError as fault:
        # Names are the credential's own, and what is said of them is shown and stored.
        place = "".join(one if one.isprintable() else "?" for one in "/".join(map(str, fault.absolute_path))[:200])
        problem = f"It breaks its own schema: the keyword {fault.validator} at /{place}."  # not the message, which quotes values
        raise refusal(problem, "credentialSchema", "schema") from None
    except _Unusable as fault:
        raise _unusable(str(fault)) from None
    except (SchemaError, Unresolvable) as fault:
        raise _unusable("it is not valid itself, or refers to what is outside it") from fault
    except Exception as fault:  # a stranger's schema can make the library raise anything, and none of it is a yes
        raise _unusable("it cannot be read, or runs in circles") from fault


def _unusable(problem: str) -> Unauthenticated:
    return refusal(f"Its schema cannot be used: {problem}.", "credentialSchema", "schema-unusable")


@lru_cache(maxsize=_COMPILED)
def _compiled(raw: bytes) -> Validator:
    from jsonschema.validators import validator_for
    from referencing import Registry

    if len(raw) > MAX_SCHEMA:
        raise _Unusable(f"it is larger than {MAX_SCHEMA} bytes")
    schema = msgspec.json.decode(raw)
    if not isinstance(schema, dict) or not isinstance(schema.get("$schema"), str):
        raise _Unusable("it is not a JSON object, or does not name its draft")
    _check_words(schema)
    plain = validator_for(schema, default=None)
    if plain is None:
        raise _Unusable("its draft is unknown")
    plain.check_schema(schema)
    return _bounded(plain)(schema, registry=Registry())  # an empty registry: no `$ref` is ever fetched


@cache
def _bounded(plain: Validator) -> Validator:
    """Return the validator class of a draft with every keyword counted, and weighed before it begins."""
    from jsonschema import validators

    return validators.extend(plain, {name: _counted(name, keyword) for name, keyword in plain.VALIDATORS.items()})


def _counted(name: str, keyword: Keyword) -> Keyword:
    def step(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        left = _left.get()
        left[0] -= 1
        left[1] -= _weight(name, value, instance, schema)
        if min(left) < 0:
            raise _Unusable(f"it takes more than {MAX_STEPS} steps, or too much in one of them")
        return keyword(validator, value, instance, schema)

    return step


def _weight(name: str, value: Any, instance: Any, schema: Any) -> int:
    """Return what a keyword looks at, at most."""
    if name in {"enum", "const"}:
        return len(msgspec.json.encode(value))
    weight = _length(value) + _STEP * _length(instance)
    if name == "uniqueItems" and isinstance(instance, list):
        return weight + 2 * len(instance) ** 2
    if name == "pattern" and isinstance(instance, str):
        return weight + _matching([value], [instance])
    if name in {"patternProperties", "additionalProperties"} and isinstance(instance, dict):
        patterns = value if name == "patternProperties" else schema.get("patternProperties")
        return weight + _matching(list(patterns or ()), list(instance))
    return weight


def _length(thing: Any) -> int:
    return len(thing) if isinstance(thing, list | dict) else 0


def _matching(patterns: list[Any], texts: list[str]) -> int:
    if patterns and any(len(text) > MAX_MATCHED for text in texts):
        raise _Unusable(f"it has a pattern for a text of more than {MAX_MATCHED} characters")
    counted = [ways(pattern, len(text)) for pattern in patterns for text in texts]
    return sum(MAX_WORK if one is None else one for one in counted)


def _check_words(schema: dict[str, Any]) -> None:
    """Refuse slow patterns, and a second `$schema`, by which jsonschema would leave the bounded class for a plain one.

    Looks at whatever stands where such a word may stand, at any depth, also where it is only a name or an example.
    """
    waiting: list[object] = list(schema.values())
    _check_patterns(schema)
    words = set(schema)
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("$schema"), str):
                raise _Unusable("it changes its draft inside")
            _check_patterns(item)
            words.update(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    if words & _UNEVALUATED and words & _UNCOUNTED:
        raise _Unusable("it asks what was not evaluated, beside references or patterns of names")


def _check_patterns(item: dict[str, Any]) -> None:
    properties = item.get("patternProperties")
    for pattern in (item.get("pattern"), *(properties if isinstance(properties, dict) else ())):
        if isinstance(pattern, str) and ways(pattern, 0) is None:
            raise _Unusable("it has a pattern that could take long")
