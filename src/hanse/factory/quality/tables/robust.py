"""Reads CSV and JSON Lines that are broken in places: record by record, what cannot be read counted and left out, in bounded memory."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from hanse.kernel.errors import Invalid

LONGEST: Final = 16 << 20
"""Bytes of a line, at most."""
MOST_COLUMNS: Final = 5_000
_RECORDS: Final = 20_000
_BYTES: Final = 32 << 20
_LOOK: Final = 1 << 20


@dataclass
class Broken:
    """What was read: parts as Parquet files of texts, and how many records could not be."""

    parts: list[Path] = field(default_factory=list)
    unreadable: int = 0


class _Parts:
    """Collects records as texts and writes them in parts."""

    def __init__(self, into: Path) -> None:
        self.broken = Broken()
        self._into = into
        self._records: list[dict[str, str | None]] = []
        self._columns: dict[str, None] = {}
        self._size = 0

    def name(self, columns: list[str]) -> None:
        """Know these columns from now on, also if there is no record."""
        self._columns.update(dict.fromkeys(columns))
        if len(self._columns) > MOST_COLUMNS:
            raise Invalid(f"The records have more than {MOST_COLUMNS:,} different columns.", where="columns", rule="columns")

    def add(self, record: dict[str, str | None], size: int) -> None:
        """Add a record that takes about so many bytes. Raises `Invalid` once there are too many columns."""
        if not record.keys() <= self._columns.keys():
            self.name([*record])
        self._records.append(record)
        self._size += size
        if len(self._records) >= _RECORDS or self._size >= _BYTES:
            self.write()

    def write(self) -> None:
        """Write what was added since; the first part is written also if it is empty."""
        import polars as pl

        if self._records or not self.broken.parts:
            path = self._into / f"part-{len(self.broken.parts):05}.parquet"
            schema = dict.fromkeys(self._columns, pl.String)
            pl.DataFrame(self._records, schema=schema, orient="row").write_parquet(path)
            self.broken.parts.append(path)
        self._records, self._size = [], 0


def long_lines(path: Path) -> bool:
    """Tell whether a file has a line that is longer than what is read as one."""
    if path.stat().st_size <= LONGEST:
        return False
    run = 0
    with path.open("rb") as file:
        while block := file.read(_LOOK):
            first = block.find(b"\n")
            if run + (len(block) if first < 0 else first) > LONGEST:
                return True
            run = run + len(block) if first < 0 else len(block) - block.rfind(b"\n") - 1
    return False


def read_csv(files: list[Path], delimiter: str, into: Path) -> Broken:
    """Read files of one header; records with more or fewer values than it are unreadable."""
    parts = _Parts(into)
    for path in files:
        lines = _Lines(path)
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        header: list[str] | None = None
        while (row := _row(reader, parts.broken)) is not None:
            if header is None:
                header = _unique(row)
                parts.name(header)
            elif len(row) != len(header):
                parts.broken.unreadable += bool(row)
            else:
                parts.add({name: value or None for name, value in zip(header, row, strict=True)}, sum(map(len, row)))
        parts.broken.unreadable += lines.too_long
    parts.write()
    return parts.broken


def read_jsonl(files: list[Path], into: Path) -> Broken:
    """Read files of objects, one a line; what is no object is unreadable, values are texts, nested ones JSON."""
    parts = _Parts(into)
    decode = msgspec.json.Decoder(dict[str, object]).decode
    for path in files:
        lines = _Lines(path)
        for line in lines:
            if not line.strip():
                continue
            try:
                parts.add({name: _text(value) for name, value in decode(line).items()}, len(line))
            except (msgspec.DecodeError, RecursionError):
                parts.broken.unreadable += 1
        parts.broken.unreadable += lines.too_long
    parts.write()
    return parts.broken


class _Lines:
    """The lines of a file as texts; those that are too long are skipped and counted, bytes that are no UTF-8 replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.too_long = 0

    def __iter__(self) -> Iterator[str]:
        encoding = "utf-8-sig"
        with opened(self._path) as file:
            while line := file.readline(LONGEST):
                if len(line) < LONGEST or line.endswith(b"\n"):
                    yield line.decode(encoding, "replace")
                else:
                    self._skip(file)
                encoding = "utf-8"

    def _skip(self, file: IO[bytes]) -> None:
        self.too_long += 1
        while line := file.readline(LONGEST):
            if line.endswith(b"\n"):
                return


def opened(path: Path) -> IO[bytes]:
    """Open a file, unpacked if it is packed by gzip."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _row(reader: Iterator[list[str]], broken: Broken) -> list[str] | None:
    while True:
        try:
            return next(reader)
        except StopIteration:
            return None
        except csv.Error:
            broken.unreadable += 1


def _unique(names: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        plain, number = name, 0
        while plain in found:
            plain, number = f"{name}_duplicated_{number}", number + 1
        found[plain] = None
    return list(found)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
