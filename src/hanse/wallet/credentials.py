"""The credential service: a participant's credentials, presented to verifiers, taken from issuers (DCP 1.0, 5.4, 6.5, 6.6).

Each call from outside comes with its proved `Caller`. Its token is used up in the transaction that the call causes, and
also where the call is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import structs

from hanse.identity.credentials.model import Credential
from hanse.identity.credentials.present import present
from hanse.identity.dcp.access import Access, open_access
from hanse.identity.dcp.messages import (
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    PresentationQueryMessage,
    PresentationResponseMessage,
)
from hanse.identity.dcp.scopes import ID, Scope, parse_scopes, released
from hanse.identity.self_issued import LEEWAY, Caller
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, Invalid, NotFound, PeerError, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.door import admit, examining
from hanse.wallet.intake import MAX_HELD, CredentialsChanged, Intake, WalletRules, held_of, kind_of, put_away, read_own
from hanse.wallet.letters import one_line
from hanse.wallet.ports import Database, Issuers, Resolver, Signer, Trusted, WalletTx
from hanse.wallet.records import CredentialRequest, Held, RequestState
from hanse.wallet.requests import Requests, one_per_type


class CredentialService:
    """Credentials that participants of this server hold about themselves."""

    def __init__(
        self,
        database: Database,
        signer: Signer,
        resolver: Resolver,
        requests: Requests,
        issuers: Issuers,
        trusted: Trusted,
        clock: Clock,
        ids: Ids,
        rules: WalletRules | None = None,
    ) -> None:
        self._database = database
        self._signer = signer
        self._resolver = resolver
        self._requests = requests
        self._issuers = issuers
        self._trusted = trusted
        self._clock = clock
        self._ids = ids
        self._rules = rules or WalletRules()
        self._intake = Intake(resolver, self._rules)

    # --- for verifiers and issuers

    async def present(self, tenant: Tenant, did: Did, caller: Caller, message: PresentationQueryMessage) -> PresentationResponseMessage:
        """Answer a verifier's query with what its access token covers: fewer credentials, where it asks for more (5.4.1.2).

        Raises `Unauthenticated` without a good access token for this caller, and `Invalid` for a presentation definition
        (rule `not-supported`) or if it is more than fits into a presentation.
        """
        async with examining(self._database, tenant, caller):
            _check_addressee(did, caller)
            access = await self._opened(did, caller)
            if message.presentation_definition is not None:
                raise _unsupported()
            scopes = released(parse_scopes(message.scope or ()), access.scopes)
            key = await self._signer.signing_key(tenant)
            shown = await self._trusted.showing(tenant, access.spaces) if access.spaces else bool
        now = self._clock.now()

        def work(tx: WalletTx) -> list[str]:
            return [one.text for one in presentable([one for one in _all(tx, tenant) if shown(one)], scopes, now)]

        texts = await admit(self._database, tenant, caller, work)
        return PresentationResponseMessage(presentation=[*present(key, caller.did, texts, now, self._ids.new("jti"))])

    async def store(self, tenant: Tenant, did: Did, caller: Caller, message: CredentialMessage) -> None:
        """Take what an issuer delivers for a request of ours, all of it or nothing, or hear that it says no (6.5).

        Raises `NotFound` if the caller was not asked for anything under that name; `Invalid` for a credential that is not
        true, not about `did`, or was not asked for; `Conflict` if the wallet is full; and `PeerUnreachable` if it cannot be
        verified now: it has to be delivered again.
        """
        now, pid = self._clock.now(), message.holder_pid
        containers = (message.credentials or []) if message.status == "ISSUED" else []
        async with self._requests.noting(tenant, caller.did, pid), examining(self._database, tenant, caller):
            _check_addressee(did, caller)
            expected = await self._database.read(lambda tx: self._intake.expected(tx, tenant, caller.did, pid))
            credentials = await self._intake.examine(did, expected, containers, now)
        arrived = [held_of(one, tenant, self._ids.new("vc"), now, pid) for one in credentials]

        def work(tx: WalletTx) -> None:
            self._intake.expected(tx, tenant, caller.did, pid)
            put_away(tx, tenant, arrived)
            request = tx.requests.get(tenant, pid)
            if request is not None:
                tx.requests.put(_answered(request, message, arrived, now))

        async with self._requests.noting(tenant, caller.did, pid):
            await admit(self._database, tenant, caller, work)

    async def offered(self, tenant: Tenant, did: Did, caller: Caller, message: CredentialOfferMessage) -> CredentialRequest | None:
        """Hear what an issuer offers, and ask for it if the participant trusts this issuer's offers (6.6). Return the request.

        It does if it holds something of this issuer's already, of whatever state: that is how one gets renewed or replaced.
        Raises `Forbidden` for an offer in another issuer's name, `Invalid` for ids that are not in its metadata, and
        `PeerError`s if that has to be looked up and cannot be had.
        """
        async with examining(self._database, tenant, caller):
            _check_addressee(did, caller)
            if message.issuer != caller.did:
                raise Forbidden("An issuer offers its own credentials only.", where="issuer", rule="issuer")
            offered = await self._full(caller.did, message.credentials)
            wanted = one_per_type(offered) if await self._accepts(tenant, caller.did) else []
        return await admit(
            self._database,
            tenant,
            caller,
            lambda tx: self._requests.put_once(tx, tenant, caller.did, wanted, "offered") if wanted else None,
        )

    # --- for the participant itself

    async def keep(self, tenant: Tenant, did: Did, issuer: Did, texts: Sequence[str], request: str | None = None) -> None:
        """Store credentials (JWTs) of an issuer in this same process, which needs no protocol and no proof.

        Raises `Invalid` for what is not a credential of `issuer` about `did`, and `Conflict` if the wallet is full.
        """
        now = self._clock.now()
        credentials = [read_own(text, did, issuer, number) for number, text in enumerate(texts)]
        arrived = [held_of(one, tenant, self._ids.new("vc"), now, request) for one in credentials]
        await self._database.run(lambda tx: put_away(tx, tenant, arrived))

    async def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Held]:
        """Return up to `limit` credentials, those that came first in front, after the id `after`."""
        return await self._database.read(lambda tx: tx.held.page(tenant, after=after, limit=limit))

    async def get(self, tenant: Tenant, id: str) -> Held:
        """Return a credential by our id. Raises `NotFound`."""
        return await self._database.read(lambda tx: _found(tx, tenant, id))

    async def recheck(self, tenant: Tenant, did: Did, id: str, *, anew: bool = True) -> Held:
        """Look up now whether a credential was taken back, note it, and return it. Raises `NotFound`.

        With `anew` its status list is fetched whatever is known of it, and `PeerUnreachable` is raised where that fails.

        One that was revoked or suspended, or that its issuer's keys do not prove any more, is not presented, until another
        look finds it good again.
        """
        held = await self.get(tenant, id)
        invalid = await self._intake.recheck(held, did, self._clock.now(), anew=anew)

        def work(tx: WalletTx) -> Held:
            noted = structs.replace(_found(tx, tenant, id), invalid=invalid)
            tx.held.put(noted)
            return noted

        return held if invalid == held.invalid else await self._database.run(work)

    async def recheck_all(self, tenant: Tenant, did: Did) -> None:
        """Look up whether any credential was taken back that has not expired; status lists are fetched once a minute at most."""
        now = self._clock.now()
        for held in await self.page(tenant, after=None, limit=MAX_HELD):
            if held.valid_until is None or now < held.valid_until:
                with suppress(NotFound):  # thrown away meanwhile
                    await self.recheck(tenant, did, held.id, anew=False)

    def forget_lists(self) -> None:
        """Fetch status lists anew at the next look: one has changed, of a space that is anchored here."""
        self._intake.forget_lists()

    async def remove(self, tenant: Tenant, id: str) -> None:
        """Forget a credential. Raises `NotFound`."""

        def work(tx: WalletTx) -> None:
            _found(tx, tenant, id)
            tx.held.delete(tenant, id)
            tx.emit(CredentialsChanged(tenant))

        await self._database.run(work)

    async def types_held(self, tenant: Tenant) -> tuple[str, ...]:
        """Return the types of which the participant holds a credential that is good now, in the order of the alphabet."""
        now = self._clock.now()
        held = await self._database.read(lambda tx: _all(tx, tenant))
        return tuple(sorted({kind for one in held if _is_good(one, now) for kind in one.types}))

    async def _accepts(self, tenant: Tenant, issuer: Did) -> bool:
        if await self._trusted.accepts_offers(tenant, issuer):
            return True
        held = await self._database.read(lambda tx: _all(tx, tenant))
        return any(one.issuer == issuer for one in held)

    async def _opened(self, did: Did, caller: Caller) -> Access:
        if caller.token is None:
            hint = "Put the access token that the holder gave you into the `token` claim of your own."
            raise Unauthenticated("The token carries no access token.", where="token", rule="no-access-token", hint=hint)
        return await self._resolver.drive(open_access(caller.token, did, caller.did, self._clock.now()))

    async def _full(self, issuer: Did, offered: Sequence[CredentialObject]) -> Sequence[CredentialObject]:
        """Return the entries in full: those with nothing but an id as the issuer's metadata has them (6.6.1)."""
        if not any(one.is_sparse for one in offered):
            return offered
        try:
            metadata = await self._issuers.metadata(issuer)
        except PeerError:
            if self._rules.unknown_offers:
                return []
            raise
        known = {one.id: one for one in metadata.credentials_supported}
        unknown = [number for number, one in enumerate(offered) if one.is_sparse and one.id not in known]
        if unknown and not self._rules.unknown_offers:
            raise Invalid("This id is not in the issuer's metadata.", where=f"credentials[{unknown[0]}].id", rule="unknown-id")
        return [known.get(one.id, one) if one.is_sparse else one for number, one in enumerate(offered) if number not in unknown]


