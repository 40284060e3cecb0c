"""Policies as sentences, and sentences as policies: one grammar for both, over the words of a language.

    rule      = action [only] [target] [assigner] [assignee] [if] [provided] [otherwise] [remedies]
    clause    = phrase | joined ": [" clause *("; " clause) "]"
    owed rule = action with details | "[" rule "]"

Every part begins with words that nothing before it can end with, what others wrote stands in quotes, and what is nested in brackets;
so a sentence can be read in one way only, from left to right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Literal, TypeVar, cast

from msgspec.structs import replace

from hanse.odrl.constraints.base import Operands
from hanse.odrl.forms.bounds import Bounds
from hanse.odrl.model import Atomic, Constraint, Logical, LogicalOperator, Rule, Scope
from hanse.odrl.names import plain
from hanse.odrl.say.language import Language
from hanse.odrl.say.phrases import clauses, details, joined, literal, plugged
from hanse.odrl.say.scan import Reader
from hanse.odrl.words import quote, term

Kind = Literal["permission", "prohibition", "obligation"]
T = TypeVar("T")
_ACTION = "{action}"

_PARTIES = ("target", "assigner", "assignee")
_OWED = (("duties", "provided"), ("consequences", "otherwise"), ("remedies", "remedies"))


class Grammar:
    """The grammar in one language, with the left operands of one installation."""

    def __init__(self, language: Language, operands: Operands) -> None:
        self.language = language
        self._operands = operands
        self._words = language.words
        self._clauses = clauses(language)
        self._details = details(language)
        self._plugged = plugged(operands, language)
        self._literal = literal(language)
        self._actions = _actions(language)

    # --- rules ---------------------------------------------------------------------------------------------------------

    def say_rule(self, kind: Kind, rule: Rule, form: int = 0) -> str:
        """Return a rule without its id. `form` 0 is what may or shall be done, 1 what has been done."""
        inside = self._details_of(rule) if kind == "obligation" else []
        said = self.say_action(rule.action, form, "".join(inside))
        if rule.refinements:
            said += self._filled("only", self._list(rule.refinements))
        for name in _PARTIES:
            scope: Scope | None = getattr(rule, name)
            said += self._words[name] + self._scope(scope) if scope is not None else ""
        if further := rule.constraints[len(inside) :]:
            said += self._words[f"if {kind}"] + self._list(further)
        for name, lead in _OWED:
            if owed := getattr(rule, name):
                said += self._words[lead] + joined([self._nested(one, int(name == "duties")) for one in owed], self.language.and_)
        return said

    def read_rule(self, kind: Kind, reader: Reader, form: int = 0) -> Rule:
        """Read what `say_rule` says. Raises `Invalid` when it is something else."""
        reader.bounds.count_rule(reader.where)
        action, constraints = self._read_action(reader, form, kind == "obligation")
        before, after = self._around("only")
        refinements = self._read_list(reader) if reader.take(before) else ()
        if refinements:
            reader.need(after)
        parties = {name: self._read_scope(reader) for name in _PARTIES if reader.take(self._words[name])}
        if reader.take(self._words[f"if {kind}"]):
            constraints += self._read_list(reader)
        owed = {name: self._read_owed(reader, int(name == "duties")) for name, lead in _OWED if reader.take(self._words[lead])}
        return replace(Rule(action, constraints, refinements=refinements), **parties, **owed)

    def _nested(self, rule: Rule, form: int) -> str:
        said = self.say_rule("obligation", rule, form)
        simple = Rule(rule.action, rule.constraints, uid=rule.uid) == rule and len(self._details_of(rule)) == len(rule.constraints)
        return (said if simple else f"[{said}]") + (self._filled("called", quote(rule.uid)) if rule.uid is not None else "")

    def _read_owed(self, reader: Reader, form: int) -> tuple[Rule, ...]:
        return self._series(reader, lambda: self._read_nested(reader, form))

    def _read_nested(self, reader: Reader, form: int) -> Rule:
        if reader.take("["):
            reader.deeper(1)
            rule = self.read_rule("obligation", reader, form)
            reader.deeper(-1)
            reader.need("]")
        else:
            reader.bounds.count_rule(reader.where)
            rule = Rule(*self._read_action(reader, form, True))
        return replace(rule, uid=self._read_filled("called", reader))

    # --- actions -------------------------------------------------------------------------------------------------------

    def say_action(self, action: str, form: int = 0, inside: str = "") -> str:
        """Return an action in words, with the details of a duty where they belong."""
        known = self.language.actions.get(plain(action))
        before, after = _halves(known[form] if known else self.language.other_action[form])
        return (before + inside + after) if known else before.replace(_ACTION, quote(action)) + inside + after

    def _details_of(self, rule: Rule) -> list[str]:
        said: list[str] = []
        for constraint in rule.constraints:
            atomic = constraint if isinstance(constraint, Atomic) and constraint.unit is None and constraint.data_type is None else None
            detail = self._details.say(atomic, self.language) if atomic else None
            if detail is None:
                break
            said.append(detail)
        return said

    def _read_action(self, reader: Reader, form: int, owed: bool) -> tuple[str, tuple[Constraint, ...]]:
        start, end = reader.at, -1
        best: tuple[str, tuple[Constraint, ...]] | None = None
        for before, afters in self._actions[form]:
            reader.at = start
            if not reader.take(before):
                continue
            inside = tuple(self._read_details(reader)) if owed else ()
            middle = reader.at
            for after, action in afters:
                reader.at = middle
                if reader.take(after) and reader.at > end:
                    best, end = (action, inside), reader.at
        reader.at = start
        if best is None:
            best = self._read_other_action(reader, form, owed)
        else:
            reader.at = end
        return best

    def _read_other_action(self, reader: Reader, form: int, owed: bool) -> tuple[str, tuple[Constraint, ...]]:
        before, after = _halves(self.language.other_action[form])
        first, _, rest = before.partition(_ACTION)
        reader.need(first)
        action = need_quoted(reader)
        reader.need(rest)
        inside = tuple(self._read_details(reader)) if owed else ()
        reader.need(after)
        return action, inside

    def _read_details(self, reader: Reader) -> Iterator[Atomic]:
        while (atomic := self._details.read(reader, self.language)) is not None:
            yield self._counted(atomic, reader, 1)

    # --- parties and targets -------------------------------------------------------------------------------------------

    def _scope(self, scope: Scope) -> str:
        said = quote(scope.id) if scope.id is not None else self._words["any"]
        if scope.collection is not None:
            said += self._filled("collection", quote(scope.collection))
        if scope.refinements:
            said += self._words["such"] + self._bracketed(scope.refinements)
        return said

    def _read_scope(self, reader: Reader) -> Scope:
        id = None if reader.take(self._words["any"]) else need_quoted(reader)
        before, after = self._around("collection")
        collection = None
        if reader.take(before):
            collection = need_quoted(reader)
            reader.need(after)
        refinements = self._read_bracketed(reader, 1) if reader.take(self._words["such"]) else ()
        return Scope(id, collection, refinements)

    # --- constraints ---------------------------------------------------------------------------------------------------

    def say_constraint(self, constraint: Constraint) -> str:
        """Return a constraint as a clause."""
        if isinstance(constraint, Logical):
            return self.language.joined[constraint.operator] + self._bracketed(constraint.operands)
        said = self._say_known(constraint) or self._literal.say(constraint, self.language) or term(constraint)
        for name, iri in (("unit", constraint.unit), ("type", constraint.data_type)):
            said += self._filled(name, quote(iri)) if iri is not None else ""
        return said + ("" if self._decided(constraint) else self._words["undecided"])

    def _say_known(self, atomic: Atomic) -> str | None:
        said = self._clauses.say(atomic, self.language)
        own = said is None
        if own:
            said = self._plugged.say(atomic, self.language)
        if said is None or not (own or atomic.unit is not None or atomic.data_type is not None):
            return said
        # A stranger's sentence counts only if it says this and nothing else, and so does a value whose unit stands beside it.
        reader = Reader(said, "", Bounds())
        read = self._clauses.read(reader, self.language) or self._plugged.read(reader, self.language)
        return said if read == Atomic(plain(atomic.left), atomic.operator, atomic.right) and reader.end() else None

    def read_constraint(self, reader: Reader, depth: int = 1) -> Constraint:
        """Read what `say_constraint` says. Raises `Invalid` when it is something else."""
        for operator, lead in self.language.joined.items():
            if reader.take(lead):
                reader.bounds.count_constraint(reader.where, depth)
                return Logical(cast("LogicalOperator", operator), self._read_bracketed(reader, depth + 1))
        atomic = self._clauses.read(reader, self.language) or self._plugged.read(reader, self.language)
        if atomic is None:
            raise reader.wrong()
        atomic = self._counted(atomic, reader, depth)
        unit, data_type = (self._read_filled(name, reader) for name in ("unit", "type"))
        reader.take(self._words["undecided"])
        return replace(atomic, unit=unit, data_type=data_type)

    def _decided(self, atomic: Atomic) -> bool:
        operand = self._operands.find(atomic.left)
        return operand is not None and operand.problem(atomic) is None

    def _counted(self, atomic: Atomic, reader: Reader, depth: int) -> Atomic:
        reader.bounds.count_constraint(reader.where, depth)
        reader.bounds.measure(atomic.right, reader.where, 1)
        return atomic

    def _bracketed(self, constraints: Sequence[Constraint]) -> str:
        return f"[{'; '.join(map(self.say_constraint, constraints))}]"

    def _read_bracketed(self, reader: Reader, depth: int) -> tuple[Constraint, ...]:
        reader.need("[")
        found = [self.read_constraint(reader, depth)]
        while reader.take("; "):
            found.append(self.read_constraint(reader, depth))
        reader.need("]")
        return tuple(found)

    # --- lists and templates -------------------------------------------------------------------------------------------

    def _list(self, constraints: Sequence[Constraint]) -> str:
        return joined([self.say_constraint(one) for one in constraints], self.language.and_)

    def _read_list(self, reader: Reader) -> tuple[Constraint, ...]:
        return self._series(reader, lambda: self.read_constraint(reader))

    def _series(self, reader: Reader, read: Callable[[], T]) -> tuple[T, ...]:
        found = [read()]
        while reader.take(", "):
            found.append(read())
        if reader.take(self.language.and_):
            found.append(read())
        return tuple(found)

    def _around(self, name: str) -> tuple[str, str]:
        return _halves(self._words[name])

    def _filled(self, name: str, text: str) -> str:
        return text.join(self._around(name))

    def _read_filled(self, name: str, reader: Reader) -> str | None:
        before, after = self._around(name)
        if not reader.take(before):
            return None
        found = need_quoted(reader)
        reader.need(after)
        return found


def need_quoted(reader: Reader) -> str:
    """Read a text in quotes. Raises `Invalid` when none stands here."""
    found = reader.quoted()
    if found is None:
        raise reader.wrong()
    return found


def read_id(reader: Reader, own: str) -> str | None:
    """Read the id of a rule, which ends its sentence, and return its uid; `None` if it has none, and is called `own`."""
    reader.need(" [")
    uid = None if reader.take(own) else need_quoted(reader)
    reader.need("].")
    return uid


def _halves(template: str) -> tuple[str, str]:
    before, _, after = template.partition("{}")
    return before, after


@cache
def _actions(language: Language) -> tuple[list[tuple[str, list[tuple[str, str]]]], ...]:
    """Return, for both forms, how actions begin, and for each beginning how they end."""
    tables: tuple[dict[str, list[tuple[str, str]]], ...] = ({}, {})
    for action, forms in language.actions.items():
        for form, table in enumerate(tables):
            before, after = _halves(forms[form])
            table.setdefault(before, []).append((after, action))
    return tuple(list(table.items()) for table in tables)
