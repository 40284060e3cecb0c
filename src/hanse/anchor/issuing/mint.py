"""How credentials come into being: planned in one transaction, signed outside of any, stored and posted in a second."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from hanse.anchor.issuing.entitlement import Grant, Kind, Minted, granted, minted, objects, preferred, read_object_id, why_not
from hanse.anchor.issuing.status import allocate
from hanse.anchor.ports import AnchorTx, CredentialSigner, Database, Letters, RulebookOf
from hanse.anchor.records import Issuance, IssuanceState, Member, Space
from hanse.anchor.spaces import existing, owned
from hanse.anchor.standing import Status
from hanse.identity.dcp import messages as m
from hanse.identity.rulebook import Rulebook
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant

log = logging.getLogger("hanse.issuing")

DELIVERY: Final = "delivery"
OFFER: Final = "offer"
"""The kinds of the anchor's letters."""
LIVE_LIMIT: Final = 500
"""Credentials of one holder in one space that have not ended. Each has to be taken back when the holder is expelled."""

_ATTEMPTS: Final = 3  # of a member that changes while its credentials are being signed
_UNMADE: Final = "The credentials cannot be made of what the rulebook has them say. Ask the anchor."

Signed = Sequence[tuple[str, str]]
"""Credentials as JWT, each with the name of its key."""


class Plan(Struct, frozen=True):
    """What is to be signed, for whom, and for which request (of which there is none if nobody has asked)."""

    space: Space
    member: Member
    minted: Sequence[Minted]
    issuance: Issuance | None = None


class Mint:
    """Makes credentials. What a member is entitled to is looked at when they are planned, and again when they are stored."""

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, signer: CredentialSigner, letters: Letters, rulebook_of: RulebookOf
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._signer = signer
        self._letters = letters
        self._rulebook_of = rulebook_of

    def answer(self, tx: AnchorTx, space: Space, member: Member, issuance: Issuance, now: datetime) -> tuple[Issuance, Plan | None]:
        """Begin to answer a request: it waits if it is not decided about its holder, is rejected as a whole, or gets a plan."""
        if member.status is Status.PENDING:
            tx.issuances.put(issuance)
            return issuance, None
        if member.status is not Status.ACTIVE:
            return self._reject(tx, issuance, f"Its holder is no member of the space: {member.status.value}.", now), None
        rulebook = self._rulebook_of(tx, space)
        wanted = [found[1] for found in map(read_object_id, issuance.wanted) if found is not None]
        grants = granted(space, rulebook, member)
        refused = next((kind for kind in wanted if not _entitled(kind, rulebook, grants)), None)
        if refused is not None:
            return self._reject(tx, issuance, why_not(rulebook, member, refused), now), None
        if len(tx.issued.live(space.name, member.did, now)) >= LIVE_LIMIT:
            return self._reject(tx, issuance, f"Its holder has {LIVE_LIMIT} credentials that have not ended.", now), None
        tx.issuances.put(issuance)
        chosen = [(grant, kind) for kind in wanted for grant in grants if grant.type == kind.type]
        return issuance, Plan(space, member, self._minted(tx, space, rulebook, chosen, issuance.id, now), issuance)

    def resume(self, tx: AnchorTx, issuance: Issuance, now: datetime) -> tuple[Issuance, Plan | None]:
        """Begin again to answer a request that waits. Raises `NotFound` if it is gone."""
        space, member, current = _reread(tx, issuance)
        if current.state is not IssuanceState.RECEIVED:
            return current, None
        return self.answer(tx, space, member, current, now)

    async def complete(self, plan: Plan) -> Issuance:
        """Sign, and deliver to the holder if it is still the member that it was when this was planned."""
        issuance = _of(plan)
        for _ in range(_ATTEMPTS):
            try:
                signed = await self._sign(plan)
            except CallerError as refusal:
                log.warning("Credentials of the space %s cannot be made: %s", plan.space.name, refusal.message)
                return await self._give_up(issuance)
            issuance, again = await self._settle(plan, signed)
            if again is None:
                return issuance
            plan = again
        return issuance

    async def all_for(self, tenant: Tenant, space: str, did: Did) -> list[str]:
        """Issue all that a member is entitled to, as JWT, without any message. Raises `NotFound`, `Conflict`."""
        for _ in range(_ATTEMPTS):
            now = self._clock.now()
            plan = await self._database.run(lambda tx, now=now: self._everything(tx, owned(tx, tenant, space), did, now))  # type: ignore[misc]
            signed = await self._sign(plan)
            if await self._database.run(lambda tx, plan=plan, signed=signed: _store(tx, plan, signed)):  # type: ignore[misc]
                return [text for text, _ in signed]
        raise Conflict("The member has changed while its credentials were being signed.", where="did", hint="Try again.")

    def _everything(self, tx: AnchorTx, space: Space, did: Did, now: datetime) -> Plan:
        member = tx.members.get(space.name, did)
        if member is None or member.status is not Status.ACTIVE:
            raise Conflict("Only a member of the space gets credentials.", where="did", rule="standing")
        rulebook = self._rulebook_of(tx, space)
        chosen = [(grant, preferred(rulebook, [grant.type])[0]) for grant in granted(space, rulebook, member)]
        return Plan(space, member, self._minted(tx, space, rulebook, chosen, "", now))

    def _minted(
        self, tx: AnchorTx, space: Space, rulebook: Rulebook, chosen: Sequence[tuple[Grant, Kind]], issuance: str, now: datetime
    ) -> list[Minted]:
        places = allocate(tx, space, len(chosen))
        return [
            minted(space, rulebook, grant, kind.profile, place, id=self._ids.new("vc"), issuance=issuance, now=now)
            for (grant, kind), place in zip(chosen, places, strict=True)
        ]

    async def _sign(self, plan: Plan) -> Signed:
        return [await self._signer.issue(plan.space.tenant, one.draft) for one in plan.minted]

    async def _settle(self, plan: Plan, signed: Signed) -> tuple[Issuance, Plan | None]:
        now = self._clock.now()

        def work(tx: AnchorTx) -> tuple[Issuance, Plan | None]:
            space, member, issuance = _reread(tx, _of(plan))
            if issuance.state is not IssuanceState.RECEIVED:
                return issuance, None  # another server process was faster
            if not _store(tx, plan, signed):
                return self.answer(tx, space, member, issuance, now)
            records = [one.record for one in plan.minted]
            done = structs.replace(issuance, state=IssuanceState.ISSUED, issued=tuple(record.id for record in records), updated=now)
            containers = [
                m.CredentialContainer(credential_type=record.type, payload=text, format=record.profile)
                for record, (text, _) in zip(records, signed, strict=True)
            ]
            message = m.CredentialMessage(issuer_pid=done.id, holder_pid=done.holder_pid, status="ISSUED", credentials=containers)
            return self._deliver(tx, done, message), None

        return await self._database.run(work)

    async def _give_up(self, issuance: Issuance) -> Issuance:
        now = self._clock.now()

        def work(tx: AnchorTx) -> Issuance:
            _, _, current = _reread(tx, issuance)
            return self._reject(tx, current, _UNMADE, now) if current.state is IssuanceState.RECEIVED else current

        return await self._database.run(work)

    def _reject(self, tx: AnchorTx, issuance: Issuance, reason: str, now: datetime) -> Issuance:
        rejected = structs.replace(issuance, state=IssuanceState.REJECTED, reason=reason, updated=now)
        message = m.CredentialMessage(issuer_pid=issuance.id, holder_pid=issuance.holder_pid, status="REJECTED", rejection_reason=reason)
        return self._deliver(tx, rejected, message)

    def _deliver(self, tx: AnchorTx, issuance: Issuance, message: m.CredentialMessage) -> Issuance:
        """Post the answer, the request's token with it (6.1), and store that it was given; the token is not needed any more then."""
        done = structs.replace(issuance, token=None)
        tx.issuances.put(done)
        self._letters.queue(
            tx,
            tenant=issuance.tenant,
            to=issuance.holder,
            service="CredentialService",
            path="/credentials",
            body=m.write(message),
            kind=DELIVERY,
            about=issuance.id,
            token=issuance.token,
        )
        return done


