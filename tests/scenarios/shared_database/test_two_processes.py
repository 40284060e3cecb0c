"""Several server processes on one PostgreSQL: either answers, one takes over from the other, a halt cuts streams in both."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import time
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import uvicorn

from hanse.app.server import Server, config_of
from hanse.app.space import add_participant, found_space, hand_over
from hanse.connector.offers import Description
from hanse.connector.records import FileSource
from hanse.dsp.messages import CatalogRequest
from hanse.dsp.versions import v2025_1 as wire
from hanse.odrl.templates import parse_template
from hanse.participants.roles import SERVER
from tests.scenarios.kill.driver import Operator
from tests.scenarios.kill.server import LEASE
from tests.scenarios.kill.town import Process, settings, until
from tests.services import free_port

pytestmark = pytest.mark.postgres
BIG = 96 << 20
KEY = {"HANSE_MASTER_KEY": base64.b64encode(bytes(range(32))).decode()}


class Pair:
    """Two processes of one server on one database, and a neighbour that runs in the test itself."""

    def __init__(self, folder, database):
        self.folder = folder
        ports = free_port(), free_port(), free_port()
        first = settings(folder / "first", ports[0], [ports[2]], database)
        second = settings(folder / "second", ports[1], [ports[2]], database)
        self.settings = first, msgspec.structs.replace(second, public_port=ports[0])
        self.neighbour_settings = settings(folder / "neighbour", ports[2], ports[:2])
        self.stuck = folder / "stuck"
        self.processes = []

    async def __aenter__(self):
        self._stack = contextlib.AsyncExitStack()
        self.neighbour = await self._stack.enter_async_context(_serving(self.neighbour_settings))
        self.client = await self._stack.enter_async_context(httpx.AsyncClient(timeout=20))
        self.space, _ = await found_space(self.neighbour, "harbour", "The Harbour")
        data = self.folder / "data"
        data.mkdir()
        self.zoo = await add_participant(self.neighbour, self.space, "zoo", "Zoo", roots=(str(data),))
        (data / "small.csv").write_text("a,b\n1,2\n")
        with (data / "big.bin").open("wb") as file:
            file.truncate(BIG)
        await self._make_acme(str(data))
        self.processes = [Process(self.settings[0]), Process(self.settings[1])]
        return self

    async def __aexit__(self, *_):
        for process in self.processes:
            process.stop()
        await self._stack.aclose()

    async def _make_acme(self, data):
        with _environment(KEY):
            server = await Server.open(self.settings[0])
        try:
            made = await server.management.participants.create(SERVER, "acme", "ACME", allowed_roots=(data,))
            self.acme = made.participant
            self.token = made.administrator.token
            await self._join("acme", self.acme.did)
            await server.management.participants.join(SERVER, "acme", self.space.url, self.space.anchor)
            await hand_over(self.neighbour, self.space, "acme", self.acme.did, server)
            self.asset = await _offer(server, "acme", f"{data}/big.bin")
        finally:
            await server.stop()

    async def _join(self, name, did):
        invited = await self.neighbour.management.members.invite(self.space.tenant, self.space.name, did=did)
        from hanse.anchor.records import Applicant

        ground = self.neighbour.ground
        applicant = Applicant(did, ground.ids.new("jti"), ground.clock.now() + 10 * LEASE)
        await self.neighbour.management.members.apply(self.space.name, applicant, name, invitation=invited.code)

    async def start(self, *which):
        for number in which or (0, 1):
            self.processes[number].start(KEY)
        for number in which or (0, 1):
            await until(lambda number=number: self._ready(number), 20, f"process {number} is ready: {self.processes[number].said()}")

    async def _ready(self, number):
        try:
            return (await self.client.get(f"{self.processes[number].url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    def operator(self, number, token=None):
        """An operator of acme who speaks to one of the processes."""
        operator = Operator(self.processes[number].url, token or self.token)
        operator.client = self.client
        return operator


@contextlib.contextmanager
def _environment(values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextlib.asynccontextmanager
async def _serving(settings):
    server = await Server.open(settings)
    front = uvicorn.Server(config_of(server))
    await server.start()
    task = asyncio.create_task(front.serve())
    while not front.started:
        await asyncio.sleep(0.005)
        assert not task.done()
    try:
        yield server
    finally:
        front.should_exit = True
        await task
        await server.stop()


async def _offer(server, tenant, path):
    terms = (parse_template("members", server.ground.clock.now()),)
    return await server.front.services.offers.create(tenant, FileSource(path), Description(title="Data", terms=terms))


def _on(folder, database, scenario):
    async def whole():
        async with asyncio.timeout(90), Pair(folder, database) as pair:
            await scenario(pair)

    asyncio.run(whole())


def test_messages_to_either_are_answered_and_changes_are_known_to_both(tmp_path, postgres_database):
    async def scenario(pair):
        await pair.start()
        body = wire.encode_catalog_request(CatalogRequest())
        for process in pair.processes:
            base = f"http://localhost:{process.settings.port}/participants/acme{wire.PATH}"
            found, _ = await pair.neighbour.wallet.peers.post("zoo", pair.acme.did, f"{base}/catalog/request", body)
            assert pair.asset.id.encode() in found
        # Made at one, known to the other at once.
        waiting = asyncio.create_task(_negotiated_at_one_followed_at_the_other(pair))
        host = await _host(pair)
        for name, (here, there) in {"late-1": (0, 1), "late-2": (1, 0)}.items():
            await pair.operator(here, host)("POST", "/participants", {"name": name, "title": "Late"})
            await until(lambda name=name, there=there: _has_document(pair, there, name), 2, f"{name} is known to process {there}")
        await waiting

    _on(tmp_path, postgres_database, scenario)


async def _host(pair):
    from hanse.participants.operators import Operators
    from hanse.storage import open_database  # a token of the host, made beside the running processes

    database = await open_database(pair.settings[0].database)
    try:
        issued = await Operators(database, pair.neighbour.ground.clock, pair.neighbour.ground.ids).first_host()
        return issued.token
    finally:
        await database.close()


async def _has_document(pair, number, name):
    return (await pair.client.get(f"{pair.processes[number].url}/participants/{name}/did.json")).status_code == 200


async def _negotiated_at_one_followed_at_the_other(pair):
    asset = await _offer(pair.neighbour, "zoo", str(pair.folder / "data" / "small.csv"))
    asked = {"peer": pair.zoo.did, "dataset": asset.id, "offer": asset.dataset.offers[0].id}
    begun = await pair.operator(1)("POST", "/negotiations", asked)
    started = time.monotonic()
    # Answers arrive at the first process, the operator waits at the second: a broadcast wakes it long before its 30 s are over.
    shown = await pair.operator(1)("GET", f"/negotiations/{begun['id']}?wait=30&until=FINALIZED")
    assert shown["state"] == "FINALIZED"
    assert time.monotonic() - started < 5


def test_a_process_killed_in_the_middle_of_sending_is_taken_over_within_the_lease(tmp_path, postgres_database):
    async def scenario(pair):
        pair.processes[1].stuck = pair.stuck
        await pair.start()
        asset = await _offer(pair.neighbour, "zoo", str(pair.folder / "data" / "small.csv"))
        asked = {"peer": pair.zoo.did, "dataset": asset.id, "offer": asset.dataset.offers[0].id}
        begun = await pair.operator(1)("POST", "/negotiations", asked)
        await until(_made(pair.stuck), 5, "the second process is sending")
        pair.processes[1].kill()
        killed = time.monotonic()
        shown = await pair.operator(0)("GET", f"/negotiations/{begun['id']}?wait=30&until=FINALIZED")
        assert shown["state"] == "FINALIZED"
        # The lease, a look for what is due once per lease, and the messages themselves.
        assert time.monotonic() - killed < 2 * LEASE.total_seconds() + 3
        await until(lambda: _finalised_once(pair.neighbour), 5, "the other side has one negotiation, and it is FINALIZED")

    _on(tmp_path, postgres_database, scenario)


async def _finalised_once(neighbour):
    """Our acknowledgement of FINALIZED may still be on its way."""
    found = await neighbour.ground.database.read(lambda tx: tx.negotiations.page("zoo", after=None, limit=9))
    return [one.state for one in found] == ["FINALIZED"]


def _made(path):
    async def made():
        return path.exists()

    return made


def test_a_stream_of_one_process_is_cut_when_the_other_suspends_the_transfer(tmp_path, postgres_database):
    async def scenario(pair):
        await pair.start()
        services = pair.neighbour.front.services
        zoo = Operator(pair.neighbour.settings.public_root, pair.zoo.token)
        zoo.client = pair.client
        begun = await services.negotiations.request("zoo", pair.acme.did, pair.asset.id, pair.asset.dataset.offers[0])
        agreed = await zoo.until(f"/negotiations/{begun.id}", "FINALIZED")
        transfer = await zoo("POST", "/transfers", {"contract": agreed["contract"]})
        await zoo.until(f"/transfers/{transfer['id']}", "STARTED")
        address = await zoo("GET", f"/transfers/{transfer['id']}/address")
        at_second = pair.processes[1].url + urlsplit(address["endpoint"]).path
        token = {"Authorization": "Bearer " + address["properties"]["authorization"]}
        (theirs,) = (await pair.operator(0)("GET", "/transfers"))["items"]
        async with pair.client.stream("GET", at_second, headers=token) as answer:
            assert answer.status_code == 200
            with pytest.raises(httpx.TransportError):
                await _read_slowly(answer, suspend=lambda: pair.operator(0)("POST", f"/transfers/{theirs['id']}/suspend", {}))
        assert (await pair.client.get(at_second, headers=token)).status_code == 403

    _on(tmp_path, postgres_database, scenario)


async def _read_slowly(answer, suspend):
    """Read at some 10 MB/s; suspend after the first part; the stream must break off within a second of that."""
    suspended, taken = None, 0
    async for part in answer.aiter_raw(1 << 18):
        taken += len(part)
        if suspended is None:
            await suspend()
            suspended = time.monotonic()
        assert time.monotonic() - suspended < 1.0, f"{taken} bytes came, and still more come"
        await asyncio.sleep(0.025)
    assert taken < BIG
