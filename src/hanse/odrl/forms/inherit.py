"""What a policy inherits from others (ODRL 2.2 IM, 2.8): their rules, and what they share with all their rules."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import Bounds, Limits
from hanse.odrl.forms.compose import Policy, Shared, atomic, roles_of, size_of, unique
from hanse.odrl.model import Conflict, Rule, Terms

MAX_PARENTS = 256
LIMITS = Limits(rules=4096, constraints=4096, values=65_536)


def inherit_terms(terms: Terms, parents: Mapping[str, Terms]) -> Terms:
    """Return `terms` with all that they inherit, by uid, from `parents`; as `inherit`, without anything shared."""
    whole = {uid: Policy(uid, "Set", parent) for uid, parent in parents.items()}
    return inherit(Policy(None, "Set", terms), whole).terms


def inherit(policy: Policy, parents: Mapping[str, Policy]) -> Policy:
    """Return `policy` with the rules of all its ancestors, each once, after its own; it inherits nothing any more.

    What any of them shares with its rules all rules get. Several different strategies for conflicts make the policy void where
    rules conflict (2.9), which is what `invalid` says. Raises `Invalid` for a parent that is not in `parents`, for a circle,
    and over `MAX_PARENTS` ancestors or `LIMITS.rules` rules.
    """
    family = [policy, *_ancestors(policy, parents)]
    shared = Shared()
    for one in family:
        shared = shared.join(one.shared)
    bounds = Bounds(LIMITS)
    terms = Terms(
        permissions=_spread([rule for one in family for rule in one.terms.permissions], shared, bounds),
        prohibitions=_spread([rule for one in family for rule in one.terms.prohibitions], shared, bounds),
        obligations=_spread([rule for one in family for rule in one.terms.obligations], shared, bounds),
        profile=tuple(dict.fromkeys(profile for one in family for profile in one.terms.profile)),
        conflict=_conflict(family),
    )
    bounds.check(size_of(terms), "inheritFrom")
    return Policy(policy.uid, policy.kind, terms, shared)


def _ancestors(policy: Policy, parents: Mapping[str, Policy]) -> list[Policy]:
    """Return all ancestors, nearest line first, each once, although several lines may lead to it."""
    found: dict[str, Policy] = {}
    line: list[str] = [policy.uid] if policy.uid is not None else []

    # Not recursive, so that the depth is bounded by MAX_PARENTS alone. An entry is a parent to visit, or the end of its visit.
    waiting: list[tuple[str, bool]] = [(uid, False) for uid in reversed(policy.terms.inherits)]
    while waiting:
        uid, ended = waiting.pop()
        if ended:
            line.pop()
            continue
        if uid in line:
            raise Invalid("Policies inherit from each other in a circle.", where="inheritFrom", rule="policy-circle", hint=f"See {uid}.")
        if uid in found:
            continue
        found[uid] = _parent(uid, parents)
        if len(found) > MAX_PARENTS:
            raise Invalid(f"A policy inherits from at most {MAX_PARENTS} others.", where="inheritFrom", rule="policy-size")
        line.append(uid)
        waiting.append((uid, True))
        waiting += [(one, False) for one in reversed(found[uid].terms.inherits)]
    return list(found.values())


def _parent(uid: str, parents: Mapping[str, Policy]) -> Policy:
    if uid not in parents:
        raise Invalid(
            "A policy that this one inherits from is not here, and nothing is ever fetched.",
            where="inheritFrom",
            rule="policy-parent",
            hint=f"Add {uid}.",
        )
    return parents[uid]


def _spread(rules: list[Rule], shared: Shared, bounds: Bounds) -> tuple[Rule, ...]:
    """Return the rules, each with what is shared. Those that became several are kept once: what they came from was one rule already."""
    whole: list[Rule] = []
    several: list[Rule] = []
    for rule in rules:
        found = atomic(rule, roles_of(rule).join(shared))
        for _ in found:
            bounds.count_rule("inheritFrom")
        (whole if len(found) == 1 else several).extend(found)
    return (*whole, *unique(several))


def _conflict(family: list[Policy]) -> Conflict | None:
    named = {one.terms.conflict for one in family if one.terms.conflict is not None}
    return "invalid" if len(named) > 1 else next(iter(named), None)
