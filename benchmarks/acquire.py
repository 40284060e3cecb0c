"""Acquiring anew a dataset of which a hundredth has changed: how much moves, counted by the kernel of the provider's side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks.bulk import fill
from benchmarks.report import Figure
from benchmarks.world import World, world

SIZE = 1 << 30
PART = SIZE // 100


def again() -> list[Figure]:
    """Acquire 1 GiB, then change it in one way after the other, and acquire it again under the same agreement each time."""
    with world() as w:
        source = w.folder / "large.bin"
        fill(source, SIZE)
        w.provider.do("count")
        offered = w.provider.do("offer", path=str(source))
        first, moved = _acquire(w, offered, None)
        if moved < SIZE:
            raise RuntimeError(f"the first acquisition moved {moved} bytes only: they are not counted right")
        figures = []
        for how, change in (("appended", _append), ("changed in one place", _change), ("inserted in one place", _insert)):
            change(source)
            said, moved = _acquire(w, offered, str(first["agreement"]))
            note = f"{moved / 1e6:.1f} MB on the provider's sockets, all headers and lists included; {said['seconds']:.1f} s"
            figures.append(Figure(f"1 GiB of which 1% was {how}: moved / size", moved / source.stat().st_size * 100, "%", 3.0, note=note))
        return figures


def _acquire(w: World, offered: dict[str, object], agreement: str | None) -> tuple[dict[str, Any], int]:
    before = w.provider.do("sent")["bytes"]
    said = w.consumer.do("acquire", peer=w.did, agreement=agreement, **offered)
    return said, w.provider.do("sent")["bytes"] - before


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(os.urandom(PART))


def _change(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(SIZE // 3)
        file.write(os.urandom(PART))


def _insert(path: Path) -> None:
    """Write the file anew, with something more in the middle."""
    with path.open("rb") as old, path.with_suffix(".new").open("wb") as new:
        for _ in range(512):
            new.write(old.read(1 << 20))
        new.write(os.urandom(PART))
        while data := old.read(1 << 20):
            new.write(data)
    path.with_suffix(".new").replace(path)
