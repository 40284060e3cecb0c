"""Who belongs to the space that a participant has joined, read from its anchor's signed list.

`Directory.require` is the door: everything that a peer asks for passes it first. Credentials will enter here: a peer
that presents a membership credential of the pinned anchor passes the same door, and nothing behind it changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from hanse.identity.statements import MAX_STATEMENT, REGISTER, Member, Register, Statement, open_statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, HanseError, PeerError, PeerInvalid, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.ports import Database, Fetch, Link, Links, LocalSpaces, Resolver, TrustTx


class Freshness(Struct, frozen=True, kw_only=True):
    """How old a list may be.

    After `fresh` it is read again (after `fresh_local` if its space is anchored on this server). Up to `stale` it is
    used while its anchor cannot be reached, but never past its own expiry. `retry` lies between two attempts to reach
    an anchor that is away, and `patience` bounds one attempt.
    """

    fresh: timedelta = timedelta(seconds=60)
    fresh_local: timedelta = timedelta(seconds=1)
    stale: timedelta = timedelta(minutes=5)
    retry: timedelta = timedelta(seconds=5)
    patience: timedelta = timedelta(seconds=10)


class _Held(Struct, frozen=True):
    statement: Statement[Register]
    by_did: dict[str, Member]
    read: datetime
    fresh: timedelta


class _Failed(Struct, frozen=True):
    error: PeerError
    at: datetime


Key = tuple[str, Did]
"""A space's address and the DID of its anchor: the same list serves all participants that pinned the same anchor."""


