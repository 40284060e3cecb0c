"""Who sees to which duty and obligation, and how far each is.

A duty of a permission must be seen to before anything is released (ODRL 2.2 IM, 2.6.4): the data plane changes what leaves, the
ledger is written in the same transaction, money and consent are facts that somebody told. What can only be done later (delete,
report, pass terms on) is an obligation of the policy: it is pending until its deadline, fulfilled by a signed receipt, and
violated when it is overdue; then nothing more is permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from hanse.dsp.messages import Role
from hanse.odrl.constraints.base import Operands
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import (
    ANONYMIZE,
    ATTRIBUTE,
    COLUMN,
    COMPENSATE,
    CONSENT,
    DATE_TIME,
    DELAY_PERIOD,
    DELETE,
    DIGITS,
    DISTRIBUTE,
    DROP,
    ELAPSED_TIME,
    ENCRYPT,
    GROUP_SIZE,
    INFORM,
    LOG,
    MASK,
    NEXT_POLICY,
    OBTAIN_CONSENT,
    PAY_AMOUNT,
    POLICY,
    PSEUDONYMISE,
    RECIPIENT,
    ROUND,
    TIME_INTERVAL,
    TRANSFORMS,
    plain,
)
from hanse.odrl.values import read_all, read_period
from hanse.odrl.when import read_when
from hanse.usage.records import Deal, Owed

SAME_TIME: Final = frozenset({LOG, INFORM})
"""Duties that are done in the transaction in which the use is admitted."""
TAKEN_ON: Final = frozenset({NEXT_POLICY, ATTRIBUTE, DISTRIBUTE})
"""Duties that whoever signs takes on for later: nothing has to be done before the use."""
BY_FACT: Final = frozenset({COMPENSATE, OBTAIN_CONSENT})
"""Duties that are done once somebody has told so."""
LATER: Final = frozenset({DELETE, INFORM, NEXT_POLICY, ATTRIBUTE, LOG, MASK, PSEUDONYMISE, ROUND, DROP, ENCRYPT, ANONYMIZE, COMPENSATE})
"""What can be owed as an obligation."""
MANNER: Final = frozenset({COLUMN, DIGITS, GROUP_SIZE, POLICY, RECIPIENT, TIME_INTERVAL, DELAY_PERIOD})
"""Left operands that say how something is to be done, and are no conditions of it."""

Can = Callable[[Rule], bool]
"""Tells whether the data plane changes the data as a duty says."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """What this installation can do: what facts it has a source for, what its data plane changes, and whether it keeps a log."""

    operands: Operands
    transforms: frozenset[str] = TRANSFORMS
    ledger: bool = False


def seen_to(terms: Terms, capabilities: Capabilities) -> list[tuple[str, str]]:
    """Return (path, why) for every duty and obligation that nobody here can see to; a policy with one is refused when it is written."""
    found: list[tuple[str, str]] = []
    for index, rule in enumerate(terms.permissions):
        for path, duty in duties_of(rule, f"permission[{index}]"):
            found += [(path, why) for why in _unseen(duty, capabilities)]
    for index, obligation in enumerate(terms.obligations):
        if plain(obligation.action) not in LATER:
            found.append((f"obligation[{index}]", f"nobody here can see to the obligation {obligation.action!r}"))
    return found


def duties_of(rule: Rule, path: str) -> Iterator[tuple[str, Rule]]:
    """Yield the duties of a permission with their paths, those owed in their place included."""
    for index, duty in enumerate(rule.duties):
        where = f"{path}.duty[{index}]"
        yield where, duty
        for number, more in enumerate(duty.consequences):
            yield f"{where}.consequence[{number}]", more


def _unseen(duty: Rule, capabilities: Capabilities) -> Iterator[str]:
    action = plain(duty.action)
    if action == DELETE:
        yield "to delete before the use makes no sense; write it as an obligation with a delayPeriod or a dateTime"
    elif action in TRANSFORMS and action not in capabilities.transforms:
        yield f"no transform here can {action!r}"
    elif action == LOG and not capabilities.ledger:
        yield "there is no log here"
    elif action not in TRANSFORMS | SAME_TIME | TAKEN_ON | BY_FACT:
        yield f"nobody here can see to the duty {action!r}"


def states(deal: Deal, facts: Facts, operands: Operands, can: Can, owed: Sequence[Owed], ledger: bool) -> Mapping[str, Duty]:
    """Return the state of every duty and obligation of an agreement, by uid or else by path; what nobody sees to is left out."""
    found: dict[str, Duty] = {}
    for index, rule in enumerate(deal.terms.permissions):
        for number, duty in enumerate(rule.duties):
            path = f"permission[{index}].duty[{number}]"
            state = _before(duty, facts, operands, can, ledger, deal.role is Role.CONSUMER)
            if state is not None:
                found[duty.uid or path] = state
    known = {one.path: one for one in owed}
    for index, obligation in enumerate(deal.terms.obligations):
        path = f"obligation[{index}]"
        if plain(obligation.action) in LATER:
            found[obligation.uid or path] = _later(obligation, _after(known.get(path), facts.now), facts, operands)
    return found


def _later(obligation: Rule, state: Duty, facts: Facts, operands: Operands) -> Duty:
    """Return how far an obligation is; what is paid, whoever is paid tells, and not who owes it."""
    if plain(obligation.action) != COMPENSATE or state.state is Done.FULFILLED:
        return state
    told = paid(obligation, facts, operands)
    return told if told.state is Done.FULFILLED else state


def _before(duty: Rule, facts: Facts, operands: Operands, can: Can, ledger: bool, consumer: bool) -> Duty | None:
    action = plain(duty.action)
    if consumer and action in TRANSFORMS | BY_FACT | {LOG}:
        return Duty(Done.FULFILLED, "the provider saw to it before it let the data go", None)
    if action in TRANSFORMS:
        if can(duty):
            return Duty(Done.FULFILLED, "the data plane changes what it releases", facts.now)
        return Duty(Done.PENDING, "the data plane has no such transform for this data", facts.now)
    if action == LOG:
        return Duty(Done.FULFILLED, "written to the ledger with the admission", facts.now) if ledger else None
    if action == INFORM:
        return Duty(Done.FULFILLED, "the provider is told with every use", facts.now)
    if action in TAKEN_ON:
        return Duty(Done.FULFILLED, "taken on with the agreement", None)
    return _by_fact(duty, facts, operands) if action in BY_FACT else None


def stale_moments(terms: Terms, facts: Facts) -> Iterator[datetime]:
    """Yield the moments to come at which a fact grows stale that a payment or a consent rests on."""
    for duty in (*(duty for rule in terms.permissions for duty in rule.duties), *terms.obligations):
        fact = _fact_of(duty, facts) if plain(duty.action) in BY_FACT else None
        ends = None if fact is None else _ends(duty, fact)
        if ends is not None and ends > facts.now:
            yield ends


def paid(obligation: Rule, facts: Facts, operands: Operands) -> Duty:
    """Return how far a payment is that is owed later: it is seen to once it has been told, whenever that was."""
    what = (one for one in obligation.constraints if not isinstance(one, Atomic) or plain(one.left) != DATE_TIME)
    return _by_fact(structs.replace(obligation, constraints=tuple(what)), facts, operands)


def _fact_of(duty: Rule, facts: Facts) -> Fact | None:
    return facts.known.get(CONSENT if plain(duty.action) == OBTAIN_CONSENT else PAY_AMOUNT)


def _ends(duty: Rule, fact: Fact) -> datetime | None:
    """Return when a fact no longer counts for a duty: when it grows stale, or when the time is over that was paid for."""
    periods = [read_all(one, read_period) for one in duty.constraints if isinstance(one, Atomic) and plain(one.left) == TIME_INTERVAL]
    paid_for = [period.after(fact.observed) for found in periods for period in found or () if fact.observed is not None]
    return min((moment for moment in (fact.expires, *paid_for) if moment is not None), default=None)


def _by_fact(duty: Rule, facts: Facts, operands: Operands) -> Duty:
    fact = _fact_of(duty, facts)
    ends = None if fact is None else _ends(duty, fact)
    if fact is None or (ends is not None and ends <= facts.now):
        return Duty(Done.PENDING, "", None)
    if plain(duty.action) == OBTAIN_CONSENT and fact.value != "given":
        return Duty(Done.PENDING, fact.source, fact.observed)
    met = all(holds(one, facts, operands) for one in duty.constraints)
    return Duty(Done.FULFILLED if met else Done.PENDING, fact.source, fact.observed)


def holds(constraint: Constraint, facts: Facts, operands: Operands) -> bool:
    """Tell whether a condition of a duty holds; what only says how it is to be done is none."""
    if not isinstance(constraint, Atomic):
        return False
    if plain(constraint.left) in MANNER:
        return True
    operand = operands.find(constraint.left)
    return operand is not None and operand.problem(constraint) is None and operand.compile(constraint)(facts) is True


def _after(owed: Owed | None, now: datetime) -> Duty:
    if owed is None:
        return Duty(Done.PENDING, "not yet due", None)
    if owed.state is Done.PENDING and owed.due is not None and owed.due <= now:
        return Duty(Done.VIOLATED, f"overdue since {owed.due:%Y-%m-%d %H:%M} UTC", now)
    return Duty(owed.state, owed.source or "not yet due", owed.observed)


def deadline(obligation: Rule, deal: Deal, ended: datetime | None) -> datetime | None:
    """Return by when an obligation is to be fulfilled; nothing while what it waits for has not happened.

    A `dateTime` says it outright. A `delayPeriod` runs from the end of the agreement: when it was ended, or when its own terms end.
    What is only declared has no deadline: nobody sees whether it is kept.
    """
    if plain(obligation.action) in TAKEN_ON:
        return None
    atomics = [one for one in obligation.constraints if isinstance(one, Atomic)]
    moments = [when.end for one in atomics if plain(one.left) == DATE_TIME and (when := read_when(one.right)) is not None]
    start = ended or end_of(deal)
    for one in atomics:
        period = (read_all(one, read_period) or (None,))[0] if plain(one.left) == DELAY_PERIOD else None
        end = None if period is None or start is None else period.after(start)
        moments += [] if end is None else [end]
    return min(moments, default=None)


def end_of(deal: Deal) -> datetime | None:
    """Return the moment from which no permission can hold any more by its own constraints; nothing if there is no such moment."""
    ends = [_rule_end(rule, deal.since) for rule in deal.terms.permissions]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _rule_end(rule: Rule, since: datetime) -> datetime | None:
    ends: list[datetime | None] = []
    for one in rule.constraints:
        if not isinstance(one, Atomic) or one.operator not in ("lt", "lteq"):
            continue
        if plain(one.left) == DATE_TIME:
            when = read_when(one.right)
            ends.append(None if when is None else when.start if one.operator == "lt" else when.end)
        elif plain(one.left) == ELAPSED_TIME:
            period = (read_all(one, read_period) or (None,))[0]
            ends.append(None if period is None else period.after(since))
    return min((end for end in ends if end is not None), default=None)


def opened(deal: Deal, ended: datetime | None = None) -> list[Owed]:
    """Return the obligations of an agreement as they stand at its beginning, or at its end."""
    return [
        Owed(
            tenant=deal.tenant,
            agreement=deal.id,
            path=f"obligation[{index}]",
            action=plain(one.action),
            due=deadline(one, deal, ended),
        )
        for index, one in enumerate(deal.terms.obligations)
    ]
