"""The public JSON schemas of DSP 2025-1, ready to validate with; nothing is fetched.

`validate("ContractRequestMessage", value)` or `validate(None, value)`, which goes by the value's `@type`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft201909Validator
from referencing import Registry, Resource

from tests.shared_data import shared_data

BASE = "https://w3id.org/dspace/2025/1/"


@cache
def _registry() -> Registry:
    root = shared_data() / "dsp-2025-1"
    registry: Registry = Registry()
    for path in root.glob("*/*-schema.json"):
        # Three schemas point to "…#definitions/…", which is no JSON pointer (a known slip of the publication).
        text = path.read_text(encoding="utf-8").replace("#definitions/", "#/definitions/")
        schema = msgspec.json.decode(text)
        registry = registry.with_resource(schema["$id"], Resource.from_contents(schema))
    assert registry, f"no schemas in {root}"
    return registry.crawl()


@cache
def _by_type() -> dict[str, str]:
    """Map each definition with a name of its own to its address."""
    found = {}
    for address in _registry():
        schema = _registry().contents(address)
        for part in schema.get("allOf", []):
            found[part["$ref"].rsplit("/", 1)[-1]] = address
    return found


@cache
def validator(name: str) -> Draft201909Validator:
    """Return the validator of a type (`TransferProcess`), a file (`transfer-process`) or a definition (`contract#Offer`)."""
    file, _, definition = name.partition("#")
    address = _by_type().get(file) or next(a for a in _registry() if a.endswith(f"/{file}-schema.json"))
    reference = f"{address}#/definitions/{definition}" if definition else address
    return Draft201909Validator({"$ref": reference}, registry=_registry())


def validate(name: str | type | None, value: Any) -> None:
    """Raise `jsonschema.ValidationError` unless the value is valid.

    `name` as in `validator`, or one of our message types, or None for the value's own `@type`.
    """
    validator(_name(name, value)).validate(value)


def _name(name: str | type | None, value: Any) -> str:
    if name is None or isinstance(name, type):
        return str(value["@type"])
    return name


def is_valid(name: str | type | None, value: Any) -> bool:
    """Say whether the value is valid."""
    return validator(_name(name, value)).is_valid(value)
