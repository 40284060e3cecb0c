"""Every proof can be made of tiles alone, and a tile that was changed proves nothing."""

import random

import pytest

from hanse.evidence import merkle, tiles
from hanse.evidence.merkle import Edge, consistent, included, leaf_hash
from hanse.evidence.tiles import Tile, read_tile, tile_at, tiles_for, tiles_of
from hanse.kernel.errors import Malformed
from tests.thorough import EXAMPLES


class Log:
    """A tree with all its complete nodes, as a server has it."""

    def __init__(self, size):
        self.leaves = [leaf_hash(str(number).encode()) for number in range(size)]
        edge, made = Edge().extend(self.leaves)
        self.nodes = {(level, number): hash for level, number, hash in made}
        self.size, self.root = edge.size, edge.root
        self.asked = []

    def tile(self, name):
        self.asked.append(name)
        first = name.number * 256
        return b"".join(self.nodes[8 * name.level, number] for number in range(first, first + name.width))

    def node(self, level, number):
        return self.nodes[level, number]


SIZES = (1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 70_000)


@pytest.fixture(scope="module")
def logs():
    return {size: Log(size) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
def test_proofs_from_tiles_are_those_from_the_tree(logs, size):
    log, chance = logs[size], random.Random(size)
    assert tiles.root_of(size, log.tile) == log.root
    for index in {0, size - 1, *(chance.randrange(size) for _ in range(8))}:
        proof = tiles.inclusion_proof(index, size, log.tile)
        assert proof == merkle.inclusion_proof(index, size, log.node)
        assert included(log.leaves[index], index, size, proof, log.root)
    for old in {1, size, *(chance.randrange(1, size + 1) for _ in range(8))}:
        proof = tiles.consistency_proof(old, size, log.tile)
        before = merkle.root_at(old, log.node)
        assert before == tiles.root_of(old, log.tile)
        assert consistent(old, size, before, log.root, proof)


def test_a_tree_of_70000_has_the_tiles_of_the_standard():
    """tlog-tiles 0.1, Partial Tiles."""
    names = list(tiles_of(70_000))
    assert len([one for one in names if one.level == 0 and one.width == 256]) == 273
    assert names[273:] == [Tile(0, 273, 112), Tile(1, 0, 256), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []
    assert tile_at(1, 2, 70_000) is None


def test_what_a_proof_asks_for_is_known_before(logs):
    log = logs[70_000]
    wanted = tiles_for(lambda tile: tiles.inclusion_proof(12_345, 70_000, tile))
    log.asked.clear()
    tiles.inclusion_proof(12_345, 70_000, log.tile)
    assert wanted == log.asked
    assert len(wanted) <= 4
    assert len(set(wanted)) == len(wanted)


NAMES = {"0/000": Tile(0, 0), "1/x001/234": Tile(1, 1234), "0/x001/x234/067": Tile(0, 1_234_067), "2/005.p/17": Tile(2, 5, 17)}


@pytest.mark.parametrize("path", NAMES)
def test_names_are_written_in_one_way(path):
    assert read_tile(path) == NAMES[path]
    assert NAMES[path].path == path


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/0", "00/000", "0/1234", "0/x000/001", "0/001/234", "0/000.p/0", "0/000.p/256", "0/000.p/01", "-1/000", "64/000",
     "0/x1/234", "0/000/", "0/000.p/", "0/" + "x001/" * 7 + "001", "entries/000", "0/\u0660\u0660\u0660"],
)  # fmt: skip
def test_other_names_are_refused(path):
    with pytest.raises(Malformed):
        read_tile(path)


def test_any_changed_tile_is_found(logs):
    """Single bits of tiles, 10,000 in `make test-long`: each leads to another root, or is not asked for."""
    log, chance = logs[700], random.Random(7)
    names = list(tiles_of(700))
    for _ in range(EXAMPLES):
        name = chance.choice(names)
        bit = chance.randrange(name.width * 256)

        def bad(asked, name=name, bit=bit):
            hashes = bytearray(log.tile(asked))
            if asked == name:
                hashes[bit // 8] ^= 1 << bit % 8
            return bytes(hashes)

        index = name.number * 256 + bit // 256 if name.level == 0 else 0
        proof = tiles.inclusion_proof(index, 700, bad)
        used = merkle.inclusion_proof(index, 700, log.node)
        changed = proof != used
        assert not changed or not included(log.leaves[index], index, 700, proof, log.root)
        if name.level == 0 and bit % 4 == 0:  # all that a root of this size is made of, but for the copies of it in higher tiles
            assert _root_of_leaves(700, bad) != log.root


def _root_of_leaves(size, tile):
    hashes = b"".join(tile(tile_at(0, number, size)) for number in range(-(-size // 256)))
    return merkle.root_of([hashes[at : at + 32] for at in range(0, len(hashes), 32)])


def test_a_tile_of_another_length_is_refused(logs):
    with pytest.raises(Malformed):
        tiles.root_of(700, lambda name: logs[700].tile(name)[:-1])
