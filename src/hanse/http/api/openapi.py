"""The OpenAPI 3.1 document, made from the operations and their Structs, so that it cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from hanse import __version__
from hanse.http.api import structs as s
from hanse.http.api.routing import BASE, HEADER, Operation, Query
from hanse.participants.roles import RULES

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_ERRORS = {
    "400": "The request cannot be read.",
    "401": "The token is missing, unknown or expired.",
    "403": "The operator's role is not enough.",
    "404": "There is no such thing for this operator.",
    "409": "The state of the thing does not allow this.",
    "422": "A named field breaks a rule.",
    "429": "Too many requests; `Retry-After` says when to come back.",
}


def encode_document(operations: Sequence[Operation]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(document(operations)), indent=2)


def document(operations: Sequence[Operation]) -> Json:
    """Return the document: every operation with its role, its errors and an example."""
    types = [kind for operation in operations for kind in (operation.takes, operation.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, s.Problem], ref_template=_REFERENCE)
    found = iter(schemas)
    paths: Json = {}
    for operation in operations:
        takes = next(found) if operation.takes is not None else None
        gives = next(found) if operation.gives is not None else None
        path = paths.setdefault(re.sub(r":\w+}", "}", operation.path), {})
        path[operation.method.lower()] = _operation(operation, takes, gives)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hanse management interface",
            "version": __version__,
            "summary": "What operators and their programs ask of their own participant.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": BASE}],
        "security": [{"operator": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"operator": {"type": "http", "scheme": "bearer", "description": "An operator's token."}},
            "responses": {code: _problem(meaning) for code, meaning in _ERRORS.items()} | {"default": _problem("Another error.")},
        },
    }


def _operation(operation: Operation, takes: Json | None, gives: Json | None) -> Json:
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": _who(operation),
        "tags": [operation.path.split("/")[1]],
        "parameters": _parameters(operation),
        "responses": _responses(operation, gives),
    }
    if takes is not None:
        content = {"schema": takes} | ({} if operation.example is None else {"example": operation.example})
        media = {"application/octet-stream": {}} if operation.takes is bytes else {"application/json": content}
        described["requestBody"] = {"required": not operation.optional_body, "content": media}
    described["x-codeSamples"] = [{"lang": "Shell", "source": _sample(operation)}]
    return described


def _who(operation: Operation) -> str:
    if operation.action is None:
        return "Any operator, and the server's host."
    rule = RULES[operation.action]
    whom = [f"an operator with the role `{rule.least.value}` or more" if rule.own else "", "the server's host" if rule.host else ""]
    return f"Needs {' or '.join(one for one in whom if one)} (`{operation.action.value}`)."


def _parameters(operation: Operation) -> list[Json]:
    path = [_parameter(name, "path", Query(name, f"The {name}.")) for name in re.findall(r"{(\w+)", operation.path)]
    query = [_parameter(one.name, "query", one) for one in operation.query]
    header = [_parameter(HEADER, "header", Query(HEADER, "The participant that the server's host means."))] if operation.host else []
    return [*path, *query, *header]


def _parameter(name: str, place: str, about: Query) -> Json:
    return {"name": name, "in": place, "required": place == "path", "description": about.meaning, "schema": dict(about.schema)}


def _responses(operation: Operation, gives: Json | None) -> Json:
    good: Json = {"description": "Done." if gives is None else operation.summary + "."}
    if gives is not None:
        good["content"] = {"application/json": {"schema": gives}}
    errors = {code: {"$ref": f"#/components/responses/{code}"} for code in (*_ERRORS, "default")}
    return {str(operation.status): good, **errors}


def _problem(meaning: str) -> Json:
    return {"description": meaning, "content": {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}}


def _sample(operation: Operation) -> str:
    path = re.sub(r"{(\w+)(:\w+)?}", lambda found: found[1].upper(), operation.path)
    data = "" if operation.example is None else f" --json '{msgspec.json.encode(operation.example).decode()}'"
    data = " --data-binary @FILE" if operation.takes is bytes else data
    return f'curl -X {operation.method} -H "Authorization: Bearer $TOKEN" http://localhost:8400{BASE}{path}{data}'
