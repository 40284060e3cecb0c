"""Exchanges: computations that ask for a document now and then, and do not care who fetches it.

An `Exchange[T]` is a generator that yields `ResolveDid`, is sent the `DidDocument`, and returns a `T`. An `Inquiry[T]`
may ask for a schema or a status list besides, and is sent the bytes that came. Where a document cannot be had, the
driver throws a `PeerError` in. The HTTP adapter drives them with real fetches, a test with a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from msgspec import Struct

from hanse.identity.did import DidDocument
from hanse.kernel.errors import PeerError
from hanse.kernel.tenant import Did

T = TypeVar("T")
Q = TypeVar("Q")
A = TypeVar("A")


class ResolveDid(Struct, frozen=True):
    """Please resolve `did`, a well-formed did:web. `fresh` means: not from a cache, a key may have been replaced.

    Whoever answers may refuse a second fresh fetch of the same DID within seconds by sending what it has: a stranger
    with bad tokens must not make us hammer somebody's server.
    """

    did: Did
    fresh: bool = False


class FetchSchema(Struct, frozen=True):
    """Please fetch the JSON schema at `url`, at most `credentials.schema.MAX_SCHEMA` bytes. It may be cached for long."""

    url: str


class FetchStatusList(Struct, frozen=True):
    """Please fetch the status list credential at `url`, at most `credentials.lists.MAX_LIST` bytes.

    Not from a cache: who asks keeps what it read for as long as a revocation may take to be seen (`lists.StatusLists`).
    """

    url: str


Exchange = Generator[ResolveDid, DidDocument, T]

Question = ResolveDid | FetchSchema | FetchStatusList
Answer = DidDocument | bytes
Inquiry = Generator[Question, Answer, T]


def drive(exchange: Generator[Q, A, T], resolve: Callable[[Q], A]) -> T:
    """Run `exchange` to its end with a plain function that resolves; what it raises as `PeerError` is thrown in."""
    try:
        request = next(exchange)
        while True:
            request = _answer(exchange, request, resolve)
    except StopIteration as done:
        result: T = done.value
        return result


def _answer(exchange: Generator[Q, A, T], request: Q, resolve: Callable[[Q], A]) -> Q:
    try:
        document = resolve(request)
    except PeerError as fault:
        return exchange.throw(fault)
    return exchange.send(document)
