"""What both engines offer, and how events and broadcasts reach their listeners."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from hanse.storage.tx import Tx

T = TypeVar("T")
Work = Callable[[Tx], T]
Subscriber = Callable[[object], None]
Receiver = Callable[[str, str], None]
Share = Callable[[object], tuple[str, str] | None]

RESYNC = "resync"
"""The topic of a broadcast that says: broadcasts may have been missed, look for yourself."""

_log = logging.getLogger(__name__)


class Database(Protocol):
    """A database. `work` is plain synchronous code; it may be run again, so it has no effect besides `tx`."""

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a writing transaction; when this returns, its changes are durable and its events delivered."""
        ...

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent view of what is committed. It cannot write, its events are dropped."""
        ...

    async def snapshot(self, work: Callable[[Tx], T]) -> T:
        """Like `read`, but for long reads (a backup): in a thread, while the server goes on working."""
        ...

    async def backup_to(self, path: Path) -> None:
        """Write a consistent copy as a SQLite file that must not exist yet, whatever the engine is."""
        ...

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber(event)` on the event loop for each event of this process, after its commit."""
        ...

    def on_broadcast(self, receiver: Receiver) -> None:
        """Call `receiver(topic, payload)` on the event loop for each broadcast of any server process (see `RESYNC`)."""
        ...

    def share(self, share: Share) -> None:
        """Tell other server processes of events: what `share(event)` returns, (topic, payload), is broadcast with the commit."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        ...


class Listeners:
    """Those who want to hear what was committed. One that fails is logged and keeps nobody else from hearing."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._receivers: list[Receiver] = []
        self._shares: list[Share] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Add one for events."""
        self._subscribers.append(subscriber)

    def on_broadcast(self, receiver: Receiver) -> None:
        """Add one for broadcasts."""
        self._receivers.append(receiver)

    def share(self, share: Share) -> None:
        """Add one that turns events into broadcasts."""
        self._shares.append(share)

    def outward(self, events: Iterable[object]) -> list[tuple[str, str]]:
        """Return what other processes are to hear of these events, each once."""
        told = (share(event) for event in events for share in self._shares)
        return list(dict.fromkeys(one for one in told if one is not None))

    def deliver(self, events: Iterable[object]) -> None:
        """Hand each event to each subscriber, in order."""
        for event in events:
            for subscriber in self._subscribers:
                try:
                    subscriber(event)
                except Exception:  # noqa: BLE001 - what is committed is committed, whoever fails to hear it
                    _log.exception("A subscriber failed on %s.", type(event).__name__)

    def receive(self, broadcasts: Iterable[tuple[str, str]]) -> None:
        """Hand each broadcast to each receiver, in order."""
        for topic, payload in broadcasts:
            for receiver in self._receivers:
                try:
                    receiver(topic, payload)
                except Exception:  # noqa: BLE001 - what is committed is committed, whoever fails to hear it
                    _log.exception("A receiver failed on a broadcast about %s.", topic)


def keep_of(error: BaseException) -> Callable[[Tx], object] | None:
    """Return what must be stored although `error` has undone the rest (see `hanse.storage`)."""
    keep = getattr(error, "keep", None)
    return keep if callable(keep) else None
