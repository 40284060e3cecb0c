"""Time as an argument: the core never asks the machine what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `app.py` hands in the machine's clock, tests hand in one that they turn."""

    def now(self) -> datetime:
        """Return the current moment, timezone-aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


class ManualClock:
    """A clock that stands still until it is told to move; for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment that was set last."""
        return self._now

    def advance(self, **by: float) -> None:
        """Move on by the given `timedelta` arguments, e.g. `advance(minutes=5)`."""
        self._now += timedelta(**by)


def timestamp(moment: datetime) -> str:
    """Return `moment` as xsd:dateTime in UTC with a `Z`, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
