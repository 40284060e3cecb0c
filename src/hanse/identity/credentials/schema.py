"""JSON schemas of credentials (VC JSON Schema 1.0; JsonSchemaValidator2018), from strangers and therefore on a short leash.

Drafts 4, 6, 7, 2019-09 and 2020-12. Nothing is fetched for a `$ref`; the size of schema and instance, the steps of a
validation and the patterns are bounded, so that neither a schema nor a credential can keep the server busy. A schema
that cannot be used refuses the credential: what was promised was not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, Final

import msgspec

from hanse.identity.credentials.model import refusal
from hanse.kernel.errors import Unauthenticated

MAX_SCHEMA: Final = 64 * 1024
"""Bytes of a schema."""
MAX_STEPS: Final = 10_000
"""Keywords that one validation may look at; a common one looks at a few dozen."""
MAX_MATCHED: Final = 512
"""Characters of a text that a pattern is tried on."""
MAX_UNIQUE: Final = 500
"""Entries of a list that are compared with each other."""

_COMPILED: Final = 64  # schemas kept ready
_MAX_PATTERN: Final = 256
# A repeated group, a back reference or many repetitions are what makes a pattern slow. What stays is at worst cubic in MAX_MATCHED.
_SLOW: Final = re.compile(r"\)[*+{]|\\[1-9]|\(\?P=|\(\?\(")
_REPEATS: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,)")
_MAX_REPEATS: Final = 3

_steps: ContextVar[list[int]] = ContextVar("steps")

Validator = Any  # jsonschema's classes carry no types
Keyword = Callable[[Validator, Any, Any, Any], Iterator[Any] | None]


class _Unusable(Exception):
    """The schema asks for more than we do."""


def check_schema(raw: bytes, instances: list[Any]) -> None:
    """Check the instances against the schema `raw` (JSON). Raises `Unauthenticated`: `schema` if one breaks it, `schema-unusable`."""
    from jsonschema.exceptions import SchemaError, ValidationError
    from referencing.exceptions import Unresolvable

    try:
        validator = _compiled(raw)
        for instance in instances:
            _steps.set([MAX_STEPS])
            validator.validate(instance)
    except ValidationError as fault:
        place = "/".join(str(part) for part in fault.absolute_path)
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
    """Return the validator class of a draft with every keyword counted, and `pattern` on short texts only."""
    from jsonschema import validators

    keywords = {name: _counted(keyword) for name, keyword in plain.VALIDATORS.items()}
    for name in ("pattern", "patternProperties"):
        keywords[name] = _short(keywords[name])
    keywords["uniqueItems"] = _few(keywords["uniqueItems"])
    return validators.extend(plain, keywords)


def _counted(keyword: Keyword) -> Keyword:
    def step(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        left = _steps.get()
        left[0] -= 1
        if left[0] < 0:
            raise _Unusable(f"it takes more than {MAX_STEPS} steps")
        return keyword(validator, value, instance, schema)

    return step


def _short(keyword: Keyword) -> Keyword:
    def short(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        texts = [instance] if isinstance(instance, str) else list(instance) if isinstance(instance, dict) else []
        if any(len(text) > MAX_MATCHED for text in texts):
            raise _Unusable(f"it has a pattern for a text of more than {MAX_MATCHED} characters")
        return keyword(validator, value, instance, schema)

    return short


def _few(keyword: Keyword) -> Keyword:
    def few(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        if isinstance(instance, list) and len(instance) > MAX_UNIQUE:  # the comparison is quadratic
            raise _Unusable(f"it compares more than {MAX_UNIQUE} entries with each other")
        return keyword(validator, value, instance, schema)

    return few


def _check_words(schema: dict[str, Any]) -> None:
    """Refuse slow patterns, and a second `$schema`, by which jsonschema would leave the bounded class for a plain one.

    Looks at whatever stands where such a word may stand, at any depth, also where it is only a name or an example.
    """
    waiting: list[object] = list(schema.values())
    _check_patterns(schema)
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("$schema"), str):
                raise _Unusable("it changes its draft inside")
            _check_patterns(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_patterns(item: dict[str, Any]) -> None:
    properties = item.get("patternProperties")
    for pattern in (item.get("pattern"), *(properties if isinstance(properties, dict) else ())):
        if not isinstance(pattern, str):
            continue
        if len(pattern) > _MAX_PATTERN or _SLOW.search(pattern) or len(_REPEATS.findall(pattern)) > _MAX_REPEATS:
            raise _Unusable("it has a pattern that could take long")