class Directory:
    """The members of the spaces that this server's participants have joined."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        links: Links,
        local: LocalSpaces,
        fetch: Fetch,
        resolver: Resolver,
        freshness: Freshness | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._links = links
        self._local = local
        self._fetch = fetch
        self._resolver = resolver
        self._ages = freshness or Freshness()
        self._held: dict[Key, _Held] = {}
        self._failed: dict[Key, _Failed] = {}
        self._running: dict[Key, asyncio.Task[_Held | PeerError]] = {}

    async def require(self, tenant: Tenant, peer: Did) -> Member:
        """Return the peer's entry on the list of the space that `tenant` has joined.

        Raises `Forbidden` if the peer is not on it, if the tenant has joined no space, and if the list cannot be had
        or believed now: without proof nobody is a member. `NotFound` if there is no such tenant.
        """
        held = await self._list_of(tenant)
        member = held.by_did.get(peer)
        if member is None:
            raise Forbidden(
                f"{peer[:200]} is not an active member of the space {held.statement.body.space}.",
                rule="not-a-member",
                hint="It can apply for membership at the space's anchor.",
            )
        return member

    async def members(self, tenant: Tenant) -> Sequence[Member]:
        """Return all members of the space that `tenant` has joined. Raises as `require` does."""
        return (await self._list_of(tenant)).statement.body.members

    def forget(self, url: str) -> None:
        """Read the list of the space at `url` anew next time (on `MembersChanged`)."""
        for key in [key for key in self._held if key[0] == url]:
            del self._held[key]
        for key in [key for key in self._failed if key[0] == url]:
            del self._failed[key]

    async def _list_of(self, tenant: Tenant) -> _Held:
        link = await self._links.space_of(tenant)
        if link is None:
            raise Forbidden(f"{tenant} has joined no space, so it deals with nobody.", rule="no-space", hint="Join one: hanse join.")
        held, now = self._held.get(_key(link)), self._clock.now()
        if held is not None and _usable(held, now, held.fresh):
            return held
        outcome = await self._refreshed(_key(link), now)
        if isinstance(outcome, _Held):
            return outcome
        if held is not None and _away(outcome) and _usable(held, self._clock.now(), self._ages.stale):
            return held
        raise _refusal(link, outcome) from outcome

    async def _refreshed(self, key: Key, now: datetime) -> _Held | PeerError:
        """Read the list once for all who wait for it; answer with the last failure while it is young."""
        failed = self._failed.get(key)
        if failed is not None and timedelta() <= now - failed.at < self._ages.retry:
            return failed.error
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key))
            self._running[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        # Shielded: one caller that goes away must not take the list from the others.
        return await asyncio.shield(task)

    def _ended(self, key: Key, task: asyncio.Task[_Held | PeerError]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # looked at, so that nobody is told of an error that all who waited have turned away from

    async def _read(self, key: Key) -> _Held | PeerError:
        try:
            held = await self._local_list(key) or await self._foreign_list(key)
            await self._raise_watermark(key, held.statement.version)
        except PeerError as error:
            self._failed[key] = _Failed(error, self._clock.now())
            return error
        self._failed.pop(key, None)
        self._held[key] = held
        return held

    async def _local_list(self, key: Key) -> _Held | None:
        statement = await self._local.register_of(key[0])
        return None if statement is None else self._believe(key, statement, self._ages.fresh_local)

    async def _foreign_list(self, key: Key) -> _Held:
        url, anchor = key
        seen = await self._database.read(lambda tx: tx.watermarks.get(url, anchor))
        try:
            async with asyncio.timeout(self._ages.patience.total_seconds()):
                text = _text(await self._fetch.get(f"{url}/register", MAX_STATEMENT))
                exchange = open_statement(text, REGISTER, Register, anchor, self._clock.now(), at_least=seen or 1)
                statement = await self._resolver.drive(exchange)
        except TimeoutError as late:
            raise PeerUnreachable(f"No list came from {url} in time.") from late
        return self._believe(key, statement, self._ages.fresh)

    def _believe(self, key: Key, statement: Statement[Register], fresh: timedelta) -> _Held:
        url, anchor = key
        if statement.issuer != anchor:
            raise PeerInvalid("The list was made by another anchor than the one pinned when the space was joined.", rule="issuer")
        if statement.body.space != url:
            raise PeerInvalid("The list is of another space.", rule="space")
        now = self._clock.now()
        if statement.expires <= now:
            raise PeerInvalid("The list has expired.", rule="expired")
        return _Held(statement, {member.did: member for member in statement.body.members}, now, fresh)

    async def _raise_watermark(self, key: Key, version: int) -> None:
        """Keep the highest version for good, so that a restart does not open the way back to an older list."""
        seen = await self._database.read(lambda tx: tx.watermarks.get(*key))
        if seen != version:
            await self._database.run(lambda tx: _raise(tx, key, version))


def _raise(tx: TrustTx, key: Key, version: int) -> None:
    seen = tx.watermarks.get(*key) or 0
    if version < seen:
        raise PeerInvalid(f"The list is version {version}, older than version {seen}, which was seen already.", rule="rollback")
    if version > seen:
        tx.watermarks.put(*key, version)


def _key(link: Link) -> Key:
    return link.url, link.anchor


def _usable(held: _Held, now: datetime, age: timedelta) -> bool:
    return timedelta() <= now - held.read < age and now < held.statement.expires


def _away(error: PeerError) -> bool:
    """Tell whether the anchor gave no list at all; one that was given and is not to be believed is no excuse."""
    return not isinstance(error, PeerInvalid)


def _refusal(link: Link, error: HanseError) -> Forbidden:
    if isinstance(error, PeerInvalid):
        return Forbidden(
            f"The list of members from {link.url} is not to be believed: {error.message}",
            rule="list-refused",
            hint="Ask the space's anchor; until then nobody counts as a member.",
        )
    return Forbidden(
        f"The anchor of the space {link.url} cannot be reached, so nobody's membership can be proved: {error.message}",
        rule="anchor-unreachable",
        hint="Try again in a minute; it passes when the anchor is back.",
    )


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError as fault:
        raise PeerInvalid("The list is not a signed statement.", rule="shape") from fault
