"""The file around an archive: a ZIP that nothing is compressed in, and that has one form only.

Whatever the entries are, there is exactly one file that holds them: no dates, no attributes, no comments, nothing before, between or
after. So a reader compares the file with what it would have written, and any bit that differs is found, wherever it is. Nothing is
unpacked, so nothing can be larger than the file itself; links, encryption and second entries of one name have no form here.
Any ZIP program reads it (APPNOTE 6.3.10; the local header of 4.3.7, the central directory of 4.3.12, its end of 4.3.16).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from hanse.kernel.errors import Malformed, TooLarge

MAX_ARCHIVE: Final = 256 * 1024 * 1024
"""Bytes of an archive."""
MAX_FILES: Final = 20_000
"""Files in an archive."""
MAX_NAME: Final = 200
"""Characters of a file's name, with its folders."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,8}")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_FIXED: Final = (20, 0, 0, 0, 0x21)
"""Version 2.0, no flags, stored, midnight of 1 January 1980: the earliest moment that a ZIP can tell."""
_UNIX: Final = (3 << 8) | 20
_PLAIN: Final = 0o100644 << 16


def write_container(files: Mapping[str, bytes]) -> bytes:
    """Return the ZIP of these files, in the order of their names. Raises `TooLarge`, and `Malformed` for a name that has no form."""
    names = sorted(files)
    if len(names) > MAX_FILES:
        raise TooLarge(f"An archive holds at most {MAX_FILES} files.", where="files", hint="Export less at once.")
    bodies: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in names:
        _check_name(name)
        data, path = files[name], name.encode("ascii")
        sizes = (zlib.crc32(data), len(data), len(data))
        bodies += [_LOCAL.pack(b"PK\x03\x04", *_FIXED, *sizes, len(path), 0), path, data]
        directory += [_CENTRAL.pack(b"PK\x01\x02", _UNIX, *_FIXED, *sizes, len(path), 0, 0, 0, 0, _PLAIN, offset), path]
        offset += _LOCAL.size + len(path) + len(data)
        if offset > MAX_ARCHIVE:
            raise TooLarge(f"An archive has at most {MAX_ARCHIVE >> 20} MiB.", where="files", hint="Export less at once.")
    listing = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(names), len(names), len(listing), offset, 0)
    return b"".join((*bodies, listing, end))


class Container(Struct, frozen=True):
    """The files of an archive, and what is wrong with the ZIP around them, if anything: nothing in it may be believed then."""

    files: dict[str, bytes]
    fault: str = ""
    where: str = ""


def read_container(raw: bytes) -> Container:
    """Return the files of an archive. Raises `TooLarge`, and `Malformed` for a file that cannot be read as one."""
    if len(raw) > MAX_ARCHIVE:
        raise TooLarge(f"The file is larger than {MAX_ARCHIVE >> 20} MiB: that is no evidence archive.", where="file")
    files: dict[str, bytes] = {}
    offset = 0
    while raw[offset : offset + 4] == b"PK\x03\x04":
        name, data, offset = _entry(raw, offset)
        if name in files:
            raise _wrong(f"Two files in it are called {name!r}.", name)
        if len(files) >= MAX_FILES:
            raise _wrong(f"It holds more than {MAX_FILES} files.", "file")
        files[name] = data
    if not files:
        raise _wrong("It does not begin with a stored file: this is no evidence archive.", "byte 0")
    if list(files) != sorted(files):
        raise _wrong("The files in it are not in the order of their names.", "file")
    return Container(files, *_form(raw, files))


def _entry(raw: bytes, offset: int) -> tuple[str, bytes, int]:
    """Return the name and the bytes of the entry there, and where the next one begins."""
    where = f"byte {offset}"
    if len(raw) < offset + _LOCAL.size:
        raise _wrong("The file ends in the middle: it was cut off.", where)
    _, _, flags, method, _, _, _, packed, size, length, extra = _LOCAL.unpack_from(raw, offset)
    start = offset + _LOCAL.size
    if flags & 1:
        raise _wrong("It holds an encrypted file.", where)
    if method or packed != size:
        raise _wrong("It holds a compressed file; in an evidence archive all are stored as they are.", where)
    if flags or extra:
        raise _wrong("The header of a file in it holds what no evidence archive has.", where)
    if length > MAX_NAME:
        raise _wrong("A name in it is too long.", where)
    name = raw[start : start + length].decode("latin-1")
    _check_name(name)
    body = start + length
    if len(raw) < body + size:
        raise _wrong("The file ends in the middle: it was cut off.", name)
    return name, raw[body : body + size], body + size


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise _wrong(f"{name[:80]!r} is no name of a file in an evidence archive: it may lead out of its folder.", name[:80])


def _form(raw: bytes, files: Mapping[str, bytes]) -> tuple[str, str]:
    """Compare the file with the only one that holds these files; return what differs and where, or nothing."""
    only = write_container(files)
    if raw == only:
        return "", ""
    if raw.startswith(only):
        return f"Something follows after the archive's end ({len(raw) - len(only)} bytes).", f"byte {len(only)}"
    if only.startswith(raw):
        return "The archive's end is missing: it was cut off.", f"byte {len(raw)}"
    place = _difference(raw, only)
    offset = 0
    for name, data in files.items():
        offset += _LOCAL.size + len(name) + len(data)
        if place < offset:
            return "The file, or what the archive says about it, was changed: its checksum does not fit.", name
    return "The archive's list of files was changed, or holds what no evidence archive has.", f"byte {place}"


def _difference(a: bytes, b: bytes) -> int:
    """Return where two texts begin to differ, neither of which begins with the other."""
    low, high = 0, min(len(a), len(b))
    while high - low > 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _wrong(problem: str, where: str) -> Malformed:
    return Malformed(problem, where=where, rule="archive")
