"""Objects in a bucket that speaks S3, through obstore. A bucket shows an object once it is whole; large ones go up in parts."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from hanse.factory.facility.ports import Buffer, Listed
from hanse.kernel.errors import HanseError, Misconfigured, NotFound, StorageFailed
from hanse.storage.objects.names import check_name, full

_RETRIES: Final[Any] = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
"""Longer than a short trouble lasts, shorter than a person waits."""
_NO_ROOM: Final = ("quotaexceeded", "insufficientstorage", "no space left", "xminiostoragefull", "entitytoolarge")


class BucketObjects:
    """A bucket, or what is below a prefix of one. It must keep no old versions of objects: what is deleted has to be gone."""

    def __init__(self, store: Any, shown: str) -> None:
        """Take an obstore store, and how the place is shown to people."""
        self._store = store
        self._shown = shown

    @classmethod
    def open(cls, place: str) -> BucketObjects:
        """Open `s3://BUCKET/PREFIX`. Raises `Misconfigured`."""
        try:
            return cls(from_url(place, retry_config=_RETRIES), place)
        except (BaseError, ValueError, TypeError) as error:
            hint = "Set AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for anything but Amazon's."
            raise Misconfigured(f"The bucket cannot be opened: {type(error).__name__}.", where=place, hint=hint) from None

    async def put(self, name: str, data: Buffer) -> None:
        """Write an object. Raises `StorageFailed`."""
        try:
            await obstore.put_async(self._store, check_name(name), bytes(data))
        except (BaseError, OSError) as error:
            raise self._failed(error) from None

    async def get(self, name: str) -> bytes:
        """Return an object. Raises `NotFound`, `StorageFailed`."""
        try:
            found = await obstore.get_async(self._store, check_name(name))
            return bytes(await found.bytes_async())
        except (BaseError, OSError) as error:
            raise self._missing(error, name) from None

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Return a part of an object. Raises `NotFound`, `StorageFailed`."""
        try:
            return bytes(await obstore.get_range_async(self._store, check_name(name), start=start, length=length))
        except (BaseError, OSError) as error:
            raise self._missing(error, name) from None

    async def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        try:
            await obstore.delete_async(self._store, check_name(name))
        except (FileNotFoundError, NotFoundError):
            return
        except (BaseError, OSError) as error:
            raise self._failed(error) from None

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        """Yield the objects below `prefix`."""
        try:
            async for page in obstore.list(self._store, check_name(prefix)):
                for one in page:
                    yield Listed(one["path"], one["size"], one["last_modified"])
        except (BaseError, OSError) as error:
            raise self._failed(error) from None

    async def room(self) -> int | None:
        """Return nothing: a bucket does not tell."""
        return None

    async def sweep(self, before: datetime) -> None:
        """Do nothing: a bucket's own rules end uploads that were begun."""

    def _missing(self, error: Exception, name: str) -> HanseError:
        if isinstance(error, FileNotFoundError | NotFoundError):
            return NotFound("There is no such object in the facility.", where=name)
        return self._failed(error)

    def _failed(self, error: Exception) -> StorageFailed:
        said = str(error).lower().replace(" ", "")
        if any(word.replace(" ", "") in said for word in _NO_ROOM) or getattr(error, "errno", None) == errno.ENOSPC:
            return full(self._shown)
        hint = "Is it there, does it answer, and may it be used with these keys?"
        return StorageFailed(f"The facility's bucket failed: {type(error).__name__}.", where=self._shown, rule="bucket", hint=hint)
