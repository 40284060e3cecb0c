"""The data endpoints: `/participants/NAME/data/TRANSFER…`, as an ASGI application.

| request | answer |
|---|---|
| GET, HEAD `…/TRANSFER` | the file, or a tar of the folder |
| GET, HEAD `…/TRANSFER/manifest` | the files with their digests, as JSON |
| GET, HEAD `…/TRANSFER/files/PATH` | one file |
| GET, HEAD `…/TRANSFER/chunks/PATH[?from=N]` | of what that file is made, as JSON: a page of its chunk list |
| POST `…/TRANSFER/refresh` | fresh tokens (Data Plane Signaling, section 8) |
| PUT `…/in/TRANSFER[/files/PATH]` | takes what a provider pushes |

Bodies are sent as they are (no compression), with a strong entity tag, and any single range of them.

**nginx in front.** With `accel` set to the prefix of an internal location, nginx sends the bytes itself
(`X-Accel-Redirect`). Once nginx has begun, nobody can stop it; so it is given bounded parts only: requests whose range
spans at most `ACCEL_RANGE` bytes. nginx applies the client's own Range header to the file, and has no way to be told a
smaller one; therefore a larger range, an open one, and a plain GET are streamed by us, which plain clients never
notice. The data address asks Hanse's consumers for ranges of that size (`rangeSize`). nginx also judges If-Range and
If-Match by its own entity tag; requests that carry them are streamed by us, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec

from hanse.dataplane.inbox import Inbox
from hanse.dataplane.metering import Account
from hanse.dataplane.ports import Opened
from hanse.dataplane.ranges import Unsatisfiable, if_range, matches, parse
from hanse.dataplane.records import Permit
from hanse.dataplane.running import Response, Running
from hanse.dataplane.segments import Slice, cut
from hanse.dataplane.serving import Plan, Serving
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.http.transport import EXTENSION, Connection, Disconnected
from hanse.kernel.errors import CallerError, HanseError, Malformed, NotFound, SourceVanished, TooLarge, Unauthenticated
from hanse.kernel.tenant import Tenant, tenant_name

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHUNK = 1 << 20
ACCEL_RANGE = 64 << 20
FORM_LIMIT = 16 * 1024
DRAINED = 2 << 20
DRAIN_SECONDS = 5.0
METHODS = {"read": "GET, HEAD", "refresh": "POST", "write": "PUT"}


class Request:
    """What a data request says."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.receive = receive
        self.query: bytes = scope["query_string"]
        self.connection: Connection | None = scope.get("extensions", {}).get(EXTENSION)
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.tenant, self.side, self.transfer, self.rest = _route(scope["path"])

    def header(self, name: str) -> str | None:
        """Return a header field that stands there once, or nothing."""
        found = [value for key, value in self._headers if key == name.encode()]
        return found[0].decode("latin-1") if len(found) == 1 else None

    def bearer(self) -> str:
        """Return the token; raises `Unauthenticated` when there is none."""
        scheme, _, token = (self.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token.strip()) <= 8192:
            raise Unauthenticated("A bearer token is needed.", where="Authorization", rule="token")
        return token.strip()

    def abort(self) -> None:
        """Reset the connection."""
        if self.connection is not None:
            self.connection.abort()


def _route(path: str) -> tuple[Tenant, str, str, str]:
    """Return (tenant, `out` or `in`, transfer, the rest of the path). Raises `NotFound`."""
    parts = path.split("/", 5)
    side = "in" if len(parts) > 5 and parts[4] == "in" else "out"
    if side == "in":
        parts = [*parts[:4], *parts[5].split("/", 1)]
    if len(parts) < 5 or parts[1] != "participants" or parts[3] != "data" or not parts[4] or len(parts[4]) > 200:
        raise NotFound("There is no such data here.", where="path")
    return tenant_name(parts[2]), side, parts[4], parts[5] if len(parts) > 5 else ""


