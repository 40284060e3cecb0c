"""Many agreements, found by what is asked for and who asks.

An index by (target, action) would put all agreements about a popular target into one place; the party that asks tells them apart,
and whether an action is contained is the first and cheapest part of each rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.named import party
from hanse.odrl.deciding.compile import DEFAULT, Compiled, Settings, compile_agreement
from hanse.odrl.facts import Facts
from hanse.odrl.model import Agreement, Scope
from hanse.odrl.report import Report

_Key = tuple[str, str]


class Index:
    """Agreements, compiled. Each one stands for itself: what one forbids, another may permit."""

    def __init__(self, settings: Settings = DEFAULT, operands: Operands = BUILT_IN) -> None:
        self._settings = settings
        self._operands = operands
        self._found: dict[_Key, dict[str, Compiled]] = {}
        self._keys: dict[str, frozenset[_Key]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, agreement: Agreement) -> Compiled:
        """Compile and keep an agreement; one with the same id is replaced."""
        self.remove(agreement.id)
        compiled = compile_agreement(agreement, self._settings, self._operands)
        self._keys[agreement.id] = _keys_of(agreement)
        for key in self._keys[agreement.id]:
            self._found.setdefault(key, {})[agreement.id] = compiled
        return compiled

    def remove(self, id: str) -> None:
        """Forget an agreement, if it is there."""
        for key in self._keys.pop(id, ()):
            self._found[key].pop(id)
            if not self._found[key]:
                del self._found[key]

    def decide(self, facts: Facts) -> bool:
        """Tell whether any agreement permits the request."""
        if not facts.parts and facts.target is not None and facts.assignee is not None:
            here = self._found.get((facts.target, party(facts.assignee)))
            return here is not None and any(compiled.decide(facts) for compiled in here.values())
        return any(compiled.decide(facts) for _, compiled in self.about(facts))

    def report(self, facts: Facts) -> dict[str, Report]:
        """Return, by the agreements' ids, what each that is about this target and party says."""
        return {id: compiled.report(facts) for id, compiled in self.about(facts)}

    def about(self, facts: Facts) -> Iterator[tuple[str, Compiled]]:
        """Yield the agreements about the target and the party of the request, and about collections that they are part of."""
        if facts.target is None or facts.assignee is None:
            return
        targets = dict.fromkeys((facts.target, *facts.parts.get(facts.target, ())))
        parties = dict.fromkeys(party(one) for one in (facts.assignee, *facts.parts.get(facts.assignee, ())))
        found: dict[str, Compiled] = {}
        for key in product(targets, parties):
            found |= self._found.get(key, {})
        yield from found.items()


def _keys_of(agreement: Agreement) -> frozenset[_Key]:
    """Return under what an agreement is found: its target and party, and those that rules have of their own."""
    found = {(agreement.target, party(agreement.assignee))}
    for rule in (*agreement.terms.permissions, *agreement.terms.prohibitions):
        target = _named(rule.target) or agreement.target
        found.add((target, party(_named(rule.assignee) or agreement.assignee)))
    return frozenset(found)


def _named(scope: Scope | None) -> str | None:
    return None if scope is None else scope.id or scope.collection
