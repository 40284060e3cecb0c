"""Files that a command is given."""

from __future__ import annotations

from pathlib import Path

from hanse.kernel.errors import Invalid

LIMIT = 1 << 20
"""Bytes of a file that is read whole."""


def read_text(path: Path, what: str) -> str:
    """Return the text of a file (UTF-8). Raises `Invalid` if it is larger than 1 MiB, or cannot be read."""
    try:
        with path.open("rb") as file:
            body = file.read(LIMIT + 1)
        if len(body) > LIMIT:
            raise Invalid(f"The {what} file is larger than 1 MiB.", where=str(path), rule="size")
        return body.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The {what} file cannot be read ({type(error).__name__}).", where=str(path), rule="file") from None