def offer(tx: AnchorTx, letters: Letters, space: Space, to: Did, wanted: Iterable[Kind], reason: str) -> str:
    """Post an offer of these kinds with all that is to be known of them (6.6); return the letter's id."""
    message = m.CredentialOfferMessage(issuer=space.anchor, credentials=objects(space, wanted, reason))
    return letters.queue(
        tx,
        tenant=space.tenant,
        to=to,
        service="CredentialService",
        path="/offers",
        body=m.write(message),
        kind=OFFER,
        about=space.name,
        token=None,
    )


def _entitled(kind: Kind, rulebook: Rulebook, grants: Sequence[Grant]) -> bool:
    known = rulebook.credentials.get(kind.type)
    return known is not None and kind.profile in known.profiles and any(grant.type == kind.type for grant in grants)


def _store(tx: AnchorTx, plan: Plan, signed: Signed) -> bool:
    """Store what was issued, unless the member is not any more what it was: suspended, or with other roles."""
    space = existing(tx, plan.space.name)
    if tx.members.get(space.name, plan.member.did) != plan.member:
        return False
    for one, (_, kid) in zip(plan.minted, signed, strict=True):
        tx.issued.put(structs.replace(one.record, kid=kid))
    return True


def _reread(tx: AnchorTx, issuance: Issuance) -> tuple[Space, Member, Issuance]:
    # In this order everywhere: the space first, so that whoever decides about a member waits, or is waited for.
    space = existing(tx, issuance.space)
    member, current = tx.members.get(space.name, issuance.holder), tx.issuances.get(issuance.id)
    if member is None or current is None:
        raise NotFound("There is no such request here.", where="id")
    return space, member, current


def _of(plan: Plan) -> Issuance:
    assert plan.issuance is not None  # only what was asked for is completed
    return plan.issuance
