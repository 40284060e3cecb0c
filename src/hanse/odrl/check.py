"""What is wrong with terms, said when they are written: unknown words, what cannot travel, contradictions, and likely slips.

With an error this server would not offer the terms: it could not decide them, the other side would get something else, or nobody
could ever use the data under them. A warning says what is often meant otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl import names
from hanse.odrl.changes import chain_of
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.regions import Ordered, Region
from hanse.odrl.forms.travel import cannot_travel
from hanse.odrl.match.bounds import is_many, region_of
from hanse.odrl.match.boxes import Box, Budget, Dim, Exhausted, first_met, is_void, meet, subtract
from hanse.odrl.match.coverage import satisfiable
from hanse.odrl.match.expand import included, of_rule
from hanse.odrl.model import Atomic, Constraint, Logical, Rule, Terms
from hanse.odrl.names import DATE_TIME, DELETE, KNOWN_PROFILES, USE, VOLUME, plain
from hanse.odrl.values import posix, typed
from hanse.odrl.vocabulary import action_includes
from hanse.odrl.when import read_when
from hanse.odrl.words import quote, term

Severity = Literal["error", "warning"]
Kind = Literal["unknown", "travel", "contradiction", "suspicious"]

SEEN_TO = names.TRANSFORMS | {
    names.DELETE,
    names.INFORM,
    names.COMPENSATE,
    names.NEXT_POLICY,
    names.OBTAIN_CONSENT,
    names.ATTRIBUTE,
    names.LOG,
}
"""The actions that can be owed: somebody here, or on the other side, can be told to have seen to them."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: its place (`permission[0].constraint[1]`), what in words, and what would help."""

    path: str
    what: str
    hint: str = ""
    kind: Kind = "unknown"
    severity: Severity = "error"


def check_terms(terms: Terms, operands: Operands, now: datetime, *, travels: bool = True) -> list[Problem]:
    """Return what is wrong with `terms`, errors first. `now` is timezone-aware; with `travels` they are to be offered to others."""
    found = [*_unknown(terms, operands), *_unkeepable(terms)]
    if travels:
        found += [Problem(path=path, what=f"{what} cannot travel", hint=f"What would do: {form}.", kind="travel")
                  for path, what, form in cannot_travel(terms)]  # fmt: skip
    contradictions = [*_contradictions(terms, operands), *_ended(terms, operands, now)]
    found += contradictions
    if not any(one.severity == "error" for one in found):
        found += _never(terms, operands)
    found += _suspicious(terms)
    return sorted(found, key=lambda one: one.severity != "error")


def errors_of(terms: Terms, operands: Operands, now: datetime) -> list[Problem]:
    """Return only what keeps terms from being offered."""
    return [one for one in check_terms(terms, operands, now) if one.severity == "error"]


# What is not known.


def _unknown(terms: Terms, operands: Operands) -> Iterator[Problem]:
    for profile in terms.profile:
        if profile not in KNOWN_PROFILES:
            yield Problem(path="profile", what=f"the profile {quote(profile)} is not known", hint="It may change what the words mean.")
    for path, rule, owed in _all_rules(terms):
        name = plain(rule.action)
        if included(rule.action) is None:
            yield Problem(path=f"{path}.action", what=f"the action {quote(rule.action)} is not known")
        elif owed and name not in SEEN_TO:
            yield Problem(
                path=f"{path}.action",
                what=f"nobody here can see to {quote(rule.action)}",
                hint=f"What can be owed: {', '.join(sorted(SEEN_TO))}.",
            )
        for where, atomic in _atomics(f"{path}.constraint", rule.constraints):
            yield from _unknown_atomic(where, atomic, operands)
        for where, atomic in _atomics(f"{path}.refinement", rule.refinements):
            yield from _unknown_atomic(where, atomic, operands)


def _unkeepable(terms: Terms) -> Iterator[Problem]:
    """Say which duty to change data could not be kept as it is written; nothing would be released under it."""
    try:
        chain_of(terms)
    except Invalid as error:
        yield Problem(path=error.where or "permission", what=error.message.rstrip("."), hint=error.hint or "")