class DataApp:
    """Serves and takes data. `accel` is the prefix of nginx's internal location for all files, e.g. `/_files`."""

    def __init__(self, serving: Serving, running: Running, inbox: Inbox | None = None, *, accel: str | None = None) -> None:
        self._serving = serving
        self._running = running
        self._inbox = inbox
        self._accel = accel.rstrip("/") if accel else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        sender = _Sender(send)
        try:
            request = Request(scope, receive)
            await self._dispatch(request, sender)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an answer or an aborted connection
            await _fail(error, scope, sender)

    async def _dispatch(self, request: Request, send: _Sender) -> None:
        if request.side == "in":
            await self._take(request, send)
        elif request.rest == "refresh" and request.method == "POST":
            await self._refresh(request, send)
        elif request.method in ("GET", "HEAD"):
            with self._running.enter(request.tenant, request.transfer, request.abort) as response:
                permit = await self._serving.authorise(request.tenant, request.transfer, request.bearer())
                response.peer = permit.consumer
                response.until(permit.valid_until, partial(self._serving.again, request.tenant, request.transfer, permit))
                plan = await self._serving.plan(request.tenant, permit, request.rest, request.query)
                await self._answer(request, permit, plan, send)
        else:
            await send.plain(405, b"", {"allow": METHODS["refresh" if request.rest == "refresh" else "read"]})

    async def _answer(self, request: Request, permit: Permit, plan: Plan, send: _Sender) -> None:
        fields = {
            "etag": plan.etag,
            "accept-ranges": "bytes",
            "cache-control": "private, no-transform",
            "x-content-type-options": "nosniff",
        }
        if matches(request.header("if-none-match"), plan.etag):
            await send.plain(304, b"", fields)
            return
        demanded = request.header("if-match")
        if demanded is not None and not matches(demanded, plan.etag):
            await send.plain(412, b"", fields)
            return
        wanted = request.header("range") if request.method == "GET" and if_range(request.header("if-range"), plan.etag) else None
        try:
            span = parse(wanted, plan.size)
        except Unsatisfiable:
            await send.plain(416, b"", fields | {"content-range": f"bytes */{plan.size}"})
            return
        fields |= {"content-type": plan.media_type, "content-disposition": f"attachment; filename*=UTF-8''{quote(plan.name, safe='')}"}
        await self._deliver(request, permit, plan, span, fields, send)

    async def _deliver(
        self, request: Request, permit: Permit, plan: Plan, span: tuple[int, int] | None, fields: dict[str, str], send: _Sender
    ) -> None:
        start, stop = span or (0, plan.size)
        # How long nginx takes, nobody tells us; so where time is counted it is not asked.
        if self._accel and not permit.time and span and plan.entry and stop - start <= ACCEL_RANGE and not _conditional(request):
            opened = await self._serving.open(request.tenant, permit, plan.entry)
            path = opened.path
            await opened.close()
            if path is not None:
                async with self._serving.released(request.tenant, request.transfer, permit, stop - start) as account:
                    account.sent = stop - start  # what the web server in front will send, nobody tells us
                await send.plain(200, b"", fields | {"x-accel-redirect": self._accel + quote(path)})
                return
        if span:
            fields["content-range"] = f"bytes {start}-{stop - 1}/{plan.size}"
        status, fields = 206 if span else 200, fields | {"content-length": str(stop - start)}
        if request.method == "HEAD" or plan.body is not None:  # manifest and chunk list are no data: they are not counted
            await _Body(self._serving, request, permit, send, Account()).run(status, fields, plan, start, stop)
            return
        async with self._serving.released(request.tenant, request.transfer, permit, stop - start) as account:
            await _Body(self._serving, request, permit, send, account).run(status, fields, plan, start, stop)

    async def _refresh(self, request: Request, send: _Sender) -> None:
        form = parse_qs(request.query.decode("latin-1"), max_num_fields=20) | parse_qs(
            (await _body(request, FORM_LIMIT)).decode("latin-1"), max_num_fields=20
        )
        if form.get("grant_type") != ["refresh_token"] or len(form.get("refresh_token", ())) != 1:
            raise Malformed("A refresh needs grant_type=refresh_token and one refresh_token.", where="grant_type", rule="refresh")
        issued = await self._serving.refresh(request.tenant, request.transfer, form["refresh_token"][0], request.bearer())
        answer = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.lifetime,
            "refresh_token": issued.refresh_token,
        }
        await send.plain(200, msgspec.json.encode(answer), {"content-type": "application/json", "cache-control": "no-store"})

    async def _take(self, request: Request, send: _Sender) -> None:
        if self._inbox is None:
            raise NotFound("There is no such data here.", where="path")
        if request.method != "PUT":
            await send.plain(405, b"", {"allow": METHODS["write"]})
            return
        try:
            with self._running.enter(request.tenant, request.transfer, request.abort) as response:
                created = await self._receive(self._inbox, request, response)
        except CallerError:
            await _drain(request)
            raise
        await send.plain(201 if created else 200, b"", {})

    async def _receive(self, inbox: Inbox, request: Request, response: Response) -> bool:
        length, digest = request.header("content-length"), request.header("repr-digest")
        sink = await inbox.open(request.tenant, request.transfer, request.bearer(), request.rest, length, digest)
        response.peer = sink.peer
        try:
            async for chunk in _chunks(request):
                await sink.write(chunk)
            return await sink.finish()
        finally:
            sink.close()


