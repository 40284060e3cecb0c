"""Tables of records: what is read gets its ids and the columns that all records have, and what cannot be a record is dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import ID, LANGUAGE, SOURCE, TEXT
from hanse.factory.prepare.steps.decode.account import SAMPLE, Place

LICENCE: Final = "licence"
"""`string`: of the record, from its table, else that of the file."""
TITLE: Final = "title"
"""`string`: of a page or a PDF."""
URL: Final = "url"
"""`string`: where a WARC file has the record from."""
OPT_OUT: Final = "opt_out"
"""`string`: the reservations that came with a page, sorted, separated by commas: `noai`, `noimageai`, `tdm-reservation`; else null."""
ALWAYS: Final = (LANGUAGE, LICENCE, TITLE, URL, OPT_OUT)
"""`string` columns that all records have beside `id`, `source` and `text`, null where nothing is known."""
SCHEMA: Final = pa.schema(
    [
        pa.field(ID, pa.string(), nullable=False),
        pa.field(SOURCE, pa.string(), nullable=False),
        pa.field(TEXT, pa.large_string(), nullable=False),
    ]
    + [pa.field(name, pa.string()) for name in ALWAYS]
)
FULL: Final = 4 << 20
"""Bytes of text in one table, about."""
WAITING: Final = 10_000
"""So many that were dropped are told without waiting for records."""


def records_of(place: Place, numbers: pa.Array, text: pa.Array, others: Mapping[str, pa.Array]) -> pa.Table:
    """Return records with these numbers, texts and other columns (strings). Those without a text, or with too much, are dropped."""
    full = pc.fill_null(pc.match_substring_regex(text, r"\S"), False)
    fits = pc.less_equal(pc.fill_null(pc.binary_length(text), 0), place.limits.record_bytes)
    good = pc.and_(full, fits)
    if not pc.all(good, min_count=0).as_py():
        _drop(place, numbers, text, full, pc.invert(good))
        numbers, text = numbers.filter(good), text.filter(good)
        others = {name: column.filter(good) for name, column in others.items()}
    rows = len(text)
    columns: dict[str, pa.Array] = {
        ID: pc.binary_join_element_wise(pa.scalar(place.name), pc.cast(numbers, pa.string()), "#"),
        SOURCE: pa.repeat(pa.scalar(place.account.file.version), rows),
        TEXT: pc.cast(text, pa.large_string()),
    }
    for name in ALWAYS:
        columns[name] = others[name] if name in others else pa.nulls(rows, pa.string())
    licence = place.account.file.licence
    if licence:
        columns[LICENCE] = pc.fill_null(columns[LICENCE], licence)
    more = {name: column for name, column in others.items() if name not in columns}
    schema = pa.schema([*SCHEMA, *(pa.field(name, pa.string()) for name in more)])
    return pa.table(columns | more, schema=schema)


def _drop(place: Place, numbers: pa.Array, text: pa.Array, full: pa.Array, bad: pa.Array) -> None:
    found = zip(numbers.filter(bad).to_pylist(), full.filter(bad).to_pylist(), text.filter(bad), strict=True)
    for number, has_text, one in found:
        if has_text:
            place.drop(number, "record-too-long", bytes(memoryview(one.as_buffer())[: 4 * SAMPLE]).decode(errors="ignore"))
        else:
            place.drop(number, "no-text")


class Documents:
    """Gathers records that come one by one, and gives them out as tables."""

    def __init__(self, place: Place):
        self._place = place
        self._numbers: list[int] = []
        self._texts: list[bytes] = []
        self._others: list[Mapping[str, str | None]] = []
        self._size = 0

    def add(self, number: int, text: str, **others: str | None) -> Iterator[pa.Table]:
        """Take one, with any of the columns `ALWAYS`; yield what is gathered if that is enough."""
        data = text.encode(errors="replace")
        self._numbers.append(number)
        self._texts.append(data)
        self._others.append(others)
        self._size += len(data)
        return self.full()

    def full(self) -> Iterator[pa.Table]:
        """Yield what is gathered if that is enough, or if enough was dropped."""
        if self._size >= FULL or self._place.account.waiting >= WAITING:
            yield from self.rest() if self._texts else (SCHEMA.empty_table(),)

    def rest(self) -> Iterator[pa.Table]:
        """Yield what is gathered."""
        if not self._texts:
            return
        others = {name: strings([one.get(name) for one in self._others]) for name in ALWAYS}
        text = pa.array(self._texts, pa.large_binary()).cast(pa.large_string())
        table = records_of(self._place, pa.array(self._numbers, pa.int64()), text, others)
        self._numbers, self._texts, self._others, self._size = [], [], [], 0
        yield table


def strings(values: list[Any]) -> pa.Array:
    """Return a column of texts. Encoded here: Arrow is ten times slower with what is not ASCII."""
    encoded = [None if one is None else one.encode(errors="replace") for one in values] if None in values else list(map(str.encode, values))
    return pa.array(encoded, pa.binary()).cast(pa.string())
