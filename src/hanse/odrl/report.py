"""The one answer of this engine: permitted or not, by which rules, on which facts, and what is unknown.

It feeds the decision, the API, the audit log and the sentences. Everything in it is data; `say` turns it into words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from hanse.odrl.facts import Fact, Truth
from hanse.odrl.model import Atomic


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one constraint, refinement, duty, action, target or party of a rule.

    `path` is its place, e.g. `permission[0].constraint[1]`. `fact` is what it was decided on, if a fact was known; `why` says
    in a word why it is unknown: `missing`, `stale`, `term`, `operand`, `owed` ... ; `needs` names the left operand that is missing.
    """

    path: str
    truth: Truth
    part: Literal["constraint", "refinement", "duty", "action", "target", "assignee", "assigner"] = "constraint"
    atomic: Atomic | None = None
    fact: Fact | None = None
    why: str = ""
    needs: str = ""


class RuleReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one rule. `id` is its uid, else its path. `truth` tells whether it applies to the request."""

    id: str
    path: str
    kind: Literal["permission", "prohibition", "obligation"]
    action: str
    truth: Truth
    findings: tuple[Finding, ...] = ()


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer.

    `decided_by` are the ids of the rules that decided; `beyond` says what kept everything from being permitted whatever the
    rules say: `profile IRI`, `conflict`, `void`. From `valid_until` on the answer may be another one, with time alone or because
    a fact grows stale; `None`: time alone changes nothing.
    """

    permitted: bool
    rules: tuple[RuleReport, ...] = ()
    decided_by: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    valid_until: datetime | None = None

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """Return every finding that is unknown in a rule that is unknown, or in any permission if nothing is permitted."""
        return tuple(f for rule in self.rules if rule.truth is None for f in rule.findings if f.truth is None)

    @property
    def missing(self) -> frozenset[str]:
        """Return the left operands whose facts are missing or stale where that kept the answer from being yes."""
        return frozenset(finding.needs for finding in self.unknown if finding.needs)
