"""A provider and a factory, each a whole server on loopback, with a door between them that a test can spoil."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.config import Settings
from hanse.connector.offers import Description
from hanse.connector.ports import Limits as Times
from hanse.connector.records import FileSource, FolderSource
from hanse.dcat.holding import DatasetVersion
from hanse.factory.acquire.records import Candidate, Item, Limits, Order, OrderChanged, Wish
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.kernel.errors import StorageFailed
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.names import TRAIN
from hanse.odrl.price import Price
from hanse.odrl.templates import parse_template
from tests.scenarios.attacks.town import Host, Operator
from tests.scenarios.kill.town import Town, found

FACTORY = Tenant("factory")
METEO = Tenant("meteo")
SPACE = "https://space.example"


class Door:
    """The provider's application, whose answers with data a test can change: `spoil(path, body) -> body`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.spoil: Callable[[str, bytes], bytes] | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.served = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or "/data/" not in scope["path"]:
            return await self._app(scope, receive, send)
        self.served += 1
        await self.open.wait()
        spoil, path = self.spoil, scope["path"]

        async def said(message: Any) -> None:
            if spoil is not None and message["type"] == "http.response.body":
                message = message | {"body": spoil(path, message.get("body", b""))}
            await send(message)

        return await self._app(scope, receive, said)


class DoorHost(Host):
    """A host with a door."""

    door: Door

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = await Server.open(self.settings, self._parts)
        self.door = Door(self.server.app)
        self.server.app = self.door  # type: ignore[assignment]
        ready = asyncio.Event()
        self._task = asyncio.create_task(serve(self.server, ready))
        await ready.wait()
        self._ready.set()
        try:
            await self._task
        except asyncio.CancelledError:
            await self.server.stop()


class FullObjects:
    """Objects of a disk that can be full: the second implementation of the facility's port that says so."""

    def __init__(self, objects: Any) -> None:
        self._objects = objects
        self.full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def put(self, name: str, data: Any) -> None:
        if self.full:
            raise StorageFailed("There is no room left on the disk of the facility.", where=name.partition("/")[0], rule="full")
        await self._objects.put(name, data)


def fields(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in structs.asdict(settings).items() if name != "home"}


