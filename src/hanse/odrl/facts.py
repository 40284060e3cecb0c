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

    `value` is of the sort that the left operand wants (see `operands`). `source` says in words where it comes from, e.g.
    `credential LegalEntityCredential`. `observed` is when; from `expires` on it is stale, and stale is unknown.
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
