"""From files to shards, through the engine: the same bytes in whatever order tasks run, and shards that can be trained on."""

from __future__ import annotations

import pydoc_data.topics

import msgspec
import numpy as np
from tokenizers import Tokenizer

from hanse.client.reading.shards import shards
from hanse.factory.prepare.engine import prepare
from hanse.factory.prepare.pipeline import pipeline_of
from tests.unit.factory.prepare.tiny import Here, folder_input

STEPS = [
    "decode",
    {"sections": {"window": 128}},
    {"split": {"validation": 0.2, "test": 0.2}},
    {"tokenise": {"vocabulary": 400}},
    {"pack": {"context": 64, "shard_size": 64 * 2 * 100, "rest": "pad"}},
]


def test_documents_become_shards_that_can_be_trained_on(tmp_path):
    texts = {f"{name}.txt": text for name, text in sorted(pydoc_data.topics.topics.items())[:40]}
    made = [prepare(pipeline_of(STEPS), [folder_input(texts)], tmp_path / name, Here(reverse=name == "back")) for name in ("forth", "back")]
    assert made[0].root == made[1].root
    with shards(made[0].folder) as read:
        tokenizer = Tokenizer.from_str(read.tokenizer().decode())
        flat = np.concatenate([read.array(shard.name) for shard in read.of()]).reshape(-1)
        text = tokenizer.decode(flat.tolist(), skip_special_tokens=True)
        batches = list(read.batches(7, seed=3))
    assert sum(map(len, batches)) * 64 == len(flat)
    assert all(paragraph in text for paragraph in _chunks(made[0].folder / "train-00000.parquet", texts))
    fit = msgspec.json.decode((made[0].folder / "fit.json").read_bytes())
    assert fit["counted_by"] == ["tokenise"]
    assert fit["levels"]["document"]["records"] == 40
    assert abs(fit["levels"]["chunk"]["tokens"] / fit["levels"]["document"]["tokens"] - 1) < 0.01


def _chunks(index, texts):
    """Return the first words of documents that the shard has something of."""
    from pyarrow import parquet

    names = {row["id"].split("/")[1].partition("#")[0] for row in parquet.read_table(index).to_pylist()}
    assert names
    return [texts[name].split("\n\n")[0][:60].strip() for name in names if name in texts]
