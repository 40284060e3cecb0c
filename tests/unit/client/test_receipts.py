"""Files are hashed before they are deleted, and nobody signs for what is still there."""

import hashlib
import os
from pathlib import Path

import pytest

from hanse.client.receipts import list_of, listed, remove, require_gone
from hanse.kernel.errors import Conflict, Invalid, NotFound


@pytest.fixture
def folder(tmp_path):
    one = tmp_path / "weather"
    (one / "deep" / "er").mkdir(parents=True)
    (one / "a.csv").write_bytes(b"a")
    (one / "deep" / "er" / "b.csv").write_bytes(b"bb")
    (one / ".hanse-parts").mkdir()
    return one


def test_a_folder_is_hashed_deleted_and_its_list_stays_until_the_receipt(folder):
    objects = listed(folder)
    assert [(one.path, one.size) for one in objects] == [("a.csv", 1), ("deep/er/b.csv", 2)]
    assert objects[0].sha256 == hashlib.sha256(b"a").hexdigest()
    with pytest.raises(Conflict):
        require_gone(folder, objects)
    remove(folder, objects)
    require_gone(folder, objects)
    assert not folder.exists()
    assert listed(folder) == objects
    list_of(folder).unlink()
    with pytest.raises(NotFound):
        listed(folder)


def test_a_file_is_one_object(folder):
    path = folder / "a.csv"
    objects = listed(path)
    assert [one.path for one in objects] == ["a.csv"]
    remove(path, objects)
    require_gone(path, objects)
    assert listed(path) == objects


def test_what_is_not_listed_stays(folder):
    objects = listed(folder)
    (folder / "deep" / "new.csv").write_bytes(b"n")
    remove(folder, objects)
    require_gone(folder, objects)
    assert (folder / "deep" / "new.csv").exists()
    assert not (folder / "deep" / "er").exists()


@pytest.mark.parametrize("make", [lambda at: at.symlink_to("/etc/passwd"), os.mkfifo, lambda at: at.symlink_to("/etc")])
def test_links_and_pipes_are_refused(folder, make):
    make(folder / "odd")
    with pytest.raises(Invalid):
        listed(folder)


def test_a_root_is_no_folder_of_data_and_the_current_folder_has_its_name(folder, monkeypatch):
    with pytest.raises(Invalid):
        list_of(Path("/"))
    monkeypatch.chdir(folder)
    assert list_of(Path()) == list_of(folder)


def test_a_list_that_cannot_be_read_is_refused(folder):
    remove(folder, listed(folder))
    list_of(folder).write_text("{")
    with pytest.raises(Invalid):
        listed(folder)
