"""Tiny steps and inputs, each of which does one thing that the engine has to see."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from hanse.dcat.holding import HeldFile
from hanse.factory.prepare.base import Applied, Dropped, Looking, Piece, Reader, SourceFile, Step, Writer
from hanse.factory.prepare.ports import Input
from hanse.factory.prepare.tasks import run_task
from hanse.kernel.errors import Invalid


class Lines(Reader, frozen=True, kw_only=True):
    """One record for each line of a file; empty lines are dropped."""

    name: ClassVar[str] = "lines"

    def read(self, file: SourceFile) -> Iterator[Applied]:
        stem = f"{file.version}/{file.path}"
        lines = Path(file.local).read_text("utf-8").splitlines()
        for start in range(0, len(lines), 3):
            some = list(enumerate(lines[start : start + 3], start=start))
            kept = [(f"{stem}#{number}", line) for number, line in some if line]
            dropped = [Dropped(f"{stem}#{number}", "empty") for number, line in some if not line]
            yield Applied(records(kept, file.version), dropped, {"lines": len(some)})


class Short(Step, frozen=True, kw_only=True):
    """Drops short texts."""

    name: ClassVar[str] = "short"
    least: int = 4

    def check(self) -> None:
        if self.least < 0:
            raise Invalid("A text has no fewer than no characters.", where="least")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        keep = [len(text) >= self.least for text in records["text"].to_pylist()]
        gone = [
            Dropped(id, "short", text)
            for id, text, kept in zip(records["id"].to_pylist(), records["text"].to_pylist(), keep, strict=True)
            if not kept
        ]
        return Applied(records.filter(pa.array(keep, pa.bool_())), gone)


class Hides(Step, frozen=True, kw_only=True):
    """Masks nothing, but could."""

    name: ClassVar[str] = "hides"
    hides: ClassVar[bool] = True

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        return Applied(records)


class Once(Looking, frozen=True, kw_only=True):
    """Keeps the first of texts that are the same."""

    name: ClassVar[str] = "once"

    def look(self, records: pa.Table) -> pa.Table:
        return records.select(["id", "text"])

    def decide(self, seen: Iterator[tuple[str, pa.Table]], into: Path) -> None:
        known: set[str] = set()
        for part, table in seen:
            first = []
            for id, text in zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True):
                if text not in known:
                    first.append(id)
                known.add(text)
            (into / f"{part}.txt").write_text("\n".join(first))
        (into / "product").mkdir()
        (into / "product" / "texts.txt").write_text(f"{len(known)}\n")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        assert decided is not None
        first = set((decided / f"{records.schema.metadata[b'part'].decode()}.txt").read_text().split("\n"))
        keep = [id in first for id in records["id"].to_pylist()]
        gone = [Dropped(id, "again") for id, kept in zip(records["id"].to_pylist(), keep, strict=True) if not kept]
        return Applied(records.filter(pa.array(keep, pa.bool_())), gone)


class Twice(Step, frozen=True, kw_only=True):
    """Makes two records of each."""

    name: ClassVar[str] = "twice"
    makes: ClassVar[bool] = True

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        rows = [row | {"id": f"{row['id']}/{number}"} for row in records.to_pylist() for number in (1, 2)]
        return Applied(pa.Table.from_pylist(rows, schema=records.schema.remove_metadata()))


class Texts(Writer, frozen=True, kw_only=True):
    """Writes texts into files of a few parts each."""

    name: ClassVar[str] = "texts"
    parts: int = 2

    def look(self, records: pa.Table) -> pa.Table:
        return pa.table({"records": [records.num_rows]})

    def decide(self, seen: Iterator[tuple[str, pa.Table]], into: Path) -> None:
        (into / "index.txt").write_text("".join(f"{part} {table['records'][0]}\n" for part, table in seen))

    def plan(self, seen: Sequence[tuple[str, pa.Table]]) -> Sequence[Piece]:
        names = [part for part, _ in seen]
        return [Piece(f"texts-{at:04d}", tuple(names[at : at + self.parts])) for at in range(0, len(names), self.parts)]

    def write(self, piece: Piece, parts: Iterator[pa.Table], into: Path) -> Mapping[str, int]:
        count = 0
        with (into / f"{piece.name}.txt").open("w", encoding="utf-8") as out:
            for table in parts:
                out.writelines(f"{text}\n" for text in table["text"].to_pylist())
                count += table.num_rows
        return {"records": count, "files": 1}


class Deadly(Step, frozen=True, kw_only=True):
    """Ends the process that runs it, so many times, at a text."""

    name: ClassVar[str] = "deadly"
    times: int = 1
    text: str = "deadly"
    counted: str = ""

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        if self.text in records["text"].to_pylist():
            path = Path(self.counted)
            count = len(path.read_text()) if path.exists() else 0
            if count < self.times:
                path.write_text("x" * (count + 1))
                os.kill(os.getpid(), signal.SIGKILL)
        return Applied(records)


def records(rows: Sequence[tuple[str, str]], version: str = "tiny@1") -> pa.Table:
    return pa.table(
        {
            "id": pa.array([id for id, _ in rows], pa.string()),
            "source": pa.array([version] * len(rows), pa.string()),
            "text": pa.array([text for _, text in rows], pa.large_string()),
        }
    )


def folder_input(texts: Mapping[str, str], version: str = "tiny@1") -> Input:
    """Return an input that writes its files whenever it is asked to."""

    def bring(into: Path) -> Path:
        for path, text in texts.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_text(text, encoding="utf-8")
        return into

    files = tuple(
        HeldFile(path=path, size=len(text.encode()), sha256=hashlib.sha256(text.encode()).hexdigest()) for path, text in texts.items()
    )
    root = hashlib.sha256("".join(one.sha256 for one in files).encode()).hexdigest()
    return Input(version=version, root=root, files=files, bring=bring)


class Here:
    """A runner that runs tasks in this process, in an order of its own."""

    def __init__(self, *, reverse: bool = False) -> None:
        self.reverse = reverse
        self.ran: list[str] = []

    def run(self, workshop: Path, tasks: Sequence[str], done: Callable[[str], None], *, alone: bool = False) -> None:
        for task in reversed(tasks) if self.reverse else tasks:
            run_task(workshop, task)
            self.ran.append(task)
            done(task)
