"""Renewal of a transfer's access token, on the consumer's side (Data Plane Signaling, token renewal profile)."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct, structs

from hanse.connector.kit import Kit
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Transfer
from hanse.dsp.messages import DataAddress, Role
from hanse.dsp.transfer import State
from hanse.kernel.errors import Conflict, NotFound, PeerInvalid
from hanse.kernel.tenant import Did, Tenant

Secret = Annotated[str, Meta(min_length=1, max_length=8192)]


class TokenEndpoint(Protocol):
    """Asks a provider for fresh tokens."""

    async def refresh(self, tenant: Tenant, peer: Did, url: str, access_token: str, refresh_token: str) -> bytes:
        """POST the refresh with a self-issued token that carries `access_token` as its `token`; raises `PeerError`s."""
        ...


class _Fresh(Struct, frozen=True):
    access_token: Secret
    token_type: Annotated[str, Meta(max_length=32)]
    expires_in: Annotated[int, Meta(ge=1, le=86_400 * 366)]
    refresh_token: Secret | None = None


class Renewals:
    """Renews the data addresses of started pulls."""

    def __init__(self, kit: Kit, endpoint: TokenEndpoint) -> None:
        self._kit = kit
        self._endpoint = endpoint

    async def renew(self, tenant: Tenant, id: str) -> DataAddress:
        """Return the transfer's address with fresh tokens, and store it.

        A start that arrives meanwhile brings an address of its own: then that one is returned. Raises `NotFound`,
        `Conflict` (not started, or nothing to renew it with), `PeerError`s.
        """
        transfer, old = await self._kit.database.read(lambda tx: self._current(tx, tenant, id))
        refresh_token = old.properties.get("refreshToken")
        url = old.properties.get("refreshEndpoint") or old.endpoint
        if not refresh_token or not url:
            raise Conflict("The provider gave nothing to renew the access with.", rule="renewal", hint="Suspend and resume the transfer.")
        answer = await self._endpoint.refresh(tenant, transfer.peer, url, old.properties.get("authorization", ""), refresh_token)
        fresh = _renewed(old, answer)

        def work(tx: ConnectorTx) -> DataAddress:
            current, held = self._current(tx, tenant, id)
            if held != old:
                return held
            current.address = self._kit.sealer.seal(msgspec.json.encode(fresh), id)
            current.updated = self._kit.clock.now()
            tx.transfers.put(current)
            return fresh

        return await self._kit.database.run(work)

    def _current(self, tx: ConnectorTx, tenant: Tenant, id: str) -> tuple[Transfer, DataAddress]:
        transfer = tx.transfers.get(tenant, id)
        if transfer is None:
            raise NotFound(f"There is no transfer {id[:80]!r} here.", where="id")
        if transfer.role is not Role.CONSUMER or transfer.state is not State.STARTED or transfer.address is None:
            raise Conflict("Only the consumer of a started pull has an access to renew.", rule="renewal")
        return transfer, msgspec.json.decode(self._kit.sealer.unseal(transfer.address, id), type=DataAddress)


def _renewed(old: DataAddress, answer: bytes) -> DataAddress:
    try:
        fresh = msgspec.json.decode(answer, type=_Fresh)
    except (ValueError, RecursionError):
        # Not the decoder's own words: they could hold a part of the token.
        raise PeerInvalid("The provider's answer to the renewal holds no usable token.", rule="renewal") from None
    if fresh.token_type.lower() != "bearer":
        raise PeerInvalid("The provider answered with another kind of token than a bearer's.", where="token_type", rule="renewal")
    changed = {"authorization": fresh.access_token, "expiresIn": str(fresh.expires_in)}
    if fresh.refresh_token is not None:
        changed["refreshToken"] = fresh.refresh_token
    return structs.replace(old, properties=old.properties | changed)
