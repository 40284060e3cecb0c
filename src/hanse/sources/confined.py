"""Opening below a folder without ever leaving it.

Every component of a path is opened by itself, relative to the descriptor of the one before, and never through a
symbolic link. So no rename or link that is made meanwhile leads outside, which a check of the whole path could not
promise. Only directories and regular files are opened; what a name stands for is looked at before it is opened, since
opening a device can already do something, and again afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from hanse.dataplane.records import Found, Stamp
from hanse.kernel.errors import Forbidden, Invalid, NotFound, OwnError, SourceVanished, StorageFailed

MAX_FILES = 1_000_000
MAX_DEPTH = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def name_fault(name: str) -> str | None:
    """Say why a file of that name cannot be offered, or nothing when it can."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        return "holds control characters"
    return "holds a backslash, which is a separator elsewhere" if "\\" in name else None


def components(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path; raises `NotFound` for one that could lead anywhere else."""
    parts = tuple(path.split("/")) if path else ()
    if len(parts) > MAX_DEPTH or any(not part or part.startswith(".") or name_fault(part) for part in parts):
        raise NotFound("There is no such file in this data.", where="path")
    return parts


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return Stamp(status.st_size, f"{status.st_dev:x}:{status.st_ino:x}:{status.st_mtime_ns:x}")


def open_root(root: str) -> int:
    """Open an allowed root itself; links in the way to it are the operator's own. The caller closes it."""
    try:
        return os.open(os.path.realpath(root), _FOLDER)  # noqa: PTH - descriptors are what keeps this inside
    except OSError as error:
        raise _translated(error) from error


def open_below(root: int, parts: Sequence[str], *, folder: bool) -> int:
    """Open a folder or a regular file below the descriptor `root`. The caller closes it.

    Raises `SourceVanished` when it is not there, `Forbidden` for links and special files.
    """
    current = os.dup(root)
    try:
        for index, part in enumerate(parts):
            as_folder = folder or index < len(parts) - 1
            following = _step(current, part, as_folder)
            os.close(current)
            current = following
    except BaseException:
        os.close(current)
        raise
    return current


def _step(parent: int, name: str, folder: bool) -> int:
    try:
        _allow(os.stat(name, dir_fd=parent, follow_symlinks=False), folder)
        descriptor = os.open(name, _FOLDER if folder else _FILE, dir_fd=parent)
    except OSError as error:
        raise _translated(error) from error
    try:
        _allow(os.fstat(descriptor), folder)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _allow(status: os.stat_result, folder: bool) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise Forbidden("The path leads through a symbolic link.", where="source.path", rule="symlink", hint="Name the real path.")
    if not (stat.S_ISDIR(status.st_mode) if folder else stat.S_ISREG(status.st_mode)):
        wanted = "a folder" if folder else "a regular file"
        raise Forbidden(f"This is not {wanted}.", where="source.path", rule="special-file", hint="Offer files and folders only.")


def _translated(error: OSError) -> OwnError | Forbidden:
    if error.errno == errno.ELOOP:
        return Forbidden("The path leads through a symbolic link.", where="source.path", rule="symlink", hint="Name the real path.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return SourceVanished("The data is not where its owner said.", where="source.path", hint="Put it back, or edit the asset.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceVanished("The server may not read the data.", where="source.path", hint="Give its user the right to read.")
    return StorageFailed(f"The data cannot be opened: {os.strerror(error.errno or 0)}.", where="source.path")


def listing(root: int, *, max_files: int = MAX_FILES) -> list[Found]:
    """Return all regular files below the folder `root`, in the bytewise order of their paths.

    Names that start with a dot are left out. Raises `Invalid` for links, special files and names that cannot be
    offered: a folder that silently lacks a part would be worse than one that cannot be offered.
    """
    found: list[Found] = []
    for one in _walk(root, (), 0):
        found.append(one)
        if len(found) > max_files:
            raise Invalid(f"The folder holds more than {max_files:,} files.", where="source.path", rule="files", hint="Offer parts of it.")
    found.sort(key=lambda one: one.path.encode())
    return found


def _walk(folder: int, parents: tuple[str, ...], depth: int) -> Iterator[Found]:
    if depth > MAX_DEPTH:
        raise Invalid(f"The folder is more than {MAX_DEPTH} levels deep.", where="source.path", rule="depth")
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".")]
    for name in names:
        path = "/".join((*parents, name))
        fault = name_fault(name)
        if fault:
            raise Invalid(f"The name of {ascii(path)[:200]} {fault}.", where="source.path", rule="file-name", hint="Rename it.")
        yield from _visit(folder, parents, name, path, depth)


def _visit(folder: int, parents: tuple[str, ...], name: str, path: str, depth: int) -> Iterator[Found]:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return  # gone while we looked
    if stat.S_ISREG(status.st_mode):
        yield Found(path, stamp_of(status))
    elif stat.S_ISDIR(status.st_mode):
        inner = _step(folder, name, folder=True)
        try:
            yield from _walk(inner, (*parents, name), depth + 1)
        finally:
            os.close(inner)
    else:
        raise Invalid(
            f"{path[:200]!r} is a symbolic link or a special file.",
            where="source.path",
            rule="special-file",
            hint="Take it out, or put a copy of what it stands for in its place.",
        )


def below(root: str, path: str) -> tuple[str, ...] | None:
    """Return the parts of `path` below `root`, or nothing when it does not lie there. Nothing is looked up."""
    for base in dict.fromkeys((root, os.path.realpath(root))):
        try:
            return PurePosixPath(path).relative_to(base).parts
        except ValueError:
            continue
    return None
