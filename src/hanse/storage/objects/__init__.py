"""Where the facility's objects are: a folder, or a bucket that speaks S3. Both are `factory.facility.ports.Objects`."""

from __future__ import annotations

from pathlib import Path

from hanse.factory.facility.ports import Objects
from hanse.kernel.errors import Misconfigured
from hanse.storage.objects.folder import FolderObjects

__all__ = ["FolderObjects", "open_objects"]


def open_objects(place: str, fallback: Path) -> Objects:
    """Return the objects at `place`: a folder, or `s3://BUCKET/PREFIX`; empty means the folder `fallback`.

    Where a bucket is and with which keys it opens is said by the environment (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    `AWS_SECRET_ACCESS_KEY`, `AWS_ALLOW_HTTP`). Raises `Misconfigured`.
    """
    if "://" not in place:
        return FolderObjects(Path(place) if place else fallback)
    if not place.startswith("s3://"):
        hint = "A folder, or s3://BUCKET/PREFIX."
        raise Misconfigured(f"There is no such place for a facility: {place[:200]!r}.", where="facility", hint=hint)
    from hanse.storage.objects.bucket import BucketObjects

    return BucketObjects.open(place)
