"""The Merkle tree of RFC 9162 (section 2.1) over SHA-256: hashes, the right edge of a growing tree, proofs and their checks.

A node is named by its level and its number: leaf 5 is (0, 5), and (1, 2) stands for leaves 4 and 5. A node is complete when
all its leaves are there; from then on it never changes. Complete nodes are all that a log has to keep to prove anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from hanse.kernel.errors import Invalid

HASH_SIZE: Final = 32
"""Bytes of a hash."""
MAX_PROOF: Final = 128
"""Hashes of a proof that is read; a tree of 2^63 leaves needs 64 for inclusion, and twice that for consistency at most."""

NodeOf = Callable[[int, int], bytes]
"""Returns the hash of a complete node, by level and number."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class Edge(Struct, frozen=True):
    """A tree as far as appending needs it: its size, and its largest complete nodes from left to right."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The tree's root hash."""
        return _fold(self.nodes) if self.nodes else EMPTY_ROOT

    def extend(self, leaves: Sequence[bytes]) -> tuple[Edge, list[tuple[int, int, bytes]]]:
        """Return the tree with these leaf hashes added, and the nodes that became complete, each leaf before those above it."""
        nodes, number, sha256 = list(self.nodes), self.size, hashlib.sha256
        made: list[tuple[int, int, bytes]] = []
        for leaf in leaves:
            made.append((0, number, leaf))
            found, level, at = leaf, 0, number
            while at & 1:
                found = sha256(b"\1" + nodes.pop() + found).digest()
                level, at = level + 1, at >> 1
                made.append((level, at, found))
            nodes.append(found)
            number += 1
        return Edge(number, tuple(nodes)), made

    def append(self, leaf: bytes) -> tuple[Edge, tuple[tuple[int, int, bytes], ...]]:
        """Return the tree with one more leaf hash, and the nodes that became complete: (level, number, hash), the leaf first."""
        edge, made = self.extend((leaf,))
        return edge, tuple(made)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    edge = Edge()
    for leaf in leaves:
        edge, _ = edge.append(leaf)
    return edge.root


def root_at(size: int, node: NodeOf) -> bytes:
    """Return the root that a tree had, or has, when it has `size` leaves, from its complete nodes."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeOf) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1). Raises `Invalid`."""
    if not 0 <= index < size:
        raise Invalid("There is no such entry in a log of this size.", where="index")
    return tuple(_path(index, 0, size, node))


def consistency_proof(old: int, size: int, node: NodeOf) -> tuple[bytes, ...]:
    """Return the proof that the tree of `size` leaves begins with the one of `old` (RFC 9162, 2.1.4.1). Raises `Invalid`."""
    if not 0 < old <= size:
        raise Invalid("A log can be compared with its own past only, from its first entry on.", where="size")
    return () if old == size else tuple(_subproof(old, 0, size, whole=True, node=node))


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check an inclusion proof of a leaf hash (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _sound(proof):
        return False
    number, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(step, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, step)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Check a consistency proof (RFC 9162, 2.1.4.2). An empty tree is the beginning of every tree."""
    if not 0 <= old <= size or not _sound(proof):
        return False
    if old in (0, size):
        return not proof and old_root == (root if old else EMPTY_ROOT)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _meets(old - 1, size - 1, path, old_root, root)


def _meets(number: int, last: int, path: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, step)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _sound(proof: Sequence[bytes]) -> bool:
    return len(proof) <= MAX_PROOF and all(len(step) == HASH_SIZE for step in proof)


def _path(index: int, start: int, end: int, node: NodeOf) -> Iterator[bytes]:
    """Yield the siblings from the leaf up; `start` to `end` are the leaves of the subtree looked at."""
    if end - start == 1:
        return
    middle = start + _split(end - start)
    if index < middle:
        yield from _path(index, start, middle, node)
        yield _subtree(middle, end, node)
    else:
        yield from _path(index, middle, end, node)
        yield _subtree(start, middle, node)


def _subproof(old: int, start: int, end: int, *, whole: bool, node: NodeOf) -> Iterator[bytes]:
    if old == end:
        if not whole:
            yield _subtree(start, end, node)
        return
    middle = start + _split(end - start)
    if old <= middle:
        yield from _subproof(old, start, middle, whole=whole, node=node)
        yield _subtree(middle, end, node)
    else:
        yield from _subproof(old, middle, end, whole=False, node=node)
        yield _subtree(start, middle, node)


def _subtree(start: int, end: int, node: NodeOf) -> bytes:
    """Return the hash over the leaves from `start` to `end` out of complete nodes; `start` is a multiple of the largest of them."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(node(level, start >> level))
        start += 1 << level
    return _fold(nodes)


def _fold(nodes: Sequence[bytes]) -> bytes:
    found = nodes[-1]
    for left in reversed(nodes[:-1]):
        found = node_hash(left, found)
    return found


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
