"""Finds the tables among files, by name and header, and opens them.

Files of one kind in one folder with the same columns are one table. Where there is no table, files of text are one: a record each.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from hanse.factory.quality.tables import robust
from hanse.kernel.errors import HanseError, Invalid

if TYPE_CHECKING:
    import polars as pl

KINDS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
}
IN_MEMORY: Final = 512 << 20
"""Bytes that a table takes in memory, as estimated, at most, to be read as a whole."""
MOST_TABLES: Final = 64
LARGEST_TEXT: Final = 64 << 20
_PACKED: Final = 200
_UNPACKED: Final = 64 << 20
"""A packed file may unpack to so many times its size, and so many bytes more."""
_WIDER: Final = 8
"""Times that a table is larger in memory than in a file whose table of contents cannot be read."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_TEXTS: Final = 500


@dataclass
class Source:
    """A table that was found: its files, relative to the folder, how they are read, and once they are open, their records."""

    name: str
    kind: str
    files: list[str]
    delimiter: str = ","
    lazy: pl.LazyFrame | None = None
    typed: bool = True
    size: int = 0
    unreadable: int = 0
    note: str = ""


@dataclass
class Found:
    """The tables, and the files that are none, each with the reason."""

    tables: list[Source] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def kind_of(path: str) -> str:
    """Return how a file is read: `parquet`, `csv`, `jsonl`, `arrow`, or `text`."""
    name = PurePosixPath(path)
    if name.suffix.lower() == ".gz":
        inner = KINDS.get(PurePosixPath(name.stem).suffix.lower(), "text")
        return inner if inner in ("csv", "jsonl") else "text"
    return KINDS.get(name.suffix.lower(), "text")


def find(folder: Path, paths: Sequence[str]) -> Found:
    """Find the tables among the files of a folder. Nothing of the records is read yet."""
    found, groups = Found(), dict[tuple[str, ...], Source]()
    for path in sorted(paths):
        kind = kind_of(path)
        if kind == "text":
            continue
        try:
            shape, delimiter = _shape(folder / path, kind)
            check_width(len(shape))
        except unreadable() as error:
            found.left_out.append(f"{path}: {_why(error)}")
            continue
        key = (str(PurePosixPath(path).parent), kind, delimiter, *shape)
        groups.setdefault(key, Source(path, kind, [], delimiter)).files.append(path)
    texts = [path for path in sorted(paths) if kind_of(path) == "text"]
    found.tables = [*groups.values()][:MOST_TABLES]
    found.left_out += [f"{one.name}: more than {MOST_TABLES} tables" for one in [*groups.values()][MOST_TABLES:]]
    if found.tables or found.left_out:
        found.left_out += [f"{path}: no table" for path in texts]
    elif texts:
        found.tables = [Source("texts", "text", texts)]
    return found


def check_width(columns: int) -> None:
    """Raise `Invalid` for more columns than a table may have."""
    if columns > robust.MOST_COLUMNS:
        raise Invalid(f"It has more than {robust.MOST_COLUMNS:,} columns.", where="columns", rule="columns")


def unreadable() -> tuple[type[BaseException], ...]:
    """Return what is raised for files that are damaged, or of a kind that is not known; by Polars also where it did not expect that."""
    from polars.exceptions import PanicException, PolarsError

    return (PolarsError, PanicException, OSError, ValueError, NotImplementedError, EOFError, zlib.error, HanseError)


def open_source(folder: Path, source: Source, workshop: Path) -> list[str]:
    """Open a table: its `lazy` frame is there then. Returns which of its files were left out, and why. Raises `ValueError`."""
    workshop.mkdir(parents=True, exist_ok=True)
    files = [_as_named(folder / path, workshop / f"file-{number}") for number, path in enumerate(source.files)]
    source.size = sum(path.stat().st_size for path in files)
    if source.kind == "text":
        return _open_texts(folder, source, workshop)
    if source.kind in ("csv", "jsonl"):
        _open_lines(source, files, workshop)
    else:
        _open_binary(source, files)
    return []


def _as_named(path: Path, link: Path) -> Path:
    """Return a path that Polars takes for the file of that name, and not for a pattern of names."""
    if not any(sign in str(path) for sign in "*?["):
        return path
    link = link.with_suffix(path.suffix)
    link.symlink_to(path.absolute())
    return link


