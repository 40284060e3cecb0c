"""The kept connections to one provider's data endpoint, with tokens that are renewed when they run out.

The host is looked up once and only addresses that the guard let through are connected to; redirects are not followed; a stall and a
drip are bounded in time, the length of a transfer is not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from hanse.dataplane.answers import LONGEST, fault_of
from hanse.dsp.messages import DataAddress
from hanse.http.bulk import pinned_session
from hanse.http.guard import AddressGuard, Target
from hanse.http.pull.ports import Settings
from hanse.kernel.errors import HanseError, NotReady, PeerInvalid, PeerRefused, PeerUnreachable, TooMany

_ORIGINS = 4
"""Hosts that one provider may spread its data over."""
_TOKENS = 3
_LONGEST_PAUSE = 30.0


class Access:
    """The current address with its token, shared by all workers; renewed by one of them at a time."""

    def __init__(self, address: DataAddress, renew: Callable[[str | None], Awaitable[DataAddress]]) -> None:
        self.address = address
        self._renew = renew
        self._lock = asyncio.Lock()

    @property
    def token(self) -> str | None:
        """Return the access token, if the address has one."""
        return self.address.properties.get("authorization")

    async def renewed(self, stale: str | None) -> bool:
        """Get a token in place of `stale`; tell whether there is another one now."""
        async with self._lock:
            if self.token == stale:  # else somebody was faster
                self.address = await self._renew(stale)
            return self.token != stale


class Line:
    """Asks for addresses of one provider.

    `moved` counts the bytes of all bodies; `latency` is the shortest wait for an answer, in seconds.
    """

    def __init__(self, guard: AddressGuard, access: Access, settings: Settings) -> None:
        self._guard = guard
        self._access = access
        self.settings = settings
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._retired: list[aiohttp.ClientSession] = []
        self._lock = asyncio.Lock()
        self.moved = 0
        self.latency: float | None = None

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Reply]:
        """GET with the current token.

        Raises `PeerUnreachable` (it can pass), `NotReady` and `TooMany` (they say when to come back), and `PeerError`s that will not pass.
        """
        response = await self._answered(url, dict(headers or {}))
        try:
            yield Reply(self, response)
        finally:
            response.release() if response.content.at_eof() else response.close()

    async def read(self, url: str, limit: int, *, making: float | None = None) -> bytes:
        """Return a body of at most `limit` bytes, trying again where that helps. `making`: seconds to wait for one that is being made."""
        patience = Patience(self, making)
        while True:
            try:
                async with self.get(url) as reply:
                    return await reply.whole(limit)
            except HanseError as error:
                await patience.after(error)

    async def close(self) -> None:
        """Close every connection."""
        for session in (*self._sessions.values(), *self._retired):
            await session.close()
        self._sessions, self._retired = {}, []

    async def _answered(self, url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
        for _ in range(_TOKENS):
            token = self._access.token
            response = await self._asked(url, headers | ({"Authorization": f"Bearer {token}"} if token else {}))
            if response.status != 401:
                return await self._judged(response)
            response.close()
            if not await self._access.renewed(token):
                break
        raise PeerRefused("The provider does not accept the access token.", status=401)

    async def _asked(self, url: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
        target = self._guard.examine(url)
        session = await self._session(target)
        began = time.monotonic()  # the loop's own time goes in whole milliseconds
        try:
            response = await session.get(URL(target.url, encoded=True), headers=headers, allow_redirects=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if self._sessions.get(target.origin) is session:  # the host is looked up anew: it may have moved; others may still read
                self._retired.append(self._sessions.pop(target.origin))
            raise PeerUnreachable(f"The provider at {target.origin} does not answer.") from error
        waited = time.monotonic() - began
        self.latency = waited if self.latency is None else min(self.latency, waited)
        return response

    async def _session(self, target: Target) -> aiohttp.ClientSession:
        async with self._lock:
            session = self._sessions.get(target.origin)
            if session is None:
                if len(self._sessions) >= _ORIGINS:
                    raise PeerInvalid("The provider's data lies at too many hosts.", where="dataAddress")
                session = pinned_session(await self._guard.addresses(target), stall=self.settings.stall, kept=True)
                self._sessions[target.origin] = session
            return session

    async def _judged(self, response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
        body = b""
        if response.status >= 400 and response.status != 416:
            try:
                body = await response.content.read(LONGEST)
            except (aiohttp.ClientError, TimeoutError, OSError):
                body = b""
        fault = fault_of(response.status, response.headers.get("Retry-After", ""), body)
        if fault is None:
            return response
        response.close()
        raise fault


class Reply:
    """An answer with data, read as it comes."""

    def __init__(self, line: Line, response: aiohttp.ClientResponse) -> None:
        self._line = line
        self._response = response
        self._waited = 0.0
        self._came = 0

    @property
    def status(self) -> int:
        """Return 200, 206 or 416."""
        return self._response.status

    @property
    def length(self) -> int | None:
        """Return how many bytes the body is said to have."""
        return self._response.content_length

    def header(self, name: str) -> str:
        """Return a header field, empty if there is none."""
        return self._response.headers.get(name, "")

    async def some(self) -> bytes:
        """Return the next bytes, none at the end. Raises `PeerUnreachable` when it breaks off, or trickles."""
        began = time.monotonic()
        try:
            data = await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PeerUnreachable("The connection to the provider broke off.") from error
        await asyncio.sleep(0)  # from a fast provider nothing else would ever run
        self._line.moved += len(data)
        self._came += len(data)
        self._waited += time.monotonic() - began
        if self._waited >= self._line.settings.grace:
            if self._came < self._line.settings.slowest * self._waited:
                raise PeerUnreachable("The provider sends so slowly that it is as good as away.", rule="peer-slow")
            self._waited, self._came = 0.0, 0
        return data

    async def whole(self, limit: int) -> bytes:
        """Return the body. Raises `PeerInvalid` if it is longer than `limit` bytes."""
        parts, size = [], 0
        while data := await self.some():
            parts.append(data)
            size += len(data)
            if size > limit:
                raise PeerInvalid(f"The provider's answer is larger than {limit} bytes.", rule="peer-too-big")
        return b"".join(parts)


class Patience:
    """How often and how long one request, or one file, is tried again."""

    def __init__(self, line: Line, making: float | None = None) -> None:
        self._line = line
        self._making = line.settings.making if making is None else making
        self._failures = 0
        self._waited = 0.0
        self._so_far = 0

    async def after(self, error: HanseError, so_far: int = 0) -> None:
        """Wait until it can be tried again; raises `error` if that will not help. `so_far` are the bytes that came: many start anew."""
        settings = self._line.settings
        if isinstance(error, NotReady):
            if self._waited >= self._making:
                raise error
            pause = min(max(error.retry_after, 0.1), _LONGEST_PAUSE)
            self._waited += pause
        elif isinstance(error, (PeerUnreachable, TooMany)):
            self._failures = 1 if so_far - self._so_far >= settings.headway else self._failures + 1
            if self._failures >= settings.attempts:
                raise error
            self._so_far = so_far
            pause = min(error.retry_after if isinstance(error, TooMany) else 0.1 * 2**self._failures, _LONGEST_PAUSE)
        else:
            raise error
        await settings.sleep(pause)
