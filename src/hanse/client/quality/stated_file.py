"""What is stated about data, in a file: strict YAML, whose mistakes are named by their line and field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from hanse.factory.quality.stated import Stated, check_stated, stated_of
from hanse.kernel.errors import HanseError, Invalid, NotFound, TooLarge

if TYPE_CHECKING:
    from hanse.anchor.rulebook.yamltree import Node

MOST_BYTES: Final = 256 << 10
_T = TypeVar("_T")


def read_stated(use: str | Path | Mapping[str, object] | Stated | None, population: str | Path | None = None) -> Stated:
    """Return what is stated in a file, in plain values or already; `population` is a file with shares that take the place of its own.

    Raises `NotFound`, `TooLarge`, `Malformed`, and `Invalid` with the line and the field.
    """
    if isinstance(use, str | Path):
        stated = _read(Path(use), stated_of)
    elif isinstance(use, Mapping):
        stated = stated_of(use)
    else:
        stated = use or Stated()
    if population is not None:
        stated = msgspec.structs.replace(stated, population=_read(Path(population), _shares).population)
    check_stated(stated)
    return stated


def _shares(plain: object) -> Stated:
    return stated_of({"population": plain.get("population", plain) if isinstance(plain, dict) else plain})


def _read(path: Path, make: Callable[[object], _T]) -> _T:
    from hanse.anchor.rulebook.yamltree import parse

    try:
        tree = parse(_text(path))
        return _with_lines(tree, make)
    except HanseError as fault:
        where = ": ".join(part for part in (str(path), fault.where or "") if part and part not in ("file", "use"))
        raise type(fault)(fault.message, where=where, rule=fault.rule, hint=fault.hint) from None


def _with_lines(tree: Node, make: Callable[[object], _T]) -> _T:
    try:
        return make(tree.plain())
    except Invalid as fault:
        path = [int(part) if part.isdecimal() else part for part in re.split(r"[.\[\]]+", fault.where or "") if part]
        nodes = (tree.at(tuple(path[:length])) for length in range(len(path), -1, -1))
        line = next((node.line for node in nodes if node is not None), tree.line)
        raise Invalid(f"Line {line}: {fault.message}", where=fault.where, rule=fault.rule, hint=fault.hint) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"The file cannot be read: {error.strerror}.", where=str(path)) from None
    if len(data) > MOST_BYTES:
        raise TooLarge(f"What is stated has at most {MOST_BYTES // 1024} KiB.", where=str(path))
    return data.decode("utf-8", "replace")
