"""Access tokens (as hashes), manifests, and pushes under way."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.dataplane.records import Access, Push
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_ACCESS = Shape("access_tokens", Access, ("tenant", "hash"), ("refresh", "transfer", "generation"))
_PUSH = Shape("pushes", Push, ("tenant", "transfer"))
_BY_REFRESH = "SELECT doc FROM access_tokens WHERE tenant = ? AND refresh = ? AND refresh <> '' /*lock*/"
_OF_TRANSFER = "SELECT doc FROM access_tokens WHERE tenant = ? AND transfer = ? ORDER BY generation /*lock*/"
_DELETE_TRANSFER = "DELETE FROM access_tokens WHERE tenant = ? AND transfer = ?"
_WAITING = "SELECT doc FROM pushes ORDER BY tenant, transfer"
_MANIFEST = "SELECT doc FROM manifests WHERE tenant = ? AND asset = ?"
_PUT_MANIFEST = (
    "INSERT INTO manifests (tenant, asset, fingerprint, doc) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (tenant, asset) DO UPDATE SET fingerprint = excluded.fingerprint, doc = excluded.doc"
)


class AccessTokens(Documents[Access]):
    """Issued tokens by their hashes."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _ACCESS)

    def get(self, tenant: Tenant, hash: str) -> Access | None:
        """Return what the access token with this hash opens, or nothing."""
        return self._get(tenant, hash)

    def by_refresh(self, tenant: Tenant, refresh: str) -> Access | None:
        """Return the access whose refresh token has this hash, or nothing."""
        return next(iter(self._read(_BY_REFRESH, (tenant, refresh))), None)

    def of_transfer(self, tenant: Tenant, transfer: str) -> Sequence[Access]:
        """Return the transfer's tokens, oldest generation first."""
        return self._read(_OF_TRANSFER, (tenant, transfer))

    def put(self, access: Access) -> None:
        """Insert or replace."""
        grant = access.grant
        self._put(access, grant.tenant, access.hash, access.refresh, grant.transfer, access.generation)

    def delete(self, tenant: Tenant, hash: str) -> None:
        """Forget one."""
        self._delete(tenant, hash)

    def delete_transfer(self, tenant: Tenant, transfer: str) -> None:
        """Forget all of a transfer."""
        self._rows.execute(_DELETE_TRANSFER, (tenant, transfer))


class Manifests:
    """The last manifest of each asset, as the data plane encodes it."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, tenant: Tenant, asset: str) -> bytes | None:
        """Return the asset's last manifest, or nothing."""
        row = self._rows.one(_MANIFEST, (tenant, asset))
        return None if row is None else bytes(row[0])

    def put(self, tenant: Tenant, asset: str, fingerprint: str, body: bytes) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT_MANIFEST, (tenant, asset, fingerprint, body))


class Pushes(Documents[Push]):
    """Pushes under way."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _PUSH)

    def get(self, tenant: Tenant, transfer: str) -> Push | None:
        """Return the push, or nothing."""
        return self._get(tenant, transfer)

    def put(self, push: Push) -> None:
        """Insert or replace."""
        self._put(push, push.grant.tenant, push.grant.transfer)

    def delete(self, tenant: Tenant, transfer: str) -> None:
        """Forget it."""
        self._delete(tenant, transfer)

    def waiting(self) -> Sequence[Push]:
        """Return all pushes of all tenants."""
        return self._read(_WAITING, ())
