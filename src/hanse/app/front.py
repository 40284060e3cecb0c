"""Builds what operators, applicants and machines see over HTTP beside the protocols: API, space pages, health, metrics."""

from __future__ import annotations

from starlette.routing import Route

from hanse.app.bridges import own_sink
from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.side import FactorySide
from hanse.app.management import Management
from hanse.app.trust import TrustSide
from hanse.app.usage import UsageSide
from hanse.app.wallets import WalletSide
from hanse.connector.browse import Browser
from hanse.connector.byhand import ByHand
from hanse.connector.ending import Endings
from hanse.connector.offers import Offers
from hanse.connector.renew import Renewals
from hanse.connector.views import Views
from hanse.connector.watch import Watch
from hanse.http.api.management import ManagementApi
from hanse.http.api.membership.client import SpaceClient
from hanse.http.api.membership.collecting import Collecting
from hanse.http.api.membership.joining import Joining
from hanse.http.api.services import Services
from hanse.http.dcp import DcpEndpoints, DcpServices
from hanse.http.health import Health, Metrics
from hanse.http.limits import ParticipantLimiter, RateLimiter
from hanse.http.probe import Prober
from hanse.http.renewal import RenewalClient
from hanse.http.spaces import SpacePages, SpaceServices

_OPERATOR_RATE = 200.0
_OPERATOR_BURST = 400
"""Requests a second from one operator; an anchor's public pages take as many from one applicant."""
_PROBE_RATE = 50.0
_PROBE_BURST = 100
"""Probes a second that an anchor makes for anybody, all together, and for one DID."""


class Front:
    """The routes beside the protocols, with the services behind them."""

    def __init__(
        self,
        ground: Ground,
        management: Management,
        wallet: WalletSide,
        trust: TrustSide,
        connector: Connector,
        data: DataSide,
        evidence: EvidenceSide,
        endings: Endings,
        usage: UsageSide,
        factory: FactorySide,
    ) -> None:
        self.watch = Watch(ground.database.subscribe)
        views = Views(ground.database, self.watch)
        joining = _joining(ground, management, wallet, trust)
        self.services = _services(ground, management, wallet, trust, connector, data, evidence, endings, usage, factory, views, joining)
        self.metrics = Metrics()
        self.health = Health(
            ground.database, ground.clock, management.operators, self.metrics, open_to_loopback=not ground.settings.behind_proxy
        )
        self.routes = self._routes(ground, management, wallet, trust)
        ground.database.subscribe(self.metrics.heard)

    def _routes(self, ground: Ground, management: Management, wallet: WalletSide, trust: TrustSide) -> list[Route]:
        limiter = RateLimiter(_OPERATOR_RATE, _OPERATOR_BURST)
        return [
            *_dcp(ground, management, wallet).routes(),
            *ManagementApi(self.services, limiter).routes(),
            *_pages(ground, management, trust, limiter).routes(),
            *self.health.routes(),
        ]


def _services(
    ground: Ground,
    management: Management,
    wallet: WalletSide,
    trust: TrustSide,
    connector: Connector,
    data: DataSide,
    evidence: EvidenceSide,
    endings: Endings,
    usage: UsageSide,
    factory: FactorySide,
    views: Views,
    joining: Joining,
) -> Services:
    kit = connector.kit
    return Services(
        operators=management.operators,
        participants=management.participants,
        offers=Offers(kit, data.inspector, ground.quotas.assets, operands=ground.operands),
        browser=Browser(kit),
        negotiations=connector.negotiations,
        bargaining=connector.bargaining,
        by_hand=ByHand(connector.negotiations, views),
        transfers=connector.transfers,
        sink=own_sink(data.flows),
        renewals=Renewals(kit, RenewalClient(ground.client, ground.wallet.token_carrying)),
        views=views,
        spaces=management.spaces,
        members=management.members,
        rulebooks=management.rulebooks,
        issuing=management.issuing,
        directory=trust.directory,
        verifier=trust.verifier,
        wallet=ground.wallet,
        database=ground.database,
        credentials=wallet.credentials,
        requests=wallet.requests,
        reissuing=management.renewals,
        joining=joining,
        ledger=evidence.ledger,
        evidence=evidence.evidence,
        endings=endings,
        clock=ground.clock,
        engine="PostgreSQL" if ground.settings.database else "SQLite",
        capabilities=usage.capabilities,
        listens=usage.listens,
        openings=usage.openings,
        telling=usage.telling,
        factory=factory.services,
    )


def _joining(ground: Ground, management: Management, wallet: WalletSide, trust: TrustSide) -> Joining:
    client = SpaceClient(ground.client, ground.resolver, wallet.tokens, ground.clock, ground.parts.did_address)
    collecting = Collecting(wallet.requests, wallet.credentials, ground.clock)
    return Joining(client, wallet.tokens.token_for, management.participants, trust.directory, collecting)


def _dcp(ground: Ground, management: Management, wallet: WalletSide) -> DcpEndpoints:
    return DcpEndpoints(
        DcpServices(
            own=ground.tenants.own,
            resolver=ground.resolver,
            clock=ground.clock,
            credentials=wallet.credentials,
            issuing=management.issuing,
            tokens=wallet.tokens,
            operators=management.operators,
            limiter=ParticipantLimiter(ground.settings.requests_per_second, ground.settings.request_burst, ground.quotas.rate),
            since=ground.tenants.restored,
            root=ground.own.root,
        )
    )


def _pages(ground: Ground, management: Management, trust: TrustSide, limiter: RateLimiter) -> SpacePages:
    return SpacePages(
        SpaceServices(
            spaces=management.spaces,
            members=management.members,
            rulebooks=management.rulebooks,
            issuing=management.issuing,
            status=management.status,
            examine=trust.examiner.examine,
            prober=Prober(ground.client, ground.parts.did_address),
            resolver=ground.resolver,
            clock=ground.clock,
            limiter=limiter,
            probes=RateLimiter(_PROBE_RATE, _PROBE_BURST),
            since=ground.tenants.restored,
        )
    )