def presentable(held: Iterable[Held], scopes: Sequence[Scope], now: datetime) -> list[Held]:
    """Return the credentials that the scopes name and that are good now.

    Of several that say the same kind of thing, those that came last; by its id, each can be had.
    """
    good = [one for one in held if _is_good(one, now)]
    named = [one for one in good if any(scope.alias == ID and scope.matches(_gist(one)) for scope in scopes)]
    of_type = [one for one in good if any(scope.alias != ID and scope.matches(_gist(one)) for scope in scopes)]
    last = {kind_of(one): one.received for one in sorted(of_type, key=lambda one: one.received)}
    newest = [one for one in of_type if one.received == last[kind_of(one)]]
    return list({one.id: one for one in (*newest, *named)}.values())


def _unsupported() -> Invalid:
    return Invalid(
        "Presentation definitions are not supported.",
        where="presentationDefinition",
        rule="not-supported",
        hint="Ask by scopes, e.g. org.eclipse.dspace.dcp.vc.type:MembershipCredential:read.",
    )


def _gist(held: Held) -> Credential:
    return Credential(profile=held.profile, issuer=held.issuer, types=held.types, subjects=(), id=held.credential_id)


def _is_good(held: Held, now: datetime) -> bool:
    begun = held.valid_from is None or held.valid_from <= now + LEEWAY
    return begun and (held.valid_until is None or now < held.valid_until) and not held.invalid


