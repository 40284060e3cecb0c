"""Duplicates: MinHash beside datatrove's on the same text, each against the exact truth by its own rule; and the other steps' rates."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from benchmarks import man_pages, rival
from benchmarks.report import Figure, median
from hanse.factory.prepare.base import Dropped, Looking
from hanse.factory.prepare.steps.duplicates.decontaminate import Decontaminate
from hanse.factory.prepare.steps.duplicates.exact import ExactDuplicates
from hanse.factory.prepare.steps.duplicates.groups import Alike
from hanse.factory.prepare.steps.duplicates.near import NearDuplicates
from hanse.factory.prepare.steps.duplicates.words import words

ROUNDS = 3
SIMILAR = 0.8
PLANTED = 600
NGRAM = 5
PART = 2048

_Array = np.ndarray[Any, Any]


class Truth(NamedTuple):
    """All pairs of texts that are at least `SIMILAR`, worked out exactly, and for each text the first of those that it is joined with."""

    some: _Array
    others: _Array
    first: _Array


class Measured(NamedTuple):
    """Which share of the true pairs was found, and which share of what was left out the truth leaves out, too, in percent."""

    recall: float
    precision: float
    removed: int


def near() -> list[Figure]:
    """Measure the rate, the recall and the precision."""
    texts, planted = _texts()
    size = man_pages.megabytes(texts)
    records = man_pages.records(texts)
    with _one_core():
        runs = [_run(NearDuplicates(), records) for _ in range(ROUNDS)]
        theirs = _rival(texts)
    first = _firsts(runs[0][1], len(texts))
    grams = _ngrams(texts)
    truth = _truth(grams)
    ours, its = _measured(first, truth), _measured(_by_cluster(theirs["clusters"]), _truth(theirs["ngrams"]))
    found = [(_jaccard(grams[one], grams[other]), first[one] == first[other]) for one, other in planted]
    copies = [(value, same) for value, same in found if value >= SIMILAR]
    stated = 100 * float(np.mean([NearDuplicates().banding().found(value) for value, _ in copies]))
    rate = size / theirs["seconds"]
    ratios = [size / seconds / rate for seconds, _ in runs]
    note = f"{len(texts):,} texts, {size:.0f} MB; {max(ratios) * rate:.1f} MB per second of processor time, datatrove {rate:.2f}"
    exact = f"exact truth of {len(truth.some):,} pairs, each by its own n-grams"
    planted_found = 100 * float(np.mean([same for _, same in copies]))
    removed = f"of {ours.removed:,}; datatrove {its.precision:.1f} of {its.removed:,}"
    copied = f"{len(copies)} changed copies of 0.8 to 1; stated {stated:.2f}"
    return [
        median("Near-duplicates, times datatrove's MinHash (14 x 8)", ratios, "times", 20, higher=True, note=note),
        Figure("… pairs of at least 0.8 found", ours.recall, "%", 95, higher=True, note=f"{exact}; datatrove {its.recall:.2f}"),
        Figure("… left out rightly", ours.precision, "%", round(its.precision, 1), higher=True, note=removed),
        Figure("… planted copies found, as stated", planted_found, "%", round(stated - 1, 1), higher=True, note=copied),
    ]


def others() -> list[Figure]:
    """Measure the rates of exact duplicates and of decontamination."""
    texts = man_pages.texts()
    records, size = man_pages.records(texts), man_pages.megabytes(texts)
    with tempfile.TemporaryDirectory() as name, _one_core():
        test = Path(name) / "test.jsonl"
        test.write_text("\n".join(json.dumps(" ".join(text.split()[60:120])) for text in texts[::100]), "utf-8")
        exact = [size / _run(ExactDuplicates(), records)[0] for _ in range(ROUNDS)]
        tested = [size / _run(Decontaminate(against=(str(test),)), records)[0] for _ in range(ROUNDS)]
    note = f"{len(texts):,} man pages, {size:.0f} MB; seconds of processor time"
    return [
        median("Exact duplicates", exact, "MB/s", 50, higher=True, note=note),
        median("Decontamination", tested, "MB/s", 5, higher=True, note=f"{note}; {len(texts[::100])} texts of a test set"),
    ]


ALL = {"Near-duplicates": near, "Exact duplicates and decontamination": others}


def _texts() -> tuple[list[str], list[tuple[int, int]]]:
    """Return man pages with changed copies of some, and which is a copy of which."""
    chance = random.Random(6)
    texts = list(man_pages.texts())
    long = [number for number, text in enumerate(texts) if 1_000 < len(text) < 50_000]
    planted = []
    for number in chance.sample(long, PLANTED):
        share = chance.uniform(0.001, 0.06)
        changed = [f"w{chance.randrange(10**9)}" if chance.random() < share else word for word in texts[number].split()]
        planted.append((number, len(texts)))
        texts.append(" ".join(changed))
    return texts, planted


def _run(step: Looking, records: pa.Table) -> tuple[float, list[Dropped]]:
    """Return the seconds of processor time that a step takes, over parts as the engine makes them, and what it leaves out."""
    parts = [(str(at), records.slice(at, PART).replace_schema_metadata({"part": str(at)})) for at in range(0, len(records), PART)]
    with tempfile.TemporaryDirectory() as into:
        start = time.process_time()
        step.decide([(name, step.look(part)) for name, part in parts], Path(into))
        dropped = [one for _, part in parts for one in step.apply(part, Path(into)).dropped]
        return time.process_time() - start, dropped


def _firsts(dropped: list[Dropped], count: int) -> _Array:
    first = np.arange(count)
    for one in dropped:
        first[int(one.id)] = int(one.sample.split(":")[0].removeprefix("as "))
    return first


def _by_cluster(clusters: list[int]) -> _Array:
    seen: dict[int, int] = {}
    return np.array([number if cluster < 0 else seen.setdefault(cluster, number) for number, cluster in enumerate(clusters)])


def _measured(first: _Array, truth: Truth) -> Measured:
    numbers = np.arange(len(first))
    removed = first != numbers
    recall = 100 * float(np.mean(first[truth.some] == first[truth.others]))
    return Measured(recall, 100 * float(np.mean(truth.first[removed] != numbers[removed])), int(removed.sum()))


def _ngrams(texts: list[str]) -> list[_Array]:
    """Return each text's set of n-grams as numbers, by way of a vocabulary: none of the step's own hashes is used."""
    vocabulary: dict[str, int] = {}
    chance = np.random.default_rng(9)
    found = [
        np.fromiter((vocabulary.setdefault(word, len(vocabulary)) for word in text.split()), np.int64)
        for text in words(pa.array(texts, pa.large_string())).to_list()
    ]
    numbers = chance.integers(0, 2**64, len(vocabulary), np.uint64)
    factors = chance.integers(0, 2**63, NGRAM, np.uint64) * np.uint64(2) + np.uint64(1)
    sets = []
    for words_of in found:
        one = numbers[words_of]
        size = min(NGRAM, len(one))
        sums = sum(one[at : len(one) - size + 1 + at] * factors[at] for at in range(size))
        sets.append(np.unique(sums) if size else one)
    return sets


def _truth(sets: list[_Array]) -> Truth:
    """Find all similar pairs: sets of a Jaccard index t share one of their (1 - t) n + 1 rarest members (Bayardo et al. 2007)."""
    sizes = np.array([len(one) for one in sets])
    owners = np.repeat(np.arange(len(sets)), sizes)
    _, members, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    order = np.lexsort((members, counts[members], owners))
    owners, members = owners[order], members[order]
    rank = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rare = (rank <= sizes[owners] - np.ceil(SIMILAR * sizes[owners] - 1e-9)) & (counts[members] > 1)
    owners, members = owners[rare], members[rare]
    order = np.argsort(members, kind="stable")
    keys = np.unique(np.concatenate(list(_sharing(owners[order], members[order], sizes))))
    some, others = np.divmod(keys, len(sets))
    frozen = {number: frozenset(sets[number].tolist()) for number in np.unique([some, others]).tolist()}
    shared = np.array([len(frozen[one] & frozen[other]) for one, other in zip(some.tolist(), others.tolist(), strict=True)])
    true = shared >= SIMILAR * (sizes[some] + sizes[others] - shared)
    alike = Alike(len(sets))
    alike.join(some[true], others[true])
    return Truth(some[true], others[true], alike.first)


def _sharing(owners: _Array, members: _Array, sizes: _Array) -> Iterator[_Array]:
    """Yield pairs of owners of the same member, as one number each, if their sizes allow that they are similar."""
    yield np.empty(0, np.int64)
    for distance in range(1, len(owners)):
        places = np.flatnonzero(members[distance:] == members[:-distance])
        if not len(places):
            return
        one, other = owners[places], owners[places + distance]
        fit = np.minimum(sizes[one], sizes[other]) >= SIMILAR * np.maximum(sizes[one], sizes[other])
        yield np.unique(np.minimum(one, other)[fit] * len(sizes) + np.maximum(one, other)[fit])


def _jaccard(one: _Array, other: _Array) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def _rival(texts: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
        script = rival.FOLDER / "duplicates_datatrove.py"
        said = subprocess.run([rival.PYTHON, script, folder / "texts.json", folder], check=True, capture_output=True).stdout
        answer: dict[str, Any] = json.loads(said)
        kept = np.load(folder / "ngrams.npz")
        answer["ngrams"] = [np.unique(one) for one in np.split(kept["values"], np.cumsum(kept["sizes"])[:-1])]
    return answer


@contextmanager
def _one_core() -> Iterator[None]:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
