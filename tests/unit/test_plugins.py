"""Plug-ins (hanse.plugins): packages on the path are found, and what is wrong with one is said with its name."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from hanse.kernel.errors import Misconfigured
from hanse.plugins import CONSTRAINTS, load

GROUP = "hanse.things"


def point(name, value):
    return EntryPoint(name, value, GROUP)


def test_nothing_is_there_unless_a_package_brings_it():
    assert load("hanse.no-such-group") == {}


def test_a_package_on_the_path_is_found(tmp_path, monkeypatch):
    (tmp_path / "stranger.py").write_text("THING = 42\n")
    about = tmp_path / "stranger-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\nthing = stranger:THING\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert load(GROUP) == {"thing": 42}
    finally:
        sys.modules.pop("stranger", None)


def test_they_come_in_order():
    assert list(load(GROUP, [point("b", "math:pi"), point("a", "math:e")])) == ["a", "b"]


@pytest.mark.parametrize(
    "points",
    [
        [point("one", "no_such_module_anywhere:THING")],
        [point("one", "math:no_such_thing")],
        [point("one", "math:pi"), point("one", "math:e")],
    ],
)
def test_a_bad_one_is_named(points):
    with pytest.raises(Misconfigured) as error:
        load(GROUP, points)
    assert "'one'" in error.value.message
    assert error.value.where == GROUP
    assert len(error.value.message) < 300


def test_this_package_brings_no_constraints_of_its_own():
    assert load(CONSTRAINTS) == {}
