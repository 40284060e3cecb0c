"""The wallet of every participant on this server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from msgspec import Struct

from hanse.identity.did import DidDocument, Service, did_document, key_id
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue
from hanse.identity.statements import sign_statement
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.ports import Database, SealedKey, Sealer, ServicesOf, WalletTx

T = TypeVar("T")

CACHED_KEYS: Final = 1024
"""Parsed signing keys kept in memory, the least recently used leave first."""
KEY_AGE: Final = timedelta(minutes=5)
"""How long a parsed key is used before the newest is looked up again: another process may have rotated it."""


def no_services(_tenant: Tenant, _did: Did) -> Sequence[Service]:
    """Return no services: a participant that nobody can ask for credentials."""
    return ()


class Wallet:
    """Keys, DID documents and signatures, by participant. Private keys leave it as signatures only."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock, ids: Ids, services: ServicesOf = no_services) -> None:
        """Take the ports; `services` tells what the DID documents name as services."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._services = services
        self._parsed: OrderedDict[Tenant, tuple[SigningKey, datetime]] = OrderedDict()

    def create(self, tx: WalletTx, tenant: Tenant, did: Did) -> SealedKey:
        """Make the first key of a new participant, inside somebody's transaction. Raises `Conflict` if there is one."""
        if tx.keys.get(tenant) is not None:
            raise Conflict(f"The participant {tenant} has a key already.", where="tenant")
        return self._add(tx, tenant, did, 1)

    def rotate(self, tx: WalletTx, tenant: Tenant) -> SealedKey:
        """Add a key that signs from now on, within `KEY_AGE` in every process; the old ones stay in the DID document.

        Raises `NotFound` if the participant has none.
        """
        newest = _found(tx.keys.get(tenant), tenant)
        return self._add(tx, tenant, newest.did, newest.number + 1)

    async def document(self, tenant: Tenant) -> DidDocument:
        """Return the participant's DID document with all its keys, the oldest first. Raises `NotFound`."""
        keys = await self._database.read(lambda tx: tx.keys.list(tenant))
        did = _found(keys[-1] if keys else None, tenant).did
        return did_document(did, [(key.kid, key.public_jwk) for key in keys], self._services(tenant, did))

    async def token_for(self, tenant: Tenant, audience: str) -> str:
        """Return a fresh self-issued token of the participant for `audience`, a DID (DCP 1.0, 4.3). Raises `NotFound`."""
        key = await self._signing_key(tenant)
        return issue(key, key.did, audience, self._clock.now(), self._ids.new("jti"))

    async def token_carrying(self, tenant: Tenant, audience: str, token: str) -> str:
        """Return a fresh self-issued token whose `token` claim is `token` (DCP 1.0, 4.3; DPS, token renewal). Raises `NotFound`."""
        key = await self._signing_key(tenant)
        return issue(key, key.did, audience, self._clock.now(), self._ids.new("jti"), token=token)

    async def sign(self, tenant: Tenant, kind: str, body: Struct, *, version: int, lifetime: timedelta) -> str:
        """Return a statement of the participant, see `identity.statements`. Raises `NotFound`, and `Invalid` as stated there."""
        key = await self._signing_key(tenant)
        return sign_statement(key, kind, body, version=version, now=self._clock.now(), lifetime=lifetime)

    def forget(self, tenant: Tenant) -> None:
        """Drop the participant's parsed key from memory; to be called after its keys were rotated or erased."""
        self._parsed.pop(tenant, None)

    def _add(self, tx: WalletTx, tenant: Tenant, did: Did, number: int) -> SealedKey:
        kid = key_id(did, number)
        key = SigningKey.generate(kid)
        sealed = self._sealer.seal(key.to_private_jwk(), tenant=tenant, kid=kid)
        record = SealedKey(tenant, did, kid, number, key.public_jwk, sealed, self._clock.now())
        tx.keys.put(record)
        return record

    async def _signing_key(self, tenant: Tenant) -> SigningKey:
        now = self._clock.now()
        entry = self._parsed.get(tenant)
        if entry is not None and now - entry[1] < KEY_AGE:
            self._parsed.move_to_end(tenant)
            return entry[0]
        record = _found(await self._database.read(_newest(tenant)), tenant)
        private = self._sealer.unseal(record.sealed, tenant=tenant, kid=record.kid)
        key = SigningKey.from_private_jwk(private, record.kid)
        self._parsed[tenant] = (key, now)
        self._parsed.move_to_end(tenant)
        if len(self._parsed) > CACHED_KEYS:
            self._parsed.popitem(last=False)
        return key


def _newest(tenant: Tenant) -> Callable[[WalletTx], SealedKey | None]:
    return lambda tx: tx.keys.get(tenant)


def _found(key: SealedKey | None, tenant: Tenant) -> SealedKey:
    if key is None:
        raise NotFound(f"There is no participant {tenant} here.", where="tenant")
    return key
