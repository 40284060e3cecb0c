"""Token renewal at a provider's data plane, through the guarded client (Data Plane Signaling, token renewal profile)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from hanse.http.peer import PeerClient
from hanse.kernel.errors import PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant

TokenCarrying = Callable[[Tenant, Did, str], Awaitable[str]]
"""Makes a self-issued token of a participant for a peer, with the third argument as its `token` claim."""

_ANSWER_LIMIT = 64 * 1024


class RenewalClient:
    """Asks a provider for fresh tokens."""

    def __init__(self, client: PeerClient, token_for: TokenCarrying) -> None:
        self._client = client
        self._token_for = token_for

    async def refresh(self, tenant: Tenant, peer: Did, url: str, access_token: str, refresh_token: str) -> bytes:
        """POST the refresh; return the answer's body. Raises `PeerError`s, none of which holds a token."""
        headers = {
            "Authorization": "Bearer " + await self._token_for(tenant, peer, access_token),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token}).encode()
        answer = await self._client.send("POST", url, form, headers, limit=_ANSWER_LIMIT)
        if answer.status >= 500:
            raise PeerUnreachable(f"The provider's data plane answered HTTP {answer.status}; it has trouble of its own.")
        if not 200 <= answer.status < 300:
            raise PeerRefused(f"The provider did not renew the access (HTTP {answer.status}).", status=answer.status)
        return answer.body
