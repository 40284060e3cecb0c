"""Fills usage's ports with the ledger and the exchange of signed statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from hanse.app.evidence import EvidenceSide
from hanse.app.usage import deal_of
from hanse.dsp.messages import Role
from hanse.evidence import kinds as k
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.exchange import Handler
from hanse.ledger.ports import LedgerTx, Parties
from hanse.ledger.records import Delivery
from hanse.odrl.facts import Fact
from hanse.odrl.names import APPLICATION, COMPENSATE, DELETE, ENVIRONMENT, INFORM, PURPOSE, SECURITY_LEVEL, SPATIAL, plain
from hanse.odrl.report import Report
from hanse.storage import Database, Tx
from hanse.usage.obligations import Obligations
from hanse.usage.openings import check_stated
from hanse.usage.ports import UsageTx
from hanse.usage.records import Deal, FactChanged, Kind, Use
from hanse.usage.uses import Uses

FIELDS: Final = {
    PURPOSE: "purpose",
    APPLICATION: "application",
    ENVIRONMENT: "environment",
    SPATIAL: "spatial",
    SECURITY_LEVEL: "security_level",
}
"""The field of a statement for each left operand."""
MAX_AGE: Final = timedelta(days=30)
"""How old a statement may be; a consumer states anew with each transfer that it asks for."""
FRESH: Final = timedelta(days=1)
AGAIN: Final = timedelta(seconds=5)
"""The pause after a look that found nothing out."""
REFUSALS: Final = 20
"""Refusals under one agreement that are written down in a minute."""
MINUTE: Final = timedelta(minutes=1)
PATIENCE: Final = 15.0
"""Seconds to wait for the provider to acknowledge a statement."""
_NO_RECEIPT: Final = frozenset({COMPENSATE, INFORM})
"""What is owed, and is not seen to by what its debtor says it has done to the data."""
_LONGEST: Final = 4_000
_MOST: Final = 60
_REMEMBERED: Final = 10_000


class SignedVoice:
    """What is stated about uses, in signed statements."""

    def __init__(self, database: Database, side: EvidenceSide, clock: Clock) -> None:
        self._database = database
        self._evidence = side.evidence
        self._peers = side.peers
        self._clock = clock
        self._failed: dict[Did, datetime] = {}

    def stated(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Mapping[str, Fact]:
        """Return the latest verified statement of the agreement's consumer, by left operand."""
        found = self._evidence.stated(cast("LedgerTx", tx), tenant, agreement) if agreement else None
        if found is None:
            return {}
        source, at = f"statement {found.entry.id} signed by {found.signer}", found.says.at
        said = {name: getattr(found.says, field) for name, field in FIELDS.items()}
        return {name: Fact(value, source, at, at + MAX_AGE) for name, value in said.items() if value is not None}

    def listens(self, tenant: Tenant, peer: Did) -> bool | None:
        """Tell whether the peer has an EvidenceService; nothing if that is not known."""
        return self._peers.known(peer)

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find that out, if it is not known; a peer whose DID document cannot be had is not asked at every request."""
        now = self._clock.now()
        if self._peers.known(peer) is not None or now < self._failed.get(peer, now):
            return
        if await self._peers.look(peer) is None:
            if len(self._failed) >= _REMEMBERED:
                self._failed.clear()
            self._failed[peer] = now + AGAIN

    async def announce(self, tenant: Tenant, agreement: str, stated: Mapping[str, str]) -> None:
        """State to the provider what is said of the use, if it takes statements and has none that says the same.

        What was stated before and is not said otherwise stays stated. Nobody signs a purpose unasked: with nothing said, nothing is
        stated. Raises `Invalid` for what cannot be stated, `Conflict` if the provider refuses the statement.
        """
        said = {name: value for name, value in check_stated(stated).items() if name in FIELDS}
        contract = await self._database.read(lambda tx: tx.contracts.get(tenant, agreement))
        if not said or contract is None or contract.role is not Role.CONSUMER or contract.ended is not None:
            return
        before = await self._database.read(lambda tx: self.stated(tx, tenant, agreement))
        latest = {name: str(fact.value) for name, fact in before.items()}
        values = latest | said
        if await self._peers.look(contract.peer) is not True or (values == latest and self._fresh(before)):
            return
        says = k.UseStated(agreement=agreement, **{FIELDS[name]: value for name, value in values.items()})  # type: ignore[arg-type]
        sent = await self._evidence.send(tenant, says)
        settled = await self._evidence.settled(tenant, sent.id, PATIENCE)
        if settled.state is Delivery.REFUSED:
            raise Conflict(f"The provider does not take the statement about the use: {settled.reason}", where="stated", rule="statement")

    def _fresh(self, stated: Mapping[str, Fact]) -> bool:
        now = self._clock.now()
        return all(fact.observed is not None and now - fact.observed < FRESH for fact in stated.values())


class LedgerBook:
    """The log of uses, in the transaction of what it tells of; and reports to providers that are to be informed."""

    def __init__(self, side: EvidenceSide, clock: Clock) -> None:
        self._ledger = side.ledger
        self._evidence = side.evidence
        self._clock = clock
        self._refused: dict[tuple[Tenant, str], tuple[datetime, int]] = {}

    def admitted(self, tx: UsageTx, deal: Deal, use: Use, report: Report | None) -> None:
        """A use was permitted."""
        facts = {} if report is None else _facts(report)
        rules = () if report is None else report.decided_by[:_MOST]
        says = k.UseBegan(agreement=deal.id, use=use.id, action=use.action, dataset=deal.target, facts=facts, rules=rules)
        self._ledger.append(cast("LedgerTx", tx), deal.tenant, says)
        if use.kind is Kind.OPENING and informs(deal):
            line = k.UseLine(use=use.id, action=use.action, at=use.reserved, purpose=use.stated.get(PURPOSE))
            self._evidence.state(
                cast("LedgerTx", tx), deal.tenant, k.UsageReport(agreement=deal.id, since=use.reserved, uses=1, lines=(line,))
            )

    def refused(self, tx: UsageTx, deal: Deal, use: Use, sentence: str) -> None:
        """A use was refused. Who asks again and again fills no disk: of one agreement a few are written down per minute."""
        if not self._room(deal):
            return
        says = k.UseRefused(agreement=deal.id, use=use.id, action=use.action, dataset=deal.target, reasons=(sentence[:_LONGEST],))
        self._ledger.append(cast("LedgerTx", tx), deal.tenant, says)

    def _room(self, deal: Deal) -> bool:
        key, now = (deal.tenant, deal.id), self._clock.now()
        since, count = self._refused.get(key, (now, 0))
        if now - since > MINUTE or now < since:
            since, count = now, 0
        if len(self._refused) >= _REMEMBERED:
            self._refused.clear()
        self._refused[key] = (since, count + 1)
        return count < REFUSALS

    def ended(self, tx: UsageTx, deal: Deal, use: Use) -> None:
        """A use is over."""
        seconds = (use.ended - use.reserved).total_seconds() if use.ended is not None else 0.0
        says = k.UseEnded(
            agreement=deal.id,
            use=use.id,
            outcome="cut" if use.reason else "completed",
            reason=use.reason[:_LONGEST],
            size=use.volume,
            seconds=max(seconds, 0.0),
        )
        self._ledger.append(cast("LedgerTx", tx), deal.tenant, says)


def informs(deal: Deal) -> bool:
    """Tell whether the consumer owes the provider word of its uses."""
    owed = [*(duty for rule in deal.terms.permissions for duty in rule.duties), *deal.terms.obligations]
    return any(plain(one.action) == INFORM for one in owed)


def attach(side: EvidenceSide, uses: Uses, obligations: Obligations, clock: Clock) -> None:
    """Let peers' receipts fulfil obligations, their reports be counted, and what they state be heard by uses that run."""

    def receipt(tx: Any, tenant: Tenant, _parties: Parties, says: k.Predicate) -> None:
        assert isinstance(says, k.Receipt)
        deal = _deal(tx, tenant, says.agreement)
        if deal is not None:
            source = f"receipt {says.id} signed by {says.by}"
            for path in _paths(deal, says):
                obligations.fulfilled(tx, tenant, deal.id, path, source)

    def report(tx: Any, tenant: Tenant, parties: Parties, says: k.Predicate) -> None:
        assert isinstance(says, k.UsageReport)
        deal = _deal(tx, tenant, says.agreement)
        if deal is None:
            return
        for line in _of_consumer(says):
            uses.note(tx, deal, _reported(deal, line))
        for path in _informed(deal):
            obligations.fulfilled(tx, tenant, deal.id, path, f"report {says.id} signed by {parties.peer}")

    stated = _heard(clock)
    side.evidence.register(k.UseStated, stated)
    side.evidence.register_own(k.UseStated, stated)
    side.evidence.register(k.Receipt, receipt)
    side.evidence.register_own(k.Receipt, receipt)
    side.evidence.register(k.UsageReport, report)


