"""Who is calling: peers by self-issued tokens, operators by API tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from hanse.connector.kit import Sender
from hanse.http.resolve import DidResolver
from hanse.identity.self_issued import verify
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Unauthenticated
from hanse.kernel.tenant import Did, Tenant

OwnDid = Callable[[str], Awaitable[tuple[Tenant, Did]]]
"""Finds the participant that a path names; raises `NotFound`."""

Since = Callable[[], datetime | None]
"""Tells from when on used tokens are on record here: since the last restore of a backup, if there was one."""


class Authenticator(Protocol):
    """Proves who sent a DSP call to the participant that the path names."""

    async def __call__(self, name: str, authorization: str | None) -> tuple[Sender, Did]:
        """Return the sender and the own DID that it addressed. Raises `Unauthenticated` or `NotFound`."""
        ...


def bearer(authorization: str | None) -> str:
    """Return the token of an Authorization header. Raises `Unauthenticated` if there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("A bearer token is needed.", where="Authorization", hint="Send `Authorization: Bearer <token>`.")
    return token.strip()


class SelfIssuedTokens:
    """Proves senders by self-issued tokens (DCP 1.0, 4.3): the path's participant must be the token's audience."""

    def __init__(self, own: OwnDid, resolver: DidResolver, clock: Clock, since: Since = lambda: None) -> None:
        self._own = own
        self._since = since
        self._resolver = resolver
        self._clock = clock

    async def __call__(self, name: str, authorization: str | None) -> tuple[Sender, Did]:
        """Return the sender and the own DID that it addressed."""
        tenant, did = await self._own(name)
        caller = await self._resolver.drive(verify(bearer(authorization), did, self._clock.now(), since=self._since()))
        return Sender(tenant, caller.did, caller.jti, caller.expires, caller.token), did
