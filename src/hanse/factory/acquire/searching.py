"""The live search: every member of every space is asked at once, and whoever does not answer is named.

A catalogue that refuses the filter is asked for everything instead; what it answers is looked through here in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

import msgspec
from msgspec import Struct

from hanse.dcat.model import Dataset
from hanse.factory.acquire.ports import Catalogues, Found, Member, Spaces
from hanse.factory.acquire.query import Query
from hanse.factory.acquire.records import Silent
from hanse.kernel.errors import HanseError, PeerRefused
from hanse.kernel.tenant import Did, Tenant

AT_ONCE: Final = 16
"""Catalogues that are read at the same time, by one search."""
MOST_MEMBERS: Final = 5_000
MOST_FOUND: Final = 2_000
"""Datasets that one search goes on with. What one member offers beyond its share is not looked at, and it is named."""
MOST_OF_ONE: Final = 500
LARGEST: Final = 256 << 10
"""Bytes of a description that is looked at: each is kept with its order. Larger ones count as unreadable."""
MOST_BYTES: Final = 8 << 20
"""Bytes of all descriptions that one member may give."""
_BAD_FILTER: Final = frozenset({400, 404, 422, 501})


class Pace(Struct, frozen=True):
    """How long one member may take to show its catalogue."""

    per_member: timedelta = timedelta(seconds=20)


class Spotted(Struct, frozen=True):
    """A dataset that the query finds, at a member of a space."""

    space: str
    member: Member
    dataset: Dataset


class Looked(Struct, frozen=True, kw_only=True):
    """What a search came to: the spaces, how many members were asked, who did not answer, and what was found."""

    spaces: tuple[str, ...] = ()
    asked: int = 0
    silent: tuple[Silent, ...] = ()
    seen: int = 0
    unread: int = 0
    found: tuple[Spotted, ...] = ()


class _Place(Struct, frozen=True):
    space: str
    member: Member


class _Answer:
    """What one member has answered so far. Only what is looked for is kept; an answer that breaks off keeps what came before."""

    def __init__(self, place: _Place) -> None:
        self.place = place
        self.found: list[Spotted] = []
        self.seen = 0
        self.unread = 0
        self.bytes = 0
        self.trouble = ""

    def take(self, page: Found, query: Query) -> None:
        """Look through a page."""
        self.seen += len(page.datasets)
        self.unread += page.unread
        for one in page.datasets:
            size = 0 if self.full or not query.finds(one) else len(msgspec.json.encode(one))
            if size > LARGEST:
                self.unread += 1
            elif size:
                self.bytes += size
                self.found.append(Spotted(self.place.space, self.place.member, one))

    @property
    def full(self) -> bool:
        """Tell whether that is as much as one member may give."""
        return len(self.found) >= MOST_OF_ONE or self.bytes >= MOST_BYTES


class Searcher:
    """Searches the catalogues of all members of all spaces that a participant is in."""

    def __init__(self, spaces: Spaces, catalogues: Catalogues, pace: Pace | None = None) -> None:
        self._spaces = spaces
        self._catalogues = catalogues
        self._pace = pace or Pace()

    async def search(self, tenant: Tenant, query: Query) -> Looked:
        """Search once. Raises `HanseError` only where not even the spaces are known."""
        spaces = await self._spaces.joined(tenant)
        places, silent = await self._places(tenant, spaces, query)
        asked, beyond = places[:MOST_MEMBERS], places[MOST_MEMBERS:]
        silent += [_silent(place, f"More than {MOST_MEMBERS} members are not asked at once.") for place in beyond]
        room = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(self._ask(tenant, _Answer(place), query, room) for place in asked))
        shares = _shares([len(answer.found) for answer in answers])
        found: list[Spotted] = []
        for answer, share in zip(answers, shares, strict=True):
            found += answer.found[:share]
            trouble = answer.trouble
            if answer.full or share < len(answer.found):
                trouble = f"Its catalogue was not looked at to the end: {share} datasets of it were taken. Say more in the query."
            silent += [_silent(answer.place, trouble)] if trouble else []
        return Looked(
            spaces=tuple(spaces),
            asked=len(asked),
            silent=tuple(silent),
            seen=sum(answer.seen for answer in answers),
            unread=sum(answer.unread for answer in answers),
            found=tuple(sorted(found, key=_order)),
        )

    async def _places(self, tenant: Tenant, spaces: Sequence[str], query: Query) -> tuple[list[_Place], list[Silent]]:
        """Return whom to ask: each member once, in the first space in which it is met, in an order that is always the same."""
        own = await self._spaces.own(tenant)
        met: dict[Did, _Place] = {}
        silent: list[Silent] = []
        for space in spaces:
            try:
                members = await self._spaces.members(tenant, space)
            except HanseError as error:
                silent.append(Silent(space, Did(""), space, error.message))
                continue
            for member in members:
                if member.did != own and query.asks(member.did, member.name):
                    met.setdefault(member.did, _Place(space, member))
        return sorted(met.values(), key=lambda place: place.member.did), silent

    async def _ask(self, tenant: Tenant, answer: _Answer, query: Query, room: asyncio.Semaphore) -> _Answer:
        async with room:
            try:
                async with asyncio.timeout(self._pace.per_member.total_seconds()):
                    await self._read(tenant, answer, query)
            except TimeoutError:
                kept = f" {len(answer.found)} datasets had come by then." if answer.found else ""
                answer.trouble = f"It did not answer to its end within {self._pace.per_member.total_seconds():g} seconds.{kept}"
            except HanseError as error:
                answer.trouble = error.message
        return answer

    async def _read(self, tenant: Tenant, answer: _Answer, query: Query) -> None:
        try:
            await self._pages(tenant, answer, query, query.pushed)
        except PeerRefused as error:
            if not query.pushed or error.status not in _BAD_FILTER or answer.seen:
                raise
            await self._pages(tenant, answer, query, ())

    async def _pages(self, tenant: Tenant, answer: _Answer, query: Query, filter: tuple[object, ...]) -> None:
        async with aclosing(self._catalogues.search(tenant, answer.place.member.did, filter)) as pages:
            async for page in pages:
                answer.take(page, query)
                if answer.full:
                    return


def _shares(counts: Sequence[int]) -> list[int]:
    """Return how many datasets each member may give: all of them where there is room, else as evenly as can be."""
    shares, left = [0] * len(counts), MOST_FOUND
    for done, index in enumerate(sorted(range(len(counts)), key=counts.__getitem__)):
        shares[index] = min(counts[index], MOST_OF_ONE, left // (len(counts) - done))
        left -= shares[index]
    return shares


def _silent(place: _Place, why: str) -> Silent:
    return Silent(place.space, place.member.did, place.member.name, why)


def _order(spotted: Spotted) -> tuple[str, str]:
    return spotted.member.did, spotted.dataset.id
