"""Paths in reservations: prefixes with `*` and a `$` at the end (RFC 9309, 2.2.3), matched in time linear in path and pattern."""

from __future__ import annotations

_LONGEST = 2048


def matches(pattern: str, path: str | None) -> bool:
    """Tell whether `path` (with its leading slash) begins as `pattern` says.

    A pattern that is too long matches everything, and `None` stands for many paths, which every pattern may match.
    """
    if path is None or len(pattern) > _LONGEST:
        return True
    anchored = pattern.endswith("$")
    parts = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(parts[0]):
        return False
    position = len(parts[0])
    for part in parts[1:-1]:
        position = path.find(part, position)
        if position < 0:
            return False
        position += len(part)
    if len(parts) == 1:
        return not anchored or path == parts[0]
    last = parts[-1]
    return len(path) - len(last) >= position and path.endswith(last) if anchored else path.find(last, position) >= 0
