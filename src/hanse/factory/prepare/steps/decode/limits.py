"""How much a file may be, hold, unpack to and take."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from hanse.kernel.errors import Invalid

SLACK: Final = 16 << 20
"""So many bytes may be unpacked whatever the ratio is: small files of text can be packed very well."""
MEMORY: Final = 3 << 30
"""Bytes of address space of the process in which pages, PDFs and Parquet are read; Arrow itself takes much of it from the start."""
MAX_COLUMNS: Final = 1_000
"""Of a table; one with more is not a table of texts."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is over a limit is dropped with a reason; what comes before it and after it is read."""

    record_bytes: int = 16 << 20
    """Of a record's text in UTF-8; of a page, a message, a document or a JSON array before its text is taken out, four times as much."""
    line_bytes: int = 32 << 20
    """Of a line of JSONL; of a row of CSV at most 4 MiB."""
    unpacked_bytes: int = 1 << 40
    """Of all that one file unpacks to, over all levels."""
    ratio: int = 200
    """Unpacked bytes per packed byte, beyond the first 16 MiB."""
    nesting: int = 3
    """Levels of packing: `a.tar.gz` has two, and a `.jsonl.gz` in it is the third."""
    members: int = 200_000
    """Of one archive."""
    pages: int = 10_000
    """Of a PDF."""
    seconds: int = 60
    """Time of the processor for a page, a PDF or a group of rows of a Parquet file, in seconds."""
    depth: int = 512
    """Elements within elements of a page."""

    def check(self) -> None:
        """Raise `Invalid` if one is no positive number."""
        for name in structs.asdict(self):
            least = 0 if name == "nesting" else 1
            if getattr(self, name) < least:
                raise Invalid(f"The limit {name} is at least {least}.", where=f"limits.{name}", rule="limit")
        if self.record_bytes > 1 << 30:
            raise Invalid("A record has at most 1 GiB.", where="limits.record_bytes", rule="limit")
