"""The end of an agreement that was final: by its own terms, by notice, or because it was broken.

It ends in one transaction with its running transfers (streams are cut as soon as that commits) and with the signed statement in
our ledger, which is sent to the other side. The other side proves it, ends its own half in the same way, and keeps it: so both
hold the statement, and both logs say why. A peer that takes no statements hears of it by the ends of its transfers.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from msgspec import structs

from hanse.connector.kit import Changed, Kit
from hanse.connector.lasting import Outlook, outlook
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Contract
from hanse.connector.transfers import Transfers
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.say import say_terms

log = logging.getLogger("hanse.ending")

How = Literal["terms", "notice", "breach"]
"""How an agreement ends."""

ENDED: Final = "ENDED"
BATCH: Final = 100
"""Agreements that are looked at in one turn of the timer."""
AGAIN: Final = timedelta(hours=1)
"""When one that could not be ended is tried again."""
MAX_REASON: Final = 1_000
_WORDS: Final[dict[How, str]] = {
    "terms": "Its time is over: by its own terms it can never permit anything again.",
    "notice": "It was ended by notice",
    "breach": "It was ended because it was broken",
}


class Herald(Protocol):
    """Keeps the signed statement of an end, and sends it to the other side (the ledger)."""

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out, before the transaction, whether the peer takes statements."""
        ...

    def tell(self, tx: ConnectorTx, contract: Contract, how: How, reason: str) -> str:
        """State it in this transaction; return the statement's id."""
        ...


class Endings:
    """Ends agreements, for every participant of this server."""

    def __init__(self, kit: Kit, transfers: Transfers, herald: Herald) -> None:
        self._kit = kit
        self._transfers = transfers
        self._herald = herald

    async def end(self, tenant: Tenant, id: str, how: How, reason: str, by: str) -> Contract:
        """End an agreement. `reason` is told to the other side, in at most 1,000 characters.

        Raises `NotFound`, `Conflict` if it has ended already, and `Invalid` without a reason.
        """
        reason = reason.strip()
        if not reason or len(reason) > MAX_REASON:
            raise Invalid(f"Say why, in 1 to {MAX_REASON} characters: the other side is told.", where="reason", rule="required")
        contract = await self._kit.database.read(lambda tx: _known(tx, tenant, id))
        await self._herald.look(tenant, contract.peer)

        def work(tx: ConnectorTx) -> Contract:
            found = _known(tx, tenant, id)
            if found.ended is not None:
                raise Conflict(f"The agreement ended on {found.ended:%Y-%m-%d %H:%M} UTC already. {found.end_reason}", rule="ended")
            return self._end(tx, found, how, f"{_WORDS[how]}: {reason}", reason, by)

        return await self._kit.database.run(work)

    def ended_by_peer(self, tx: ConnectorTx, tenant: Tenant, id: str, how: How, reason: str, statement: str) -> None:
        """End our half, because the other side has stated that it ended; if it has ended already, nothing changes."""
        contract = tx.contracts.get(tenant, id)
        if contract is None or contract.ended is not None:
            return
        why = _over(contract) if how == "terms" else f"{_WORDS[how]}: {reason}"
        self._close(tx, contract, how, f"{why.rstrip('.')}. So the other side has stated.", "peer", statement)

    async def end_due(self) -> None:
        """End what can never permit anything again with time alone; a chore of the timer.

        One that cannot be ended now is tried again in an hour: it must not keep the others waiting.
        """
        now = self._kit.clock.now()
        for contract in await self._kit.database.read(lambda tx: tx.contracts.due(now, BATCH)):
            found = outlook(contract.agreement.terms, contract.finalized, now)
            try:
                if not found.hope:
                    await self._herald.look(contract.tenant, contract.peer)
                await self._kit.database.run(lambda tx, one=contract, found=found: self._looked(tx, one, found))  # type: ignore[misc]
            except HanseError as error:
                log.warning("The agreement %s could not be ended: %s", contract.id, error.message, extra={"participant": contract.tenant})
                later = Outlook(True, now + AGAIN)
                await self._kit.database.run(lambda tx, one=contract, later=later: self._looked(tx, one, later))  # type: ignore[misc]

    async def next_due(self) -> datetime | None:
        """Return when the next agreement is to be looked at."""
        return await self._kit.database.read(lambda tx: tx.contracts.next_due())

    def _looked(self, tx: ConnectorTx, looked_at: Contract, found: Outlook) -> None:
        contract = tx.contracts.get(looked_at.tenant, looked_at.id)
        if contract is None:
            return
        if found.hope or contract.ended is not None:
            tx.contracts.put(structs.replace(contract, due=found.next))
        else:
            self._end(tx, contract, "terms", _over(contract), _WORDS["terms"], "us")

    def _end(self, tx: ConnectorTx, contract: Contract, how: How, why: str, reason: str, by: str) -> Contract:
        return self._close(tx, contract, how, why, by, self._herald.tell(tx, contract, how, reason))

    def _close(self, tx: ConnectorTx, contract: Contract, how: How, why: str, by: str, statement: str) -> Contract:
        ended = structs.replace(
            contract, ended=self._kit.clock.now(), end_reason=why, end_how=how, ended_by=by, end_statement=statement, due=None
        )
        tx.contracts.put(ended)
        self._kit.usage.agreement_ended(tx, ended)
        self._transfers.stop_all(tx, contract.tenant, contract.id, f"The agreement {contract.id} is over. {why}", by)
        tx.emit(Changed("contract", contract.tenant, contract.id, how, ENDED, by != "peer"))
        return ended


def _over(contract: Contract) -> str:
    """Say that an agreement's time is over, and in its own words why."""
    return f"{_WORDS['terms']} {' '.join(say_terms(contract.agreement.terms))}"[:MAX_REASON]


def _known(tx: ConnectorTx, tenant: Tenant, id: str) -> Contract:
    contract = tx.contracts.get(tenant, id)
    if contract is None:
        raise NotFound(f"There is no contract {id[:80]!r} here.", where="id", hint="`hanse contracts` shows yours.")
    return contract
