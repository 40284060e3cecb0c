"""Asks a hook about a fact: `POST` of who, what and which agreement; the answer is `{"value", "source", "expires"}`.

`value` is the fact's text, such as `500.00 EUR` or `given`, and `null` if there is none. Nothing secret is sent but the bearer token.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.http.peer import PeerClient
from hanse.kernel.errors import PeerInvalid, PeerRefused
from hanse.usage.ports import HookAnswer
from hanse.usage.records import Deal

LIMIT: Final = 16 * 1024
"""Bytes of an answer."""
_Text = Annotated[str, Meta(max_length=2_048)]


class _Answer(Struct, frozen=True):
    value: _Text | None = None
    source: _Text = ""
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class HttpHook:
    """One hook at one address."""

    def __init__(self, client: PeerClient, url: str, token: str) -> None:
        self._client = client
        self._url = url
        self._token = token

    async def ask(self, deal: Deal, name: str) -> HookAnswer:
        """Ask once. Raises `PeerError`s."""
        asked = {
            "participant": deal.tenant,
            "role": deal.role.value,
            "agreement": deal.id,
            "dataset": deal.target,
            "provider": deal.provider,
            "consumer": deal.consumer,
            "fact": name,
        }
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        answer = await self._client.send("POST", self._url, msgspec.json.encode(asked), headers, limit=LIMIT)
        if answer.status != 200:
            raise PeerRefused(f"The hook answered HTTP {answer.status}.", status=answer.status)
        try:
            found = msgspec.json.decode(answer.body, type=_Answer)
        except (ValueError, RecursionError):
            raise PeerInvalid("The hook's answer cannot be read.", rule="hook") from None
        # Where the hook is, is nobody's business who is refused by what it says.
        source = found.source or f"the hook for {name.rpartition(':')[2]}"
        return HookAnswer(value=found.value or None, source=source, expires=found.expires)
