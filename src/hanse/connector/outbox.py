"""The outbox: a message is stored with the intent it carries, sent at once, and kept until it is settled.

Sending never happens inside a transaction or a request's handler (house, pitfall 1): `put` stores the message, the
commit hands it over, and a task sends it. The body is kept sealed; the token is made anew for every attempt.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec import Struct

from hanse.connector.ports import ConnectorTx, Courier, Database, Delivery, Limits, Sealer
from hanse.connector.records import Negotiation, Outgoing, Transfer
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, HanseError
from hanse.kernel.ids import Ids

log = logging.getLogger("hanse.outbox")

FIRST_DELAY = timedelta(milliseconds=250)
LONGEST_DELAY = timedelta(seconds=60)
_BUSY = frozenset({401, 408, 425, 429})
"""Not yet. 401 says nothing of the message: the peer could not prove our token now, e.g. because our DID document could
not be fetched while our server started again; the next attempt signs a fresh one."""


class Queued(Struct, frozen=True):
    """A message has been committed and can be sent now."""

    message: Outgoing
    body: bytes


Settle = Callable[[Outgoing, Delivery], Awaitable[None]]


class Outbox:
    """Sends stored messages until the peer has answered, and hands each outcome to the process it belongs to.

    `acknowledged` is called for a 2xx, `refused` for a clear no, `gave_up` once the deadline has passed.
    """

    def __init__(self, database: Database, courier: Courier, sealer: Sealer, clock: Clock, ids: Ids, limits: Limits) -> None:
        self._database = database
        self._courier = courier
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._settlers: dict[str, tuple[Settle, Settle, Settle]] = {}
        self.wake: Callable[[], None] = lambda: None

    def register(self, prefix: str, acknowledged: Settle, refused: Settle, gave_up: Settle) -> None:
        """Name who takes the outcomes of messages of processes whose id starts with `prefix`."""
        self._settlers[prefix] = (acknowledged, refused, gave_up)

    def put(
        self, tx: ConnectorTx, process: Negotiation | Transfer, path: str, step: str, body: bytes, patience: timedelta | None = None
    ) -> str:
        """Store a message for the process's peer in the caller's transaction; return its id.

        `patience` is how long it is tried, if not as long as others.
        """
        now = self._clock.now()
        message = Outgoing(
            id=self._ids.new("msg"),
            tenant=process.tenant,
            process=process.id,
            peer=process.peer,
            url=process.peer_address.rstrip("/") + path,
            step=step,
            body=b"",
            due=now + self._limits.lease,
            created=now,
            deadline=now + (patience or self._limits.delivery),
        )
        body = _named(body, message.id)
        message.body = self._sealer.seal(body, message.id)
        tx.outbox.put(message)
        tx.emit(Queued(message, body))
        return message.id

    def on_event(self, event: object) -> None:
        """Start sending what has just been committed. Subscribed to the database's events."""
        if isinstance(event, Queued):
            self._start(event.message, event.body)

    async def send_due(self) -> None:
        """Claim and send every message that is due, e.g. after a start or when its retry has come."""
        now = self._clock.now()
        claimed = await self._database.run(lambda tx: tx.outbox.claim(now, now + self._limits.lease, 256))
        for message in claimed:
            self._start(message, self._sealer.unseal(message.body, message.id))

    async def drain(self, seconds: float) -> None:
        """Wait for the attempts under way, at most `seconds`; what is left is sent after the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _start(self, message: Outgoing, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(message, body))
        self._tasks.add(task)
        task.add_done_callback(self._attempted)

    def _attempted(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The database could not record the outcome: the message is still there, and due when its lease is over.
            log.warning("outbox: %s: %s", type(error).__name__, error if isinstance(error, HanseError) else "unexpected")
            self.wake()

    async def _attempt(self, message: Outgoing, body: bytes) -> None:
        delivery = await self._courier.deliver(message.tenant, message.peer, message.url, body)
        acknowledged, refused, gave_up = self._settlers[message.process.partition("_")[0]]
        try:
            if delivery.status is not None and 200 <= delivery.status < 300:
                await acknowledged(message, delivery)
            elif not self._worth_retrying(message, delivery):
                await refused(message, delivery)
            elif self._clock.now() >= message.deadline:
                await gave_up(message, delivery)
            else:
                await self.retry_later(message, delivery)
        except CallerError as error:
            # The answer cannot be taken, e.g. it names an id that is another process's; asked again it would be the same.
            await gave_up(message, Delivery(delivery.status, b"", error.message))

    def _worth_retrying(self, message: Outgoing, delivery: Delivery) -> bool:
        if delivery.status is None or delivery.status >= 500 or delivery.status in _BUSY:
            return True
        young = self._clock.now() - message.created < self._limits.not_found_grace
        return delivery.status == 404 and young

    async def retry_later(self, message: Outgoing, delivery: Delivery) -> None:
        """Leave the message for another attempt after a pause that grows, unless it has been settled."""
        delay = min(FIRST_DELAY * 2 ** min(message.attempts, 16), LONGEST_DELAY) * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, no secret
        if delivery.status == 404:
            delay = min(delay, FIRST_DELAY * 2)
        if delivery.retry_after is not None:
            delay = max(delay, timedelta(seconds=min(delivery.retry_after, 300)))
        due = self._clock.now() + delay
        error = delivery.error or f"HTTP {delivery.status}"

        def work(tx: ConnectorTx) -> None:
            current = tx.outbox.get(message.id)
            if current is not None:
                current.attempts += 1
                current.due = due
                current.last_error = error[:500]
                tx.outbox.put(current)

        await self._database.run(work)
        self.wake()


def _named(body: bytes, id: str) -> bytes:
    """Return the JSON object `body` with an `@id` of its own.

    Two suspensions of one transfer, or an offer made twice, would else be the same bytes, and the second be taken for
    a repeat of the first.
    """
    return b'{"@id":"urn:hanse:' + id.encode() + b'",' + body[1:]
