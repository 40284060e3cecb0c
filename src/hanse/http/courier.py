"""Calls to other connectors: each with a fresh self-issued token, over the one guarded client."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urljoin

from hanse.connector.ports import Delivery
from hanse.dsp.versions import v2025_1
from hanse.http.peer import CATALOGUE_LIMIT, PeerAnswer, PeerClient
from hanse.http.resolve import DidResolver
from hanse.identity.did import DidDocument
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant

TokenFor = Callable[[Tenant, Did], Awaitable[str]]
"""Makes a token by which a participant proves itself to a peer, once."""

_BASES_KEPT = 10_000
_BASE_LIFETIME = timedelta(minutes=5)
_CATALOGUE_TIMEOUT = 30.0


class PeerConnector:
    """Other participants' connectors: post a message once, read, and find their address from their DID."""

    def __init__(self, client: PeerClient, resolver: DidResolver, token_for: TokenFor, clock: Clock) -> None:
        self._client = client
        self._resolver = resolver
        self._token_for = token_for
        self._clock = clock
        self._bases: OrderedDict[Did, tuple[str, datetime]] = OrderedDict()

    async def deliver(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> Delivery:
        """Post a message once. Raises nothing: what goes wrong is in the `Delivery`, and can be read by a person."""
        try:
            answer = await self._send("POST", tenant, peer, url, body)
        except HanseError as error:
            return Delivery(None, b"", error.message)
        retry_after = answer.headers.get("Retry-After", "")
        return Delivery(answer.status, answer.body, "", float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None)

    async def get(self, tenant: Tenant, peer: Did, url: str) -> bytes:
        """GET with a fresh token. Raises `PeerError`s."""
        return _accepted(await self._send("GET", tenant, peer, url)).body

    async def post(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> tuple[bytes, str | None]:
        """POST with a fresh token; return the body and the address of the next page, if any. Raises `PeerError`s."""
        return _paged(url, _accepted(await self._send("POST", tenant, peer, url, body, CATALOGUE_LIMIT)))

    async def get_page(self, tenant: Tenant, peer: Did, url: str) -> tuple[bytes, str | None]:
        """GET one more page; return as `post` does. Raises `PeerError`s."""
        return _paged(url, _accepted(await self._send("GET", tenant, peer, url, None, CATALOGUE_LIMIT)))

    async def base_of(self, tenant: Tenant, peer: Did) -> str:
        """Return the peer's DSP base for 2025-1: DID document, its DataService, the version document there.

        DSP 2025-1, 4.3 and the DID service discovery. Raises `PeerError`s naming what is missing.
        """
        known = self._bases.get(peer)
        if known is not None and self._clock.now() < known[1]:
            return known[0]
        base = await self._find_base(await self._resolver.resolve(peer), peer)
        self._bases[peer] = (base, self._clock.now() + _BASE_LIFETIME)
        if len(self._bases) > _BASES_KEPT:
            self._bases.popitem(last=False)
        return base

    async def _find_base(self, document: DidDocument, peer: Did) -> str:
        catalogue = document.endpoint("CatalogService")
        service = document.endpoint("DataService")
        if service is None or not service.endswith(v2025_1.WELL_KNOWN):
            if catalogue is not None and catalogue.endswith("/catalog"):
                return catalogue.removesuffix("/catalog")
            hint = "Ask its operator to publish one."
            raise PeerInvalid(f"The DID document of {peer} names no DataService with a version endpoint.", hint=hint)
        answer = _accepted(await self._client.send("GET", service))
        entries = v2025_1.decode_versions(answer.body)
        path = next((entry.path for entry in entries if entry.version == v2025_1.VERSION), None)
        if path is None:
            raise PeerInvalid(f"{peer} does not speak the Dataspace Protocol {v2025_1.VERSION}.")
        return service.removesuffix(v2025_1.WELL_KNOWN) + path.rstrip("/")

    async def _send(
        self, method: str, tenant: Tenant, peer: Did, url: str, body: bytes | None = None, limit: int | None = None
    ) -> PeerAnswer:
        headers = {"Authorization": "Bearer " + await self._token_for(tenant, peer)}
        if limit is None:
            return await self._client.send(method, url, body, headers)
        return await self._client.send(method, url, body, headers, limit=limit, timeout=_CATALOGUE_TIMEOUT)


def _accepted(answer: PeerAnswer) -> PeerAnswer:
    if 200 <= answer.status < 300:
        return answer
    if answer.status >= 500:
        raise PeerUnreachable(f"The other side answered HTTP {answer.status}; it has trouble of its own.")
    fault = v2025_1.decode_fault(answer.body)
    reason = "; ".join(fault.reason) or None
    said = f"The other side refused with HTTP {answer.status}" + (f": {reason}" if reason else ".")
    raise PeerRefused(said, status=answer.status, code=fault.code, reason=reason)


def _paged(url: str, answer: PeerAnswer) -> tuple[bytes, str | None]:
    """Return body and continuation (RFC 8288 Link, rel="next"; DSP 2025-1, 6.2): only at the origin that was asked."""
    for part in answer.headers.get("Link", "").split(","):
        target, _, parameters = part.strip().partition(">")
        if 'rel="next"' in parameters.replace(" ", "") and target.startswith("<"):
            following = urljoin(url, target[1:])
            if following.split("/")[:3] != url.split("/")[:3]:
                raise PeerInvalid("The next page of the catalogue is said to be at another host.")
            return answer.body, following
    return answer.body, None
