"""Near-duplicates by datatrove, run with its own Python: `duplicates_datatrove.py TEXTS.json FOLDER`.

Prints JSON: the seconds of processor time of its three steps, and each text's cluster (-1: none). Leaves its n-grams in FOLDER, as hashes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.utils.hashing import HashConfig


class Signature(MinhashDedupSignature):  # type: ignore[misc]
    """Datatrove's step, which also remembers the n-grams, so that the truth by its own rule can be worked out afterwards."""

    found: ClassVar[list[np.ndarray[Any, Any]]] = []

    def get_shingles(self, text: str) -> Any:
        """Return the text's n-grams."""
        shingles = super().get_shingles(text)
        self.found.append(shingles.ravel())
        return shingles


def main(texts: str, folder: Path) -> None:
    """Run the steps one after the other in this process."""
    documents = [Document(text, str(number)) for number, text in enumerate(json.loads(Path(texts).read_text("utf-8")))]
    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5)
    names = {name: str(folder / name) for name in ("signatures", "buckets", "clusters")}
    steps = [
        ([documents, Signature(names["signatures"], config)], 1),
        ([MinhashDedupBuckets(names["signatures"], names["buckets"], config=config)], 14),
        ([MinhashDedupCluster(names["buckets"], names["clusters"], config=config, save_cluster_id=True)], 1),
    ]
    began = time.process_time()
    for number, (pipeline, tasks) in enumerate(steps):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(folder / f"log{number}")).run()
    seconds = time.process_time() - began
    cluster = np.full(len(documents), -1)
    for file in (folder / "clusters").glob("*.clusters"):
        rows = np.fromfile(file, "<u4").reshape(-1, 2)
        cluster[rows[:, 0]] = rows[:, 1]
    np.savez(folder / "ngrams.npz", values=np.concatenate(Signature.found), sizes=[len(one) for one in Signature.found])
    print(json.dumps({"seconds": seconds, "clusters": cluster.tolist()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