class _Body:
    """Sends one planned body, opening its files in turn."""

    def __init__(self, serving: Serving, request: Request, permit: Permit, send: _Sender, account: Account) -> None:
        self._serving = serving
        self._request = request
        self._permit = permit
        self._send = send
        self._account = account

    async def run(self, status: int, fields: dict[str, str], plan: Plan, start: int, stop: int) -> None:
        """Send headers and body. Raises `SourceVanished` when a file is not what was planned."""
        if self._request.method == "HEAD":
            await self._send.start(status, fields)
            await self._send.chunk(b"", more=False)
            return
        segments = cut(plan.segments(), start, stop)
        first = next(segments, b"")
        # Opened before the headers leave, so that a vanished source is an error answer, not a broken one.
        opened = await self._serving.open(self._request.tenant, self._permit, first.entry) if isinstance(first, Slice) else None
        try:
            await self._send.start(status, fields)
        except BaseException:
            if opened is not None:
                await opened.close()
            raise
        await self._segment(first, opened)
        await self._others(segments)
        await self._send.chunk(b"", more=False)

    async def _others(self, segments: Iterator[bytes | Slice]) -> None:
        for segment in segments:
            opened = await self._serving.open(self._request.tenant, self._permit, segment.entry) if isinstance(segment, Slice) else None
            await self._segment(segment, opened)

    async def _segment(self, segment: bytes | Slice, opened: Opened | None) -> None:
        if isinstance(segment, bytes):
            self._account.sent += len(segment)
            await self._send.chunk(segment)
            return
        assert opened is not None
        try:
            await self._file(segment, opened)
        finally:
            await opened.close()

    async def _file(self, part: Slice, opened: Opened) -> None:
        connection = self._request.connection
        if opened.fd is not None and connection is not None and connection.kernel_copy and part.length >= CHUNK:
            await self._by_kernel(connection, opened.fd, part)
            return
        position, stop = part.offset, part.offset + part.length
        while position < stop:
            data = await opened.read(position, min(CHUNK, stop - position))
            position += len(data)
            # The last chunk leaves only if the file is still what it was: better a broken answer than a wrong one.
            if not data or (position == stop and opened.changed()):
                raise SourceVanished("A file of this data has changed.")
            self._account.sent += len(data)
            await self._send.chunk(data)
            if connection is not None and connection.gone:
                raise Disconnected
            await asyncio.sleep(0)

    async def _by_kernel(self, connection: Connection, descriptor: int, part: Slice) -> None:
        before = connection.sent
        try:
            if await connection.sendfile(descriptor, part.offset, part.length) != part.length:
                raise SourceVanished("A file of this data has become shorter.")
        finally:
            self._account.sent += connection.sent - before


class _Sender:
    """ASGI's `send`, which remembers whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def start(self, status: int, fields: dict[str, str]) -> None:
        self.begun = True
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def chunk(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def plain(self, status: int, body: bytes, fields: dict[str, str]) -> None:
        length = {} if status == 304 else {"content-length": str(len(body))}
        await self.start(status, fields | length)
        await self.chunk(body, more=False)


def _conditional(request: Request) -> bool:
    return request.header("if-range") is not None or request.header("if-match") is not None


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the request's body."""
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Disconnected
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _drain(request: Request) -> None:
    """Take the rest of a refused body, if it is small: closing on unread bytes would reset the answer away."""
    with suppress(TimeoutError, TooLarge):
        async with asyncio.timeout(DRAIN_SECONDS):
            await _body(request, DRAINED)


async def _body(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for chunk in _chunks(request):
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.", rule="too-large")
        parts.append(chunk)
    return b"".join(parts)


async def _fail(error: Exception, scope: Scope, send: _Sender) -> None:
    """Answer with the error, or abort the connection when the answer has begun: never pad, never end it as if whole."""
    status, body = problem(error)
    if not send.begun:
        # Whatever of a request body is unread would be taken for the next request.
        extra = {"connection": "close"} if scope["method"] in ("PUT", "POST") else {}
        named = {name.lower(): value for name, value in headers(error).items()}
        encoded = b"" if scope["method"] == "HEAD" else msgspec.json.encode(body)
        await send.plain(status, encoded, {"content-type": PROBLEM_TYPE, "cache-control": "no-store"} | named | extra)
        return
    connection: Connection | None = scope.get("extensions", {}).get(EXTENSION)
    if connection is not None:
        connection.abort()
    elif not isinstance(error, HanseError):
        raise error
