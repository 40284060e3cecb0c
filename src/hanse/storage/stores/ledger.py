"""The logs of participants, and their statements to peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hanse.evidence.merkle import HASH_SIZE, Edge
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.records import Entry, Head, LogState, Sent, Stored
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
_LEAVES = "SELECT leaf FROM ledger_entries WHERE tenant = ? AND number >= ? AND number < ? ORDER BY number"
_NODES = "SELECT node FROM ledger_nodes WHERE tenant = ? AND level = ? AND number >= ? AND number < ? ORDER BY number"
_STATE = "SELECT doc FROM ledger_states WHERE tenant = ?"
_PUT_STATE = "INSERT INTO ledger_states (tenant, doc) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET doc = excluded.doc"
_GET = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number = ?"
_FIND = "SELECT doc FROM ledger_entries WHERE tenant = ? AND id = ?"
_LATEST = "SELECT doc FROM ledger_entries WHERE tenant = ? AND agreement = ? AND kind = ? AND signer = ? ORDER BY number DESC LIMIT 1"
_NEWEST = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number < ? ORDER BY number DESC LIMIT ?"
_OF_AGREEMENT = "SELECT doc FROM ledger_entries WHERE tenant = ? AND agreement = ? AND number < ? ORDER BY number DESC LIMIT ?"
_WALK = "SELECT doc FROM ledger_entries WHERE tenant = ? AND number >= ? ORDER BY number LIMIT ?"
_AUDIT = "SELECT number, id, kind, agreement, signer, doc FROM ledger_entries WHERE tenant = ? AND number >= ? ORDER BY number LIMIT ?"
_SOME_LEAVES = "SELECT number, leaf FROM ledger_entries WHERE tenant = ? AND number IN ("
_ONE_NODE = "SELECT level, number, node FROM ledger_nodes WHERE tenant = ? AND level = ? AND number = ?"
_AT_ONCE = 64
_END = 2**62

_decode = msgspec.json.Decoder(Entry).decode
_state = msgspec.json.Decoder(LogState).decode
_encode = msgspec.json.Encoder().encode


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
        self.add_many((entry,), head, nodes)

    def add_many(self, entries: Sequence[Entry], head: Head, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Do the same for several entries in a row; `nodes` has a leaf for each of them, in their order."""
        leaves = [hash for level, _, hash in nodes if level == 0]
        rows = [
            (one.tenant, one.index, one.id, one.kind, one.agreement, one.signer, leaf, _encode(one))
            for one, leaf in zip(entries, leaves, strict=True)
        ]
        self._rows.many(_ADD, rows)
        self._rows.many(_ADD_NODE, [(head.tenant, level, number, hash) for level, number, hash in nodes if level])
        self._rows.execute(_MOVE, (head.tenant, head.edge.size, b"".join(head.edge.nodes)))

    def state(self, tenant: Tenant) -> LogState:
        """Return whether the log may go on; a log of which nothing is known may."""
        row = self._rows.one(_STATE, (tenant,))
        return LogState(tenant=tenant) if row is None else _state(row[0])

    def put_state(self, state: LogState) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT_STATE, (state.tenant, _encode(state)))

    def row(self, tenant: Tenant, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return up to `count` complete nodes of one level, from the number `first` on; leaves are level 0."""
        end = first + count
        found = self._rows.all(_NODES, (tenant, level, first, end)) if level else self._rows.all(_LEAVES, (tenant, first, end))
        return [bytes(node) for (node,) in found]

    def nodes(self, tenant: Tenant, wanted: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """Return those complete nodes, by level and number, that are there."""
        found: dict[tuple[int, int], bytes] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            group = wanted[start : start + _AT_ONCE]
            leaves = [number for level, number in group if not level]
            above = [one for one in group if one[0]]
            if leaves:
                sql = _SOME_LEAVES + ", ".join("?" for _ in leaves) + ")"
                found |= {(0, int(number)): bytes(leaf) for number, leaf in self._rows.all(sql, (tenant, *leaves))}
            if above:
                sql = " UNION ALL ".join(_ONE_NODE for _ in above)  # each looked up in the index, whatever the planner thinks of `OR`
                rows = self._rows.all(sql, tuple(part for level, number in above for part in (tenant, level, number)))
                found |= {(int(level), int(number)): bytes(node) for level, number, node in rows}
        return found

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

    def audit(self, tenant: Tenant, start: int, limit: int) -> Sequence[Stored]:
        """Return up to `limit` rows from the index `start` on, in their order, as they lie there."""
        rows = self._rows.all(_AUDIT, (tenant, start, limit))
        return [Stored(row[0], (row[1], row[2], row[3], row[4]), _readable(tenant, row[5])) for row in rows]

    def walk(self, tenant: Tenant, start: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries from the index `start` on, in their order."""
        return self._many(_WALK, tenant, start, limit)

    def _one(self, sql: str, *args: str | int) -> Entry | None:
        row = self._rows.one(sql, args)
        return None if row is None else _decode(row[0])

    def _many(self, sql: str, *args: str | int) -> list[Entry]:
        return [_decode(doc) for (doc,) in self._rows.all(sql, args)]


def _readable(tenant: Tenant, doc: bytes) -> Entry | None:
    try:
        entry = _decode(doc)
    except (ValueError, RecursionError):
        return None
    return entry if entry.tenant == tenant else None


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
