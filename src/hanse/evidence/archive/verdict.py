"""What a look at an archive found, in sentences: what is proved, what is only told, what is missing, and what is wrong."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

MAX_FAULTS: Final = 100
"""Faults that are named; more are counted."""

Sort = Literal["proved", "told", "missing", "fault"]
"""Proved by a signature, a hash or a proof; told by the exporter alone; not there; not as it was written."""


class Finding(Struct, frozen=True, omit_defaults=True):
    """One sentence, and the place in the archive that it is about: a file, a line of it, a field."""

    sort: Sort
    text: str
    where: str = ""


class Verdict(Struct, frozen=True):
    """The findings in the order in which they were made; at most 100 of `faults` are among them."""

    findings: tuple[Finding, ...]
    faults: int

    @property
    def sound(self) -> bool:
        """Tell whether nothing in the archive is other than it was written."""
        return self.faults == 0

    def of(self, sort: Sort) -> list[Finding]:
        """Return the findings of one sort."""
        return [one for one in self.findings if one.sort == sort]


class Findings:
    """Collects them."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self.faults = 0

    def proved(self, text: str, where: str = "") -> None:
        """Something is proved."""
        self._found.append(Finding("proved", text, where))

    def told(self, text: str, where: str = "") -> None:
        """Something is so by the exporter's word alone."""
        self._found.append(Finding("told", text, where))

    def missing(self, text: str, where: str = "") -> None:
        """Something is not there."""
        self._found.append(Finding("missing", text, where))

    def fault(self, text: str, where: str = "") -> None:
        """Something is not as it was written."""
        self.faults += 1
        if self.faults <= MAX_FAULTS:
            self._found.append(Finding("fault", text, where))

    def verdict(self) -> Verdict:
        """Return what was collected."""
        return Verdict(tuple(self._found), self.faults)
