"""What the operations about policies take and give. The OpenAPI document is made from these, so the names here are public."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Body, Line, ManyTerms, Odrl, OneTerms, PeerDid, Word
from hanse.odrl.constraints.base import Badge
from hanse.odrl.match.verdict import Verdict

Language = Annotated[Literal["en", "de", "fr", "nl"], Meta(description="The language of the sentences.")]
Somebody = Annotated[str, Meta(max_length=2_048, pattern="^(member$|did:.)", description="A DID, or `member`: some active member.")]
Values = Word | Annotated[list[Word], Meta(min_length=1, max_length=64)]
Parents = Annotated[list[Odrl], Meta(max_length=16, description="Policies from which the others inherit, by their uids.")]
Sentences = Annotated[str, Meta(min_length=1, max_length=200_000, description="English sentences, as this server writes them.")]


class PolicyTemplate(Struct, kw_only=True):
    """One way to say a term: as it is typed, as it is read, one that can be used as it is, and the IDSA policy classes that it says."""

    name: str
    usage: str
    meaning: str
    example: str
    classes: list[int]


class CheckPolicy(Body, kw_only=True):
    """Policies to look at, and the member for whom they are decided (absent: some active member)."""

    terms: ManyTerms
    peer: PeerDid | None = None
    parents: Parents = field(default_factory=list)
    language: Language = "en"


class Unsupported(Struct, kw_only=True):
    """A part of a policy that keeps it from being offered here, and the form that would do, if there is one."""

    field: str
    reason: str
    hint: str = ""


class Term(Struct, kw_only=True):
    """One term: its place, its sentence, how far it is kept here, and by what."""

    field: str
    sentence: str
    badge: Badge
    why: str


class CheckedPolicy(Struct, kw_only=True):
    """A policy in sentences and badges, what of it is wrong, and whether it permits a use now, with the reasons.

    `unsupported` keeps it from being offered here; so do `contradictions`, and what `cannot_travel` over the Dataspace Protocol;
    with that, there are no `terms` in the protocol's form.
    `warnings` say what the space's rulebook does not know now: nobody can have it; and where terms that permit training owe the
    deletion of what would have to be kept after it.
    """

    sentences: list[str]
    terms: Odrl
    badges: list[Term]
    unsupported: list[Unsupported]
    contradictions: list[Unsupported]
    cannot_travel: list[Unsupported]
    permitted_now: bool
    reasons: list[str]
    unknown: list[str]
    valid_until: datetime | None
    warnings: list[str]


class CheckedPolicies(Struct, kw_only=True):
    """The policies in the order in which they were asked about."""

    items: list[CheckedPolicy]


class SimulatePolicy(Body, kw_only=True):
    """Who could do what: a policy, the participants (absent: every member of the space), and what is so when they do it.

    `member` among the participants is some active member. With `roles` or `credentials` all of them are asked about as if they had
    proved these. `facts` are by left operand. Duties that this server sees to itself count as seen to.
    """

    terms: OneTerms
    participants: Annotated[list[Somebody], Meta(min_length=1, max_length=100)] | None = None
    roles: Annotated[list[Line], Meta(max_length=32)] = field(default_factory=list)
    credentials: Annotated[list[Line], Meta(max_length=32)] = field(default_factory=list)
    at: Annotated[datetime, Meta(tz=True)] | None = None
    action: Word = "use"
    target: Word | None = None
    facts: Annotated[dict[Word, Values], Meta(max_length=64)] = field(default_factory=dict)
    parents: Parents = field(default_factory=list)
    language: Language = "en"


class Simulated(Struct, kw_only=True):
    """What one participant could do, with the reasons, and in one sentence why not; `unknown` names what would have to be known."""

    participant: str
    name: str
    permitted: bool
    unknown: list[str]
    sentences: list[str]
    refusal: str
    valid_until: datetime | None


class Simulation(Struct, kw_only=True):
    """Who could do it at that moment."""

    at: datetime
    action: str
    items: list[Simulated]


class TwoPolicies(Body, kw_only=True):
    """Two policies to compare."""

    first: OneTerms
    second: OneTerms
    language: Language = "en"


class Example(Struct, kw_only=True):
    """A request: its action, and what is so when it is made."""

    action: str
    circumstances: list[str]


class Change(Struct, kw_only=True):
    """A term that only one of two policies has."""

    field: str
    sentence: str


class Difference(Struct, kw_only=True):
    """How two policies differ: whether they mean `same` (nothing: it cannot be told), requests that only one permits, and their terms."""

    same: bool | None
    only_first: Example | None
    only_second: Example | None
    removed: list[Change]
    added: list[Change]
    why: str


class MatchPolicy(Body, kw_only=True):
    """A use that is wanted, written as a policy, and an offer. The participant's membership and roles go without saying."""

    wanted: OneTerms
    offer: OneTerms
    language: Language = "en"


class Row(Struct, kw_only=True):
    """One operand, the action or a duty: what is offered, what is wanted, what comes of it, what would help, and who can change it."""

    about: str
    offered: list[str]
    wanted: list[str]
    verdict: Verdict
    suggestion: str
    who: str


class PolicyMatch(Struct, kw_only=True):
    """Whether the use is covered. `refused` is a request of the use that the offer refuses, `allowed` one that both have.

    `counter` are the terms that both would do with, if there are such.
    """

    verdict: Verdict
    why: str
    refused: Example | None
    allowed: Example | None
    rows: list[Row]
    counter: Odrl | None
    counter_sentences: list[str]


class TranslatePolicy(Body, kw_only=True):
    """A policy to say in a language, or English sentences to make a policy of."""

    terms: OneTerms | None = None
    english: Sentences | None = None
    language: Language = "en"


class Translation(Struct, kw_only=True):
    """The policy in that language, and as ODRL JSON if the Dataspace Protocol can carry it."""

    language: Language
    sentences: list[str]
    terms: Odrl
