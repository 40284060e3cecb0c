"""Builds the object graph of one server process. Read it from the top: what is made first is needed by what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from hanse.anchor.issuing.issuer import IssuerRules
from hanse.app.bridges import ContextSealer, NewKeys
from hanse.app.keys import derived_key
from hanse.app.note_keys import NoteKeys
from hanse.app.plugged import load_operands
from hanse.app.quotas import Quotas
from hanse.app.tenants import Tenants
from hanse.app.upkeep import EVERY, Upkeep
from hanse.config import Settings
from hanse.connector.bargain import Bargaining, PreferencesRule
from hanse.connector.catalog import Catalog
from hanse.connector.deciding import Badges, Usage
from hanse.connector.kit import Kit, OwnAddresses
from hanse.connector.negotiations import Negotiations
from hanse.connector.outbox import Outbox
from hanse.connector.ports import Courier, DataPlane, Limits, Membership, Peers
from hanse.connector.rules import NegotiationRule, OwnOffersRule, StartAtOnceRule, TransferRule
from hanse.connector.timer import Timer
from hanse.connector.transfers import Transfers
from hanse.http.authenticate import Authenticator
from hanse.http.courier import PeerConnector
from hanse.http.dcp import DCP_PATH, ISSUER_PATH
from hanse.http.dsp import DSP_PATH
from hanse.http.evidence import EVIDENCE_PATH
from hanse.http.guard import AddressGuard, Lookup, system_lookup
from hanse.http.peer import PeerClient
from hanse.http.resolve import DidResolver
from hanse.http.wire import Wire20251
from hanse.http.witness import LOG_PATH, WITNESS_PATH
from hanse.http.witness_client import LOG_SERVICE, WITNESS_SERVICE
from hanse.identity.credentials.lists import STANDARD, ListRules
from hanse.identity.did import DidDocument, Service, did_url
from hanse.kernel.clock import Clock, SystemClock
from hanse.kernel.ids import Ids, RandomIds
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Operands
from hanse.storage import Database
from hanse.usage.ports import Peers as UsagePeers
from hanse.wallet.intake import WalletRules
from hanse.wallet.seal import MasterKeySealer
from hanse.wallet.signing import Signing
from hanse.wallet.wallet import Wallet


class Network(Courier, Peers, Protocol):
    """All that leaves for other connectors."""


@dataclass(frozen=True)
class Parts:
    """What a test or a conformance adapter may put in place of the product's own. Never a setting."""

    clock: Clock = field(default_factory=SystemClock)
    limits: Limits | None = None
    lookup: Lookup = system_lookup
    did_address: Callable[[str], str] = did_url
    network: Callable[[PeerConnector], Network] = lambda own: own
    authenticate: Authenticator | None = None
    membership: Membership | None = None
    peers: UsagePeers | None = None
    dataplane: DataPlane | None = None
    negotiation_rule: NegotiationRule | None = None
    transfer_rule: TransferRule | None = None
    list_rules: ListRules = STANDARD
    exact_dates: bool = True
    issuer_rules: IssuerRules = field(default_factory=IssuerRules)
    wallet_rules: WalletRules = field(default_factory=WalletRules)
    operands: Operands | None = None


