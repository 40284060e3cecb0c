"""Sealed signing keys."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape
from hanse.wallet.ports import SealedKey

_SHAPE = Shape("keys", SealedKey, ("tenant", "kid"), ("number",))
_LIST = "SELECT doc FROM keys WHERE tenant = ? ORDER BY number /*lock*/"
_NEWEST = "SELECT doc FROM keys WHERE tenant = ? ORDER BY number DESC LIMIT 1 /*lock*/"
_FORMER = (
    "SELECT doc FROM keys WHERE EXISTS (SELECT 1 FROM keys newer WHERE newer.tenant = keys.tenant AND newer.number > keys.number)"
    " ORDER BY tenant, number /*lock*/"
)


class Keys(Documents[SealedKey]):
    """The keys of all participants; private parts are sealed."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SHAPE)

    def get(self, tenant: Tenant) -> SealedKey | None:
        """Return the participant's newest key, or nothing."""
        return next(iter(self._read(_NEWEST, (tenant,))), None)

    def list(self, tenant: Tenant) -> Sequence[SealedKey]:
        """Return all keys of the participant, by number."""
        return self._read(_LIST, (tenant,))

    def former(self) -> Sequence[SealedKey]:
        """Return the keys of all participants that are not their owner's newest."""
        return self._read(_FORMER, ())

    def put(self, key: SealedKey) -> None:
        """Insert or replace."""
        self._put(key, key.tenant, key.kid, key.number)
