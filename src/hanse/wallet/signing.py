"""Signatures that are made inside a transaction: a record and the signature that it must have commit together.

The key is read with the record, so after a rotation nobody signs with the old one, in no process. What is signed here is kept by
others for long: the key stays published as long as somebody may ask about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from hanse.identity.keys import SigningKey
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet import keys as life
from hanse.wallet.ports import Sealer, WalletTx

KEPT: Final = timedelta(days=400)
"""How long a key that signed evidence stays in the DID document at least; whoever received the evidence keeps the key with it."""
_PARSED: Final = 1024


class Lent(Struct, frozen=True):
    """A key as others may use it: whose, its name, its public JWK, and what makes a signature (JWA) of bytes."""

    did: Did
    kid: str
    jwk: Mapping[str, str]
    sign: Callable[[bytes], bytes]

    def __repr__(self) -> str:
        return f"Lent({self.kid!r})"


class Signing:
    """Lends the newest key of a participant to whoever signs in a transaction."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock
        self._parsed: dict[bytes, SigningKey] = {}  # by the sealed bytes: another key, or another sealing, is another entry

    def pen(self, tx: WalletTx, tenant: Tenant) -> Lent:
        """Return the newest key in a writing transaction, in which nobody else changes it. Raises `NotFound`."""
        record = life.newest(tx, tenant)
        until = _month_after(life.whole_day(self._clock.now() + KEPT))
        changed = life.needed(record, until)
        if changed is not record:  # once a month
            tx.keys.put(changed)
        key = self._parsed.get(record.sealed)
        if key is None:
            private = self._sealer.unseal(record.sealed, tenant=tenant, kid=record.kid)
            key = SigningKey.from_private_jwk(private, record.kid)
            if len(self._parsed) >= _PARSED:
                self._parsed.clear()  # work runs in several threads: nothing finer would be safe without a lock
            self._parsed[record.sealed] = key
        return Lent(record.did, record.kid, record.public_jwk, key.sign_bytes)

    def keys(self, tx: WalletTx, tenant: Tenant) -> dict[str, dict[str, str]]:
        """Return the public JWKs of all keys that the participant ever had, by name."""
        return {key.kid: key.public_jwk for key in tx.keys.list(tenant)}


def _month_after(moment: datetime) -> datetime:
    """Return the first of the month after, so that a key's record changes once a month and not once a day."""
    return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
