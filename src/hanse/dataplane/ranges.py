"""Single byte ranges and their conditions (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re

from hanse.kernel.errors import CallerError

_SINGLE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


class Unsatisfiable(CallerError):
    """The range lies outside the content (416)."""

    rule = "range"


def parse(value: str | None, size: int) -> tuple[int, int] | None:
    """Return the (start, stop) that a Range header asks for, stop exclusive, or nothing to send all.

    Several ranges, other units and nonsense are ignored, as RFC 9110, 14.2 allows. Raises `Unsatisfiable`.
    """
    match = _SINGLE.fullmatch(value) if value and len(value) < 64 else None
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        start, stop = max(size - int(match[2]), 0), size
    else:
        start, stop = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= size or start >= stop:
        raise Unsatisfiable(f"The content has {size} bytes.", where="Range")
    return start, stop


def if_range(value: str | None, etag: str) -> bool:
    """Tell whether a Range counts: without If-Range it does, with it only for this entity tag (a date never does)."""
    return value is None or value.strip() == etag


def matches(value: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match or If-Match header names this entity tag; weak tags match weakly (13.1.2)."""
    if value is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in value.split(",")}
    return "*" in tags or etag in tags
