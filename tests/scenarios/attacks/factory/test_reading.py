"""A forged lease and a hostile facility: a node that opens data must not write, or ask, wherever they would have it."""

from __future__ import annotations

import pytest

from hanse.client.reading.opened import write_folder
from hanse.client.reading.places import open_place
from hanse.kernel.errors import Invalid, Misconfigured
from tests.unit.client.reading.world import content


@pytest.mark.parametrize("path", ["../evil", "a/../../evil", "/tmp/evil", "a\\..\\evil", "x\x1b[2J", "a//b"])
def test_no_file_is_written_outside_of_the_folder(tmp_path, path):
    """Whoever knows a node's public key can make a lease, and a facility with a manifest whose key is in it."""
    target = tmp_path / "here" / "data"
    target.parent.mkdir()
    with content(tmp_path / "facility", {path: b"evil"}) as data, pytest.raises(Invalid) as caught:
        write_folder(data, target)
    assert caught.value.rule == "file-name"
    assert not list(target.parent.rglob("*"))
    assert not (tmp_path / "evil").exists()


def test_no_file_takes_the_place_of_another(tmp_path):
    with content(tmp_path / "facility", {"A.csv": b"1", "a.csv": b"2"}) as data, pytest.raises(Invalid):
        write_folder(data, tmp_path / "data")


@pytest.mark.parametrize("place", ["http://127.0.0.1:1/x", "file:///etc", "gs://bucket/x", "az://a/b", "S3://x/y"])
def test_a_lease_leads_to_a_folder_or_a_bucket_and_nowhere_else(place):
    with pytest.raises(Misconfigured):
        open_place(place)
