"""Status lists: how the anchor takes back what it issued, and how everybody reads that (Bitstring Status List v1.0; StatusList2021).

A space has pairs of lists with numbers: one list says what is revoked, the other what is suspended, and a credential has
the same index in both. Indexes are given in order and never twice. So who holds two credentials sees which one is older,
and nothing about anybody else: what an index belongs to, the anchor alone knows.

VC 1.1 has room for one status: that is whether it is revoked. Whoever is suspended loses such a credential for good, and
is offered another one when the suspension is lifted.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct, structs

from hanse.anchor.ports import AnchorTx, CredentialSigner, Database
from hanse.anchor.records import Issued, Space, StatusBits, StatusChanged
from hanse.identity.credentials.model import VC11, VC20, Profile
from hanse.identity.status import MIN_ENTRIES, Bits, Purpose
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound, StorageFailed
from hanse.kernel.tenant import Did, Tenant

Standing = Literal["revoked", "suspended", ""]
"""Of a credential: taken back for good, or for a while, or not."""

ENTRIES: Final = MIN_ENTRIES
"""Indexes of one list."""
LIFETIME: Final = timedelta(days=1)
"""How long a signed list holds: the longest that an anchor may be away."""
SIGNED_ANEW: Final = LIFETIME / 2
"""A list that has not changed is signed again after this time, when somebody asks for it."""
PURPOSES: Final[Mapping[Profile, tuple[Purpose, ...]]] = {VC20: ("revocation", "suspension"), VC11: ("revocation",)}
"""The lists to which a credential points. VC 1.1, 4.9 describes a single status, and some of its readers take no array."""

_ENDED: Final = timedelta(minutes=1)  # a credential counts for a little longer with a verifier whose clock is behind
_KEPT: Final = 256  # signed lists in memory, 30 KB each at most
_NAME: Final = re.compile(r"(revocation|suspension)-([1-9][0-9]{0,5})(-2021)?")


class Place(Struct, frozen=True):
    """Where a credential's status is: the number of the lists, and the index in both of them."""

    number: int
    index: int


def list_url(space_url: str, purpose: Purpose, number: int, profile: Profile) -> str:
    """Return the address of a list, e.g. `<space url>/status/revocation-1`, and the same with `-2021` for StatusList2021."""
    return f"{space_url}/status/{purpose}-{number}{'-2021' if profile == VC11 else ''}"


def allocate(tx: AnchorTx, space: Space, count: int = 1) -> list[Place]:
    """Take the next free places; a new pair of lists begins where one is full. What is taken is never given again."""
    number, free = tx.status_lists.last(space.name) or (0, ENTRIES)
    places: list[Place] = []
    while len(places) < count:
        if free >= ENTRIES:
            number, free = number + 1, 0
            tx.status_lists.add(_blank(space, number))
        taken = min(count - len(places), ENTRIES - free)
        places += [Place(number, free + offset) for offset in range(taken)]
        free += taken
        tx.status_lists.reserve(space.name, number, free)
    return places


def mark(
    tx: AnchorTx, space: Space, holder: Did, status: Standing, reason: str, now: datetime, *, types: Collection[str] | None = None
) -> int:
    """Revoke, suspend or (empty) reinstate all credentials of a holder that have not ended; return how many have changed.

    With `types` only those of these types, e.g. that of a role which the holder has lost. Revoked is for ever: only what
    is suspended can be reinstated, and what cannot be suspended is revoked. The transaction has read the space, so that
    nothing is issued to the holder meanwhile.
    """
    live = tx.issued.live(space.name, holder, now - _ENDED)
    return len(_mark(tx, space, (one for one in live if types is None or one.type in types), status, reason, "", now))


def mark_one(tx: AnchorTx, space: Space, issued: Issued, status: Standing, reason: str, by: str = "", at: datetime | None = None) -> Issued:
    """Revoke, suspend or (empty) reinstate one credential; return it as it is then. Raises nothing if that is how it is already."""
    return next(iter(_mark(tx, space, [issued], status, reason, by, at)), issued)


def _mark(
    tx: AnchorTx, space: Space, issued: Iterable[Issued], status: Standing, reason: str, by: str, at: datetime | None
) -> list[Issued]:
    moving = [one for one in issued if _moves(one.status, status)]
    marked = [structs.replace(one, status=_after(one, status), reason=reason, by=by, marked=at if status else None) for one in moving]
    for number, group in groupby(sorted(marked, key=_number), _number):
        lists = tx.status_lists.get(space.name, number)
        if lists is None:
            raise StorageFailed(f"The status lists {number} of the space {space.name} are gone.", hint="Restore a backup.")
        revoked, suspended = Bits(lists.revoked), Bits(lists.suspended)
        for one in group:
            if one.status == "revoked":
                revoked = revoked.with_bit(one.index, on=True)
            else:
                suspended = suspended.with_bit(one.index, on=one.status == "suspended")
        tx.status_lists.flip(structs.replace(lists, revoked=revoked.data, suspended=suspended.data, changed=lists.changed + 1))
    for one in marked:
        tx.issued.put(one)
    if marked:
        tx.emit(StatusChanged(space.tenant, space.name, space.url))
    return marked


