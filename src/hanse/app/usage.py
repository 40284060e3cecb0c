"""Builds the one place where a use is decided and counted, and fills the ports of the connector and the data plane with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol, cast

from hanse.app.bridges import place_of
from hanse.app.build import Ground
from hanse.app.changing import released_by
from hanse.connector.records import Contract, Negotiation, Transfer
from hanse.connector.transfers import PUSH, flows
from hanse.dataplane.records import Permit
from hanse.dsp.messages import Role
from hanse.dsp.transfer import State
from hanse.kernel.errors import Conflict, Forbidden, NotFound, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.facts import Fact
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import CONNECTOR, METERED_TIME, VOLUME
from hanse.odrl.report import Report
from hanse.odrl.say import say_refusal
from hanse.storage import Tx
from hanse.usage.badges import badges
from hanse.usage.decision import DecisionPoint
from hanse.usage.duties import Capabilities
from hanse.usage.gather import World
from hanse.usage.obligations import Obligations
from hanse.usage.openings import Openings
from hanse.usage.ports import Data, Hook, Ledger, NoLedger, Origin, Peers, Statements, UsageTx
from hanse.usage.records import Deal, Kind, Owed, Use
from hanse.usage.refreshing import Refreshing
from hanse.usage.telling import Telling
from hanse.usage.uses import Uses


class Voice(Statements, Protocol):
    """What is stated about uses: by peers, and by us to them."""

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out, before a transaction, whether the peer signs statements."""
        ...

    async def announce(self, tenant: Tenant, agreement: str, stated: Mapping[str, str]) -> None:
        """State to the provider what is said of the use. Raises `Conflict` if it does not take that."""
        ...


