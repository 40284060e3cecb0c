"""`/healthz`, `/readyz` and `/metrics`: for whoever keeps the server running. They name no participant.

`/healthz` says that the process answers. `/readyz` says that it can work: the database is read, and no message has lain
in the outbox long after it was due. `/metrics` is Prometheus text; it is given to loopback (unless a proxy stands in
front, for then everybody comes from there) and to the host's operators.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from hanse.connector.kit import Changed
from hanse.connector.ports import ConnectorTx, Database
from hanse.http.api.routing import problem_response
from hanse.http.authenticate import bearer
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError
from hanse.participants.operators import Operators
from hanse.participants.roles import Action, authorise

LATE = timedelta(seconds=60)
"""How long after its time a message may lie in the outbox before this process counts as stuck."""

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_TIMEOUT = 2.0
_NO_STORE = {"Cache-Control": "no-store"}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Metrics:
    """What is counted in this process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "hanse_http_requests", "Requests by method, route and status.", ("method", "route", "status"), registry=self.registry
        )
        self._bytes = Counter("hanse_http_body_bytes", "Bytes of bodies sent through the application.", ("route",), registry=self.registry)
        self._changes = Counter(
            "hanse_state_changes", "Committed steps of negotiations and transfers.", ("kind", "state", "by"), registry=self.registry
        )
        self.outbox_late = Gauge(
            "hanse_outbox_late_seconds", "How long the message that is due first has been due; 0 if none is.", registry=self.registry
        )
        self.outbox_waiting = Gauge("hanse_outbox_waiting", "Messages that wait for an acknowledgement.", registry=self.registry)

    def heard(self, event: object) -> None:
        """Count a committed step; to be subscribed to the database's events."""
        if isinstance(event, Changed):
            self._changes.labels(event.kind, event.state, "us" if event.ours else "peer").inc()

    def wrap(self, app: App, routes: Sequence[BaseRoute]) -> App:
        """Return `app` with its requests counted by the patterns of `routes`, so that the labels are as few as these."""
        patterns = _patterns(routes)

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, sent = 0, 0

            async def counting(message: Message) -> None:
                nonlocal status, sent
                if message["type"] == "http.response.start":
                    status = message["status"]
                else:
                    sent += len(message.get("body", b""))
                await send(message)

            try:
                await app(scope, receive, counting)
            finally:
                route = patterns.get(scope.get("endpoint"), "other")
                method = scope["method"] if scope["method"] in _METHODS else "other"
                # No status: the connection was cut before an answer began.
                self._requests.labels(method, route, str(status or "none")).inc()
                self._bytes.labels(route).inc(sent)

        return counted


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _patterns(routes: Sequence[BaseRoute]) -> Mapping[object, str]:
    found: dict[object, str] = {}
    for route in routes:
        if isinstance(route, Route):
            found[route.endpoint] = route.path_format
        elif isinstance(route, Mount):
            found[route.app] = route.path
    return found


class Health:
    """The routes of this module. Set `draining` once the server takes no new work.

    `open_to_loopback` is false behind a reverse proxy.
    """

    def __init__(self, database: Database, clock: Clock, operators: Operators, metrics: Metrics, *, open_to_loopback: bool) -> None:
        self._database = database
        self._clock = clock
        self._operators = operators
        self._metrics = metrics
        self._open_to_loopback = open_to_loopback
        self.draining = False

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root."""
        return [Route("/healthz", _healthy), Route("/readyz", self._ready), Route("/metrics", self._report)]

    async def _ready(self, _request: Request) -> Response:
        checks = {"serving": not self.draining, "database": False, "outbox": False}
        late = await self._late()
        if late is not None:
            checks |= {"database": True, "outbox": late < LATE}
        ready = all(checks.values())
        body = {"status": "ready" if ready else "not ready", "checks": {name: "ok" if good else "failed" for name, good in checks.items()}}
        return JSONResponse(body, 200 if ready else 503, _NO_STORE)

    async def _report(self, request: Request) -> Response:
        try:
            if not (self._open_to_loopback and _from_loopback(request)):
                caller = await self._operators.authenticate(bearer(request.headers.get("authorization")))
                authorise(caller, Action.SERVER_STATUS, None)
        except HanseError as error:
            return problem_response(error)
        await self._late()
        return Response(generate_latest(self._metrics.registry), headers=_NO_STORE, media_type=_TEXT)

    async def _late(self) -> timedelta | None:
        """Return how long the first message has been due, and set the figures; nothing if the database does not answer."""

        def work(tx: ConnectorTx) -> tuple[datetime | None, int]:
            return tx.outbox.next_due(), tx.outbox.count()

        try:
            async with asyncio.timeout(_TIMEOUT):
                due, waiting = await self._database.read(work)
        except Exception:  # noqa: BLE001 - whatever keeps the database from answering, it does not answer
            return None
        late = timedelta() if due is None else max(timedelta(), self._clock.now() - due)
        self._metrics.outbox_late.set(late.total_seconds())
        self._metrics.outbox_waiting.set(waiting)
        return late


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


def _from_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
