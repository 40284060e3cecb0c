"""JSON Lines: one object per line. Members that no step changes leave with the bytes that they came with.

A line may lack a member, which is as if it were null there; one that no line has is refused. Only the members of the
object itself are named, not those of objects in it. Of two members of one name the last counts, and alone leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, Self, cast

import msgspec
from msgspec import Raw

from hanse.dataplane.transforms.refusal import RecordTooLong, Unkeepable, malformed, no_column
from hanse.dataplane.transforms.tables import Batch, Out, Tools
from hanse.dataplane.transforms.values import MARK, rounded
from hanse.odrl import names
from hanse.odrl.changes import Step

_BOM: Final = b"\xef\xbb\xbf"
_ROWS: Final = 2_000
_NULL: Final = b"null"
_MARK: Final = msgspec.json.encode(MARK)
_DECODER: Final = msgspec.json.Decoder(dict[str, Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()

_Row = dict[str, Raw]


class JsonBatch:
    """Some lines, each an object whose members are kept as bytes."""

    def __init__(self, rows: list[_Row]) -> None:
        self.rows = rows

    def change(self, step: Step, tools: Tools) -> Self:
        """Return them after a step."""
        if step.action == names.DROP:
            dropped = frozenset(step.columns)
            return type(self)([{name: row[name] for name in row if name not in dropped} for row in self.rows])
        change = _change(step, tools)
        for row in self.rows:
            for name in row.keys() & step.columns:
                row[name] = Raw(change(bytes(row[name]), name))
        return self

    def combinations(self, columns: tuple[str, ...]) -> Iterable[tuple[bytes, int]]:
        """Return the combinations of values, each with how many records have it."""
        return Counter(_key(row, columns) for row in self.rows).items()

    def without(self, columns: tuple[str, ...], stays: Callable[[bytes], bool]) -> tuple[Self, int]:
        """Return the records whose combination stays, and how many were left out."""
        kept = [row for row in self.rows if stays(_key(row, columns))]
        return type(self)(kept), len(self.rows) - len(kept)


class JsonLines:
    """A file of JSON lines."""

    def __init__(self, file: BinaryIO, steps: tuple[Step, ...], tools: Tools, block: int) -> None:
        self._file = file
        self._needed = {column for step in steps for column in step.columns}
        self._tools = tools
        self._block = block

    def batches(self) -> Iterator[Batch]:
        """Yield the records. Whether all columns were there is known at the end."""
        self._file.seek(0)
        missing = set(self._needed)
        rows: list[_Row] = []
        for row in self._rows():
            rows.append(row)
            if missing:
                missing -= row.keys()
            if len(rows) == _ROWS:
                yield JsonBatch(rows)
                rows = []
        if missing:
            raise no_column(min(missing))
        yield JsonBatch(rows)

    def write(self, batches: Iterable[Batch], out: Out) -> None:
        """Write the records."""
        for batch in cast("Iterable[JsonBatch]", batches):
            out.write(_ENCODER.encode_lines(batch.rows))

    def _rows(self) -> Iterator[_Row]:
        first = True
        while line := self._file.readline(self._block + 1):
            if len(line) > self._block:
                raise RecordTooLong("A record of this data is too long.")
            self._tools.advance(len(line))
            line = line.removeprefix(_BOM) if first else line
            first = False
            if line.strip():
                yield _object(line)


def _object(line: bytes) -> _Row:
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed("JSON Lines", "a line is not one JSON object in UTF-8") from None


def _key(row: _Row, columns: tuple[str, ...]) -> bytes:
    return b"\n".join(bytes(row[name]) if name in row else _NULL for name in columns)


def _change(step: Step, tools: Tools) -> Callable[[bytes, str], bytes]:
    """Return what a step does to one value, given as JSON with its member's name."""
    if step.action == names.MASK:
        return lambda value, _: _MARK if value[:1] == b'"' else _NULL
    if step.action == names.PSEUDONYMISE:
        return lambda value, name: value if value == _NULL else _ENCODER.encode(tools.pseudonyms.of(_plain(value, name)))
    if step.action == names.ROUND:
        return lambda value, name: value if value == _NULL else rounded(_number(value, name), step.number, name)
    raise Unkeepable("There is no such change of a column.")


def _plain(value: bytes, name: str) -> bytes:
    """Return a text without its quotes and escapes; numbers and booleans as they are."""
    if value[:1] in b"{[":
        raise Unkeepable(f"The values of the column {name[:200]!r} are of a type that cannot be compared.")
    try:
        return _TEXT.decode(value).encode() if value[:1] == b'"' else value
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError):
        raise malformed("JSON Lines", "a text is not in UTF-8") from None


def _number(value: bytes, name: str) -> bytes:
    if value[:1] not in b"-0123456789":
        raise Unkeepable(f"The terms ask for {name[:200]!r} to be rounded, and not all of its values are plain numbers.")
    return value
