"""Plain text and Markdown: a record per file. The text is what the file holds; only ends of lines become those of Unix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.encodings import text_of
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import Documents
from hanse.factory.prepare.steps.decode.streams import whole


def read(chunks: Iterable[bytes], place: Place, said: str | None = None) -> Iterator[pa.Table]:
    """Yield the record of a file. Raises `Bad` if its encoding cannot be told or it is too long."""
    documents = Documents(place)
    yield from documents.add(1, plain(whole(chunks, 4 * place.limits.record_bytes), place, said))
    yield from documents.rest()


def plain(data: bytes, place: Place, said: str | None = None) -> str:
    """Return bytes as text. Raises `Bad` if their encoding cannot be told."""
    text = text_of(data, place.count, said)
    if text is None:
        raise Bad("encoding", data[:200].decode(errors="replace"))
    return text.replace("\r\n", "\n") if "\r" in text else text
