"""Keep until, and delete by: how long what trained a model is kept, and where that contradicts what an agreement owes.

A provider of a high-risk AI system keeps its documentation, of which the data is a part, for ten years (Regulation (EU) 2024/1689, Art.
18). An agreement may owe the deletion earlier. The duty to delete wins over the wish to keep; only a legal hold stops it, and the provider
is told of that. So a contradiction is shown before anything is signed, and whoever signs in spite of it does so knowingly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from hanse.factory.custody.records import Conflict, Keeping, Owed
from hanse.kernel.clock import Clock
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import DATE_TIME, DELAY_PERIOD, ELAPSED_TIME, FINE_TUNE, TRAIN, plain
from hanse.odrl.values import Period, read_all, read_period
from hanse.odrl.when import read_when

ARCHIVE: Final = "archive"
"""The action of ODRL's common vocabulary by which terms ask for something to be kept."""
CALLS_FOR: Final = frozenset({plain(TRAIN), plain(FINE_TUNE)})
"""Uses after which the data is kept."""
MARGIN: Final = timedelta(hours=1)
"""How long before its deadline a deletion is no longer held up by our wish to keep."""


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Deadlines(Protocol):
    """Reads terms (usage)."""

    def of(self, terms: Terms, now: datetime) -> Sequence[Owed]:
        """Return the deletions that terms would owe if they were agreed on now."""
        ...


def after_years(start: datetime, years: int) -> datetime:
    """Return the moment so many years later, or the end of the calendar."""
    return Period(12 * years, timedelta()).after(start) or _NEVER


def calls_for_custody(action: str) -> bool:
    """Tell whether data is kept after a use for that action."""
    return plain(action) in CALLS_FOR


def conflict_of(keeping: Keeping, owed: Callable[[str], Sequence[Owed]]) -> Conflict | None:
    """Return how what is kept contradicts the first deletion that its agreements owe; nothing where it does not.

    `owed` returns what an agreement owes.
    """
    found = [(first, agreement) for agreement in keeping.agreements if (first := _first(owed(agreement))) is not None]
    if not found:
        return None
    first, agreement = min(found, key=lambda one: (one[0].due is None, one[0].due or _NEVER))
    if first.due is not None and first.due >= keeping.until:
        return None
    what = f"{keeping.version} is to be kept until {keeping.until:%Y-%m-%d}"
    text = f"{what}{f' ({keeping.reason})' if keeping.reason else ''}, but {agreement} {_owes(first)} ({first.path})."
    return Conflict(version=keeping.version, agreement=agreement, keep=keeping.until, delete=first.due, text=text)


def yields(owed: Sequence[Owed], now: datetime) -> bool:
    """Tell whether a deletion is owed now: then our wish to keep stops nothing."""
    return any(not one.done and (one.overdue or (one.due is not None and one.due <= now + MARGIN)) for one in owed)


class Retention:
    """Says before something is signed whether it could be kept as long as it has to be."""

    def __init__(self, deadlines: Deadlines, years: int, clock: Clock) -> None:
        self._deadlines = deadlines
        self._years = years
        self._clock = clock

    def warnings(self, terms: Terms) -> list[str]:
        """Return how terms that name training among what they permit contradict the keeping after it."""
        named = {plain(rule.action) for rule in terms.permissions} & CALLS_FOR
        found = self.conflict(terms, min(named)) if named else None
        return [] if found is None else [found]

    def conflict(self, terms: Terms, action: str) -> str | None:
        """Return, as a sentence, how the terms contradict the keeping after a use for `action`; nothing where they do not."""
        now = self._clock.now()
        wishes = [(moment, f"the terms ask for it to be kept ({path})") for path, moment in _kept_by_terms(terms, now)]
        if self._years and calls_for_custody(action):
            wishes.append((after_years(now, self._years), f"what trained a model is kept for {self._years} years"))
        first = _first(self._deadlines.of(terms, now))
        if first is None:
            return None
        for moment, why in sorted(wishes, reverse=True):
            if first.due is None or first.due < moment:
                return f"Its terms owe {_gone(first)} ({first.path}), but {why}, until {moment:%Y-%m-%d}. The deletion would win."
        return None


def _first(owed: Sequence[Owed]) -> Owed | None:
    left = [one for one in owed if not one.done]
    return min(left, key=lambda one: (one.due is None, one.due or _NEVER), default=None)


def _owes(owed: Owed) -> str:
    return f"owes {_gone(owed)}"


def _gone(owed: Owed) -> str:
    if owed.due is not None:
        return f"its deletion by {owed.due:%Y-%m-%d}"
    return f"its deletion {owed.words}" if owed.words else "its deletion at a time that is not known yet"


def _kept_by_terms(terms: Terms, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield until when terms themselves ask for the data to be kept."""
    for index, rule in enumerate(terms.obligations):
        if plain(rule.action) == ARCHIVE and (moment := _until(rule, now)) is not None:
            yield f"obligation[{index}]", moment


def _until(rule: Rule, now: datetime) -> datetime | None:
    moments = []
    for one in rule.constraints:
        if not isinstance(one, Atomic):
            continue
        if plain(one.left) == DATE_TIME and (when := read_when(one.right)) is not None:
            moments.append(when.end)
        elif plain(one.left) in (ELAPSED_TIME, DELAY_PERIOD) and (found := read_all(one, read_period)):
            moments += [end for period in found if (end := period.after(now)) is not None]
    return max(moments, default=None)
