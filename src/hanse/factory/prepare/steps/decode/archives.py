"""The members of zip and tar archives, as streams. Nothing is ever written under a member's name, and a name that leads out is refused."""

from __future__ import annotations

import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.streams import CHUNK, Joined, of

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LONGEST: Final = 4096
_SIZE: Final = 5
"""Where that record has the size of the directory."""
_ENTRY: Final = 128
"""Bytes of a member's entry in the directory of a zip archive, about."""
_ZIP_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, OverflowError, RuntimeError, struct.error)
"""What `zipfile` raises for archives that it cannot read; a disk that fails is taken for one, too, and counted."""


_MORE: Final = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
"""Headers of tar archives that say more of the next member: names, times, owners."""
_HEADER: Final = 1 << 20
"""Bytes that such a header may have."""


class Member(Struct, frozen=True):
    """A file in an archive. Its bytes must be read before the next member is asked for."""

    path: str
    chunks: Iterator[bytes]


class _Names:
    """The members' paths so far."""

    def __init__(self, place: Place):
        self._place = place
        self._seen: set[str] = set()

    def plain(self, said: str) -> str | None:
        """Return the path of the next member as it is called here; None if it is dropped. Raises `Bad` if there are too many."""
        name = _told(said)
        if len(self._seen) >= self._place.limits.members:
            raise Bad("archive-members")
        slashed = name.replace("\\", "/")
        path = posixpath.normpath(slashed)
        if (
            slashed.startswith("/")
            or path.startswith("../")
            or path in (".", "..")
            or _DRIVE.match(path)
            or "\0" in name
            or len(name) > _LONGEST
        ):
            self.drop(name, "archive-path")
        elif path in self._seen:
            self.drop(name, "archive-repeated")
        else:
            self._seen.add(path)
            return path
        return None

    def drop(self, name: str, reason: str) -> None:
        """Note a member as dropped, under a name that no record has."""
        self._seen.add(f"#{len(self._seen)}")
        self._place.account.drop(f"{self._place.name}!{len(self._seen)}", reason, _told(name))


def _told(name: str) -> str:
    """Return a name that `tarfile` read as one that can be written: what is not UTF-8 is taken for Latin-1, so that no two become one."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


def of_zip(path: str, place: Place) -> Iterator[Member]:
    """Yield the members of a zip archive, in the order of its directory. Raises `Bad` if it is none, or is damaged."""
    try:
        if _directory_size(path) > _ENTRY * place.limits.members:
            raise Bad("archive-members")
        with zipfile.ZipFile(path) as archive:
            yield from _zipped(archive, place)
    except _ZIP_DAMAGED:
        raise Bad("archive-damaged") from None


def _directory_size(path: str) -> int:
    """Return how many bytes the directory has, which `zipfile` reads whole: by the very record at the archive's end that it takes."""
    with Path(path).open("rb") as file:
        record = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    return int(record[_SIZE]) if record else 0


def _zipped(archive: zipfile.ZipFile, place: Place) -> Iterator[Member]:
    names = _Names(place)
    for info in archive.infolist():
        # `is_dir` fails for a name without a letter
        if info.filename.endswith("/") or (name := names.plain(info.filename)) is None:
            continue
        if reason := _refused(info):
            names.drop(info.filename, reason)
            continue
        try:
            file = archive.open(info)
        except _ZIP_DAMAGED:
            names.drop(info.filename, "archive-damaged")
            continue
        with file:
            yield Member(name, _measured(of(file), place))


def _refused(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "archive-encrypted"
    if info.compress_type not in _METHODS:
        return "archive-method"
    return "archive-link" if (info.external_attr >> 28) not in (0, 8) else ""


def _measured(chunks: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """Yield what is unpacked. Raises `Bad` if it is damaged, or too much."""
    for chunk in _whole(chunks):
        place.account.unpacked(len(chunk))
        yield chunk


def _whole(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a member. Raises `Bad` if it is damaged."""
    try:
        yield from chunks
    except (*_ZIP_DAMAGED, tarfile.TarError):
        raise Bad("archive-damaged") from None


def of_tar(chunks: Iterable[bytes], place: Place) -> Iterator[Member]:
    """Yield the members of a tar archive, in order. Raises `Bad` if it is none, or is damaged."""
    stream = Joined(chunks)
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
            yield from _tarred(archive, place)
        while stream.read(CHUNK):
            pass  # what comes after the archive's end may be damaged, too
    except (tarfile.TarError, EOFError, OverflowError, ValueError, RecursionError):
        raise Bad("archive-damaged") from None


class _Header(tarfile.TarInfo):
    """A header of a tar archive, read with more care than `tarfile` takes: it would end at a broken one as if the archive were whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # two blocks of zeros: the end
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        """Go on with the header, unless it says of itself that it is longer than any can be: `tarfile` would hold all of that in memory."""
        if self.type in _MORE and self.size > _HEADER:
            raise tarfile.ReadError("a header that is too long")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tarred(archive: tarfile.TarFile, place: Place) -> Iterator[Member]:
    names = _Names(place)
    for info in archive:
        archive.members = []  # type: ignore[attr-defined]  # it would remember them all
        if info.isdir() or (name := names.plain(info.name)) is None:
            continue
        file = archive.extractfile(info) if info.isfile() else None
        if file is None:
            names.drop(info.name, "archive-link")
        else:
            # What is left out of a sparse file is unpacked as zeros, and there may be any number of them.
            yield Member(name, _measured(of(file), place) if info.issparse() else _whole(of(file)))
