"""What comes into a wallet: which deliveries are expected, whether what they bring is true, and what it replaces."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec import Struct

from hanse.identity.credentials.lists import STANDARD, ListRules, StatusLists
from hanse.identity.credentials.model import Credential, refusal
from hanse.identity.credentials.read import Read, read_credential
from hanse.identity.credentials.verify import Rules, verify_read
from hanse.identity.dcp.messages import CredentialContainer
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound, PeerUnreachable, Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.letters import WALLET_FULL
from hanse.wallet.ports import Resolver, WalletTx
from hanse.wallet.records import Held

MAX_HELD: Final = 1_000
"""Credentials that one participant may hold."""
MAX_HELD_SIZE: Final = 8 * 1024 * 1024
"""Characters of all of them together."""
PATIENCE: Final = 20.0
"""Seconds that the verification of one delivery may take."""

_LATER: Final = frozenset({"unresolved", "schema-unavailable", "status-unavailable"})  # rules of refusals that trying again can help

_TAKEN_BACK: Final = {
    "revoked": "revoked",
    "suspended": "suspended",
    # Its issuer says that the key was stolen, or does not name it any more: no verifier believes the credential now.
    **dict.fromkeys(("key-revoked", "key-unknown", "key-purpose", "signature"), "unproved"),
}


class WalletRules(Struct, frozen=True, kw_only=True):
    """What a wallet takes from issuers. The default is the product's; others are for the compatibility kits, injected by tests.

    Without `require_request`, `issuers` (DIDs) may deliver what was not asked for. With `unknown_offers`, an offer may name ids
    that are not in its issuer's metadata. `status` is what the status lists of delivered credentials must be, and
    `exact_dates` whether their dates must agree (`credentials.verify.Rules`).
    """

    require_request: bool = True
    unknown_offers: bool = False
    issuers: frozenset[str] = frozenset()
    status: ListRules = STANDARD
    exact_dates: bool = True


class CredentialsChanged(Struct, frozen=True):
    """Event: a participant holds other credentials than before."""

    tenant: Tenant


class Expected(Struct, frozen=True):
    """What may come, as an `IssuerPolicy`: credentials of this issuer, of these types and no others (None: of any)."""

    issuer: Did
    types: frozenset[str] | None

    def objection(self, credential: Credential) -> str | None:
        """Return why the credential is not one that was asked for. DIDs and types are compared whole."""
        if credential.issuer != self.issuer:
            return f"{self.issuer} delivers a credential of another issuer."
        unasked = [] if self.types is None else [kind for kind in credential.types if kind not in self.types]
        return f"It was not asked for a {unasked[0]}." if unasked else None


class Intake:
    """Examines deliveries. One of these per process: it keeps the status lists that it has seen for a minute."""

    def __init__(self, resolver: Resolver, rules: WalletRules) -> None:
        self._resolver = resolver
        self._rules = rules
        self._lists = StatusLists()

    def expected(self, tx: WalletTx, tenant: Tenant, issuer: Did, holder_pid: str) -> Expected:
        """Return what the issuer may deliver under that name. Raises `NotFound` if it was not asked for anything under it.

        A request may be answered again, whatever became of it: that is how an issuer renews, and how it repeats itself
        when our answer was lost.
        """
        request = tx.requests.get(tenant, holder_pid)
        if request is not None and request.issuer == issuer:
            return Expected(issuer, frozenset(request.types))
        if request is None and not self._rules.require_request and issuer in self._rules.issuers:
            return Expected(issuer, None)
        raise NotFound("There is no request of this holderPid at this issuer.", where="holderPid", rule="request")

    async def examine(self, did: Did, expected: Expected, containers: Sequence[CredentialContainer], now: datetime) -> list[Credential]:
        """Return the credentials, if all of them are true, about the holder `did`, and expected.

        Raises `Invalid` naming the first that is not, and `PeerUnreachable` if that cannot be told now.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return [await self._one(number, did, expected, one, now) for number, one in enumerate(containers)]
        except TimeoutError:
            raise PeerUnreachable("What was delivered could not be verified in time.", hint="Deliver it again.") from None

    def forget_lists(self) -> None:
        """Fetch status lists anew: one has changed."""
        self._lists = StatusLists()

    async def recheck(self, held: Held, did: Did, now: datetime, *, anew: bool = False) -> str:
        """Return how a credential is marked after another look at it: `revoked`, `suspended`, `unproved` or nothing (`Held.invalid`).

        Where that cannot be told now, it is as it was; with `anew`, `PeerUnreachable` says so, and no status list serves
        that was fetched before.
        """
        if anew:
            self.forget_lists()
        rules = self._verification(Expected(held.issuer, None))
        try:
            await self._resolver.drive(verify_read(read_credential(held.text), did, rules, now))
        except Unauthenticated as fault:
            if anew and fault.rule in _LATER:
                known = f"What was seen last counts: it is {held.invalid or 'good'}. Try again later."
                raise PeerUnreachable(f"The credential could not be looked up. {fault.message}", hint=known) from fault
            return _TAKEN_BACK.get(fault.rule, held.invalid)
        return ""

    async def _one(self, number: int, did: Did, expected: Expected, container: CredentialContainer, now: datetime) -> Credential:
        try:
            read = read_credential(container.payload)
            _check_label(read, container)
            return (await self._resolver.drive(verify_read(read, did, self._verification(expected), now))).credential
        except Unauthenticated as fault:
            raise _refused(fault, number) from fault

    def _verification(self, expected: Expected) -> Rules:
        return Rules(expected, status=self._rules.status, lists=self._lists, exact_dates=self._rules.exact_dates)


