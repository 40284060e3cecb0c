"""The one core under both clients: exchanges as generators that yield what they need and receive what came of it.

A call yields a `Request` and receives the `Response` (house, idea 4); the shells in `shells.py` do the sending, one with
plain calls, the other with `await`. Bytes are wished for by a `Fetch`. So every use case is written, and tested, once and
without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hanse.client.model import Progress
from hanse.client.problems import error_of
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import PeerInvalid

T = TypeVar("T")

ROOT = "/api/v1"
PAGE = 500
"""Entries asked for at once when a whole list is read."""


class Request(Struct, frozen=True, kw_only=True):
    """One call of the management API. `path` is below `/api/v1`, `body` is JSON, or bytes as they are; `headers` go beside the token.

    A `patient` one is sent again, after as long as the server says, where it was one too many.
    """

    method: str
    path: str
    query: Mapping[str, str] = {}
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    patient: bool = False


class Response(Struct, frozen=True, kw_only=True):
    """What came back. `retry_after` is in seconds, from the header of that name."""

    status: int
    body: bytes = b""
    retry_after: float | None = None


class Fetch(Struct, frozen=True, kw_only=True):
    """Bytes to fetch and verify (`fetch.fetch`), answered with a `FetchReport`.

    `renew` gives steps to fresh tokens, `key_of` to the key of a file that arrives encrypted, from its header.
    """

    address: DataAddress
    into: Path
    progress: Progress | None
    renew: Callable[[], Generator[Any, Any, DataAddress]]
    key_of: Callable[[bytes], Generator[Any, Any, bytes]] | None = None


Steps = Generator[Request | Fetch, Any, T]
"""A use case: yields requests, receives responses, returns its result."""


def call(request: Request, into: type[T]) -> Steps[T]:
    """Send a request and return the answer as `into`; a problem is raised as the error that it tells."""
    response = yield request
    assert isinstance(response, Response)
    if response.status >= 300:
        raise error_of(response.status, response.body, response.retry_after)
    try:
        return msgspec.json.decode(response.body or b"null", type=into)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PeerInvalid(
            f"The server's answer to {request.method} {request.path} cannot be read: {error}.",
            hint="Is the server of the same version as this program?",
        ) from None


def get(path: str, into: type[T], **query: str | None) -> Steps[T]:
    """GET; queries without a value are left out."""
    known = {name: value for name, value in query.items() if value is not None}
    return (yield from call(Request(method="GET", path=path, query=known), into))


def post(
    path: str,
    body: Mapping[str, object] | None,
    into: type[T],
    *,
    method: str = "POST",
    tenant: str | None = None,
    space: str | None = None,
) -> Steps[T]:
    """POST (or another method) with a JSON body.

    `tenant` lets a host operator name the participant, `space` an anchor one of its spaces.
    """
    headers = {} if tenant is None else {"Hanse-Participant": tenant}
    query = {} if space is None else {"space": space}
    encoded = None if body is None else msgspec.json.encode(body)
    return (yield from call(Request(method=method, path=path, query=query, body=encoded, headers=headers), into))


def listed(path: str, item: type[T], most: int | None = None, tenant: str | None = None, **query: str | None) -> Steps[list[T]]:
    """Return the entries of a list, page after page, at most `most` of them."""
    found: list[T] = []
    after: str | None = None
    headers = {} if tenant is None else {"Hanse-Participant": tenant}
    known = {name: value for name, value in query.items() if value is not None}
    while True:
        size = PAGE if most is None else max(1, min(PAGE, most - len(found)))
        asked = known | {"limit": str(size)} | ({} if after is None else {"after": after})
        page = yield from call(Request(method="GET", path=path, query=asked, headers=headers), _Page)
        found += _items(page.items, item, path)
        if page.next is None or page.next == after or (most is not None and len(found) >= most):
            return found if most is None else found[:most]
        after = page.next


def said(**fields: object) -> dict[str, object]:
    """Return a body of those fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def part(text: str) -> str:
    """Return `text` as one segment of a path."""
    return quote(text, safe="")


class _Page(Struct):
    items: list[msgspec.Raw]
    next: str | None = None


def _items(raw: list[msgspec.Raw], item: type[T], path: str) -> list[T]:
    try:
        return [msgspec.json.decode(one, type=item) for one in raw]
    except (msgspec.DecodeError, RecursionError) as error:
        raise PeerInvalid(
            f"An entry of {path} cannot be read: {error}.", hint="Is the server of the same version as this program?"
        ) from None
