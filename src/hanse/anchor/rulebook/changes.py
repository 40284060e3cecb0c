"""What one version of a rulebook changes against another, in words, and what follows for members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from hanse.anchor.rulebook.schemas import schema_name
from hanse.identity.rulebook import Automatic, CredentialType, Joining, Role, Rulebook, TrustedIssuer

P = TypeVar("P")


class Changes(Struct, frozen=True, kw_only=True):
    """What would change, a sentence each. With `accept_anew` members have to accept the new terms.

    `reissued` are the types of which members get new credentials because they say something else now, or are new to them.
    """

    words: tuple[str, ...]
    accept_anew: bool = False
    reissued: tuple[str, ...] = ()


def changes(old: Rulebook, new: Rulebook) -> Changes:
    """Return what `new` changes against `old`."""
    accept_anew = new.terms is not None and (old.terms is None or old.terms.sha256 != new.terms.sha256)
    reissued = tuple(name for name in new.own_types() if _says_else(old, new, name))
    words = [
        *_title(old, new),
        *_terms(old, new, accept_anew),
        *_joining(old.joining, new.joining),
        *_parts("role", old.roles, new.roles, _role),
        *_parts("evidence", old.evidence, new.evidence, lambda _before, _after: ["is described differently"]),
        *_parts("credential", old.credentials, new.credentials, _credential),
        *([f"Members get new credentials: {', '.join(reissued)}."] if reissued else []),
    ]
    return Changes(words=tuple(words), accept_anew=accept_anew, reissued=reissued)


def _says_else(old: Rulebook, new: Rulebook, name: str) -> bool:
    if name not in old.own_types():
        # A credential of a role that nobody can have yet is not new to anybody.
        role = new.role_of(name)
        return role is None or role in old.roles
    if _schema(old, name) != _schema(new, name):
        return True
    before, after = old.role_of(name), new.role_of(name)
    return before != after or (after is not None and before is not None and old.roles[before].claims != new.roles[after].claims)


def _schema(rulebook: Rulebook, name: str) -> str | None:
    """Return what names the schema that credentials of a type point to; they point to none where the rulebook has none."""
    return schema_name(rulebook, name) if rulebook.credentials[name].schema else None


def _title(old: Rulebook, new: Rulebook) -> Iterator[str]:
    if old.title != new.title:
        yield f"The space is called {new.title} (was {old.title})."
    if old.membership != new.membership:
        yield f"Membership is proved by {new.membership} (was {old.membership}): who has only the old one is refused."


def _terms(old: Rulebook, new: Rulebook, accept_anew: bool) -> Iterator[str]:
    if accept_anew:
        yield f"The terms {'change' if old.terms else 'are new'}: members have to accept them anew."
    elif old.terms != new.terms:
        yield "There are no terms any more." if new.terms is None else "The terms stay, but are described differently."


def _joining(old: Joining, new: Joining) -> Iterator[str]:
    if old.approvals != new.approvals:
        yield f"Who applies needs the yes of {_people(new.approvals)} (was {_people(old.approvals)})."
    if set(old.approvers) != set(new.approvers):
        who = f"only these may say yes: {', '.join(new.approvers)}" if new.approvers else "any operator of the anchor may say yes"
        yield f"From now on {who}."
    for rule in new.automatic:
        if rule not in old.automatic:
            yield f"New: nobody decides about {_rule(rule)}."
    for rule in old.automatic:
        if rule not in new.automatic:
            yield f"People decide again about {_rule(rule)}."


def _people(count: int) -> str:
    return "one operator" if count == 1 else f"{count} operators"


def _rule(rule: Automatic) -> str:
    conditions = [f"presents {name}" for name in rule.needs]
    conditions += [f"proves {claim} to be {_values(values)}" for claim, values in rule.claims.items()]
    conditions += ["an intermediary vouches for"] if rule.sponsored else []
    return f"an applicant for {' or '.join(rule.roles)}" + (f" that {' and '.join(conditions)}" if conditions else "")


def _parts(what: str, old: Mapping[str, P], new: Mapping[str, P], differ: Callable[[P, P], Iterable[str]]) -> Iterator[str]:
    for name in [name for name in new if name not in old]:
        yield f"The {what} {name} is new."
    for name in [name for name in old if name not in new]:
        yield f"The {what} {name} is gone."
    for name, part in new.items():
        if name in old and old[name] != part:
            yield from (f"The {what} {name} {said}." for said in differ(old[name], part))


def _role(old: Role, new: Role) -> Iterator[str]:
    if old.title != new.title:
        yield f"is called {new.title!r}"
    if old.credential != new.credential:
        yield f"is proved by {new.credential} (was {old.credential})"
    if set(old.needs) != set(new.needs):
        yield f"asks for the credentials {_names(new.needs)} (was {_names(old.needs)})"
    if set(old.evidence) != set(new.evidence):
        yield f"asks for the evidence {_names(new.evidence)} (was {_names(old.evidence)})"
    yield from (f"is trusted to {one} from now on" for one in new.trust if one not in old.trust)
    yield from (f"is not trusted to {one} any more: what was kept by that trust has to go" for one in old.trust if one not in new.trust)
    yield from _claims(old, new)


def _claims(old: Role, new: Role) -> Iterator[str]:
    for claim in {**old.claims, **new.claims}:
        if old.claims.get(claim) != new.claims.get(claim):
            yield f"says {claim}: {_values(new.claims.get(claim, ()))} (was {_values(old.claims.get(claim, ()))})"


def _credential(old: CredentialType, new: CredentialType) -> Iterator[str]:
    if old.title != new.title:
        yield f"is called {new.title!r}"
    if old.days != new.days:
        yield f"lives for {new.days} days (was {old.days})"
    if old.profiles != new.profiles:
        yield f"is written as {' and '.join(new.profiles)} (was {' and '.join(old.profiles)})"
    if old.schema != new.schema:
        yield "has another schema"
    yield from _issuers(old.issuers, new.issuers)


def _issuers(old: Sequence[TrustedIssuer], new: Sequence[TrustedIssuer]) -> Iterator[str]:
    before, after = [one.did for one in old], [one.did for one in new]
    for did in dict.fromkeys([*after, *before]):
        if did not in before:
            yield f"may be issued by {did} from now on"
        elif did not in after:
            yield f"may not be issued by {did} any more: what it issued does not count"
        elif [one for one in old if one.did == did] != [one for one in new if one.did == did]:
            yield f"may be issued by {did} within other bounds"


def _names(names: Collection[str]) -> str:
    return ", ".join(names) or "none"


def _values(values: Collection[object]) -> str:
    return " or ".join(str(value) for value in values) or "nothing"
