"""Pages, PDFs and tables, as the process apart reads them (see `apart`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pyarrow as pa

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.apart import ask
from hanse.factory.prepare.steps.decode.limits import MEMORY
from hanse.factory.prepare.steps.decode.orders import UNREAD, Document, Order, Page, Refused
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import Documents
from hanse.factory.prepare.steps.decode.streams import whole
from hanse.factory.prepare.steps.decode.tables import Rows, Wanted


def _order(place: Place, kind: str, path: str = "", pages: tuple[Page, ...] = (), wanted: Wanted | None = None) -> Order:
    limits = place.limits
    keep = None if wanted is None or wanted.keep is None else (*wanted.keep, wanted.text, wanted.language, wanted.licence)
    return Order(
        kind=kind, path=path, pages=pages, columns=keep, text=wanted.text if wanted else "", memory=MEMORY, seconds=limits.seconds,
        record_bytes=limits.record_bytes, max_pages=limits.pages, depth=limits.depth,
    )  # fmt: skip


def pages(found: Sequence[tuple[bytes, str | None]], place: Place) -> Iterator[Document | Bad]:
    """Yield, for each page (its bytes, and the encoding that it came with), what it says, or why it cannot be read."""
    left = list(found)
    while left:
        order = _order(place, "html", pages=tuple(Page(len(data), charset) for data, charset in left))
        told = 0
        try:
            for letter, answer in ask(order, b"".join(data for data, _ in left)):
                told += 1
                yield _unread(answer) if letter == UNREAD else _document(answer, place)
        except Bad as bad:
            told += 1  # this page is what the process could not bear
            yield bad
        left = left[told:]


def pdf(path: str, place: Place) -> Document:
    """Return what a PDF says. Raises `Bad`."""
    (answer,) = [data for _, data in ask(_order(place, "pdf", path))]
    return _document(answer, place)


def _document(answer: bytes, place: Place) -> Document:
    found = msgspec.json.decode(answer, type=Document)
    for name, number in found.counts.items():
        place.count(name, number)
    return found


def _unread(answer: bytes) -> Bad:
    refused = msgspec.json.decode(answer, type=Refused)
    return Bad(refused.reason, refused.sample)


def read_page(chunks: Iterable[bytes], place: Place, charset: str | None = None) -> Iterator[pa.Table]:
    """Yield the record of a page."""
    (found,) = pages([(whole(chunks, 4 * place.limits.record_bytes), charset)], place)
    if isinstance(found, Bad):
        raise found
    return _one(found, place)


def read_pdf(path: str, place: Place) -> Iterator[pa.Table]:
    """Yield the record of a PDF."""
    return _one(pdf(path, place), place)


def _one(found: Document, place: Place) -> Iterator[pa.Table]:
    documents = Documents(place)
    yield from documents.add(1, found.text, title=found.title, language=found.language, opt_out=found.opt_out)
    yield from documents.rest()


def read_table(path: str, kind: str, place: Place, wanted: Wanted) -> Iterator[pa.Table]:
    """Yield the records of a Parquet or Arrow file: a record per row, its number that of the row."""
    rows, done = Rows(place, wanted), 0
    for letter, data in ask(_order(place, kind, path, wanted=wanted)):
        if letter == UNREAD:
            done += 1
            place.drop(done, _unread(data).reason)
            continue
        table = pa.ipc.open_stream(data).read_next_batch()
        numbers = pa.array(range(done + 1, done + len(table) + 1), pa.int64())
        done += len(table)
        yield rows.table(numbers, dict(zip(table.schema.names, table.columns, strict=True)))
    rows.end()
