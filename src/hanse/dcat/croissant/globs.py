"""Patterns that name some files of a folder and no others (Croissant 1.1, FileSet; a `*` of its readers matches `/` too)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from fnmatch import translate
from typing import Final

MAX_PATTERNS: Final = 200
"""Patterns of one file set. Readers try each on every file."""


def globs_for(paths: Collection[str], every: Collection[str]) -> list[str] | None:
    """Return patterns for `paths` among `every` path of the folder; nothing where no few patterns would do."""
    wanted = set(paths)
    for patterns in (_by_ending(wanted), _by_folder(wanted)):
        if patterns and len(patterns) <= MAX_PATTERNS and matching(patterns, every) == wanted:
            return patterns
    return [escaped(path) for path in sorted(wanted)] if len(wanted) <= MAX_PATTERNS else None


def matching(patterns: Sequence[str], paths: Collection[str]) -> set[str]:
    """Return the paths that at least one pattern matches."""
    tests = [re.compile(translate(pattern)) for pattern in patterns]
    return {path for path in paths if any(test.match(path) for test in tests)}


def _by_ending(paths: set[str]) -> list[str]:
    return sorted({f"*{_ending(path)}" for path in paths if _ending(path)})


def _by_folder(paths: set[str]) -> list[str]:
    return sorted({f"{escaped(path.rpartition('/')[0])}/*{_ending(path)}" for path in paths if "/" in path})


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return escaped(f".{name.split('.', 1)[1]}") if "." in name else ""


def escaped(path: str) -> str:
    """Return a pattern that matches `path` alone."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in path)
