"""`/policies`: what can be said, what a policy means, who could do what under it, and how two of them compare. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hanse.http.api import structs as s
from hanse.http.api.policies import structs as p
from hanse.http.api.policies.comparing import difference, matching
from hanse.http.api.policies.people import MEMBER, People
from hanse.http.api.policies.saying import badged, reasons
from hanse.http.api.policies.worlds import SOMEBODY, Person, World, foresee
from hanse.http.api.routing import Call, Handler, Operation
from hanse.http.api.services import Services
from hanse.http.api.terms import read_one, read_with_parents
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import HanseError, Invalid
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.check import Kind, Problem, check_terms
from hanse.odrl.forms.travel import cannot_travel
from hanse.odrl.forms.write import write_terms
from hanse.odrl.model import Atomic, Terms
from hanse.odrl.names import ACTIVE, HANSE, MEMBERSHIP, PARTICIPANT, ROLE
from hanse.odrl.proofs import proofs_named
from hanse.odrl.say import parse_terms, say_refusal, say_terms
from hanse.odrl.templates import ACTION_WORDS, TEMPLATES, Template
from hanse.participants.roles import Action
from hanse.usage.duties import Capabilities, seen_to

_SAMPLE: Final = "members + until 2099-01-01"


class PolicyOperations:
    """Templates, and a look at policies before they are offered or signed."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._directory = services.directory
        self._participants = services.participants
        self._can = services.capabilities
        self._listens = services.listens
        self._retention = services.factory.retention
        self._people = People(services.directory, services.verifier)

    def operations(self) -> list[Operation]:
        """Return the operations."""
        return [
            Operation("GET", "/policies", "List the policy templates", self._list, Action.READ, gives=s.Page[p.PolicyTemplate]),
            _look(
                "check", "Say what policies mean, and what of them cannot be offered here", self._check, p.CheckPolicy, p.CheckedPolicies
            ),
            _look("simulate", "Say who could do what under a policy at any moment", self._simulate, p.SimulatePolicy, p.Simulation),
            _look("diff", "Say what one policy permits and another does not", self._diff, p.TwoPolicies, p.Difference),
            _look("match", "Say whether a use is covered by an offer", self._match, p.MatchPolicy, p.PolicyMatch),
            _look("translate", "Say a policy in a language, or read English sentences", self._translate, p.TranslatePolicy, p.Translation),
        ]

    async def _list(self, _call: Call, _said: Any) -> s.Page[p.PolicyTemplate]:
        return s.Page(items=[_template(one) for one in TEMPLATES])

    async def _check(self, call: Call, said: p.CheckPolicy) -> p.CheckedPolicies:
        now = self._clock.now()
        read = [read_with_parents(one, f"terms[{index}]", now, said.parents) for index, one in enumerate(said.terms)]
        own, rulebooks = await self._own(call), await self._rulebooks(call.named)
        (person,) = await self._people.find(call.named, [said.peer or MEMBER])
        signs = None if said.peer is None or call.named is None else await self._listens(call.named, Did(said.peer))

        def check() -> list[p.CheckedPolicy]:
            return [self._checked(one, person, own, rulebooks, signs, said.language) for one in read]

        return p.CheckedPolicies(items=await asyncio.to_thread(check))

    async def _own(self, call: Call) -> Did:
        return SOMEBODY if call.named is None else (await self._participants.get(call.caller, call.named)).did

    async def _rulebooks(self, tenant: Tenant | None) -> Sequence[Rulebook]:
        try:
            return [] if tenant is None else await self._directory.rulebooks(tenant)
        except HanseError:  # it is in no space, or its anchor is not there: the policy can be looked at all the same
            return []

    def _checked(
        self, terms: Terms, person: Person, own: Did, rulebooks: Sequence[Rulebook], signs: bool | None, language: str
    ) -> p.CheckedPolicy:
        now, operands = self._clock.now(), self._can.operands
        problems = check_terms(terms, operands, now)
        report = foresee(terms, _proving(person, terms), World(at=now), self._can, own)
        known = tuple(_warnings(terms, rulebooks)) if rulebooks else ()
        return p.CheckedPolicy(
            sentences=say_terms(terms, language, operands),
            terms={} if any(one.kind == "travel" for one in problems) else write_terms(terms),
            badges=badged(terms, language, self._can, signs),
            unsupported=[*_errors(problems, "unknown"), *_unseen(terms, self._can)],
            contradictions=_errors(problems, "contradiction"),
            cannot_travel=_errors(problems, "travel"),
            permitted_now=report.permitted,
            reasons=reasons(terms, report, now, language, operands),
            unknown=sorted(report.missing),
            valid_until=report.valid_until,
            warnings=[*known, *self._retention.warnings(terms), *(_said(one) for one in problems if one.severity == "warning")],
        )

    async def _simulate(self, call: Call, said: p.SimulatePolicy) -> p.Simulation:
        now = self._clock.now()
        terms = read_with_parents(said.terms, "terms", now, said.parents)
        told = {left: [values] if isinstance(values, str) else values for left, values in said.facts.items()}
        action = ACTION_WORDS.get(said.action, said.action)
        world = World(at=said.at or now, action=action, target=said.target, told=told)
        people = await self._people.find(call.named, said.participants, said.roles, said.credentials)
        own = await self._own(call)
        found = await asyncio.to_thread(lambda: [self._simulated(terms, one, world, own, said.language) for one in people])
        return p.Simulation(at=world.at, action=action.removeprefix(HANSE), items=found)

    def _simulated(self, terms: Terms, person: Person, world: World, own: Did, language: str) -> p.Simulated:
        report = foresee(terms, person, world, self._can, own)
        return p.Simulated(
            participant=person.did,
            name=person.name,
            permitted=report.permitted,
            unknown=[] if report.permitted else sorted(report.missing),
            sentences=reasons(terms, report, world.at, language, self._can.operands),
            refusal="" if report.permitted else say_refusal(report, language, now=world.at, terms=terms, operands=self._can.operands),
            valid_until=report.valid_until,
        )

    async def _diff(self, _call: Call, said: p.TwoPolicies) -> p.Difference:
        now = self._clock.now()
        first, second = read_one(said.first, "first", now), read_one(said.second, "second", now)
        return await asyncio.to_thread(difference, first, second, said.language, self._can.operands)

    async def _match(self, call: Call, said: p.MatchPolicy) -> p.PolicyMatch:
        now = self._clock.now()
        wanted, offer = read_one(said.wanted, "wanted", now), read_one(said.offer, "offer", now)
        given = [] if call.named is None else self._known(*await self._people.find(call.named, [await self._own(call)]))
        return await asyncio.to_thread(matching, wanted, offer, given, said.language, self._can.operands)

    def _known(self, me: Person) -> list[Atomic]:
        """Return what is known of the participant itself, so that it need not say it."""
        known = [Atomic(PARTICIPANT, "eq", me.did), *([Atomic(MEMBERSHIP, "eq", ACTIVE)] if me.member else [])]
        return [*known, *(Atomic(ROLE, "isAnyOf", [role]) for role in sorted(me.roles))]

    async def _translate(self, _call: Call, said: p.TranslatePolicy) -> p.Translation:
        if (said.terms is None) == (said.english is None):
            raise Invalid("Give either terms or english sentences.", where="terms", rule="required")
        operands = self._can.operands
        if said.english is not None:
            lines = [line.strip() for line in said.english.splitlines() if line.strip()]
            terms = parse_terms(lines, "en", operands)
        else:
            assert said.terms is not None
            terms = read_one(said.terms, "terms", self._clock.now())
        written = {} if cannot_travel(terms) else write_terms(terms)
        return p.Translation(language=said.language, sentences=say_terms(terms, said.language, operands), terms=written)


