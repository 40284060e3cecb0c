"""What would be so: the facts of a use that nobody has asked for yet, by somebody, at some moment. Nothing is written or counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from hanse.dsp.messages import Role
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.jsonpath import read_path
from hanse.odrl.constraints.plugged import Observing
from hanse.odrl.constraints.told import told_value
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Terms
from hanse.odrl.names import (
    ACTIVE,
    CLAIM,
    COUNT,
    CREDENTIAL,
    ELAPSED_TIME,
    HANSE,
    MEMBERSHIP,
    METERED_TIME,
    PARTICIPANT,
    QUALITY,
    ROLE,
    TRANSFORMS,
    USE,
    VOLUME,
    plain,
)
from hanse.odrl.proofs import atomics_of
from hanse.odrl.report import Report
from hanse.odrl.values import number_in
from hanse.usage.duties import Capabilities, states
from hanse.usage.records import Deal

SOMEBODY: Final = Did("did:web:some-member.invalid")
ASSUMED: Final = "the question"

Subjects = Mapping[str, tuple[Mapping[str, object], ...]]


class Person(Struct, frozen=True, kw_only=True):
    """Who would use the data: what is known of it, or assumed. `credentials` are the subjects of credentials by type."""

    did: str
    name: str = ""
    member: bool = True
    roles: frozenset[str] = frozenset()
    credentials: Subjects = {}
    source: str = ASSUMED


class World(Struct, frozen=True, kw_only=True):
    """What would be so besides: when, what is done with which dataset, and further facts in people's words, by left operand."""

    at: datetime
    action: str = USE
    target: str | None = None
    told: Mapping[str, Sequence[str]] = {}


def foresee(terms: Terms, person: Person, world: World, capabilities: Capabilities, own: Did) -> Report:
    """Return the report of the decision that would be made. Raises `Invalid` for a fact that makes no sense.

    The agreement would be made at that moment, and the use be its first; duties that this server sees to itself are seen to.
    """
    known = _first_use(world.at) | _of(person) | _told(world, person, capabilities.operands)
    facts = Facts(now=world.at, action=world.action, target=world.target, assignee=person.did, assigner=own, known=known)
    facts = structs.replace(facts, known=known | _observed(terms, facts, capabilities.operands))
    deal = Deal(
        id="", tenant=Tenant(""), role=Role.PROVIDER, peer=Did(person.did), own=own, target=world.target or "", terms=terms, since=world.at
    )
    duties = states(
        deal, facts, capabilities.operands, lambda duty: plain(duty.action) in capabilities.transforms & TRANSFORMS, (), capabilities.ledger
    )
    return compile_terms(terms, operands=capabilities.operands).report(structs.replace(facts, duties=duties))


def _first_use(at: datetime) -> dict[str, Fact]:
    return {
        COUNT: Fact(1, "the question: the first use", at),
        VOLUME: Fact(0, "the question: nothing is released yet", at),
        METERED_TIME: Fact(timedelta(), "the question: not used yet", at),
        ELAPSED_TIME: Fact(at, "the question: agreed on at that moment", at),
    }


def _of(person: Person) -> dict[str, Fact]:
    return {
        PARTICIPANT: Fact(person.did, person.source),
        MEMBERSHIP: Fact(ACTIVE if person.member else "none", person.source),
        ROLE: Fact(person.roles, person.source),
        CREDENTIAL: Fact(person.credentials, person.source),
    }


def _told(world: World, person: Person, operands: Operands) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    credentials = dict(person.credentials)
    for left, texts in world.told.items():
        name, where = plain(left), f"facts.{left[:200]}"
        if operands.find(name) is None and operands.find(HANSE + name) is not None:
            name = HANSE + name
        operand = operands.find(name)
        if operand is None:
            raise Invalid(f"{left[:80]!r} is no left operand that is known here.", where=where, rule="fact")
        if name.startswith(CLAIM):
            kind, subject = _claim(name, texts, where)
            credentials[kind] = (*credentials.get(kind, ()), subject)
            continue
        value: object = _measure(name, texts, found) if name.startswith(QUALITY) else told_value(operand, texts)
        if value is None:
            raise Invalid(f"{', '.join(texts)[:80]!r} makes no sense for this fact.", where=where, rule="fact")
        for need in operand.needs or (name,):
            found[need] = Fact(value, ASSUMED, world.at)
    return found | ({CREDENTIAL: Fact(credentials, ASSUMED, world.at)} if credentials != person.credentials else {})


def _measure(name: str, texts: Sequence[str], found: Mapping[str, Fact]) -> dict[str, tuple[object, ...]] | None:
    """Return what is assumed to be published of this measure, beside the others."""
    number = number_in(texts[0]) if len(texts) == 1 else None
    before = found[QUALITY].value if QUALITY in found else {}
    return None if number is None or not isinstance(before, dict) else before | {name.removeprefix(QUALITY): (number,)}


def _claim(name: str, texts: Sequence[str], where: str) -> tuple[str, dict[str, object]]:
    """Return the subject of a credential that says this at its path."""
    kind, _, path = name.removeprefix(CLAIM).partition("#")
    steps = read_path(path)
    if not kind or not steps or not all(isinstance(step, str) for step in steps):
        raise Invalid("It is not a claim such as urn:hanse:odrl:claim:LegalEntityCredential#$.country.", where=where, rule="fact")
    value: object = texts[0] if len(texts) == 1 else list(texts)
    for step in reversed(steps):
        value = {step: value}
    assert isinstance(value, dict)
    return kind, value


def _observed(terms: Terms, facts: Facts, operands: Operands) -> dict[str, Fact]:
    """Return what plug-ins find out themselves."""
    found: dict[str, Fact] = {}
    for atomic in atomics_of(terms):
        operand = operands.find(atomic.left)
        if operand is None or not isinstance(operand, Observing) or operand.name in facts.known:
            continue
        try:
            fact = operand.observe(facts)
        except Exception:  # noqa: BLE001, S112 - a stranger's source that fails knows nothing
            continue
        if fact is not None:
            found |= dict.fromkeys(operand.needs, fact)
    return found
