"""One server process: opened from settings, run under uvicorn, drained when it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import cast

import uvicorn
import uvloop
from starlette.routing import BaseRoute, Mount, Router

from hanse.anchor.ports import Letters
from hanse.anchor.records import Admitted, MembersChanged
from hanse.app.bridges import FlowBridge
from hanse.app.build import Connector, Ground, Parts
from hanse.app.changing import ChangedData
from hanse.app.data import DataPlane, DataSide
from hanse.app.erasure import Erasure
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.side import FactorySide
from hanse.app.front import Front
from hanse.app.hooks import FactHooks
from hanse.app.inbox_keeper import InboxKeeper
from hanse.app.keys import master_key
from hanse.app.logs import EventLog, configure
from hanse.app.management import Management
from hanse.app.neighbours import Neighbours, told_of
from hanse.app.plugged import load_operands
from hanse.app.redecide import Redeciding
from hanse.app.tenants import TOPIC, changed
from hanse.app.trust import TrustSide, watch_of
from hanse.app.usage import UsageSide
from hanse.app.usage_evidence import LedgerBook, SignedVoice, attach
from hanse.app.wallets import WalletSide
from hanse.config import Settings, check_exposure
from hanse.dataplane.transforms.kinds import ACTIONS
from hanse.http import identity
from hanse.http.api.routing import nowhere
from hanse.http.authenticate import SelfIssuedTokens
from hanse.http.dsp import DspEndpoints
from hanse.http.evidence import EvidenceEndpoints
from hanse.http.limits import ParticipantLimiter
from hanse.http.transport import DataProtocol
from hanse.identity.credentials import schema
from hanse.kernel.errors import Misconfigured
from hanse.kernel.tenant import Tenant
from hanse.storage import open_database
from hanse.storage.engine import RESYNC
from hanse.wallet.ports import KeysChanged

log = logging.getLogger("hanse.server")

_BACKLOG = 1024
_OFFER_AFTER = 0.25
"""Seconds in which a new member may ask for its credentials before they are offered."""
_KEEP_ALIVE = 30
"""Seconds; longer than peers keep their idle connections, so that a kept one is seldom closed under a request."""


class Server:
    """All of Hanse in one process. `app` is the ASGI application; `start` and `stop` frame its life."""

    def __init__(self, ground: Ground) -> None:
        self.settings = ground.settings
        self.ground = ground
        parts = ground.parts
        self.data = DataSide(ground)
        self.wallet = WalletSide(ground)
        self.management = Management(ground, cast("Letters", self.wallet.letters))
        self.trust = TrustSide(ground, self.management, self.wallet)
        self.evidence = EvidenceSide(ground, self.wallet)
        membership = parts.membership or self.trust.door
        self.hooks = FactHooks(ground)
        self.usage = _usage(ground, self.trust, self.evidence, self.hooks)
        dataplane = parts.dataplane or FlowBridge(self.data.flows)
        self.connector = Connector(ground, self.wallet.peers, membership, dataplane, self.usage.bridge)
        self.endings = self.evidence.attach(self.connector)
        self.plane = DataPlane(self.data, self.connector.kit, self.connector.transfers, self.usage)
        self.standing = watch_of(ground, self.trust, self.data.running, self.usage)
        self.redeciding = Redeciding(ground, self.usage, self.connector.transfers, self.endings, self.connector.timer.wake)
        self.factory = FactorySide(ground, self.management, self.wallet, self.trust, self.connector, self.data, self.evidence, self.usage)
        self.front = Front(
            ground,
            self.management,
            self.wallet,
            self.trust,
            self.connector,
            self.data,
            self.evidence,
            self.endings,
            self.usage,
            self.factory,
        )
        self._keep_time()
        routes = self._routes()
        self.app = self.front.metrics.wrap(Router([*routes, Mount("", app=nowhere)], redirect_slashes=False), routes)
        self._erasure = Erasure(self.settings.home_path, ground.database, self.data.running)
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = False  # until then, whoever admits members hands them their credentials
        ground.database.subscribe(self._on_event)
        ground.database.subscribe(EventLog().heard)
        ground.database.share(told_of)
        self._neighbours = Neighbours(self.data, self.trust, self.standing, self.front.watch)
        ground.database.on_broadcast(self._on_broadcast)

    @classmethod
    async def open(cls, settings: Settings, parts: Parts | None = None) -> Server:
        """Open the home and the database. Raises `Misconfigured` for settings that are wrong or unsafe, and for another master key."""
        check_exposure(settings)
        made = replace(parts or Parts(), operands=(parts and parts.operands) or load_operands())
        home = settings.home_path
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"The home folder cannot be made: {error.strerror}.", where=str(home)) from None
        key = master_key(home)
        database = await open_database(settings.database_address)
        ground = Ground(settings, made, database, key)
        await ground.tenants.load()
        try:
            for name in ground.tenants.names()[:1]:
                await ground.wallet.signing_key(name)  # with another master key than the database's own nothing could be signed
        except Misconfigured:
            await database.close()
            raise
        return cls(ground)

    async def start(self) -> None:
        """Take up what was due, and begin to push and to keep time."""
        schema.load()  # transactions on PostgreSQL run in several threads, and read rulebooks
        await self._erasure.sweep()
        await self.plane.sweep()
        await self.plane.pusher.resume()
        self.connector.timer.start()
        await self.factory.start()
        self._started = True
        self._soon(self._provide())
        if self.ground.parts.membership is None:
            self.standing.start()

    async def stop(self) -> None:
        """Let what is being sent arrive, then close. What is left is in the database and goes on after the next start."""
        await self.factory.stop()
        await self.standing.stop()
        await self.connector.timer.stop()
        await self.trust.rechecks.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connector.outbox.drain(self.settings.drain_seconds)
        await self.wallet.letters.drain(self.settings.drain_seconds)
        await self.wallet.polling.close()
        await self.plane.pusher.close()
        await self.data.derived.close()
        await self.data.lists.close()
        await self.hooks.close()
        await self.ground.client.close()
        await self.ground.database.close()

    def _routes(self) -> Sequence[BaseRoute]:
        ground, connector = self.ground, self.connector
        tokens = ground.parts.authenticate or SelfIssuedTokens(ground.tenants.own, ground.resolver, ground.clock, ground.tenants.restored)
        limiter = ParticipantLimiter(self.settings.requests_per_second, self.settings.request_burst, ground.quotas.rate)
        dsp = DspEndpoints(connector.negotiations, connector.transfers, connector.catalog, tokens, limiter, ground.guard.examine)
        statements = EvidenceEndpoints(connector.kit, self.evidence.evidence, ground.resolver, tokens, limiter)
        return [
            *dsp.routes(),
            *statements.routes(),
            *self.factory.witnesses.routes(),
            Mount("/participants/{name}/data", app=self.plane.app),
            *identity.routes(ground.tenants.own, ground.wallet.document, self.trust.directory.rulebooks),
            *self.front.routes,
        ]

    def _keep_time(self) -> None:
        """Let the one timer look after letters, requests and renewals, too."""
        self.ground.database.subscribe(self.redeciding.on_event)
        connector, letters, management = self.connector, self.wallet.letters, self.management
        connector.chores += [letters.send_due, management.issuing.issue_due, management.offer_renewals, self.trust.rechecks.begin]
        keeper = InboxKeeper(
            self.ground.database, self.data.folder, self.evidence.evidence, self.factory.facility.deletions, self.ground.clock
        )
        # What is deleted in time must not be found overdue in the same turn.
        connector.chores += [self.wallet.polling.ask_due, keeper.clear_due, self.redeciding.recheck]
        connector.dues.append(keeper.next_due)
        connector.dues.append(self.redeciding.next_due)
        connector.dues += [letters.next_due, self.wallet.polling.next_due]
        letters.wake = self.wallet.polling.wake = connector.timer.wake

    def _on_event(self, event: object) -> None:
        if isinstance(event, MembersChanged):
            self.trust.directory.forget(event.url)
        elif isinstance(event, Admitted) and self._started:
            self._soon(self._welcome(event))
        elif isinstance(event, KeysChanged):
            self._keys_changed(event.tenant)
        elif self.trust.on_event(event) is not None:
            self.standing.wake()
        tenant = changed(event)
        if tenant is not None:
            self._soon(self._refresh(tenant))

    def _on_broadcast(self, topic: str, payload: str) -> None:
        if topic == TOPIC:
            self._soon(self._refresh(Tenant(payload)))
        elif topic == RESYNC:
            self._neighbours.missed()
            self._soon(self.ground.tenants.load())
        else:
            self._neighbours.hear(topic, payload)

    async def _welcome(self, event: Admitted) -> None:
        """Offer a new member its credentials, unless it asks for them itself first, as joining does."""
        await asyncio.sleep(_OFFER_AFTER)
        await self.management.issuing.on_admitted(event)

    async def _provide(self) -> None:
        """Offer their credentials to members who have none: whose admission this server did not live to follow up."""
        for tenant in self.ground.tenants.names():
            await self.management.issuing.offer_missing(tenant)

    def _keys_changed(self, tenant: Tenant) -> None:
        self.ground.wallet.forget(tenant)
        self.wallet.tokens.forget(tenant)
        self.management.status.forget(tenant)
        self.management.spaces.forget()
        self.management.rulebooks.forget()

    async def _refresh(self, tenant: Tenant) -> None:
        self._keys_changed(tenant)
        self.trust.verifier.forget_tenant(tenant)
        self.management.participants.forget(tenant)
        await self.ground.tenants.refresh(tenant)
        if not self.ground.tenants.answers(tenant):
            self.data.running.cut_tenant(tenant)
        await self._erasure.follow(tenant)

    def _soon(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("What is known of participants may be old: %s.", type(error).__name__)


def _usage(ground: Ground, trust: TrustSide, evidence: EvidenceSide, hooks: FactHooks) -> UsageSide:
    voice = SignedVoice(ground.database, evidence, ground.clock)
    peers, book = ground.parts.peers or trust.door, LedgerBook(evidence, ground.clock)
    usage = UsageSide(ground, peers, voice, book, ChangedData(), ACTIONS, hooks.by_fact)
    attach(evidence, usage.uses, usage.obligations, ground.clock)
    return usage


def config_of(server: Server) -> uvicorn.Config:
    """Return how uvicorn serves it: kept connections, own protocol for cutting streams, no access log, no lifespan."""
    settings = server.settings
    return uvicorn.Config(
        server.app,
        host=settings.host,
        port=settings.port,
        http=DataProtocol,
        ws="none",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_config=None,
        backlog=_BACKLOG,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=int(settings.drain_seconds) or 1,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        proxy_headers=settings.behind_proxy,
        forwarded_allow_ips="127.0.0.1" if settings.behind_proxy else "",
    )


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own handling of signals, which would end the process before what is due has been stored."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()

    def end(self) -> None:
        """Stop accepting, let running requests end, then return from `serve`. A second call does not wait for them."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def serve(server: Server, ready: asyncio.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain. `ready` is set once connections are accepted."""
    front = _Uvicorn(config_of(server))

    def end() -> None:
        server.front.health.draining = True
        server.front.watch.end()
        front.end()

    _on_signals(end)
    await server.start()
    task = asyncio.create_task(front.serve())
    while not front.started and not task.done():  # noqa: ASYNC110 - uvicorn tells by a flag alone
        await asyncio.sleep(0.005)
    if ready is not None:
        ready.set()
    try:
        await task
    finally:
        await server.stop()


def run(settings: Settings) -> None:
    """Open and serve, blocking. Raises `Misconfigured` and `StorageFailed`; the port's own trouble is `Misconfigured`, too."""
    configure(settings)

    async def main() -> None:
        await serve(await Server.open(settings))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main())
        except SystemExit:
            raise Misconfigured(
                f"The port {settings.port} on {settings.host} cannot be used; is another server running there?", where="port"
            ) from None


def _on_signals(end: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: whoever started it stops it
            loop.add_signal_handler(one, end)
