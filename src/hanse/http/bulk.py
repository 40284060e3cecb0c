"""Streams to and from foreign addresses, through the guard: bodies of any size, never held in memory.

For what `PeerClient` is not made for: the data behind an HTTP source, and a push to a sink. The host is looked up once
and only addresses that were judged are connected to; redirects are not followed; a stall is bounded in time, the
length of a transfer is not.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from hanse.http.guard import AddressGuard
from hanse.kernel.errors import PeerUnreachable
from hanse.kernel.tenant import Tenant

CHUNK = 1 << 20
_BUFFER = 1 << 18


class _Pinned(AbstractResolver):
    """Answers with the addresses that the guard let through, for one request."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the pinned addresses."""
        del family
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET6 if ":" in address else socket.AF_INET, proto=0, flags=0
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""


class StreamAnswer:
    """A response whose body is read as it comes. Satisfies `sources.http.Answer`."""

    def __init__(self, session: aiohttp.ClientSession, response: aiohttp.ClientResponse) -> None:
        self._session = session
        self._response = response

    @property
    def status(self) -> int:
        """Return the status code."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the header fields by their names in lower case."""
        return {name.lower(): value for name, value in self._response.headers.items()}

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; raises `PeerUnreachable` when it breaks off."""
        try:
            async for chunk in self._response.content.iter_chunked(CHUNK):
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PeerUnreachable("The data's address broke off.") from error

    async def close(self) -> None:
        """Let go of the connection."""
        self._response.close()
        await self._session.close()


class BulkClient:
    """Guarded streams. `guard_for` returns the guard that lets the given extra hosts through.

    Satisfies `sources.http.Opener` and `dataplane.ports.Sender`. A push uses the guard without extra hosts.
    """

    def __init__(self, guard_for: Callable[[Sequence[str]], AddressGuard]) -> None:
        self._guard_for = guard_for

    async def get(self, url: str, headers: Mapping[str, str], allowed: Sequence[str]) -> StreamAnswer:
        """GET `url` at one of the `allowed` hosts. Raises `AddressRefused` and `PeerUnreachable`."""
        session = await self._session(url, allowed)
        try:
            response = await session.get(url, headers=headers, allow_redirects=False)
        except BaseException as error:
            await session.close()
            raise _translated(error) from error
        return StreamAnswer(session, response)

    async def put(self, tenant: Tenant, url: str, headers: Mapping[str, str], length: int, body: Callable[[], AsyncIterator[bytes]]) -> int:
        """PUT a stream and return the status. Raises `AddressRefused` and `PeerUnreachable`."""
        del tenant
        session = await self._session(url, ())
        stream = body()
        try:
            named = dict(headers) | {"content-length": str(length)}
            send = partial(session.put, url, headers=named, allow_redirects=False)
            async with send(data=stream) if length else send() as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from error
        finally:
            await session.close()

    async def _session(self, url: str, allowed: Sequence[str]) -> aiohttp.ClientSession:
        _, addresses = await self._guard_for(allowed).check(url)
        return pinned_session(addresses)


def pinned_session(addresses: Sequence[str], *, stall: float = 60.0, kept: bool = False) -> aiohttp.ClientSession:
    """Return a session that connects to these addresses only, for one origin that the guard has checked.

    `stall` is how long it waits for the next bytes, in seconds; with `kept` its connections serve more than one request.
    """
    connector = aiohttp.TCPConnector(resolver=_Pinned(addresses), use_dns_cache=False, force_close=not kept)
    times = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=stall)
    jar = aiohttp.DummyCookieJar()
    identity = {"Accept-Encoding": "identity"} if kept else None
    return aiohttp.ClientSession(
        connector=connector, timeout=times, auto_decompress=False, cookie_jar=jar, headers=identity, read_bufsize=_BUFFER, trust_env=False
    )


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, aiohttp.ClientError | TimeoutError | OSError) and not isinstance(error, asyncio.CancelledError):
        return PeerUnreachable("The address does not answer.")
    return error
