"""Joining what is alike, against a plain search of the graph."""

from __future__ import annotations

import numpy as np
import pytest

from hanse.factory.prepare.steps.duplicates.groups import Alike


@pytest.mark.parametrize("edges", [0, 50, 300, 2000])
def test_the_first_of_each_connected_component(edges: int) -> None:
    chance = np.random.default_rng(edges)
    some, others = chance.integers(0, 500, (2, edges))
    alike = Alike(500)
    for block in np.array_split(np.arange(edges), 3):
        alike.join(some[block], others[block])
    near: dict[int, set[int]] = {one: set() for one in range(500)}
    for one, other in zip(some.tolist(), others.tolist(), strict=True):
        near[one].add(other)
        near[other].add(one)
    expected = [-1] * 500
    for first in range(500):
        waiting = [first] if expected[first] < 0 else []
        while waiting:
            one = waiting.pop()
            if expected[one] < 0:
                expected[one] = first
                waiting.extend(near[one])
    assert alike.first.tolist() == expected


def test_a_long_chain_in_any_order() -> None:
    links = np.random.default_rng(1).permutation(100_000)
    alike = Alike(100_001)
    alike.join(links + 1, links)
    assert not alike.first.any()
