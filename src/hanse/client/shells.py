"""The two shells around the core: one sends with plain calls, the other with `await`. Nothing else differs."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload
from urllib.parse import urlsplit

import httpx

from hanse.client.core import ROOT, Fetch, Request, Response, Steps
from hanse.client.fetch import FetchReport, fetch
from hanse.client.opening import open_all
from hanse.kernel.errors import HanseError, Misconfigured, PeerUnreachable

P = ParamSpec("P")
T = TypeVar("T")
Mode = TypeVar("Mode")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0
"""The longest wait for an answer: twice the longest that the server lets a request wait for a change."""


class Sync:
    """Marks the client whose methods return their result."""


class Async:
    """Marks the client whose methods are awaited."""


class Noun(Generic[Mode]):
    """A group of methods about one kind of thing."""

    def __init__(self, drive: Callable[[Steps[Any]], Any]) -> None:
        self._drive = drive


class Method(Generic[P, T]):
    """Turns steps into a method: of a plain client it returns what the steps return, of an async one it is awaited."""

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self._steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, noun: None, owner: object = None) -> Method[P, T]: ...

    @overload
    def __get__(self, noun: Noun[Sync], owner: object = None) -> Callable[P, T]: ...

    @overload
    def __get__(self, noun: Noun[Async], owner: object = None) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, noun: Noun[Any] | None, owner: object = None) -> Any:
        """Bind the steps to the client's way of running them."""
        if noun is None:
            return self
        steps, drive = self._steps, noun._drive

        @functools.wraps(steps)
        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return drive(steps(*args, **kwargs))

        return bound


class SyncShell:
    """Runs steps with plain calls over one kept connection pool."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(**_options(url, token))

    def drive(self, steps: Steps[T]) -> T:
        """Run the steps to their end. Raises what they raise, and `PeerUnreachable` when no answer comes."""
        try:
            wish = next(steps)
            while True:
                try:
                    answer = _fetched(wish, self.drive) if isinstance(wish, Fetch) else self._send(wish)
                except HanseError as error:
                    wish = steps.throw(error)
                else:
                    wish = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, request: Request) -> Response:
        try:
            found = _response(self._client.send(_built(self._client, request)))
        except httpx.HTTPError as error:
            raise _trouble(error, self._client.base_url) from None
        if not (pause := _pause(request, found)):
            return found
        time.sleep(pause)
        return self._send(request)


class AsyncShell:
    """Runs steps with `await` over one kept connection pool; bytes are fetched in a thread."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.AsyncClient(**_options(url, token))

    async def drive(self, steps: Steps[T]) -> T:
        """Run the steps to their end. Raises what they raise, and `PeerUnreachable` when no answer comes."""
        try:
            wish = next(steps)
            while True:
                try:
                    answer = await (self._fetch(wish) if isinstance(wish, Fetch) else self._send(wish))
                except HanseError as error:
                    wish = steps.throw(error)
                else:
                    wish = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _fetch(self, wish: Fetch) -> FetchReport:
        loop = asyncio.get_running_loop()

        def drive(steps: Steps[T]) -> T:
            return asyncio.run_coroutine_threadsafe(self.drive(steps), loop).result()

        return await asyncio.to_thread(_fetched, wish, drive)

    async def _send(self, request: Request) -> Response:
        try:
            found = _response(await self._client.send(_built(self._client, request)))
        except httpx.HTTPError as error:
            raise _trouble(error, self._client.base_url) from None
        if not (pause := _pause(request, found)):
            return found
        await asyncio.sleep(pause)
        return await self._send(request)


def _pause(request: Request, response: Response) -> float:
    """Return for how long to wait before a request is sent again; 0: not at all."""
    return min(response.retry_after or 1.0, 30.0) if request.patient and response.status == 429 else 0.0


def _fetched(wish: Fetch, drive: Callable[[Steps[Any]], Any]) -> FetchReport:
    report = fetch(wish.address, wish.into, wish.progress, renew=lambda _old: drive(wish.renew()))
    key_of = wish.key_of
    return report if key_of is None else open_all(report, lambda header: drive(key_of(header)))


def _options(url: str, token: str) -> dict[str, Any]:
    _check(url)
    return {
        "base_url": url.rstrip("/") + ROOT,
        "headers": {"Authorization": f"Bearer {token}", "Accept": "application/json"},
        "timeout": httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        "follow_redirects": False,
        "trust_env": False,  # a token goes straight to its server, through no proxy that the environment names
        "verify": ssl.create_default_context() if url.startswith("https:") else False,
    }


def _check(url: str) -> None:
    """Raise `Misconfigured` for what is no address, and where the token would travel open to a network."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or parts.username is not None:
        raise Misconfigured(f"{_masked(url)!r} is no server's address.", where="HANSE_URL", hint="For example http://localhost:8400.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise Misconfigured(
            f"The token would travel to {host} without encryption.",
            where="HANSE_URL",
            rule="exposed",
            hint="Use https; plain http is for this machine only.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _masked(url: str) -> str:
    """Leave out what stands before an @: it may be a password."""
    return url.rpartition("@")[2][:200]


def _built(client: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    headers = dict(request.headers) | ({} if request.body is None else {"Content-Type": "application/json"})
    return client.build_request(request.method, request.path, params=dict(request.query) or None, content=request.body, headers=headers)


def _response(response: httpx.Response) -> Response:
    wait = response.headers.get("Retry-After", "")
    return Response(status=response.status_code, body=response.content, retry_after=float(wait) if wait.isdecimal() else None)


def _trouble(error: httpx.HTTPError, url: httpx.URL) -> PeerUnreachable:
    root = f"{url.scheme}://{url.netloc.decode()}"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        hint = "Is it running? `hanse up` or `hanse serve` starts it."
        return PeerUnreachable(f"No server answers at {root}.", rule="no-server", hint=hint)
    return PeerUnreachable(f"The server at {root} did not answer as it should ({type(error).__name__}).", hint="Its log says more.")
