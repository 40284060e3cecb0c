"""Values of one file as a plan wants them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from hanse.client.croissant.plan import Plan, Wanted
from hanse.dcat import media
from hanse.factory.documents import lines
from hanse.factory.documents.measuring import delimiter_of, moments_of
from hanse.factory.documents.tables import csv_batches, header_of, unpacked
from hanse.kernel.errors import Invalid, TooLarge

MAX_JSON: Final = 512 << 20

_ARROW: Final = {
    "Boolean": pa.bool_(), "Integer": pa.int64(), "Float": pa.float64(), "Text": pa.string(), "Date": pa.date32(),
    "DateTime": pa.timestamp("us"), "Time": pa.time64("us"),
}  # fmt: skip
_NATIVE: Final = frozenset({"Boolean", "Integer", "Float", "Text"})


def dicts_of(plan: Plan, path: str, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the records of a file."""
    if plan.media_type == media.JSON_LINES:
        take = _taking(plan.fields)
        for objects in lines.objects(unpacked(file)):
            yield from map(take, objects)
    else:
        for batch in batches_of(plan, path, file):
            yield from batch.to_pylist()


def batches_of(plan: Plan, path: str, file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Yield the records of a file as Arrow."""
    if any(one.file for one in plan.fields):
        yield _whole(plan, path, file)
    elif plan.media_type in (media.CSV, media.TSV):
        yield from _table(plan, file)
    elif plan.media_type == media.JSON_LINES:
        take = _taking(plan.fields)
        for objects in lines.objects(unpacked(file)):
            yield batch_of([take(one) for one in objects], plan.fields)
    elif plan.media_type == media.PARQUET:
        yield from _parquet(plan, file)
    elif plan.media_type == media.JSON:
        yield batch_of(_json(plan, file), plan.fields)
    else:
        raise Invalid(f"Files of the type {plan.media_type} are not read here.", rule="records-format")


def batch_of(records: Sequence[dict[str, Any]], fields: Sequence[Wanted]) -> pa.RecordBatch:
    """Return records as a batch."""
    arrays = [_array([one.get(field.name) for one in records], field) for field in fields]
    return pa.RecordBatch.from_arrays(arrays, names=[field.name for field in fields])


def _array(values: list[Any], field: Wanted) -> pa.Array:
    try:
        if field.kind == "DateTime" and not field.array:  # with a zone or without one, as the values have it
            return pa.array(values) if any(one is not None for one in values) else pa.array(values, pa.timestamp("us"))
        return pa.array(values, _type(field))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, TypeError) as error:
        raise Invalid(f"A value is not of its data type: {str(error)[:120]}", rule="records-value", hint=f"Field {field.id}.") from None


def _type(field: Wanted) -> pa.DataType:
    inner = pa.struct([(one.name, _type(one)) for one in field.parts]) if field.parts else _ARROW[field.kind]
    return pa.list_(inner) if field.array else inner


# --- Tables of text.


def _table(plan: Plan, file: BinaryIO) -> Iterator[pa.RecordBatch]:
    delimiter = delimiter_of(plan.media_type)
    names = header_of(unpacked(file), delimiter)
    file.seek(0)
    fields = plan.fields
    kinds = {column: kind for one in _leaves(fields) for column, kind in [(one.column, _read_as(one))] if column}
    gone = next((column for column in kinds if column not in names), None)
    if gone is not None:
        raise Invalid(f"It has no column {gone[:80]!r}.", rule="records-column", hint=f"It has: {', '.join(names)[:200]}.")
    for batch in csv_batches(unpacked(file), names, delimiter, kinds):
        yield _picked(batch, fields)


def _read_as(field: Wanted) -> str:
    return "Text" if field.separator or field.regex or field.array or field.path else field.kind


def _leaves(fields: Iterable[Wanted]) -> Iterator[Wanted]:
    for one in fields:
        yield from _leaves(one.parts) if one.parts else (one,)


def _picked(batch: pa.RecordBatch, fields: Sequence[Wanted]) -> pa.RecordBatch:
    columns = [_column(batch, one) for one in fields]
    return pa.RecordBatch.from_arrays(columns, names=[one.name for one in fields])


def _column(batch: pa.RecordBatch, field: Wanted) -> pa.Array:
    if field.parts and not any(one.path for one in field.parts):
        return pa.StructArray.from_arrays([_column(batch, one) for one in field.parts], names=[one.name for one in field.parts])
    if not field.column:
        return pa.array([field.value] * batch.num_rows, _type(field))
    column = batch.column(field.column)
    if field.parts or field.path or field.separator or field.regex:
        return _array([_taken(value, field) for value in column.to_pylist()], field)
    return column


# --- Objects.


def _taking(fields: Sequence[Wanted]) -> Any:
    """Return what makes a record of an object; quick for what needs no change."""
    if all(one.kind in _NATIVE and not one.parts and not one.path and not one.array and one.column for one in fields):
        pairs = [(one.name, one.column) for one in fields]
        floats = [one.name for one in fields if one.kind == "Float"]
        return _flat(pairs, floats)
    return lambda value: {one.name: _taken(value.get(one.column), one) if one.column else one.value for one in fields}


def _flat(pairs: list[tuple[str, str]], floats: list[str]) -> Any:
    def take(value: dict[str, Any]) -> dict[str, Any]:
        get = value.get
        out = {name: get(column) for name, column in pairs}
        for name in floats:
            number = out[name]
            if number.__class__ is int:
                out[name] = float(number)
        return out

    return take


def _taken(value: Any, field: Wanted) -> Any:
    """Return what a field takes from a value of its column."""
    if value is None:
        return None
    if field.array and isinstance(value, list):
        return [_taken(one, msgspec.structs.replace(field, array=False)) for one in value]
    if field.parts:
        return {one.name: _taken(_at(value, one.path), msgspec.structs.replace(one, path=())) for one in field.parts}
    found = _at(value, field.path)
    if field.regex and isinstance(found, str):
        match = _compiled(field.regex).match(found)
        found = next((one for one in match.groups() if one is not None), found) if match else found
    if field.separator and isinstance(found, str):
        return [_cast(one, field.kind) for one in found.split(field.separator)]
    return _cast(found, field.kind)


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


@lru_cache(64)
def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > 500:
        raise Invalid("A regular expression is too long.", rule="records-regex")
    try:
        return re.compile(pattern)
    except re.error:
        raise Invalid("A regular expression cannot be read.", where=pattern[:80], rule="records-regex") from None


def _cast(value: Any, kind: str) -> Any:
    if value is None or (kind in _NATIVE and not isinstance(value, str | int)):
        return value
    try:
        return _CASTS[kind](value)
    except (ValueError, OverflowError):
        raise Invalid(f"{str(value)[:40]!r} is not of the data type {kind}.", rule="records-value") from None


def _as_text(value: Any) -> Any:
    return value if isinstance(value, str) else str(value)


def _as_bool(value: Any) -> Any:
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise ValueError(value)
        return value.lower() == "true"
    return bool(value)


def _as_moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    return moments_of([value], "DateTime")[0].as_py()


def _as_day(value: Any) -> Any:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _as_time(value: Any) -> Any:
    return value if isinstance(value, time) else time.fromisoformat(value)


_CASTS: Final[dict[str, Any]] = {
    "Boolean": _as_bool, "Integer": int, "Float": float, "Text": _as_text, "Date": _as_day, "DateTime": _as_moment, "Time": _as_time,
}  # fmt: skip


# --- Parquet, JSON, whole files.


def _parquet(plan: Plan, file: BinaryIO) -> Iterator[pa.RecordBatch]:
    from hanse.factory.documents import parquet

    columns = list(dict.fromkeys(one.column for one in plan.fields if one.column))
    for batch in parquet.batches(file, columns):
        yield _picked(batch, plan.fields)


def _json(plan: Plan, file: BinaryIO) -> list[dict[str, Any]]:
    """Read a list of objects, each field by its JSONPath."""
    data = unpacked(file).read(MAX_JSON + 1)
    if len(data) > MAX_JSON:
        raise TooLarge("It is too large to be read as one piece of JSON.", rule="records-size")
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        raise Invalid("It is no JSON.", rule="records-json") from None
    columns = {one.name: [_cast(value, one.kind) for value in _found(document, one.path)] for one in plan.fields}
    if len({len(one) for one in columns.values()}) > 1:
        raise Invalid("Its fields have different numbers of values.", rule="records-json")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _found(value: Any, path: Sequence[str]) -> list[Any]:
    found = [value]
    for step in path:
        if step == "*":
            found = [inner for one in found if isinstance(one, list) for inner in one]
        else:
            found = [one[step] for one in found if isinstance(one, dict) and step in one]
    return found


def _whole(plan: Plan, path: str, file: BinaryIO) -> pa.RecordBatch:
    values = {"content": "", "filename": PurePosixPath(path).name, "fullpath": path, "filepath": path}
    if any(one.file == "content" for one in plan.fields):
        try:
            values["content"] = unpacked(file).read().decode()
        except UnicodeDecodeError:
            raise Invalid("It is not encoded in UTF-8.", rule="records-encoding") from None
    unknown = next((one.file for one in plan.fields if one.file not in values), None)
    if unknown is not None:
        raise Invalid(f"The property {unknown[:40]!r} of files is not read here.", rule="records-property")
    return batch_of([{one.name: _taken(values[one.file], one) for one in plan.fields}], plan.fields)