def _unknown_atomic(path: str, atomic: Atomic, operands: Operands) -> Iterator[Problem]:
    operand = operands.find(atomic.left)
    problem = operand.problem(atomic) if operand is not None else f"the left operand {quote(atomic.left)} is not known"
    if problem is not None:
        yield Problem(path=path, what=problem)


# What can never be.


class _Shapes(Struct, frozen=True):
    """What each permission and each prohibition speaks of; nothing for policies that are too large for that."""

    permissions: list[list[Box]]
    prohibitions: list[list[Box]]
    budget: Budget


def _shapes(terms: Terms, operands: Operands) -> _Shapes | None:
    budget = Budget()
    try:
        return _Shapes(
            [of_rule(rule, operands, budget) for rule in terms.permissions],
            [of_rule(rule, operands, budget, barred=True) for rule in terms.prohibitions],
            budget,
        )
    except Exhausted:
        return None


def _contradictions(terms: Terms, operands: Operands) -> Iterator[Problem]:
    shapes = _shapes(terms, operands)
    rules: list[tuple[str, Severity, tuple[Rule, ...], list[list[Box]]]] = [
        ("permission", "error", terms.permissions, shapes.permissions if shapes else []),
        ("prohibition", "warning", terms.prohibitions, shapes.prohibitions if shapes else []),
    ]
    for name, severity, some, boxes in rules:
        for index, rule in enumerate(some):
            yield from _contradictions_in(f"{name}[{index}]", rule, boxes[index] if boxes else None, operands, severity)
    if shapes is not None and terms.conflict != "perm":
        try:
            yield from _collisions(shapes, tolerated=terms.conflict == "prohibit")
        except Exhausted:
            return


def _contradictions_in(path: str, rule: Rule, boxes: list[Box] | None, operands: Operands, severity: Severity) -> Iterator[Problem]:
    seen: dict[Dim, tuple[str, Region]] = {}
    found = False
    for index, constraint in enumerate(rule.constraints):
        problem = _against(f"{path}.constraint[{index}]", constraint, seen, operands) if isinstance(constraint, Atomic) else None
        if problem is not None:
            found = True
            yield Problem(path=f"{path}.constraint[{index}]", what=problem, kind="contradiction", severity=severity)
    if not found and boxes == []:
        yield Problem(path=path, what="its constraints can never hold together", kind="contradiction", severity=severity)


def _against(path: str, atomic: Atomic, seen: dict[Dim, tuple[str, Region]], operands: Operands) -> str | None:
    """Return why a constraint cannot hold beside those before it on the same operand, and remember what is left of its values."""
    region, left = region_of(atomic, operands), plain(atomic.left)
    if region is None:
        return None
    if is_void(region):
        return f"{term(atomic)} can never hold"
    if is_many(left, region.sort):
        return None
    before = seen.get(Dim(left, region.sort))
    both = region if before is None else meet(before[1], region)
    if before is not None and is_void(both):
        return f"{term(atomic)} can never hold together with {before[0]}"
    seen[Dim(left, region.sort)] = (path, both)
    return None


def _collisions(shapes: _Shapes, *, tolerated: bool) -> Iterator[Problem]:
    """Say where a prohibition takes all of a permission, or some of it, which by the standard voids the policy (ODRL 2.2 IM, 2.9)."""
    holes = [box for boxes in shapes.prohibitions for box in boxes]
    met: set[int] = set()
    for index, boxes in enumerate(shapes.permissions):
        if boxes and not subtract(boxes, holes, shapes.budget):
            yield Problem(path=f"permission[{index}]", what="all that it permits is prohibited", kind="contradiction")
        elif not tolerated:
            meeting = (other for other in range(len(shapes.prohibitions)) if other not in met)
            found = [other for other in meeting if first_met(boxes, shapes.prohibitions[other], shapes.budget) is not None]
            met.update(found)
            yield from (_collision(index, other) for other in found)


def _collision(permission: int, prohibition: int) -> Problem:
    return Problem(
        path=f"prohibition[{prohibition}]",
        what=f"it speaks of what permission[{permission}] permits too; here that is prohibited, elsewhere the policy may be void",
        hint="Put constraints on the permission, so that the two never meet.",
        kind="suspicious",
        severity="warning",
    )


