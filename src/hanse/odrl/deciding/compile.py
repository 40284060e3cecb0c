"""Terms compiled to a decision in three values: yes, no, unknown (ODRL 2.2 IM, 2.6; strong Kleene logic). Unknown never permits.

A use is permitted when one permission holds, no prohibition holds or might hold, and no obligation stands in the way:

- A rule applies when its action contains the one that is asked for, target and parties match, all its refinements and constraints
  hold, and, for a permission, every duty is done. A prohibition applies only if all of that holds; while it might, it forbids.
- `conflict`: with `perm` a permission that holds wins over any prohibition, known or not, since the answer would be the same if it
  applied. With `prohibit` the prohibition wins. With `invalid`, which is the default, a permission and a prohibition that apply to one
  request make the policy void for it.
- `behaviour`: what no rule permits is forbidden (`closed`), or permitted unless a prohibition applies or might apply (`open`).
- An obligation that is violated, or of which nothing is known, blocks everything; one that is pending or fulfilled does not. A
  remedy is owed after a prohibition was broken and is never a licence to break it: it has no part in the decision.
- A profile that is not known, a parent policy that has not been copied in, no rule at all, or too much of everything: nothing is permitted.

No text of a policy is executed: terms become closures over values that were read from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hanse.odrl.constraints.base import Operands, Test
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.deciding.duties import Owed
from hanse.odrl.deciding.parts import ActionPart, Leaf, Part, ScopePart, Who, all_of, constraint_parts, every
from hanse.odrl.facts import Facts, Truth
from hanse.odrl.model import Agreement, Atomic, Conflict, Constraint, Logical, Rule, Scope, Terms
from hanse.odrl.names import KNOWN_PROFILES
from hanse.odrl.report import Finding, Report, RuleReport

MAX_DEPTH = 32
"""Rules and constraints that are nested deeper are not compiled."""
MAX_NODES = 50_000
"""A policy of more rules, constraints and right operands is not compiled."""

RuleKind = Literal["permission", "prohibition", "obligation"]


class Settings(Struct, frozen=True, kw_only=True):
    """How the standard is read where it can be read in two ways; the defaults are the W3C reading.

    `duty_semantics`: with `w3c` a permission holds once its duties are fulfilled (ODRL 2.2 IM, 2.6.3); with `advise` it holds until
    one of them is violated. `behaviour` and `conflict` (used when the policy names none) are explained above.
    """

    duty_semantics: Literal["w3c", "advise"] = "w3c"
    behaviour: Literal["closed", "open"] = "closed"
    conflict: Conflict = "invalid"


DEFAULT = Settings()


class CompiledRule:
    """One rule, ready to be decided."""

    __slots__ = ("action", "id", "kind", "parts", "path", "test")

    def __init__(self, path: str, kind: RuleKind, rule: Rule, parts: Sequence[Part]) -> None:
        self.id = rule.uid or path
        self.path = path
        self.kind = kind
        self.action = rule.action
        self.test: Test = every([part.test for part in parts])
        self.parts = parts

    def look(self, facts: Facts) -> RuleReport:
        """Decide every part of it."""
        findings: list[Finding] = []
        truth = all_of([part.look(facts, findings) for part in self.parts])
        return RuleReport(id=self.id, path=self.path, kind=self.kind, action=self.action, truth=truth, findings=tuple(findings))


class Compiled:
    """Terms, ready to be decided any number of times."""

    def __init__(self, rules: Sequence[CompiledRule], beyond: tuple[str, ...], conflict: Conflict, *, opened: bool) -> None:
        self._rules = tuple(rules)
        self._beyond = beyond
        self._conflict = conflict
        self._open = opened
        self._permissions, self._prohibitions, self._obligations = (
            tuple(rule.test for rule in rules if rule.kind == kind) for kind in ("permission", "prohibition", "obligation")
        )

    @cached_property
    def _timed(self) -> tuple[Leaf, ...]:
        leaves = (leaf for rule in self._rules for part in rule.parts for leaf in part.leaves())
        return tuple(leaf for leaf in leaves if not leaf.never)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names of the facts that can decide these terms."""
        return frozenset(need for leaf in self._timed for need in (leaf.operand.needs if leaf.operand else ()))

    def decide(self, facts: Facts) -> bool:
        """Tell whether the request is permitted."""
        if self._beyond:
            return False
        for test in self._obligations:
            if test(facts) is not True:
                return False
        held = self._held(facts)
        if self._prohibitions and not (held and self._conflict == "perm"):
            return (held or self._open) and all(test(facts) is False for test in self._prohibitions)
        return held or self._open

    def _held(self, facts: Facts) -> bool:
        for test in self._permissions:  # noqa: SIM110 - twice as fast as any()
            if test(facts) is True:
                return True
        return False

    def report(self, facts: Facts) -> Report:
        """Tell whether the request is permitted, with what came of every part of every rule."""
        rules = tuple(rule.look(facts) for rule in self._rules)
        held = [rule.id for rule in rules if rule.kind == "permission" and rule.truth is True]
        forbid = [rule for rule in rules if rule.kind == "prohibition" and rule.truth is not False]
        blocked = [rule.id for rule in rules if rule.kind == "obligation" and rule.truth is not True]
        if held and self._conflict == "perm":
            forbid = []
        void = self._conflict == "invalid" and bool(held) and any(rule.truth is True for rule in forbid)
        against = blocked + [rule.id for rule in forbid]
        permitted = not (self._beyond or against) and (bool(held) or self._open)
        silent = [rule.id for rule in rules if rule.kind == "permission"]
        deciding = held if permitted else held + against if void else () if self._beyond else against or silent
        return Report(
            permitted=permitted,
            rules=rules,
            decided_by=tuple(deciding),
            beyond=(*self._beyond, "conflict") if void else self._beyond,
            valid_until=self.valid_until(facts),
        )

    def valid_until(self, facts: Facts) -> datetime | None:
        """Return from when on the answer may be another one, with time alone or because a fact grows stale; `None`: never."""
        now, known = facts.now, facts.known
        turns = [fact.expires for need in self.needs if (fact := known.get(need)) is not None and fact.expires is not None]
        for leaf in self._timed:
            turns += leaf.boundaries(facts)
        return min((moment for moment in turns if moment > now), default=None)


