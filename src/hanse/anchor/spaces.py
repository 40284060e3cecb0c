"""Spaces anchored here: found one, and publish its signed register: members, trusted issuers, the version of its rulebook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from hanse.anchor import checks
from hanse.anchor.ports import AnchorTx, Database, Signer
from hanse.anchor.records import Member, MembersChanged, Space
from hanse.anchor.rulebook.document import read
from hanse.anchor.standing import Status
from hanse.anchor.versions import newest, stored
from hanse.identity import statements
from hanse.identity.rulebook import Rulebook
from hanse.identity.statements import MAX_MEMBERS, REGISTER, Register, Statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Misconfigured, NotFound
from hanse.kernel.tenant import Did, Tenant

LIFETIME = timedelta(hours=24)
"""How long a signed list holds: the longest that an anchor may be away."""

SIGNED_ANEW = timedelta(seconds=60)
"""A list that has not changed is signed again after this time, when somebody asks for it."""

URL_LIMIT = 128


class _Published(Struct):
    """What was last made of a space's list: its statement, and its signed text once somebody has asked for that."""

    statement: Statement[Register]
    signed: str | None = None


class Spaces:
    """The use cases around spaces. `root` is where the world reaches this server, e.g. `http://localhost:8400`."""

    def __init__(self, database: Database, clock: Clock, signer: Signer, *, root: str) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._root = root.rstrip("/")
        self._published: dict[str, _Published] = {}

    async def found(self, tenant: Tenant, anchor: Did, name: str, title: str) -> Space:
        """Found a space that `tenant`, whose DID is `anchor`, anchors. The anchor is its first member, with a first rulebook.

        Raises `Invalid` (name, title), `Conflict` (the name is taken), `Misconfigured` (the server's address is too long).
        """
        label, now = checks.space_name(name), self._clock.now()
        url = f"{self._root}/spaces/{label}"
        if len(url) > URL_LIMIT:
            raise Misconfigured("The address of the space would be too long.", where="public", hint=f"It may have {URL_LIMIT} characters.")
        text = checks.line(title, "title")
        space = Space(name=label, tenant=tenant, anchor=anchor, url=url, title=text, version=0, created=now)
        first = Member(
            space=label, tenant=tenant, did=anchor, name=text, roles=("anchor",), status=Status.ACTIVE, since=now, created=now, updated=now
        )

        def work(tx: AnchorTx) -> Space:
            if tx.spaces.get(label) is not None:
                raise Conflict(f"There is a space {label!r} already.", where="name", rule="taken", hint="Use another name.")
            tx.spaces.add(space)
            tx.members.put(first)
            stored(tx, space)
            return bump(tx, space, now)

        return await self._database.run(work)

    async def get(self, name: str) -> Space:
        """Return a space to anybody. Raises `NotFound`."""
        return await self._database.read(lambda tx: existing(tx, name))

    async def page(self, tenant: Tenant, *, after: str | None = None, limit: int = 100) -> Sequence[Space]:
        """Return up to `limit` (at most 500) spaces that the tenant anchors, by name, after the name `after`."""
        size = max(1, min(limit, 500))
        return await self._database.read(lambda tx: tx.spaces.page(tenant, after=after, limit=size))

    async def renew(self, name: str) -> Space:
        """Give the list a new version although nothing has changed, so that members take it (after a restore). Raises `NotFound`."""
        now = self._clock.now()
        return await self._database.run(lambda tx: bump(tx, existing(tx, name), now))

    async def signed_register(self, name: str) -> str:
        """Return the list of members as a statement signed by the anchor (compact JWS), for anybody. Raises `NotFound`."""
        space = await self.get(name)
        published = await self._current(space)
        if published.signed is None:
            statement = published.statement
            published.signed = await self._signer.sign(space.tenant, REGISTER, statement.body, version=statement.version, lifetime=LIFETIME)
        return published.signed

    def forget(self) -> None:
        """Sign all registers again when they are asked for: a key with which one was signed may not count any more."""
        self._published.clear()

    async def register_of(self, url: str) -> Statement[Register] | None:
        """Return the list of the space at `url` as it is now, or nothing if it is not anchored here."""
        prefix, _, name = url.rpartition("/")
        if prefix != f"{self._root}/spaces":
            return None
        space = await self._database.read(lambda tx: tx.spaces.get(name))
        return None if space is None else (await self._current(space)).statement

    async def _current(self, space: Space) -> _Published:
        now = self._clock.now()
        last = self._published.get(space.name)
        if last is None or not _usable(last.statement, space, now):
            last = _Published(await self._database.read(lambda tx: _compose(tx, space.name, now)))
            self._published[space.name] = last
        return last


def _usable(statement: Statement[Register], space: Space, now: datetime) -> bool:
    fresh = timedelta() <= now - statement.issued < SIGNED_ANEW
    return fresh and (statement.version, statement.issuer) == (space.version, space.anchor)


def _compose(tx: AnchorTx, name: str, now: datetime) -> Statement[Register]:
    # Space, members and rulebook are read in one transaction, so that the version is that of all of them.
    space = existing(tx, name)
    members = tx.members.page(name, status=Status.ACTIVE, after=None, limit=MAX_MEMBERS)
    published = newest(tx, space)
    register = Register(space.url, [_listed(member) for member in members], _issuers(read(published.text)), published.version)
    return Statement(space.anchor, REGISTER, space.version, now, now + LIFETIME, register)


def _listed(member: Member) -> statements.Member:
    return statements.Member(member.did, member.name, list(member.roles), member.since or member.created, member.hosting)


def _issuers(rulebook: Rulebook) -> list[statements.Issuer]:
    types: dict[str, list[str]] = {}
    for name, kind in rulebook.credentials.items():
        for did in dict.fromkeys(issuer.did for issuer in kind.issuers):
            types.setdefault(did, []).append(name)
    return [statements.Issuer(did, names) for did, names in types.items()]


def existing(tx: AnchorTx, name: str) -> Space:
    """Return the space; raises `NotFound`."""
    space = tx.spaces.get(name)
    if space is None:
        raise NotFound(f"There is no space {name[:80]!r} here.", where="space")
    return space


def owned(tx: AnchorTx, tenant: Tenant, name: str) -> Space:
    """Return the space if the tenant anchors it; raises `NotFound`, the same for a space of somebody else."""
    space = existing(tx, name)
    if space.tenant != tenant:
        raise NotFound(f"There is no space {name[:80]!r} here.", where="space")
    return space


def bump(tx: AnchorTx, space: Space, now: datetime) -> Space:
    """Store the space with the next version of its list, and tell of it.

    Versions follow the clock where that is ahead of counting: a restored anchor must not fall behind what its members
    have seen, or they would refuse its list.
    """
    changed = structs.replace(space, version=max(space.version + 1, int(now.timestamp())))
    tx.spaces.put(changed)
    tx.emit(MembersChanged(space.tenant, space.name, space.url, changed.version))
    return changed
