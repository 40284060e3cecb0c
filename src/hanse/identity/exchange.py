"""Exchanges: computations that ask for a DID document now and then, and do not care who fetches it.

An `Exchange[T]` is a generator that yields `ResolveDid`, is sent the `DidDocument`, and returns a `T`. Where a document
cannot be had, the driver throws a `PeerError` in. The HTTP adapter drives it with real fetches, a test with a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from msgspec import Struct

from hanse.identity.did import DidDocument
from hanse.kernel.errors import PeerError
from hanse.kernel.tenant import Did

T = TypeVar("T")


class ResolveDid(Struct, frozen=True):
    """Please resolve `did`, a well-formed did:web. `fresh` means: not from a cache, a key may have been replaced.

    Whoever answers may refuse a second fresh fetch of the same DID within seconds by sending what it has: a stranger
    with bad tokens must not make us hammer somebody's server.
    """

    did: Did
    fresh: bool = False


Exchange = Generator[ResolveDid, DidDocument, T]


def drive(exchange: Exchange[T], resolve: Callable[[ResolveDid], DidDocument]) -> T:
    """Run `exchange` to its end with a plain function that resolves; what it raises as `PeerError` is thrown in."""
    try:
        request = next(exchange)
        while True:
            request = _answer(exchange, request, resolve)
    except StopIteration as done:
        result: T = done.value
        return result


def _answer(exchange: Exchange[T], request: ResolveDid, resolve: Callable[[ResolveDid], DidDocument]) -> ResolveDid:
    try:
        document = resolve(request)
    except PeerError as fault:
        return exchange.throw(fault)
    return exchange.send(document)