class Towns:
    """Both servers. What the provider offers lies below `data`."""

    def __init__(self, folder: Path, databases: tuple[str, ...] = ("", ""), factory: Parts | None = None) -> None:
        self.folder = folder
        self.parts = factory or Parts()
        self.made: Town = asyncio.run(found(folder, databases))
        self.data = folder / "data"
        self.provider = self.start_provider()
        self.factory = self.start_factory()
        self.ann = Operator(self.factory.root, self.made.consumer_token)

    def start_provider(self) -> DoorHost:
        made = self.made.provider
        return DoorHost(Path(made.home), Parts(limits=Times()), **fields(made))

    def start_factory(self) -> Host:
        made = self.made.consumer
        return Host(Path(made.home), self.parts, **fields(made))

    def close(self) -> None:
        self.factory.stop()
        self.provider.stop()

    # The provider.

    def folder_of(self, name: str, files: dict[str, bytes]) -> Path:
        path = self.data / name
        for relative, content in files.items():
            (path / relative).parent.mkdir(parents=True, exist_ok=True)
            (path / relative).write_bytes(content)
        return path

    def offer(self, path: Path, terms: str = "members") -> str:
        """Offer a file or a folder; return the dataset's id."""

        source = FolderSource(str(path)) if path.is_dir() else FileSource(str(path))

        async def work(server: Server) -> str:
            description = Description(title=path.name, terms=(parse_template(terms, server.ground.clock.now()),))
            return (await server.front.services.offers.create(METEO, source, description)).id

        return str(self.provider.call(work))

    def end_contract(self, agreement: str) -> None:
        self.provider.call(lambda server: server.endings.end(METEO, agreement, "breach", "Not kept.", "us"))

    # The factory.

    def order(self, *datasets: str, id: str = "ord_1", price: Price | None = None, names: Sequence[str] = (), **wish: Any) -> None:
        """Place an order whose items are approved."""
        self.place(self.an_order(id, **wish), [self.planned(one, id, n, price, names) for n, one in enumerate(datasets, 1)])

    def an_order(self, id: str, **wish: Any) -> Order:
        said = {"query": "rain", "action": TRAIN, "purpose": "dpv:AcademicResearch", "limits": Limits()} | wish
        now = datetime.now(UTC)
        return Order(tenant=FACTORY, id=id, wish=Wish(**said), state=OrderState.RUNNING, by="ann", created=now, updated=now)

    def planned(self, dataset: str, order: str, number: int = 1, price: Price | None = None, names: Sequence[str] = ()) -> Item:
        """Return an approved item as a plan that was made now has it."""
        found = self.provider.call(lambda server: server.front.services.offers.get(METEO, dataset)).dataset
        provider, now = Did(self.made.provider_did), datetime.now(UTC)
        candidate = Candidate(space=SPACE, provider=provider, provider_name="Meteo", dataset=found, offer=found.offers[0])
        return Item(
            tenant=FACTORY,
            order=order,
            number=number,
            run=1,
            state=ItemState.APPROVED,
            name=names[number - 1] if names else f"set-{number}",
            candidate=candidate,
            created=now,
            updated=now,
            price=price,
            approved_by="ann",
        )

    def place(self, order: Order, items: list[Item]) -> None:
        """Store an order with its items, and say so."""
        self.factory.call(lambda server: server.ground.database.run(lambda tx: store(tx, order, items)))

    def orders(self) -> list[Order]:
        """Return all orders, newest first."""
        return list(self.factory.call(lambda server: server.ground.database.read(lambda tx: tx.orders.page(FACTORY, after=None, limit=99))))

    def items(self, id: str = "ord_1") -> list[Item]:
        return list(self.factory.call(lambda server: server.ground.database.read(lambda tx: tx.orders.items(FACTORY, id))))

    def item(self, number: int = 1, id: str = "ord_1") -> Item:
        return self.items(id)[number - 1]

    def until(self, *states: ItemState, number: int = 1, id: str = "ord_1", seconds: float = 20) -> Item:
        """Wait until an item is in one of the states; return it."""
        end = time.monotonic() + seconds
        while True:
            item = self.item(number, id)
            if item.state in states:
                return item
            assert not item.final, said(item)
            assert time.monotonic() < end, said(item)
            time.sleep(0.02)

    def until_order(self, *states: OrderState, id: str = "ord_1", seconds: float = 20) -> Order:
        end = time.monotonic() + seconds
        while True:
            order: Order = self.factory.call(lambda server: server.ground.database.read(lambda tx: tx.orders.get(FACTORY, id)))
            if order.state in states:
                return order
            assert time.monotonic() < end, (order.state, [said(item) for item in self.items(id)])
            time.sleep(0.02)

    def answer(self, yes: bool, number: int = 1, id: str = "ord_1") -> None:
        """Answer what an item asks."""
        self.ann("POST", f"/orders/{id}/{'approve' if yes else 'refuse'}", {"items": [number]})

    def cancel(self, id: str = "ord_1") -> None:
        self.ann("POST", f"/orders/{id}/cancel")

    def versions(self) -> list[DatasetVersion]:
        return list(self.factory.call(lambda server: server.factory.facility.facility.versions(FACTORY)))

    def staged(self) -> int:
        """Bytes of versions in the making."""
        return int(self.factory.call(lambda server: server.factory.facility.facility.usage(FACTORY)).staged)

    def contents(self, version: str) -> dict[str, bytes]:
        async def work(server: Server) -> dict[str, bytes]:
            facility, read = server.factory.facility.facility, {}
            for file in await facility.files(FACTORY, version):
                read[file.path] = b"".join([piece async for piece in facility.read(FACTORY, version, file.path)])
            return read

        return dict(self.factory.call(work))

    def ledger(self, kind: str) -> list[Any]:
        async def work(server: Server) -> list[Any]:
            page = await server.evidence.ledger.page(FACTORY, before=None, limit=200)
            return [entry.says for entry in reversed(page) if entry.kind == kind]

        return list(self.factory.call(work))

    def contracts(self) -> list[Any]:
        return list(
            self.factory.call(lambda server: server.ground.database.read(lambda tx: tx.contracts.page(FACTORY, after=None, limit=99)))
        )

    def transfers(self, host: Host | None = None) -> list[Any]:
        which, tenant = host or self.factory, METEO if host is self.provider else FACTORY
        return list(which.call(lambda server: server.ground.database.read(lambda tx: tx.transfers.page(tenant, after=None, limit=99))))


def store(tx: Any, order: Order, items: list[Item]) -> None:
    tx.orders.put(order)
    for item in items:
        tx.orders.put_item(item)
    tx.emit(OrderChanged(order.tenant, order.id))


def said(item: Item) -> str:
    """What a test says of an item that is not where it should be."""
    return f"{item.number} {item.state}: {item.why} {[line.what for line in item.story]} {msgspec.json.encode(item.notes).decode()}"
