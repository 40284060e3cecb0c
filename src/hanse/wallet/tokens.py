"""The token service: a participant proves itself to a peer, and lets it read some of its credentials (DCP 1.0, 4.3 and 5.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from hanse.identity import self_issued
from hanse.identity.dcp import access
from hanse.identity.dcp.scopes import Scope
from hanse.identity.did import MAX_DID
from hanse.identity.keys import SigningKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.ports import Release, Releases, Signer

LIFETIME: Final = self_issued.LIFETIME
"""How long the tokens live that are made here."""
KEPT: Final = 10_000
"""Access tokens kept in memory, the least recently used leave first."""
LEFT: Final = timedelta(minutes=1)
"""What an access token must have left to live to be given once more: its verifier has to come back with it in that time."""


class _Kept(Struct, frozen=True):
    text: str
    kid: str
    expires: datetime


_Key = tuple[Tenant, Did, Release]


class TokenService:
    """Makes tokens. Each is new and good for one call; the access token in it is the same for one peer while it lives.

    A verifier keeps what it has verified by that access token, so that it asks for the credentials again only now and then.
    """

    def __init__(self, signer: Signer, releases: Releases, clock: Clock, ids: Ids) -> None:
        self._signer = signer
        self._releases = releases
        self._clock = clock
        self._ids = ids
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    async def token_for(self, tenant: Tenant, audience: Did) -> str:
        """Return a token for `audience`, by which it may read what the participant releases to it, if that is anything.

        Raises `NotFound` if there is no such participant.
        """
        release = await self._releases.released_to(tenant, audience)
        key = await self._signer.signing_key(tenant)
        return self._self_issued(key, audience, self._access(tenant, key, audience, release) if release.scopes else None)

    async def bare_token(self, tenant: Tenant, audience: Did, token: str | None = None) -> str:
        """Return a token that lets `audience` read nothing. `token` is one that the audience gave us, to be shown to it again.

        Raises `NotFound` if there is no such participant.
        """
        return self._self_issued(await self._signer.signing_key(tenant), audience, token)

    async def secure_token(self, tenant: Tenant, audience: Did, scopes: Sequence[Scope] = (), token: str | None = None) -> str:
        """Return what a program of the participant asks for, as DCP's sketch of a secure token service has it.

        With scopes, the audience may read what they name; with `token`, that text goes along as it is; never both.
        Raises `Invalid`, and `NotFound` if there is no such participant.
        """
        if scopes and token is not None:
            raise Invalid("A token grants scopes or carries a token, not both.", where="token", rule="token")
        if not audience.startswith("did:") or len(audience) > MAX_DID or not audience.isprintable():
            raise Invalid(f"The audience is not a DID of at most {MAX_DID} characters.", where="audience", rule="did")
        if token is not None and not 1 <= len(token) <= access.MAX_ACCESS:
            raise Invalid(f"The token does not have 1 to {access.MAX_ACCESS} characters.", where="token", rule="token")
        key = await self._signer.signing_key(tenant)
        return self._self_issued(key, audience, self._access(tenant, key, audience, Release(tuple(scopes))) if scopes else token)

    def forget(self, tenant: Tenant) -> None:
        """Give no access token of the participant again; to be called when its keys or its releases have changed."""
        for key in [key for key in self._kept if key[0] == tenant]:
            del self._kept[key]

    def _self_issued(self, key: SigningKey, audience: Did, token: str | None) -> str:
        return self_issued.issue(key, key.did, audience, self._clock.now(), self._ids.new("jti"), LIFETIME, token=token)

    def _access(self, tenant: Tenant, key: SigningKey, audience: Did, release: Release) -> str:
        now, name = self._clock.now(), (tenant, audience, release)
        kept = self._kept.get(name)
        # By another key it would be refused, if that key was declared compromised.
        if kept is None or kept.kid != key.kid or kept.expires - now <= LEFT:
            text = access.grant(key, audience, release.scopes, now, self._ids.new("tok"), spaces=release.spaces)
            kept = _Kept(text, key.kid, now + access.LIFETIME)
            self._kept[name] = kept
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept.text
