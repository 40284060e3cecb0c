"""The rulebooks of the spaces anchored here: publish a version, say what it would change, and sign what holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from hanse.anchor import checks
from hanse.anchor.joining.foureyes import proposed
from hanse.anchor.ports import AnchorTx, Database, Signer
from hanse.anchor.records import Approval, Member, Proposal, Published, RulebookPublished, Space
from hanse.anchor.rulebook.changes import Changes, changes
from hanse.anchor.rulebook.document import read
from hanse.anchor.rulebook.yamltree import parse
from hanse.anchor.spaces import LIFETIME, SIGNED_ANEW, bump, existing, owned
from hanse.anchor.standing import Status
from hanse.anchor.versions import HANSE, newest, rulebook_of, sha256_of, stored, version
from hanse.identity.rulebook import RULEBOOK, Rulebook
from hanse.identity.statements import Statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Forbidden, NotFound
from hanse.kernel.tenant import Did, Tenant

IN_USE = (Status.ACTIVE, Status.SUSPENDED, Status.PENDING)
"""Who has, or asks for, roles."""

_NAMED = 5  # members that a refusal names
_PAGE = 500


class _Signed(Struct, frozen=True):
    """What was signed last; the space's founding tells two spaces of one name apart, one after the other."""

    version: int
    anchor: Did
    founded: datetime
    made: datetime
    text: str

    def still(self, space: Space, version: int, now: datetime) -> bool:
        same = (self.version, self.anchor, self.founded) == (version, space.anchor, space.created)
        return same and timedelta() <= now - self.made < SIGNED_ANEW


class Rulebooks:
    """The use cases around rulebooks. `root` is where the world reaches this server, as for `Spaces`."""

    def __init__(self, database: Database, clock: Clock, signer: Signer, *, root: str) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._root = root.rstrip("/")
        self._signed: dict[str, _Signed] = {}

    async def publish(self, tenant: Tenant, space: str, text: str, by: Approval, *, begins: bool = True) -> Published | Proposal:
        """Make `text` (YAML) the rulebook of the space, as its next version; `by` is the operator.

        It takes as many operators as the rulebook in force asks for to admit a member, and those whom it names: else one
        person alone could do away with the second. Until the last of them has published the very same text it is a
        proposal; another text takes its place. `begins` tells whether this operator may make one. What holds already is not
        published again. Raises `NotFound`, what `anchor.rulebook.read` raises, `Conflict` if it is another space's, a role
        disappears that somebody has, or the same operator publishes a proposal again, and `Forbidden`.
        """
        rulebook, sha256, now = read(text), sha256_of(text), self._clock.now()

        def work(tx: AnchorTx) -> Published | Proposal:
            found = owned(tx, tenant, space)
            last = stored(tx, found)
            old = read(last.text)
            _check(tx, found, old, rulebook, text)
            if last.text == text:
                return last
            if not begins and (found.proposal is None or found.proposal.sha256 != sha256):
                raise _not_begun()
            proposal = proposed(old.joining, found.proposal, sha256, by, now)
            if len(proposal.approvals) < proposal.needs:
                tx.spaces.put(structs.replace(found, proposal=proposal))
                return proposal
            who = " and ".join(one.name for one in proposal.approvals)
            published = version(found, last.version + 1, text, who, now)
            tx.rulebooks.put(published)
            bump(tx, structs.replace(found, title=rulebook.title, proposal=None), now)
            tx.emit(RulebookPublished(tenant, found.name, found.url, published.version))
            return published

        return await self._database.run(work)

    async def check(self, tenant: Tenant, space: str, text: str) -> Changes:
        """Return what publishing `text` would change. Raises what `publish` would raise."""
        rulebook = read(text)

        def work(tx: AnchorTx) -> Changes:
            found = owned(tx, tenant, space)
            old = rulebook_of(tx, found)
            _check(tx, found, old, rulebook, text)
            return changes(old, rulebook)

        return await self._database.read(work)

    async def proposal(self, tenant: Tenant, space: str) -> Proposal | None:
        """Return the rulebook that waits for another operator, or nothing. Raises `NotFound`."""
        return await self._database.read(lambda tx: owned(tx, tenant, space).proposal)

    async def current(self, space: str) -> Rulebook:
        """Return the rulebook that holds now, to anybody. Raises `NotFound`."""
        return await self._database.read(lambda tx: rulebook_of(tx, existing(tx, space)))

    async def published(self, space: str, number: int | None = None) -> Published:
        """Return one version, or the one that holds now, to anybody. Raises `NotFound`."""

        def work(tx: AnchorTx) -> Published:
            found = existing(tx, space)
            last = newest(tx, found)
            wanted = last if number in {None, last.version} else tx.rulebooks.get(found.name, number or 0)
            if wanted is None:
                raise NotFound(f"The rulebook of this space has no version {number}.", where="version")
            return wanted

        return await self._database.read(work)

    async def page(self, tenant: Tenant, space: str, *, before: int | None = None, limit: int = 100) -> Sequence[Published]:
        """Return up to `limit` (at most 500) versions, the newest first, those before the version `before`. Raises `NotFound`."""
        size = max(1, min(limit, 500))

        def work(tx: AnchorTx) -> Sequence[Published]:
            found = owned(tx, tenant, space)
            known = tx.rulebooks.page(found.name, before=before, limit=size)
            return known or ([newest(tx, found)] if before is None else [])

        return await self._database.read(work)

    async def signed(self, space: str) -> str:
        """Return the rulebook as a statement signed by the anchor (compact JWS of the kind `RULEBOOK`), for anybody. Raises `NotFound`."""
        now = self._clock.now()
        found, last = await self._holding(space)
        kept = self._signed  # what is signed while keys change goes down with those kept before
        known = kept.get(space)
        if known is None or not known.still(found, last.version, now):
            text = await self._signer.sign(found.tenant, RULEBOOK, read(last.text), version=last.version, lifetime=LIFETIME)
            known = kept[space] = _Signed(last.version, found.anchor, found.created, now, text)
        return known.text

    def forget(self) -> None:
        """Sign all rulebooks again when they are asked for: a key with which one was signed may not count any more."""
        self._signed = {}

    async def rulebook_of(self, url: str) -> Statement[Rulebook] | None:
        """Return the rulebook of the space at `url` as it is now, or nothing if it is not anchored here."""
        prefix, _, name = url.rpartition("/")
        if prefix != f"{self._root}/spaces":
            return None
        try:
            space, last = await self._holding(name)
        except NotFound:
            return None
        now = self._clock.now()
        return Statement(space.anchor, RULEBOOK, last.version, now, now + LIFETIME, read(last.text))

    async def _holding(self, name: str) -> tuple[Space, Published]:
        def look(tx: AnchorTx) -> tuple[Space, Published | None]:
            space = existing(tx, name)
            return space, tx.rulebooks.newest(space.name)

        space, last = await self._database.read(look)
        if last is None:
            last = await self._database.run(lambda tx: stored(tx, existing(tx, name)))
        return space, last


