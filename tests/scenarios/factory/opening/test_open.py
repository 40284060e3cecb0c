"""`hanse.open`: one line opens a stored version, in every form, and everything of it is logged; a bit that was changed is found."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

import hanse
from hanse.kernel.errors import Conflict, NotFound, StorageFailed

ROWS = [
    {"day": f"2026-01-{number % 28 + 1:02}", "rain": number * 0.5, "town": "Lübeck" if number % 2 else "Riga"} for number in range(50_000)
]


@pytest.fixture
def tables(space):
    """Return the ids of the same table as Parquet, CSV, and JSON Lines, and of a folder of texts."""
    ids = {}
    for name in ("parquet", "csv", "jsonl", "texts"):
        folder = space.data / f"open-{name}"
        if not folder.exists():
            folder.mkdir()
            _write(folder, name)
        ids[name] = space.json("facility", "import", str(folder), "--name", f"open-{name}")["id"]
    return ids


def _write(folder, name):
    if name == "parquet":
        parquet.write_table(pa.Table.from_pylist(ROWS), folder / "rain.parquet", row_group_size=10_000)
    elif name == "csv":
        with (folder / "rain.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(ROWS[0]))
            writer.writeheader()
            writer.writerows(ROWS)
    elif name == "jsonl":
        (folder / "rain.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    else:
        (folder / "de").mkdir()
        (folder / "de" / "a.txt").write_text("Grüße", "utf-8")
        (folder / "b.bin").write_bytes(b"\xff\xfe\x00")


@pytest.fixture
def client(space):
    with hanse.Client(home=space.home, participant="alice") as client:
        yield client


@pytest.mark.parametrize("name", ["parquet", "csv", "jsonl"])
def test_a_table_in_every_form(tables, client, name):
    wanted = [(row["rain"], row["town"]) for row in ROWS]
    with hanse.open(tables[name], client=client) as data:
        assert [(row["rain"], row["town"]) for batch in data.batches() for row in batch.to_pylist()] == wanted
        assert data.table().num_rows == len(ROWS)
        assert list(data.pandas()["rain"]) == [rain for rain, _ in wanted]
        assert data.polars()["town"].to_list() == [town for _, town in wanted]
        assert data.dataset()[7]["town"] == "Lübeck"


def test_texts_files_and_a_folder(space, tables, client, tmp_path):
    with hanse.open("open-texts", client=client) as data:
        assert data.version.id == tables["texts"]
        assert [file.path for file in data.files] == ["b.bin", "de/a.txt"]
        rows = [row for batch in data.batches() for row in batch.to_pylist()]
        assert rows == [{"path": "b.bin", "text": None, "content": b"\xff\xfe\x00"}, {"path": "de/a.txt", "text": "Grüße", "content": None}]
        assert data.folder(tmp_path / "out") == tmp_path / "out"
        assert (tmp_path / "out" / "de" / "a.txt").read_text("utf-8") == "Grüße"
        with pytest.raises(Conflict):
            data.folder(tmp_path / "out")
        with pytest.raises(NotFound):
            data.read("c.txt")
    with hanse.open(tables["csv"], client=client) as data, data.open("rain.csv") as file:
        whole = (space.data / "open-csv" / "rain.csv").read_bytes()
        file.seek(-100, io.SEEK_END)
        assert file.read() == whole[-100:]
        file.seek(123_456)
        assert file.read(70_000) == whole[123_456:193_456]
        assert data.read("rain.csv") == whole


def test_every_opening_is_logged_and_the_key_is_that_of_one_version(tables, client, space):
    before = len(client.ledger.list())
    opened = client.versions.open(tables["csv"])
    assert opened.key not in repr(opened)
    [entry, *_] = client.ledger.list()
    assert len(client.ledger.list()) == before + 1
    assert entry.kind == "opened"
    assert tables["csv"] in entry.sentence
    other = client.versions.open(tables["jsonl"])
    from hanse.client.reading.opened import _content

    with pytest.raises(StorageFailed):
        _content(opened.hot, opened.cold, other.manifest, opened.key)
    with pytest.raises(NotFound):
        client.versions.open("nothing@1")
    with pytest.raises(NotFound), hanse.Client(home=space.home, participant="bob") as bob:
        bob.versions.open(tables["csv"])


def test_a_bit_that_was_changed_is_found_where_it_is_read(space, tables, client):
    whole = (space.data / "open-parquet" / "rain.parquet").read_bytes()
    found = 0
    for pack in (space.home / "facility").glob("alice/*/packs/*"):
        plain = pack.read_bytes()
        for at in range(20, len(plain), max(1, len(plain) // 7)):
            pack.write_bytes(plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :])
            found += _damaged(tables["parquet"], client, whole)
        pack.write_bytes(plain)
    assert found > 3


def _damaged(version, client, whole):
    """Tell whether the damage is found; if it is elsewhere, what is read is right."""
    try:
        with hanse.open(version, client=client) as data:
            assert data.read("rain.parquet") == whole
    except StorageFailed as error:
        assert error.rule == "damaged"
        return True
    return False


def test_the_command(space, tables, tmp_path):
    shown = space.run("open", tables["csv"], "--rows", "2").stdout
    assert "Riga" in shown
    assert "Lübeck" in shown
    assert space.json("open", tables["csv"], "--rows", "1")[0]["town"] == "Riga"
    assert space.json("open", tables["texts"], "--into", str(tmp_path / "texts"))["files"] == 2
    assert "no version" in space.run("open", "nothing@1", code=1).output
