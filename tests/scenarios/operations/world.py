"""Two real servers on loopback: `north` with an anchor and a provider, `south` with a consumer. South is never restored."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from datetime import timedelta
from typing import ClassVar

import msgspec
import uvicorn

from hanse.anchor.records import Applicant
from hanse.app.build import Parts
from hanse.app.keys import master_key
from hanse.app.server import Server, config_of
from hanse.app.space import add_participant, found_space, hand_over, host_token
from hanse.config import Settings
from hanse.connector.offers import Description
from hanse.connector.records import Answering, FileSource
from hanse.http.peer import PeerClient
from hanse.kernel.clock import SystemClock
from hanse.odrl.templates import parse_template
from hanse.participants.roles import SERVER
from hanse.storage import portable
from hanse.wallet.ports import SealedKey
from hanse.wallet.seal import MasterKeySealer
from tests.services.processes import free_port

PATIENCE = 15.0


class Clock(SystemClock):
    """The machine's clock, which tests put forward."""

    ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


@contextlib.asynccontextmanager
async def running(settings, clock=None):
    """Serve for as long as the block lasts."""
    server = await Server.open(settings, Parts(clock=clock or Clock()))
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


async def until(ask, what="it"):
    """Wait until `ask()`, a coroutine function, returns something true."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        found = await ask()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what} did not come about")


class Overheard(PeerClient):
    """Remembers all that leaves and comes back and is a secret: tokens, the access tokens in them, presentations."""

    tokens: ClassVar[set[str]] = set()
    presentations: ClassVar[set[str]] = set()

    async def send(self, method, url, body=None, headers=None, **options):
        token = (headers or {}).get("Authorization", "").removeprefix("Bearer ")
        if token:
            self.tokens.update({token, claims(token).get("token") or token})
        answer = await super().send(method, url, body, headers, **options)
        if url.endswith("/presentations/query"):
            self.presentations.update(re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", answer.body.decode()))
        return answer

    @classmethod
    def forget(cls):
        cls.tokens.clear()
        cls.presentations.clear()


def claims(token):
    """Read a JWT; nothing for any other token."""
    parts = token.split(".")
    return json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else {}


async def private_keys(server):
    """Return the secret part of every private key of a server, as it would stand in a JWK."""
    sealer = MasterKeySealer(master_key(server.settings.home_path))
    rows = await server.ground.database.read(lambda tx: list(portable.export_rows(tx.rows, "keys")))
    keys = [msgspec.json.decode(row[-1], type=SealedKey) for row in rows]
    return {json.loads(sealer.unseal(key.sealed, tenant=key.tenant, kid=key.kid))["d"] for key in keys}


class World:
    """The settings of both servers and what has been made on them."""

    def __init__(self, folder, database=""):
        ports = free_port(), free_port()
        allow = tuple(f"{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1"))
        (folder / "data").mkdir()
        (folder / "data" / "rain.csv").write_text("day,rain\n1,2\n")
        self.folder = folder
        self.clock = Clock()
        self.north = Settings(home=str(folder / "north"), port=ports[0], peers_allow=allow, database=database)
        self.south = Settings(home=str(folder / "south"), port=ports[1], peers_allow=allow)

    async def populate(self, north, south):
        """Make a space, a provider with two assets, a participant to be erased, and a consumer that is a member."""
        self.host = await host_token(north)
        self.space, self.anchor = await found_space(north, "harbour", "The Harbour")
        self.acme = await add_participant(north, self.space, "acme", "ACME", roots=(str(self.folder / "data"),))
        self.gone = await add_participant(north, self.space, "gone", "Gone")
        created = await south.management.participants.create(SERVER, "zoo", "Zoo")
        await south.ground.tenants.refresh(created.participant.name)
        self.zoo = created.participant.did
        await self.admit(north, self.zoo, "Zoo")
        await self.admit(north, "did:web:elsewhere.example:participants:old", "Old")
        await south.management.participants.join(SERVER, "zoo", self.space.url, self.space.anchor)
        await hand_over(north, self.space, "zoo", self.zoo, south)
        self.assets = [await self.offer(north, how) for how in (Answering.RULE, Answering.RULE, Answering.HAND)]

    async def admit(self, north, did, name):
        members = north.management.members
        invited = await members.invite("anchor", "harbour", did=did)
        applicant = Applicant(did, north.ground.ids.new("jti"), north.ground.clock.now() + timedelta(minutes=5))
        await members.apply("harbour", applicant, name, invitation=invited.code)

    async def offer(self, north, answering=Answering.RULE):
        source = FileSource(str(self.folder / "data" / "rain.csv"))
        said = Description(terms=(parse_template("members", north.ground.clock.now()),), answering=answering)
        return await north.front.services.offers.create("acme", source, said)

    async def agree(self, south, asset):
        """Negotiate as the consumer; return the contract's id once both sides hold it."""
        negotiations = south.connector.negotiations
        begun = await negotiations.request("zoo", self.acme.did, asset.id, asset.dataset.offers[0])

        async def agreed():
            found = await south.ground.database.read(lambda tx: tx.negotiations.get("zoo", begun.id))
            return found if found.state == "FINALIZED" else None

        return (await until(agreed, "the contract")).agreement.id

    async def start(self, south, contract, **stated):
        """Begin a pull; return the transfer and its address once it runs."""
        begun = await south.connector.transfers.request("zoo", contract, "HttpData-PULL", stated=stated)

        async def started():
            found = await self.transfer(south, begun.id)
            return found if found.state == "STARTED" else None

        await until(started, "the transfer")
        return begun.id, await south.connector.transfers.address("zoo", begun.id)

    async def transfer(self, south, id):
        return await south.ground.database.read(lambda tx: tx.transfers.get("zoo", id))

    async def populate_alone(self, north):
        """Make a space with a provider, without anybody on the other side."""
        self.host = await host_token(north)
        self.space, self.anchor = await found_space(north, "harbour", "The Harbour")
        self.acme = await add_participant(north, self.space, "acme", "ACME", roots=(str(self.folder / "data"),))
        self.assets = [await self.offer(north) for _ in range(3)]
