"""Lines of JSON: what their objects have in common, and their columns as Arrow.

Nested objects become parts of a field (`a.b` inside column `a`), lists become arrays. A member whose values are of several kinds has no
field, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from hanse.dcat.croissant.shape import Column, Kind
from hanse.factory.documents.inference import Guess
from hanse.kernel.errors import Invalid, TooLarge

BLOCK: Final = 1 << 20
MAX_LINE: Final = 16 << 20
MAX_MEMBERS: Final = 4_096
MAX_PARTS: Final = 256
MAX_DEPTH: Final = 10

_decode = msgspec.json.Decoder(dict[str, Any]).decode_lines
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INT64 = 1 << 63
_EPOCH = 31_536_000
_DATED = re.compile(r".*_(?:at|time)|timestamp.*|modified|date", re.DOTALL | re.IGNORECASE)


def objects(file: BinaryIO) -> Iterator[list[dict[str, Any]]]:
    """Yield the objects of a file, some at a time. Raises `Invalid` for a line that is no object, `TooLarge` for one without an end."""
    rest = b""
    while True:
        block = file.read(BLOCK)
        whole, _, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
        if len(rest) > MAX_LINE:
            raise TooLarge(f"A line is longer than {MAX_LINE} bytes.", rule="records-size")
        if whole.strip():
            yield _decoded(whole)
        if not block:
            return


def _decoded(text: bytes) -> list[dict[str, Any]]:
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"A line is no JSON object: {str(error)[:120]}.", rule="records-json") from None


class Shape:
    """What values at one place were: scalars by their sort, lists and objects by what is in them."""

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._sorts: set[str] = set()
        self._guess = Guess()
        self._numbers: tuple[int, int] | None = None
        self.items: Shape | None = None
        self.members: dict[str, Shape] = {}

    def see(self, values: Sequence[Any]) -> None:
        """Look at more values. Raises `Invalid` for what is nested too deep or has too many members."""
        for sort in set(map(type, values)):
            if sort in _LOOKS:
                _LOOKS[sort](self, [one for one in values if type(one) is sort])

    def _texts(self, values: list[str]) -> None:
        self._sorts.add("text")
        self._guess.see(pa.array(values, pa.string()))

    def _whole(self, values: list[int]) -> None:
        least, most = min(values), max(values)
        self._sorts.add("Integer" if least >= -_INT64 and most < _INT64 else "large")
        self._numbers = (min(least, self._numbers[0]), max(most, self._numbers[1])) if self._numbers else (least, most)

    def _other(self, values: list[Any]) -> None:
        self._sorts.add("Boolean" if type(values[0]) is bool else "Float")

    def _lists(self, values: list[list[Any]]) -> None:
        self._sorts.add("list")
        self.items = self.items or self._inner()
        self.items.see(list(chain.from_iterable(values)))

    def _objects(self, values: list[dict[str, Any]]) -> None:
        self._sorts.add("object")
        for key in dict.fromkeys(chain.from_iterable(values)):
            if key not in self.members:
                self.members[key] = self._inner()
            self.members[key].see([one.get(key) for one in values])
        if len(self.members) > MAX_MEMBERS:
            raise Invalid("It has objects with too many members.", rule="records-nested")

    def _inner(self) -> Shape:
        if self._depth >= MAX_DEPTH:
            raise Invalid("It has objects that are nested too deep.", rule="records-nested")
        return Shape(self._depth + 1)

    @property
    def kind(self) -> str | None:
        """The kind of a scalar, `list`, `object`, or nothing where values are of several kinds."""
        if self._sorts == {"text"}:
            kind = self._guess.kind
            return kind if kind in ("Date", "DateTime") else "Text"
        if self._sorts == {"Integer", "Float"}:
            return "Float"
        return next(iter(self._sorts)) if len(self._sorts) == 1 else None if self._sorts else "Text"

    def is_dated(self, name: str) -> bool:
        """Tell whether readers of tables take these numbers for moments: by the column's name, and because they are large enough."""
        return self.kind == "Integer" and _DATED.fullmatch(name) is not None and self._numbers is not None and self._numbers[0] > _EPOCH


_LOOKS: Final[dict[type, Any]] = {
    str: Shape._texts, int: Shape._whole, bool: Shape._other, float: Shape._other, list: Shape._lists, dict: Shape._objects,
}  # fmt: skip


def columns_of(shape: Shape) -> tuple[list[Column], list[str]]:
    """Return the fields of a file of objects, and the names of the members that have none."""
    found: list[Column] = []
    left: list[str] = []
    for name, inner in shape.members.items():
        column = _column(name, inner) if name else None
        if column is None:
            left.append(name)
        else:
            found.append(column)
    return found, left


def _column(name: str, shape: Shape) -> Column | None:
    if shape.is_dated(name):
        return Column(name=name, kind="DateTime", column=name)
    kind = shape.kind
    if kind == "list":
        return _array(name, shape.items or Shape())
    if kind == "object":
        parts = _parts(shape, ())
        return Column(name=name, column=name, parts=parts) if parts else None
    return Column(name=name, kind=_as_kind(kind), column=name) if _is_kind(kind) else None


def _array(name: str, items: Shape) -> Column | None:
    if items.kind == "object":
        parts = _parts(items, ())
        return Column(name=name, column=name, array=True, parts=parts) if parts else None
    return Column(name=name, kind=_as_kind(items.kind), column=name, array=True) if _is_kind(items.kind) else None


def _parts(shape: Shape, above: tuple[str, ...]) -> tuple[Column, ...]:
    """Return the scalars inside an object, also those of objects inside it, each with the path to it."""
    found: list[Column] = []
    for name, inner in shape.members.items():
        path = (*above, name)
        if inner.kind == "object":
            found += _parts(inner, path)
        elif _is_kind(inner.kind) and name:
            found.append(Column(name=".".join(path), kind=_as_kind(inner.kind), path=path_of(path)))
    return tuple(found[:MAX_PARTS])


def path_of(names: Sequence[str]) -> str:
    """Return the JSONPath of members inside each other."""
    return ".".join(name if _SIMPLE.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names)


def _is_kind(kind: str | None) -> bool:
    return kind in ("Boolean", "Integer", "Float", "Text", "Date", "DateTime")


def _as_kind(kind: str | None) -> Kind:
    return kind  # type: ignore[return-value]
