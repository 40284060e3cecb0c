"""The public JSON schemas of DCP 1.0; nothing is fetched."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft201909Validator
from referencing import Registry, Resource

from tests.shared_data import shared_data

BASE = "https://w3id.org/dspace-dcp/v1.0/"
EXCHANGE = "https://identity.foundation/presentation-exchange/schemas/"


@cache
def _registry() -> Registry:
    registry: Registry = Registry()
    for path in (shared_data() / "dcp-1.0").glob("*/*-schema.json"):
        # The context's schema calls itself v08, the others refer to it as v1.0 (a known slip of the publication).
        text = path.read_text(encoding="utf-8").replace("/dspace-dcp/v08/", "/dspace-dcp/v1.0/")
        schema = msgspec.json.decode(text)
        registry = registry.with_resource(schema["$id"], Resource.from_contents(schema))
    for name in ("presentation-definition", "presentation-submission"):  # we neither write nor read these
        empty = {"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"presentation_submission": {}}}
        registry = registry.with_resource(f"{EXCHANGE}{name}.json", Resource.from_contents(empty))
    assert len(registry) > 8
    return registry.crawl()


def validate(name: str, value: Any) -> None:
    """Raise `jsonschema.ValidationError` unless the value is a valid message of that name, e.g. `credential-message`."""
    address = next(one for one in _registry() if one.endswith(f"/{name}-schema.json"))
    Draft201909Validator({"$ref": address}, registry=_registry()).validate(value)


def examples() -> dict[str, bytes]:
    """Return the published examples by file name."""
    return {path.stem: path.read_bytes() for path in (shared_data() / "dcp-1.0").glob("*/example/*.json")}
