"""The public pages of other spaces, read as an applicant reads them: what a space is, its rulebook, its register, and applying."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from hanse.http.api.space_structs import Application, Fit, Probe, PublicSpace, Reached, Standing
from hanse.http.limits import check_depth
from hanse.http.peer import PeerAnswer, PeerClient
from hanse.http.resolve import DidResolver
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.did import did_url
from hanse.identity.rulebook import RULEBOOK, Rulebook
from hanse.identity.statements import MAX_STATEMENT, REGISTER, Register, open_statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Invalid, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")

TokenFor = Callable[[Tenant, Did], Awaitable[str]]
"""Makes a token by which a participant proves itself to a peer, once, and lets it read what it releases."""


class Tokens(Protocol):
    """The token service of the wallet."""

    async def bare_token(self, tenant: Tenant, audience: Did, token: str | None = None) -> str:
        """Return a token that lets the audience read nothing."""
        ...

    async def secure_token(self, tenant: Tenant, audience: Did, scopes: Sequence[Scope] = (), token: str | None = None) -> str:
        """Return a token that lets the audience read what the scopes name."""
        ...


SHAPE = "https://HOST/spaces/NAME"
"""What the address of a space looks like."""

_LIMIT = 64 * 1024
_PROBE_TIMEOUT = 20.0


class _Refusal(Struct):
    detail: str = ""
    hint: str = ""


class SpaceClient:
    """Talks to anchors. `address` is where a DID's document lies."""

    def __init__(
        self, client: PeerClient, resolver: DidResolver, tokens: Tokens, clock: Clock, address: Callable[[str], str] = did_url
    ) -> None:
        self._client = client
        self._resolver = resolver
        self._tokens = tokens
        self._clock = clock
        self._address = address

    async def look(self, url: str) -> PublicSpace:
        """Return what the space at `url` says of itself. Raises `Invalid` if there is none, and `PeerError`s."""
        if "://" not in url:
            raise Invalid("This is no address of a space.", where="url", rule="url", hint=f"Write the whole address: {SHAPE}.")
        try:
            answer = await self._client.send("GET", url, limit=_LIMIT)
        except PeerUnreachable as error:
            error.hint = error.hint or f"Is the address right ({SHAPE}), and does its server run?"
            raise
        if answer.status == 404:
            hint = f"It looks like {SHAPE}; ask its anchor for it."
            raise Invalid("There is no space at this address.", where="url", rule="space", hint=hint)
        space = _read(_accepted(answer), PublicSpace)
        if space.url != url:
            raise PeerInvalid(f"The space says that its address is {space.url[:200]}.", where="url", hint="Use that address.")
        # The token that proves us to the anchor goes to this address; if another DID were named here, whoever runs the
        # address could hand it on and speak to that DID in our name, once.
        if _origin(self._address(space.anchor)) != _origin(url):
            raise PeerInvalid("The space names an anchor that is at another host than the space.", rule="anchor")
        return space

    async def rulebook(self, space: PublicSpace) -> Rulebook:
        """Return the space's rulebook, signed by its anchor. Raises `PeerError`s."""
        return await self._statement(f"{space.url}/rulebook", RULEBOOK, Rulebook, space)

    async def register(self, space: PublicSpace) -> Register:
        """Return the space's register, signed by its anchor. Raises `PeerError`s."""
        return await self._statement(f"{space.url}/register", REGISTER, Register, space)

    async def probe(self, space: PublicSpace, did: Did) -> Reached:
        """Ask the anchor whether it can reach us. Raises `PeerError`s."""
        body = msgspec.json.encode(Probe(did=did))
        answer = await self._client.send("POST", f"{space.url}/probe", body, limit=_LIMIT, timeout=_PROBE_TIMEOUT)
        return _read(_accepted(answer), Reached)

    async def fit(self, tenant: Tenant, space: PublicSpace, application: Application, shown: Sequence[str]) -> Fit:
        """Ask the anchor what it would say to an application; it may read credentials of the types `shown`. Raises `PeerError`s."""
        return _read(await self._sent(tenant, space, "fit", application, shown), Fit)

    async def apply(self, tenant: Tenant, space: PublicSpace, application: Application, shown: Sequence[str]) -> Standing:
        """Apply, as `fit` does. Raises `PeerError`s; a refusal says what is missing."""
        return _read(await self._sent(tenant, space, "applications", application, shown), Standing)

    async def standing(self, tenant: Tenant, url: str, anchor: Did) -> Standing | None:
        """Ask the anchor where we stand; nothing if it does not know us. Raises `PeerError`s."""
        headers = {"Authorization": "Bearer " + await self._tokens.bare_token(tenant, anchor)}
        answer = await self._client.send("GET", f"{url}/standing", None, headers, limit=_LIMIT)
        return None if answer.status == 404 else _read(_accepted(answer), Standing)

    async def leave(self, tenant: Tenant, url: str, anchor: Did) -> None:
        """Tell the anchor that we leave the space. Raises `PeerError`s."""
        headers = {"Authorization": "Bearer " + await self._tokens.bare_token(tenant, anchor)}
        _accepted(await self._client.send("POST", f"{url}/leave", b"{}", headers, limit=_LIMIT))

    async def _sent(self, tenant: Tenant, space: PublicSpace, what: str, application: Application, shown: Sequence[str]) -> bytes:
        scopes = [Scope(TYPE, kind, "read") for kind in shown]
        headers = {"Authorization": "Bearer " + await self._tokens.secure_token(tenant, space.anchor, scopes)}
        body = msgspec.json.encode(application)
        return _accepted(await self._client.send("POST", f"{space.url}/{what}", body, headers, limit=_LIMIT, timeout=_PROBE_TIMEOUT))

    async def _statement(self, url: str, kind: str, body: type[T], space: PublicSpace) -> T:
        text = _accepted(await self._client.send("GET", url, limit=MAX_STATEMENT))
        try:
            signed = text.decode("ascii").strip()
        except UnicodeDecodeError:
            raise PeerInvalid("What the space published is not a signed statement.", rule="shape") from None
        statement = await self._resolver.drive(open_statement(signed, kind, body, space.anchor, self._clock.now()))
        if getattr(statement.body, "space", None) != space.url:
            raise PeerInvalid("What the space published is another space's.", rule="space")
        return statement.body


def _origin(url: str) -> list[str]:
    return url.split("/")[:3]


def _accepted(answer: PeerAnswer) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    if answer.status >= 500:
        raise PeerUnreachable(f"The anchor answered HTTP {answer.status}; it has trouble of its own.")
    try:
        said = _read(answer.body, _Refusal)
    except PeerInvalid:
        said = _Refusal()
    reason = f"{said.detail[:1000]} {said.hint[:500]}".strip()
    raise PeerRefused(
        f"The anchor refused with HTTP {answer.status}" + (f": {reason}" if reason else "."), status=answer.status, reason=reason or None
    )


def _read(body: bytes, kind: type[T]) -> T:
    try:
        check_depth(body)
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError, CallerError):
        raise PeerInvalid("What the anchor answered cannot be read.", rule="space") from None
