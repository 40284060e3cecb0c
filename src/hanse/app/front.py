"""Builds what operators, applicants and machines see over HTTP beside the protocols: API, space pages, health, metrics."""

from __future__ import annotations

from starlette.routing import Route

from hanse.app.bridges import own_sink
from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.management import Management
from hanse.connector.browse import Browser
from hanse.connector.byhand import ByHand
from hanse.connector.offers import Offers
from hanse.connector.renew import Renewals
from hanse.connector.views import Views
from hanse.connector.watch import Watch
from hanse.http.api.joining import Joining
from hanse.http.api.management import ManagementApi
from hanse.http.api.services import Services
from hanse.http.health import Health, Metrics
from hanse.http.limits import RateLimiter
from hanse.http.renewal import RenewalClient
from hanse.http.spaces import SpacePages

_OPERATOR_RATE = 200.0
_OPERATOR_BURST = 400
"""Requests a second from one operator; an anchor's public pages take as many from one applicant."""


class Front:
    """The routes beside the protocols, with the services behind them."""

    def __init__(self, ground: Ground, management: Management, connector: Connector, data: DataSide) -> None:
        kit = connector.kit
        self.watch = Watch(ground.database.subscribe)
        views = Views(ground.database, self.watch)
        self.services = Services(
            operators=management.operators,
            participants=management.participants,
            offers=Offers(kit, data.inspector, ground.quotas.assets),
            browser=Browser(kit),
            negotiations=connector.negotiations,
            by_hand=ByHand(connector.negotiations, views),
            transfers=connector.transfers,
            sink=own_sink(data.flows),
            renewals=Renewals(kit, RenewalClient(ground.client, ground.wallet.token_carrying)),
            views=views,
            spaces=management.spaces,
            members=management.members,
            directory=management.directory,
            joining=Joining(
                ground.client, ground.wallet.token_for, management.participants, management.directory, ground.parts.did_address
            ),
            clock=ground.clock,
            engine="PostgreSQL" if ground.settings.database else "SQLite",
        )
        self.metrics = Metrics()
        self.health = Health(
            ground.database,
            ground.clock,
            management.operators,
            self.metrics,
            open_to_loopback=not ground.settings.behind_proxy,
        )
        limiter = RateLimiter(_OPERATOR_RATE, _OPERATOR_BURST)
        pages = SpacePages(management.spaces, management.members, ground.resolver, ground.clock, limiter, ground.tenants.restored)
        self.routes: list[Route] = [*ManagementApi(self.services, limiter).routes(), *pages.routes(), *self.health.routes()]
        ground.database.subscribe(self.metrics.heard)