def _ended(terms: Terms, operands: Operands, now: datetime) -> Iterator[Problem]:
    for index, rule in enumerate(terms.permissions):
        for where, atomic in _top(f"permission[{index}].constraint", rule.constraints):
            region = region_of(atomic, operands) if plain(atomic.left) == DATE_TIME else None
            last = region.spans[-1].high if isinstance(region, Ordered) and region.spans else None
            if last is not None and last <= posix(now):
                yield Problem(path=where, what=f"{term(atomic)}: that time is over", hint="Name a later end.", kind="contradiction")


def _never(terms: Terms, operands: Operands) -> Iterator[Problem]:
    possible, why = satisfiable(terms, operands)
    if possible is False:
        yield Problem(path="permission", what=f"nobody can ever use the data under these terms: {why}", kind="contradiction")


# What is likely to be a slip.


def _suspicious(terms: Terms) -> Iterator[Problem]:
    for index, rule in enumerate(terms.permissions):
        if included(rule.action) is not None and action_includes(USE, rule.action) is False:
            yield _slip(
                f"permission[{index}].action",
                f"{quote(rule.action)} is no use, and data is released for uses alone",
                "Permit `use`, or one of the actions that it contains.",
            )
        for number, duty in enumerate(rule.duties):
            if plain(duty.action) == DELETE:
                yield _slip(
                    f"permission[{index}].duty[{number}]",
                    "a duty of a permission is done before the use, so the data would have to be deleted before it is used",
                    "Make it an obligation of the policy.",
                )
    for path, rule, _owed in _all_rules(terms):
        for where, atomic in _atomics(f"{path}.constraint", (*rule.constraints, *rule.refinements)):
            yield from _slips(where, atomic)


def _slips(path: str, atomic: Atomic) -> Iterator[Problem]:
    texts = [item.get("@value") if isinstance(item, dict) else item for item in typed(atomic) or ()]
    if plain(atomic.left) == DATE_TIME and any(isinstance(text, str) and read_when(text) and not _has_zone(text) for text in texts):
        yield _slip(path, f"{term(atomic)} has no time zone, and is read as UTC", "Write Z, or an offset such as +01:00.")
    if plain(atomic.left) == VOLUME and atomic.unit is None and any(isinstance(item, str) for item in _items(atomic)):
        hint = 'Write a unit: {"@value": "10", "@type": "urn:hanse:odrl:unit:GB"}.'
        yield _slip(path, f"{term(atomic)} has no unit, and is read as bytes", hint)


def _slip(path: str, what: str, hint: str) -> Problem:
    return Problem(path=path, what=what, hint=hint, kind="suspicious", severity="warning")


def _has_zone(text: str) -> bool:
    """Tell whether a moment or day ends with a time zone."""
    return text.endswith("Z") or (text[-6:-5] in ("+", "-") and text[-3:-2] == ":")


# Walking.


def _items(atomic: Atomic) -> Iterable[object]:
    return atomic.right if isinstance(atomic.right, list) else [atomic.right]


def _all_rules(terms: Terms) -> Iterator[tuple[str, Rule, bool]]:
    """Return (path, rule, whether it is owed) for every rule at all levels."""
    for name, rules, owed in (
        ("permission", terms.permissions, False),
        ("prohibition", terms.prohibitions, False),
        ("obligation", terms.obligations, True),
    ):
        for index, rule in enumerate(rules):
            yield from _with_owed(f"{name}[{index}]", rule, owed=owed)


def _with_owed(path: str, rule: Rule, *, owed: bool) -> Iterator[tuple[str, Rule, bool]]:
    yield path, rule, owed
    for name, rules in (("duty", rule.duties), ("consequence", rule.consequences), ("remedy", rule.remedies)):
        for index, one in enumerate(rules):
            yield from _with_owed(f"{path}.{name}[{index}]", one, owed=True)


def _top(path: str, constraints: Sequence[Constraint]) -> Iterator[tuple[str, Atomic]]:
    return ((f"{path}[{index}]", one) for index, one in enumerate(constraints) if isinstance(one, Atomic))


def _atomics(path: str, constraints: Sequence[Constraint]) -> Iterator[tuple[str, Atomic]]:
    for index, constraint in enumerate(constraints):
        where = f"{path}[{index}]"
        if isinstance(constraint, Logical):
            yield from _atomics(f"{where}.{constraint.operator}", constraint.operands)
        else:
            yield where, constraint
