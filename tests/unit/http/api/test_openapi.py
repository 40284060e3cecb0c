"""The OpenAPI document says every operation, and nothing that is not so."""

from __future__ import annotations

import re

import jsonschema
import msgspec

from hanse.http.api.openapi import document
from tests.unit.http.api.rig import run


def _schemas(value):
    if isinstance(value, dict):
        yield from (one for name, one in value.items() if name == "schema")
        for one in value.values():
            yield from _schemas(one)
    elif isinstance(value, list):
        for one in value:
            yield from _schemas(one)


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_every_route_is_in_it(tmp_path):
    async def scenario(rig):
        answer = await rig.get("/api/v1/openapi.json")
        assert answer.status_code == 200
        found = answer.json()
        assert found == msgspec.json.decode(msgspec.json.encode(document(rig.api.operations)))
        listed = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
        assert listed == {(one.method, re.sub(r":\w+}", "}", one.path)) for one in rig.api.operations}
        routed = {route.path_format.removeprefix("/api/v1") for route in rig.api.routes()} - {"/openapi.json", "/{rest}"}
        assert routed == set(found["paths"])
        ids = [one["operationId"] for methods in found["paths"].values() for one in methods.values()]
        assert len(ids) == len(set(ids))

    run(tmp_path, scenario)


def test_its_schemas_are_valid_and_its_references_lead_somewhere(tmp_path):
    async def scenario(rig):
        found = document(rig.api.operations)
        schemas = [*found["components"]["schemas"].values(), *_schemas(found["paths"])]
        for schema in schemas:
            jsonschema.Draft202012Validator.check_schema(schema)
        for name in found["components"]["schemas"]:
            assert re.fullmatch(r"[A-Za-z0-9._-]+", name), name
        for reference in set(_references(found)):
            place = found
            for part in reference.removeprefix("#/").split("/"):
                place = place[part]

    run(tmp_path, scenario)


def test_every_operation_says_who_what_can_go_wrong_and_has_an_example(tmp_path):
    async def scenario(rig):
        found = document(rig.api.operations)
        for operation in rig.api.operations:
            said = found["paths"][re.sub(r":\w+}", "}", operation.path)][operation.method.lower()]
            assert said["summary"]
            assert "host" in said["description"] or "role" in said["description"]
            assert {"401", "403", "404", "422", "429"} <= set(said["responses"])
            assert "curl" in said["x-codeSamples"][0]["source"]
            if operation.takes is bytes:
                assert said["requestBody"]["content"] == {"application/octet-stream": {}}
            elif operation.takes is not None:
                content = said["requestBody"]["content"]["application/json"]
                validator = jsonschema.Draft202012Validator(content["schema"] | {"components": found["components"]})
                validator.validate(content["example"])
                msgspec.json.decode(msgspec.json.encode(content["example"]), type=operation.takes)

    run(tmp_path, scenario)
