"""Stored files as people work with them: Arrow batches, frames of pandas and Polars, a `datasets.Dataset`, a folder.

A file is read by its name: Parquet, CSV and TSV, JSON Lines, Arrow; anything else is one row with its `path` and its `text`, or its
`content` in bytes where it is no UTF-8. All files of a version that are read together have the same kind.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from hanse.client.reading.content import WHOLE, Content
from hanse.kernel.errors import Invalid, Misconfigured

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 64 * 1024
"""Rows of a batch."""
_TEXTS: Final = 1_000
"""Files of a batch of texts."""
_LINE: Final = 16 << 20
"""Bytes of a line of JSON, at most."""
_BESIDE: Final = "_account/"
"""Begins what tells how a prepared version was made (`factory.prepare.report`): it is read by name only."""
_KINDS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def kind_of(path: str) -> str:
    """Return how a file is read: `parquet`, `csv`, `tsv`, `jsonl`, `arrow`, or `text`."""
    name = PurePosixPath(path)
    if name.suffix == ".gz":
        inner = _KINDS.get(PurePosixPath(name.stem).suffix, "text")
        return inner if inner in ("csv", "tsv", "jsonl") else "text"
    return _KINDS.get(name.suffix.lower(), "text")


def chosen(content: Content, paths: Sequence[str] | None) -> list[str]:
    """Return which files are meant: those that are named, else the tables if there are any, else all.

    Raises `NotFound` for one that is not there, and `Invalid` for files of several kinds.
    """
    if paths is not None:
        named = [content.file(path).path for path in paths]
    else:
        every = [file.path for file in content.files if not file.path.startswith(_BESIDE)]
        named = [path for path in every if kind_of(path) != "text"] or every
    kinds = sorted({kind_of(path) for path in named})
    if len(kinds) > 1:
        hint = "Name those that belong together: paths=[...]."
        raise Invalid(f"The files are of several kinds: {', '.join(kinds)}.", where="paths", rule="kinds", hint=hint)
    return named


def batches(content: Content, paths: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the files, batch by batch, in bounded memory."""
    named = chosen(content, paths)
    if named and kind_of(named[0]) == "text":
        yield from _texts(content, named)
        return
    for path in named:
        with _reading(path):
            yield from _READERS[kind_of(path)](content, path)


def table(content: Content, paths: Sequence[str] | None = None) -> pa.Table:
    """Return all rows at once."""
    import pyarrow as pa
    from pyarrow import parquet

    named = chosen(content, paths)
    if named and kind_of(named[0]) == "parquet":
        tables = []
        for path in named:
            with _reading(path):
                tables.append(parquet.read_table(_source(content, path)))
    else:
        tables = [pa.Table.from_batches([batch]) for batch in batches(content, named)] or [pa.table({})]
    with _reading(", ".join(named)[:500]):
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")


def pandas(content: Content, paths: Sequence[str] | None = None) -> Any:
    """Return a pandas frame. Raises `Misconfigured` if pandas is not installed."""
    _require("pandas")
    return table(content, paths).to_pandas()


def polars(content: Content, paths: Sequence[str] | None = None) -> Any:
    """Return a Polars frame. Raises `Misconfigured` if Polars is not installed."""
    return _require("polars").from_arrow(table(content, paths))


def dataset(content: Content, paths: Sequence[str] | None = None) -> Any:
    """Return a `datasets.Dataset` of Hugging Face. Raises `Misconfigured` if the package is not installed."""
    package = _require("datasets")
    return package.Dataset(package.table.InMemoryTable(table(content, paths)))


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Say as a mistake in the data what Arrow and gzip cannot read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowTypeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        text = " ".join(str(error).split())[:300]
        hint = "Read it as it is: data.open(PATH), or `hanse open ... --into FOLDER`."
        raise Invalid(f"It cannot be read as a table: {text}", where=where, rule="unreadable", hint=hint) from None


def _source(content: Content, path: str) -> Any:
    """Return what Arrow can read and seek in: the whole file if it is not too large, else the file as it is read."""
    import pyarrow as pa

    return pa.BufferReader(content.buffer(path)) if content.file(path).size <= WHOLE else pa.PythonFile(content.open(path), mode="r")


def _parquet(content: Content, path: str) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    yield from parquet.ParquetFile(_source(content, path)).iter_batches(batch_size=ROWS)


def _csv(content: Content, path: str) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv

    delimiter = "\t" if kind_of(path) == "tsv" else ","
    options = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    if content.file(path).size:
        yield from csv.open_csv(_plain(content, path), parse_options=options)


def _jsonl(content: Content, path: str) -> Iterator[pa.RecordBatch]:
    from pyarrow import json

    if content.file(path).size:
        options = json.ReadOptions(block_size=_LINE)
        yield from json.read_json(_plain(content, path), read_options=options).to_batches(max_chunksize=ROWS)


def _arrow(content: Content, path: str) -> Iterator[pa.RecordBatch]:
    from pyarrow import ipc

    reader = ipc.open_file(_source(content, path))
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def _plain(content: Content, path: str) -> io.BufferedIOBase:
    found = content.open(path)
    return gzip.GzipFile(fileobj=found) if path.endswith(".gz") else found


def _texts(content: Content, paths: Sequence[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for start in range(0, len(paths), _TEXTS):
        part = paths[start : start + _TEXTS]
        read = [content.read(path) for path in part]
        texts = [_text(one) for one in read]
        contents = [None if text is not None else one for one, text in zip(read, texts, strict=True)]
        yield pa.record_batch(
            [pa.array(part, pa.string()), pa.array(texts, pa.large_string()), pa.array(contents, pa.large_binary())],
            names=["path", "text", "content"],
        )


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _require(package: str) -> Any:
    from importlib import import_module

    try:
        return import_module(package)
    except ModuleNotFoundError:
        raise Misconfigured(f"This needs the package {package}.", hint=f"Install it: pip install {package}.") from None


_READERS: Final[dict[str, Callable[[Content, str], Iterator[Any]]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "tsv": _csv,
    "jsonl": _jsonl,
    "arrow": _arrow,
}
