"""A left operand as a plug-in brings it: one function decides; where the fact comes from, how far it is kept, and its sentences are said.

`docs/howto/add-a-constraint.md` shows one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Operand, Test
from hanse.odrl.constraints.regions import Region
from hanse.odrl.facts import Fact, Facts, Truth
from hanse.odrl.model import OPERATORS, Atomic
from hanse.odrl.names import HANSE

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]{1,300}")
_TAKEN = ("odrl:", "http://www.w3.org/ns/odrl/", HANSE)
_OPERAND = ("name", "needs", "badge", "sentences", "problem", "compile", "boundaries", "region")


@runtime_checkable
class Observing(Protocol):
    """An operand that finds its fact itself. Decisions ask it each time; it must be quick, and wait for nobody."""

    def observe(self, facts: Facts) -> Fact | None:
        """Return the fact about this request, `None` when it is not known. What it raises counts as not known."""
        ...


class PluggedConstraint(Struct, frozen=True, kw_only=True):
    """A left operand made of one function.

    `name` is an absolute IRI of whoever makes it, because only such a name travels. `decide(value, atomic)` gets the value of the
    fact and the constraint as it was written, and returns whether it holds; `None` is unknown. `operators` are those that it
    understands. `source` finds the fact; without one it is what an operator, a hook or the consumer's signed statement says.
    `wrong(atomic)` returns why a right operand makes no sense. `sentences` are per language and operator, with `{}` for the value.
    """

    name: str
    decide: Callable[[object, Atomic], Truth]
    operators: frozenset[str]
    sentences: Mapping[str, Mapping[str, str]]
    badge: Badge = Badge.DECLARED
    source: Callable[[Facts], Fact | None] | None = None
    wrong: Callable[[Atomic], str | None] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the name of its fact."""
        return (self.name,)

    def observe(self, facts: Facts) -> Fact | None:
        """Return the fact that its source finds."""
        return None if self.source is None else self.source(facts)

    def problem(self, atomic: Atomic) -> str | None:
        """Return why this constraint can never be decided."""
        if atomic.operator not in self.operators:
            return f"{self.name} does not know the operator {atomic.operator}"
        return None if self.wrong is None else self.wrong(atomic)

    def compile(self, atomic: Atomic) -> Test:
        """Return the test: the function, asked with a fact that is there and fresh."""
        name, decide = self.name, self.decide

        def test(facts: Facts) -> Truth:
            fact = facts.known.get(name)
            if fact is None or (fact.expires is not None and fact.expires <= facts.now):
                return None
            try:
                truth = decide(fact.value, atomic)
            except Exception:  # noqa: BLE001 - a stranger's function that fails knows nothing, and unknown never permits
                return None
            return truth if truth is True or truth is False else None

        return test

    def boundaries(self, atomic: Atomic, facts: Facts) -> tuple[datetime, ...]:
        """Return when its fact grows stale."""
        fact = facts.known.get(self.name)
        return () if fact is None or fact.expires is None else (fact.expires,)

    def region(self, atomic: Atomic) -> Region | None:
        """Return nothing: only the function knows its values."""
        return None


def check_plugged(found: object) -> Operand:
    """Return an operand that a plug-in brought. Raises `ValueError` that says in words what it lacks."""
    lacking = [name for name in _OPERAND if not hasattr(found, name)]
    if lacking:
        raise ValueError(f"it has no {', '.join(lacking)}")
    operand: Operand = found  # type: ignore[assignment] # every member was looked for above
    name: object = operand.name
    if not isinstance(name, str) or not _IRI.fullmatch(name) or name.startswith(_TAKEN):
        raise ValueError("its name is not an absolute IRI of its own, such as https://example.org/odrl/weekday")
    badge: object = operand.badge
    if not isinstance(badge, Badge):
        raise ValueError(f"its badge is not one of {', '.join(Badge)}")
    _check_sentences(operand.sentences)
    return operand


def _check_sentences(sentences: object) -> None:
    english = sentences.get("en") if isinstance(sentences, Mapping) else None
    if not isinstance(english, Mapping) or not english:
        raise ValueError("it has no sentences in English")
    for operator, sentence in english.items():
        if operator not in OPERATORS | {"*"} or not isinstance(sentence, str) or "{}" not in sentence:
            raise ValueError("a sentence is for no operator, or has no {} for the value")
