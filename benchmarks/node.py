"""One server process that does what it is told on its standard input: a line of JSON each, an answer of JSON each.

python -m benchmarks.node '{"home": ..., "port": ..., "allow": [...]}'
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.sockets import Sent
from hanse.anchor.issuing.status import mark
from hanse.anchor.records import Applicant
from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.app.space import add_participant, found_space
from hanse.config import Settings
from hanse.connector.kit import Changed
from hanse.connector.offers import Description, service_of
from hanse.connector.records import FileSource
from hanse.connector.rules import Move
from hanse.dcat.model import Dataset
from hanse.dcat.write import encode_dataset
from hanse.dsp.messages import CatalogRequest
from hanse.factory.facility.records import Intake
from hanse.http.api.membership.collecting import Collecting
from hanse.http.api.space_structs import JoinSpace
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Offer
from hanse.odrl.templates import parse_template
from hanse.participants.roles import SERVER

Json = dict[str, Any]


class Everybody:
    """A door that asks for no proof: what a call costs without."""

    async def require(self, tenant: Tenant, peer: Did) -> None:
        """Let everybody in."""

    async def admit(self, sender: object, asked: object) -> None:
        """Let everybody in."""

    async def standing(self, tenant: Tenant, peer: Did) -> None:
        """Let everybody stay."""

    def proofs(self, tenant: Tenant, peer: Did) -> None:
        """Know of nothing."""


class Node:
    """The server, and what it can be told to do."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._waiting: dict[tuple[str, str], asyncio.Future[str]] = {}
        server.ground.database.subscribe(self._heard)

    async def found(self, guests: list[str], roots: list[str]) -> Json:
        """Make the space with one provider, and admit `guests`, DIDs of participants elsewhere."""
        space, _ = await found_space(self.server, "bench", "Benchmark")
        provider = await add_participant(self.server, space, "provider", "Provider", roots=tuple(roots))
        for did in guests:
            invited = await self.server.management.members.invite(space.tenant, space.name, did=Did(did))
            applicant = Applicant(Did(did), self.server.ground.ids.new("jti"), self.server.ground.clock.now() + timedelta(minutes=5))
            await self.server.management.members.apply(space.name, applicant, "Guest", invitation=invited.code)
        return {"url": space.url, "anchor": space.anchor, "did": provider.did}

    async def join(self, name: str, url: str, anchor: str) -> Json:
        """Make a participant here that has joined a space elsewhere."""
        created = await self.server.management.participants.create(SERVER, name, name)
        await self.server.management.participants.join(SERVER, Tenant(name), url, Did(anchor))
        await self.server.ground.tenants.refresh(Tenant(name))
        wallet, types = self.server.wallet, ("MembershipCredential", "DataProviderCredential", "DataConsumerCredential")
        asked = await wallet.requests.ask(Tenant(name), Did(anchor), types, "joined")
        collecting = Collecting(wallet.requests, wallet.credentials, self.server.ground.clock)
        if (await collecting.settled(Tenant(name), asked.holder_pid, timedelta(seconds=20))).state != "issued":
            raise RuntimeError("the credentials did not come")
        return {"did": created.participant.did}

    async def make(self, name: str) -> Json:
        """Make a participant that has joined nothing."""
        created = await self.server.management.participants.create(SERVER, name, name)
        await self.server.ground.tenants.refresh(Tenant(name))
        return {"did": created.participant.did}

    async def invite(self, count: int) -> Json:
        """Make invitations to the space that is anchored here."""
        made = [await self.server.management.members.invite(Tenant("anchor"), "bench") for _ in range(count)]
        return {"codes": [one.code for one in made]}

    async def enter(self, url: str, codes: list[str], begin: int) -> Json:
        """Let members of the crowd join one after the other; return how many hold their credentials."""
        members = 0
        for number, code in enumerate(codes, begin):
            said = JoinSpace(url=url, invitation=code)
            joined = await self.server.front.services.joining.join(SERVER, Tenant(f"member-{number}"), said)
            members += joined.state == "member" and len(joined.credentials) == 3
        return {"members": members}

    async def call(self, peer: str, count: int, fresh: bool = False) -> Json:
        """Ask a peer for its catalogue, one call after the other; with `fresh`, by an access token that it has never seen."""
        wallet, times = self.server.wallet, []
        body = self.server.connector.kit.wire.encode_catalog_request(CatalogRequest())
        base = await wallet.peers.base_of(Tenant("provider"), Did(peer))
        for _ in range(count):
            if fresh:
                wallet.tokens.forget(Tenant("provider"))
            began = time.perf_counter()
            await wallet.peers.post(Tenant("provider"), Did(peer), f"{base}/catalog/request", body)
            times.append((time.perf_counter() - began) * 1000)
        return {"times": times}

    async def forget(self) -> Json:
        """Forget what is known of peers: their documents, their credentials, the status lists of their space."""
        [link] = await self.server.ground.tenants.spaces_of(Tenant("verifier"))
        self.server.trust.verifier.forget_list(link.url)
        self.server.trust.verifier.forget_tenant(Tenant("verifier"))
        self.server.ground.resolver.forget()
        return {}

    async def issue_list(self, count: int) -> Json:
        """Sign the space's status list anew each time."""
        times = []
        for _ in range(count):
            self.server.management.status.forget(Tenant("anchor"))
            began = time.perf_counter()
            await self.server.management.status.signed("bench", "revocation-1")
            times.append((time.perf_counter() - began) * 1000)
        return {"times": times}

    async def flip(self, count: int) -> Json:
        """Suspend and reinstate the provider's credentials, one bit at a time."""
        database, clock, times = self.server.ground.database, self.server.ground.clock, []
        held = await self.server.management.issuing.page(Tenant("anchor"), "bench", limit=1)

        def work(tx: Any, status: Any) -> None:
            mark(tx, tx.spaces.get("bench"), held[0].holder, status, "benchmark", clock.now(), types=[held[0].type])

        for number in range(count):
            began = time.perf_counter()
            await database.run(lambda tx, number=number: work(tx, "" if number % 2 else "suspended"))
            times.append((time.perf_counter() - began) * 1000)
        return {"times": times}

    async def crowd(self, count: int) -> Json:
        """Make many participants."""
        for number in range(count):
            await self.server.management.participants.create(SERVER, f"member-{number}", f"Member {number}")
        return {}

    async def offer(self, path: str, terms: str = "members") -> Json:
        """Offer a file, to all members if nothing else is said."""
        now = self.server.ground.clock.now()
        said = Description(title=Path(path).name, terms=(parse_template(terms, now),))
        asset = await self.server.front.services.offers.create(Tenant("provider"), FileSource(path), said)
        return {"asset": asset.id, "offer": asset.dataset.offers[0].id}

    async def fill(self, count: int, path: str) -> Json:
        """Fill the catalogue with copies of one asset, written as the service writes them."""
        first = (await self.offer(path))["asset"]
        asset = await self.server.front.services.offers.get(Tenant("provider"), first)
        service = service_of(self.server.connector.kit, asset.tenant)

        def work(tx: Any, numbers: range) -> None:
            for number in numbers:
                copy = json_copy(asset.dataset, f"ds_{number:08d}")
                made = type(asset)(
                    id=copy.id, tenant=asset.tenant, dataset=copy, source=asset.source, created=asset.created, updated=asset.updated
                )
                tx.assets.put(made, encode_dataset(copy, service))

        for begin in range(0, count, 500):
            await self.server.ground.database.run(lambda tx, begin=begin: work(tx, range(begin, min(begin + 500, count))))
        return {}

    async def negotiate(self, peer: str, asset: str, offer: str, count: int, at_once: int) -> Json:
        """Run whole negotiations; return the rate and this side's CPU milliseconds for each."""
        placed = Offer(id=offer, terms=parse_template("members", self.server.ground.clock.now()))
        left = count

        async def worker() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                begun = await self.server.connector.negotiations.request(Tenant("consumer"), Did(peer), asset, placed)
                state = await self._final("negotiation", begun.id)
                if state != "FINALIZED":
                    raise RuntimeError(f"a negotiation ended {state}")

        before, began = cpu(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(at_once)))
        seconds = time.perf_counter() - began
        return {"rate": count / seconds, "cpu_ms": (cpu() - before) * 1000 / count}

    async def reach(self, peer: str, offer: str, asset: str, count: int) -> Json:
        """Measure catalogue -> negotiation -> transfer -> first byte, one after the other; median in ms."""
        runs = []
        for _ in range(count):
            began = time.perf_counter()
            await self._catalogue(peer)
            placed = Offer(id=offer, terms=parse_template("members", self.server.ground.clock.now()))
            begun = await self.server.connector.negotiations.request(Tenant("consumer"), Did(peer), asset, placed)
            await self._final("negotiation", begun.id)
            await self._first_byte(begun.id)
            runs.append((time.perf_counter() - began) * 1000)
        return {"median_ms": statistics.median(runs)}

    async def address(self, peer: str, asset: str, offer: str, terms: str = "members") -> Json:
        """Negotiate, start a transfer, and return where the data is."""
        placed = Offer(id=offer, terms=parse_template(terms, self.server.ground.clock.now()))
        begun = await self.server.connector.negotiations.request(Tenant("consumer"), Did(peer), asset, placed)
        await self._final("negotiation", begun.id)
        transfer, address = await self._started(begun.id)
        return {"transfer": transfer, "endpoint": address.endpoint, "properties": address.properties, "type": address.endpoint_type}

    async def acquire(self, peer: str, asset: str, offer: str, agreement: str | None) -> Json:
        """Fetch a dataset into this participant's facility, under the agreement if there is one; the version before is used."""
        tenant, facility = Tenant("consumer"), self.server.factory.facility.facility
        if agreement is None:
            placed = Offer(id=offer, terms=parse_template("members", self.server.ground.clock.now()))
            begun = await self.server.connector.negotiations.request(tenant, Did(peer), asset, placed)
            await self._final("negotiation", begun.id)
            agreement = (await self.server.ground.database.read(lambda tx: tx.negotiations.get(tenant, begun.id))).agreement.id
        versions = await facility.versions(tenant, name="bench")
        transfer = await self.server.connector.transfers.request(tenant, agreement, "HttpData-PULL")
        await self._state("transfer", transfer.id, "STARTED")
        intaking = await facility.intake(tenant, Intake(name="bench", agreement=agreement, run=transfer.id))
        fetcher = self.server.factory.transport.fetcher
        found = await fetcher.fetch(tenant, transfer.id, intaking, versions[-1] if versions else None)
        version = await intaking.commit()
        return {"agreement": agreement, "version": version.id, "moved": found.moved, "seconds": found.seconds}

    async def count(self) -> Json:
        """Begin to count what this server sends."""
        self._sent = Sent()
        return {}

    async def sent(self) -> Json:
        """Return how many bytes it has sent since."""
        return {"bytes": self._sent.bytes}

    async def catalogue(self, peer: str, pages: int) -> Json:
        """Walk a catalogue page by page; return the times of the pages in ms."""
        base = await self.server.wallet.peers.base_of(Tenant("consumer"), Did(peer))
        body = self.server.connector.kit.wire.encode_catalog_request(CatalogRequest())
        times, url = [], None
        for _ in range(pages):
            began = time.perf_counter()
            if url is None:
                page, url = await self.server.wallet.peers.post(Tenant("consumer"), Did(peer), f"{base}/catalog/request", body)
            else:
                page, url = await self.server.wallet.peers.get_page(Tenant("consumer"), Did(peer), url)
            times.append((time.perf_counter() - began) * 1000)
            if len(json.loads(page)["dataset"]) != 100:
                raise RuntimeError("a page does not hold 100 datasets")
        return {"times": times}

    async def terminate(self, transfer: str) -> Json:
        """End the newest transfer that runs here, as its provider; return the moment before it was told."""
        views = self.server.front.services.views
        running = await views.transfers(Tenant("provider"), None, 1, open_only=True)
        moment = time.time()
        await self.server.connector.transfers.move(Tenant("provider"), running[0].process.id, Move("terminate", reason="benchmark"), "us")
        return {"moment": moment}

    async def usage(self) -> Json:
        """Return what this process has used so far: CPU seconds, and resident MB now."""
        return {"cpu": cpu(), "rss_mb": resident_mb()}

    async def _catalogue(self, peer: str) -> None:
        base = await self.server.wallet.peers.base_of(Tenant("consumer"), Did(peer))
        body = self.server.connector.kit.wire.encode_catalog_request(CatalogRequest())
        await self.server.wallet.peers.post(Tenant("consumer"), Did(peer), f"{base}/catalog/request", body)

    async def _started(self, negotiation: str) -> tuple[str, Any]:
        known = await self.server.ground.database.read(lambda tx: tx.negotiations.get(Tenant("consumer"), negotiation))
        transfer = await self.server.connector.transfers.request(Tenant("consumer"), known.agreement.id, "HttpData-PULL")
        await self._state("transfer", transfer.id, "STARTED")
        return transfer.id, await self.server.connector.transfers.address(Tenant("consumer"), transfer.id)

    async def _first_byte(self, negotiation: str) -> None:
        _, address = await self._started(negotiation)
        headers = {"Authorization": f"Bearer {address.properties['authorization']}", "Range": "bytes=0-0"}
        answer = await self.server.ground.client.send("GET", address.endpoint, None, headers)
        if len(answer.body) != 1:
            raise RuntimeError(f"the first byte did not come: {answer.status}")

    async def _final(self, kind: str, id: str) -> str:
        return await self._state(kind, id, "FINALIZED", "TERMINATED")

    async def _state(self, kind: str, id: str, *wanted: str) -> str:
        future = self._waiting.setdefault((kind, id), asyncio.get_running_loop().create_future())
        stores = {"negotiation": lambda tx: tx.negotiations, "transfer": lambda tx: tx.transfers}
        known = await self.server.ground.database.read(lambda tx: stores[kind](tx).get(Tenant("consumer"), id))
        state = str(known.state)
        while state not in wanted:
            state = await asyncio.wait_for(future, 30)
            if state not in wanted:
                future = self._waiting[kind, id] = asyncio.get_running_loop().create_future()
        self._waiting.pop((kind, id), None)
        return state

    def _heard(self, event: object) -> None:
        if isinstance(event, Changed):
            future = self._waiting.get((event.kind, event.id))
            if future is not None and not future.done() and event.state in ("FINALIZED", "TERMINATED", "STARTED", "COMPLETED"):
                future.set_result(event.state)


def cpu() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mb() -> float:
    """Return the memory that this process has resident now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def json_copy(dataset: Dataset, id: str) -> Dataset:
    """Return the dataset under another id, with offers of its own."""
    import msgspec

    offers = tuple(msgspec.structs.replace(offer, id=f"off_{id}") for offer in dataset.offers)
    return msgspec.structs.replace(dataset, id=id, offers=offers)


async def main(said: Json) -> None:
    """Serve, and do what the lines say."""
    allow = tuple(said["allow"])
    settings = Settings(home=said["home"], port=said["port"], peers_allow=allow, requests_per_second=1e6, request_burst=1_000_000)
    server = await Server.open(settings, Parts() if said["proof"] else Parts(membership=Everybody()))
    node = Node(server)
    ready = asyncio.Event()
    running = asyncio.create_task(serve(server, ready))
    await ready.wait()
    print(json.dumps({"ready": True}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        act: Callable[..., Awaitable[Json]] = getattr(node, order.pop("do"))
        print(json.dumps(await act(**order)), flush=True)
    signal.raise_signal(signal.SIGTERM)
    await running


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(json.loads(sys.argv[1])))
