"""Files that a command is given."""

from __future__ import annotations

from pathlib import Path

from hanse.kernel.errors import Invalid

LIMIT = 1 << 20
"""Bytes of a file that is read whole."""


def read_text(path: Path, what: str, limit: int = LIMIT) -> str:
    """Return the text of a file (UTF-8). Raises `Invalid` if it is larger than `limit` bytes, or cannot be read."""
    try:
        with path.open("rb") as file:
            body = file.read(limit + 1)
        if len(body) > limit:
            raise Invalid(f"The {what} file is larger than {limit // 1024:,} KiB.", where=str(path), rule="size")
        return body.decode()
    except UnicodeDecodeError:
        raise Invalid(f"The {what} file is no text in UTF-8.", where=str(path), rule="file") from None
    except FileNotFoundError:
        raise Invalid(f"There is no such {what} file.", where=str(path), rule="file") from None
    except OSError as error:
        raise Invalid(f"The {what} file cannot be read: {error.strerror}.", where=str(path), rule="file") from None
