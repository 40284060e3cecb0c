"""Bulk: a 4 GiB pull with BLAKE3 verification, beside `curl` to a file from nginx with sendfile, in the same run."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from benchmarks.report import Figure, median
from benchmarks.world import world
from hanse.client.fetch import fetch
from hanse.dsp.messages import DataAddress
from tests.services import nginx

SIZE = 4 << 30
ROUNDS = 3
_CONFIG = "server { listen 127.0.0.1:$port; root %s; sendfile on; }"


def pull() -> list[Figure]:
    """Take both in turns, so that the machine's moods hit both."""
    ours, theirs = [], []
    with world() as w:
        source = w.folder / "large.bin"
        fill(source, SIZE)
        offered = w.provider.do("offer", path=str(source))
        with nginx(_CONFIG % w.folder) as rival:
            for round_ in range(ROUNDS):
                theirs.append(_curl(f"http://127.0.0.1:{rival.port}/large.bin", w.folder.parent / "curl.bin"))
                address = w.consumer.do("address", peer=w.did, **offered)
                ours.append(pull_speed(address, w.folder.parent / f"pull-{round_}", SIZE))
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    note = f"ours {max(ours):.2f} GB/s at best, curl {max(theirs):.2f} GB/s at best"
    return [median("4 GiB pull verified, throughput / curl from nginx", ratios, "x", 0.7, higher=True, note=note)]


def fill(path: Path, size: int) -> None:
    """Write a file that nothing can compress, no two blocks alike."""
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(8) + block[8:])


def _curl(url: str, into: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["curl", "-s", "-f", "-o", str(into), url], check=True)
    seconds = time.perf_counter() - began
    into.unlink()
    return SIZE / seconds / 1e9


def pull_speed(address: dict[str, object], into: Path, size: int) -> float:
    """Pull and verify what an address stands for; return GB/s."""
    properties = address["properties"]
    assert isinstance(properties, dict)
    began = time.perf_counter()
    report = fetch(DataAddress(endpoint_type=str(address["type"]), endpoint=str(address["endpoint"]), properties=properties), into)
    seconds = time.perf_counter() - began
    assert report.verified
    assert report.size == size
    for path in report.files:
        (into / path).unlink()
    return size / seconds / 1e9
