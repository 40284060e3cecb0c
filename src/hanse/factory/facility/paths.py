"""Which names files of a version may have: such that they can be written to any folder, and never outside of it."""

from __future__ import annotations

import unicodedata
from typing import Final

from hanse.kernel.errors import Invalid

MAX_PATH: Final = 1024
"""Characters of a path: as many as a receipt can name."""
MAX_PART: Final = 255
"""Bytes of one name in it: as many as file systems take."""
MAX_DEPTH: Final = 64


def check_path(path: str) -> str:
    """Return a path that may be stored. Raises `Invalid` with the rule `file-name`, saying what is wrong with it."""
    problem = _problem(path)
    if problem:
        raise Invalid(
            f"The path {path[:200]!r} cannot be stored: {problem}.",
            where="path",
            rule="file-name",
            hint="Use relative names with '/' between the parts.",
        )
    return path


def _problem(path: str) -> str:
    parts = path.split("/")
    if not path or len(path) > MAX_PATH or len(parts) > MAX_DEPTH:
        return f"a path has 1 to {MAX_PATH} characters and at most {MAX_DEPTH} parts"
    if not path.isprintable() or "\\" in path:
        return "it has characters that no path should have"
    if path.startswith("/") or (len(path) > 1 and path[1] == ":" and path[0].isascii() and path[0].isalpha()):
        return "it is absolute"
    return next((problem for part in parts if (problem := _part_problem(part))), "")


def _part_problem(part: str) -> str:
    if part in ("", ".", ".."):
        return f"{part!r} is no name"
    try:
        size = len(part.encode())
    except UnicodeEncodeError:
        return "it is no text"
    return f"one of its names has more than {MAX_PART} bytes" if size > MAX_PART else ""


class Names:
    """The paths of one version. Two that some file system would take for one are refused, and a file in the place of a folder."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, set[str]] = {}

    def check(self, path: str) -> None:
        """Raise `Invalid` with the rule `file-name` unless the path fits to the others; the same path again fits."""
        check_path(path)
        folded = _folded(path)
        other = self._files.get(folded)
        if other is not None and other != path:
            raise _collides(path, other, "on many file systems these are one file")
        if folded in self._folders:
            raise _collides(path, next(iter(self._folders[folded])), "one would be a folder and a file")
        for folder in _parents(folded):
            if folder in self._files:
                raise _collides(path, self._files[folder], "one would be a folder and a file")

    def add(self, path: str) -> None:
        """Take a path that was checked."""
        folded = _folded(path)
        self._files[folded] = path
        for folder in _parents(folded):
            self._folders.setdefault(folder, set()).add(path)

    def remove(self, path: str) -> None:
        """Forget one."""
        folded = _folded(path)
        self._files.pop(folded, None)
        for folder in _parents(folded):
            inside = self._folders.get(folder, set())
            inside.discard(path)
            if not inside:
                self._folders.pop(folder, None)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _collides(path: str, other: str, why: str) -> Invalid:
    return Invalid(f"The paths {path[:200]!r} and {other[:200]!r} cannot both be stored: {why}.", where="path", rule="file-name")
