"""Signed statements of the spaces that this server's participants have joined: read, believed, kept while they are fresh.

All kinds follow the same rules. A statement counts if the pinned anchor made it, about this space, in a version that is
not older than any that was seen. While the anchor is away the last one serves for some time; one that is not to be
believed is no excuse for an older one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from hanse.identity.statements import Statement, open_statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, PeerError, PeerInvalid, PeerUnreachable
from hanse.kernel.tenant import Did
from hanse.trust.flights import Flights
from hanse.trust.ports import Database, Fetch, Link, Resolver, TrustTx


class Freshness(Struct, frozen=True, kw_only=True):
    """How old a statement may be.

    After `fresh` it is read again (after `fresh_local` if its space is anchored on this server). Up to `stale` it is
    used while its anchor cannot be reached, but never past its own expiry. `retry` lies between two attempts to reach
    an anchor that is away, and `patience` bounds one attempt.
    """

    fresh: timedelta = timedelta(seconds=60)
    fresh_local: timedelta = timedelta(seconds=1)
    stale: timedelta = timedelta(minutes=5)
    retry: timedelta = timedelta(seconds=5)
    patience: timedelta = timedelta(seconds=10)


class About(Protocol):
    """What every such statement says: which space it is about."""

    @property
    def space(self) -> str:
        """The space's address."""
        ...


B = TypeVar("B", bound=About)
V = TypeVar("V")

Key = tuple[str, Did]
"""A space's address and the DID of its anchor: the same statement serves all participants that pinned the same anchor."""


class Publication(Struct, Generic[B, V], frozen=True, kw_only=True):
    """A kind of statement: where it lies below the space's address, of which kind and shape it is, what is made of it.

    `local` reads it where the space is anchored on this server. `word` and `title` are what people call it, `rule` is the
    rule of the refusal where it is not to be believed. `mark` is added to the address under which its highest version
    is remembered. `limit` is in bytes.
    """

    path: str
    kind: str
    body: type[B]
    limit: int
    word: str
    title: str
    rule: str
    mark: str
    local: Callable[[str], Awaitable[Statement[B] | None]]
    view: Callable[[Statement[B]], V]
    ages: Freshness


class Held(Struct, Generic[B, V], frozen=True):
    """A statement that was believed, what was made of it, when it was read, and for how long it is fresh."""

    statement: Statement[B]
    view: V
    read: datetime
    fresh: timedelta


