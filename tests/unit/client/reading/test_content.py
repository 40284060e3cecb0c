"""The content of a version: every byte of it, from wherever it is read; and what is not as it was stored is no content."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.client.reading.content import Content
from hanse.client.reading.opened import write_folder
from hanse.client.reading.places import open_place
from hanse.kernel.errors import Conflict, Invalid, NotFound, StorageFailed
from tests.unit.client.reading.world import KEY, MANIFEST, content, write

WHOLE = bytes(range(256)) * 40
FILES = {"a/b.bin": WHOLE, "empty": b"", "one": b"x"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with content(tmp_path_factory.mktemp("facility"), FILES, chunk=100) as data:
        yield data


def test_every_file_in_every_way(data):
    for path, wanted in FILES.items():
        assert data.read(path) == wanted
        assert b"".join(data.parts(path)) == wanted
        assert data.open(path).read() == wanted
        assert memoryview(data.buffer(path)).tobytes() == wanted


@given(st.lists(st.tuples(st.integers(-11_000, 11_000), st.sampled_from([0, 1, 2]), st.integers(-1, 3_000)), max_size=8))
def test_a_file_reads_and_seeks_as_any_file_does(data, steps):
    with data.open("a/b.bin") as file, io.BytesIO(WHOLE) as wanted:
        for offset, whence, size in steps:
            base = (0, wanted.tell(), len(WHOLE))[whence]
            if base + offset < 0:
                continue
            assert file.seek(offset, whence) == wanted.seek(offset, whence)
            assert file.read(size) == wanted.read(size)


def test_several_threads_read_at_once(data):
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(data.read, ["a/b.bin"] * 16)) == {WHOLE}


def test_a_file_that_is_not_there(data):
    for read in (data.read, data.open, data.file, lambda path: list(data.parts(path))):
        with pytest.raises(NotFound, match="has no file"):
            read("b.bin")


@given(st.integers(8, 8 + 116 * 6 - 1), st.integers(0, 7))
def test_a_bit_of_a_pack_that_was_changed_is_found(tmp_path_factory, at, bit):
    folder = tmp_path_factory.mktemp("facility")
    pack = write(folder, {"a": WHOLE[:600]}, chunk=100)
    raw = bytearray(pack.read_bytes())
    raw[at] ^= 1 << bit
    pack.write_bytes(raw)
    for read in (Content.read, lambda one, path: one.open(path).read(), lambda one, path: list(one.parts(path))):
        with content(folder) as data, pytest.raises(StorageFailed) as caught:
            read(data, "a")
        assert caught.value.rule == "damaged"


def test_frames_that_were_deleted_exchanged_or_cut_off(tmp_path):
    pack = write(tmp_path, {"a": b"aaaaaaa", "b": b"bbbbbbb"})
    raw = pack.read_bytes()
    first, second = raw[8:31], raw[31:54]
    for changed in (bytes(8) + bytes(46), raw[:8] + second + first, raw[:-1], raw[:8]):
        pack.write_bytes(changed)
        with content(tmp_path) as data, pytest.raises(StorageFailed) as caught:
            data.read("b")
        assert caught.value.rule == "damaged"
    pack.write_bytes(raw[:8] + bytes(23) + second)  # of another version, which was deleted: ours is untouched
    with content(tmp_path) as data:
        assert data.read("b") == b"bbbbbbb"


def test_a_pack_that_went_to_the_cold_place_and_one_that_is_gone(tmp_path):
    pack = write(tmp_path, {"a": b"hello"})
    cold = tmp_path / "cold" / pack.relative_to(tmp_path)
    cold.parent.mkdir(parents=True)
    pack.rename(cold)
    with content(tmp_path) as data:
        assert data.read("a") == b"hello"
    cold.unlink()
    with content(tmp_path) as data, pytest.raises(NotFound):
        data.read("a")


def test_a_manifest_that_is_gone_changed_or_another_ones(tmp_path):
    with pytest.raises(NotFound):
        content(tmp_path)
    write(tmp_path, {"a": b"hello"})
    with pytest.raises(StorageFailed, match="the key is another"):
        Content(open_place(str(tmp_path)), open_place(str(tmp_path)), MANIFEST, b"x" * 32)
    raw = (tmp_path / MANIFEST).read_bytes()
    for changed in (raw[:-1], b"", b"HANSEVM2" + raw[8:], raw[:20] + bytes([raw[20] ^ 1]) + raw[21:]):
        (tmp_path / MANIFEST).write_bytes(changed)
        with pytest.raises(StorageFailed) as caught:
            content(tmp_path)
        assert caught.value.rule == "damaged"


def test_a_manifest_leads_nowhere_else(tmp_path):
    """Whoever has the key of one version could write such a manifest, and put it into a facility that others read."""
    (tmp_path / "facility").mkdir()
    (tmp_path / "secret").write_bytes(b"x" * 100)
    with content(tmp_path / "facility", {"a": b"hello"}, pack="../../../../secret") as data, pytest.raises(StorageFailed, match="outside"):
        data.read("a")
    with pytest.raises(StorageFailed, match="outside"):
        Content(open_place(str(tmp_path / "facility")), open_place(str(tmp_path)), "../a/b", KEY)


@pytest.mark.parametrize("path", ["../out", "a/../../out", "/tmp/out", "a//b", ".", "a\\b\0", "a/./b"])
def test_no_file_is_written_outside_of_the_folder(tmp_path, path):
    with content(tmp_path / "facility", {"in": b"x", path: b"y"}) as data, pytest.raises(Invalid):
        write_folder(data, tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("names", [("Rain.csv", "rain.csv"), ("a", "a/b"), ("Straße", "STRASSE")])
def test_files_that_are_one_on_some_systems_are_not_written(tmp_path, names):
    with content(tmp_path / "facility", dict.fromkeys(names, b"x")) as data, pytest.raises(Invalid):
        write_folder(data, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    pack = write(tmp_path / "facility", {"a": b"hello", "b/c": b"world"})
    with content(tmp_path / "facility") as data:
        assert write_folder(data, tmp_path / "new" / "folder").joinpath("b", "c").read_bytes() == b"world"
        with pytest.raises(Conflict):
            write_folder(data, tmp_path / "new" / "folder")
    pack.write_bytes(pack.read_bytes()[:-1])
    with content(tmp_path / "facility") as data, pytest.raises(StorageFailed):
        write_folder(data, tmp_path / "half")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facility", "new"]


def test_a_version_without_files_is_an_empty_folder(tmp_path):
    with content(tmp_path / "facility", {}) as data:
        assert list(write_folder(data, tmp_path / "folder").iterdir()) == []
