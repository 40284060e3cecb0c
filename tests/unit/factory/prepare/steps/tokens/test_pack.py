"""Packing: whatever the parts are, unpacking gives each document's tokens, and nothing vanishes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.client.reading.shards import Shards, shards
from hanse.factory.prepare.steps.tokens.layout import Index
from hanse.factory.prepare.steps.tokens.pack import Pack
from hanse.kernel.errors import Invalid, NotFound, StorageFailed
from tests.unit.factory.prepare.steps.records import write

END = 0
TOKENIZER = b'{"a": "tokenizer"}'


def part(documents, vocabulary=500, first=0, **columns):
    """Make a part of documents, each a list of tokens."""
    metadata = {"tokenizer": "49df", "vocabulary": str(vocabulary), "end": str(END)}
    tokens = pa.field("tokens", pa.large_list(pa.uint32()), metadata=metadata)
    ids = [f"d{first + number}" for number in range(len(documents))]
    table = pa.table({"id": ids, "source": ["s@1"] * len(ids), "text": pa.array([""] * len(ids), pa.large_string())})
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column, pa.string()))
    return table.append_column(tokens, pa.array(documents, pa.large_list(pa.uint32())))


def unpack(read, split):
    """Return each document's tokens, put together again from all shards."""
    found = {}
    for shard in read.of(split):
        flat = read.array(shard.name).reshape(-1)
        for row in read.documents(shard.name).to_pylist():
            assert row["offset"] == len(found.get(row["id"], []))
            found.setdefault(row["id"], []).extend(flat[row["position"] : row["position"] + row["length"]].tolist())
    return found


@st.composite
def corpora(draw):
    """Draw parts of documents, some of them in splits and of several levels."""
    documents = draw(st.lists(st.lists(st.lists(st.integers(1, 499), max_size=20), min_size=1, max_size=6), min_size=1, max_size=5))
    count = sum(map(len, documents))
    splits = draw(st.lists(st.sampled_from(["train", "validation", "test"]), min_size=count, max_size=count))
    levels = draw(st.lists(st.sampled_from(["chunk", "document"]), min_size=count, max_size=count))
    return documents, splits, ["chunk", *levels[1:]]


@settings(max_examples=40, deadline=None)
@given(corpora(), st.integers(2, 9), st.integers(1, 4), st.sampled_from(["drop", "pad"]))
def test_unpacking_gives_the_documents_again(corpus, context, per_shard, rest):
    documents, splits, levels = corpus
    parts, first = [], 0
    for some in documents:
        rows = slice(first, first + len(some))
        parts.append(part(some, first=first, split=splits[rows], level=levels[rows]))
        first += len(some)
    step = Pack(context=context, shard_size=max(4 * context, per_shard * context * 2), rest=rest)
    into = Path(tempfile.mkdtemp())
    counts = write(step, parts, into)
    read = Shards(into)
    flat = [tokens for some in documents for tokens in some]
    for split in set(splits):
        want = {f"d{number}": [*flat[number], END] for number in range(first) if (splits[number], levels[number]) == (split, "chunk")}
        stream = [token for tokens in want.values() for token in tokens]
        room = len(stream) if rest == "pad" else len(stream) // context * context
        for name, tokens in list(want.items()):  # what has no room is not there, from the last document on
            want[name], room = tokens[:room], max(0, room - len(tokens))
        assert unpack(read, split) == {name: tokens for name, tokens in want.items() if tokens}
        assert all(shard.sequences * context == shard.tokens + shard.padded for shard in read.of(split))
    assert counts["records"] + counts["dropped-rest"] + counts["dropped-other-level"] == first
    assert counts["tokens"] + counts["tokens-dropped"] == sum(len(flat[n]) + 1 for n in range(first) if levels[n] == "chunk")
    shutil.rmtree(into)


def test_shards_have_the_stated_size_and_say_what_is_in_them(tmp_path):
    (tmp_path / "tokenizer.json").write_bytes(TOKENIZER)
    counts = write(Pack(context=4, shard_size=16), [part([[1, 2, 3], [4, 5]]), part([[6], [7, 8, 9, 10, 11]], first=2)], tmp_path)
    index = msgspec.json.decode((tmp_path / "index.json").read_bytes(), type=Index)
    assert (index.dtype, index.vocabulary, index.context, index.end) == ("<u2", 500, 4, END)
    assert [(shard.name, shard.sequences, shard.tokens) for shard in index.shards] == [("train-00000", 2, 8), ("train-00001", 1, 4)]
    assert np.load(tmp_path / "train-00000.npy").tolist() == [[1, 2, 3, 0], [4, 5, 0, 6]]
    assert np.load(tmp_path / "train-00001.npy").tolist() == [[0, 7, 8, 9]]
    assert counts == {"records": 4, "sequences": 3, "tokens": 12, "tokens-padded": 0, "tokens-dropped": 3}
    fit = msgspec.json.decode((tmp_path / "fit.json").read_bytes())
    assert fit["levels"] == {
        "document": {
            "records": 4,
            "tokens": 11,
            "fit": dict.fromkeys(fit["levels"]["document"]["fit"], 4),
            "share": dict.fromkeys(fit["levels"]["document"]["share"], 1.0),
        }
    }


