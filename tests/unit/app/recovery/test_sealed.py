"""An encrypted file is taken as it was written, or not at all."""

from __future__ import annotations

import io
import secrets
import tracemalloc
from datetime import UTC, datetime

import pytest

from hanse.app.recovery import archive
from hanse.app.recovery.archive import Archive
from hanse.app.recovery.sealed import CHUNK, HEADER, TAG, SealingWriter, open_sealed
from hanse.kernel.errors import Malformed, Misconfigured

KEY, OTHER = b"k" * 32, b"o" * 32
BLOCK = CHUNK + TAG
PLAIN = secrets.token_bytes(2 * CHUNK + 1000)  # three chunks
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def sealed(plain, step=10_000):
    file = io.BytesIO()
    writer = SealingWriter(file, KEY)
    for at in range(0, len(plain), step):
        writer.write(plain[at : at + step])
    writer.finish()
    return file.getvalue()


def read(tmp_path, content, key=KEY):
    path = tmp_path / "file.hbk"
    path.write_bytes(content)
    with open_sealed(path, key) as plain:
        return plain.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1000])
@pytest.mark.parametrize("step", [999, CHUNK, 1 << 30])
def test_what_was_written_is_read(tmp_path, size, step):
    assert read(tmp_path, sealed(PLAIN[:size], step)) == PLAIN[:size]


def test_any_place_can_be_read(tmp_path):
    path = tmp_path / "file.hbk"
    path.write_bytes(sealed(PLAIN))
    with open_sealed(path, KEY) as plain:
        assert plain.seek(0, io.SEEK_END) == len(PLAIN)
        assert plain.read(1) == b""
        for at in (CHUNK - 3, 5, len(PLAIN) - 4, CHUNK, 0):
            plain.seek(at)
            assert plain.read(10) == PLAIN[at : at + 10]
        plain.seek(-7, io.SEEK_END)
        assert plain.read() == PLAIN[-7:]
        with pytest.raises(OSError, match="beginning"):
            plain.seek(-1)


def test_each_file_has_its_own_key(tmp_path):
    one, two = sealed(PLAIN), sealed(PLAIN)
    assert one[HEADER : HEADER + 64] != two[HEADER : HEADER + 64]
    with pytest.raises(Malformed, match="damaged"):
        read(tmp_path, one[:HEADER] + two[HEADER:])
    with pytest.raises(Malformed, match="damaged"):
        read(tmp_path, one[: HEADER + BLOCK] + two[HEADER + BLOCK :])


CHUNKS = [HEADER + at for at in (0, CHUNK - 1, CHUNK, BLOCK - 1, BLOCK, BLOCK + CHUNK, 2 * BLOCK, 2 * BLOCK + 999, 2 * BLOCK + 1015)]
REGIONS = [
    *[(at, Malformed, "no backup") for at in (0, 1, 6)],
    (7, Misconfigured, "does not know"),
    *[(at, Misconfigured, "another master key, or was altered") for at in (8, 39, 40, HEADER - 1)],
    *[(at, Malformed, "damaged") for at in CHUNKS],
]


@pytest.mark.parametrize(("at", "error", "said"), REGIONS)
def test_a_changed_bit_is_noticed_wherever_it_is(tmp_path, at, error, said):
    content = bytearray(sealed(PLAIN))
    content[at] ^= 1
    with pytest.raises(error, match=said):
        read(tmp_path, bytes(content))


@pytest.mark.parametrize(
    "size", [8, 50, HEADER, HEADER + 1, HEADER + TAG, HEADER + BLOCK, HEADER + BLOCK + 5, HEADER + 2 * BLOCK, -TAG, -1]
)
def test_a_file_that_was_cut_off_is_refused(tmp_path, size):
    with pytest.raises(Malformed, match="damaged"):
        read(tmp_path, sealed(PLAIN)[:size])


