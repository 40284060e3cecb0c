"""The four answers to whether a use is covered."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """All of it, some of it, none of it, or it has to be asked."""

    COVERED = "covered"
    PARTLY = "partly"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