def test_a_large_vocabulary_takes_four_bytes(tmp_path):
    write(Pack(context=2), [part([[70_000, 1, 2]], vocabulary=70_001)], tmp_path)
    assert Shards(tmp_path).array("train-00000").tolist() == [[70_000, 1], [2, END]]
    assert Shards(tmp_path).index.dtype == "<u4"


def test_batches_come_in_order_or_by_a_seed(tmp_path):
    write(Pack(context=2, shard_size=12), [part([[number] for number in range(1, 12)])], tmp_path)
    read = shards(tmp_path)
    assert (len(read.of()), read.sequences(), read.context) == (4, 11, 2)
    assert [batch[:, 0].tolist() for batch in read.batches(4)] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]
    once, again, other = ([row[0] for batch in read.batches(5, seed=seed) for row in batch.tolist()] for seed in (1, 1, 2))
    assert once == again != other
    assert sorted(once) == list(range(1, 12))
    assert isinstance(read.array("train-00000"), np.memmap)


class Stored:
    """A version whose files are decrypted as a whole."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, path):
        """Return a file."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            raise NotFound("No such file.") from None


def test_shards_of_a_stored_version_are_the_same(tmp_path):
    with pytest.raises(Invalid, match="no token shards"):
        Shards(Stored(tmp_path))
    write(Pack(context=2, shard_size=12), [part([[number] for number in range(1, 12)])], tmp_path)
    over = []
    with Shards(Stored(tmp_path), lambda: over.append(True)) as stored:
        assert [batch.tolist() for batch in stored.batches(4, seed=1)] == [batch.tolist() for batch in shards(tmp_path).batches(4, seed=1)]
        assert stored.documents("train-00001")["id"].to_pylist() == ["d3", "d4", "d5"]
        (tmp_path / "train-00000.npy").write_bytes((tmp_path / "train-00000.npy").read_bytes()[:-4])
        with pytest.raises(StorageFailed):
            stored.array("train-00000")
    assert over == [True]


def test_what_is_no_product_of_pack_is_refused(tmp_path):
    with pytest.raises(Invalid, match="no token shards"):
        shards(tmp_path)
    write(Pack(context=2), [part([[1, 2, 3]])], tmp_path)
    read = shards(tmp_path)
    with pytest.raises(NotFound):
        read.array("test-00000")
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(StorageFailed, match="not the tokenizer"):
        read.tokenizer()
    header = b"\x93NUMPY\x01\x00\x10\x00"
    pickled = (
        b"\x93NUMPY\x01\x00\x46\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 2)}".ljust(69) + b"\n" + b"cos\nsystem\n."
    )
    whole = (tmp_path / "train-00000.npy").read_bytes()
    for content in (whole[:-4], b"no array", b"", b"PK\3\4" + bytes(40), header + b"(" * 15 + b"\n", pickled):
        (tmp_path / "train-00000.npy").write_bytes(content)
        with pytest.raises(StorageFailed):
            read.array("train-00000")
    (tmp_path / "train-00000.npy").unlink()
    with pytest.raises(StorageFailed):
        read.array("train-00000")
    outside = (tmp_path / "index.json").read_bytes().replace(b'"train-00000"', b'"../train-00000"')
    for index in (b"[]", outside):
        (tmp_path / "index.json").write_bytes(index)
        with pytest.raises(StorageFailed):
            shards(tmp_path)


@pytest.mark.parametrize(
    ("step", "table", "where"),
    [
        (Pack(), part([[1]]).drop_columns(["tokens"]), "pack"),
        (Pack(), pa.table({"id": ["a"], "tokens": pa.array([[1]], pa.large_list(pa.uint32()))}), "pack"),
        (Pack(level="section"), part([[1]], level=["chunk"]), "level"),
        (Pack(), part([[1]], split=["../../etc"]), "split"),
    ],
)
def test_records_that_cannot_be_packed_stop_it(step, table, where):
    with pytest.raises(Invalid) as caught:
        step.plan([("part", step.look(table))])
    assert caught.value.where == where


@pytest.mark.parametrize("fields", [{"context": 1}, {"context": 1 << 23}, {"context": 4096, "shard_size": 100}])
def test_a_context_that_makes_no_shard_is_refused(fields):
    with pytest.raises(Invalid):
        Pack(**fields).check()
