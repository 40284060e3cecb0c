"""The client for everything that one participant says to another: one session, kept connections, guarded addresses.

What is promised: no redirect is followed, no cookie and no proxy is used, certificates are always verified, every
answer is bounded in size and time, and a socket is opened only to an address that the guard has checked. Names reach
the guard through aiohttp's resolver hook; IP addresses written into a URL do not (aiohttp skips the hook for them), so
the place where sockets are made asks the guard once more, for every address.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hanse.http.guard import AddressGuard, Target
from hanse.kernel.errors import AddressRefused, HanseError, Misconfigured, PeerError, PeerInvalid, PeerUnreachable

AddrInfo = tuple[int, int, int, str, tuple[Any, ...]]
SocketFactory = Callable[[AddrInfo], socket.socket]

MIB = 1024 * 1024
BODY_LIMIT = MIB
CATALOGUE_LIMIT = 32 * MIB
TIMEOUT = 10.0
CONNECT_TIMEOUT = 3.0
# Shorter than what common servers wait (uvicorn 5 s), so that we seldom write into a connection that is being closed.
KEEP_ALIVE = 4.0

# aiohttp repeats these itself, once, when a kept connection turns out to be closed.
_REPEATED_BY_AIOHTTP = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_HEADERS = {"User-Agent": "hanse", "Accept": "application/json", "Accept-Encoding": "identity"}
_JSON = {"Content-Type": "application/json"}


class PeerAnswer(NamedTuple):
    """An answer with any status but a redirect. `headers` ignores case; `body` may be empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Call:
    """One request under way: what it aims at, whether it had to open a connection, and what the last gate refused."""

    __slots__ = ("connected", "refused", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.connected = False
        self.refused: AddressRefused | None = None


_CALL: ContextVar[_Call] = ContextVar("hanse_peer_call")


class _GuardedResolver(AbstractResolver):
    """aiohttp's question for addresses, answered by the guard."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return the checked addresses of the request under way."""
        target = _CALL.get().target
        if (host, port) != (target.host, target.port):
            raise PeerInvalid(f"{target.origin} was about to be mistaken for another host.")
        found = await self._guard.addresses(target)
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing is held."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


def _new_socket(info: AddrInfo) -> socket.socket:
    return socket.socket(info[0], info[1], info[2])


class PeerClient:
    """Sends requests to other participants, for all participants of this process.

    `connections` bounds the open connections, `per_host` those to one host and port; `keep_alive` is how long an idle
    one is kept, in seconds. `tls` may bring an own list of certificate authorities; it must verify. `sockets` makes
    the sockets (tests hand in one that counts). Works in the event loop in which it was used first.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        connections: int = 400,
        per_host: int = 64,
        keep_alive: float = KEEP_ALIVE,
        tls: ssl.SSLContext | None = None,
        sockets: SocketFactory = _new_socket,
    ) -> None:
        if tls is not None and not (tls.verify_mode is ssl.CERT_REQUIRED and tls.check_hostname):
            raise Misconfigured("Certificates of peers must be verified.", where="tls")
        self._guard = guard
        self._limits = (connections, per_host, keep_alive)
        self._tls = tls
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = TIMEOUT,
        limit: int = BODY_LIMIT,
    ) -> PeerAnswer:
        """Send one request and return the answer, whatever its status (redirects excepted).

        `timeout` bounds all of it, in seconds; `limit` the answer's body, in bytes. A POST is sent a second time only
        when a kept connection was closed before any byte of an answer: bodies are idempotent by design. Raises
        AddressRefused, PeerUnreachable (trying again can help) and PeerInvalid (too big, broken, a redirect).
        """
        call = _Call(self._guard.examine(url))
        token = _CALL.set(call)
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(call, method, body, headers, limit)
        except HanseError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise call.refused or _translated(error, call.target) from error
        finally:
            _CALL.reset(token)

    async def close(self) -> None:
        """Close every connection. What is sent afterwards is refused as unreachable."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _exchange(self, call: _Call, method: str, body: bytes | None, headers: Mapping[str, str] | None, limit: int) -> PeerAnswer:
        sent = dict(headers) if headers else {}
        if body is not None and not any(name.lower() == "content-type" for name in sent):
            sent |= _JSON
        try:
            return await self._once(call, method, body, sent, limit)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if method in _REPEATED_BY_AIOHTTP or call.connected or not _before_any_answer(error):
                raise
        return await self._once(call, method, body, sent, limit)

    async def _once(self, call: _Call, method: str, body: bytes | None, headers: dict[str, str], limit: int) -> PeerAnswer:
        session = self._opened()
        url = URL(call.target.url, encoded=True)
        if url.raw_host != call.target.host or url.port != call.target.port:
            # Two readers of one URL must never see two hosts.
            raise PeerInvalid(f"{call.target.origin} is written in a way that can be misread.")
        async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
            _check_head(response, call.target, limit)
            content = await _read(response, call.target, limit)
            return PeerAnswer(response.status, response.headers, content)

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise PeerUnreachable("This side is shutting down.", rule="closing")
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        connections, per_host, keep_alive = self._limits
        connector = aiohttp.TCPConnector(
            limit=connections,
            limit_per_host=per_host,
            keepalive_timeout=keep_alive,
            use_dns_cache=False,  # the guard judges each answer together with the scheme it is for
            resolver=_GuardedResolver(self._guard),
            socket_factory=self._guarded_socket,
            ssl=self._tls if self._tls is not None else True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            auto_decompress=False,
            trust_env=False,
        )

    def _guarded_socket(self, info: AddrInfo) -> socket.socket:
        """Make a socket for an address, if the guard allows it: the last gate, passed by every connection."""
        call = _CALL.get()
        try:
            self._guard.judge(ip_address(info[4][0]), call.target)
        except AddressRefused as refused:
            # Several addresses are tried in a race that knows only OSError; `send` raises what was refused.
            call.refused = refused
            raise OSError(errno.EACCES, "refused") from refused
        call.connected = True
        return self._sockets(info)


def _check_head(response: aiohttp.ClientResponse, target: Target, limit: int) -> None:
    """Refuse by the head alone: redirects, compression that was not asked for, a stated length over the limit."""
    if not 200 <= response.status <= 599 or 300 <= response.status <= 399:
        raise PeerInvalid(f"{target.origin} answered {response.status}, and redirects are not followed.", rule="peer-redirect")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise PeerInvalid(f"{target.origin} compressed its answer without being asked to.", rule="peer-compressed")
    if (response.content_length or 0) > limit:
        raise _too_big(target, limit)


async def _read(response: aiohttp.ClientResponse, target: Target, limit: int) -> bytes:
    """Read the body, at most `limit` bytes. What is left over costs the connection, not us."""
    if response.content_length is not None:
        return await response.read()  # the parser stops at the stated length, which was checked
    chunks, size = [], 0
    while chunk := await response.content.readany():
        size += len(chunk)
        if size > limit:
            response.close()
            raise _too_big(target, limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_big(target: Target, limit: int) -> PeerInvalid:
    return PeerInvalid(f"{target.origin} answered with more than {limit} bytes.", rule="peer-too-big")


def _before_any_answer(error: aiohttp.ClientError) -> bool:
    """Say whether the connection ended before any byte of an answer: a half answer is kept in aiohttp's error.

    After a reset it cannot be told; then the same bytes may be sent twice, which idempotent bodies bear.
    """
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)
    return not isinstance(error, aiohttp.ClientConnectorError)


def _translated(error: Exception, target: Target) -> PeerError:
    """Turn what the HTTP library says into the tree of errors. No path and no header is repeated: they may be secret."""
    origin = target.origin
    if isinstance(error, TimeoutError):
        return PeerUnreachable(f"{origin} did not answer in time.", rule="peer-timeout")
    if isinstance(error, aiohttp.ClientSSLError):
        return PeerUnreachable(
            f"The TLS certificate of {origin} cannot be verified, or TLS failed.",
            hint="The peer must serve a valid certificate for this name.",
            rule="peer-tls",
        )
    if isinstance(error, aiohttp.ClientPayloadError):
        return PeerUnreachable(f"The answer of {origin} broke off.", rule="peer-broken-off")
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return PeerUnreachable(f"{origin} cannot be reached, or closed the connection.")
    return PeerInvalid(f"{origin} does not answer in HTTP.", rule="peer-broken")
