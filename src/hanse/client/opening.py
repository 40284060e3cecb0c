"""Opens what arrived encrypted to us: beside each encrypted file the file itself, under its own name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hanse.client.partial import storage_failed
from hanse.dataplane.listing import PARTS

if TYPE_CHECKING:
    from hanse.client.fetch import FetchReport

KeyOf = Callable[[bytes], bytes]
"""Asks for the key of the file with this header."""

_SUFFIX = ".encrypted"


def open_all(report: FetchReport, key_of: KeyOf) -> FetchReport:
    """Open every encrypted file of a report, and return the report with the names of what is readable now.

    The encrypted files stay: they are what was verified, and a second run fetches nothing. Raises `Invalid` for a file that is
    encrypted to somebody else, and what `key_of` raises.
    """
    if not any(path.name.endswith(_SUFFIX) for path in report.files):
        return report
    return replace(report, files=tuple(_opened(path, report.folder, key_of) for path in report.files))


def _opened(path: Path, folder: Path, key_of: KeyOf) -> Path:
    from hanse.dataplane.transforms.sealing import is_sealed, unseal

    target = path.with_name(path.name.removesuffix(_SUFFIX))
    with path.open("rb") as sealed:
        if target == path or not target.name or not is_sealed(sealed):
            return path
        try:
            _write(folder / PARTS / f"{os.getpid()}.open", unseal(sealed, key_of), target)
        except OSError as error:
            raise storage_failed(error, target) from error
    return target


def _write(part: Path, content: Iterator[bytes], target: Path) -> None:
    """Put the content into its place once it is known to be whole."""
    part.parent.mkdir(exist_ok=True)
    try:
        with part.open("wb") as plain:
            plain.writelines(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        with suppress(OSError):
            part.parent.rmdir()  # stays while there are other parts in it