def _open_binary(source: Source, files: list[Path]) -> None:
    import polars as pl
    from pyarrow import parquet

    if source.kind == "arrow":
        source.lazy = pl.scan_ipc(files)
        return
    source.lazy = pl.scan_parquet(files, missing_columns="insert")
    try:
        facts = [parquet.read_metadata(path) for path in files]
    except NotImplementedError:  # a type that Arrow does not know, and Polars does
        source.size *= _WIDER
        return
    unpacked = sum(one.row_group(number).total_byte_size for one in facts for number in range(one.num_row_groups))
    source.size = max(unpacked, sum(one.num_rows * one.num_columns * 8 for one in facts))


def _open_lines(source: Source, files: list[Path], workshop: Path) -> None:
    import polars as pl
    from polars.exceptions import PolarsError

    source.typed = source.kind == "jsonl"
    files = [_plain(path, workshop / f"plain-{number}") for number, path in enumerate(files)]
    source.size = 2 * sum(path.stat().st_size for path in files)
    try:
        if any(map(robust.long_lines, files)):
            raise ValueError
        lazy = _scan(source, files)
        # Whether every value can be read shows only once all are.
        lazy.select(pl.all().count()).collect(engine="streaming")
        source.lazy = lazy
    except (PolarsError, ValueError, OSError):
        broken = robust.read_csv(files, source.delimiter, workshop) if source.kind == "csv" else robust.read_jsonl(files, workshop)
        source.lazy, source.typed = pl.concat([pl.scan_parquet(one) for one in broken.parts], how="diagonal"), False
        source.size, source.unreadable = 2 * sum(one.stat().st_size for one in broken.parts), broken.unreadable
        source.note = "It was read record by record, since not all of it can be read as a whole."


def _plain(path: Path, into: Path) -> Path:
    """Return the file, or it unpacked. Raises `Invalid` for one that unpacks to far more than text does."""
    if path.suffix.lower() != ".gz":
        return path
    most, done = _PACKED * path.stat().st_size + _UNPACKED, 0
    with robust.opened(path) as packed, into.open("wb") as out:
        while part := packed.read(1 << 20):
            done += len(part)
            if done > most:
                raise Invalid(f"It unpacks to more than {_PACKED} times its size.", where=path.name, rule="packed")
            out.write(part)
    return into


def _scan(source: Source, files: list[Path]) -> pl.LazyFrame:
    import polars as pl

    if source.kind == "jsonl":
        return pl.scan_ndjson(files, infer_schema_length=None)
    return pl.scan_csv(files, separator=source.delimiter, infer_schema=False)


def _open_texts(folder: Path, source: Source, workshop: Path) -> list[str]:
    import polars as pl

    schema, parts, left = {"path": pl.String, "text": pl.String}, list[Path](), list[str]()
    for number, some in enumerate(_bunches(source.files)):
        rows: list[tuple[str, str]] = []
        for path in some:
            text, why = _read_text(folder / path)
            if text is None:
                left.append(f"{path}: {why}")
            else:
                rows.append((path, text))
        parts.append(workshop / f"texts-{number:05}.parquet")
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(parts[-1])
    source.lazy, source.unreadable = pl.scan_parquet(parts), len(left)
    return left


def _read_text(path: Path) -> tuple[str | None, str]:
    if path.stat().st_size > LARGEST_TEXT:
        return None, f"a text of more than {LARGEST_TEXT >> 20} MiB"
    try:
        return path.read_bytes().decode("utf-8"), ""
    except UnicodeDecodeError:
        return None, "neither a table nor a text in UTF-8"


def _bunches(paths: list[str]) -> Iterator[list[str]]:
    source = iter(paths)
    while some := list(islice(source, _TEXTS)):
        yield some


def _shape(path: Path, kind: str) -> tuple[tuple[str, ...], str]:
    """Return the columns of a file and, of CSV, what separates them."""
    if kind == "parquet":
        import polars as pl

        return tuple(f"{name} {type}" for name, type in pl.read_parquet_schema(path).items()), ""
    if kind == "arrow":
        from pyarrow import ipc

        with ipc.open_file(path) as reader:
            return tuple(f"{one.name} {one.type}" for one in reader.schema), ""
    if kind == "jsonl":
        return (), ""
    with robust.opened(path) as file:
        first = file.readline(robust.LONGEST).decode("utf-8-sig", "replace").strip("\r\n")
    if not first:
        raise ValueError("it is empty")
    delimiter = "\t" if ".tsv" in path.name.lower() else max(_DELIMITERS, key=first.count)
    return tuple(first.split(delimiter)), delimiter


def _why(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
