"""The control plane: reach when idle, negotiations under load, one page of a large catalogue, start and memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.report import Figure, median
from benchmarks.world import Process, free_port, world

ROUNDS = 3


def negotiations() -> list[Figure]:
    """Whole negotiations between two processes: four signed, durable messages each."""
    with world() as w:
        (w.folder / "a.csv").write_bytes(b"a,b\n1,2\n" * 1000)
        offered = w.provider.do("offer", path=str(w.folder / "a.csv"))
        w.consumer.do("negotiate", peer=w.did, **offered, count=100, at_once=16)
        reach = [w.consumer.do("reach", peer=w.did, **offered, count=30)["median_ms"] for _ in range(ROUNDS)]
        rates, costs = [], []
        for _ in range(ROUNDS):
            before = w.provider.do("usage")["cpu"]
            answer = w.consumer.do("negotiate", peer=w.did, **offered, count=1000, at_once=16)
            provider_ms = (w.provider.do("usage")["cpu"] - before) * 1000 / 1000
            rates.append(answer["rate"])
            costs.append(answer["cpu_ms"] + provider_ms)
    return [
        median("catalogue, negotiation, transfer, first byte, idle, p50", reach, "ms", 25),
        median("complete negotiations, 16 at once", rates, "/s", 200, higher=True),
        median("CPU of one negotiation, both sides", costs, "ms", 6),
    ]


def catalogue() -> list[Figure]:
    """One page of 100 from 10,000 assets, the first, the middle and the last."""
    with world() as w:
        (w.folder / "a.csv").write_bytes(b"a,b\n1,2\n" * 1000)
        w.provider.do("fill", count=10_000, path=str(w.folder / "a.csv"))
        walks = [w.consumer.do("catalogue", peer=w.did, pages=100)["times"] for _ in range(ROUNDS + 1)][1:]
    parts = {"first 10": slice(0, 10), "middle 10": slice(45, 55), "last 10": slice(90, 100)}
    figures = []
    for name, part in parts.items():
        middles = [sorted(walk[part])[5] for walk in walks]
        figures.append(median(f"page of 100, {name} of 100 pages, p50", middles, "ms", 20))
    return figures


def footprint() -> list[Figure]:
    """Start and memory of a server, with three participants and with five hundred."""
    starts, small = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="hanse-bench-") as name:
            first = Process(Path(name) / "home", free_port(), [])
            first.do("crowd", count=3)
            first.stop()
            again = Process(Path(name) / "home", free_port(), [])
            starts.append(again.start_seconds)
            small.append(again.do("usage")["rss_mb"])
            again.stop()
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as name:
        crowd = Process(Path(name) / "home", free_port(), [])
        crowd.do("crowd", count=500)
        large = crowd.do("usage")["rss_mb"]
        crowd.stop()
    return [
        median("server ready after start", starts, "s", 1.0),
        median("resident with three participants", small, "MB", 80),
        Figure("resident with 500 participants", large, "MB", 150),
    ]
