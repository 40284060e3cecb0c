"""What a user writes in strict YAML: read as plain values, and every mistake in it named by its file, its line and its field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hanse.anchor.rulebook.yamltree import MAX_BYTES, Node, parse, path_of
from hanse.kernel.errors import HanseError, Invalid, NotFound, TooLarge

_T = TypeVar("_T")


def read_yaml(path: Path, make: Callable[[object], _T], place: Callable[[str], str] = str) -> _T:
    """Return what `make` makes of the values in a file. Raises `NotFound`, and what `parse_yaml` raises."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotFound(f"The file cannot be read: {error.strerror}.", where=str(path)) from None
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024} KiB.", where=str(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("The file is no text in UTF-8.", where=str(path), rule="file") from None
    return parse_yaml(text, make, str(path), place)


def parse_yaml(text: str, make: Callable[[object], _T], file: str = "", place: Callable[[str], str] = str) -> _T:
    """Return what `make` makes of the values in a text; `file` is the name to tell in faults.

    Where `make` raises `Invalid`, its line is told: that of its `where`, or of what `place` makes of that. Raises `Malformed`, `TooLarge`,
    `Invalid`.
    """
    try:
        return _made(parse(text), make, place)
    except HanseError as fault:
        where = ": ".join(part for part in (file, "" if file and fault.where == "file" else fault.where or "") if part)
        raise type(fault)(fault.message, where=where or None, rule=fault.rule, hint=fault.hint) from None


def _made(tree: Node, make: Callable[[object], _T], place: Callable[[str], str]) -> _T:
    try:
        return make(tree.plain())
    except Invalid as fault:
        line = tree.line_of(path_of(place(fault.where or "")))
        raise Invalid(f"Line {line}: {fault.message}", where=fault.where, rule=fault.rule, hint=fault.hint) from None
