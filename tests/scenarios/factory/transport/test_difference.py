"""What moves when data is fetched again: the difference, and nothing else. Against a real data plane."""

from __future__ import annotations

import os

import pytest

from hanse.dataplane.records import Place
from tests.scenarios.dataplane.server import serving
from tests.scenarios.factory.transport.sink import MemorySink
from tests.scenarios.factory.transport.world import fetch

SIZE = 24 << 20
BIG = os.urandom(SIZE)


@pytest.fixture
def root(tmp_path):
    root = tmp_path.resolve()
    (root / "acme/set/deep").mkdir(parents=True)
    (root / "acme/set/big.bin").write_bytes(BIG)
    (root / "acme/set/empty").write_bytes(b"")
    for index in range(60):
        (root / f"acme/set/deep/{index:02}.txt").write_bytes(f"file {index}".encode() * (1 + index))
    (root / "acme/set/deep/odd name é#?.txt").write_bytes(b"odd")
    return root


@pytest.fixture
def plane(root):
    with serving(root) as plane:
        yield plane


def same(sink, folder):
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: sink.content(path) for path in sink.files} == there


def first(plane, root, tmp_path):
    """Fetch a first version, and return the sink of the next one."""
    sink = MemorySink()
    report = fetch(plane.start(Place("folder", str(root / "acme/set"))), sink)
    assert (report.files, report.verified) == (63, True)
    same(sink, root / "acme/set")
    sink.commit("set@1")
    return MemorySink(sink.vault)


def test_a_folder_arrives_whole(plane, root):
    seen = []
    sink = MemorySink()
    report = fetch(plane.start(Place("folder", str(root / "acme/set"))), sink, progress=lambda *said: seen.append(said))
    same(sink, root / "acme/set")
    total = sum(file.size for file, _ in sink.files.values())
    assert report.size == total <= report.moved < total * 1.01
    assert (seen[0][1:], seen[-1][1:]) == ((0, total), (total, total))
    assert sink.files["deep/01.txt"][0].media_type == "text/plain"
    assert report.seconds > 0
    assert report.latency > 0


def test_what_the_sink_has_is_not_fetched_again(plane, root):
    sink = MemorySink()
    address = plane.start(Place("folder", str(root / "acme/set")))
    fetch(address, sink)
    sink.put_again.clear()
    report = fetch(address, sink)
    assert sink.put_again == []
    assert report.reused == report.size
    assert report.moved < 30_000  # the manifest


def test_a_file_that_changed_is_put_again_and_one_that_went_is_forgotten(plane, root):
    sink = MemorySink()
    address = plane.start(Place("folder", str(root / "acme/set")))
    fetch(address, sink)
    sink.put_again.clear()
    (root / "acme/set/deep/07.txt").write_bytes(b"another")
    (root / "acme/set/deep/08.txt").unlink()
    fetch(address, sink)
    assert sink.put_again == ["deep/07.txt"]
    same(sink, root / "acme/set")


@pytest.mark.parametrize("how", ["appended", "changed", "inserted", "removed"])
def test_a_changed_percent_moves_little_more_than_a_percent(plane, root, tmp_path, how):
    sink = first(plane, root, tmp_path)
    percent, middle = os.urandom(SIZE // 100), SIZE // 2
    content = {
        "appended": BIG + percent,
        "changed": BIG[:middle] + percent + BIG[middle + len(percent) :],
        "inserted": BIG[:middle] + percent + BIG[middle:],
        "removed": BIG[:middle] + BIG[middle + len(percent) :],
    }[how]
    (root / "acme/set/big.bin").write_bytes(content)
    report = fetch(plane.start(Place("folder", str(root / "acme/set"))), sink, "set@1")
    same(sink, root / "acme/set")
    # At most a chunk on either side of the change, the manifest, and the list of the chunks.
    assert report.moved < SIZE // 100 + (2 << 20) + 50_000
    assert report.reused > SIZE * 9 // 10


def test_an_unchanged_file_of_an_earlier_version_moves_nothing_even_under_another_name(plane, root, tmp_path):
    sink = first(plane, root, tmp_path)
    (root / "acme/set/big.bin").rename(root / "acme/set/renamed.bin")
    report = fetch(plane.start(Place("folder", str(root / "acme/set"))), sink, "set@1")
    same(sink, root / "acme/set")
    assert report.moved < 30_000


def test_an_earlier_version_under_another_agreement_is_of_no_use(plane, root, tmp_path):
    sink = first(plane, root, tmp_path)
    sink.vault.store.clear()  # another vault: none of its chunks may be taken
    report = fetch(plane.start(Place("folder", str(root / "acme/set"))), sink, "set@1")
    same(sink, root / "acme/set")
    assert report.moved > SIZE


def test_one_large_file_alone(plane, root):
    sink = MemorySink()
    address = plane.start(Place("file", str(root / "acme/set/big.bin")))
    fetch(address, sink)
    sink.commit("big@1")
    (root / "acme/set/big.bin").write_bytes(BIG + b"more")
    after = MemorySink(sink.vault)
    report = fetch(address, after, "big@1")
    assert after.content("big.bin") == BIG + b"more"
    assert report.moved < 2 << 20


def test_a_changed_version_has_lists_too(plane, root, tmp_path):
    """What an agreement asks to be masked is fetched by difference like any other data."""
    from hanse.odrl.changes import Step
    from hanse.odrl.names import DROP

    rows = [f"{index},name {index},{os.urandom(24).hex()}" for index in range(60_000)]
    (root / "acme/table.csv").write_text("\n".join(["id,name,note", *rows]) + "\n")
    chain = (Step(DROP, ("name",)),)
    permit = {"chain": chain, "agreement": "agr_1"}
    sink = MemorySink()
    fetch(plane.start(Place("file", str(root / "acme/table.csv")), **permit), sink)
    assert b"name" not in sink.content("table.csv")
    sink.commit("table@1")
    (root / "acme/table.csv").write_text("\n".join(["id,name,note", *rows, "60000,new,row"]) + "\n")
    after = MemorySink(sink.vault)
    # `begun` differs, so that the source is looked at anew at once.
    report = fetch(plane.start(Place("file", str(root / "acme/table.csv")), begun=False, **permit), after, "table@1")
    assert after.content("table.csv").endswith(b"60000,row\n")
    assert report.moved < report.size / 2
