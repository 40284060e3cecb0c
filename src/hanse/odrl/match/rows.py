"""The table of a match: by operand, what is offered, what is wanted, what comes of it, and who can change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from hanse.odrl.constraints.base import Operands
from hanse.odrl.match.bounds import region_of
from hanse.odrl.match.boxes import Box, Budget, Exhausted, first_met, subtract
from hanse.odrl.match.duties import Met, Owed, compare
from hanse.odrl.match.expand import ACTION, Permit, atomics
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Rule
from hanse.odrl.names import CLAIM, CONNECTOR, CREDENTIAL, MEMBERSHIP, PARTICIPANT, PARTICIPANT_LOCATION, ROLE, plain
from hanse.odrl.words import quote, term

Who = Literal["consumer", "provider", "either", "nobody"]

_ABOUT_PARTY = frozenset({MEMBERSHIP, PARTICIPANT, ROLE, CREDENTIAL, CONNECTOR, PARTICIPANT_LOCATION, "assignee"})
_MOST_ROWS = 200


class Row(Struct, frozen=True, kw_only=True):
    """One left operand, the action (`action`), or one duty (`duty:` and its action).

    `offered` and `wanted` are the constraints as they are written; none: it is open. `suggestion` says in words what would help.
    Each row looks at its operand alone, so that the rows of a policy with several permissions are a summary of it.
    """

    about: str
    offered: tuple[str, ...]
    wanted: tuple[str, ...]
    verdict: Verdict
    suggestion: str = ""
    who: Who = "nobody"


def about_party(left: str) -> bool:
    """Tell whether an operand asks who somebody is, which is proved and not negotiated."""
    return left in _ABOUT_PARTY or left.startswith(CLAIM)


def rows_of(uses: Sequence[Permit], offers: Sequence[Permit], operands: Operands) -> tuple[Row, ...]:
    """Return the rows: the action, then the operands by name, then the duties; none where that would take too long."""
    try:
        return tuple(_rows_of(uses, offers, operands, Budget()))
    except Exhausted:
        return ()


def _rows_of(uses: Sequence[Permit], offers: Sequence[Permit], operands: Operands, budget: Budget) -> Iterator[Row]:
    yield _action(uses, offers, budget)
    lefts = sorted({left for permit in (*uses, *offers) for left in _lefts(permit)})
    for left in lefts[:_MOST_ROWS]:
        yield _operand(left, uses, offers, operands, budget)
    yield from _duties(uses, offers, operands)


def _action(uses: Sequence[Permit], offers: Sequence[Permit], budget: Budget) -> Row:
    verdict = _compare(ACTION.left, uses, offers, budget)
    return Row(
        about=ACTION.left,
        offered=_distinct(quote(offer.rule.action) for offer in offers),
        wanted=_distinct(quote(use.rule.action) for use in uses),
        verdict=verdict,
        suggestion="" if verdict is Verdict.COVERED else "Ask for an action that is offered.",
        who="nobody" if verdict is Verdict.COVERED else "either",
    )


def _operand(left: str, uses: Sequence[Permit], offers: Sequence[Permit], operands: Operands, budget: Budget) -> Row:
    verdict = _compare(left, uses, offers, budget)
    if verdict is not Verdict.COVERED and _strange(left, (*uses, *offers), operands):
        verdict = Verdict.UNKNOWN
    wanted = _terms(left, uses)
    suggestion, who = _advice(left, verdict, open_=not wanted)
    return Row(about=left, offered=_terms(left, offers), wanted=wanted, verdict=verdict, suggestion=suggestion, who=who)


def _compare(left: str, uses: Sequence[Permit], offers: Sequence[Permit], budget: Budget) -> Verdict:
    """Compare both sides as if this operand were the only one."""
    mine = _only(left, (box for use in uses for box in use.most))
    yours = _only(left, (box for offer in offers for box in offer.most))
    if not subtract(mine, yours, budget):
        return Verdict.COVERED
    if any(not box for box in mine):
        return Verdict.UNKNOWN
    return Verdict.CONFLICT if first_met(mine, yours, budget) is None else Verdict.PARTLY


def _only(left: str, boxes: Iterable[Box]) -> list[Box]:
    found: list[Box] = []
    for box in boxes:
        part = {dim: region for dim, region in box.items() if dim.left == left}
        if part not in found:
            found.append(part)
    return found


def _advice(left: str, verdict: Verdict, *, open_: bool) -> tuple[str, Who]:
    if verdict is Verdict.COVERED:
        return "", "nobody"
    if about_party(left):
        return "Prove it to the provider.", "consumer"
    if verdict is Verdict.UNKNOWN:
        return ("Say what you want here.", "consumer") if open_ else ("This cannot be compared here; ask the other side.", "either")
    if verdict is Verdict.PARTLY:
        return "Stay within what is offered, or ask for more.", "either"
    return "Change the use, or ask the provider for other terms.", "either"


def _duties(uses: Sequence[Permit], offers: Sequence[Permit], operands: Operands) -> Iterator[Row]:
    ready = _rules(duty for use in uses for duty in use.duties)
    asked = _rules(duty for offer in offers for duty in offer.duties)
    for owed in compare(tuple(ready), tuple(asked), operands)[:_MOST_ROWS]:
        yield _duty(owed)


def _duty(owed: Owed) -> Row:
    verdict, suggestion, who = _OWED[owed.met]
    return Row(
        about=f"duty:{plain(owed.asked.action)}",
        offered=_said(owed.asked),
        wanted=() if owed.ready is None else _said(owed.ready),
        verdict=verdict,
        suggestion=suggestion,
        who=who,
    )


_OWED: dict[Met, tuple[Verdict, str, Who]] = {
    Met.DONE: (Verdict.COVERED, "", "nobody"),
    Met.LESS: (Verdict.CONFLICT, "Be ready to do as much as is asked, or ask for less.", "either"),
    Met.SILENT: (Verdict.UNKNOWN, "Say whether you are ready to do this.", "consumer"),
    Met.UNKNOWN: (Verdict.UNKNOWN, "This cannot be compared here; ask the other side.", "either"),
}


def _said(duty: Rule) -> tuple[str, ...]:
    return (quote(duty.action), *(term(atomic) for atomic in atomics(duty.constraints)))


def _lefts(permit: Permit) -> set[str]:
    named = {plain(atomic.left) for atomic in atomics((*permit.rule.constraints, *permit.rule.refinements))}
    return named | {dim.left for box in permit.most for dim in box if dim != ACTION}


def _terms(left: str, permits: Sequence[Permit]) -> tuple[str, ...]:
    found = (atomic for permit in permits for atomic in atomics((*permit.rule.constraints, *permit.rule.refinements)))
    return _distinct(term(atomic) for atomic in found if plain(atomic.left) == left)


def _strange(left: str, permits: Sequence[Permit], operands: Operands) -> bool:
    found = (atomic for permit in permits for atomic in atomics((*permit.rule.constraints, *permit.rule.refinements)))
    return any(plain(atomic.left) == left and region_of(atomic, operands) is None for atomic in found)


def _rules(rules: Iterable[Rule]) -> list[Rule]:
    return list({repr(rule): rule for rule in rules}.values())  # a rule has lists in it, and there may be thousands


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
