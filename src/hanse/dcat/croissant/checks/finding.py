"""What is wrong with a description, each thing with its place, a rule for programs, and what would help."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, Literal

from msgspec import Struct

MAX_FINDINGS: Final = 1_000
"""Findings that are told; of more, only the number is known."""
_SHOWN: Final = 120

Severity = Literal["error", "warning"]


class Finding(Struct, frozen=True):
    """One thing that is wrong. `path` is like `recordSet[0].field[2].source`; `rule` is a stable slug."""

    path: str
    rule: str
    what: str
    hint: str = ""
    severity: Severity = "error"


class Report:
    """Gathers findings."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.more = 0

    @property
    def full(self) -> bool:
        """Tell whether no more findings are told, so that none need to be thought about."""
        return len(self.found) >= MAX_FINDINGS

    def error(self, path: str, rule: str, what: str, hint: str = "") -> None:
        """Add what has to be put right."""
        self._add(Finding(_short(path), rule, what, hint))

    def warn(self, path: str, rule: str, what: str, hint: str = "") -> None:
        """Add what would better be put right."""
        self._add(Finding(_short(path), rule, what, hint, "warning"))

    def _add(self, finding: Finding) -> None:
        if len(self.found) < MAX_FINDINGS:
            self.found.append(finding)
        else:
            self.more += 1


def _short(path: str) -> str:
    return path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…"


def shown(value: object) -> str:
    """Return a value as it may stand in a sentence."""
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names what was probably meant."""
    found = get_close_matches(word[:80], list(known)[:5_000], 1)
    return f"Perhaps {found[0]} is meant." if found else ""
