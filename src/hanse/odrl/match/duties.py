"""Duties compared: does who is ready to do one thing thereby do what is asked? Deleting within 30 days fulfils within 90."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.regions import Named, Ordered, Region, Span
from hanse.odrl.deciding.duties import PARAMETERS
from hanse.odrl.match.bounds import comparable, region_of
from hanse.odrl.match.boxes import Exhausted, is_void, meet, within
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import COLUMN, DATE_TIME, DELAY_PERIOD, DIGITS, GROUP_SIZE, PAY_AMOUNT, plain

MAX_COMPARED = 40_000
"""Bounds the time of one comparison of all duties with all others, in constraints that are looked at."""

_DEADLINES = frozenset({DELAY_PERIOD, DATE_TIME})
_LESS_IS_MORE = _DEADLINES | {DIGITS}


class Met(StrEnum):
    """What comes of one duty that is asked: done, done too little, nothing said about it, or not to be told."""

    DONE = "done"
    LESS = "less"
    SILENT = "silent"
    UNKNOWN = "unknown"


class Owed(Struct, frozen=True):
    """One duty that an offer asks, with the duty of the wanted use that comes nearest to it, if any."""

    asked: Rule
    met: Met
    ready: Rule | None = None


def check_few(a: Terms, b: Terms) -> None:
    """Raise `Exhausted` when the duties of both are too many to be compared each with each."""
    mine, yours = _owed_in(a), _owed_in(b)
    looked_at = len(mine) * (len(yours) + sum(len(duty.constraints) for duty in yours))
    if looked_at + len(yours) * sum(len(duty.constraints) for duty in mine) > MAX_COMPARED:
        raise Exhausted


def _owed_in(terms: Terms) -> list[Rule]:
    return [*terms.obligations, *(duty for rule in terms.permissions for duty in rule.duties)]


def compare(ready: tuple[Rule, ...], asked: tuple[Rule, ...], operands: Operands) -> list[Owed]:
    """Return what comes of each duty in `asked` for a party that is ready to do `ready`."""
    return [_compare(ready, duty, operands) for duty in asked]


def fulfils(ready: Rule, asked: Rule, operands: Operands) -> bool | None:
    """Tell whether whoever does `ready` does `asked`; nothing if that is not known."""
    if plain(ready.action) != plain(asked.action):
        return False
    if ready == asked:
        return True
    if any(not isinstance(one, Atomic) for one in (*ready.constraints, *asked.constraints)) or _more(ready) or _more(asked):
        return None
    mine, yours = _by_left(ready), _by_left(asked)
    truths = [_as_strict(left, mine.get(left), atomics, operands) for left, atomics in yours.items() if left in PARAMETERS]
    truths += [_as_often(left, atomics, yours.get(left), operands) for left, atomics in mine.items() if left not in PARAMETERS]
    if (set(mine) - set(yours) - _DEADLINES) & PARAMETERS:
        truths.append(None)  # "these columns" says less than nothing about columns, or more
    return False if False in truths else None if None in truths else True


def _compare(ready: tuple[Rule, ...], asked: Rule, operands: Operands) -> Owed:
    same = [duty for duty in ready if plain(duty.action) == plain(asked.action)]
    found = {fulfils(duty, asked, operands): duty for duty in reversed(same)}
    for truth, met in ((True, Met.DONE), (None, Met.UNKNOWN), (False, Met.LESS)):
        if truth in found:
            return Owed(asked, met, found[truth])
    return Owed(asked, Met.SILENT)


def _more(duty: Rule) -> bool:
    return bool(duty.refinements or duty.consequences or duty.remedies or duty.target or duty.assigner or duty.assignee)


def _by_left(duty: Rule) -> dict[str, list[Atomic]]:
    found: dict[str, list[Atomic]] = {}
    for one in duty.constraints:
        if isinstance(one, Atomic):
            found.setdefault(plain(one.left), []).append(one)
    return found


def _as_strict(left: str, mine: list[Atomic] | None, yours: list[Atomic], operands: Operands) -> bool | None:
    if mine is None:
        return False
    a, b = _region(mine, operands), _region(yours, operands)
    if a is None or b is None:
        return True if mine == yours else None
    return comparable(left, a, b) and _burden(left, a, b)


def _as_often(left: str, mine: list[Atomic], yours: list[Atomic] | None, operands: Operands) -> bool | None:
    """Tell whether a duty is owed, by a condition that says when it is, whenever the other one is."""
    if yours is None:
        return False
    a, b = _region(mine, operands), _region(yours, operands)
    if a is None or b is None:
        return True if mine == yours else None
    return comparable(left, a, b) and within(b, a)


def _burden(left: str, ready: Region, asked: Region) -> bool:
    """Tell whether `ready` is at least as much as `asked`: for most operands a narrower region is the heavier duty."""
    if isinstance(ready, Named) and isinstance(asked, Named):
        return asked.names <= ready.names if left == COLUMN else within(ready, asked)
    if not isinstance(ready, Ordered) or not isinstance(asked, Ordered) or not asked.spans:
        return False
    first, last = asked.spans[0], asked.spans[-1]
    if left == PAY_AMOUNT:
        # Who is ready to pay up to 600 is ready to pay 500; so one amount that is enough will do.
        return not is_void(meet(ready, Ordered(asked.sort, (Span(first.low, None, first.low_in),))))
    if left in _LESS_IS_MORE:
        return within(ready, Ordered(asked.sort, (Span(None, last.high, True, last.high_in),)))
    if left == GROUP_SIZE:
        return within(ready, Ordered(asked.sort, (Span(first.low, None, first.low_in),)))
    return within(ready, asked)


def _region(atomics: list[Atomic], operands: Operands) -> Region | None:
    whole: Region | None = None
    for atomic in atomics:
        region = region_of(atomic, operands)
        if region is None or (whole is not None and not comparable(plain(atomic.left), whole, region)):
            return None
        whole = region if whole is None else meet(whole, region)
    return whole
