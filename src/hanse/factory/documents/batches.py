"""Which files of a version are measured together, what a measuring process is told, and what it tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hanse.dcat import media
from hanse.dcat.croissant.shape import Table, Unmeasured

MAX_TABLES: Final = 64
TABULAR: Final = (media.CSV, media.TSV, media.JSON_LINES, media.PARQUET, media.JSON)
MEMORY: Final = 3 << 30
"""Bytes of address space of the process; Arrow itself takes much of it before anything is read."""
SECONDS: Final = 600
"""CPU time of one process. A batch that does not end in it has no figures."""
_ABOUT: Final = re.compile(r"(?:read.?me|licen[cs]e|copying|notice|changelog|citation|croissant)\b.*", re.IGNORECASE)


class Piece(Struct, frozen=True):
    """A file to measure: its path in the folder, its size in bytes, its media type unpacked."""

    path: str
    size: int
    media_type: str


class Batch(Struct, frozen=True):
    """Files that are alike by their paths and types."""

    name: str
    media_type: str
    pieces: tuple[Piece, ...]


def batches_of(pieces: Sequence[Piece]) -> list[Batch]:
    """Return the files that may hold records, those that are alike together."""
    found: dict[tuple[str, str], list[Piece]] = {}
    for piece in sorted(pieces, key=lambda one: one.path):
        if piece.media_type in TABULAR:
            found.setdefault((re.sub("[0-9]+", "#", piece.path), piece.media_type), []).append(piece)
    texts = [one for one in pieces if one.media_type == media.TEXT and not _ABOUT.fullmatch(one.path.rpartition("/")[2])]
    out = [Batch(name_of(alike), kind, tuple(alike)) for (_, kind), alike in found.items()]
    return out + ([Batch("texts", media.TEXT, tuple(sorted(texts, key=lambda one: one.path)))] if texts else [])


def name_of(pieces: Sequence[Piece]) -> str:
    """Return what files that are alike are called together."""
    path = pieces[0].path
    stem = re.sub(r"(?:\.[A-Za-z0-9]{1,9})+$", "", path) or path
    if len(pieces) == 1:
        return stem
    return re.sub(r"[-_. ]*(?:part|shard)?[-_. ]*[0-9]+(?:[-_. ]*of[-_. ]*[0-9]+)?", "", stem).strip("/") or stem


class Order(Struct, frozen=True):
    """What to measure."""

    folder: str
    batches: tuple[Batch, ...]
    personal: bool | None
    seconds: int = SECONDS
    memory: int = MEMORY


class Done(Struct, frozen=True):
    """What was found of the batch with that place in the order."""

    batch: int
    tables: tuple[Table, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()
