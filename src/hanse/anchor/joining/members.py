"""Members of the spaces anchored here: invite, apply, decide, change, suspend, remove, reinstate, leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from msgspec import structs

from hanse.anchor import checks
from hanse.anchor.issuing.status import mark as mark_credentials
from hanse.anchor.joining import admission, decisions
from hanse.anchor.joining.admission import BOTH, Asked
from hanse.anchor.joining.decisions import Decision
from hanse.anchor.joining.fit import FitReport
from hanse.anchor.joining.foureyes import may_approve
from hanse.anchor.joining.settle import known_member
from hanse.anchor.ports import AnchorTx, Database, Mark
from hanse.anchor.records import Applicant, Approval, Invitation, Invited, Member, Space
from hanse.anchor.spaces import existing, owned
from hanse.anchor.standing import Act, Status
from hanse.anchor.versions import rulebook_of
from hanse.identity.credentials.model import Verified
from hanse.identity.rulebook import Scalar
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Forbidden, Invalid, NotFound, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant

INVITATION_LIMIT = timedelta(days=90)


def new_secret() -> str:
    """Return 32 random bytes as 43 characters of base64url."""
    return secrets.token_urlsafe(32)


class Members:
    """The use cases around members. `tenant` is the anchor, from its operator's token; another's space is not found.

    `by` is the operator who decides. `mark` takes back the credentials of a member that loses its standing, in the same
    transaction.
    """

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, secret: Callable[[], str] = new_secret, mark: Mark = mark_credentials
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._secret = secret
        self._mark = mark

    async def invite(
        self,
        tenant: Tenant,
        space: str,
        *,
        roles: tuple[str, ...] = BOTH,
        did: Did | None = None,
        valid: timedelta = timedelta(days=7),
        by: Approval | None = None,
    ) -> Invited:
        """Make an invitation that works once, for `did` or (absent) whoever holds its code: the maker's yes in advance.

        Raises `NotFound`, `Invalid`, and `Forbidden` if the maker may not approve in this space.
        """
        if valid <= timedelta():
            raise Invalid("The end of the invitation lies in the past.", where="expires", rule="range")
        if valid > INVITATION_LIMIT:
            raise Invalid(
                "An invitation cannot be valid that long.", where="expires", rule="range", hint=f"Use up to {INVITATION_LIMIT.days} days."
            )
        now, code = self._clock.now(), f"{self._ids.new('inv')}_{self._secret()}"
        invitation = Invitation(
            id=code[:-44],
            space=space,
            tenant=tenant,
            code_hash=admission.digest(code),
            roles=checks.member_roles(roles),
            did=None if did is None else Did(checks.line(did, "did", 512)),
            created=now,
            expires=now + valid,
            by=by and structs.replace(by, at=now),
        )

        def work(tx: AnchorTx) -> Invited:
            rulebook = rulebook_of(tx, owned(tx, tenant, space))
            decisions.check_roles(rulebook, invitation.roles)
            if by is not None and not may_approve(rulebook.joining, by):
                raise Forbidden(f"{by.name} may not approve here, and so not invite.", rule="approver", hint="The rulebook names who may.")
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
        roles: tuple[str, ...] = BOTH,
        invitation: str | None = None,
        evidence: Mapping[str, str] | None = None,
        terms: str = "",
        presented: tuple[Verified, ...] = (),
        sponsor: Applicant | None = None,
        hosting: str | None = None,
    ) -> Member:
        """Ask to become a member: `active` at once by a rule of the rulebook or an invitation, else `pending` until people decide.

        `evidence` is what the rulebook asks for, by name; `terms` the hash of those that the applicant accepts; `presented`
        its credentials, verified; `sponsor` an intermediary that vouches for it, proved by a token of its own; `hosting`
        where an intermediary tells how it hosts others. Asking again with the same, or with no papers, changes nothing and
        gets the same answer. With other papers, terms or roles, who waits is judged anew, and what was approved so far counts
        no more; a member so hands in what has come to it, and accepts new terms. The tokens are used up even if this fails.

        Raises `NotFound`, `Invalid` (a field; or `fit`, with all that is missing), `Unauthenticated` (a token was used
        before), `Forbidden` (the invitation is not good), `Conflict` (suspended, removed, full), `TooMany`.
        """

        def work(tx: AnchorTx) -> Member | CallerError:
            found = existing(tx, space)
            for proved in (applicant, *([] if sponsor is None else [sponsor])):
                _use_once(tx, found, proved)
            try:
                member = self._asking(found, applicant.did, name, roles, evidence, terms, hosting)
                return admission.ask(tx, found, _asked(member, presented, None if sponsor is None else sponsor.did, invitation))
            except CallerError as refusal:
                # Returned, not raised: the use of the token has to commit. Nothing else was written before a refusal.
                return refusal

        outcome = await self._database.run(work)
        if isinstance(outcome, CallerError):
            raise outcome
        return outcome

    async def fit(
        self,
        space: str,
        did: Did,
        *,
        roles: tuple[str, ...] = BOTH,
        invitation: str | None = None,
        evidence: Mapping[str, str] | None = None,
        terms: str = "",
        presented: tuple[Verified, ...] = (),
        sponsor: Did | None = None,
        hosting: str | None = None,
    ) -> FitReport:
        """Return what `apply` would look at, what is missing, and who would decide. Changes nothing.

        Raises `NotFound`, `Invalid` for fields that cannot be read, and `Forbidden` if the invitation is not good.
        """

        def work(tx: AnchorTx) -> FitReport:
            found = existing(tx, space)
            member = self._asking(found, did, "applicant", roles, evidence, terms, hosting)
            return admission.judge(tx, found, _asked(member, presented, sponsor, invitation))

        return await self._database.read(work)

    def _asking(
        self, space: Space, did: Did, name: str, roles: tuple[str, ...], papers: Mapping[str, str] | None, terms: str, hosting: str | None
    ) -> Member:
        now = self._clock.now()
        return Member(
            space=space.name,
            tenant=space.tenant,
            did=did,
            name=checks.line(name, "name"),
            roles=checks.member_roles(roles),
            status=Status.PENDING,
            created=now,
            updated=now,
            evidence=checks.evidence(papers or {}),
            terms=checks.line(terms, "terms", 64, empty=True),
            hosting=None if hosting is None else checks.address(hosting, "hosting"),
        )

    async def leave(self, space: str, applicant: Applicant, reason: str = "") -> Member:
        """Leave the space, or take back an application; its credentials are revoked. Who is suspended does not come back by itself.

        The token is used up even if this fails. Raises `NotFound`, `Conflict`, `Invalid`, `Unauthenticated` (the token was used before).
        """
        decision = self._decision(applicant.did, reason)

        def work(tx: AnchorTx) -> Member | CallerError:
            found = existing(tx, space)
            _use_once(tx, found, applicant)
            try:
                member = known_member(tx, found, applicant.did)
                return decisions.decide(tx, found, member, Act.LEAVE, decision, self._mark)
            except CallerError as refusal:
                return refusal

        outcome = await self._database.run(work)
        if isinstance(outcome, CallerError):
            raise outcome
        return outcome

    async def ask(self, space: str, asking: Applicant) -> None:
        """Use up the token of who only asks something. Raises `NotFound`, `Unauthenticated` (it was used before)."""
        await self._database.run(lambda tx: _use_once(tx, existing(tx, space), asking))

    async def standing(self, space: str, did: Did) -> Member:
        """Return where `did`, who asks for itself, stands in a space. Raises `NotFound`."""
        return await self._database.read(lambda tx: known_member(tx, existing(tx, space), did))

    async def page(
        self, tenant: Tenant, space: str, *, status: Status | None = None, after: Did | None = None, limit: int = 100
    ) -> Sequence[Member]:
        """Return up to `limit` (at most 500) members and applicants by DID, after the DID `after`. Raises `NotFound`."""
        size = max(1, min(limit, 500))
        return await self._database.read(lambda tx: tx.members.page(owned(tx, tenant, space).name, status=status, after=after, limit=size))

    async def approve(
        self, tenant: Tenant, space: str, did: Did, *, roles: tuple[str, ...] | None = None, reason: str = "", by: Approval | None = None
    ) -> Member:
        """Say yes to an applicant, with the roles that it asked for or with `roles`. The last yes that it takes admits it.

        Where the rulebook asks for two, the first is recorded and the applicant stays `pending`; a yes to other roles starts
        the count anew. Raises `NotFound`, `Conflict` (also for the same operator twice), `Invalid`, `Forbidden`.
        """
        wanted = None if roles is None else checks.member_roles(roles)
        decision = self._decision(by, reason)
        return await self._about(tenant, space, did, lambda tx, found, member: decisions.approve(tx, found, member, wanted, decision))

    async def refuse(self, tenant: Tenant, space: str, did: Did, reason: str, *, by: Approval | None = None) -> Member:
        """Refuse an application; it may be made again. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.REFUSE, reason, by)

    async def suspend(self, tenant: Tenant, space: str, did: Did, reason: str, *, by: Approval | None = None) -> Member:
        """Take a member off the register and suspend its credentials until it is reinstated. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.SUSPEND, reason, by)

    async def reinstate(self, tenant: Tenant, space: str, did: Did, reason: str = "", *, by: Approval | None = None) -> Member:
        """Undo `suspend`. Raises `NotFound`, `Conflict`, `Invalid`."""
        return await self._decide(tenant, space, did, Act.REINSTATE, reason, by)

    async def remove(self, tenant: Tenant, space: str, did: Did, reason: str, *, by: Approval | None = None) -> Member:
        """Expel a member and revoke its credentials; only a new application that people approve brings it back.

        Raises `NotFound`, `Conflict`, `Invalid`.
        """
        return await self._decide(tenant, space, did, Act.REMOVE, reason, by)

    async def change_roles(
        self, tenant: Tenant, space: str, did: Did, roles: tuple[str, ...], *, reason: str = "", by: Approval | None = None
    ) -> Member:
        """Give a member other roles. New ones take as many approvals as joining, and what the rulebook asks for them.

        The credentials of roles that it loses are revoked. Raises `NotFound`, `Conflict`, `Invalid`, `Forbidden`.
        """
        wanted, decision = checks.member_roles(roles), self._decision(by, reason)
        return await self._about(
            tenant, space, did, lambda tx, found, member: decisions.change_roles(tx, found, member, wanted, decision, self._mark)
        )

    async def set_claims(
        self,
        tenant: Tenant,
        space: str,
        did: Did,
        role: str,
        claims: Mapping[str, Scalar],
        *,
        reason: str = "",
        by: Approval | None = None,
    ) -> Member:
        """Choose what a member's credential for a role says, within the rulebook: `{"trustLevel": 2}`. It gets a new credential.

        Takes as many approvals as joining. Raises `NotFound`, `Conflict`, `Invalid`, `Forbidden`.
        """
        decision = self._decision(by, reason)
        return await self._about(
            tenant, space, did, lambda tx, found, member: decisions.set_claims(tx, found, member, role, claims, decision, self._mark)
        )

    async def _decide(self, tenant: Tenant, space: str, did: Did, act: Act, reason: str, by: Approval | None) -> Member:
        decision = self._decision(by, reason)
        return await self._about(
            tenant, space, did, lambda tx, found, member: decisions.decide(tx, found, member, act, decision, self._mark)
        )

    def _decision(self, by: Approval | Did | None, reason: str) -> Decision:
        return Decision(by, checks.line(reason, "reason", 500, empty=True), self._clock.now())

    async def _about(self, tenant: Tenant, space: str, did: Did, act: Callable[[AnchorTx, Space, Member], Member]) -> Member:
        def work(tx: AnchorTx) -> Member:
            found = owned(tx, tenant, space)
            return act(tx, found, known_member(tx, found, did))

        return await self._database.run(work)


def _use_once(tx: AnchorTx, space: Space, proved: Applicant) -> None:
    if not tx.replays.consume(space.tenant, proved.did, proved.jti, proved.expires):
        raise Unauthenticated("This token was used before.", where="Authorization", rule="replayed", hint="Sign a fresh one.")


def _asked(member: Member, presented: tuple[Verified, ...], sponsor: Did | None, invitation: str | None) -> Asked:
    # Only what is about the applicant, and nobody else, speaks for it.
    own = tuple(one for one in presented if all(subject.get("id") == member.did for subject in one.credential.subjects))
    return Asked(member=member, presented=own, sponsor=sponsor, invitation=invitation)