def _all(tx: WalletTx, tenant: Tenant) -> Sequence[Held]:
    return tx.held.page(tenant, after=None, limit=MAX_HELD)


def _found(tx: WalletTx, tenant: Tenant, id: str) -> Held:
    held = tx.held.get(tenant, id)
    if held is None:
        raise NotFound(f"There is no credential {id[:80]!r} in this wallet.", where="id", hint="Ids look like vc_….")
    return held


def _check_addressee(did: Did, caller: Caller) -> None:
    if caller.audience != did:
        raise Unauthenticated("The token was made for another participant.", where="aud", rule="audience")


def _answered(request: CredentialRequest, message: CredentialMessage, arrived: Sequence[Held], now: datetime) -> CredentialRequest:
    request = structs.replace(request, issuer_pid=message.issuer_pid, updated=now)
    if arrived:
        return structs.replace(request, state=RequestState.ISSUED, reason="")
    if message.status == "REJECTED" and request.state is not RequestState.ISSUED:
        reason = one_line(message.rejection_reason or "") or "The issuer gave no reason."
        return structs.replace(request, state=RequestState.REJECTED, reason=reason)
    # Nothing came, and nothing was said: the issuer knows of the request, and that is all.
    return structs.replace(request, state=RequestState.RECEIVED) if request.state is RequestState.ASKED else request
