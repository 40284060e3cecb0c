"""A transfer that the provider pushes into this server's own sink (DSP 2025-1, section 9; Data Plane Signaling, section 7)."""

from __future__ import annotations

from typing import Protocol

from hanse.connector.kit import Kit
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Contract, Transfer
from hanse.connector.transfers import PUSH, Transfers
from hanse.dsp import messages as m
from hanse.dsp.messages import DataAddress, Role
from hanse.dsp.transfer import Step
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.tenant import Tenant


class Sinks(Protocol):
    """Where this server takes what is pushed to it."""

    def prepare(self, tx: ConnectorTx, transfer: Transfer) -> DataAddress:
        """Be ready to receive the transfer's data, in this transaction; return the address with its token."""
        ...


class Pushes:
    """Asks for data to be pushed here: the sink, its token and the request commit together."""

    def __init__(self, kit: Kit, transfers: Transfers, sinks: Sinks) -> None:
        self._kit = kit
        self._transfers = transfers
        self._sinks = sinks

    async def request(self, tenant: Tenant, contract_id: str, format: str, *, by: str) -> Transfer:
        """Ask for the data of a contract. Raises `NotFound`, `Conflict` (ended), `Invalid` (the format is no push)."""
        if not format.endswith(PUSH):
            raise Invalid(
                f"{format[:80]!r} is no push, so nothing goes to a sink.", where="format", rule="format", hint="HttpData-PUSH is one."
            )

        def work(tx: ConnectorTx) -> Transfer:
            contract = tx.contracts.get(tenant, contract_id)
            if contract is None or contract.role is not Role.CONSUMER:
                raise NotFound(f"There is no contract {contract_id[:80]!r} under which you may fetch data.", where="contract")
            if contract.ended is not None:
                raise Conflict(f"The agreement ended on {contract.ended:%Y-%m-%d %H:%M} UTC. {contract.end_reason}".strip(), rule="ended")
            return self._ask(tx, contract, format, by)

        return await self._kit.database.run(work)

    def _ask(self, tx: ConnectorTx, contract: Contract, format: str, by: str) -> Transfer:
        now = self._kit.clock.now()
        transfer = Transfer(
            id=self._kit.ids.new("trf"),
            tenant=contract.tenant,
            role=Role.CONSUMER,
            peer=contract.peer,
            peer_address=contract.peer_address,
            agreement_id=contract.id,
            dataset=contract.dataset,
            format=format,
            created=now,
            updated=now,
        )
        message = m.TransferRequest(
            consumer_pid=transfer.id,
            agreement_id=contract.id,
            format=format,
            callback=self._kit.own.base(contract.tenant),
            data_address=self._sinks.prepare(tx, transfer),
        )
        self._transfers.queue(tx, transfer, Step.REQUEST, message, by)
        return transfer
