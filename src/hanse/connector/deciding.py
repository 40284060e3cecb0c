"""Where uses are decided and counted, as the connector sees it. `app.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Contract, Negotiation, Transfer
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Badge
from hanse.odrl.model import Terms


class Usage(Protocol):
    """The one place where a use is decided and counted. Answers are sentences that say why not; an empty one permits.

    A transfer is one use from its request to its end, however often it is resumed.
    """

    def prospect(self, tx: ConnectorTx, negotiation: Negotiation) -> str:
        """Provider, before it agrees: tell why the peer could never use the data under the terms on the table."""
        ...

    def admit(self, tx: ConnectorTx, contract: Contract, transfer: Transfer) -> str:
        """Provider, at the request: decide the use, and reserve it in this transaction."""
        ...

    def again(self, tx: ConnectorTx, contract: Contract, transfer: Transfer) -> str:
        """Provider, at every start: decide a use that was admitted."""
        ...

    def refused(self, tx: ConnectorTx, contract: Contract, transfer: Transfer, sentence: str) -> None:
        """Write down that the use was refused."""
        ...

    def agreed(self, tx: ConnectorTx, contract: Contract) -> None:
        """Either side: the agreement is final; what it owes later is watched from now on."""
        ...

    def started(self, tx: ConnectorTx, transfer: Transfer) -> None:
        """Consumer: count the use that the provider lets begin."""
        ...

    def ended(self, tx: ConnectorTx, transfer: Transfer, reason: str) -> None:
        """Either side: the transfer is over; a use without a byte no longer counts."""
        ...

    def agreement_ended(self, tx: ConnectorTx, contract: Contract) -> None:
        """Either side: the agreement is over; what is owed after its end becomes due."""
        ...

    async def look(self, tenant: Tenant, peer: Did) -> bool:
        """Before terms are judged: find out what the peer can do to keep them; tell whether it is known to sign statements."""
        ...

    async def prepare(self, tenant: Tenant, agreement: str, peer: Did) -> None:
        """Before a decision: find out what it may depend on and somebody else knows."""
        ...

    async def announce(self, tenant: Tenant, contract_id: str, stated: Mapping[str, str]) -> None:
        """Consumer, before it asks for data: state to the provider what the terms want stated. Raises `PeerError`s and `Invalid`."""
        ...


class Badges(Protocol):
    """Tells how far the terms of an agreement would be kept."""

    def badges(self, tenant: Tenant, peer: Did, terms: Terms) -> Mapping[str, Badge]:
        """Return the badge of each term by its path, e.g. `permission[0].constraint[1]`."""
        ...
