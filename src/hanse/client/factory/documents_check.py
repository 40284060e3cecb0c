"""Checks documents where they lie: no server is asked."""

from __future__ import annotations

from pathlib import Path

from hanse.factory.documents.checking import MAX_SIZE, Checked, check_document
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Invalid, TooLarge


def check_file(file: Path) -> Checked:
    """Check a document in a file. Raises `Invalid`, `Malformed`, `TooLarge`."""
    try:
        if file.stat().st_size > MAX_SIZE:
            raise TooLarge(f"A document has at most {MAX_SIZE >> 20} MiB.", where="file")
        data = file.read_bytes()
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.", where="file") from None
    return check_document(data, SystemClock().now())


def save_document(file: Path, content: bytes) -> None:
    """Write a document. Raises `Invalid`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"The document cannot be written: {error.strerror}.", where="output") from None
