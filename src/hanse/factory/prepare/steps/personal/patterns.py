"""Patterns, compiled once. The engine is RE2, whose time is linear in the text whatever the pattern and whatever the text."""

from __future__ import annotations

from functools import cache
from typing import Any

import re2  # type: ignore[import-untyped]


@cache
def compiled(pattern: str) -> Any:
    """Return a pattern over UTF-8 bytes: the leftmost match, the longest of those, without groups."""
    options = re2.Options()
    options.longest_match = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = 64 << 20
    return re2.compile(pattern, options)
