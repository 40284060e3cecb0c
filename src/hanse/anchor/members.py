"""Members of the spaces anchored here: invite, apply, decide, suspend, remove, reinstate."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from hanse.anchor import checks
from hanse.anchor.ports import AnchorTx, Database
from hanse.anchor.records import Applicant, Applied, Invitation, Invited, Member, Space
from hanse.anchor.spaces import bump, existing, owned
from hanse.anchor.standing import Act, Status, advance
from hanse.identity.statements import MAX_MEMBERS
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant

PENDING_LIMIT = 1_000
"""Applications that wait in one space: anybody may apply, so somebody will do it ten thousand times."""

INVITATION_LIMIT = timedelta(days=90)

_CODE = re.compile(r"(inv_[0-9a-z]{1,40})_[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """Return 32 random bytes as 43 characters of base64url."""
    return secrets.token_urlsafe(32)


class Members:
    """The use cases around members. `tenant` is the anchor, from its operator's token; another's space is not found."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, secret: Callable[[], str] = new_secret) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._secret = secret

    async def invite(
        self,
        tenant: Tenant,
        space: str,
        *,
        roles: tuple[str, ...] = ("provider", "consumer"),
        did: Did | None = None,
        valid: timedelta = timedelta(days=7),
    ) -> Invited:
        """Make an invitation that works once, for `did` or (absent) whoever holds its code. Raises `NotFound`, `Invalid`."""
        if not timedelta() < valid <= INVITATION_LIMIT:
            raise Invalid(
                "An invitation cannot be valid that long.", where="valid", rule="range", hint=f"Use up to {INVITATION_LIMIT.days} days."
            )
        now, code = self._clock.now(), f"{self._ids.new('inv')}_{self._secret()}"
        invitation = Invitation(
            id=code[:-44],
            space=space,
            tenant=tenant,
            code_hash=_digest(code),
            roles=checks.member_roles(roles),
            did=None if did is None else Did(checks.line(did, "did", 512)),
            created=now,
            expires=now + valid,
        )

        def work(tx: AnchorTx) -> Invited:
            owned(tx, tenant, space)
            tx.invitations.put(invitation)
            return Invited(structs.replace(invitation, code_hash=""), code)

        return await self._database.run(work)

    async def invitations(self, tenant: Tenant, space: str, *, after: str | None = None, limit: int = 100) -> Sequence[Invitation]:
        """Return up to `limit` (at most 500) invitations, used ones too, without their hashes. Raises `NotFound`."""
        size = max(1, min(limit, 500))

        def work(tx: AnchorTx) -> Sequence[Invitation]:
            return tx.invitations.page(owned(tx, tenant, space).name, after=after, limit=size)

        return [structs.replace(invitation, code_hash="") for invitation in await self._database.read(work)]

    async def withdraw(self, tenant: Tenant, space: str, invitation_id: str) -> None:
        """Make an invitation void. Raises `NotFound`."""

        def work(tx: AnchorTx) -> None:
            name = owned(tx, tenant, space).name
            invitation = tx.invitations.get(invitation_id)
            if invitation is None or invitation.space != name:
                raise NotFound(f"There is no invitation {invitation_id[:80]!r} to this space.", where="invitation")
            tx.invitations.delete(invitation_id)

        await self._database.run(work)

    async def apply(
        self,
        space: str,
        applicant: Applicant,
        name: str,
        *,
        roles: tuple[str, ...] = ("provider", "consumer"),
        invitation: str | None = None,
    ) -> Member:
        """Ask to become a member: `active` at once with an invitation (and its roles), else `pending` until a person decides.

        Asking again changes nothing and gets the same answer. The applicant's token is used up even if this fails.
        Raises `NotFound`, `Invalid`, `Unauthenticated` (the token was used before), `Forbidden` (the invitation is not
        good), `Conflict` (suspended, removed, full), `TooMany` (too many applications wait).
        """
        now = self._clock.now()

        def work(tx: AnchorTx) -> Member | CallerError:
            found = existing(tx, space)
            if not tx.replays.consume(found.tenant, applicant.did, applicant.jti, applicant.expires):
                raise Unauthenticated("This token was used before.", where="Authorization", rule="replayed", hint="Sign a fresh one.")
            try:
                asked = Member(
                    space=found.name,
                    tenant=found.tenant,
                    did=applicant.did,
                    name=checks.line(name, "name"),
                    roles=checks.member_roles(roles),
                    status=Status.PENDING,
                    created=now,
                    updated=now,
                )
                return _ask(tx, found, asked) if invitation is None else _enter(tx, found, asked, invitation)
            except CallerError as refusal:
                # Returned, not raised: the use of the token has to commit. Nothing else was written before a refusal.
                return refusal

        outcome = await self._database.run(work)
        if isinstance(outcome, CallerError):
            raise outcome
        return outcome

    async def standing(self, space: str, did: Did) -> Member:
        """Return where `did`, who asks for itself, stands in a space. Raises `NotFound`."""
        return await self._database.read(lambda tx: _known(tx, existing(tx, space), did))

    async def page(
        self, tenant: Tenant, space: str, *, status: Status | None = None, after: Did | None = None, limit: int = 100
    ) -> Sequence[Member]:
        """Return up to `limit` (at most 500) members and applicants by DID, after the DID `after`. Raises `NotFound`."""
        size = max(1, min(limit, 500))
        return await self._database.read(lambda tx: tx.members.page(owned(tx, tenant, space).name, status=status, after=after, limit=size))

    async def approve(self, tenant: Tenant, space: str, did: Did, *, roles: tuple[str, ...] | None = None, reason: str = "") -> Member:
        """Admit an applicant, with the roles it asked for or with `roles`. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.APPROVE, reason, None if roles is None else checks.member_roles(roles))

    async def refuse(self, tenant: Tenant, space: str, did: Did, reason: str) -> Member:
        """Refuse an application; it may be made again. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.REFUSE, reason)

    async def suspend(self, tenant: Tenant, space: str, did: Did, reason: str) -> Member:
        """Take a member off the list until it is reinstated. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.SUSPEND, reason)

    async def reinstate(self, tenant: Tenant, space: str, did: Did, reason: str = "") -> Member:
        """Undo `suspend`. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.REINSTATE, reason)

    async def remove(self, tenant: Tenant, space: str, did: Did, reason: str) -> Member:
        """Take a member off the list for good; only a new application brings it back. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.REMOVE, reason)

    async def _decide(self, tenant: Tenant, space: str, did: Did, act: Act, reason: str, roles: tuple[str, ...] | None = None) -> Member:
        text, now = checks.line(reason, "reason", 500, empty=True), self._clock.now()

        def work(tx: AnchorTx) -> Member:
            found = owned(tx, tenant, space)
            member = _known(tx, found, did)
            after = advance(member.status, act)
            if did == found.anchor:
                raise Conflict("The anchor itself is always a member of its space.", where="did", rule="anchor")
            changed = structs.replace(member, roles=roles or member.roles, reason=text, updated=now)
            return _settle(tx, found, member.status, changed, after, now)

        return await self._database.run(work)


def _ask(tx: AnchorTx, space: Space, asked: Member) -> Member:
    known = tx.members.get(space.name, asked.did)
    before = known.status if known else None
    after = advance(before, Act.APPLY)
    if known is not None and after is before:
        return known
    if tx.members.count(space.name, Status.PENDING) >= PENDING_LIMIT:
        raise TooMany("Too many applications to this space wait for an answer.", retry_after=3600, hint="Ask its anchor for an invitation.")
    tx.members.put(asked)
    tx.emit(Applied(space.tenant, space.name, asked.did))
    return asked


def _enter(tx: AnchorTx, space: Space, asked: Member, code: str) -> Member:
    known = tx.members.get(space.name, asked.did)
    before = known.status if known else None
    after = advance(before, Act.ENTER)
    if known is not None and after is before:
        return known
    invitation = _good(tx, space, asked.did, code, asked.created)
    entering = structs.replace(asked, roles=invitation.roles)
    member = _settle(tx, space, before, entering, after, asked.created)
    tx.invitations.put(structs.replace(invitation, used=asked.created, used_by=asked.did))
    return member


def _good(tx: AnchorTx, space: Space, did: Did, code: str, now: datetime) -> Invitation:
    match = _CODE.fullmatch(code)
    invitation = tx.invitations.get(match[1]) if match else None
    if invitation is None or not hmac.compare_digest(invitation.code_hash.encode(), _digest(code).encode()):
        raise _not_good()
    elsewhere = invitation.space != space.name or invitation.did not in {None, did}
    if elsewhere or invitation.used is not None or invitation.expires <= now:
        raise _not_good()
    return invitation


def _not_good() -> Forbidden:
    # One answer for unknown, used, expired and somebody else's: a guesser learns nothing.
    return Forbidden(
        "This invitation is not valid (any more).",
        where="invitation",
        rule="invitation",
        hint="Each works once, until it expires. Ask the anchor for a new one, or apply without.",
    )


def _known(tx: AnchorTx, space: Space, did: Did) -> Member:
    member = tx.members.get(space.name, did)
    if member is None:
        raise NotFound(f"{did[:200]!r} is neither a member nor an applicant of this space.", where="did")
    return member


def _settle(tx: AnchorTx, space: Space, before: Status | None, member: Member, after: Status, now: datetime) -> Member:
    """Store the member with its new status; the list gets a new version if it is another list now."""
    joins = after is Status.ACTIVE
    if joins and tx.members.count(space.name, Status.ACTIVE) >= MAX_MEMBERS:
        raise Conflict(f"The space has {MAX_MEMBERS} members, and no more fit.", where="space", rule="full")
    since = member.since if before is Status.SUSPENDED or not joins else now
    settled = structs.replace(member, status=after, since=since)
    tx.members.put(settled)
    if Status.ACTIVE in {before, after}:
        bump(tx, space, now)
    return settled


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
