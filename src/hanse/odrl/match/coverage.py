"""Is an intended use covered by an offer? Covered, partly, in conflict, or unknown, with a request as witness.

A policy is a set of requests: the boxes of its permissions less those of its prohibitions. A use is covered when every request
that it may make lies in the offer, and in conflict when none does. What the offer asks about and the use leaves open is not
covered: it has to be asked. What is not known is never covered.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from hanse.odrl.constraints.base import Operands
from hanse.odrl.match.boxes import Box, Budget, Exhausted, first_met, subtract, without
from hanse.odrl.match.counter import both
from hanse.odrl.match.duties import Met, check_few, compare
from hanse.odrl.match.expand import Permit, atomics, dimensions, expand_offer, expand_use
from hanse.odrl.match.rows import Row, rows_of
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.match.witness import Request, request_in
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import plain


class Match(Struct, frozen=True, kw_only=True):
    """The answer.

    `refused` is a request that the use may make and the offer refuses, `allowed` one that both have; the one that is missing there
    is none of, or it is not known. `counter` are the terms that both would do with, `None` when there are none or they cannot be
    told. `why` says in words what made the answer unknown, or why nothing can match.
    """

    verdict: Verdict
    refused: Request | None = None
    allowed: Request | None = None
    rows: tuple[Row, ...] = ()
    counter: Terms | None = None
    why: str = ""


def match(wanted: Terms, offered: Terms, operands: Operands, given: Sequence[Atomic] = ()) -> Match:
    """Return whether the use `wanted` is covered by `offered`.

    The duties of `wanted` are what the user is ready to do at most. `given` is what is known of the user besides, e.g. that it is
    a member: it holds wherever `wanted` leaves the operand open. Takes bounded time; what would take longer is unknown.
    """
    budget = Budget()
    try:
        check_few(wanted, offered)
        return _match(wanted, offered, operands, given, budget)
    except Exhausted:
        return Match(verdict=Verdict.UNKNOWN, why="The policies are too large to be compared.")


def beyond(permits: Terms, refuses: Terms, operands: Operands) -> Request | None:
    """Return a request that `permits` permits for certain and `refuses` refuses for certain; nothing if there is none or it cannot be told.

    What `permits` leaves open it permits. Duties are left aside.
    """
    budget = Budget()
    try:
        offered = [box for offer in expand_offer(refuses, operands, budget) for box in offer.most]
        for use in expand_use(permits, operands, budget):
            found = subtract(use.sure, offered, budget)
            if found:
                return request_in(found[0], {**dimensions(permits, operands), **dimensions(refuses, operands)})
    except Exhausted:
        pass
    return None


def equivalent(a: Terms, b: Terms, operands: Operands) -> bool | None:
    """Tell whether both permit the same and ask the same of whoever uses it; nothing if that cannot be told."""
    truths = (subsumes(a, b, operands), subsumes(b, a, operands))
    return False if False in truths else None if None in truths else True


def subsumes(narrow: Terms, wide: Terms, operands: Operands) -> bool | None:
    """Tell whether `narrow` permits nothing that `wide` does not, and asks as much; e.g. may the data be passed on under it?

    Unlike in `match`, an operand that `narrow` leaves open is a wider permission.
    """
    budget = Budget()
    try:
        check_few(narrow, wide)
        offers = expand_offer(wide, operands, budget)
        truths = [_inside(use, offers, operands, budget) for use in expand_use(narrow, operands, budget)]
    except Exhausted:
        return None
    return False if False in truths else None if None in truths else True


def satisfiable(terms: Terms, operands: Operands) -> tuple[bool | None, str]:
    """Tell whether any request at all is permitted, with the reason in words if none is or it cannot be told."""
    budget = Budget()
    try:
        permits = expand_use(terms, operands, budget)
    except Exhausted:
        return None, "The policy is too large to be judged."
    if any(permit.sure for permit in permits):
        return True, ""
    if any(permit.most for permit in permits):
        return None, "Something in it is not known."
    return False, "No request can fulfil any of its permissions." if permits else "It has no permission."


def _match(wanted: Terms, offered: Terms, operands: Operands, given: Sequence[Atomic], budget: Budget) -> Match:
    # A permission that nothing can ever make use of asks for nothing.
    uses = [use for use in expand_use(_assume(wanted, given), operands, budget) if use.most]
    offers = expand_offer(offered, operands, budget)
    dims = dict(dimensions(wanted, operands)) | dict(dimensions(offered, operands))
    found = [_judge(use, offers, dims, operands, budget) for use in uses]
    verdict, why = _overall(found), next((one.why for one in found if one.why), "")
    return Match(
        verdict=verdict,
        refused=_first(found, "refused"),
        allowed=_first(found, "allowed"),
        rows=rows_of(uses, offers, operands),
        counter=None if verdict is Verdict.CONFLICT else both(wanted, offered, operands),
        why=why or ("" if uses else "The use asks for nothing that can ever be."),
    )


def _first(found: list[Match], name: str) -> Request | None:
    return next((request for one in found if (request := getattr(one, name)) is not None), None)


def _overall(found: list[Match]) -> Verdict:
    verdicts = {one.verdict for one in found}
    if len(verdicts) == 1:
        return verdicts.pop()
    if not verdicts:
        return Verdict.CONFLICT
    # In part, once some of it is certain to be had and some is certain not to be; else one does not know.
    some = verdicts == {Verdict.COVERED, Verdict.CONFLICT} or Verdict.PARTLY in verdicts
    return Verdict.PARTLY if some else Verdict.UNKNOWN


def _assume(terms: Terms, given: Sequence[Atomic]) -> Terms:
    return structs.replace(terms, permissions=tuple(_with(rule, given) for rule in terms.permissions)) if given else terms


def _with(rule: Rule, given: Sequence[Atomic]) -> Rule:
    said = {plain(atomic.left) for atomic in atomics(rule.constraints)}
    return structs.replace(rule, constraints=(*rule.constraints, *(one for one in given if plain(one.left) not in said)))


def _judge(use: Permit, offers: list[Permit], dims: Box, operands: Operands, budget: Budget) -> Match:
    """Judge one wanted permission."""
    sure, most = _offered(use, offers, operands)
    if first_met(use.most, most, budget) is None:
        return Match(verdict=Verdict.CONFLICT, refused=request_in((use.sure or use.most)[0], dims))
    certain = first_met(use.sure, sure, budget)
    beside = subtract(use.most, sure, budget)
    allowed = None if certain is None else request_in(certain, dims)
    if not beside and use.known:
        return Match(verdict=Verdict.COVERED, allowed=allowed)
    refused = _refused(use, most, budget)
    verdict, why = Verdict.UNKNOWN, _why(use, offers)
    if refused and _never(use, most, budget):
        verdict, why = Verdict.PARTLY, ""
    return Match(verdict=verdict, allowed=allowed, refused=request_in(refused[0], dims) if refused else None, why=why)


def _refused(use: Permit, most: list[Box], budget: Budget) -> list[Box]:
    """Return the requests of the use that the offer refuses for certain."""
    return subtract(use.sure, most, budget)


def _never(use: Permit, most: list[Box], budget: Budget) -> bool:
    """Tell whether some request is refused however the user fills in what it left open."""
    for box in use.sure:
        open_ = frozenset(dim.left for one in most for dim in one) - {dim.left for dim in box}
        if subtract([box], [without(one, open_) for one in most], budget):
            return True
    return False


def _why(use: Permit, offers: list[Permit]) -> str:
    if not use.known:
        return "The use names something that is not known here."
    if not all(offer.known for offer in offers):
        return "The offer names something that is not known here."
    return "The offer asks about something that the use leaves open."


def _offered(use: Permit, offers: list[Permit], operands: Operands) -> tuple[list[Box], list[Box]]:
    """Return what is offered for certain, and at most, to somebody who is ready to do what the use says."""
    sure: list[Box] = []
    most: list[Box] = []
    for offer in offers:
        met = {owed.met for owed in compare(use.duties, offer.duties, operands)}
        if met <= {Met.DONE}:
            sure += offer.sure
        if Met.LESS not in met:
            most += offer.most
    return sure, most


def _inside(use: Permit, offers: list[Permit], operands: Operands, budget: Budget) -> bool | None:
    sure: list[Box] = []
    most: list[Box] = []
    for offer in offers:
        met = {owed.met for owed in compare(use.duties, offer.duties, operands)}
        sure += offer.sure if met <= {Met.DONE} else []
        most += offer.most if not met & {Met.LESS, Met.SILENT} else []
    if use.known and not subtract(use.most, sure, budget):
        return True
    return False if subtract(use.sure, most, budget) else None
