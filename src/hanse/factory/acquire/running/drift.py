"""How a version's tables differ from those of the version before: columns that appeared, vanished, or hold something else.

Only the beginning of a CSV or JSON Lines file is read, and the footer of a Parquet file; packed files are left alone. What a file
cannot be read for is not compared: this warns of changes, it proves no quality.
"""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hanse.dcat.holding import HeldFile

Read = Callable[[str, int, int], Awaitable[bytes]]
"""Returns the bytes of a file from one offset to another, fewer at its end: (path, start, end)."""

HEAD: Final = 64 << 10
"""Bytes at the beginning of a text that are looked at."""
FOOTER: Final = 8 << 20
"""Bytes of the largest Parquet footer that is read."""
FILES: Final = 200
"""Files that are compared."""
MOST: Final = 50
"""Changes that are told."""
_ROWS: Final = 200
_COLUMNS: Final = 2_000
_NAME: Final = 80
_TAIL: Final = 8
_MAGIC: Final = b"PAR1"
_KINDS: Final = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?(?:[eE][+-]?[0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{4,20}(?:Z|[+-][0-9:]{2,5})?)?")

Columns = Mapping[str, str]
"""What each column holds, by its name; an empty word for one in which nothing was seen."""


def kind_of(path: str) -> str | None:
    """Return `csv`, `tsv`, `jsonl` or `parquet`; nothing for files that have no columns that are looked at."""
    dot = path.rfind(".")
    return _KINDS.get(path[dot:].lower()) if dot >= 0 else None


async def changes(before: Sequence[HeldFile], read_before: Read, now: Sequence[HeldFile], read_now: Read) -> tuple[str, ...]:
    """Return in words what changed in the columns of files that both versions have, or of the first table of each kind."""
    said: list[str] = []
    for old, new in _pairs(before, now):
        if old.sha256 == new.sha256:
            continue
        columns = await _columns(old, read_before), await _columns(new, read_now)
        if columns[0] is not None and columns[1] is not None:
            said += _compare(new.path[-_NAME:], columns[0], columns[1])
    return (*said[:MOST], f"And {len(said) - MOST} more changes.") if len(said) > MOST else tuple(said)


def _pairs(before: Sequence[HeldFile], now: Sequence[HeldFile]) -> list[tuple[HeldFile, HeldFile]]:
    old = {file.path: file for file in before if kind_of(file.path)}
    new = {file.path: file for file in now if kind_of(file.path)}
    same = [(old[path], file) for path, file in new.items() if path in old]
    paired = {kind_of(file.path) for _, file in same}
    firsts = _firsts(new.values())
    others = [(file, firsts[kind]) for kind, file in _firsts(old.values()).items() if kind not in paired and kind in firsts]
    return [*same, *others][:FILES]


def _firsts(files: Iterable[HeldFile]) -> dict[str, HeldFile]:
    found: dict[str, HeldFile] = {}
    for file in files:
        found.setdefault(kind_of(file.path) or "", file)
    return found


async def _columns(file: HeldFile, read: Read) -> Columns | None:
    kind = kind_of(file.path)
    if kind == "parquet":
        return await _parquet(file, read)
    head = await read(file.path, 0, min(HEAD, file.size))
    whole = len(head) == file.size
    text = head.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if not whole:
        text = text[: text.rfind("\n") + 1]
    return _lines(text) if kind == "jsonl" else _csv(text, "\t" if kind == "tsv" else None)


def _csv(text: str, delimiter: str | None) -> Columns | None:
    first = text.partition("\n")[0]
    chosen = delimiter or max(",;\t|", key=first.count)
    try:
        rows = [row for _, row in zip(range(_ROWS), csv.reader(text.splitlines(), delimiter=chosen), strict=False)]
    except csv.Error:
        return None
    if not rows or len(rows[0]) > _COLUMNS:
        return None
    names, seen = rows[0], rows[1:]
    return {name.strip(): _mixed(_cell(row[at]) for row in seen if at < len(row)) for at, name in enumerate(names)}


def _cell(text: str) -> str:
    said = text.strip()
    if not said:
        return ""
    return "number" if _NUMBER.fullmatch(said) else "date" if _DAY.fullmatch(said) else "text"


def _lines(text: str) -> Columns | None:
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[:_ROWS]:
        try:
            record = msgspec.json.decode(line) if line.strip() else {}
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict) or len(found) > _COLUMNS:
            return None
        for name, value in record.items():
            found.setdefault(name, []).append(_value(value))
    return {name: _mixed(kinds) for name, kinds in found.items()}


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "truth value"
    named = {int: "number", float: "number", str: "text", list: "list"}
    return next((word for kind, word in named.items() if isinstance(value, kind)), "object")


def _mixed(kinds: Iterable[str]) -> str:
    found = {kind for kind in kinds if kind}
    return found.pop() if len(found) == 1 else "text" if found <= {"number", "date", "text"} and found else "mixed" if found else ""


async def _parquet(file: HeldFile, read: Read) -> Columns | None:
    tail = await read(file.path, max(0, file.size - _TAIL), file.size)
    size = int.from_bytes(tail[:4], "little") if len(tail) == _TAIL and tail[4:] == _MAGIC else -1
    if not 0 < size <= min(FOOTER, file.size - 2 * len(_MAGIC)):
        return None
    footer = await read(file.path, file.size - _TAIL - size, file.size)
    return await asyncio.to_thread(_schema, _MAGIC + footer)


def _schema(data: bytes) -> Columns | None:
    """Return the columns that a footer names. No page is unpacked, whatever size the file claims for it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_metadata(pa.BufferReader(data)).schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError):
        return None
    return {field.name: str(field.type)[:_NAME] for field in schema} if len(schema) <= _COLUMNS else None


def _compare(path: str, before: Columns, now: Columns) -> list[str]:
    gone = [f"{path}: the column {name[:_NAME]!r} vanished." for name in before if name not in now]
    new = [f"{path}: the column {name[:_NAME]!r} is new." for name in now if name not in before]
    other = [
        f"{path}: the column {name[:_NAME]!r} was {kind}, now it is {now[name]}."
        for name, kind in before.items()
        if kind and now.get(name) and now[name] != kind
    ]
    return [*gone, *new, *other]
