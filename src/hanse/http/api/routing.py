"""One operation of the interface, and how each is guarded: who calls, may they, what do they say; then one service call."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hanse.http.api.wording import invalid
from hanse.http.authenticate import bearer
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.http.limits import RateLimiter, read_body, read_json
from hanse.kernel.errors import Forbidden, Invalid, Malformed, NotFound
from hanse.kernel.tenant import Tenant
from hanse.participants.operators import Operators
from hanse.participants.roles import RULES, Action, Caller, authorise

T = TypeVar("T")

BASE = "/api/v1"
HEADER = "Hanse-Participant"
PAGE = 100
PAGE_LIMIT = 500
LONGEST_WAIT = 60.0
RAW_LIMIT = 8 << 20
RAW_TIMEOUT = 60.0

_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RESERVED = frozenset({"us", "peer"})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Query:
    """A parameter of the query."""

    name: str
    meaning: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"})


PAGING = (
    Query("limit", "How many items, at most 500.", {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT, "default": PAGE}),
    Query("after", "The `next` of the page before."),
)


class Call:
    """An operation that was asked for by an operator who may: `tenant` is whose data it is about."""

    def __init__(self, request: Request, caller: Caller, named: Tenant | None) -> None:
        self._request = request
        self.caller = caller
        self.named = named

    @property
    def tenant(self) -> Tenant:
        """Return the participant it is about. Raises `Invalid` if the server's host did not name one."""
        if self.named is None:
            raise Invalid("Which participant is meant?", where=HEADER, rule="required", hint=f"Name it in the header `{HEADER}: NAME`.")
        return self.named

    @property
    def by(self) -> str:
        """Return who acts, for the history of what is done; never what stands for the server or the peer there."""
        name = self.caller.name
        return f"{name} ({self.caller.operator})" if name in _RESERVED else name

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self._request.path_params[name])

    def query(self, name: str) -> str | None:
        """Return a parameter of the query, at most 4,000 characters. Raises `Invalid`."""
        values = self._request.query_params.getlist(name)
        if len(values) > 1 or any(len(value) > 4_000 for value in values):
            raise Invalid("It is there twice, or too long.", where=name, rule="query")
        return values[0] if values else None

    def needed(self, name: str) -> str:
        """Return a parameter of the query that must be there. Raises `Invalid`."""
        value = self.query(name)
        if not value:
            raise Invalid("It is missing.", where=name, rule="required")
        return value

    def flag(self, name: str) -> bool:
        """Return a parameter that is `true` or `false` (absent: false). Raises `Invalid`."""
        value = self.query(name)
        if value not in (None, "true", "false"):
            raise Invalid("It is not true or false.", where=name, rule="query")
        return value == "true"

    def page(self) -> tuple[str | None, int]:
        """Return (after, limit). Raises `Invalid`."""
        text = self.query("limit")
        limit = PAGE if text is None else int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
        if not 1 <= limit <= PAGE_LIMIT:
            raise Invalid("It is not a number from 1 to 500.", where="limit", rule="range")
        return self.query("after"), limit

    def wait(self) -> tuple[float, frozenset[str]] | None:
        """Return how long to wait (at most 60 s) and for which states; nothing if not at all. Raises `Invalid`."""
        text = self.query("wait")
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) or float(text) > LONGEST_WAIT:
            raise Invalid("It is not a number of seconds up to 60.", where="wait", rule="range")
        states = (self.query("until") or "").split(",")
        return float(text), frozenset(state.strip().upper() for state in states if state.strip())


Handler = Callable[[Call, Any], Awaitable[object]]


@dataclass(frozen=True)
class Operation:
    """One method at one path below `/api/v1`.

    `action` is what an operator must be allowed to do; none means that any operator may. `about` names the part of the
    path that is the participant, where it is not the operator's own. `example` is a body that can be sent as it is. What `takes` bytes
    has them as its body, up to 8 MiB, as they are.
    """

    method: str
    path: str
    summary: str
    handle: Handler
    action: Action | None = None
    takes: Any = None
    gives: Any = None
    status: int = 200
    query: Sequence[Query] = ()
    example: object = None
    about: str | None = None
    optional_body: bool = False

    @property
    def id(self) -> str:
        """Return a name for programs, such as `post_negotiations_id_accept`."""
        return "_".join([self.method.lower(), *re.findall("[a-z]+", re.sub(r":\w+", "", self.path))])

    @property
    def host(self) -> bool:
        """Tell whether the server's host may do it, too."""
        return self.action is None or RULES[self.action].host


