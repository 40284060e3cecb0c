"""Which steps can be taken with which kind of file. What is not here cannot be changed, and is not released under such terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

from hanse.dataplane.transforms.tables import Opener
from hanse.odrl import names
from hanse.odrl.changes import Step

ACTIONS: Final = names.TRANSFORMS
"""What this data plane can do to data of a kind that it reads."""

SUFFIXES: Final = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/x-ndjson",
}
"""The media types of names that end so, whatever the machine's own tables say."""


def _csv() -> Opener:
    from hanse.dataplane.transforms.csvfile import CsvTable

    return CsvTable


def _tsv() -> Opener:
    from functools import partial

    from hanse.dataplane.transforms.csvfile import CsvTable

    return partial(CsvTable, delimiters="\t")


def _parquet() -> Opener:
    from hanse.dataplane.transforms.parquet import ParquetTable

    return ParquetTable


def _jsonl() -> Opener:
    from hanse.dataplane.transforms.jsonl import JsonLines

    return JsonLines


# Imported when first used: Arrow takes half a second and 60 MB, and most servers change no data.
_TABLES: Final[dict[str, Callable[[], Opener]]] = {
    "text/csv": _csv,
    "text/tab-separated-values": _tsv,
    "application/vnd.apache.parquet": _parquet,
    "application/x-parquet": _parquet,
    "application/parquet": _parquet,
    "application/jsonl": _jsonl,
    "application/x-jsonlines": _jsonl,
    "application/x-ndjson": _jsonl,
    "application/ndjson": _jsonl,
}


def kind_of(path: str, media_type: str) -> str:
    """Return the media type that counts: the name's, where it ends in a known way, else what is said."""
    return SUFFIXES.get(PurePosixPath(path).suffix.lower()) or plain_type(media_type)


def plain_type(media_type: str) -> str:
    """Return a media type without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def can(step: Step, media_type: str) -> bool:
    """Tell whether the step can be taken with a file of this media type."""
    return step.action == names.ENCRYPT or plain_type(media_type) in _TABLES


def is_apart(media_type: str) -> bool:
    """Tell whether a file of this media type is read in a process of its own, since a small one may need any amount of memory."""
    return _TABLES.get(plain_type(media_type)) is _parquet


def opener(media_type: str) -> Opener | None:
    """Return what opens a file of this media type as a table, or nothing. Imports what it needs."""
    found = _TABLES.get(plain_type(media_type))
    return found() if found else None
