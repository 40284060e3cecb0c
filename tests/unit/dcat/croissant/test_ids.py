"""Ids of parts (dcat.croissant.ids), and patterns for files (dcat.croissant.globs)."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.dcat.croissant.globs import globs_for, matching
from hanse.dcat.croissant.ids import Names

paths = st.lists(st.text("ab.*?[]!-/0 é", min_size=1, max_size=8), max_size=12, unique=True)


@pytest.mark.parametrize(
    ("wish", "id"),
    [
        ("a b", "a_b"),
        ("@id", "_id"),
        ("../a", "_a"),
        ("0/./n", "0/_n"),
        ("a//b", "a/_b"),
        ("cr:x", "cr_x"),
        ("日/é.csv", "日/é.csv"),
        ("", "_"),
    ],
)
def test_ids_are_plain(wish, id):
    assert Names().new(wish) == id


@given(st.lists(st.text(max_size=10), max_size=20))
def test_ids_are_different_also_as_addresses(wishes):
    names = Names(["a", "b"])
    found = [names.new(wish) for wish in wishes]
    assert len({urljoin("https://a.example/x/", one) for one in (*found, "a", "b")}) == len(found) + 2
    assert not any(one.isspace() for id in found for one in id)


@given(paths, st.data())
def test_patterns_name_just_what_is_wanted(every, data):
    wanted = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True)) if every else []
    found = globs_for(wanted, every)
    assert found is not None
    assert matching(found, every) == set(wanted)


def test_too_many_patterns_are_none():
    every = [f"{'a' if number % 2 else 'b'}{number}.csv" for number in range(1_000)]
    assert globs_for(every[::2], every) is None
    assert globs_for(every, every) == ["*.csv"]
