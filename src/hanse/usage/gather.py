"""Collects the facts of one decision, each with its source and age.

| fact | source |
|---|---|
| time, age of the agreement | the clock, the agreement |
| count, volume, metered time | the tally of the agreement |
| role, membership, credentials and claims | credentials that were verified a moment ago |
| place, establishment, security level | a claim at a documented path (`odrl.proofs.CLAIM_PATHS`), else as the next line |
| purpose, application, environment | the consumer's signed statement, or whoever opens stored data here; else the agreement itself |
| classification, payment, consent, events | an operator or a hook told it |
| state of the data | the asset, and what the data plane does to it before it leaves |
| quality of the data | the measures that are published with it |
| origin and risk of the data | the asset's description; at whoever holds the data, the description that it came with |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from hanse.dsp.messages import Role
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.told import told_value
from hanse.odrl.facts import Fact
from hanse.odrl.model import Atomic, Terms
from hanse.odrl.names import (
    APPLICATION,
    ARTIFACT_STATE,
    CLASSIFICATION,
    CONNECTOR,
    CONSENT,
    COUNT,
    CREDENTIAL,
    DATE_TIME,
    ELAPSED_TIME,
    ENVIRONMENT,
    EVENT,
    MEMBERSHIP,
    METERED_TIME,
    ORIGIN,
    PAID,
    PARTICIPANT,
    PURPOSE,
    QUALITY,
    RECIPIENT,
    RISK,
    ROLE,
    SECURITY_LEVEL,
    SPATIAL,
    TIME_INTERVAL,
    VOLUME,
    plain,
)
from hanse.odrl.proofs import CLAIM_PATHS, atomics_in
from hanse.odrl.values import read_number
from hanse.usage.ports import Data, Origin, Peers, Proven, Statements, UsageTx
from hanse.usage.records import Deal, Tally, Told, Use

DECLARABLE: Final = (PURPOSE, APPLICATION, ENVIRONMENT, SPATIAL, SECURITY_LEVEL, RECIPIENT)
"""What only the consumer can know; it states it, or the agreement's own words have to do."""
UNSTATED: Final = (RECIPIENT,)
"""What of it no signed statement has a field for."""
JUDGED: Final = (ARTIFACT_STATE, CLASSIFICATION, CONNECTOR, CONSENT, EVENT, ORIGIN, PAID, RISK)
"""What a provider judges before it lets data go."""
STATED: Final = frozenset(DECLARABLE)
MEASURED: Final = frozenset(
    {ARTIFACT_STATE, CONNECTOR, COUNT, CREDENTIAL, DATE_TIME, ELAPSED_TIME, MEMBERSHIP, METERED_TIME, PARTICIPANT, ROLE, TIME_INTERVAL}
    | {ORIGIN, QUALITY, RISK, VOLUME}
)
"""Facts that are measured or proved; nobody can tell them."""
SKEW: Final = timedelta(minutes=5)
"""How far ahead of our clock a moment may lie at which something was observed; what is further ahead is not believed."""
BY_AGREEMENT: Final = "declared by the agreement itself"
"""The source of a fact that nobody states or proves."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When the use before the first one was."""


class World(Struct, frozen=True, kw_only=True):
    """Where facts come from."""

    peers: Peers
    statements: Statements
    data: Data
    operands: Operands


def known_facts(
    tx: UsageTx, world: World, deal: Deal, use: Use, taken: Tally, now: datetime, wants: frozenset[str] | None = None
) -> dict[str, Fact]:
    """Return the facts about a use by the left operand's plain name; `taken` counts the use itself.

    Only what `wants` names is looked for where that takes time; everything, if it is absent.
    """
    proven = world.peers.proven(tx, deal.tenant, deal.consumer, deal.spaces)
    known = _declared(deal, _trusting(deal, world.statements))
    if wants is None or not STATED.isdisjoint(wants):
        known |= {name: fact for name, fact in world.statements.stated(tx, deal.tenant, deal.id).items() if _believed(fact, now)}
    known |= {plain(name): Fact(value, "stated with the use", use.reserved) for name, value in use.stated.items()}
    known |= _proved(proven)
    if wants is None or not wants <= MEASURED:
        known |= _told_about(tx, deal, world.operands, now)
    known |= _measured(deal, use, taken, now)
    if deal.role is Role.PROVIDER and (wants is None or ARTIFACT_STATE in wants):
        states = world.data.states(tx, deal.tenant, deal.target, deal.terms)
        known[ARTIFACT_STATE] = Fact(states, "the data as it leaves the data plane", now)
    if wants is None or not wants.isdisjoint((ORIGIN, RISK)):
        _describe(known, world.data.origin(tx, deal), now)
    if wants is None or QUALITY in wants:
        measures = world.data.quality(tx, deal)
        if measures is not None:
            known[QUALITY] = Fact(measures, "the measures published with the data", now)
    return known


def _describe(known: dict[str, Fact], origin: Origin | None, now: datetime) -> None:
    """Set what the description of the data says, in the place of anybody's word; what it does not say is unknown."""
    if origin is None:
        return
    source = "the description of the data"
    known.pop(ORIGIN, None)
    if origin.places is not None:
        known[ORIGIN] = Fact(origin.places, source, now)
    known[RISK] = Fact(origin.risk, source, now)


