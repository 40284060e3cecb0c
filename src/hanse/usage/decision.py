"""The decision point: collects the facts, asks the compiled terms, and says until when the answer holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, structs

from hanse.dsp.messages import Role
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Tenant
from hanse.odrl.constraints.plugged import Observing
from hanse.odrl.deciding.compile import Compiled, Settings, compile_terms
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import COMPENSATE, CONSENT, OBTAIN_CONSENT, PAY_AMOUNT, plain
from hanse.odrl.proofs import atomics_of
from hanse.odrl.report import Report
from hanse.usage.duties import Capabilities, paid, stale_moments, states
from hanse.usage.gather import World, known_facts
from hanse.usage.hopeful import hopeful_operands, hopeful_terms
from hanse.usage.ports import UsageTx
from hanse.usage.records import Deal, Owed, Tally, Use

KEPT: Final = 10_000
"""Agreements whose compiled terms are kept in memory, at most;"""
KEPT_BYTES: Final = 32 << 20
"""and how long their terms are together, as JSON."""

LONGEST_SENTENCE: Final = 2_000
"""Characters of a refusal."""

Words = Callable[[Terms, Report], str]
"""Says why something is refused, in one sentence or a few."""


class Answer(Struct, frozen=True, kw_only=True):
    """One decision. `sentence` says why not, empty if it is permitted.

    It holds until `valid_until`, exclusive. `due` is when time alone may turn it: what was proved by credentials ends earlier
    than that, but is proved anew by whoever lets data flow.
    """

    permitted: bool
    report: Report
    sentence: str = ""
    valid_until: datetime | None = None
    due: datetime | None = None

    @property
    def certain(self) -> bool:
        """Tell whether a refusal is one by the terms, not for want of a fact that may be known again in a moment."""
        return not self.permitted and not self.report.unknown


class _Kept(Struct, frozen=True):
    """Compiled terms, and the names of all facts that can matter to them or to what they owe."""

    terms: Terms
    compiled: Compiled
    wants: frozenset[str]
    size: int


class DecisionPoint:
    """Decides uses. One for all participants of the process; its methods run inside the caller's transaction, in any thread."""

    def __init__(self, world: World, capabilities: Capabilities, clock: Clock, words: Words, settings: Settings | None = None) -> None:
        self.capabilities = capabilities
        self._world = world
        self._clock = clock
        self._words = words
        self._settings = settings or Settings()
        self._hopeful = hopeful_operands(capabilities.operands)
        self._kept: OrderedDict[tuple[Tenant, str], _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def decide(self, tx: UsageTx, deal: Deal, use: Use, taken: Tally) -> Answer:
        """Return whether the use is permitted now. `taken` is what all uses have taken, this one counted."""
        kept = self._compiled(deal)
        facts = self._facts(tx, deal, use, taken, kept.wants)
        report = kept.compiled.report(facts)
        owed = [one.due for one in _pending(tx.owed.of_agreement(deal.tenant, deal.id)) if one.due is not None and one.due > facts.now]
        due = _earliest(report.valid_until, *owed, *stale_moments(deal.terms, facts))
        proven = self._world.peers.proven(tx, deal.tenant, deal.consumer, deal.spaces)
        ends = _earliest(due, None if proven is None or deal.role is Role.CONSUMER else proven.until)
        return self._answer(deal.terms, report, ends, due)

    def needs(self, deal: Deal) -> frozenset[str]:
        """Return the names of the facts that can decide the agreement."""
        return self._compiled(deal).wants

    def paid(self, tx: UsageTx, deal: Deal, path: str) -> str:
        """Return who has told that what is owed at `path` was paid; nothing for what is no payment, or was not."""
        owed = next((one for index, one in enumerate(deal.terms.obligations) if path == f"obligation[{index}]"), None)
        if owed is None or plain(owed.action) != COMPENSATE:
            return ""
        use = Use(id="", tenant=deal.tenant, agreement=deal.id, peer=deal.peer, role=deal.role, reserved=self._clock.now())
        facts = self._facts(tx, deal, use, tx.uses.tally(deal.tenant, deal.id), None)
        state = paid(owed, facts, self.capabilities.operands)
        return state.source if state.state is Done.FULFILLED else ""

    def prospect(self, tx: UsageTx, deal: Deal) -> Answer:
        """Return whether the peer could use the data under the terms once they are agreed on.

        What can still come true does not count against it: a time to come, a payment, a consent, an event, a statement.
        """
        now = self._clock.now()
        use = Use(id="", tenant=deal.tenant, agreement=deal.id, peer=deal.peer, role=deal.role, action=deal.action, reserved=now)
        facts = self._facts(tx, deal, use, Tally(tenant=deal.tenant, agreement=deal.id, count=1), None)
        terms = hopeful_terms(deal.terms)
        report = compile_terms(terms, self._settings, self._hopeful).report(facts)
        return self._answer(terms, report, report.valid_until, report.valid_until)

    def _facts(self, tx: UsageTx, deal: Deal, use: Use, taken: Tally, wants: frozenset[str] | None) -> Facts:
        now = self._clock.now()
        facts = Facts(
            now=now,
            action=use.action,
            target=deal.target,
            assignee=deal.consumer,
            assigner=deal.provider,
            known=known_facts(tx, self._world, deal, use, taken, now, wants),
        )
        return structs.replace(facts, known=self._observed(deal.terms, facts), duties=self._duties(tx, deal, facts))

    def _observed(self, terms: Terms, facts: Facts) -> Mapping[str, Fact]:
        """Return the facts, and those that plug-ins find themselves."""
        known = dict(facts.known)
        for atomic in atomics_of(terms):
            operand = self.capabilities.operands.find(atomic.left)
            fact = None if operand is None or operand.name in known else _observe(operand, facts)
            if operand is not None and fact is not None:
                known[operand.name] = fact
        return known

    def _duties(self, tx: UsageTx, deal: Deal, facts: Facts) -> Mapping[str, Duty]:
        def can(duty: Rule) -> bool:
            return self._world.data.can(tx, deal.tenant, deal.target, duty)

        owed = tx.owed.of_agreement(deal.tenant, deal.id) if deal.id else ()
        return states(deal, facts, self.capabilities.operands, can, owed, self.capabilities.ledger)

    def _answer(self, terms: Terms, report: Report, ends: datetime | None, due: datetime | None) -> Answer:
        sentence = "" if report.permitted else _short(self._words(terms, report))
        return Answer(permitted=report.permitted, report=report, sentence=sentence, valid_until=ends, due=due)

    def _compiled(self, deal: Deal) -> _Kept:
        key = (deal.tenant, deal.id)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.terms == deal.terms:
                self._kept.move_to_end(key)
                return kept
        compiled = compile_terms(deal.terms, self._settings, self.capabilities.operands)
        made = _Kept(deal.terms, compiled, compiled.needs | _named(deal.terms), len(msgspec.json.encode(deal.terms)))
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = made
            self._size += made.size - (before.size if before is not None else 0)
            while len(self._kept) > 1 and (len(self._kept) > KEPT or self._size > KEPT_BYTES):
                self._size -= self._kept.popitem(last=False)[1].size
        return made


def _short(sentence: str) -> str:
    """Return a sentence as long as answers and logs take it: values in it are as long as the other side likes."""
    return sentence if len(sentence) <= LONGEST_SENTENCE else f"{sentence[: LONGEST_SENTENCE - 1]}…"


def _named(terms: Terms) -> frozenset[str]:
    """Return the names that constraints have, those of duties included, and the facts that duties are done by."""
    duties = {plain(one.action) for one in (*(duty for rule in terms.permissions for duty in rule.duties), *terms.obligations)}
    by_fact = {PAY_AMOUNT} if COMPENSATE in duties else set()
    by_fact |= {CONSENT} if OBTAIN_CONSENT in duties else set()
    return frozenset(plain(one.left) for one in atomics_of(terms)) | by_fact


def _observe(operand: object, facts: Facts) -> Fact | None:
    try:
        return operand.observe(facts) if isinstance(operand, Observing) else None
    except Exception:  # noqa: BLE001 - a stranger's function that fails knows nothing, and unknown never permits
        return None


def _pending(owed: Sequence[Owed]) -> list[Owed]:
    return [one for one in owed if one.state is Done.PENDING]


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
