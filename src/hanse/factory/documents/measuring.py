"""Measures the files of a folder: which of them hold records, with which fields, and their figures. Runs in a process of its own.

Files whose paths differ in digits only and that have the same columns are one table. What cannot be read as records, or what a reader
of Croissant could not, is named with the reason; it is still a file of the version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs

from hanse.dcat import media
from hanse.dcat.croissant.shape import Column, Kind, Table, Unmeasured
from hanse.factory.documents import lines, parquet
from hanse.factory.documents.batches import Batch, Piece, name_of
from hanse.factory.documents.inference import kinds_of
from hanse.factory.documents.statistics import Figures
from hanse.factory.documents.tables import Bounded, csv_batches, header_of, text_batches, unpacked
from hanse.kernel.errors import HanseError, Invalid

MAX_UNPACKED: Final = 256 << 30
MAX_JSON: Final = 32 << 20
MAX_TEXT: Final = 16 << 20
MAX_FIGURES: Final = 512
"""Columns of a table that are given figures; the others are named with their kinds."""


def measure(folder: Path, batch: Batch, personal: bool | None) -> Iterator[Table | Unmeasured]:
    """Yield the tables of files that are alike, and what of them could not be measured."""
    if batch.media_type == media.TEXT:
        yield _texts(batch)
        return
    for columns, pieces in _grouped(folder, batch):
        if isinstance(columns, str):
            yield from (Unmeasured(piece.path, columns) for piece in pieces)
            continue
        name = batch.name if len(pieces) == len(batch.pieces) else name_of(pieces)
        try:
            yield _Measuring(folder, batch.media_type, pieces, personal).table(name)
        except (HanseError, pa.ArrowException, OSError, ValueError, EOFError) as error:
            yield from (Unmeasured(piece.path, reason_of(error)) for piece in pieces)


def reason_of(error: Exception) -> str:
    """Return an error as a reason, on one line."""
    text = error.message if isinstance(error, HanseError) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def _grouped(folder: Path, batch: Batch) -> Iterator[tuple[tuple[str, ...] | str, list[Piece]]]:
    """Yield files with the same columns together; a reason in place of the columns for what has none."""
    found: dict[tuple[str, ...] | str, list[Piece]] = {}
    for piece in batch.pieces:
        try:
            key: tuple[str, ...] | str = _columns(folder, piece)
        except (HanseError, pa.ArrowException, OSError, ValueError, EOFError) as error:
            key = reason_of(error)
        found.setdefault(key, []).append(piece)
    yield from found.items()


def _columns(folder: Path, piece: Piece) -> tuple[str, ...]:
    if piece.size == 0:
        raise Invalid("It is empty.", rule="records-empty")
    with opened(folder, piece.path) as file:
        if piece.media_type == media.PARQUET:
            return parquet.schema_of(file)
        if piece.media_type in (media.CSV, media.TSV):
            return tuple(header_of(_plain(file), delimiter_of(piece.media_type)))
    return ("",)


def delimiter_of(media_type: str) -> str:
    """Return what stands between the cells of a file of this type."""
    return "\t" if media_type == media.TSV else ","


@contextmanager
def opened(folder: Path, path: str) -> Iterator[BinaryIO]:
    """Open a file of the folder. Raises `Invalid` for a path that leads out of it."""
    whole = (folder / path).resolve()
    if not whole.is_relative_to(folder.resolve()) or not whole.is_file():
        raise Invalid("The path leads out of the folder, or to no file.", rule="records-path")
    with whole.open("rb") as file:
        yield file


def _plain(file: BinaryIO) -> Any:
    return Bounded(unpacked(file), MAX_UNPACKED)


class _Measuring:
    """Goes twice over the files of one table: once for the kinds of its columns, once for their figures."""

    def __init__(self, folder: Path, media_type: str, pieces: Sequence[Piece], personal: bool | None) -> None:
        self._folder = folder
        self._type = media_type
        self._pieces = pieces
        self._personal = personal
        self._records = 0

    def table(self, name: str) -> Table:
        columns = self._found()
        if not columns:
            raise Invalid("Nothing of it can be told as a field.", rule="records-fields")
        figures = {one.name: Figures(one.kind, self._personal) for one in columns[:MAX_FIGURES] if not one.parts and not one.array}
        for batch in self._typed(columns):
            for field, column in zip(batch.schema.names, batch.columns, strict=True):
                if field in figures:
                    figures[field].see(column)
        told = [structs.replace(one, statistics=figures[one.name].told()) if one.name in figures else one for one in columns]
        paths = tuple(piece.path for piece in self._pieces)
        return Table(name=name, paths=paths, columns=tuple(told), records=self._records)

    def _found(self) -> list[Column]:
        if self._type == media.PARQUET:
            return self._parquet_columns()
        if self._type == media.JSON_LINES:
            return self._line_columns()
        if self._type == media.JSON:
            return self._json_columns()
        kinds, self._records = kinds_of(self._texts())
        names = list(kinds) or self._names()
        return [Column(name=name, kind=kinds.get(name, "Text"), column=name) for name in names if name.strip()]

    def _names(self) -> list[str]:
        with opened(self._folder, self._pieces[0].path) as file:
            return header_of(_plain(file), delimiter_of(self._type))

    def _texts(self) -> Iterator[pa.RecordBatch]:
        names, delimiter = self._names(), delimiter_of(self._type)
        if len(names) == 1 and ";" in names[0] and delimiter == ",":
            raise Invalid("Its cells are separated by semicolons, which no reader of Croissant knows.", rule="records-delimiter")
        for file in self._files():
            yield from text_batches(_plain(file), names, delimiter)

    def _files(self) -> Iterator[BinaryIO]:
        for piece in self._pieces:
            with opened(self._folder, piece.path) as file:
                yield file

    def _parquet_columns(self) -> list[Column]:
        with opened(self._folder, self._pieces[0].path) as file:
            found = parquet.columns_of(file)
        self._records = sum(parquet.records_of(file) for file in self._files())
        return found

    def _line_columns(self) -> list[Column]:
        shape = lines.Shape()
        for file in self._files():
            for some in lines.objects(_plain(file)):
                self._records += len(some)
                shape.see(some)
        return lines.columns_of(shape)[0]

    def _json_columns(self) -> list[Column]:
        """A list of objects that all have the same members: what JSONPath can take apart without losing which belongs to which."""
        shape = lines.Shape()
        objects = list(self._json())
        if any(one.keys() != objects[0].keys() for one in objects):
            raise Invalid("Its objects do not all have the same members.", rule="records-json")
        self._records = len(objects)
        shape.see(objects)
        found = [one for one in lines.columns_of(shape)[0] if not one.parts]
        return [structs.replace(one, column="", path=f"$[*].{lines.path_of([one.name])}") for one in found]

    def _json(self) -> Iterator[dict[str, Any]]:
        import msgspec

        if len(self._pieces) > 1 or self._pieces[0].size > MAX_JSON:
            raise Invalid("It is too large to be read as one piece of JSON.", rule="records-size")
        for file in self._files():
            data = Bounded(unpacked(file), 4 * MAX_JSON).readall() or b""
            try:
                found = msgspec.json.decode(data)
            except (msgspec.MsgspecError, RecursionError) as error:
                raise Invalid(f"It is no JSON: {str(error)[:120]}.", rule="records-json") from None
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found) or not found:
                raise Invalid("It is no list of objects.", rule="records-json")
            yield from found

    def _typed(self, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        flat = [one for one in columns if not one.parts and not one.array][:MAX_FIGURES]
        if self._type == media.PARQUET:
            for file in self._files():
                yield from parquet.batches(file, [one.name for one in flat])
        elif self._type in (media.JSON_LINES, media.JSON):
            for some in self._objects():
                yield _as_batch(some, flat)
        else:
            names, kinds = self._names(), {one.name: one.kind for one in flat}
            for file in self._files():
                yield from csv_batches(_plain(file), names, delimiter_of(self._type), kinds)

    def _objects(self) -> Iterator[list[dict[str, Any]]]:
        if self._type == media.JSON:
            yield list(self._json())
            return
        for file in self._files():
            yield from lines.objects(_plain(file))


_ARROW: Final[dict[Kind, pa.DataType]] = {
    "Boolean": pa.bool_(), "Integer": pa.int64(), "Float": pa.float64(), "Text": pa.string(), "Date": pa.string(),
    "DateTime": pa.string(), "Time": pa.string(),
}  # fmt: skip


def _as_batch(objects: list[dict[str, Any]], columns: Sequence[Column]) -> pa.RecordBatch:
    arrays = [_as_array([one.get(column.name) for one in objects], column.kind) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _as_array(values: list[Any], kind: Kind) -> pa.Array:
    if kind in ("Date", "DateTime"):
        return moments_of(values, kind)
    array = pa.array(values, _ARROW[kind])
    return pc.if_else(pc.is_nan(array), None, array) if kind == "Float" else array


def moments_of(values: list[Any], kind: str) -> pa.Array:
    """Return days or moments from text, or from numbers that count since 1970 in a unit that their size tells."""
    first = next((one for one in values if one is not None), None)
    if isinstance(first, int | float):
        unit = next((unit for unit, most in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if abs(first) < most), "ns")
        return pa.array(values, pa.int64()).cast(pa.timestamp(unit)).cast(pa.timestamp("us"), safe=False)
    texts = pa.array(values, pa.string())
    if kind == "Date":
        return texts.cast(pa.date32())
    from hanse.factory.documents.tables import moments

    return moments(texts)


def _texts(batch: Batch) -> Table | Unmeasured:
    large = next((piece.path for piece in batch.pieces if piece.size > MAX_TEXT), None)
    if large is not None:
        return Unmeasured(large, "it is too large to be one record")
    columns = (Column(name="path", file="fullpath"), Column(name="content", file="content"))
    paths = tuple(piece.path for piece in batch.pieces)
    return Table(name=batch.name, paths=paths, columns=columns, records=len(paths))
