"""How large a part may be, and a few other bounds."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """`records` and `size` (bytes as Arrow) of a part; `group` (bytes) and `files` of what one task reads.

    They belong to what a product depends on: other limits give other parts, and steps that look at parts may then decide otherwise.
    """

    records: int = 65_536
    size: int = 32 << 20
    group: int = 32 << 20
    files: int = 4_096


SAMPLES: Final = 20
"""Samples of what was dropped, for each reason of each step."""
EXCERPT: Final = 200
"""Characters of a sample."""
REASONS: Final = 1_000
"""Reasons of one step: a reason is a word that can be counted."""
ATTEMPTS: Final = 3
"""How often a task may lose the process that runs it."""
