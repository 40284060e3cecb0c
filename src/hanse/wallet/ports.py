"""What the wallet needs from outside. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from hanse.identity.did import Service
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")


class SealedKey(Struct, frozen=True):
    """One key of a participant. `sealed` is the private key under the installation's master key; `number` grows from 1."""

    tenant: Tenant
    did: Did
    kid: str
    number: int
    public_jwk: dict[str, str]
    sealed: bytes
    created: datetime


class KeyStore(Protocol):
    """The keys of all participants; a key is identified by (tenant, kid)."""

    def get(self, tenant: Tenant) -> SealedKey | None:
        """Return the participant's newest key (highest `number`), or nothing."""
        ...

    def list(self, tenant: Tenant) -> Sequence[SealedKey]:
        """Return all keys of the participant, by `number`."""
        ...

    def put(self, key: SealedKey) -> None:
        """Insert or replace."""
        ...


class WalletTx(Protocol):
    """The part of a transaction that the wallet uses."""

    @property
    def keys(self) -> KeyStore:
        """The keys."""
        ...


class Database(Protocol):
    """Runs work in one transaction. The work is plain synchronous code and may be run again, so it only uses `tx`."""

    async def run(self, work: Callable[[WalletTx], T]) -> T:
        """Run `work` in a writing transaction, durable when this returns."""
        ...

    async def read(self, work: Callable[[WalletTx], T]) -> T:
        """Run `work` on a consistent view, without writing."""
        ...


class Sealer(Protocol):
    """Keeps secrets unreadable in the database and in its backups."""

    def seal(self, plain: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return `plain` encrypted, and bound to this participant and this key's name."""
        ...

    def unseal(self, sealed: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return what was sealed. Raises `Misconfigured` if it was altered, moved to another place, or sealed otherwise."""
        ...


ServicesOf = Callable[[Tenant, Did], Sequence[Service]]
"""Tells which services a participant's DID document names, in order; `app.py` knows the addresses."""
