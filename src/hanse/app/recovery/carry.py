"""What goes on where the replaced database left off, not where the backup did: signed logs, and what was used up.

A log that forgot its newest entries would fork: others hold statements and checkpoints of what came after. And a count that went
back would permit once more what was used up. So the rows of a participant for which the replaced database vouches take the
place of those in the backup, table by table, without being read into memory.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hanse.kernel.tenant import Tenant
from hanse.storage import Tx

CARRIED: Final = (
    "uses",
    "tallies",
    "told",
    "owed",
    "ledger_heads",
    "ledger_entries",
    "ledger_nodes",
    "ledger_sent",
)
"""Tables whose rows of a participant belong together."""


def put_aside(tx: Tx) -> None:
    """Keep the rows until `bring_back`, in the same transaction."""
    for table in CARRIED:
        tx.rows.execute(f"CREATE TEMPORARY TABLE carried_{table} AS SELECT * FROM {table}")  # noqa: S608 - names of this module


def bring_back(tx: Tx, vouched: Collection[Tenant]) -> None:
    """Put the rows of these participants into the place of what the backup brought."""
    for table in CARRIED:
        for tenant in sorted(vouched):
            tx.rows.execute(f"DELETE FROM {table} WHERE tenant = ?", (tenant,))  # noqa: S608
            tx.rows.execute(f"INSERT INTO {table} SELECT * FROM carried_{table} WHERE tenant = ?", (tenant,))  # noqa: S608
        tx.rows.execute(f"DROP TABLE carried_{table}")