def _moves(before: str, after: Standing) -> bool:
    return before not in {"revoked", after}


def _after(issued: Issued, status: Standing) -> Standing:
    return "revoked" if status == "suspended" and "suspension" not in PURPOSES[issued.profile] else status


def _number(issued: Issued) -> int:
    return issued.number


def _blank(space: Space, number: int) -> StatusBits:
    nothing = Bits.zeros(ENTRIES).data
    return StatusBits(space=space.name, tenant=space.tenant, number=number, next=0, revoked=nothing, suspended=nothing)


class _List(Struct, frozen=True):
    """Which list a name in an address means."""

    purpose: Purpose
    number: int
    profile: Profile


class _State(Struct, frozen=True):
    """What a signed list was made from: the space's founding tells two spaces of one name apart, one after the other."""

    tenant: Tenant
    founded: datetime
    changed: int


class _Page(Struct, frozen=True):
    state: _State
    made: datetime
    text: str


class StatusPages:
    """The signed lists of all spaces of this server, for anybody. Each process signs a list when its bits have changed."""

    def __init__(self, database: Database, clock: Clock, signer: CredentialSigner) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._pages: OrderedDict[tuple[str, str], _Page] = OrderedDict()
        self._forgotten = 0

    async def signed(self, space: str, name: str) -> str:
        """Return a list as a credential signed by the anchor, e.g. `signed("harbour", "suspension-1")`. Raises `NotFound`.

        What is committed is seen at once, whichever server process did it.
        """
        wanted = _read_name(name)
        state = await self._database.read(lambda tx: _state(tx, space, wanted.number)[1])
        page = self._pages.get((space, name))
        if page is None or page.state != state or not timedelta() <= self._clock.now() - page.made < SIGNED_ANEW:
            before = self._forgotten
            page = await self._make(space, wanted)
            if before == self._forgotten:
                self._pages[space, name] = page
        if (space, name) in self._pages:
            self._pages.move_to_end((space, name))
        if len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return page.text

    async def local(self, url: str) -> bytes | None:
        """Return the signed list at `url` without HTTP, or nothing if no space anchored here has it at that address."""
        prefix, _, name = url.rpartition("/status/")
        label = prefix.rpartition("/")[2]
        space = await self._database.read(lambda tx: tx.spaces.get(label)) if label else None
        if space is None or space.url != prefix:
            return None
        try:
            return (await self.signed(label, name)).encode("ascii")
        except NotFound:
            return None

    def forget(self, tenant: Tenant) -> None:
        """Sign the tenant's lists again when they are asked for: a key with which they were signed does not count any more."""
        self._forgotten += 1  # nor does what is being signed right now
        for key in [key for key, page in self._pages.items() if page.state.tenant == tenant]:
            del self._pages[key]

    async def _make(self, name: str, wanted: _List) -> _Page:
        now = self._clock.now()

        def work(tx: AnchorTx) -> tuple[Space, _State, StatusBits]:
            space, state = _state(tx, name, wanted.number)
            lists = tx.status_lists.get(name, wanted.number)
            assert lists is not None  # one view: `_state` has just seen it
            return space, state, lists

        space, state, lists = await self._database.read(work)
        bits = Bits(lists.revoked if wanted.purpose == "revocation" else lists.suspended)
        url = list_url(space.url, wanted.purpose, wanted.number, wanted.profile)
        text = await self._signer.issue_list(space.tenant, url, bits, wanted.profile, wanted.purpose, LIFETIME)
        return _Page(state, now, text)


def _state(tx: AnchorTx, name: str, number: int) -> tuple[Space, _State]:
    space = tx.spaces.get(name)
    changed = None if space is None else tx.status_lists.changed(name, number)
    if space is None or changed is None:
        raise NotFound("There is no such status list here.", where="list")
    return space, _State(space.tenant, space.created, changed)


def _read_name(name: str) -> _List:
    match = _NAME.fullmatch(name)
    purpose: Purpose = "revocation" if match and match[1] == "revocation" else "suspension"
    profile: Profile = VC11 if match and match[3] else VC20
    if match is None or purpose not in PURPOSES[profile]:
        raise NotFound("There is no such status list here.", where="list")
    return _List(purpose, int(match[2]), profile)