class OfNoun(Protocol):
    """The operations of one noun."""

    def operations(self) -> list[Operation]:
        """Return them."""
        ...


class Gate:
    """What stands before every operation."""

    def __init__(self, operators: Operators, limiter: RateLimiter) -> None:
        self._operators = operators
        self._limiter = limiter

    async def admit(self, request: Request, operation: Operation) -> Call:
        """Return the call of an operator who may do it. Raises `Unauthenticated`, `TooMany`, `NotFound`, `Forbidden`."""
        caller = await self._operators.authenticate(bearer(request.headers.get("authorization")))
        self._limiter.check(caller.tenant or "", f"operator:{caller.operator}")
        call = Call(request, caller, _tenant(request, caller, operation))
        if operation.action is not None:
            authorise(caller, operation.action, call.named)
        elif caller.tenant not in (None, call.named):
            raise NotFound("There is no such participant here.", where="participant")
        return call


def _tenant(request: Request, caller: Caller, operation: Operation) -> Tenant | None:
    if operation.about is not None:
        return Tenant(str(request.path_params[operation.about]))
    named = request.headers.get(HEADER)
    if named is None:
        return caller.tenant
    if caller.tenant is None and not operation.host:
        raise Forbidden("Only a participant's own operators may do this.", rule="whose", hint="Use a token made for that purpose.")
    return Tenant(named[:200])


def routes(operations: Sequence[Operation], gate: Gate) -> list[Route]:
    """Return one route per path, with a problem document for every method that is not there."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [Route(BASE + path, _endpoint(methods, gate), methods=list(METHODS)) for path, methods in by_path.items()]


def unknown(_request: Request) -> Response:
    """Answer for a path that is not there."""
    return problem_response(NotFound("There is no such thing in this interface.", where="path", hint=f"{BASE}/openapi.json lists it all."))


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for every path and method of the server that nothing else takes (as an ASGI application)."""
    await unknown(Request(scope))(scope, receive, send)


def problem_response(error: BaseException) -> Response:
    """Return an error as a problem document (RFC 9457)."""
    status, body = problem(error)
    return JSONResponse(body, status, headers(error) | _NO_STORE, media_type=PROBLEM_TYPE)


def _endpoint(methods: Mapping[str, Operation], gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    decoders = {name: msgspec.json.Decoder(each.takes) for name, each in methods.items() if each.takes not in (None, bytes)}
    allowed = ", ".join(sorted(methods))

    async def handle(request: Request) -> Response:
        operation = methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            body = {"type": "urn:hanse:problem:method", "title": "Wrong method", "status": 405, "detail": f"Possible here: {allowed}."}
            return JSONResponse(body, 405, {"Allow": allowed} | _NO_STORE, media_type=PROBLEM_TYPE)
        try:
            call = await gate.admit(request, operation)
            said = await _said(request, operation, decoders.get(operation.method))
            return _answer(operation, await operation.handle(call, said))
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
            return problem_response(error)

    return handle


async def _said(request: Request, operation: Operation, decoder: msgspec.json.Decoder[Any] | None) -> object:
    if operation.takes is bytes:
        return await read_body(request, RAW_LIMIT, RAW_TIMEOUT)
    if decoder is None:
        return None
    if operation.optional_body and request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return operation.takes()
    return decode(await read_json(request), decoder)


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a body says. Raises `Malformed` for what is no JSON, `Invalid` that names the field otherwise."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    except (ValueError, RecursionError):
        raise Malformed("The body is no JSON that can be read.", where="body", rule="json") from None


def _answer(operation: Operation, given: object) -> Response:
    if given is None:
        return Response(status_code=204, headers=_NO_STORE)
    return Response(_encode(given), operation.status, _NO_STORE, media_type="application/json")
