"""The anchor as an issuer of credentials (DCP 1.0, 6.4 to 6.8): who may have which, and how they reach their holders.

A request is stored first. What is to be issued gets its places in the status lists in the same transaction, is signed
outside of any, and a second transaction stores what was issued together with the letter that delivers it: nobody gets a
credential that could not be taken back. A crash in between wastes the places, and `issue_due` answers the request later.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar

from msgspec import Struct

from hanse.anchor import checks
from hanse.anchor.issuing.entitlement import granted, kinds, object_id, objects, preferred, read_object_id
from hanse.anchor.issuing.mint import Mint, Plan, offer
from hanse.anchor.issuing.schemas import SchemaPages
from hanse.anchor.issuing.status import mark_one
from hanse.anchor.ports import AnchorTx, CredentialSigner, Database, Letters, RulebookOf
from hanse.anchor.records import Admitted, Issuance, IssuanceState, Issued, Member, Space
from hanse.anchor.spaces import existing, owned
from hanse.anchor.standing import Status
from hanse.identity.dcp import messages as m
from hanse.identity.self_issued import Caller
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, Forbidden, HanseError, Invalid, NotFound, TooMany, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")
log = logging.getLogger("hanse.issuing")

WAITING_LIMIT: Final = 16
"""Requests of one applicant that wait until it is admitted."""
EVERY: Final = timedelta(minutes=1)
"""How often `issue_due` looks."""

_BATCH: Final = 100


class IssuerRules(Struct, frozen=True):
    """How an issuer takes requests. The default is the standard; anything else is for the compatibility kits of others, injected by tests.

    With `repeat_holder_pid` a holder's second request of a name is a repeat of the first, and is answered once; without,
    each is a request of its own.
    """

    repeat_holder_pid: bool = True
    per_hour: int = 100


class Issuing:
    """The issuer services of all participants that anchor a space. `tenant` is the anchor: from the address, or its operator's token.

    `schemas` are the pages that its credentials point to.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        signer: CredentialSigner,
        letters: Letters,
        rulebook_of: RulebookOf,
        rules: IssuerRules = IssuerRules(),  # noqa: B008 - frozen
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._letters = letters
        self._rulebook_of = rulebook_of
        self._rules = rules
        self._mint = Mint(database, clock, ids, signer, letters, rulebook_of)
        self.schemas = SchemaPages(database)
        self._busy: set[str] = set()
        self._next: datetime | None = None

    # For everybody.

    async def metadata(self, tenant: Tenant) -> m.IssuerMetadata:
        """Return what the participant issues (6.7): each type in each profile, for each of its spaces. Raises `NotFound` for nothing."""

        def work(tx: AnchorTx) -> m.IssuerMetadata:
            spaces = _spaces(tx, tenant)
            known = [entry for space in spaces for entry in objects(space, kinds(self._rulebook_of(tx, space)))]
            return m.IssuerMetadata(issuer=spaces[0].anchor, credentials_supported=known[: m.MAX_OBJECTS])

        return await self._database.read(work)

    # For holders.

    async def request(self, tenant: Tenant, caller: Caller, message: m.CredentialRequestMessage) -> Issuance:
        """Take a request (6.4), and answer it by a letter if it is decided about the caller: all of it, or nothing.

        The token is used up even if this fails. Raises `NotFound` (the participant issues nothing), `Unauthenticated` (the
        token was used before), `Invalid` (an id that is not in the metadata), `Forbidden` (neither a member nor an
        applicant), `Conflict` (the holder's pid names another request), `TooMany`.
        """
        now, id = self._clock.now(), self._ids.new("iss")
        with self._working(id):
            outcome = await self._database.run(_once(tenant, caller, lambda tx: self._receive(tx, tenant, caller, message, id, now)))
            return await self._complete(*outcome)

    async def status(self, tenant: Tenant, caller: Caller, id: str) -> m.CredentialStatus:
        """Return how far a request of the caller's is (6.8). The token is used up. Raises `Unauthenticated`, `NotFound`."""

        def work(tx: AnchorTx) -> Issuance:
            found = tx.issuances.get(id)
            if found is None or (found.tenant, found.holder) != (tenant, caller.did):
                raise NotFound("There is no such request of yours here.", where="id")
            return found

        found = await self._database.run(_once(tenant, caller, work))
        return m.CredentialStatus(issuer_pid=found.id, holder_pid=found.holder_pid, status=found.state.value)

    # For the anchor itself.

    async def issue_now(self, tenant: Tenant, space: str, did: Did) -> list[str]:
        """Issue all that a member is entitled to and return it as JWT, without any message: its wallet is at hand.

        Raises `NotFound`, and `Conflict` for who is no member.
        """
        return await self._mint.all_for(tenant, space, did)

    async def on_admitted(self, event: Admitted) -> None:
        """Answer what a member has asked for already; if that is nothing, tell it what it may ask for and does not have (6.6)."""
        if not await self.answer_waiting(event.space, event.did):
            now = self._clock.now()
            await self._database.run(lambda tx: self._offer(tx, event, now))

    async def offer_missing(self, tenant: Tenant) -> int:
        """Offer their credentials to members who never got any: admitted by an older program, or just before a crash.

        Returns how many there were, in all spaces of the anchor.
        """
        spaces = await self._database.read(lambda tx: tx.spaces.page(tenant, after=None, limit=_BATCH))
        offered = 0
        for space in spaces:
            after: Did | None = None
            while batch := await self._database.read(lambda tx, s=space, a=after: tx.members.unprovided(s.name, after=a, limit=_BATCH)):  # type: ignore[misc]
                for member in batch:
                    await self.on_admitted(Admitted(tenant, space.name, member.did))
                offered, after = offered + len(batch), batch[-1].did
        return offered

    async def answer_waiting(self, space: str, did: Did) -> int:
        """Answer the requests of a holder about whom it was decided, either way; return how many there were."""
        waiting = await self._database.read(lambda tx: tx.issuances.waiting(space, did, limit=_BATCH))
        for issuance in waiting:
            await self._answer(issuance)
        return len(waiting)

    async def issue_due(self) -> None:
        """Answer all requests that wait although nothing has to be waited for: after a crash or a fault. A chore, now and then."""
        now, after = self._clock.now(), ""
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        while batch := await self._database.read(lambda tx, after=after: tx.issuances.answerable(after=after, limit=_BATCH)):  # type: ignore[misc]
            for issuance in batch:
                await self._answer(issuance)
            after = batch[-1].id

    # For the anchor's operators.

    async def page(
        self, tenant: Tenant, space: str, *, holder: Did | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[Issued]:
        """Return up to `limit` (at most 500) records by id, after the id `after`, of one holder or (absent) of all. Raises `NotFound`."""
        size = max(1, min(limit, 500))
        return await self._database.read(lambda tx: tx.issued.page(owned(tx, tenant, space).name, holder=holder, after=after, limit=size))

    async def get(self, tenant: Tenant, space: str, id: str) -> Issued:
        """Return an issued credential's record. Raises `NotFound`."""
        return await self._database.read(lambda tx: _issued(tx, owned(tx, tenant, space), id))

    async def requests(self, tenant: Tenant, holder: Did, *, limit: int = 20) -> Sequence[Issuance]:
        """Return up to `limit` (at most 100) requests of a holder at this anchor, the newest first: what became of them, and why."""
        size = max(1, min(limit, 100))
        return await self._database.read(lambda tx: tx.issuances.newest(tenant, holder, limit=size))

    async def issuance(self, tenant: Tenant, id: str) -> Issuance:
        """Return a holder's request at this anchor by its id. Raises `NotFound`."""
        found = await self._database.read(lambda tx: tx.issuances.get(id))
        if found is None or found.tenant != tenant:
            raise NotFound(f"There is no request {id[:80]!r} at this anchor.", where="id")
        return found

    async def revoke(self, tenant: Tenant, space: str, id: str, reason: str, by: str) -> Issued:
        """Take one credential back for good; `by` is the operator. Once more changes nothing. Raises `NotFound`, `Invalid`."""
        text, name = checks.line(reason, "reason", 500, empty=True), checks.line(by, "by")

        def work(tx: AnchorTx) -> Issued:
            found = owned(tx, tenant, space)
            return mark_one(tx, found, _issued(tx, found, id), "revoked", text, name, self._clock.now())

        return await self._database.run(work)

    def _receive(
        self, tx: AnchorTx, tenant: Tenant, caller: Caller, message: m.CredentialRequestMessage, id: str, now: datetime
    ) -> tuple[Issuance, Plan | None]:
        wanted = tuple(dict.fromkeys(entry.id for entry in message.credentials))
        space = self._space_of(tx, tenant, wanted)
        member = _welcome(tx, space, caller.did)
        earlier = tx.issuances.by_holder_pid(tenant, caller.did, message.holder_pid) if self._rules.repeat_holder_pid else None
        if earlier is not None:
            return _same(earlier, wanted), None
        self._bound(tx, space, member, now)
        issuance = Issuance(
            id=id,
            tenant=tenant,
            space=space.name,
            holder=caller.did,
            holder_pid=message.holder_pid,
            wanted=wanted,
            state=IssuanceState.RECEIVED,
            token=caller.token,
            created=now,
            updated=now,
        )
        return self._mint.answer(tx, space, member, issuance, now)

    def _space_of(self, tx: AnchorTx, tenant: Tenant, wanted: Sequence[str]) -> Space:
        """Return the space whose kinds of credentials are wanted; all of them are in its metadata."""
        own = {space.name for space in _spaces(tx, tenant)}
        read = [read_object_id(id) for id in wanted]
        names = {found[0] for found in read if found is not None}
        if None in read or not names <= own:
            raise _unknown()
        if len(names) > 1:
            raise Invalid("These credentials are of several spaces.", where="credentials", hint="Ask for those of one space at a time.")
        space = existing(tx, names.pop())
        known = {object_id(space.url, kind) for kind in kinds(self._rulebook_of(tx, space))}
        if not known.issuperset(wanted):
            raise _unknown()
        return space

    def _bound(self, tx: AnchorTx, space: Space, member: Member, now: datetime) -> None:
        if tx.issuances.count_since(space.tenant, member.did, now - timedelta(hours=1)) >= self._rules.per_hour:
            raise TooMany("Too many requests for credentials within an hour.", retry_after=600, hint="Ask for all of them in one request.")
        if member.status is Status.PENDING and len(tx.issuances.waiting(space.name, member.did, limit=WAITING_LIMIT)) >= WAITING_LIMIT:
            raise TooMany("Too many requests wait until their holder is admitted.", retry_after=3600)

    def _offer(self, tx: AnchorTx, event: Admitted, now: datetime) -> None:
        space = existing(tx, event.space)
        member = tx.members.get(space.name, event.did)
        if member is None or member.status is not Status.ACTIVE:
            return
        rulebook = self._rulebook_of(tx, space)
        entitled = Counter(grant.type for grant in granted(space, rulebook, member))
        held = Counter(one.type for one in tx.issued.live(space.name, member.did, now) if not one.status)
        wanted = preferred(rulebook, entitled - held)
        if wanted:
            offer(tx, self._letters, space, member.did, wanted, "issue")

    async def _answer(self, issuance: Issuance) -> None:
        if issuance.id in self._busy:
            return
        now = self._clock.now()
        with self._working(issuance.id):
            await self._complete(*await self._database.run(lambda tx: self._mint.resume(tx, issuance, now)))

    async def _complete(self, issuance: Issuance, plan: Plan | None) -> Issuance:
        if plan is None:
            return issuance
        try:
            return await self._mint.complete(plan)
        except HanseError as fault:
            # The request is stored, and that is what its sender is told: `issue_due` answers it.
            log.warning("The request %s waits: %s", issuance.id, fault.message)
            return issuance

    @contextmanager
    def _working(self, id: str) -> Iterator[None]:
        """Keep this process from answering a request twice at once. That another does is found out when it is stored."""
        self._busy.add(id)
        try:
            yield
        finally:
            self._busy.discard(id)


def _once(tenant: Tenant, caller: Caller, work: Callable[[AnchorTx], T]) -> Callable[[AnchorTx], T]:
    """Let the caller's token cause `work` once. It stays used up if that is refused."""

    def use(tx: AnchorTx) -> None:
        if not tx.replays.consume(tenant, caller.did, caller.jti, caller.expires):
            raise Unauthenticated("This token was used before.", where="jti", rule="replay", hint="Make a fresh token for every call.")

    def guarded(tx: AnchorTx) -> T:
        use(tx)
        try:
            return work(tx)
        except CallerError as error:
            error.keep = use
            raise

    return guarded


def _spaces(tx: AnchorTx, tenant: Tenant) -> Sequence[Space]:
    spaces = tx.spaces.page(tenant, after=None, limit=_BATCH)
    if not spaces:
        raise NotFound("This participant issues no credentials.", where="issuer")
    return spaces


def _welcome(tx: AnchorTx, space: Space, did: Did) -> Member:
    member = tx.members.get(space.name, did)
    if member is None or member.status not in {Status.PENDING, Status.ACTIVE}:
        standing = "neither a member nor an applicant" if member is None else member.status.value
        raise Forbidden(
            f"You are {standing} in this space: it issues nothing to you.",
            where="iss",
            rule="standing",
            hint=f"Apply at {space.url}, or ask its anchor.",
        )
    return member


def _same(earlier: Issuance, wanted: tuple[str, ...]) -> Issuance:
    if earlier.wanted != wanted:
        raise Conflict("This holderPid names a request for other credentials.", where="holderPid", rule="taken", hint="Use a new one.")
    return earlier


def _issued(tx: AnchorTx, space: Space, id: str) -> Issued:
    found = tx.issued.get(id)
    if found is None or found.space != space.name:
        raise NotFound(f"There is no credential {id[:80]!r} of this space.", where="id")
    return found


def _unknown() -> Invalid:
    return Invalid("This issuer does not make such a credential.", where="credentials", rule="credential-id", hint="See its metadata.")
