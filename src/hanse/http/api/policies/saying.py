"""Terms in words, one by one: each with its place and its badge, and requests that prove something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hanse.http.api.policies import structs as p
from hanse.odrl.constraints.base import Operands
from hanse.odrl.match.tell import tell_request
from hanse.odrl.match.witness import ANOTHER, Request
from hanse.odrl.model import Atomic, Constraint, Rule, Terms
from hanse.odrl.names import HANSE, USE, plain
from hanse.odrl.report import Report
from hanse.odrl.say import say_report
from hanse.odrl.say.grammar import Grammar
from hanse.odrl.say.languages import language_of
from hanse.usage.badges import Term, badges
from hanse.usage.duties import Capabilities

_RULES: Final = (("permission", "permissions"), ("prohibition", "prohibitions"), ("obligation", "obligations"))


def terms_in_words(terms: Terms, language: str, operands: Operands) -> dict[str, str]:
    """Return the words of each term by its place, such as `permission[0].constraint[1]`, in the order of the policy."""
    grammar = Grammar(language_of(language), operands)
    found: dict[str, str] = {}
    for name, field in _RULES:
        for index, rule in enumerate(getattr(terms, field)):
            path = f"{name}[{index}]"
            found |= _owed(grammar, rule, path) if name == "obligation" else dict(_rule(grammar, rule, path))
    return found


def badged(terms: Terms, language: str, capabilities: Capabilities, evidence: bool | None) -> list[p.Term]:
    """Return each term in words with its badge.

    `evidence` tells whether the other side signs statements; where that is not known yet, the badge is the lesser one, and the better
    one is said with it.
    """
    said = terms_in_words(terms, language, capabilities.operands)
    least, best = badges(terms, capabilities, evidence), badges(terms, capabilities, True if evidence is None else evidence)
    return [
        p.Term(field=one.path, sentence=said.get(one.path, one.path), badge=one.badge, why=_why(one, other))
        for one, other in zip(least, best, strict=True)
    ]


def _why(one: Term, other: Term) -> str:
    return one.why if one.badge is other.badge else f"{other.badge} by a consumer with an EvidenceService: {other.why}"


def only_in(first: Terms, second: Terms, language: str, operands: Operands) -> list[p.Change]:
    """Return the terms of the first policy that the second does not say, too."""
    left = [*terms_in_words(second, language, operands).items()]
    found: list[p.Change] = []
    for path, sentence in terms_in_words(first, language, operands).items():
        same = next((one for one in left if one[1] == sentence and _kind(one[0]) == _kind(path)), None)
        if same is None:
            found.append(p.Change(field=path, sentence=sentence))
        else:
            left.remove(same)
    return found


def example(request: Request | None) -> p.Example | None:
    """Return a request in words."""
    if request is None:
        return None
    told = tell_request(request)
    action = told.pop("action")
    return p.Example(
        action=action.removeprefix(HANSE), circumstances=[f"{left.removeprefix(HANSE)}: {_shown(text)}" for left, text in told.items()]
    )


def _shown(text: str) -> str:
    return "another one" if text == ANOTHER else text


def _kind(path: str) -> str:
    return path.partition("[")[0] + (".duty" if ".duty[" in path else "")


def _rule(grammar: Grammar, rule: Rule, path: str) -> Iterator[tuple[str, str]]:
    if plain(rule.action) != USE:
        yield f"{path}.action", grammar.say_action(rule.action)
    for part, constraints in (("constraint", rule.constraints), ("refinement", rule.refinements)):
        yield from _constraints(grammar, constraints, f"{path}.{part}")
    for index, duty in enumerate(rule.duties):
        yield from _owed(grammar, duty, f"{path}.duty[{index}]").items()


def _owed(grammar: Grammar, rule: Rule, path: str) -> dict[str, str]:
    found = {path: grammar.say_rule("obligation", rule, int(".duty[" in path))}
    for index, one in enumerate(rule.consequences):
        found[f"{path}.consequence[{index}]"] = grammar.say_rule("obligation", one)
    return found


def _constraints(grammar: Grammar, constraints: Sequence[Constraint], path: str) -> Iterator[tuple[str, str]]:
    for index, one in enumerate(constraints):
        where = f"{path}[{index}]"
        if isinstance(one, Atomic):
            yield where, grammar.say_constraint(one)
        else:
            yield from _constraints(grammar, one.operands, f"{where}.{one.operator}")


def reasons(terms: Terms, report: Report, now: datetime, language: str, operands: Operands) -> list[str]:
    """Return the answer and why it is that, in sentences."""
    return say_report(report, language, now=now, terms=terms, operands=operands)
