"""What is known when a decision is made: facts with their source and age, and what has been done of what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from hanse.odrl.names import USE

Truth = bool | None
"""Yes, no, or unknown (`None`). Strong Kleene logic; unknown never permits, and in a prohibition it forbids."""


class Fact(Struct, frozen=True):
    """One value that somebody told or measured.

    `source` says in words where it comes from, e.g. `credential LegalEntityCredential`. `observed` is when; from `expires` on it is
    stale, and stale is unknown. A `value` of another form than the left operand wants is unknown too:

    | left operand | value |
    |---|---|
    | `dateTime`, `h:participant` | none: `Facts.now` and `Facts.assignee` |
    | `h:membership` | bool |
    | `h:role`, `h:environment`, `h:artifactState`, `event` | frozenset of all that somebody has, or that has happened; or one text |
    | `h:credential`, `h:claim:TYPE#PATH` | under the name `h:credential`: mapping of type to the tuple of the subjects (dicts) |
    | `h:quality:MEASURE` | under the name `h:quality:`: mapping of measure to the tuple of exact numbers that are published |
    | `count` | int, this use included |
    | `h:volume` | int, bytes, what this use will release included |
    | `elapsedTime` | datetime of the start, or the timedelta that had passed when it was observed (else: now) |
    | `timeInterval`, `delayPeriod` | the same since the last use, or the trigger; `timedelta.max`: never used before |
    | `meteredTime` | timedelta, this use included |
    | `payAmount` | (exact number, currency) |
    | `h:consent`, `h:paid` | `given`, `current`, or another text; bool |
    | `h:securityLevel`, `h:classification` | text, one of the levels |
    | other numbers (`percentage`, `resolution`, ...) | int, Fraction or Decimal, never float; with a unit (number, unit) |
    | `version` | text such as `2.0` |
    | all others (`purpose`, `spatial`, `language`, ...) | text, or a frozenset of all that the use is for; `system` and `device` are
      told as `systemDevice` |
    """

    value: object
    source: str
    observed: datetime | None = None
    expires: datetime | None = None


class Done(StrEnum):
    """How far something owed is (ODRL 2.2 formal semantics): not yet due, seen to, or not seen to in time."""

    PENDING = "pending"
    FULFILLED = "fulfilled"
    VIOLATED = "violated"


class Duty(Struct, frozen=True):
    """The state of one duty or obligation, with where that is known from."""

    state: Done
    source: str
    observed: datetime | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """The request and the state of the world.

    `now` is timezone-aware; `action`, `target` and `assignee` are the request's, `None` for a target or party that is not asked
    about (then rules that name one are unknown). `known` holds facts by the left operand's plain name. `parts` maps a member (an
    asset, a party, a place) to the collections that it is part of, all levels. `duties` maps a duty's id (its uid, else its path
    such as `permission[0].duty[1]` or `obligation[0]`) to its state; one that is missing is unknown.
    """

    now: datetime
    action: str = USE
    target: str | None = None
    assignee: str | None = None
    assigner: str | None = None
    known: Mapping[str, Fact] = {}
    parts: Mapping[str, frozenset[str]] = {}
    duties: Mapping[str, Duty] = {}


def fresh(facts: Facts, name: str) -> Fact | None:
    """Return the fact of this name; `None` when it is missing, has no value, or is stale."""
    fact = facts.known.get(name)
    if fact is None or fact.value is None or (fact.expires is not None and facts.now >= fact.expires):
        return None
    return fact
