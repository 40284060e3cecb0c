"""Sealing with the installation's master key: AES-256-GCM, bound to the place where the secret belongs."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.kernel.errors import Misconfigured
from hanse.kernel.tenant import Tenant

MASTER_KEY_BYTES: Final = 32

_FORM: Final = b"\x01"  # AES-256-GCM, a nonce of 12 random bytes, then cipher text and tag
_NONCE: Final = 12


def new_master_key() -> bytes:
    """Return 32 random bytes. Whoever has them and the database can speak for every participant."""
    return secrets.token_bytes(MASTER_KEY_BYTES)


class MasterKeySealer:
    """Seals with a master key of 32 bytes. Neither its text form nor its errors show anything of the key."""

    __slots__ = ("_cipher",)

    def __init__(self, master_key: bytes) -> None:
        """Take the master key. Raises `Misconfigured` if it has another length."""
        if len(master_key) != MASTER_KEY_BYTES:
            raise Misconfigured("The master key does not have 32 bytes.", where="master_key", rule="master-key")
        self._cipher = AESGCM(master_key)

    def __repr__(self) -> str:
        return "MasterKeySealer()"

    def seal(self, plain: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return `plain` encrypted; only `unseal` for the same tenant and kid opens it."""
        nonce = secrets.token_bytes(_NONCE)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, _place(tenant, kid))

    def unseal(self, sealed: bytes, *, tenant: Tenant, kid: str) -> bytes:
        """Return what was sealed for this tenant and kid. Raises `Misconfigured` for everything else."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] != _FORM:
                raise InvalidTag
            return self._cipher.decrypt(nonce, rest, _place(tenant, kid))
        except (InvalidTag, ValueError):
            raise Misconfigured(
                f"The key {kid} of {tenant} cannot be unsealed.",
                where="master_key",
                rule="master-key",
                hint="The master key is not the one that sealed it, or the record was altered.",
            ) from None


def _place(tenant: Tenant, kid: str) -> bytes:
    # A length in front keeps ("ab", "c") and ("a", "bc") apart whatever the names hold.
    name = tenant.encode()
    return b"hanse-key\x00" + len(name).to_bytes(2, "big") + name + kid.encode()
