"""Who witnesses participants' logs, and what participants saw of the logs that they witness."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.witness_records import Seen, Watch
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_WATCH = Shape("log_witnesses", Watch, ("tenant", "witness"))
_SEEN = Shape("witnessed_logs", Seen, ("tenant", "hash"), ("owner", "size"))
_WATCHES = "SELECT doc FROM log_witnesses WHERE tenant = ? ORDER BY witness"
_COUNT = "SELECT count(*) FROM witnessed_logs WHERE tenant = ? AND owner = ?"
_PAGE = "SELECT doc FROM witnessed_logs WHERE tenant = ? AND hash > ? ORDER BY hash LIMIT ?"


class LogWitnesses(Documents[Watch]):
    """Witnesses of participants' logs."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _WATCH)

    def get(self, tenant: Tenant, witness: Did) -> Watch | None:
        """Return one, or nothing. Locked in a writing transaction."""
        return self._get(tenant, witness)

    def put(self, watch: Watch) -> None:
        """Insert or replace."""
        self._put(watch, watch.tenant, watch.witness)

    def delete(self, tenant: Tenant, witness: Did) -> None:
        """Forget one, if it is there."""
        self._delete(tenant, witness)

    def list(self, tenant: Tenant) -> Sequence[Watch]:
        """Return all of a participant, by the witnesses' DIDs."""
        return self._read(_WATCHES, (tenant,))


class WitnessedLogs(Documents[Seen]):
    """Logs that participants witness."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SEEN)

    def get(self, tenant: Tenant, hash: str) -> Seen | None:
        """Return it, or nothing. Locked in a writing transaction."""
        return self._get(tenant, hash)

    def add(self, seen: Seen) -> None:
        """Add the first of a log. Raises `Conflict` if it is there."""
        self._add(seen, seen.tenant, seen.hash, seen.owner, seen.size)

    def put(self, seen: Seen) -> None:
        """Replace it."""
        self._put(seen, seen.tenant, seen.hash, seen.owner, seen.size)

    def count(self, tenant: Tenant, owner: Did) -> int:
        """Return how many logs of that owner are witnessed."""
        row = self._rows.one(_COUNT, (tenant, owner))
        return 0 if row is None else int(row[0])

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Seen]:
        """Return up to `limit`, by hash, those after `after`."""
        return self._read(_PAGE, (tenant, after or "", limit))
