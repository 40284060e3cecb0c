"""What goes on where the replaced database left off, not where the backup did: signed logs, and what was used up.

A log that forgot its newest entries would fork: others hold statements and checkpoints of what came after. And a count that went
back would permit once more what was used up. So the rows of a participant for which the replaced database vouches take the
place of those in the backup, table by table, without being read into memory.

What a participant saw of the logs that it witnesses is kept wherever the replaced database saw more, whether it vouches or not: a
witness that forgot would cosign a second history. And a log for which nobody vouches waits until its own witnesses were asked.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from hanse.app.recovery.restoring import Restoring
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
    "ledger_states",
    "log_witnesses",
    "witnessed_logs",
    "facility_vaults",
    "facility_versions",
    "facility_packs",
    "facility_derived",
    "facility_intakes",
    "facility_journals",
    "leases",
    "custody",
    "custody_holds",
    "custody_drills",
    "documents_made",
    "document_answers",
    "assessments",
    "orders",
    "order_items",
    "link_speeds",
    "links",
    "mirrors",
)
"""Tables whose rows of a participant belong together."""
_FORGOTTEN: Final = (
    "DELETE FROM witnessed_logs WHERE tenant = ? AND EXISTS (SELECT 1 FROM carried_witnessed_logs c"
    " WHERE c.tenant = witnessed_logs.tenant AND c.hash = witnessed_logs.hash AND c.size >= witnessed_logs.size)"
)
_REMEMBERED: Final = (
    "INSERT INTO witnessed_logs SELECT * FROM carried_witnessed_logs c WHERE c.tenant = ?"
    " AND NOT EXISTS (SELECT 1 FROM witnessed_logs w WHERE w.tenant = c.tenant AND w.hash = c.hash)"
)


def put_aside(tx: Tx) -> None:
    """Keep the rows until `bring_back`, in the same transaction."""
    for table in CARRIED:
        tx.rows.execute(f"CREATE TEMPORARY TABLE carried_{table} AS SELECT * FROM {table}")  # noqa: S608 - names of this module


def bring_back(tx: Tx, restoring: Restoring) -> None:
    """Put the rows of the participants that are vouched for into the place of what the backup brought, and stop the other logs."""
    for tenant in sorted(restoring.same - restoring.vouched):
        tx.rows.execute(_FORGOTTEN, (tenant,))
        tx.rows.execute(_REMEMBERED, (tenant,))
    for table in CARRIED:
        for tenant in sorted(restoring.vouched):
            tx.rows.execute(f"DELETE FROM {table} WHERE tenant = ?", (tenant,))  # noqa: S608
            tx.rows.execute(f"INSERT INTO {table} SELECT * FROM carried_{table} WHERE tenant = ?", (tenant,))  # noqa: S608
        tx.rows.execute(f"DROP TABLE carried_{table}")
    _stop_logs(tx, restoring)


def _stop_logs(tx: Tx, restoring: Restoring) -> None:
    """Let logs that may have lost entries wait: `ledger.witnessing` asks their witnesses, once the server runs."""
    why = f"It was restored from a backup of {restoring.as_of}, and may have lost entries."
    for (name,) in tx.rows.all("SELECT tenant FROM ledger_heads ORDER BY tenant"):
        tenant = Tenant(name)
        state = tx.ledger.state(tenant)
        if tenant not in restoring.vouched and not state.halted:
            tx.ledger.put_state(structs.replace(state, halted=why, unchecked=True))
            restoring.counts["ledgers that wait for the word of their witnesses"] += 1
