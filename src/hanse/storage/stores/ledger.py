"""The logs of participants, and their statements to peers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.evidence.merkle import HASH_SIZE, Edge
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.records import Entry, Head, Sent
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_SENT = Shape("ledger_sent", Sent, ("tenant", "id"))

_HEAD = "SELECT size, edge FROM ledger_heads WHERE tenant = ? /*lock*/"
_MOVE = (
    "INSERT INTO ledger_heads (tenant, size, edge) VALUES (?, ?, ?)"
    " ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, edge = excluded.edge"
)
_ADD = "INSERT INTO ledger_entries (tenant, number, id, kind, agreement, signer, leaf, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_NODE = "INSERT INTO ledger_nodes (tenant, level, number, node) VALUES (?, ?, ?, ?)"
_LEAF = "SELECT leaf FROM ledger_entries WHERE tenant = ? AND number = ?"
_NODE = "SELECT node FROM ledger_nodes WHERE tenant = ? AND level = ? AND number = ?"
_GET = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number = ?"
_FIND = "SELECT doc FROM ledger_entries WHERE tenant = ? AND id = ?"
_LATEST = "SELECT doc FROM ledger_entries WHERE tenant = ? AND agreement = ? AND kind = ? AND signer = ? ORDER BY number DESC LIMIT 1"
_NEWEST = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number < ? ORDER BY number DESC LIMIT ?"
_OF_AGREEMENT = "SELECT doc FROM ledger_entries WHERE tenant = ? AND agreement = ? AND number < ? ORDER BY number DESC LIMIT ?"
_WALK = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number >= ? ORDER BY number LIMIT ?"
_END = 2**62

_decode = msgspec.json.Decoder(Entry).decode


class LedgerEntries:
    """The logs. There is no way to change or delete an entry; an erased participant's log goes with everything else of it."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def head(self, tenant: Tenant) -> Head | None:
        """Return how far the log is, or nothing. Locked in a writing transaction."""
        row = self._rows.one(_HEAD, (tenant,))
        if row is None:
            return None
        edge = bytes(row[1])
        nodes = tuple(edge[at : at + HASH_SIZE] for at in range(0, len(edge), HASH_SIZE))
        return Head(tenant, Edge(int(row[0]), nodes))

    def add(self, entry: Entry, head: Head, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add an entry with the nodes that it completes, the leaf first, and move the head on.

        Raises `Conflict` if the number or the statement's id is taken: two appends that began at once cannot both be next.
        """
        tenant = entry.tenant
        keys = (tenant, entry.index, entry.id, entry.kind, entry.agreement, entry.signer)
        self._rows.execute(_ADD, (*keys, nodes[0][2], msgspec.json.encode(entry)))
        for level, number, hash in nodes[1:]:
            self._rows.execute(_ADD_NODE, (tenant, level, number, hash))
        self._rows.execute(_MOVE, (tenant, head.edge.size, b"".join(head.edge.nodes)))

    def node(self, tenant: Tenant, level: int, number: int) -> bytes | None:
        """Return the hash of a complete node; leaves are level 0."""
        row = self._rows.one(_NODE, (tenant, level, number)) if level else self._rows.one(_LEAF, (tenant, number))
        return None if row is None else bytes(row[0])

    def get(self, tenant: Tenant, index: int) -> Entry | None:
        """Return an entry."""
        return self._one(_GET, tenant, index) if 0 <= index < _END else None

    def find(self, tenant: Tenant, id: str) -> Entry | None:
        """Return the entry of the statement with that id."""
        return self._one(_FIND, tenant, id)

    def latest(self, tenant: Tenant, agreement: str, kind: str, signer: Did) -> Entry | None:
        """Return the newest entry of that kind about the agreement by that signer."""
        return self._one(_LATEST, tenant, agreement, kind, signer)

    def page(self, tenant: Tenant, *, before: int | None, limit: int, agreement: str | None = None) -> Sequence[Entry]:
        """Return up to `limit` entries, newest first, those below the index `before`; of one agreement, if it is named."""
        below = _END if before is None else max(0, min(before, _END))
        if agreement is None:
            return self._many(_NEWEST, tenant, below, limit)
        return self._many(_OF_AGREEMENT, tenant, agreement, below, limit)

    def walk(self, tenant: Tenant, start: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries from the index `start` on, in their order."""
        return self._many(_WALK, tenant, start, limit)

    def _one(self, sql: str, *args: str | int) -> Entry | None:
        row = self._rows.one(sql, args)
        return None if row is None else _decode(row[0])

    def _many(self, sql: str, *args: str | int) -> list[Entry]:
        return [_decode(doc) for (doc,) in self._rows.all(sql, args)]


class SentStatements(Documents[Sent]):
    """Statements to peers, and what became of them."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SENT)

    def get(self, tenant: Tenant, id: str) -> Sent | None:
        """Return one, or nothing. Locked in a writing transaction."""
        return self._get(tenant, id)

    def put(self, sent: Sent) -> None:
        """Insert or replace."""
        self._put(sent, sent.tenant, sent.id)
