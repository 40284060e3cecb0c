"""The records of a record set, file by file, block by block: one block is in memory at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from hanse.client.croissant.plan import Plan, Wanted, plan
from hanse.kernel.errors import HanseError, Invalid

if TYPE_CHECKING:
    import pyarrow as pa


def records(path: str | PathLike[str], record_set: str | None = None, *, verify: bool = True) -> Records:
    """Return the records that a materialised Croissant file describes, ready to be read.

    `path` is the file, or the folder with its `croissant.json`. Without `record_set` there has to be just one. With `verify`, each
    file is compared with its SHA-256 before its first record comes out. Nothing is ever fetched. Raises `NotFound` when there is no
    such description or record set, `Invalid` for what cannot be read or is not what it is said to be.
    """
    return Records(plan(Path(path), record_set), verify)


class Records:
    """Iterate over it for dicts, or over `batches()` for Arrow. Each iteration begins anew."""

    def __init__(self, plan: Plan, verify: bool) -> None:
        self._plan = plan
        self._verify = verify

    @property
    def fields(self) -> tuple[Wanted, ...]:
        """The fields, in the order of the description."""
        return self._plan.fields

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files that the records come from."""
        return self._plan.files

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each record: values by the names of the fields; what is missing is `None`."""
        from hanse.client.croissant.reading import dicts_of

        if self._plan.data is not None:
            yield from (dict(one) for one in self._plan.data)
            return
        for path, file in self._opened():
            with _named(path):
                yield from dicts_of(self._plan, path, file)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the same as batches of Arrow, all of one schema."""
        from hanse.client.croissant.reading import batch_of, batches_of

        if self._plan.data is not None:
            yield batch_of([dict(one) for one in self._plan.data], self._plan.fields)
            return
        for path, file in self._opened():
            with _named(path):
                yield from batches_of(self._plan, path, file)

    def _opened(self) -> Iterator[tuple[str, BinaryIO]]:
        folder = Path(self._plan.folder)
        for path in self._plan.files:
            try:
                file = (folder / path).open("rb")
            except OSError:
                raise Invalid("A file of it is not there.", where=path, rule="records-file") from None
            with file:
                self._check(path, file)
                yield path, file

    def _check(self, path: str, file: BinaryIO) -> None:
        expected = self._plan.sums.get(path)
        if not self._verify or expected is None:
            return
        if hashlib.file_digest(file, "sha256").hexdigest() != expected:  # type: ignore[arg-type]
            raise Invalid("A file is not the one that is described: its SHA-256 is another.", where=path, rule="records-hash")
        file.seek(0)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Say in which file it was that something could not be read, in our own errors."""
    try:
        yield
    except HanseError as error:
        error.where = error.where or path
        raise
    except (ValueError, OSError, EOFError, MemoryError) as error:  # those of Arrow are of these kinds, too
        text = " ".join(str(error).split())[:200]
        raise Invalid(f"It cannot be read as it is described: {text}", where=path, rule="records-read") from None
