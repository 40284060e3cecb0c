"""Decisions and refusals in words: by which rules, on which facts, what is unknown, and what would help."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.facts import Done
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import (
    APPLICATION,
    ARTIFACT_STATE,
    CLAIM,
    CLASSIFICATION,
    CONSENT,
    CREDENTIAL,
    ENVIRONMENT,
    EVENT,
    MEMBERSHIP,
    ORIGIN,
    PAID,
    PARTICIPANT_LOCATION,
    PURPOSE,
    QUALITY,
    RECIPIENT,
    RISK,
    ROLE,
    SECURITY_LEVEL,
    SPATIAL,
    plain,
)
from hanse.odrl.report import Finding, Report, RuleReport
from hanse.odrl.say.grammar import Grammar
from hanse.odrl.say.language import fill
from hanse.odrl.say.languages import language_of
from hanse.odrl.say.phrases import joined
from hanse.odrl.say.shown import say_fact
from hanse.odrl.say.terms import say_id
from hanse.odrl.say.values import say_moment
from hanse.odrl.words import quote

_STEP = re.compile(r"\.?([A-Za-z]+)\[([0-9]+)\]")
_SCOPES = ("target", "assignee", "assigner")
_TRUTHS = {True: "yes", False: "no", None: "unknown"}
_MEMBERS = {
    "permission": "permissions", "prohibition": "prohibitions", "obligation": "obligations", "duty": "duties",
    "consequence": "consequences", "remedy": "remedies",
}  # fmt: skip
_WHO_TELLS = {
    **dict.fromkeys((ROLE, CREDENTIAL, MEMBERSHIP, PARTICIPANT_LOCATION), "credential"),
    **dict.fromkeys((PURPOSE, SPATIAL, APPLICATION, ENVIRONMENT, SECURITY_LEVEL, RECIPIENT), "consumer"),
    **dict.fromkeys((EVENT, CONSENT, PAID, CLASSIFICATION, ARTIFACT_STATE, ORIGIN, QUALITY, RISK), "provider"),
}
"""Who can tell what is missing: a credential of the party that asks, that party itself, or the provider."""
_MOST = 3
"""Rules, and reasons of each, that a refusal names."""


def say_report(
    report: Report, language: str = "en", *, now: datetime | None = None, terms: Terms | None = None, operands: Operands = BUILT_IN
) -> list[str]:
    """Return a decision in sentences: the answer, then each rule with what it rests on, then what would help.

    With `now` facts have an age, else the moment at which they were observed; with the `terms` duties are said by what they are, else
    by their place. Raises `Invalid` for a language that is not there.
    """
    teller = _Teller(Grammar(language_of(language), operands), now, terms)
    return list(teller.report(report))


def say_refusal(
    report: Report, language: str = "en", *, now: datetime | None = None, terms: Terms | None = None, operands: Operands = BUILT_IN
) -> str:
    """Return in one sentence why it is refused, at most three rules with at most three reasons each: for errors and logs.

    Parameters as in `say_report`. Of what is permitted it says so.
    """
    return _Teller(Grammar(language_of(language), operands), now, terms).refusal(report)


def say_badge(badge: Badge, language: str = "en") -> str:
    """Return how far a term is kept, in words."""
    return language_of(language).words[f"badge {badge.value}"]


class _Node(Struct):
    """A finding with those of the constraints that it joins."""

    finding: Finding
    members: list[_Node] = []


def _tree(findings: Sequence[Finding]) -> list[_Node]:
    """Put findings into each other as their paths say; a joined one comes before its members."""
    top: list[_Node] = []
    above: list[_Node] = []
    for finding in findings:
        node = _Node(finding)
        while above and not finding.path.startswith(f"{above[-1].finding.path}."):
            above.pop()
        (above[-1].members if above else top).append(node)
        if finding.logical is not None:
            above.append(node)
    return top


class _Teller:
    def __init__(self, grammar: Grammar, now: datetime | None, terms: Terms | None) -> None:
        self._grammar = grammar
        self._language = grammar.language
        self._words = grammar.language.words
        self._now = now
        self._terms = terms

    def report(self, report: Report) -> Iterator[str]:
        yield f"{self._headline(report)}."
        yield from (f"{self._beyond(one)}." for one in report.beyond)
        for rule in report.rules:
            said = [one for node in _tree(rule.findings) if (one := self._finding(node))]
            yield f"[{_id(rule)}] {self._verdict(rule)}{self._words['colon'] if said else ''}{self._words['semicolon'].join(said)}."
        helping = [self._help(need) for need in sorted(report.missing)]
        if helping and not report.permitted:
            yield fill(self._words["help"], {"{}": self._words["semicolon"].join(helping)})
        if report.valid_until is not None:
            yield fill(self._words["until"], {"{}": say_moment(report.valid_until, self._language)})

    def refusal(self, report: Report) -> str:
        if report.permitted:
            return f"{self._headline(report)}."
        deciding = [rule for rule in report.rules if rule.id in report.decided_by]
        parts = [*map(self._beyond, report.beyond), *map(self._against, deciding[:_MOST])]
        if len(deciding) > _MOST:
            parts.append(self._more(len(deciding) - _MOST))
        why = self._words["colon"] + self._words["semicolon"].join(parts) if parts else self._words["no rule"]
        return f"{self._words['refused']}{why}."

    def _headline(self, report: Report) -> str:
        kinds = {rule.kind for rule in report.rules if rule.id in report.decided_by}
        ids = joined([f"[{_id(rule)}]" for rule in report.rules if rule.id in report.decided_by], self._language.and_) if kinds else ""
        if report.permitted:
            return fill(self._words["permitted by"], {"{}": ids}) if ids else self._words["not forbidden"]
        if report.beyond or not kinds:
            return self._words["refused"] + ("" if report.beyond else self._words["no rule"])
        return self._words["refused"] + (self._words["no permission"] if kinds == {"permission"} else fill(self._words["by"], {"{}": ids}))

    def _beyond(self, what: str) -> str:
        name, _, iri = what.partition(" ")
        template = self._words.get(f"beyond {name}")
        return quote(what) if template is None else fill(template, {"{}": quote(iri)})

    def _verdict(self, rule: RuleReport) -> str:
        return self._words[f"{rule.kind} {_TRUTHS[rule.truth]}"]

    def _against(self, rule: RuleReport) -> str:
        """Return what a rule comes to, with what made it so: where something does not hold, what is unknown no longer matters.

        Where only a duty is open, it does: whoever sees to that should know what else is asked for.
        """
        nodes = [node for node in _tree(rule.findings) if node.finding.truth is rule.truth]
        if rule.truth is False and all(node.finding.part == "duty" for node in nodes):
            nodes = [node for node in _tree(rule.findings) if not node.finding.truth]
        said = [one for node in nodes if (one := self._finding(node))]
        more = [self._more(len(said) - _MOST)] if len(said) > _MOST else []
        because = self._words["because"] + joined([*said[:_MOST], *more], self._language.and_) if said else ""
        return f"[{_id(rule)}] {self._verdict(rule)}{because}"

    def _more(self, number: int) -> str:
        return fill(self._words["more"], {"{}": str(number)})

    def _finding(self, node: _Node) -> str:
        finding = node.finding
        if finding.part == "duty":
            template = self._words.get(f"duty {finding.why or _state(finding)}", self._words["duty missing"])
            return fill(template, {"{}": self._duty(finding.path)}) + self._fact(finding, known=False)
        if finding.part == "action":
            return "" if finding.truth else self._words[f"action {_TRUTHS[finding.truth]}"] + self._asked(finding)
        if finding.part in _SCOPES:
            if finding.truth:
                return ""
            template = self._words.get(f"party {finding.why or 'no'}", self._words["party missing"])
            return fill(template, {"{}": self._words[f"the {finding.part}"]}) + self._asked(finding)
        said = fill(self._words[_TRUTHS[finding.truth]], {"{}": self._clause(node)})
        return said + (self._fact(finding) if finding.logical is None else "")

    def _clause(self, node: _Node) -> str:
        finding = node.finding
        if finding.logical is not None:
            return f"{self._language.joined[finding.logical]}[{'; '.join(map(self._finding, node.members))}]"
        return self._grammar.say_constraint(finding.atomic) if finding.atomic else _place(finding.path)

    def _fact(self, finding: Finding, *, known: bool = True) -> str:
        """Return what it rests on, or why it is unknown, in brackets."""
        if finding.fact is None or not finding.fact.source:
            why = self._words.get(f"why {finding.why}", "") if known else ""
            return f" ({why})" if why else ""
        why = self._words.get(f"why {finding.why}", "") if known and finding.truth is None else ""
        said = say_fact(finding.fact, self._language, self._now, value=known)
        return f" ({why}{self._words['apart'] if why else ''}{said})"

    def _asked(self, finding: Finding) -> str:
        asked = finding.fact.value if finding.fact else None
        return f" ({self._grammar.say_action(str(asked)) if finding.part == 'action' else quote(str(asked))})" if asked is not None else ""

    def _duty(self, path: str) -> str:
        rule = _at(self._terms, path) if self._terms else None
        return _place(path) if rule is None else f"{self._grammar.say_rule('obligation', rule)} [{_place(path)}]"

    def _help(self, need: str) -> str:
        name = plain(need)
        subject = self._language.subjects.get(name, quote(need)) if not name.startswith((CLAIM, QUALITY)) else quote(need)
        return subject + self._words.get(f"from {_WHO_TELLS.get(name, '')}", "")


def _state(finding: Finding) -> str:
    """Return why a duty does not stand in the way: it is done, not due yet, or not owed at all."""
    state = finding.fact.value if finding.fact else None
    return "done" if state is Done.FULFILLED else "pending" if state is Done.PENDING else "idle"


def _steps(path: str) -> list[tuple[str, int]]:
    return [(name, int(index)) for name, index in _STEP.findall(path)]


def _place(path: str) -> str:
    """Return a place as ids are written: `permission[0].duty[1]` is `permission 1, duty 2`."""
    return ", ".join(f"{name} {index + 1}" for name, index in _steps(path))


def _id(rule: RuleReport) -> str:
    return say_id(rule.kind, _steps(rule.path)[0][1], None if rule.id == rule.path else rule.id)


def _at(terms: Terms, path: str) -> Rule | None:
    """Return the rule at a path, `None` when the terms have none there: then they are not those that were decided."""
    here: Terms | Rule = terms
    for name, index in _steps(path):
        rules: Sequence[Rule] = getattr(here, _MEMBERS.get(name, ""), ())
        if index >= len(rules):
            return None
        here = rules[index]
    return here if isinstance(here, Rule) else None
