"""Vaults and their keys. A key lies sealed in the facility, in a file of its own; nobody but this module writes or unseals one."""

from __future__ import annotations

import secrets
from typing import Any

from hanse.factory.facility.layout import KEY_SIZE, key_path
from hanse.factory.facility.ports import Database, Objects, Sealer
from hanse.factory.facility.records import Vault
from hanse.kernel.clock import Clock
from hanse.kernel.errors import NotFound, StorageFailed
from hanse.kernel.tenant import Tenant

NAME_SIZE = 16
"""Bytes of a random name: enough that none ever comes twice."""


def new_name() -> str:
    """Return a random name, in hexadecimal."""
    return secrets.token_hex(NAME_SIZE)


class Vaults:
    """Finds, makes and destroys vaults."""

    def __init__(self, database: Database, objects: Objects, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._sealer = sealer
        self._clock = clock

    async def opened(self, tenant: Tenant, agreements: tuple[str, ...]) -> Vault:
        """Return the vault for these agreements (none: for data of one's own), made if there is none whose key is still there.

        What stands under several has a vault of its own, one per set of them: so the end of any one takes the key of all that rests on
        it, and of nothing else.
        """
        found = await self._database.read(lambda tx: _current(tx, tenant, agreements))
        if found is not None:
            return found
        alone = agreements[0] if len(agreements) == 1 else None
        under = agreements if len(agreements) > 1 else ()
        made = Vault(tenant=tenant, id=new_name(), agreement=alone, made=self._clock.now(), under=under)
        sealed = self._sealer.seal(secrets.token_bytes(KEY_SIZE), _context(tenant, made.id))
        await self._objects.put(key_path(tenant, made.id), sealed)

        def work(tx: Any) -> Vault:
            other = _current(tx, tenant, agreements)
            if other is None:
                tx.facility.put_vault(made)
            return other or made

        vault = await self._database.run(work)
        if vault.id != made.id:
            await self._objects.delete(key_path(tenant, made.id))
        return vault

    async def key(self, tenant: Tenant, vault: str) -> bytes:
        """Return a vault's key. Raises `NotFound` once it is destroyed, `StorageFailed`, `Misconfigured` with another master key."""
        try:
            sealed = await self._objects.get(key_path(tenant, vault))
        except NotFound:
            raise NotFound("The key of this data was destroyed.", where="version", rule="key-destroyed") from None
        key = self._sealer.unseal(sealed, _context(tenant, vault))
        if len(key) != KEY_SIZE:
            raise StorageFailed("The key of this data is damaged.", where=key_path(tenant, vault), rule="damaged")
        return key

    async def destroy(self, tenant: Tenant, vault: str) -> None:
        """Destroy a vault's key: from now on nothing opens what was encrypted with it."""
        await self._objects.delete(key_path(tenant, vault))


def _current(tx: Any, tenant: Tenant, agreements: tuple[str, ...]) -> Vault | None:
    return next((one for one in tx.facility.vaults(tenant, agreements) if one.destroyed is None), None)


def _context(tenant: Tenant, vault: str) -> str:
    return f"facility {tenant}/{vault}"
