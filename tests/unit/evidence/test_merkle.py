"""The tree against the definitions of RFC 9162, written a second time as they stand there, and against known answers."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import merkle as m
from hanse.kernel.errors import Invalid

SIZES = st.integers(1, 200)
LEAVES = [m.leaf_hash(b"%d" % number) for number in range(201)]


def mth(leaves):
    """MTH of RFC 9162, 2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


class Nodes(dict):
    """All complete nodes of a growing tree."""

    def __init__(self, leaves):
        self.edge = m.Edge()
        for leaf in leaves:
            self.edge, made = self.edge.append(leaf)
            self.update({(level, number): hash for level, number, hash in made})

    def __call__(self, level, number):
        return self[level, number]


def test_known_answers():
    # The test vectors of the first Certificate Transparency implementations.
    leaves = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    ]
    for size, root in enumerate(roots, 1):
        assert m.root_of([m.leaf_hash(one) for one in leaves[:size]]).hex() == root
    assert m.root_of([]) == m.EMPTY_ROOT


@given(SIZES)
def test_the_root_is_the_definitions(size):
    nodes = Nodes(LEAVES[:size])
    assert nodes.edge.root == mth(LEAVES[:size])
    assert len(nodes) == sum(size >> level for level in range(9))


@given(SIZES, st.data())
def test_every_leaf_is_proved_and_no_other(size, data):
    nodes, root = Nodes(LEAVES), mth(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    proof = m.inclusion_proof(index, size, nodes)
    assert m.included(LEAVES[index], index, size, proof, root)
    assert not m.included(m.leaf_hash(b"other"), index, size, proof, root)
    assert not m.included(LEAVES[index], index, size, proof, mth(LEAVES[: size + 1]))
    assert not m.included(LEAVES[index], index, size, (*proof, root), root)
    assert size == 1 or not m.included(LEAVES[index], index, size, proof[:-1], root)
    other = data.draw(st.integers(-1, size))
    assert other == index or not m.included(LEAVES[index], other, size, proof, root)


@given(SIZES, st.data())
def test_growth_is_proved_and_nothing_else(size, data):
    nodes, old = Nodes(LEAVES), data.draw(st.integers(1, size))
    before, after = mth(LEAVES[:old]), mth(LEAVES[:size])
    proof = m.consistency_proof(old, size, nodes)
    assert m.consistent(old, size, before, after, proof)
    changed = mth([m.leaf_hash(b"other"), *LEAVES[1:old]])
    assert not m.consistent(old, size, changed, after, proof)
    assert not m.consistent(old, size, before, mth([*LEAVES[: size - 1], m.leaf_hash(b"x")]), proof)
    assert not m.consistent(old, size, before, after, (*proof, before))
    assert old == size or not m.consistent(old, size, before, after, proof[:-1])


def test_the_empty_tree_is_the_beginning_of_every_tree():
    assert m.consistent(0, 5, m.EMPTY_ROOT, mth(LEAVES[:5]), ())
    assert not m.consistent(0, 5, LEAVES[0], mth(LEAVES[:5]), ())


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_proof_of_what_is_not_there(index, size):
    with pytest.raises(Invalid):
        m.inclusion_proof(index, size, Nodes(LEAVES))


@pytest.mark.parametrize(("old", "size"), [(0, 5), (6, 5), (-1, 5)])
def test_no_proof_of_another_past(old, size):
    with pytest.raises(Invalid):
        m.consistency_proof(old, size, Nodes(LEAVES))


def test_long_and_odd_proofs_are_refused():
    assert not m.included(LEAVES[0], 0, 2, [b"short"], mth(LEAVES[:2]))
    assert not m.included(LEAVES[0], 0, 2**60, [LEAVES[0]] * 10_000, LEAVES[0])
    assert not m.consistent(1, 2**60, LEAVES[0], LEAVES[0], [LEAVES[0]] * 10_000)