@pytest.mark.parametrize("size", [2 * CHUNK + 1000, 2 * CHUNK])
@pytest.mark.parametrize("more", [b"\0", b"x" * BLOCK])
def test_a_file_with_something_behind_it_is_refused(tmp_path, size, more):
    with pytest.raises(Malformed, match="damaged"):
        read(tmp_path, sealed(PLAIN[:size]) + more)


def test_chunks_are_taken_in_their_order_only(tmp_path):
    content = sealed(PLAIN)
    head, one, two, last = content[:HEADER], content[HEADER:][:BLOCK], content[HEADER + BLOCK :][:BLOCK], content[HEADER + 2 * BLOCK :]
    assert read(tmp_path, head + one + two + last) == PLAIN
    for order in (two + one + last, one + last, two + last, one + one + two + last, last, last + two):
        with pytest.raises(Malformed, match="damaged"):
            read(tmp_path, head + order)


def test_a_chunk_that_changes_after_the_check_is_refused(tmp_path):
    path = tmp_path / "file.hbk"
    path.write_bytes(sealed(PLAIN))
    with open_sealed(path, KEY) as plain:
        content = bytearray(path.read_bytes())
        content[HEADER] ^= 1
        with path.open("r+b") as file:
            file.write(content)
        with pytest.raises(Malformed, match="damaged"):
            plain.read()


def test_a_file_that_was_not_finished_is_refused(tmp_path):
    file = io.BytesIO()
    SealingWriter(file, KEY).write(PLAIN)
    with pytest.raises(Malformed, match="damaged"):
        read(tmp_path, file.getvalue())


@pytest.mark.parametrize("content", [b"", b"HANSE", b"SQLite format 3\0" + b"\0" * 200])
def test_what_is_no_backup_is_called_so(tmp_path, content):
    with pytest.raises(Malformed, match="no backup"):
        read(tmp_path, content)


def test_an_older_backup_is_told_what_to_do(tmp_path):
    with pytest.raises(Malformed, match="not encrypted") as refused:
        read(tmp_path, b"PK\x03\x04" + b"\0" * 200)
    assert "version that made it" in refused.value.hint


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "none.hbk", tmp_path):
        with pytest.raises(Malformed, match="no backup"):
            open_sealed(path, KEY)


def content(rows):
    return archive.Content(3, {"watermarks": ("url", "anchor")}, lambda _: rows)


def test_another_master_key_is_named_before_anything_is_read(tmp_path):
    path = tmp_path / "space.hbk"
    archive.write(path, KEY, "bak_1", NOW, content([("u", "a")]))
    with pytest.raises(Misconfigured, match="another master key") as refused:
        Archive.open(path, OTHER)
    assert refused.value.rule == "master-key"
    assert "HANSE_MASTER_KEY" in refused.value.hint


def test_nothing_of_an_archive_can_be_read_in_its_file(tmp_path):
    path = tmp_path / "space.hbk"
    written = archive.write(path, KEY, "bak_1", NOW, content([("https://harbour.example/spaces/x", "did:web:harbour.example")]))
    whole = path.read_bytes()
    assert not [word for word in (b"harbour", b"watermarks", b"manifest", b"bak_1", b"PK\x03\x04", KEY) if word in whole]
    assert [one.name for one in tmp_path.iterdir()] == ["space.hbk"]
    with Archive.open(path, KEY) as opened:
        assert opened.manifest == written
        assert list(opened.rows("watermarks")) == [("https://harbour.example/spaces/x", "did:web:harbour.example")]


def test_a_large_archive_takes_little_memory(tmp_path):
    path, count = tmp_path / "space.hbk", 4000
    tracemalloc.start()
    try:
        archive.write(path, KEY, "bak_1", NOW, content((str(at), secrets.token_hex(5000)) for at in range(count)))
        with Archive.open(path, KEY) as opened:
            assert [row[0] for row in opened.rows("watermarks")] == [str(at) for at in range(count)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 16 << 20
    assert peak < 8 << 20
