"""Bounds for what comes in: the size, depth and time of a request's body, and the rate of requests."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate

from starlette.requests import ClientDisconnect, Request

from hanse.kernel.errors import Malformed, TooLarge, TooMany

BODY_LIMIT = 1024 * 1024
DEPTH_LIMIT = 64
BODY_TIMEOUT = 10.0

# Possessive, and with an end that may be missing: linear on any input, also on a string that never ends.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")
_RATES = 1_000  # different rates that are kept apart; participants of one rate share a limiter, not a bucket
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


async def read_body(request: Request, limit: int = BODY_LIMIT, seconds: float = BODY_TIMEOUT) -> bytes:
    """Return the body of `request`, at most `limit` bytes, within `seconds`.

    Raises TooLarge (from the stated length already, before anything is read) and Malformed (compressed, broken off,
    too slow).
    """
    _check_head(request, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(request, limit)
    except TimeoutError:
        raise Malformed(f"The body did not arrive within {seconds:g} s.", where="body", rule="too-slow") from None
    except ClientDisconnect:
        raise Malformed("The body broke off.", where="body", rule="broken-off") from None


async def _collect(request: Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: Request, limit: int = BODY_LIMIT, depth: int = DEPTH_LIMIT) -> bytes:
    """Return the body of `request` as JSON text that is safe to decode; the content type may be anything or missing.

    Raises TooLarge, and Malformed for an empty body or one nested deeper than `depth`. The JSON itself is read by the
    decoder of whoever asks.
    """
    body = await read_body(request, limit)
    if not body.strip():
        raise Malformed("The body is empty.", where="body", hint="Send a JSON object.")
    check_depth(body, depth)
    return body


def check_depth(body: bytes, limit: int = DEPTH_LIMIT) -> None:
    """Raise Malformed when JSON text is nested deeper than `limit`. Brackets in strings do not count.

    A message with few brackets costs two counts; the scan is linear in every case.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    brackets = _STRING.sub(b"", body).translate(None, _NO_BRACKET)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > limit:
        raise Malformed(f"The JSON is nested deeper than {limit} levels.", where="body", rule="too-deep")


def _check_head(request: Request, limit: int) -> None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise Malformed("Compressed bodies are not read.", where="Content-Encoding", hint="Send it as it is.")
    stated = request.headers.get("content-length")
    if stated is None:
        return
    if not (stated.isascii() and stated.isdigit()):
        raise Malformed("The stated length is no number.", where="Content-Length")
    if len(stated) > 18 or int(stated) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes.", where="body", hint="Send less at once.")


class RateLimiter:
    """`rate` requests a second, `burst` at once, for each pair of tenant and peer.

    A token bucket in its shortest form (GCRA): one number per key, the moment at which the bucket is full again. Time
    per call is constant. At most `entries` keys are kept; the one that was quiet longest is forgotten first, which
    gives it a full bucket and nobody anything else. `monotonic` tells seconds that never go back.
    """

    def __init__(self, rate: float, burst: int, *, entries: int = 10_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        if rate <= 0 or burst < 1 or entries < 1:
            raise ValueError("rate, burst and entries are positive")
        self._interval = 1 / rate
        self._burst = burst
        self._entries = entries
        self._monotonic = monotonic
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def check(self, tenant: str, peer: str) -> None:
        """Take one token of this pair. Raises TooMany with the seconds until there is one again; that costs nothing."""
        key, now = (tenant, peer), self._monotonic()
        full_at = max(self._full_at.get(key, now), now) + self._interval
        wait = full_at - now - self._burst * self._interval
        if wait > 1e-9:
            raise TooMany(f"More than {1 / self._interval:g} requests a second.", retry_after=wait, hint="Send them more slowly.")
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._entries:
            self._full_at.popitem(last=False)


class ParticipantLimiter(RateLimiter):
    """The same for each pair, and beside it each participant's own rate for all its peers together.

    `rates` tells a participant's rate and burst; a change counts from the next request on.
    """

    def __init__(
        self, rate: float, burst: int, rates: Callable[[str], tuple[float, int]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(rate, burst, monotonic=monotonic)
        self._rates = rates
        self._clock = monotonic
        self._shared: OrderedDict[tuple[float, int], RateLimiter] = OrderedDict()

    def check(self, tenant: str, peer: str) -> None:
        """Take one of the pair's and one of the participant's. A peer over its own rate takes nothing from the others."""
        super().check(tenant, peer)
        rates = self._rates(tenant)
        limiter = self._shared.get(rates)
        if limiter is None:
            limiter = self._shared[rates] = RateLimiter(*rates, monotonic=self._clock)
            if len(self._shared) > _RATES:
                self._shared.popitem(last=False)
        limiter.check(tenant, "")