def _told_about(tx: UsageTx, deal: Deal, operands: Operands, now: datetime) -> dict[str, Fact]:
    about = ["", deal.target, deal.consumer, *([deal.id] if deal.id else [])]
    return _told(tx.told.of(deal.tenant, about), deal, operands, now)


def _measured(deal: Deal, use: Use, taken: Tally, now: datetime) -> dict[str, Fact]:
    found = {
        PARTICIPANT: Fact(deal.consumer, "the party that asks", now),
        COUNT: Fact(taken.count, "the uses counted here", now),
        VOLUME: Fact(taken.volume, "the bytes counted here", now),
        METERED_TIME: Fact(timedelta(seconds=taken.seconds), "the time measured here", now),
        TIME_INTERVAL: Fact(use.before or _NEVER, "the use before this one", now),
    }
    if now >= deal.since:  # a clock that was put back before the agreement tells nothing about its age
        found[ELAPSED_TIME] = Fact(deal.since, "the moment since which the agreement is final", now)
    connector = use.connector or deal.connector
    if connector:
        found[CONNECTOR] = Fact(connector, "the address that the consumer answers at", now)
    return found


def _proved(proven: Proven | None) -> dict[str, Fact]:
    if proven is None:
        return {}
    source = "verified credentials" + (f" in {', '.join(proven.spaces)}" if proven.spaces else "")
    found = {
        MEMBERSHIP: Fact("active", source, proven.observed),
        ROLE: Fact(proven.roles, source, proven.observed),
        CREDENTIAL: Fact(proven.credentials, source, proven.observed),
    }
    for name, paths in CLAIM_PATHS.items():
        for kind, path in paths:
            value = _claim(proven.credentials.get(kind, ()), path)
            if value is not None:
                found[name] = Fact(value, f"credential {kind}, {path}", proven.observed)
                break
    return found


def _claim(subjects: Iterable[Mapping[str, object]], path: str) -> str | None:
    for subject in subjects:
        value: object = subject
        for member in path.split("."):
            value = value.get(member) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value
    return None


def _told(found: Iterable[Told], deal: Deal, operands: Operands, now: datetime) -> dict[str, Fact]:
    rank = {"": 0, deal.target: 1, deal.consumer: 2, deal.id: 3}
    facts: dict[str, Fact] = {}
    events: list[Told] = []
    for one in sorted(found, key=lambda one: rank.get(one.about, 0)):
        if one.observed > now + SKEW:
            continue
        if one.name == EVENT:
            events.append(one)
        else:
            facts[one.name] = Fact(_value(one, operands), one.source, one.observed, one.expires)
    if events:
        happened = frozenset(value for one in events for value in one.values)
        ends = [one.expires for one in events if one.expires is not None]
        facts[EVENT] = Fact(happened, events[-1].source, max(one.observed for one in events), min(ends, default=None))
    return facts


def _value(told: Told, operands: Operands) -> object:
    operand = operands.find(told.name)
    return None if operand is None else told_value(operand, told.values)


def _believed(fact: Fact, now: datetime) -> bool:
    return fact.observed is None or fact.observed <= now + SKEW


def _trusting(deal: Deal, statements: Statements) -> bool:
    return deal.role is Role.CONSUMER or (not deal.attested and statements.listens(deal.tenant, deal.peer) is False)


def _declared(deal: Deal, trusting: bool) -> dict[str, Fact]:
    """Return what the agreement itself says of the use, where nobody else can.

    To a provider: what only the consumer knows, if that has no way of signing a statement, and what no statement says. To a consumer
    that opens what it has stored: what the provider judged before it let the data go, until somebody tells otherwise.
    """
    names = JUDGED if deal.role is Role.CONSUMER else DECLARABLE if trusting else UNSTATED
    source = BY_AGREEMENT if deal.role is Role.PROVIDER else "the provider let the data go under it"
    found: dict[str, object] = dict(agreed_values(deal.terms, names))
    if deal.role is Role.CONSUMER:
        found |= _agreed_quality(deal.terms)
    return {name: Fact(value, source, deal.since) for name, value in found.items()}


def _agreed_quality(terms: Terms) -> dict[str, object]:
    """Return, for each measure of quality, a value that the first permission that names one asks for."""
    found: dict[str, tuple[object, ...]] = {}
    for atomic in (one for rule in terms.permissions for one in atomics_in(rule)):
        name, wanted = plain(atomic.left), read_number(atomic.right)
        if name.startswith(QUALITY) and atomic.operator in ("gteq", "lteq", "eq") and wanted is not None:
            found.setdefault(name.removeprefix(QUALITY), (wanted.amount,))
    return {QUALITY: found} if found else {}


def agreed_values(terms: Terms, names: Collection[str] = DECLARABLE) -> dict[str, str]:
    """Return, for each of the left operands, a value that the first permission that names one asks for."""
    found: dict[str, str] = {}
    for rule in terms.permissions:
        for atomic in atomics_in(rule):
            name = plain(atomic.left)
            value = _wanted(atomic) if name in names else None
            if value:
                found.setdefault(name, value)
    return found


def _wanted(atomic: Atomic) -> str | None:
    if atomic.operator in ("neq", "isNoneOf", "lt", "gt"):
        return "urn:hanse:odrl:other" if atomic.operator in ("neq", "isNoneOf") else None
    first = atomic.right[0] if isinstance(atomic.right, list) and atomic.right else atomic.right
    value = first.get("@id", first.get("@value")) if isinstance(first, dict) else first
    return value if isinstance(value, str) else None
