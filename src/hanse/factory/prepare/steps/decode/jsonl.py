"""JSON and JSONL: a record per line, or per object of an array, with its number.

Blocks of whole lines are decoded at once; one that cannot be, line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import msgspec
import pyarrow as pa

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.encodings import in_utf8, text_of
from hanse.factory.prepare.steps.decode.limits import MAX_COLUMNS
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import strings
from hanse.factory.prepare.steps.decode.streams import Long, blocks, whole
from hanse.factory.prepare.steps.decode.tables import Rows, Wanted

_DECODER: Final = msgspec.json.Decoder()
_ROWS: Final = 4_096
_SCALARS: Final = {int, float, bool}


def read(chunks: Iterable[bytes], place: Place, wanted: Wanted, said: str | None = None) -> Iterator[pa.Table]:
    """Yield the records of a stream of lines."""
    return _lines(in_utf8(chunks, place, said), place, wanted)


def read_json(chunks: Iterable[bytes], place: Place, wanted: Wanted, said: str | None = None) -> Iterator[pa.Table]:
    """Yield the records of a file called `.json`: JSONL if its first line is an object; else an array of objects, or one object.

    An array is read as a whole, so it may be four times as long as a record. Raises `Bad` if it is longer, or none of these.
    """
    stream = in_utf8(chunks, place, said)
    head = next(stream, b"")
    if _is_object(_try(head.partition(b"\n")[0])):
        yield from _lines(chain([head], stream), place, wanted)
        return
    value = _value(whole(chain([head], stream), 4 * place.limits.record_bytes), place)
    found = value if isinstance(value, list) else [value]
    objects, columns = [(number, one) for number, one in enumerate(found, 1) if isinstance(one, dict)], _Columns(place, wanted)
    for number in [number for number, one in enumerate(found, 1) if not isinstance(one, dict)]:
        place.drop(number, "json-no-object")
    for at in range(0, len(objects), _ROWS):
        some = objects[at : at + _ROWS]
        yield columns.table([number for number, _ in some], [one for _, one in some])
    columns.end()


def _try(line: bytes) -> object:
    try:
        return _DECODER.decode(line)
    except (ValueError, RecursionError):
        return None


def _lines(chunks: Iterable[bytes], place: Place, wanted: Wanted) -> Iterator[pa.Table]:
    columns = _Columns(place, wanted)
    number = 1
    for block in blocks(chunks, place.limits.line_bytes):
        if isinstance(block, Long):
            place.drop(number, "line-too-long", block.sample.decode(errors="replace"))
            number += 1
            continue
        numbers, found = _decoded(block, number, place)
        number += block.count(b"\n") + (not block.endswith(b"\n"))
        if found or place.account.waiting:
            yield columns.table(numbers, found)
    columns.end()


def _decoded(block: bytes, first: int, place: Place) -> tuple[list[int], list[dict[str, Any]]]:
    """Return the numbers of the lines that hold records, and the records."""
    try:
        found = _DECODER.decode_lines(block)
    except (ValueError, RecursionError):
        found = None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if found is not None and len(found) == lines and all(map(_is_object, found)):
        return list(range(first, first + lines)), found
    numbers, kept = [], []
    for number, line in enumerate(block.split(b"\n"), first):
        if (one := _line(line, number, place)) is not None:
            numbers.append(number)
            kept.append(one)
    return numbers, kept


def _is_object(one: object) -> bool:
    return type(one) is dict


def _line(line: bytes, number: int, place: Place) -> dict[str, Any] | None:
    if not line or line.isspace():
        return None
    try:
        one = _value(line, place)
    except Bad as bad:
        place.drop(number, bad.reason, line[:800].decode(errors="replace"))
        return None
    if not isinstance(one, dict):
        place.drop(number, "json-no-object", line[:800].decode(errors="replace"))
        return None
    return one


def _value(line: bytes, place: Place) -> object:
    try:
        return _DECODER.decode(line)
    except UnicodeDecodeError:
        text = text_of(line, place.count)
    except RecursionError:
        raise Bad("json-depth") from None
    except ValueError:
        raise Bad("json") from None
    if text is None:
        raise Bad("encoding")
    return _value(text.encode(), place)


class _Columns:
    """Objects as columns."""

    def __init__(self, place: Place, wanted: Wanted):
        self._place = place
        self._wanted = wanted
        self._rows = Rows(place, wanted)
        self._types: dict[str, set[type]] = {}

    def table(self, numbers: list[int], found: list[dict[str, Any]]) -> pa.Table:
        """Return objects as records; their names are columns in the order in which they come up first."""
        names = list(dict.fromkeys(chain.from_iterable(found)))
        if self._wanted.keep is not None and any(self._wanted.text in one for one in found):
            names = [name for name in names if self._wanted.keeps(name)]
        if len(names) > MAX_COLUMNS:
            raise Bad("columns", f"{len(names)} columns")
        return self._rows.table(pa.array(numbers, pa.int64()), {name: self._column(_values(found, name), name) for name in names})

    def _column(self, values: list[Any], name: str) -> pa.Array:
        kinds = set(map(type, values)) - {type(None)}
        self._types.setdefault(name, set()).update(kinds)
        if kinds <= {str}:
            return strings(values)
        return _scalars(values) if kinds <= _SCALARS else strings([_written(one) for one in values])

    def end(self) -> None:
        """Count what can be said of a whole file only."""
        self._rows.end()
        self._place.count("columns-mixed", sum(len(some) > 1 for some in self._types.values()))


def _values(found: list[dict[str, Any]], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), found))  # three times as fast, and most files have all names on all lines
    except KeyError:
        return [one.get(name) for one in found]


def _scalars(values: list[Any]) -> pa.Array:
    """Return numbers and truth values as texts, as JSON writes them."""
    written = msgspec.json.encode(values)[1:-1].split(b",")
    return pa.array([None if one == b"null" else one for one in written], pa.binary()).cast(pa.string())


def _written(value: object) -> str | None:
    """Return a value as a text: a text as it is, else as JSON writes it."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