class StatementReader(Generic[B, V]):
    """Reads the statements of one kind, for all participants of this process."""

    def __init__(self, publication: Publication[B, V], database: Database, clock: Clock, fetch: Fetch, resolver: Resolver) -> None:
        self._publication = publication
        self._ages = publication.ages
        self._database = database
        self._clock = clock
        self._fetch = fetch
        self._resolver = resolver
        self._held: dict[Key, Held[B, V]] = {}
        self._flights: Flights[Held[B, V], PeerError] = Flights(clock, PeerError, self._ages.retry)

    async def get(self, link: Link, *, known: int = 0) -> Held[B, V]:
        """Return the statement of the space that `link` names. Raises `Forbidden` if it cannot be had or believed now.

        If there is known to be a version `known`, an older one is read anew, although it is fresh.
        """
        key, now = _key(link), self._clock.now()
        held = self._held.get(key)
        if held is not None and self._serves(held, now, known):
            return held
        outcome = await self._flights.run(key, lambda: self._read(key))
        if isinstance(outcome, Held):
            return outcome
        if held is not None and _away(outcome) and _usable(held, self._clock.now(), self._ages.stale):
            return held
        raise self._refusal(link, outcome) from outcome

    def held(self, link: Link) -> Held[B, V] | None:
        """Return what was read last, however old it is."""
        return self._held.get(_key(link))

    def forget(self, url: str) -> None:
        """Read the statement of the space at `url` anew next time."""
        for key in [key for key in self._held if key[0] == url]:
            del self._held[key]
        self._flights.forget(lambda key: key[0] == url)

    def _serves(self, held: Held[B, V], now: datetime, known: int) -> bool:
        # An anchor that names a version which it does not publish is asked for it now and then, not each time.
        age = held.fresh if held.statement.version >= known else min(held.fresh, self._ages.retry)
        return _usable(held, now, age)

    async def _read(self, key: Key) -> Held[B, V]:
        held = await self._local(key) or await self._foreign(key)
        await self._raise_watermark(key, held.statement.version)
        self._held[key] = held
        return held

    async def _local(self, key: Key) -> Held[B, V] | None:
        statement = await self._publication.local(key[0])
        return None if statement is None else self._believe(key, statement, self._ages.fresh_local)

    async def _foreign(self, key: Key) -> Held[B, V]:
        (url, anchor), kind = key, self._publication
        seen = await self._database.read(lambda tx: tx.watermarks.get(url + kind.mark, anchor))
        try:
            async with asyncio.timeout(self._ages.patience.total_seconds()):
                text = self._text(await self._fetch.get(f"{url}/{kind.path}", kind.limit))
                exchange = open_statement(text, kind.kind, kind.body, anchor, self._clock.now(), at_least=seen or 1)
                statement = await self._resolver.drive(exchange)
        except TimeoutError as late:
            raise PeerUnreachable(f"No {kind.word} came from {url} in time.") from late
        return self._believe(key, statement, self._ages.fresh)

    def _believe(self, key: Key, statement: Statement[B], fresh: timedelta) -> Held[B, V]:
        url, anchor = key
        word, now = self._publication.word, self._clock.now()
        if statement.issuer != anchor:
            raise PeerInvalid(f"The {word} was made by another anchor than the one pinned when the space was joined.", rule="issuer")
        if statement.body.space != url:
            raise PeerInvalid(f"The {word} is of another space.", rule="space")
        if statement.expires <= now:
            raise PeerInvalid(f"The {word} has expired.", rule="expired")
        return Held(statement, self._view(key, statement), now, fresh)

    def _view(self, key: Key, statement: Statement[B]) -> V:
        """Make the view, unless nothing has changed: whoever remembers what it was made with can tell by `is`."""
        before = self._held.get(key)
        same = before is not None and (before.statement.version, before.statement.body) == (statement.version, statement.body)
        return before.view if before is not None and same else self._publication.view(statement)

    async def _raise_watermark(self, key: Key, version: int) -> None:
        """Keep the highest version for good, so that a restart does not open the way back to an older one."""
        place, anchor = key[0] + self._publication.mark, key[1]
        word = self._publication.word

        def work(tx: TrustTx) -> None:
            seen = tx.watermarks.get(place, anchor) or 0
            if version < seen:
                raise PeerInvalid(f"The {word} is version {version}, older than version {seen}, which was seen already.", rule="rollback")
            if version > seen:
                tx.watermarks.put(place, anchor, version)

        if await self._database.read(lambda tx: tx.watermarks.get(place, anchor)) != version:
            await self._database.run(work)

    def _text(self, body: bytes) -> str:
        try:
            return body.decode("ascii").strip()
        except UnicodeDecodeError as fault:
            raise PeerInvalid(f"The {self._publication.word} is not a signed statement.", rule="shape") from fault

    def _refusal(self, link: Link, error: PeerError) -> Forbidden:
        if not _away(error):
            return Forbidden(
                f"The {self._publication.title} from {link.url} is not to be believed: {error.message}",
                rule=self._publication.rule,
                hint="Ask the space's anchor; until then nobody counts as a member.",
            )
        return Forbidden(
            f"The anchor of the space {link.url} cannot be reached, so nobody's membership can be proved: {error.message}",
            rule="anchor-unreachable",
            hint="Try again in a minute; it passes when the anchor is back.",
        )


def _key(link: Link) -> Key:
    return link.url, link.anchor


def _usable(held: Held[B, V], now: datetime, age: timedelta) -> bool:
    return timedelta() <= now - held.read < age and now < held.statement.expires


def _away(error: PeerError) -> bool:
    """Tell whether the anchor gave no statement at all; one that was given and is not to be believed is no excuse."""
    return not isinstance(error, PeerInvalid)
