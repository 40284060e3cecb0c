"""DID documents for whoever asks: from this process, from a cache, or from a peer; and the driver of identity exchanges."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from hanse.http.limits import check_depth
from hanse.http.peer import PeerAnswer
from hanse.identity.did import MAX_DOCUMENT, DidDocument, decode_document, did_url
from hanse.identity.exchange import Exchange, ResolveDid
from hanse.kernel.clock import Clock
from hanse.kernel.errors import AddressRefused, Malformed, PeerError, PeerInvalid, PeerUnreachable

T = TypeVar("T")

LIFETIME = timedelta(minutes=5)
NEGATIVE_LIFETIME = timedelta(seconds=5)
REFRESH_EVERY = timedelta(seconds=10)
ENTRIES = 10_000
HELD_BYTES = 32 * 1024 * 1024
FETCH_TIMEOUT = 5.0

_HEADERS = {"Accept": "application/did+json, application/json"}
_NEVER = datetime.min.replace(tzinfo=UTC)


class Fetches(Protocol):
    """What the resolver needs of a client: `http.peer.PeerClient` has it."""

    async def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = ...,
        limit: int = ...,
    ) -> PeerAnswer:
        """Send one request; see `PeerClient.send`."""
        ...


class _Entry(NamedTuple):
    """What is known about one DID: a document or why there is none, until when, when it was last made fresh, its bytes."""

    outcome: DidDocument | PeerError
    until: datetime
    refreshed: datetime
    size: int


class DidResolver:
    """Resolves did:web for all participants of this process, and drives the exchanges that ask for documents.

    `local` answers for DIDs that are hosted here (None for all others) and is asked first, without HTTP. Documents are
    kept for 5 minutes, failures for 5 seconds, at most 10,000 of both and 32 MiB of documents. A fresh document is fetched at most once per
    10 s and DID: in between, what is there is given, so that a stranger's bad tokens cannot make us hammer a third
    party. Requests for one DID at one time share one fetch. `address` is where a DID's document lies.
    """

    def __init__(
        self,
        peer: Fetches,
        clock: Clock,
        local: Callable[[str], Awaitable[DidDocument | None]],
        *,
        address: Callable[[str], str] = did_url,
        entries: int = ENTRIES,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._local = local
        self._address = address
        self._bounds = (entries, held_bytes)
        self._held = 0
        self._cache: OrderedDict[str, _Entry] = OrderedDict()
        self._running: dict[str, asyncio.Task[DidDocument | PeerError]] = {}

    async def drive(self, exchange: Exchange[T]) -> T:
        """Run `exchange` to its end and return its result. What cannot be resolved is thrown in as a PeerError."""
        try:
            request = next(exchange)
            while True:
                outcome = await self._answer(request)
                request = exchange.throw(outcome) if isinstance(outcome, PeerError) else exchange.send(outcome)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            exchange.close()

    async def resolve(self, did: str, *, fresh: bool = False) -> DidDocument:
        """Return the document of `did`.

        Raises Invalid for what is no did:web, AddressRefused, PeerUnreachable (no document came) and PeerInvalid (what
        came is no document). Whether the document is that DID's is for the exchange to check.
        """
        hosted = await self._local(did)
        if hosted is not None:
            return hosted
        outcome = self._kept(did, fresh=fresh)
        if outcome is None:
            outcome = await self._shared(did, fresh=fresh)
        if isinstance(outcome, PeerError):
            # A new one each time: an exception that is raised twice collects the tracebacks of both.
            raise type(outcome)(outcome.message, where=outcome.where, hint=outcome.hint, rule=outcome.rule)
        return outcome

    async def _answer(self, request: ResolveDid) -> DidDocument | PeerError:
        try:
            return await self.resolve(request.did, fresh=request.fresh)
        except PeerError as fault:
            return fault

    def _kept(self, did: str, *, fresh: bool) -> DidDocument | PeerError | None:
        entry = self._cache.get(did)
        now = self._clock.now()
        if entry is None or now >= entry.until or (fresh and now - entry.refreshed >= REFRESH_EVERY):
            return None
        self._cache.move_to_end(did)
        return entry.outcome

    async def _shared(self, did: str, *, fresh: bool) -> DidDocument | PeerError:
        """Join the fetch that is under way for this DID, or start one. Who waits may be cancelled; the fetch goes on."""
        task = self._running.get(did)
        if task is None:
            task = asyncio.create_task(self._fetch(did, self._address(did), fresh=fresh))
            self._running[did] = task
            task.add_done_callback(lambda _: self._running.pop(did, None))
        return await asyncio.shield(task)

    async def _fetch(self, did: str, url: str, *, fresh: bool) -> DidDocument | PeerError:
        outcome: DidDocument | PeerError
        size = len(did)
        try:
            body = await self._download(url)
            outcome, size = decode_document(body), size + len(body)
        except (AddressRefused, PeerInvalid, PeerUnreachable) as fault:
            outcome = fault
        self._keep(did, outcome, size, fresh=fresh)
        return outcome

    async def _download(self, url: str) -> bytes:
        answer = await self._peer.send("GET", url, headers=_HEADERS, timeout=FETCH_TIMEOUT, limit=MAX_DOCUMENT)
        if answer.status != 200:
            raise PeerUnreachable(f"The address of a DID document answered {answer.status}.", rule="did-not-found")
        try:
            check_depth(answer.body)
        except Malformed as fault:
            raise PeerInvalid("The DID document is nested too deeply.", rule="did-document") from fault
        return answer.body

    def _keep(self, did: str, outcome: DidDocument | PeerError, size: int, *, fresh: bool) -> None:
        now = self._clock.now()
        before = self._cache.get(did)
        refreshed = now if fresh else (before.refreshed if before else _NEVER)
        failed = isinstance(outcome, PeerError)
        if failed and before and now < before.until and not isinstance(before.outcome, PeerError):
            # A failed refresh does not throw away a document that is still good.
            self._cache[did] = before._replace(refreshed=refreshed)
            return
        self._forget(did)
        self._cache[did] = _Entry(outcome, now + (NEGATIVE_LIFETIME if failed else LIFETIME), refreshed, size)
        self._held += size
        entries, held_bytes = self._bounds
        while len(self._cache) > entries or self._held > held_bytes:
            self._forget(next(iter(self._cache)))

    def _forget(self, did: str) -> None:
        entry = self._cache.pop(did, None)
        self._held -= entry.size if entry is not None else 0
