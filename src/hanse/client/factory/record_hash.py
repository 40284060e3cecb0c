"""The hashes of a record that an authority asks about, taken where the record is: it does not leave this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from blake3 import blake3

from hanse.kernel.errors import Invalid

MOST = 64 << 20
"""Bytes of a record of which the hash without its last line end is taken as well."""


def hashes_of(file: Path) -> tuple[list[str], str]:
    """Return the SHA-256s of a file, with and without the line end at its end, and its BLAKE3, in hexadecimal. Raises `Invalid`.

    A record that is one line of a file has no line end there, and one in a file of its own mostly has.
    """
    sha256, chunk = hashlib.sha256(), blake3()
    try:
        with file.open("rb") as data:
            size = file.stat().st_size
            while piece := data.read(1 << 20):
                sha256.update(piece)
                chunk.update(piece)
            data.seek(0)
            line = data.read(MOST).removesuffix(b"\n").removesuffix(b"\r") if size <= MOST else b""
    except OSError as error:
        raise Invalid(f"The record cannot be read: {error.strerror}.", where="file") from None
    found = [sha256.hexdigest()] if size > MOST else [sha256.hexdigest(), hashlib.sha256(line).hexdigest()]
    return list(dict.fromkeys(found)), chunk.hexdigest()
