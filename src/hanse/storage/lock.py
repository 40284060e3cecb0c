"""One server per SQLite file: batches, wake-ups and streams are known inside one process only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hanse.kernel.errors import Misconfigured


class FileLock:
    """A lock beside the database, held until it is released or the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        try:
            self._descriptor = os.open(database.with_name(database.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"The database {database.name} cannot be opened: {error.strerror}.",
                where="storage",
                hint="Check that its folder exists and can be written to.",
            ) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise Misconfigured(
                f"Another server uses the database {database.name} already.",
                where="storage",
                rule="database-in-use",
                hint="Stop it first. Several server processes on one database need PostgreSQL.",
            ) from None

    def release(self) -> None:
        """Let go. The file stays: to remove it would let two servers lock two different files."""
        os.close(self._descriptor)
