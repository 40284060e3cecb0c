"""What the management API answers about policies, as typed records. Fields that this version does not know are ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Template(Struct, kw_only=True):
    """A policy that can be named instead of written. `classes` are the numbers of the IDSA policy classes that it says."""

    name: str
    usage: str
    meaning: str
    example: str = ""
    classes: list[int] = []


class Fault(Struct, kw_only=True):
    """What is wrong with a policy, at which field of it, and the form that would do, if there is one."""

    field: str
    reason: str
    hint: str = ""


class Term(Struct, kw_only=True):
    """One term of a policy: its place, its sentence, how far it is kept here (`badge`), and by what."""

    field: str
    sentence: str
    badge: str
    why: str = ""


class CheckedPolicy(Struct, kw_only=True):
    """A policy in sentences and badges, what of it is wrong, and whether it permits a use now, with the reasons.

    `unsupported` keeps it from being offered here; so do `contradictions`, and what `cannot_travel` over the Dataspace Protocol.
    `warnings` say what the space's rulebook does not know now: nobody can have it.
    """

    sentences: list[str] = []
    terms: dict[str, Any] = {}
    badges: list[Term] = []
    unsupported: list[Fault] = []
    contradictions: list[Fault] = []
    cannot_travel: list[Fault] = []
    permitted_now: bool = False
    reasons: list[str] = []
    unknown: list[str] = []
    valid_until: datetime | None = None
    warnings: list[str] = []

    @property
    def faults(self) -> list[Fault]:
        """Return everything that keeps it from being offered."""
        return [*self.unsupported, *self.contradictions, *self.cannot_travel]


class Simulated(Struct, kw_only=True):
    """What one participant could do, with the reasons, and in one sentence why not; `unknown` names what would have to be known."""

    participant: str
    name: str = ""
    permitted: bool
    unknown: list[str] = []
    sentences: list[str] = []
    refusal: str = ""
    valid_until: datetime | None = None


class Simulation(Struct, kw_only=True):
    """Who could do what at a moment."""

    at: datetime
    action: str
    items: list[Simulated] = []


class Example(Struct, kw_only=True):
    """A request: its action, and in words what is so when it is made."""

    action: str
    circumstances: list[str] = []


class Change(Struct, kw_only=True):
    """A term that only one of two policies has."""

    field: str
    sentence: str


class Difference(Struct, kw_only=True):
    """How two policies differ. `same` is nothing where that cannot be told; the examples are requests that only one permits."""

    same: bool | None = None
    only_first: Example | None = None
    only_second: Example | None = None
    removed: list[Change] = []
    added: list[Change] = []
    why: str = ""


class Row(Struct, kw_only=True):
    """One operand, the action or a duty of a match: what is offered, what is wanted, and what would help."""

    about: str
    offered: list[str] = []
    wanted: list[str] = []
    verdict: str
    suggestion: str = ""
    who: str = ""


class PolicyMatch(Struct, kw_only=True):
    """Whether a use is covered by an offer: `covered`, `partly`, `conflict` or `unknown`.

    `refused` is a request of the use that the offer refuses, `allowed` one that both have, `counter` the terms that both would do with.
    """

    verdict: str
    why: str = ""
    refused: Example | None = None
    allowed: Example | None = None
    rows: list[Row] = []
    counter: dict[str, Any] | None = None
    counter_sentences: list[str] = []


class Translation(Struct, kw_only=True):
    """A policy in the sentences of a language, and as ODRL JSON."""

    language: str
    sentences: list[str] = []
    terms: dict[str, Any] = {}
