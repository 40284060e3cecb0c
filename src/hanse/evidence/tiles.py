"""The tree as static pieces (C2SP tlog-tiles 0.1): 256 hashes of one level in a row, from which anybody computes any proof.

A tile is named by its level, its number in the level, and its width. Tile (0, 0) holds the hashes of leaves 0 to 255; tile (1, 0) the
hashes over the first 256 tiles of level 0, and so on: level `l` of tiles is level `8 l` of the tree. The last tile of a level may be
partial; then its width is part of its name, since it grows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from hanse.evidence import merkle
from hanse.evidence.merkle import HASH_SIZE, NodeOf, node_hash
from hanse.kernel.errors import Malformed

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""Hashes of a full tile."""
MAX_LEVEL: Final = 63 // HEIGHT
"""The highest level of tiles in a tree of less than 2^63 leaves."""
_PATH: Final = re.compile(r"(0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(NamedTuple):
    """The name of a tile."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The name as it stands in addresses, below `tile/`."""
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"{self.level}/{number}" + (f".p/{self.width}" if self.width < WIDTH else "")


TileOf = Callable[[Tile], bytes]
"""Returns the hashes of a tile, one after the other."""


def read_tile(path: str) -> Tile:
    """Read a tile's name. Raises `Malformed` for any other spelling than the one."""
    found = _PATH.fullmatch(path)
    number = int(found[2].replace("x", "").replace("/", "")) if found else 0
    tile = Tile(int(found[1]), number, int(found[3] or WIDTH)) if found else None
    if tile is None or tile.path != path or tile.level > 63:
        raise Malformed("This is no name of a tile.", where="tile", rule="tile", hint="Write LEVEL/x001/234, or LEVEL/x001/234.p/WIDTH.")
    return tile


def tile_at(level: int, number: int, size: int) -> Tile | None:
    """Return the tile at that place in a tree of `size` leaves: full, partial, or none."""
    width = min(WIDTH, (size >> HEIGHT * level) - number * WIDTH)
    return Tile(level, number, width) if width > 0 else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield the names of all tiles of a tree of `size` leaves, level by level."""
    for level in range(MAX_LEVEL + 1):
        hashes = size >> HEIGHT * level
        yield from (Tile(level, number, min(WIDTH, hashes - number * WIDTH)) for number in range(-(-hashes // WIDTH)))


def inclusion_proof(index: int, size: int, tile: TileOf) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, from tiles alone. Raises `Invalid`; `Malformed` for bad tiles."""
    return merkle.inclusion_proof(index, size, nodes_of(size, tile))


def consistency_proof(old: int, size: int, tile: TileOf) -> tuple[bytes, ...]:
    """Return the proof that the tree of `size` leaves begins with the one of `old`, from tiles alone. Raises as `inclusion_proof`."""
    return merkle.consistency_proof(old, size, nodes_of(size, tile))


def root_of(size: int, tile: TileOf) -> bytes:
    """Return the root of the tree of `size` leaves, from the tiles of a tree of that size or of a larger one."""
    return merkle.root_at(size, nodes_of(size, tile))


def tiles_for(work: Callable[[TileOf], object]) -> list[Tile]:
    """Return the tiles that a computation asks for, each once: to be fetched at once, and handed in then."""
    asked: dict[Tile, None] = {}

    def note(tile: Tile) -> bytes:
        asked[tile] = None
        return bytes(HASH_SIZE * tile.width)

    work(note)
    return list(asked)


def nodes_of(size: int, tile: TileOf) -> NodeOf:
    """Return the complete nodes of a tree of `size` leaves as its tiles have them. Each tile is asked for once."""
    held: dict[tuple[int, int], bytes] = {}

    def node(level: int, number: int) -> bytes:
        above, rest = divmod(level, HEIGHT)
        first = number << rest
        return _over(row(above, first // WIDTH), first % WIDTH, 1 << rest)

    def row(level: int, number: int) -> bytes:
        found = held.get((level, number))
        if found is None:
            name = tile_at(level, number, size)
            assert name is not None  # a complete node lies in a tile that is there
            found = held[level, number] = _checked(name, tile(name))
        return found

    return node


def _checked(name: Tile, hashes: bytes) -> bytes:
    if len(hashes) != HASH_SIZE * name.width:
        raise Malformed(f"The tile {name.path} does not hold {name.width} hashes.", where="tile", rule="tile")
    return hashes


def _over(hashes: bytes, first: int, count: int) -> bytes:
    """Return the hash over `count` hashes of a tile, a power of two."""
    row = [hashes[at * HASH_SIZE : (at + 1) * HASH_SIZE] for at in range(first, first + count)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