def _not_begun() -> Forbidden:
    return Forbidden(
        "Nobody has proposed this rulebook.",
        rule="role",
        hint="An administrator publishes it first; then you may publish the very same text.",
    )


def renew(tx: AnchorTx, space: Space, now: datetime) -> Published:
    """Publish what holds as a new version, for after a restore: members refuse one that is older than what they have seen.

    What was published since the backup is not known any more, so this version follows the clock; after it they count on.
    """
    last = stored(tx, space)
    published = version(space, max(last.version + 1, int(now.timestamp())), last.text, HANSE, now)
    tx.rulebooks.put(published)
    bump(tx, space, now)
    tx.emit(RulebookPublished(space.tenant, space.name, space.url, published.version))
    return published


def _check(tx: AnchorTx, space: Space, old: Rulebook, new: Rulebook, text: str) -> None:
    other = tx.spaces.get(new.space.rpartition("/")[2])
    if other is not None and other.name != space.name and (other.tenant, other.url) == (space.tenant, new.space):
        raise Conflict(f"This file is of {other.name}: --space {other.name}.", where="space", rule="another")
    for name, own in (("space", space.url), ("anchor", space.anchor)):
        if getattr(new, name) != own:
            line = parse(text).at((name,))
            message = f"Line {line.line if line else 1}: This is the rulebook of another {name}."
            raise Conflict(message, where=name, rule="another", hint=f"Write `{name}: {own}`.")
    checks.line(new.title, "title")
    gone = set(old.roles) - set(new.roles)
    if gone:
        _check_unused(tx, space, gone)


def _check_unused(tx: AnchorTx, space: Space, roles: set[str]) -> None:
    having = [member for member in _everybody(tx, space) if roles.intersection(member.roles)]
    if not having:
        return
    used = sorted({role for member in having for role in member.roles if role in roles})
    named = ", ".join(f"{member.name} ({member.did})" for member in having[:_NAMED])
    more = f" and {len(having) - _NAMED} more" if len(having) > _NAMED else ""
    raise Conflict(
        f"The roles {', '.join(used)} are in use, by {named}{more}.",
        where=f"roles.{used[0]}",
        rule="role-in-use",
        hint="Give these members other roles first, or keep the role.",
    )


def _everybody(tx: AnchorTx, space: Space) -> Iterator[Member]:
    for status in IN_USE:
        after = None
        while page := tx.members.page(space.name, status=status, after=after, limit=_PAGE):
            yield from page
            after = page[-1].did