class Silence:
    """Where nobody signs statements: what only the consumer can know, the agreement itself has to say."""

    def stated(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Mapping[str, Fact]:
        """Return none."""
        return {}

    def listens(self, tenant: Tenant, peer: Did) -> bool | None:
        """Say no."""
        return False

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out nothing."""

    async def announce(self, tenant: Tenant, agreement: str, stated: Mapping[str, str]) -> None:
        """State nothing."""


class PlainData:
    """A data plane that changes nothing."""

    def can(self, tx: UsageTx, tenant: Tenant, target: str, duty: Rule) -> bool:
        """Say no."""
        return False

    def states(self, tx: UsageTx, tenant: Tenant, target: str, terms: Terms) -> frozenset[str]:
        """Return none."""
        return frozenset()

    def origin(self, tx: UsageTx, deal: Deal) -> Origin | None:
        """Return nothing."""
        return None

    def quality(self, tx: UsageTx, deal: Deal) -> Mapping[str, tuple[Decimal, ...]] | None:
        """Return nothing."""
        return None


class UsageSide:
    """Usage on that ground: the decision point, the counting, openings, and facts that are told."""

    def __init__(
        self,
        ground: Ground,
        peers: Peers,
        voice: Voice | None = None,
        ledger: Ledger | None = None,
        data: Data | None = None,
        transforms: frozenset[str] = frozenset(),
        hooks: Mapping[str, Hook] | None = None,
    ) -> None:
        clock, database, operands = ground.clock, ground.database, ground.operands
        self.voice = voice or Silence()
        self.peers = peers
        self.capabilities = Capabilities(operands=operands, transforms=transforms, ledger=ledger is not None)
        world = World(peers=peers, statements=self.voice, data=data or PlainData(), operands=operands)
        self.point = DecisionPoint(world, self.capabilities, clock, _words(operands))
        self.uses = Uses(self.point, clock, ledger or NoLedger())
        self.obligations = Obligations(clock, self._told)
        self.openings = Openings(database, self.uses, ContractDeals(), clock, ground.ids)
        self.telling = Telling(database, operands, clock)
        self.bridge = UsageBridge(ground, self)
        self.refreshing = Refreshing(
            database, self.point, ContractDeals(), hooks, clock, timedelta(seconds=ground.settings.fact_max_age_seconds)
        )
        self.permission = UsePermission(self)

    def _told(self, tx: UsageTx, owed: Owed) -> str:
        try:
            return self.point.paid(tx, ContractDeals().past(tx, owed.tenant, owed.agreement), owed.path)
        except NotFound:
            return ""

    async def listens(self, tenant: Tenant, peer: Did) -> bool | None:
        """Tell whether a peer signs statements; nothing if that cannot be found out."""
        await self.voice.look(tenant, peer)
        return self.voice.listens(tenant, peer)

    async def prepare(self, tenant: Tenant, agreement: str, peer: Did) -> None:
        """Find out, before a decision, whether the peer signs statements, and ask the hooks that the agreement depends on."""
        await self.voice.look(tenant, peer)
        await self.refreshing.refresh(tenant, agreement)


def _words(operands: Operands) -> Callable[[Terms, Report], str]:
    return lambda terms, report: say_refusal(report, terms=terms, operands=operands)


class ContractDeals:
    """Agreements as usage knows them."""

    def deal(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Deal:
        """Return an agreement that is in force. Raises `NotFound`, `Conflict`."""
        contract = _contract(tx, tenant, agreement)
        if contract.ended is not None:
            raise Conflict(f"The agreement ended on {contract.ended:%Y-%m-%d %H:%M} UTC. {contract.end_reason}".strip(), rule="ended")
        return deal_of(contract)

    def past(self, tx: UsageTx, tenant: Tenant, agreement: str) -> Deal:
        """Return an agreement, ended or not. Raises `NotFound`."""
        return deal_of(_contract(tx, tenant, agreement))


def _contract(tx: UsageTx, tenant: Tenant, agreement: str) -> Contract:
    contract = cast("Tx", tx).contracts.get(tenant, agreement)
    if contract is None:
        raise NotFound(f"There is no agreement {agreement[:80]!r} here.", where="agreement", hint="`hanse contracts` shows yours.")
    return contract


def deal_of(contract: Contract) -> Deal:
    """Return a contract as usage knows it."""
    agreement, provides = contract.agreement, contract.role is Role.PROVIDER
    return Deal(
        id=contract.id,
        tenant=contract.tenant,
        role=contract.role,
        peer=contract.peer,
        own=Did(agreement.assigner if provides else agreement.assignee),
        target=contract.dataset,
        terms=agreement.terms,
        since=contract.finalized,
        connector=contract.peer_address if provides else "",
        attested=contract.attested,
        spaces=contract.spaces,
    )


def outside(peers: Peers, tx: UsageTx, deal: Deal) -> str:
    """Tell why an agreement gives its consumer nothing now although it is admitted: it is a member of other spaces of ours only."""
    if not deal.spaces or deal.role is not Role.PROVIDER or peers.proven(tx, deal.tenant, deal.peer, deal.spaces) is not None:
        return ""
    if peers.proven(tx, deal.tenant, deal.peer) is None:
        return ""
    return f"The agreement was made in the space {', '.join(deal.spaces)}, and {deal.peer} is no member in good standing of it any more."


def use_of(deal: Deal, transfer: Transfer) -> Use:
    """Return the use that a transfer is."""
    return Use(
        id=transfer.id,
        tenant=transfer.tenant,
        agreement=deal.id,
        peer=transfer.peer,
        role=transfer.role,
        kind=Kind.TRANSFER,
        action=deal.action,
        connector=transfer.peer_address if transfer.role is Role.PROVIDER else "",
        reserved=transfer.created,
    )


class UsageBridge:
    """The connector's usage port, and its badges."""

    def __init__(self, ground: Ground, side: UsageSide) -> None:
        self._clock = ground.clock
        self._side = side

    def badges(self, tenant: Tenant, peer: Did, terms: Terms) -> Mapping[str, Badge]:
        """Return the badge of each term by its path."""
        found = badges(terms, self._side.capabilities, self._side.voice.listens(tenant, peer))
        return {one.path: one.badge for one in found}

    def prospect(self, tx: Any, negotiation: Negotiation) -> str:
        """Tell why the peer could never use the data under the terms on the table."""
        deal = Deal(
            id="",
            tenant=negotiation.tenant,
            role=negotiation.role,
            peer=negotiation.peer,
            own=negotiation.own_did,
            target=negotiation.dataset,
            terms=negotiation.offer.terms,
            since=self._clock.now(),
            connector=negotiation.peer_address,
        )
        return self._side.point.prospect(tx, deal).sentence

    def admit(self, tx: Any, contract: Contract, transfer: Transfer) -> str:
        """Decide the use, and reserve it; one that was admitted is decided again."""
        deal = deal_of(contract)
        return outside(self._side.peers, tx, deal) or self._side.uses.admit(tx, deal, use_of(deal, transfer)).sentence

    again = admit

    def refused(self, tx: Any, contract: Contract, transfer: Transfer, sentence: str) -> None:
        """Write down that the use was refused."""
        deal = deal_of(contract)
        self._side.uses.refused(tx, deal, use_of(deal, transfer), sentence)

    def agreed(self, tx: Any, contract: Contract) -> None:
        """Begin to watch what the agreement owes later."""
        self._side.obligations.agreed(tx, deal_of(contract))

    def agreement_ended(self, tx: Any, contract: Contract) -> None:
        """Let the periods begin that run from its end."""
        if contract.ended is not None:
            self._side.obligations.agreement_ended(tx, deal_of(contract), contract.ended)

    def started(self, tx: Any, transfer: Transfer) -> None:
        """Count the use that the provider lets begin."""
        contract = cast("Tx", tx).contracts.get(transfer.tenant, transfer.agreement_id)
        if contract is not None:
            deal = deal_of(contract)
            use = use_of(deal, transfer)
            use.began = self._clock.now()
            self._side.uses.note(tx, deal, use)

    def ended(self, tx: Any, transfer: Transfer, reason: str) -> None:
        """End the use."""
        contract = cast("Tx", tx).contracts.get(transfer.tenant, transfer.agreement_id)
        if contract is not None:
            self._side.uses.end(tx, deal_of(contract), transfer.id, reason)

    async def look(self, tenant: Tenant, peer: Did) -> bool:
        """Find out whether the peer signs statements."""
        return await self._side.listens(tenant, peer) is True

    async def prepare(self, tenant: Tenant, agreement: str, peer: Did) -> None:
        """Find out what a decision may depend on and somebody else knows."""
        await self._side.prepare(tenant, agreement, peer)

    async def announce(self, tenant: Tenant, contract_id: str, stated: Mapping[str, str]) -> None:
        """State to the provider what the terms want stated."""
        await self._side.voice.announce(tenant, contract_id, stated)


class UsePermission:
    """The data plane's permission port: the transfer runs, the contract lives, its terms permit it."""

    def __init__(self, side: UsageSide) -> None:
        self._side = side
        self._uses = side.uses

    async def prepare(self, tenant: Tenant, agreement: str, consumer: Did) -> None:
        """Find out what a decision may depend on and somebody else knows."""
        await self._side.prepare(tenant, agreement, consumer)

    def check(self, tx: Any, tenant: Tenant, transfer: str, agreement: str, consumer: Did) -> Permit:
        """Return what may be read and until when. Raises `Forbidden`."""
        stores = cast("Tx", tx)
        deal, running = _running(stores, tenant, transfer, agreement, consumer)
        elsewhere = outside(self._side.peers, tx, deal)
        if elsewhere:
            raise Forbidden(elsewhere, rule="other-space")
        answer = self._uses.again(tx, deal, use_of(deal, running))
        if not answer.permitted:
            raise Forbidden(f"The agreement does not permit this now: {answer.sentence}", rule="policy")
        needs, use = self._uses.point.needs(deal), stores.uses.get(tenant, transfer)
        if CONNECTOR in needs and running.format.endswith(PUSH) and running.state is not State.STARTED:
            # Where a pull's token went, the delivery proves; a push could go anywhere, while its start is on its way to whomever it names.
            raise PeerUnreachable("The connector has not taken the start of this transfer yet.", rule="not-started")
        asset = stores.assets.get(tenant, running.dataset)
        if asset is None:
            raise Forbidden("The dataset is gone.", rule="dataset")
        return Permit(
            asset.id,
            place_of(asset.source),
            answer.valid_until,
            consumer,
            agreement=agreement,
            volume=VOLUME in needs,
            time=METERED_TIME in needs,
            begun=use is not None and use.began is not None,
            chain=released_by(deal.terms),
        )

    def take(self, tx: Any, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        """Reserve bytes or time. Raises `Forbidden`."""
        deal, running = _running(cast("Tx", tx), tenant, transfer, permit.agreement, permit.consumer)
        answer = self._uses.take(tx, deal, use_of(deal, running), volume=volume, seconds=seconds)
        if not answer.permitted:
            raise Forbidden(f"The agreement does not permit this much: {answer.sentence}", rule="policy")

    def sent(self, tx: Any, tenant: Tenant, transfer: str, volume: int) -> None:
        """Note bytes that were sent where the terms do not count them."""
        self._uses.sent(tx, tenant, transfer, volume)

    def give_back(self, tx: Any, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        """Give back what was reserved and not released."""
        self._uses.give_back(tx, tenant, permit.agreement, transfer, volume=volume, seconds=seconds)


def _running(stores: Tx, tenant: Tenant, transfer: str, agreement: str, consumer: Did) -> tuple[Deal, Transfer]:
    running = stores.transfers.get(tenant, transfer)
    contract = stores.contracts.get(tenant, agreement)
    owner = stores.participants.get(tenant)
    if running is None or contract is None or running.peer != consumer or contract.peer != consumer:
        raise Forbidden("There is no such transfer.", rule="transfer")
    if owner is None or owner.suspended is not None:
        raise Forbidden("This participant serves nobody now.", rule="suspended")
    if not flows(running) or contract.ended is not None:
        raise Forbidden("The transfer is not running.", rule="transfer", hint="Its state says why: `hanse explain`.")
    return deal_of(contract), running
