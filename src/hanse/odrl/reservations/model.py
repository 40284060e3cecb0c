"""What a reservation says: per use for artificial intelligence free, reserved, or free under conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.match.coverage import subsumes
from hanse.odrl.model import Constraint, Rule, Terms
from hanse.odrl.names import EMBED, EVALUATE, FINE_TUNE, HANSE, MINE, RETRIEVE, TRAIN, USE, plain

AI_USES = (TRAIN, FINE_TUNE, EVALUATE, EMBED, RETRIEVE)
"""The uses that a reservation speaks of, each on its own."""
MINING = frozenset({TRAIN, FINE_TUNE, EVALUATE, EMBED})
"""The uses that are text and data mining (Directive (EU) 2019/790, art. 2(2)); retrieval shows the work itself."""
MOST_BYTES = 1 << 20
MOST_STATEMENTS = 1_000


class Stand(StrEnum):
    """What is said of one use."""

    FREE = "free"
    CONDITIONAL = "conditional"
    RESERVED = "reserved"


class Statement(Struct, frozen=True):
    """What one source says of one use, and under which conditions it is free."""

    stand: Stand
    constraints: tuple[Constraint, ...] = ()
    duties: tuple[Rule, ...] = ()


_WORDS = {Stand.RESERVED: "reserves", Stand.CONDITIONAL: "allows under conditions", Stand.FREE: "allows"}
RESERVED = Statement(Stand.RESERVED)
FREE = Statement(Stand.FREE)


class Reservation(Struct, frozen=True, kw_only=True):
    """What one document says. `source` names it for people, `uses` maps a use to the statement; a use that is absent is not spoken of.

    `notes` are for people: policies and licence servers to look at, and what was not understood (which reserves).
    """

    source: str
    uses: Mapping[str, Statement] = {}
    notes: tuple[str, ...] = ()


def combine(reservations: Iterable[Reservation]) -> Mapping[str, Statement]:
    """Return one statement per use that is spoken of: reserved by one is reserved; conditions add up."""
    found: dict[str, Statement] = {}
    for reservation in reservations:
        for use, statement in reservation.uses.items():
            found[use] = _stricter(found[use], statement) if use in found else statement
    return found


def _stricter(a: Statement, b: Statement) -> Statement:
    if Stand.RESERVED in (a.stand, b.stand):
        return RESERVED
    constraints = (*a.constraints, *(one for one in b.constraints if one not in a.constraints))
    duties = (*a.duties, *(one for one in b.duties if one not in a.duties))
    return Statement(Stand.CONDITIONAL, constraints, duties) if constraints or duties else FREE


def say_reservation(one: Reservation) -> list[str]:
    """Return in words what a document keeps back and allows, and its notes."""
    said = []
    for stand, word in _WORDS.items():
        uses = [use.removeprefix(HANSE) for use, statement in one.uses.items() if statement.stand is stand]
        if uses:
            said.append(f"{one.source} {word}: {', '.join(uses)}.")
    return [*said, *one.notes]


def to_terms(uses: Mapping[str, Statement]) -> Terms:
    """Return the statements as permissions and prohibitions; a use that is not spoken of is not permitted."""
    allowed = [Rule(use, said.constraints, said.duties) for use, said in uses.items() if said.stand is not Stand.RESERVED]
    refused = [Rule(use) for use, said in uses.items() if said.stand is Stand.RESERVED]
    return Terms(permissions=tuple(allowed), prohibitions=tuple(refused))


def goes_beyond(terms: Terms, reservations: Iterable[Reservation]) -> list[tuple[str, str]]:
    """Return (use, why) for every use that `terms` permit although it is reserved or free under conditions only.

    A permission to `use` permits every use that no prohibition without constraints takes away.
    """
    read = list(reservations)
    found = []
    for use, statement in combine(read).items():
        permitting = [rule for rule in terms.permissions if use in _covered(rule)]
        if any(use in _covered(rule) and not rule.constraints for rule in terms.prohibitions):
            continue
        if any(not _keeps(rule, statement) for rule in permitting):
            said = ", ".join(one.source for one in read if use in one.uses and one.uses[use].stand is not Stand.FREE)
            found.append((use, f"{said} {'reserves it' if statement.stand is Stand.RESERVED else 'allows it under conditions only'}"))
    return found


def _covered(rule: Rule) -> frozenset[str]:
    action = plain(rule.action)
    return frozenset(AI_USES) if action == USE else MINING if action == MINE else frozenset({action})


def _keeps(rule: Rule, statement: Statement) -> bool:
    if statement.stand is Stand.RESERVED:
        return False
    narrow, wide = Rule(USE, rule.constraints, rule.duties), Rule(USE, statement.constraints, statement.duties)
    return subsumes(Terms(permissions=(narrow,)), Terms(permissions=(wide,)), BUILT_IN) is True
