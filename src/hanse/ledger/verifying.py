"""Reading a whole log again: every signature, hash, index and stored node; and that it goes on from earlier checkpoints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from hanse.evidence import merkle
from hanse.evidence.checkpoint import SignedCheckpoint, did_of_origin
from hanse.evidence.kinds import kind_of
from hanse.evidence.merkle import Edge
from hanse.evidence.statement import statement_of
from hanse.identity.keys import VerifyingKey
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.ledger.ports import LedgerTx
from hanse.ledger.records import Entry, Head, Stored

MAX_FAULTS: Final = 100
"""Faults that a verification names; it goes on counting."""

_Node = tuple[int, int, bytes | None]


class Earlier(Struct, frozen=True):
    """What a log was once: a signed checkpoint, and what to call it (`the checkpoint that WITNESS saw`)."""

    signed: SignedCheckpoint
    called: str = "the earlier checkpoint"


class Fault(Struct, frozen=True):
    """Something that is not as it was written: at which index (None: the log as a whole), and what."""

    index: int | None
    problem: str


class Verdict(Struct, frozen=True):
    """What a verification of the whole log found: its size and root (hexadecimal), and at most 100 of `count` faults.

    `against` is how many earlier checkpoints it was compared with.
    """

    size: int
    root: str
    count: int
    faults: tuple[Fault, ...]
    against: int = 0

    @property
    def sound(self) -> bool:
        """Tell whether nothing was changed."""
        return self.count == 0


class Checks:
    """What has been seen of a log that is verified. `keys` are the public JWKs that its owner ever signed with, by name."""

    def __init__(self, keys: Mapping[str, Mapping[str, str]], earlier: Sequence[Earlier]) -> None:
        self._jwks = {name: dict(jwk) for name, jwk in keys.items()}
        self._keys = {name: VerifyingKey.from_jwk(jwk) for name, jwk in keys.items()}
        self._earlier: dict[int, list[Earlier]] = {}
        self._against = len(earlier)
        self.edge = Edge()
        self.count = 0
        self.faults: list[Fault] = []
        self.broken = False
        for one in earlier:
            self._earlier.setdefault(one.signed.checkpoint.size, []).append(one)
            if not signed_by(one.signed, keys):
                self.fault(None, f"{_capital(one.called)} is not signed by this participant.")

    def fault(self, index: int | None, problem: str) -> None:
        """Note what is wrong."""
        self.count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(index, problem))

    def look_at(self, page: Sequence[tuple[Stored, Sequence[_Node]]]) -> None:
        """Check the next rows, each with what is stored of the nodes that it completes."""
        for row, nodes in page:
            entry = row.entry
            if row.index != self.edge.size or entry is None or entry.index != row.index:
                missing = row.index != self.edge.size
                self.fault(self.edge.size, "An entry is missing here." if missing else "What is stored here is not this entry.")
                self.broken = True
                return
            if row.columns != (entry.id, entry.kind, entry.agreement, entry.signer):
                self.fault(entry.index, "It is filed under another name than its own.")
            self._look(entry, nodes)

    def _look(self, entry: Entry, nodes: Sequence[_Node]) -> None:
        self.edge, made = self.edge.append(merkle.leaf_hash(entry.raw))
        if tuple(nodes) != made:
            self.fault(entry.index, "Its hash is not the one that it was stored with: it was changed.")
        problem = self._problem(entry)
        if problem:
            self.fault(entry.index, problem)
        for one in self._earlier.get(self.edge.size, ()):
            if self.edge.root != one.signed.checkpoint.root:
                self.fault(entry.index, f"Up to this entry the log is not what {one.called} says.")

    def end(self, head: Head) -> Verdict:
        """Check the log as a whole, and return what was found."""
        if head.edge != self.edge:
            self.fault(None, "The entries do not add up to what the log says of itself.")
        for size, known in self._earlier.items():
            if size > self.edge.size:
                for one in known:
                    self.fault(None, f"{_capital(one.called)} has {size} entries, the log {self.edge.size}: entries were cut off.")
        return Verdict(self.edge.size, self.edge.root.hex(), self.count, tuple(self.faults), self._against)

    def _problem(self, entry: Entry) -> str:
        try:
            envelope = entry.envelope
            says = statement_of(envelope).predicate
            own = self._keys.get(envelope.keyid)
            key = own or VerifyingKey.from_jwk(entry.key)
        except HanseError as fault:
            return f"It cannot be read: {fault.message}"
        if not key.verify_bytes(envelope.signed, envelope.signature):
            return "Its signature does not fit."
        if own is not None and says.entry != entry.index:
            return f"Its owner signed it as entry {says.entry}: it was moved."
        told = (says.id, says.agreement, says.by, kind_of(says), envelope.hash)
        same = told == (entry.id, entry.agreement, entry.signer, entry.kind, entry.hash)
        if own is not None and entry.key != self._jwks[envelope.keyid]:
            same = False
        return "" if same else "What is stored beside it was changed."


def signed_by(signed: SignedCheckpoint, keys: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether one of these keys of its log's owner signed the checkpoint."""
    owner = did_of_origin(signed.checkpoint.origin)
    own = [jwk for kid, jwk in keys.items() if owner and kid.startswith(f"{owner}#")]
    return any(signed.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes) for jwk in own)


def read_page(tx: LedgerTx, tenant: Tenant, start: int, most: int) -> list[tuple[Stored, list[_Node]]]:
    """Read the next rows, each with what is stored of the nodes that it completes."""
    found = []
    for row in tx.ledger.audit(tenant, start, most):
        index = row.index
        levels = range(((index + 1) & ~index).bit_length())  # how often the number of entries can be halved
        found.append((row, [(one, index >> one, tx.ledger.node(tenant, one, index >> one)) for one in levels]))
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
