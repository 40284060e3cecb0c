"""Access tokens: opaque, 256 random bits, one chain per transfer; only their SHA-256 is stored.

The data plane looks a token up by its hash, so no comparison runs over the token itself. Renewal follows the token
renewal profile (Data Plane Signaling, section 8). It is safe to repeat: the refresh token that was presented stays
usable until one of the access tokens issued for it has been used, for then its answer has arrived.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from msgspec.structs import replace

from hanse.dataplane.ports import DataTx, Proof
from hanse.dataplane.records import Access, Grant, Issued, Purpose
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Misconfigured, Unauthenticated
from hanse.kernel.tenant import Tenant

LONGEST = timedelta(minutes=10)
SINK_LIFETIME = timedelta(hours=24)
SIBLINGS = 8
"""Unused tokens kept per generation, so that a consumer that only ever refreshes cannot fill the store."""

_UNKNOWN = "The access token is not valid here."
_RENEW = "Renew it at the refresh endpoint, or ask for the transfer to be started again."


def digest(token: str) -> str:
    """Return the SHA-256 of `token` in hexadecimal, the only form that is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Tokens:
    """Issues, finds, renews and revokes tokens. All methods run inside the caller's transaction."""

    def __init__(self, clock: Clock, lifetime: timedelta = LONGEST) -> None:
        if not timedelta(seconds=1) <= lifetime <= LONGEST:
            raise Misconfigured("An access token lives 1 second to 10 minutes.", where="dataplane.token_lifetime")
        self._clock = clock
        self._lifetime = lifetime

    def issue(self, tx: DataTx, grant: Grant, generation: int = 0) -> Issued:
        """Store a fresh pair of tokens for `grant` and return it.

        A token of a sink cannot be renewed by the peer, so it lives a day; the transfer's halt ends it before.
        """
        sink = grant.purpose is Purpose.SINK
        lifetime = SINK_LIFETIME if sink else self._lifetime
        access, refresh = secrets.token_urlsafe(32), "" if sink else secrets.token_urlsafe(32)
        expires = self._clock.now() + lifetime
        stored_refresh = digest(refresh) if refresh else ""
        tx.access_tokens.put(Access(hash=digest(access), grant=grant, expires=expires, refresh=stored_refresh, generation=generation))
        return Issued(access, refresh, int(lifetime.total_seconds()))

    def find(self, tx: DataTx, tenant: Tenant, transfer: str, token: str, purpose: Purpose = Purpose.PULL) -> Access:
        """Return what `token` opens; raises `Unauthenticated`, in the same words whatever is wrong with it."""
        access = tx.access_tokens.get(tenant, digest(token))
        if access is None or access.grant.transfer != transfer or access.grant.purpose is not purpose:
            raise Unauthenticated(_UNKNOWN, where="Authorization", rule="token", hint=_RENEW)
        if access.grant.tenant != tenant or access.expires <= self._clock.now():
            raise Unauthenticated(_UNKNOWN, where="Authorization", rule="token", hint=_RENEW)
        return access

    def use(self, tx: DataTx, access: Access) -> None:
        """Record the first use of an access token: what came before it cannot be renewed any more."""
        tx.access_tokens.put(replace(access, used=True))
        for other in tx.access_tokens.of_transfer(access.grant.tenant, access.grant.transfer):
            if other.generation < access.generation:
                self._spend(tx, other)

    def refresh(self, tx: DataTx, tenant: Tenant, transfer: str, refresh_token: str, proof: Proof) -> tuple[Grant, Issued]:
        """Return fresh tokens for a refresh token (Data Plane Signaling, section 8).

        The proof must be the consumer's own, and name the access token that came with the refresh token. Raises
        `Unauthenticated` otherwise, in the same words whatever is wrong.
        """
        access = tx.access_tokens.by_refresh(tenant, digest(refresh_token))
        if access is None or not self._may_refresh(access, transfer, proof):
            raise Unauthenticated("The refresh token is not valid here.", where="refresh_token", rule="token")
        following = access.generation + 1
        siblings = [other for other in tx.access_tokens.of_transfer(tenant, transfer) if other.generation == following and not other.used]
        for other in siblings[: max(0, len(siblings) - SIBLINGS + 1)]:
            tx.access_tokens.delete(tenant, other.hash)
        return access.grant, self.issue(tx, access.grant, following)

    def revoke(self, tx: DataTx, tenant: Tenant, transfer: str) -> None:
        """Forget every token of the transfer."""
        tx.access_tokens.delete_transfer(tenant, transfer)

    def _spend(self, tx: DataTx, access: Access) -> None:
        if access.expires <= self._clock.now():
            tx.access_tokens.delete(access.grant.tenant, access.hash)
        elif access.refresh:
            tx.access_tokens.put(replace(access, refresh=""))

    @staticmethod
    def _may_refresh(access: Access, transfer: str, proof: Proof) -> bool:
        if access.grant.transfer != transfer or access.grant.peer != proof.issuer or proof.token is None:
            return False
        return secrets.compare_digest(digest(proof.token), access.hash)
