"""Builds what fetches data by difference, and fills its ports with the connector, the facility and the wallet."""

from __future__ import annotations

from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.connector.renew import Renewals
from hanse.connector.transfers import Transfers, flows
from hanse.dataplane.transforms import sealing
from hanse.dsp.messages import DataAddress
from hanse.http.pull.fetcher import PullFetcher
from hanse.http.pull.links import Links, MeasuredFetcher
from hanse.http.pull.ports import Held
from hanse.http.renewal import RenewalClient
from hanse.kernel.tenant import Tenant
from hanse.wallet.wallet import Wallet


class TransportSide:
    """`fetcher` is what the other rooms fetch with, `links` what is known of the links to providers. `held` is the facility."""

    def __init__(self, ground: Ground, connector: Connector, data: DataSide, held: Held) -> None:
        renewals = Renewals(connector.kit, RenewalClient(ground.client, ground.wallet.token_carrying))
        addresses = TransferAddresses(connector.transfers, renewals)
        self.links = Links(ground.database, ground.resolver, ground.client, ground.clock)
        plain = PullFetcher(ground.guard, addresses, held, WalletKeys(ground.wallet), data.running)
        self.fetcher = MeasuredFetcher(plain, self.links)


class TransferAddresses:
    """Where the data of started pulls is, as the connector keeps it."""

    def __init__(self, transfers: Transfers, renewals: Renewals) -> None:
        self._transfers = transfers
        self._renewals = renewals

    async def current(self, tenant: Tenant, transfer: str) -> DataAddress | None:
        """Return the address, or nothing while there is none, or data may not flow."""
        process = await self._transfers.kit.database.read(lambda tx: tx.transfers.get(tenant, transfer))
        return await self._transfers.address(tenant, transfer) if process is not None and flows(process) else None

    async def renew(self, tenant: Tenant, transfer: str) -> DataAddress:
        """Return the address with fresh tokens."""
        return await self._renewals.renew(tenant, transfer)


class WalletKeys:
    """The participants' keys, as far as files are encrypted to them."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    async def open(self, tenant: Tenant, header: bytes) -> bytes:
        """Return the content key of the file with this header. Raises `NotFound` when it is encrypted to another key."""
        key = await self._wallet.key_named(tenant, sealing.decode_header(header).kid)
        return sealing.key_for(sealing.private_from_pem(key.to_pem()), header)