def _look(verb: str, summary: str, handle: Handler, takes: type, gives: type) -> Operation:
    """Return an operation that only looks; its body is too large for a query."""
    bodies: dict[str, object] = {
        "check": {"terms": [_SAMPLE]},
        "simulate": {"terms": _SAMPLE, "participants": [MEMBER], "at": "2027-01-01T00:00:00Z"},
        "diff": {"first": _SAMPLE, "second": "members"},
        "match": {"wanted": "members", "offer": _SAMPLE},
        "translate": {"terms": _SAMPLE, "language": "de"},
    }
    return Operation("POST", f"/policies/{verb}", summary, handle, Action.READ, takes=takes, gives=gives, example=bodies[verb])


def _template(one: Template) -> p.PolicyTemplate:
    return p.PolicyTemplate(name=one.name, usage=one.usage, meaning=one.meaning, example=one.example, classes=list(one.classes))


def _proving(person: Person, terms: Terms) -> Person:
    """Return the person as one that has proved whatever roles and credentials the terms ask for."""
    if person.did != SOMEBODY:
        return person
    asked = proofs_named(terms)
    return Person(did=person.did, name=person.name, roles=asked.roles, credentials={kind: ({},) for kind in asked.credentials})


def _errors(problems: Sequence[Problem], kind: Kind) -> list[p.Unsupported]:
    return [
        p.Unsupported(field=one.path, reason=one.what, hint=one.hint) for one in problems if (one.kind, one.severity) == (kind, "error")
    ]


def _unseen(terms: Terms, can: Capabilities) -> Iterator[p.Unsupported]:
    """Yield what is owed that nobody here can see to."""
    return (p.Unsupported(field=path, reason=why) for path, why in seen_to(terms, can))


def _said(problem: Problem) -> str:
    return f"{problem.path}: {problem.what}.{f' {problem.hint}' if problem.hint else ''}"


def _warnings(terms: Terms, rulebooks: Sequence[Rulebook]) -> Iterator[str]:
    """Yield what nobody can have now in any space. That is no refusal: rulebooks change."""
    asked = proofs_named(terms)
    roles = {name: None for one in rulebooks for name in one.roles}
    credentials = {name: None for one in rulebooks for name in one.credentials}
    whose = "The space has no" if len(rulebooks) == 1 else "None of the spaces has the"
    for word, names, known in (("role", asked.roles, roles), ("credential", asked.credentials, credentials)):
        for name in sorted(names - known.keys()):
            yield f"{whose} {word} {name!r}; {'its' if len(rulebooks) == 1 else 'their'} {word}s are {', '.join(known)}."
