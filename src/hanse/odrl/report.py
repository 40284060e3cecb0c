"""The one answer of this engine: permitted or not, by which rules, on which facts, and what is unknown.

It feeds the decision, the API, the audit log and the sentences. Everything in it is data; `say` turns it into words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from hanse.odrl.facts import Fact, Truth
from hanse.odrl.model import Atomic, LogicalOperator


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one constraint, refinement, duty, action, target or party of a rule.

    `path` is its place, e.g. `permission[0].constraint[1]`. Joined constraints have a finding with their `logical` operator before
    those of their members, whose paths go on from it. `fact` is what it was decided on, if a fact was known (of a duty: its state).
    `why` says in a word why it is unknown, and of a duty, why it is not done; `needs` names the fact that is missing or stale.

    | `why` | |
    |---|---|
    | `missing` | the fact, or the state of the duty, is not known; of a collection: what is part of it |
    | `stale` | the fact was known, and has expired |
    | `value` | the fact is there and does not settle it: another unit or currency, a wider or narrower name, the wrong form |
    | `operand` | the left operand is not known |
    | `term` | the constraint itself can never be decided: its operator, or its right operand |
    | `action` | whether the one action contains the other is not known |
    | `unasked` | the request names no target or party |
    | `owed` | the duty is pending |
    | `violated` | the duty was not seen to in time |
    | `consequence` | the duty was seen to, a consequence that is owed beside it was not |
    """

    path: str
    truth: Truth
    part: Literal["constraint", "refinement", "duty", "action", "target", "assignee", "assigner"] = "constraint"
    atomic: Atomic | None = None
    fact: Fact | None = None
    why: str = ""
    needs: str = ""
    logical: LogicalOperator | None = None


class RuleReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one rule. `id` is its uid, else its path.

    `truth` tells whether a permission or a prohibition applies to the request, and whether an obligation is in order (pending, or
    done): one that is not `True` blocks everything.
    """

    id: str
    path: str
    kind: Literal["permission", "prohibition", "obligation"]
    action: str
    truth: Truth
    findings: tuple[Finding, ...] = ()


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer.

    `decided_by` are the ids of the rules that decided: the permissions that hold, or whatever forbids and blocks, or, where no
    permission holds, all of them. `beyond` says what kept everything from being permitted whatever the rules say: `profile IRI`
    (not known), `inherits IRI` (not copied in), `empty` (no rule), `depth`, `size` (too much to decide), `conflict` (a permission and
    a prohibition apply at once, and the policy is void). From `valid_until` on the answer may be another one, with time alone or because
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
