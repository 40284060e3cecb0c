"""Which of a dataset's offers fits the use best, and which terms would be asked for.

What an offer asks of us is judged elsewhere: payment by the price, and other duties, which come with the agreement, by how they are
kept. Here only what it permits is compared with what is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from hanse.odrl.constraints.base import Operands
from hanse.odrl.match.counter import both
from hanse.odrl.match.coverage import Match, match
from hanse.odrl.match.rows import Row, about_party
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Offer, Terms
from hanse.odrl.names import HANSE, plain
from hanse.odrl.price import Cost, cost_of
from hanse.odrl.proofs import atomics_in

_ORDER: Final = (Verdict.COVERED, Verdict.PARTLY, Verdict.UNKNOWN, Verdict.CONFLICT)
_SHOWN: Final = 4
_DPV: Final = "https://w3id.org/dpv#"
_LONGEST: Final = 300


class Choice(Struct, frozen=True):
    """An offer, the terms to ask for under it, whether they cover the use, and why not, in words."""

    offer: Offer
    terms: Terms
    cover: Verdict
    cost: Cost
    why: str = ""


class Chooser:
    """Compares offers with one use. The same terms are compared once, however many datasets they stand at."""

    def __init__(self, wanted: Terms, given: Sequence[Atomic], action: str, operands: Operands) -> None:
        self._wanted = wanted
        self._given = tuple(given)
        self._action = action
        self._operands = operands
        self._known: dict[bytes, tuple[Verdict, str, Terms]] = {}

    def choose(self, offers: Sequence[Offer], about: Sequence[Atomic] = ()) -> Choice | None:
        """Return the best offer: it covers most, then it costs least, what is not known last; nothing if there is none.

        `about` is what is known of the data itself.
        """
        choices = [self._judge(offer, about) for offer in offers]
        return min(choices, key=_worth, default=None)

    def covers(self, terms: Terms) -> bool:
        """Tell whether terms that were agreed on already cover the use."""
        return self._compare(terms)[0] is Verdict.COVERED

    def _judge(self, offer: Offer, about: Sequence[Atomic]) -> Choice:
        cover, why, terms = self._compare(offer.terms, about)
        return Choice(offer, terms, cover, cost_of(terms, self._action), why)

    def _compare(self, offered: Terms, about: Sequence[Atomic] = ()) -> tuple[Verdict, str, Terms]:
        asked = {plain(one.left) for rule in offered.permissions for one in atomics_in(rule)} if about else set()
        known = [one for one in about if plain(one.left) in asked]
        key = msgspec.json.encode([offered, known])
        if key not in self._known:
            self._known[key] = self._compared(offered, known)
        return self._known[key]

    def _compared(self, offered: Terms, known: Sequence[Atomic]) -> tuple[Verdict, str, Terms]:
        found = match(self._wanted, _without_duties(offered), self._operands, (*self._given, *known))
        if _acceptable(found):
            return Verdict.COVERED, "", offered
        why = _said(found)
        if found.verdict is not Verdict.PARTLY:
            return found.verdict, why, offered
        counter = both(self._wanted, offered, self._operands)
        return (Verdict.CONFLICT, why, offered) if counter is None else (Verdict.PARTLY, why, counter)


def _worth(choice: Choice) -> tuple[object, ...]:
    cost = choice.cost
    amount = None if cost.price is None else cost.price.amount
    return _ORDER.index(choice.cover), bool(cost.unknown), amount or 0, "" if cost.price is None else cost.price.currency, choice.offer.id


def _without_duties(terms: Terms) -> Terms:
    permissions = tuple(structs.replace(rule, duties=()) for rule in terms.permissions)
    return structs.replace(terms, permissions=permissions, obligations=())


def _acceptable(found: Match) -> bool:
    """Tell whether it covers the use, or asks besides only who we are, which the provider will see."""
    if found.verdict is Verdict.COVERED:
        return True
    return found.verdict is Verdict.UNKNOWN and bool(found.rows) and all(_is_fine(row) for row in found.rows)


def _is_fine(row: Row) -> bool:
    return row.verdict is Verdict.COVERED or (row.verdict is Verdict.UNKNOWN and about_party(row.about))


def _said(found: Match) -> str:
    said = [_row(row) for row in found.rows if not _is_fine(row)]
    return "; ".join(one[:_LONGEST] for one in said[:_SHOWN]) or found.why or "the terms and the use do not go together"


def _row(row: Row) -> str:
    offered = f"{row.about}: {_short(row.offered) or 'nothing'} is offered"
    return f"{offered}, {_short(row.wanted)} is wanted" if row.wanted else f"{offered}, and the order says nothing of it"


def _short(terms: Sequence[str]) -> str:
    """Return terms with our own names and those of the Data Privacy Vocabulary as people type them in an order."""
    return " and ".join(terms).replace(HANSE, "").replace(_DPV, "dpv:")
