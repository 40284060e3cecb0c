"""What the management interface takes and gives about evidence archives."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.http.api.structs import Body


class NewArchive(Body, kw_only=True):
    """What an archive is to be about: a version (`name@number`), a contract by its id, or a model by its name."""

    about: Annotated[str, Meta(min_length=1, max_length=512)]


class ArchiveAbout(Struct, kw_only=True):
    """A dataset's version, a model or an agreement, by name."""

    kind: str
    name: str


class Archive(Struct, kw_only=True):
    """An archive (in base64), its SHA-256 in hexadecimal, and what is not in it, in sentences."""

    about: ArchiveAbout
    sha256: str
    missing: list[str]
    archive: bytes