def read_own(text: str, did: Did, issuer: Did, number: int) -> Credential:
    """Read a credential of `issuer` about `did`, which nobody has to prove. Raises `Invalid`."""
    try:
        credential = read_credential(text).credential
    except Unauthenticated as fault:
        raise _refused(fault, number) from fault
    if credential.issuer != issuer or any(subject.get("id") != did for subject in credential.subjects):
        raise Invalid(f"The credential is not one of {issuer} about {did}.", where=f"credentials[{number}]", rule="holder")
    return credential


def held_of(credential: Credential, tenant: Tenant, id: str, received: datetime, request: str | None) -> Held:
    """Return the record of a credential."""
    return Held(
        id=id,
        tenant=tenant,
        issuer=credential.issuer,
        types=credential.types,
        profile=credential.profile,
        text=credential.text,
        credential_id=credential.id,
        valid_from=credential.valid_from,
        valid_until=credential.valid_until,
        received=received,
        request=request,
    )


def put_away(tx: WalletTx, tenant: Tenant, arrived: Sequence[Held]) -> None:
    """Store credentials in place of what the same issuer made before of the same types and profile.

    What is held already is left alone, and what is older than what is held is not taken: a delivery may be repeated, and
    late. Raises `Conflict` if there is no room, and nothing is stored then.
    """
    before = tx.held.page(tenant, after=None, limit=MAX_HELD)
    delivered = {one.text for one in arrived}
    others = [one for one in before if one.text not in delivered]
    known = {one.text for one in before}
    fresh = {one.text: one for one in arrived if one.text not in known and not _is_outdated(one, others)}
    kinds = {kind_of(one) for one in fresh.values()}
    replaced = {one.id for one in others if kind_of(one) in kinds}
    _check_room([one for one in before if one.id not in replaced], list(fresh.values()))
    for id in replaced:
        tx.held.delete(tenant, id)
    for one in fresh.values():
        tx.held.put(one)
    if fresh:
        tx.emit(CredentialsChanged(tenant))


def kind_of(held: Held) -> tuple[Did, frozenset[str], str, frozenset[str]]:
    """Return what makes a credential the successor of another: its issuer, its types, its profile, and the spaces that it names."""
    return held.issuer, frozenset(held.types), held.profile, spaces_named(held.text)


@lru_cache(maxsize=4096)
def spaces_named(text: str) -> frozenset[str]:
    """Return the spaces (addresses) of which a credential says that its subject is a member; none for one that cannot be read."""
    try:
        subjects = read_credential(text).credential.subjects
    except Unauthenticated:
        return frozenset()
    return frozenset(space for one in subjects if isinstance(space := one.get("memberOf"), str))


def _is_outdated(one: Held, others: Sequence[Held]) -> bool:
    start = one.valid_from
    later = (other.valid_from for other in others if not other.invalid and kind_of(other) == kind_of(one))
    return start is not None and any(other is not None and other > start for other in later)


def _check_room(staying: Sequence[Held], fresh: Sequence[Held]) -> None:
    size = sum(len(one.text) for one in (*staying, *fresh))
    if len(staying) + len(fresh) > MAX_HELD or size > MAX_HELD_SIZE:
        raise Conflict("The wallet is full.", rule=WALLET_FULL, hint="Its owner has to remove credentials that it needs no more.")


def _check_label(read: Read, container: CredentialContainer) -> None:
    if container.format != read.credential.profile:
        raise refusal(f"It is one of {read.credential.profile}, and its format says something else.", "format", "format")
    if container.credential_type not in read.credential.types:
        raise refusal("Its type is not the one that is said.", "credentialType", "type")


def _refused(fault: Unauthenticated, number: int) -> HanseError:
    """Say that it is the message that is wrong: who sent it was proved. What may pass by itself is no fault of the message."""
    where = f"credentials[{number}].{fault.where or 'payload'}"
    if fault.rule in _LATER:
        return PeerUnreachable(fault.message, where=where, rule=fault.rule, hint="Deliver it again.")
    return Invalid(fault.message, where=where, rule=fault.rule, hint=fault.hint)
