"""Deletes everything of one tenant, from every table that has a tenant, except the tombstone that stays."""

from __future__ import annotations

from hanse.kernel.tenant import Tenant
from hanse.storage.schema import STEPS
from hanse.storage.tx import Tx

_KEPT = frozenset({"tombstones"})


def tenant_tables() -> tuple[str, ...]:
    """Return the tables whose rows belong to a tenant, those that others refer to last."""
    statements = [statement for step in STEPS for statement in step if statement.startswith("CREATE TABLE")]
    names = [statement.split()[2] for statement in statements if "tenant TEXT" in statement]
    return tuple(sorted(names, key=lambda name: name == "assets"))


def erase_tenant(tx: Tx, tenant: Tenant) -> dict[str, int]:
    """Delete, in the caller's transaction; return how many rows of each table there were."""
    counts = {name: tx.rows.execute(f"DELETE FROM {name} WHERE tenant = ?", (tenant,)) for name in tenant_tables() if name not in _KEPT}  # noqa: S608
    return {name: count for name, count in counts.items() if count}
