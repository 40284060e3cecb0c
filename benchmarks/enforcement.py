"""What enforcement costs: a 1 GiB pull under terms that are decided, counted and logged, beside the same pull under none."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.bulk import fill, pull_speed
from benchmarks.report import Figure, median
from benchmarks.world import World, world

SIZE = 1 << 30
ROUNDS = 7
_NONE = "open"
_MANY = "members + until 2099-01-01 + volume 1000 GB + metered PT100H + count 1000 + log"


def pull() -> list[Figure]:
    """Take both in turns, so that the machine's moods hit both; each pull is a use of its own.

    Where others use the machine, too, times say little: the best of each stands for it. The CPU time of both ends is told beside.
    """
    with world() as w:
        source = w.folder / "large.bin"
        fill(source, SIZE)
        free, bound = (w.provider.do("offer", path=str(source), terms=terms) for terms in (_NONE, _MANY))
        _once(w, free, _NONE)
        pairs = [(_once(w, bound, _MANY), _once(w, free, _NONE)) for _ in range(ROUNDS)]
    with_terms, without = zip(*pairs, strict=True)
    fastest, other = min(one.seconds for one in with_terms), min(one.seconds for one in without)
    note = f"{SIZE / fastest / 1e9:.2f} GB/s with, {SIZE / other / 1e9:.2f} without"
    cpu = [one.cpu / two.cpu for one, two in pairs]
    busy = "median {:.2f} s with, {:.2f} s without".format(*(statistics.median(one.cpu for one in side) for side in (with_terms, without)))
    return [
        Figure("1 GiB pull: best time under six terms / under none", fastest / other, "x", 1.05, runs=(fastest, other), note=note),
        median("1 GiB pull: CPU time of both ends under six terms / under none", cpu, "x", 1.05, note=busy),
    ]


class _Pull(NamedTuple):
    seconds: float
    cpu: float


def _once(w: World, offered: dict[str, Any], terms: str) -> _Pull:
    address = w.consumer.do("address", peer=w.did, terms=terms, **offered)
    before, own = w.provider.do("usage")["cpu"], time.process_time()
    seconds = SIZE / pull_speed(address, Path(w.folder).parent / "pulled", SIZE) / 1e9
    return _Pull(seconds, w.provider.do("usage")["cpu"] - before + time.process_time() - own)
