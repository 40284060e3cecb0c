"""Batches in Arrow's memory, as CSV and Parquet have them. Arrow is imported when the first one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.dataplane.transforms.tables import Tools
from hanse.dataplane.transforms.values import MARK, rounded
from hanse.odrl import names
from hanse.odrl.changes import Step


class ArrowBatch:
    """Records as columns. `text` tells that all values are text in bytes, as in CSV, where a number is read from its text."""

    def __init__(self, records: Any, *, text: bool = False) -> None:
        self.records = records
        self._text = text

    def change(self, step: Step, tools: Tools) -> Self:
        """Return them after a step."""
        if step.action == names.DROP:
            return self._with([name for name in self.records.schema.names if name not in step.columns], {})
        try:
            changed = {name: self._changed(step, name, self.records.column(name), tools) for name in step.columns}
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
            raise Unkeepable("The terms ask for a change that cannot be made of values of such a type.") from None
        return self._with(self.records.schema.names, changed)

    def combinations(self, columns: tuple[str, ...]) -> Iterable[tuple[bytes, int]]:
        """Return the combinations of values, each with how many records have it."""
        counted = pc.value_counts(self._keys(columns))
        return zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)

    def without(self, columns: tuple[str, ...], stays: Callable[[bytes], bool]) -> tuple[Self, int]:
        """Return the records whose combination stays, and how many were left out."""
        keys = self._keys(columns).dictionary_encode()
        verdicts = pa.array([stays(key) for key in keys.dictionary.to_pylist()], pa.bool_())
        kept = self.records.filter(verdicts.take(keys.indices))
        return type(self)(kept, text=self._text), self.records.num_rows - kept.num_rows

    def _with(self, kept: list[str], changed: dict[str, Any]) -> Self:
        schema, arrays, fields = self.records.schema, [], []
        for index, name in enumerate(schema.names):
            if name in kept:
                array = changed.get(name, self.records.column(index))
                arrays.append(array)
                fields.append(_fitting(schema.field(index), array))
        if not arrays:
            raise Unkeepable("The terms drop all columns; nothing would be left.")
        return type(self)(pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, schema.metadata)), text=self._text)

    def _changed(self, step: Step, name: str, array: Any, tools: Tools) -> Any:
        if step.action == names.MASK:
            return _masked(array)
        if step.action == names.PSEUDONYMISE:
            return _each(_as_text(array, name), lambda value: tools.pseudonyms.of(value).encode())
        if step.action == names.ROUND:
            return _each(array, lambda value: rounded(value, step.number, name)) if self._text else _rounded(array, step.number, name)
        raise Unkeepable("There is no such change of a column.")

    def _keys(self, columns: tuple[str, ...]) -> Any:
        """Return one key per record; different combinations have different keys: each value comes with its length."""
        parts: list[Any] = [pa.repeat(pa.scalar(b"", pa.binary()), self.records.num_rows)]
        for name in columns:
            value = _as_text(self.records.column(name), name).cast(pa.binary())
            length = pc.binary_length(value).cast(pa.string()).cast(pa.binary())
            parts.append(pc.binary_join_element_wise(length, value, b":", null_handling="emit_null"))
        return pc.binary_join_element_wise(*parts, b";", null_handling="replace", null_replacement=b"-")


def is_text(kind: Any) -> bool:
    """Tell whether values of this type are text or bytes of any length."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary_view(kind)
    )


def _fitting(field: Any, array: Any) -> Any:
    """Return the field for an array: of its type, and nullable if it has nulls now."""
    return field.with_type(array.type).with_nullable(field.nullable or array.null_count > 0)


def workable(array: Any) -> Any:
    """Return text and bytes in one of the forms that Arrow can change and filter; the values are the same."""
    if pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    return array.cast(pa.binary()) if pa.types.is_binary_view(array.type) else array


def _plain(array: Any) -> Any:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _masked(array: Any) -> Any:
    if not is_text(array.type):
        return pa.nulls(len(array), array.type)
    if pa.types.is_dictionary(array.type):
        index = array.type.index_type
        indices = pc.if_else(array.is_null(), pa.scalar(None, index), pa.scalar(0, index))
        return pa.DictionaryArray.from_arrays(indices, pa.array([MARK]).cast(array.type.value_type))
    return pc.if_else(array.is_null(), pa.scalar(None, array.type), pa.scalar(MARK, pa.string()).cast(array.type))


def _as_text(array: Any, name: str) -> Any:
    """Return values as text or bytes, so that two are equal exactly when the values are."""
    array = _plain(array)
    if is_text(array.type):
        return array
    try:
        return array.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise Unkeepable(f"The values of the column {name[:200]!r} are of a type that cannot be compared.") from None


def _each(array: Any, change: Callable[[bytes], bytes]) -> Any:
    """Return the array with each different value changed once."""
    encoded = array.dictionary_encode()
    kind = encoded.dictionary.type
    values = [change(value) for value in encoded.dictionary.cast(pa.binary()).to_pylist()]
    return pa.array(values, pa.binary()).cast(kind).take(encoded.indices)


def _rounded(array: Any, digits: int, name: str) -> Any:
    array = _plain(array)
    if pa.types.is_integer(array.type) or pa.types.is_null(array.type):
        return array
    if not (pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        raise Unkeepable(f"The terms ask for {name[:200]!r} to be rounded, and its values are no numbers.")
    if pa.types.is_decimal(array.type) and array.type.scale <= digits:
        return array
    return pc.round(array, ndigits=digits, round_mode="half_to_even")