def compile_terms(terms: Terms, settings: Settings = DEFAULT, operands: Operands = BUILT_IN) -> Compiled:
    """Return `terms` ready to be decided. Never raises for what a policy says: what cannot be decided is unknown when it is asked."""
    conflict = terms.conflict or settings.conflict
    too = _too_much(terms)
    if too:
        return Compiled((), (too,), conflict, opened=False)
    rules = [
        *_rules("permission", terms.permissions, settings, operands),
        *_rules("prohibition", terms.prohibitions, settings, operands),
        *(
            CompiledRule(path, "obligation", rule, [Owed(path, rule, operands, pending=True, missing=None)])
            for path, rule in _paths("obligation", terms.obligations)
        ),
    ]
    return Compiled(rules, tuple(_beyond(terms)), conflict, opened=settings.behaviour == "open")


def compile_agreement(agreement: Agreement, settings: Settings = DEFAULT, operands: Operands = BUILT_IN) -> Compiled:
    """Return an agreement ready to be decided: its target and its assignee hold for every rule that has none of its own."""
    target, assignee = Scope(id=agreement.target), Scope(id=agreement.assignee)

    def whole(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(replace(rule, target=rule.target or target, assignee=rule.assignee or assignee) for rule in rules)

    terms = agreement.terms
    return compile_terms(replace(terms, permissions=whole(terms.permissions), prohibitions=whole(terms.prohibitions)), settings, operands)


def _rules(kind: RuleKind, rules: tuple[Rule, ...], settings: Settings, operands: Operands) -> Iterator[CompiledRule]:
    lenient: Truth = True if settings.duty_semantics == "advise" else None
    for path, rule in _paths(kind, rules):
        parts: list[Part] = [ActionPart(path, rule.action), *_scopes(path, rule, operands)]
        parts += constraint_parts(f"{path}.refinement", rule.refinements, operands, "refinement")
        parts += constraint_parts(f"{path}.constraint", rule.constraints, operands)
        # What a prohibition owes, whatever it is called, is a remedy: were it a condition, not doing it would lift the prohibition.
        duties = rule.duties if kind == "permission" else ()
        parts += [Owed(where, duty, operands, pending=lenient is True, missing=lenient) for where, duty in _paths(f"{path}.duty", duties)]
        yield CompiledRule(path, kind, rule, parts)


def _scopes(path: str, rule: Rule, operands: Operands) -> Iterator[Part]:
    scopes: tuple[tuple[Who, Scope | None], ...] = (
        ("target", rule.target),
        ("assignee", rule.assignee),
        ("assigner", rule.assigner),
    )
    return (ScopePart(path, who, scope, operands) for who, scope in scopes if scope is not None)


def _paths(name: str, rules: tuple[Rule, ...]) -> Iterator[tuple[str, Rule]]:
    return ((f"{name}[{index}]", rule) for index, rule in enumerate(rules))


def _beyond(terms: Terms) -> Iterator[str]:
    """Yield what keeps everything from being permitted, whatever the rules say (ODRL 2.2 IM, 2.8 and 4)."""
    yield from (f"profile {one}" for one in terms.profile if one not in KNOWN_PROFILES)
    yield from (f"inherits {one}" for one in terms.inherits)
    if not (terms.permissions or terms.prohibitions or terms.obligations):
        yield "empty"


def _too_much(terms: Terms) -> str:
    """Return what there is too much of, `depth` or `size`; looked at without recursion."""
    waiting: list[tuple[Rule | Constraint | Scope, int]] = [
        (rule, 1) for rule in chain(terms.permissions, terms.prohibitions, terms.obligations)
    ]
    nodes = 0
    while waiting:
        node, depth = waiting.pop()
        inner = _inner(node)
        nodes += 1 + (len(node.right) if isinstance(node, Atomic) and isinstance(node.right, list) else 0)
        if depth > MAX_DEPTH:
            return "depth"
        if nodes + len(inner) > MAX_NODES:
            return "size"
        waiting += [(one, depth + 1) for one in inner]
    return ""


def _inner(node: Rule | Constraint | Scope) -> Sequence[Rule | Constraint | Scope]:
    if isinstance(node, Atomic):
        return ()
    if isinstance(node, Logical):
        return node.operands
    if isinstance(node, Scope):
        return node.refinements
    scopes = [scope for scope in (node.target, node.assigner, node.assignee) if scope is not None]
    return [*scopes, *node.refinements, *node.constraints, *node.duties, *node.consequences, *node.remedies]
