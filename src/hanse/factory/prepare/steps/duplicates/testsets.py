"""Test sets as files: which texts they hold, in bounded memory, and what is wrong with them in the caller's terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from hanse.kernel.errors import Invalid

LARGEST: Final = 256 << 20
"""Bytes of a test set."""
_BLANK: Final = re.compile(r"\n[^\S\n]*\n")


def name_of(path: str) -> str:
    """Return what a test set is called: the file's name without its ending, in lower case, with `-` for all but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-")[:40] or "test"


def check(path: str) -> None:
    """Raise `Invalid` if a file cannot be a test set."""
    file = Path(path)
    if file.suffix not in {".txt", ".jsonl"}:
        raise Invalid(f"{path} is no test set.", where="against", rule="test-set", hint="Give a .txt file or a .jsonl file.")
    if not file.is_file():
        raise Invalid(f"There is no file {path}.", where="against", rule="test-set")
    if file.stat().st_size > LARGEST:
        raise Invalid(f"{path} has more than {LARGEST >> 20} MiB.", where="against", rule="test-set", hint="Cut it into several files.")


def texts(path: str) -> Iterator[str]:
    """Yield the texts: paragraphs of a .txt file; every string of every line of a .jsonl file, also in lists and objects inside it.

    Raises `Invalid` with the line if a file is not what its name says.
    """
    check(path)
    data = Path(path).read_bytes()
    if path.endswith(".txt"):
        try:
            yield from _BLANK.split(data.decode("utf-8-sig").replace("\r\n", "\n"))
        except UnicodeDecodeError as error:
            raise Invalid(f"{path} is no UTF-8 text.", where=f"{path}, byte {error.start}", rule="test-set") from None
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield from _strings(_decoded(line, f"{path}, line {number}"))


def _decoded(line: bytes, where: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("This line of a test set is no JSON.", where=where, rule="test-set") from None


def _strings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
