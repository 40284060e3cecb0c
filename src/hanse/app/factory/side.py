"""Builds the AI factory on that ground: one module of this package per room, one line of `FactorySide` each."""

from __future__ import annotations

from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.app.management import Management
from hanse.app.trust import TrustSide
from hanse.app.usage import UsageSide
from hanse.app.wallets import WalletSide
from hanse.http.api.factory_services import FactoryServices


class FactorySide:
    """The factory's services. `start` and `stop` frame what runs in the background; the rest is done in the timer's chores."""

    def __init__(
        self,
        ground: Ground,
        management: Management,
        wallet: WalletSide,
        trust: TrustSide,
        connector: Connector,
        data: DataSide,
        evidence: EvidenceSide,
        usage: UsageSide,
    ) -> None:
        self.services = FactoryServices()

    async def start(self) -> None:
        """Take up what was under way."""

    async def stop(self) -> None:
        """End what runs, so that it can be taken up again."""