class Ground:
    """What everything else stands on: database, keys, the guarded client, identity."""

    def __init__(self, settings: Settings, parts: Parts, database: Database, key: bytes) -> None:
        self.settings = settings
        self.parts = parts
        self.clock = parts.clock
        self.operands = parts.operands or load_operands()
        self.ids: Ids = RandomIds(parts.clock)
        self.database = database
        self.limits = parts.limits or _limits(settings)
        self.tenants = Tenants(database)
        self.quotas = Quotas(self.tenants, self.limits)
        self.guard = self.guard_for(())
        self.client = PeerClient(self.guard)
        self.own = OwnAddresses(settings.public_root, DSP_PATH)
        master = MasterKeySealer(key)
        self.sealer = ContextSealer(master)
        self.derive = partial(derived_key, key)
        self.notes = NoteKeys(self.derive)
        self.wallet = Wallet(database, master, self.clock, self.ids, self._services, self.notes.published)
        self.signing = Signing(master, self.clock)
        self.public: Callable[[str], Awaitable[bytes | None]] = _nothing_public
        self.resolver = DidResolver(
            self.client, self.clock, self._local_document, address=parts.did_address, local_document_at=self._local_document_at
        )
        self.keys = NewKeys(self.wallet)

    def guard_for(self, allowed: Sequence[str]) -> AddressGuard:
        """Return a guard that lets through public addresses, those of the settings, this server, and `allowed`."""
        listed = (*self.settings.peers_allow, *_own_addresses(self.settings), *allowed)
        return AddressGuard(listed, lookup=self.parts.lookup, setting="peers_allow")

    def _services(self, tenant: Tenant, did: Did) -> list[Service]:
        """Name the participant's services in its DID document (DSP 2025-1, discovery through DIDs; DCP 1.0, 5.2 and 6.2)."""
        address = f"{self.own.root}/participants/{tenant}"
        return [
            Service(id=f"{did}#data-service", type="DataService", service_endpoint=f"{address}/.well-known/dspace-version"),
            Service(id=f"{did}#credential-service", type="CredentialService", service_endpoint=address + DCP_PATH),
            Service(id=f"{did}#issuer-service", type="IssuerService", service_endpoint=address + ISSUER_PATH),
            Service(id=f"{did}#evidence-service", type="EvidenceService", service_endpoint=address + EVIDENCE_PATH),
            Service(id=f"{did}#log", type=LOG_SERVICE, service_endpoint=address + LOG_PATH),
            Service(id=f"{did}#witness", type=WITNESS_SERVICE, service_endpoint=address + WITNESS_PATH),
        ]

    async def _local_document(self, did: str) -> DidDocument | None:
        participant = self.tenants.of_did(did)
        return None if participant is None else await self.wallet.document(participant.name)

    async def _local_document_at(self, url: str) -> bytes | None:
        return await self.public(url)


class Decides(Usage, Badges, Protocol):
    """Where uses are decided and counted, and how far terms are kept."""


class Connector:
    """The connector's use cases on that ground."""

    def __init__(self, ground: Ground, peers: Network, membership: Membership, dataplane: DataPlane, usage: Decides) -> None:
        parts = ground.parts
        self.outbox = Outbox(ground.database, peers, ground.sealer, ground.clock, ground.ids, ground.limits)
        self.kit = Kit(
            database=ground.database,
            outbox=self.outbox,
            peers=peers,
            membership=membership,
            dataplane=dataplane,
            usage=usage,
            sealer=ground.sealer,
            wire=Wire20251(),
            clock=ground.clock,
            ids=ground.ids,
            own=ground.own,
            limits=ground.limits,
            room=ground.quotas,
        )
        self.bargaining = Bargaining(ground.operands, usage)
        rule = parts.negotiation_rule or PreferencesRule(OwnOffersRule(usage), self.bargaining)
        self.negotiations = Negotiations(self.kit, rule, ground.tenants.did_of)
        self.transfers = Transfers(self.kit, parts.transfer_rule or StartAtOnceRule(), self.negotiations)
        self.catalog = Catalog(self.kit)
        upkeep = Upkeep(ground.database, ground.clock, ground.wallet)
        self.chores: list[Callable[[], Awaitable[object]]] = [
            self.outbox.send_due,
            self.negotiations.end_overdue,
            self.transfers.end_overdue,
            upkeep.prune,
        ]
        """What is looked at whenever something may be due; other rooms add theirs before the server starts."""
        self.dues: list[Callable[[], Awaitable[datetime | None]]] = []
        """When that is next, as other rooms know it."""
        # A deadline that is set wakes nobody, so the timer looks at least as often as deadlines can come.
        shared = ground.settings.database != ""
        patrol = ground.limits.lease if shared else min(EVERY, ground.limits.answer_by_rule, ground.limits.answer_by_hand)
        self.timer = Timer(ground.database, ground.clock, self.chores, patrol=patrol, dues=self.dues)
        self.outbox.wake = self.timer.wake
        ground.database.subscribe(self.outbox.on_event)


async def _nothing_public(_url: str) -> bytes | None:
    return None


def _own_addresses(settings: Settings) -> tuple[str, ...]:
    """Return the addresses of this server itself, which its participants may reach: neighbours talk as strangers do."""
    port = settings.public_port or settings.port
    if settings.public_host == "localhost":
        return (f"localhost:{port}", f"127.0.0.1:{port}")
    return (f"{settings.public_host}:{port}",)


def _limits(settings: Settings) -> Limits:
    """Return the times that the connector keeps to, as they are set."""
    return Limits(
        answer_by_hand=timedelta(hours=settings.answer_by_hand_hours),
        answer_by_rule=timedelta(seconds=settings.answer_by_rule_seconds),
        delivery=timedelta(seconds=settings.delivery_seconds),
    )