def _heard(clock: Clock) -> Handler:
    """Return what lets the uses that run be decided again on what was stated now."""

    def stated(tx: Any, tenant: Tenant, _parties: Parties, says: k.Predicate) -> None:
        cast("Tx", tx).uses.make_due(tenant, says.agreement, clock.now())
        tx.emit(FactChanged(tenant=tenant, agreement=says.agreement))

    return stated


def _deal(tx: Any, tenant: Tenant, agreement: str) -> Deal | None:
    contract = cast("Tx", tx).contracts.get(tenant, agreement)
    return None if contract is None else deal_of(contract)


def _paths(deal: Deal, says: k.Receipt) -> list[str]:
    """Return the obligations that a receipt is about: the one that it names, else every one to delete, or the first to do something else.

    Who has deleted has not masked, and a payment is for its receiver to tell.
    """
    obligations = {f"obligation[{index}]": plain(one.action) for index, one in enumerate(deal.terms.obligations)}
    deletes = says.what == "deleted"
    fitting = [path for path, action in obligations.items() if action not in _NO_RECEIPT and (action == DELETE) is deletes]
    if says.obligation:
        return [path for path in fitting if path == says.obligation]
    return fitting if deletes else fitting[:1]


def _informed(deal: Deal) -> list[str]:
    return [f"obligation[{index}]" for index, one in enumerate(deal.terms.obligations) if plain(one.action) == INFORM]


def _of_consumer(says: k.UsageReport) -> list[k.UseLine]:
    """Return what the consumer itself did: what its own users did is told, and is no use of the consumer's."""
    return [line for line in says.lines if not line.user]


def _reported(deal: Deal, line: k.UseLine) -> Use:
    return Use(
        id=f"{line.use}@{deal.peer}"[:512],
        tenant=deal.tenant,
        agreement=deal.id,
        peer=deal.peer,
        role=deal.role,
        kind=Kind.OPENING,
        action=line.action,
        stated={PURPOSE: line.purpose} if line.purpose else {},
        reserved=line.at,
        began=line.at,
        ended=line.at,
        volume=0,
    )


def _facts(report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    for rule in report.rules:
        for finding in rule.findings:
            if finding.fact is not None and finding.atomic is not None and len(found) < _MOST:
                found[plain(finding.atomic.left)[:500]] = f"{_text(finding.fact.value)} ({finding.fact.source})"[:_LONGEST]
    return found


def _text(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset | set | dict | tuple) else str(value)
