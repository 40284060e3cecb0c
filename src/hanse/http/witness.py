"""A participant's log for everybody, by its hashes alone, and the participant as a witness of others' logs.

| below `/participants/NAME` | what |
|---|---|
| GET `/log/checkpoint` | the signed checkpoint (C2SP tlog-checkpoint) |
| GET `/log/tile/L/N[.p/W]` | hashes of the tree (C2SP tlog-tiles); entries are about agreements, so they are in no address |
| POST `/witness/add-checkpoint` | cosign a checkpoint of a member's log (C2SP tlog-witness) |
| GET `/witness/HASH/checkpoint` | what this witness saw last of the log whose name has that SHA-256 |

All of it needs no token: a hash tells nothing, and a checkpoint is proved by its signature.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.evidence.checkpoint import MAX_CHECKPOINT
from hanse.evidence.tiles import read_tile
from hanse.http.authenticate import OwnDid
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.http.limits import RateLimiter, read_body
from hanse.kernel.errors import Malformed, NotFound
from hanse.kernel.tenant import Tenant
from hanse.ledger.log import Ledger
from hanse.ledger.witness import KnownSize, Witness

WITNESS_PATH: Final = "/witness"
LOG_PATH: Final = "/log"
"""Where both are, below a participant's own address."""
SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT: Final = "text/plain; charset=utf-8"
_HASH: Final = re.compile("[0-9a-f]{64}")
_FRESH: Final = 2.0
"""Seconds for which a checkpoint is given again before a new one is signed."""
_KEPT: Final = 1_000
_PUBLIC: Final = {"X-Content-Type-Options": "nosniff"}
_SOON: Final = _PUBLIC | {"Cache-Control": "public, max-age=2"}
_FOREVER: Final = _PUBLIC | {"Cache-Control": "public, max-age=31536000, immutable"}
_NO_STORE: Final = _PUBLIC | {"Cache-Control": "no-store"}

Handler = Callable[[Request], Awaitable[Response]]


class WitnessEndpoints:
    """The routes, for all participants of this server."""

    def __init__(self, own: OwnDid, ledger: Ledger, witness: Witness, limiter: RateLimiter) -> None:
        """Take the services; `limiter` bounds what one address asks of one participant."""
        self._own = own
        self._ledger = ledger
        self._witness = witness
        self._limiter = limiter
        self._signed: OrderedDict[Tenant, tuple[float, str]] = OrderedDict()

    def routes(self) -> list[Route]:
        """Return the routes."""
        base = "/participants/{name}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", LOG_PATH + "/checkpoint", self._checkpoint),
            ("GET", LOG_PATH + "/tile/{tile:path}", self._tile),
            ("POST", WITNESS_PATH + "/add-checkpoint", self._add),
            ("GET", WITNESS_PATH + "/{hash}/checkpoint", self._seen),
        ]
        return [Route(base + path, self._guarded(handler), methods=[method]) for method, path, handler in table]

    async def _checkpoint(self, request: Request) -> Response:
        tenant = await self._tenant(request)
        at, text = self._signed.get(tenant, (0.0, ""))
        now = time.monotonic()
        if not text or now - at > _FRESH:
            text = await self._ledger.checkpoint(tenant)
            self._signed[tenant] = now, text
            if len(self._signed) > _KEPT:
                self._signed.popitem(last=False)
        return Response(text, headers=_SOON, media_type=_TEXT)

    async def _tile(self, request: Request) -> Response:
        tenant = await self._tenant(request)
        try:
            tile = read_tile(request.path_params["tile"])
        except Malformed as fault:
            raise NotFound(fault.message, where="path", hint=fault.hint) from None
        return Response(await self._ledger.tile(tenant, tile), headers=_FOREVER, media_type="application/octet-stream")

    async def _add(self, request: Request) -> Response:
        tenant = await self._tenant(request)
        raw = await read_body(request, 2 * MAX_CHECKPOINT)
        try:
            body = raw.decode()
        except UnicodeDecodeError:
            raise Malformed("The body is not text in UTF-8.", where="body") from None
        try:
            return Response(await self._witness.add(tenant, body), headers=_NO_STORE, media_type=_TEXT)
        except KnownSize as known:
            return Response(f"{known.size}\n", 409, headers=_NO_STORE | {"Content-Type": SIZE_TYPE})  # without a charset

    async def _seen(self, request: Request) -> Response:
        tenant = await self._tenant(request)
        if not _HASH.fullmatch(request.path_params["hash"]):
            raise NotFound("A log is named by the SHA-256 of its origin, in hexadecimal.", where="path")
        return Response(await self._witness.seen(tenant, request.path_params["hash"]), headers=_SOON, media_type=_TEXT)

    async def _tenant(self, request: Request) -> Tenant:
        tenant, _ = await self._own(request.path_params["name"])
        self._limiter.check(tenant, request.client.host if request.client else "")
        return tenant

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
                status, body = problem(error)
                return Response(msgspec.json.encode(body), status, headers(error) | _NO_STORE, media_type=PROBLEM_TYPE)

        return guarded
