"""Public documents for whoever asks: from this process, from a cache, or from a peer; and the driver of identity exchanges.

DID documents are what most of them ask for. Schemas and status lists of credentials are the other two.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from hanse.http.limits import check_depth
from hanse.http.peer import PeerAnswer
from hanse.identity.credentials.lists import MAX_LIST
from hanse.identity.credentials.schema import MAX_SCHEMA
from hanse.identity.did import MAX_DOCUMENT, DidDocument, decode_document, did_url
from hanse.identity.exchange import Answer, Exchange, FetchSchema, Inquiry, Question, ResolveDid
from hanse.kernel.clock import Clock
from hanse.kernel.errors import AddressRefused, Malformed, PeerError, PeerInvalid, PeerUnreachable

T = TypeVar("T")

LIFETIME = timedelta(minutes=1)  # for so long a key that was declared compromised can still speak to us
NEGATIVE_LIFETIME = timedelta(seconds=5)
REFRESH_EVERY = timedelta(seconds=10)
ENTRIES = 10_000
HELD_BYTES = 32 * 1024 * 1024
FETCH_TIMEOUT = 5.0
SCHEMA_LIFETIME = timedelta(hours=1)
SCHEMAS = 1_000
SCHEMA_BYTES = 16 * 1024 * 1024

_HEADERS = {"Accept": "application/did+json, application/json"}
_SCHEMA_HEADERS = {"Accept": "application/schema+json, application/json, */*;q=0.1"}
_LIST_HEADERS = {"Accept": "application/vc+jwt, application/jwt, application/json, */*;q=0.1", "Cache-Control": "no-cache"}
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


class _Schema(NamedTuple):
    """What came for a schema's address, or why nothing did, and until when."""

    outcome: bytes | PeerError
    until: datetime


async def no_document(_url: str) -> bytes | None:
    """Serve no schema and no status list from this process."""
    return None


class DidResolver:
    """Resolves did:web for all participants of this process, and drives the exchanges that ask for documents.

    `local` answers for DIDs that are hosted here (None for all others) and is asked first, without HTTP. Documents are
    kept for 5 minutes, failures for 5 seconds, at most 10,000 of both and 32 MiB of documents. A fresh document is fetched at most once per
    10 s and DID: in between, what is there is given, so that a stranger's bad tokens cannot make us hammer a third
    party. Requests for one DID at one time share one fetch. `address` is where a DID's document lies.

    `local_document_at` does the same for schemas and status lists, by address. Schemas are kept for an hour (failures
    for 5 seconds), status lists not at all: whoever asks for one keeps what it read there.
    """

    def __init__(
        self,
        peer: Fetches,
        clock: Clock,
        local: Callable[[str], Awaitable[DidDocument | None]],
        *,
        address: Callable[[str], str] = did_url,
        local_document_at: Callable[[str], Awaitable[bytes | None]] = no_document,
        entries: int = ENTRIES,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._local = local
        self._address = address
        self._local_document_at = local_document_at
        self._bounds = (entries, held_bytes)
        self._held = 0
        self._cache: OrderedDict[str, _Entry] = OrderedDict()
        self._schemas: OrderedDict[str, _Schema] = OrderedDict()
        self._schema_bytes = 0
        self._running: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def drive(self, exchange: Exchange[T] | Inquiry[T]) -> T:
        """Run `exchange` to its end and return its result. What cannot be resolved or fetched is thrown in as a PeerError."""
        inquiry = cast("Inquiry[T]", exchange)  # an exchange is one that is sent nothing but DID documents
        try:
            request = next(inquiry)
            while True:
                outcome = await self._answer(request)
                request = inquiry.throw(outcome) if isinstance(outcome, PeerError) else inquiry.send(outcome)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            inquiry.close()

    def forget(self) -> None:
        """Fetch every document anew when it is asked for next."""
        for did in list(self._cache):
            self._forget(did)

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
            raise _copy(outcome)
        return outcome

    async def _answer(self, request: Question) -> Answer | PeerError:
        try:
            if isinstance(request, ResolveDid):
                return await self.resolve(request.did, fresh=request.fresh)
            local = await self._local_document_at(request.url)
            if local is not None:
                return local
            outcome = await (self._schema(request.url) if isinstance(request, FetchSchema) else self._list(request.url))
        except PeerError as fault:
            return fault
        return _copy(outcome) if isinstance(outcome, PeerError) else outcome

    async def _schema(self, url: str) -> bytes | PeerError:
        await asyncio.sleep(0)  # to check a schema takes time: others, and whoever has waited long enough, get their turn between two
        found = self._schemas.get(url)
        if found is not None and self._clock.now() < found.until:
            self._schemas.move_to_end(url)
            return found.outcome
        return await self._once(("schema", url), lambda: self._fetch_schema(url))

    async def _fetch_schema(self, url: str) -> bytes | PeerError:
        outcome = await self._document(url, _SCHEMA_HEADERS, MAX_SCHEMA)
        lifetime = NEGATIVE_LIFETIME if isinstance(outcome, PeerError) else SCHEMA_LIFETIME
        self._forget_schema(url)
        self._schemas[url] = _Schema(outcome, self._clock.now() + lifetime)
        self._schema_bytes += _bytes_of(outcome)
        while len(self._schemas) > SCHEMAS or self._schema_bytes > SCHEMA_BYTES:
            self._forget_schema(next(iter(self._schemas)))
        return outcome

    def _forget_schema(self, url: str) -> None:
        found = self._schemas.pop(url, None)
        self._schema_bytes -= _bytes_of(found.outcome) if found is not None else 0

    async def _list(self, url: str) -> bytes | PeerError:
        return await self._once(("list", url), lambda: self._document(url, _LIST_HEADERS, MAX_LIST))

    async def _document(self, url: str, headers: Mapping[str, str], limit: int) -> bytes | PeerError:
        try:
            answer = await self._peer.send("GET", url, headers=headers, timeout=FETCH_TIMEOUT, limit=limit)
        except PeerError as fault:
            return fault
        if answer.status != 200:
            return PeerUnreachable(f"The address of a document answered {answer.status}.", rule="document-not-found")
        return answer.body

    def _kept(self, did: str, *, fresh: bool) -> DidDocument | PeerError | None:
        entry = self._cache.get(did)
        now = self._clock.now()
        if entry is None or now >= entry.until or (fresh and now - entry.refreshed >= REFRESH_EVERY):
            return None
        self._cache.move_to_end(did)
        return entry.outcome

    async def _shared(self, did: str, *, fresh: bool) -> DidDocument | PeerError:
        url = self._address(did)
        return await self._once(("did", did), lambda: self._fetch(did, url, fresh=fresh))

    async def _once(self, key: tuple[str, str], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Join the fetch that is under way under this key, or start one. Who waits may be cancelled; the fetch goes on."""
        task: asyncio.Task[T] | None = self._running.get(key)
        if task is None:
            task = asyncio.create_task(work())
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
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


def _copy(fault: PeerError) -> PeerError:
    """Return a new one: an exception that is raised twice collects the tracebacks of both."""
    return type(fault)(fault.message, where=fault.where, hint=fault.hint, rule=fault.rule)


def _bytes_of(outcome: bytes | PeerError) -> int:
    return len(outcome) if isinstance(outcome, bytes) else 0
