"""Runs the product as the connector under test. All freedoms that the kit needs are here, handed in by `Parts`.

The kit has no DID and sends no token, so every caller is TCK_PARTICIPANT and is let in, and its address is the one that the
webhook names. Rules hold, so that `scripts` decides. Everything else is the product: wire, tables, outbox, storage, tokens.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router

from hanse.app.build import Network, Parts
from hanse.app.server import Server, config_of
from hanse.config import Settings
from hanse.connector.kit import Changed, Kit, Sender
from hanse.connector.offers import service_of
from hanse.connector.ports import ConnectorTx, Delivery
from hanse.connector.records import Asset, Contract, FileSource, Negotiation, Source, Transfer
from hanse.connector.rules import Move
from hanse.dcat.model import Dataset
from hanse.dcat.write import encode_dataset
from hanse.dsp.messages import DataAddress, Role
from hanse.http.courier import PeerConnector
from hanse.kernel.clock import SystemClock, timestamp
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Agreement, Offer, Rule, Terms
from hanse.odrl.proofs import Proofs
from hanse.participants import naming
from hanse.participants.roles import SERVER
from hanse.usage.ports import Proven
from tests.conformance.dsp.scripts import SCRIPTS
from tests.conformance.kit import dsp_properties as kit
from tests.conformance.serving import serving
from tests.services import free_port

NAME = Tenant("connector")
TCK = Did("TCK_PARTICIPANT")
USE = Terms(permissions=(Rule("use"),))
GUARD_SECONDS = 0.4
"""Between a state and our next step: the kit registers what it expects only after the step before."""

DATASETS = (*(f"ACN{number.replace('_', '')}" for number in kit.PROVIDER_NEGOTIATIONS), "CAT0101", "CAT0102", "ATP0101")
AGREEMENTS = tuple(number.replace("_", "") for number in kit.PROVIDER_TRANSFERS)


@dataclass
class KitAddress:
    """Where the kit listens, once a webhook has said it."""

    base: str = ""


class Everybody:
    """An authenticator and a space: every caller is the kit, and the kit is a member."""

    def __init__(self, did: Did) -> None:
        self._did = did
        self._clock = SystemClock()

    async def __call__(self, name: str, authorization: str | None) -> tuple[Sender, Did]:
        expires = self._clock.now() + timedelta(minutes=5)
        return Sender(Tenant(name), TCK, uuid4().hex, expires), self._did

    async def require(self, tenant: Tenant, peer: Did) -> None:
        """Call everybody."""

    async def admit(self, sender: Sender, asked: Proofs) -> None:
        """Let everybody in."""

    async def standing(self, tenant: Tenant, peer: Did, spaces: Collection[str] = ()) -> None:
        """Nobody is ever taken back."""

    def spaces(self, tx: object, tenant: Tenant, peer: Did) -> tuple[str, ...]:
        """Name no space: the kit has none."""
        return ()

    def proven(self, tx: object, tenant: Tenant, did: Did, spaces: Collection[str] = ()) -> Proven:
        """Tell of a member, and of no more: the offers of the cases ask for none."""
        return Proven()


class KnownAddress:
    """The product's own network, but for the way to find a peer's address: the kit has no DID document."""

    def __init__(self, own: PeerConnector, known: KitAddress) -> None:
        self._known = known
        self._own = own

    async def base_of(self, tenant: Tenant, peer: Did) -> str:
        return self._known.base

    async def deliver(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> Delivery:
        return await self._own.deliver(tenant, peer, url, body)

    async def get(self, tenant: Tenant, peer: Did, url: str) -> bytes:
        return await self._own.get(tenant, peer, url)

    async def post(self, tenant: Tenant, peer: Did, url: str, body: bytes) -> tuple[bytes, str | None]:
        return await self._own.post(tenant, peer, url, body)

    async def get_page(self, tenant: Tenant, peer: Did, url: str) -> tuple[bytes, str | None]:
        return await self._own.get_page(tenant, peer, url)


class Hold:
    """Rules that leave every answer to the script."""

    def answer(self, tx: ConnectorTx, process: Negotiation | Transfer) -> Move | None:
        return None


class FixedAddress:
    """A data plane without data."""

    def check(self, tx: ConnectorTx, tenant: Tenant, source: Source) -> None:
        """Find every source."""

    def start(self, tx: ConnectorTx, transfer: Transfer, sink: DataAddress | None) -> DataAddress | None:
        properties = {"authType": "bearer", "authorization": "nothing-to-fetch"}
        return DataAddress(endpoint_type="https://w3id.org/idsa/v4.1/HTTP", endpoint="http://localhost/none", properties=properties)

    def started(self, tx: ConnectorTx, transfer: Transfer, address: DataAddress | None) -> None:
        """Fetch nothing."""

    def halt(self, tx: ConnectorTx, transfer: Transfer) -> None:
        """Have nothing to stop."""


class Reactions:
    """Plays the scripts: hears of each state that has been committed and takes the step that the script names for it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._taken: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults: list[str] = []

    def on_event(self, event: object) -> None:
        if isinstance(event, Changed):
            task = asyncio.get_running_loop().create_task(self._react(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _react(self, event: Changed) -> None:
        process = await self._process(event)
        id = process.dataset if isinstance(process, Negotiation) else process.agreement_id
        taken, script = self._taken.get(event.id, 0), SCRIPTS.get(id, ())
        if taken == len(script) or script[taken][0] != event.state:
            return
        self._taken[event.id] = taken + 1
        await asyncio.sleep(GUARD_SECONDS)
        try:
            await self._take(process, script[taken][1])
        except HanseError as error:
            self.faults.append(f"{id}: {script[taken][1]}: {error.message}")

    async def _process(self, event: Changed) -> Negotiation | Transfer:
        def work(tx: ConnectorTx) -> Negotiation | Transfer | None:
            store = tx.negotiations if event.kind == "negotiation" else tx.transfers
            return store.get(event.tenant, event.id)

        process = await self._server.ground.database.read(work)
        assert process is not None
        return process

    async def _take(self, process: Negotiation | Transfer, step: str) -> None:
        connector = self._server.connector
        if isinstance(process, Transfer):
            await connector.transfers.move(NAME, process.id, Move(step), "script")
            return
        offer = Offer(id=process.offer.id, terms=USE) if step in ("offer", "request") else None
        await connector.negotiations.move(NAME, process.id, Move(step, offer=offer), "script")


@dataclass
class UnderTest:
    """The running connector: its participant id, its addresses, and what its scripts could not do."""

    did: Did
    root: str
    faults: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """What the version endpoint lies under."""
        return f"{self.root}/participants/{NAME}"

    @property
    def protocol(self) -> str:
        """The versioned DSP base."""
        return f"{self.base}/dsp/2025-1"

    @property
    def negotiation_webhook(self) -> str:
        """Starts a negotiation with the kit."""
        return f"{self.root}/kit/negotiations"

    @property
    def transfer_webhook(self) -> str:
        """Starts a transfer from the kit."""
        return f"{self.root}/kit/transfers"


@asynccontextmanager
async def connector_under_test() -> AsyncIterator[UnderTest]:
    """Run the connector under test on a free port of the loopback, with all that the cases need to be there."""
    port, known = free_port(), KitAddress()
    did = naming.did_of("localhost", port, NAME)
    everybody = Everybody(did)

    def network(own: PeerConnector) -> Network:
        return KnownAddress(own, known)

    parts = Parts(
        authenticate=everybody,
        membership=everybody,
        peers=everybody,
        dataplane=FixedAddress(),
        negotiation_rule=Hold(),
        transfer_rule=Hold(),
        network=network,
    )
    with tempfile.TemporaryDirectory(prefix="hanse-conformance-") as home:
        server = await Server.open(Settings(home=home, port=port, peers_allow=("localhost", "127.0.0.1")), parts)
        await server.management.participants.create(SERVER, NAME, "Connector under test")
        await server.ground.tenants.refresh(NAME)
        await server.ground.database.run(lambda tx: seed(tx, server.connector.kit, did))
        server.app = Router([*webhooks(server, known), Mount("/", app=server.app)])
        async with _running(server) as faults:
            yield UnderTest(did, f"http://localhost:{port}", faults)


@asynccontextmanager
async def _running(server: Server) -> AsyncIterator[list[str]]:
    reactions = Reactions(server)
    server.ground.database.subscribe(reactions.on_event)
    await server.start()
    try:
        async with serving(uvicorn.Server(config_of(server))):
            yield reactions.faults
    finally:
        await reactions.stop()
        await server.stop()


def seed(tx: ConnectorTx, parts: Kit, did: Did) -> None:
    """Store the datasets and the finalised agreements that the cases are about."""
    now = parts.clock.now()
    for id in DATASETS:
        offer = Offer(id=f"CD123:{id}:456", terms=USE)
        dataset = Dataset(id=id, title=id, offers=(offer,), formats=(kit.FORMAT,), issued=now, modified=now)
        asset = Asset(id=id, tenant=NAME, dataset=dataset, source=FileSource("/nowhere"), created=now, updated=now)
        tx.assets.put(asset, encode_dataset(dataset, service_of(parts, NAME)))
    for number in AGREEMENTS:
        tx.contracts.put(_contract(f"ATP{number}", Role.PROVIDER, did, parts))
        tx.contracts.put(_contract(f"ATPC{number}", Role.CONSUMER, did, parts))


def _contract(id: str, role: Role, did: Did, parts: Kit) -> Contract:
    now = parts.clock.now()
    assigner, assignee = (did, TCK) if role is Role.PROVIDER else (TCK, did)
    return Contract(
        id=id,
        tenant=NAME,
        role=role,
        peer=TCK,
        peer_address="",
        dataset="ATP0101",
        agreement=Agreement(id=id, terms=USE, target="ATP0101", assigner=assigner, assignee=assignee, timestamp=timestamp(now)),
        negotiation=f"seeded {id}",
        finalized=now,
    )


def webhooks(server: Server, known: KitAddress) -> list[Route]:
    """Return the two routes by which the kit asks for a negotiation or a transfer with it."""

    async def negotiate(request: Request) -> Response:
        asked = await request.json()
        known.base = asked["connectorAddress"]
        offer = Offer(id=asked["offerId"], terms=USE)
        negotiation = await server.connector.negotiations.request(NAME, Did(asked["providerId"]), asked["datasetId"], offer)
        return JSONResponse({"id": negotiation.id})

    async def transfer(request: Request) -> Response:
        asked = await request.json()

        def locate(tx: ConnectorTx) -> None:
            contract = tx.contracts.get(NAME, asked["agreementId"])
            assert contract is not None
            contract.peer_address = asked["connectorAddress"]
            tx.contracts.put(contract)

        await server.ground.database.run(locate)
        begun = await server.connector.transfers.request(NAME, asked["agreementId"], asked["format"])
        return JSONResponse({"id": begun.id})

    return [Route("/kit/negotiations", negotiate, methods=["POST"]), Route("/kit/transfers", transfer, methods=["POST"])]
