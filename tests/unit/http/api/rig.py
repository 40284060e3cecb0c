"""A whole server in memory, without sockets: real services on `:memory:`, and peers that are reached through ASGI.

Three participants: `acme` (provider), `zoo` (consumer) and `other`; `acme` anchors the space in which the first two are.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.routing import Mount, Router

from hanse.anchor.records import Applicant
from hanse.app.build import Ground, Parts
from hanse.app.server import Server
from hanse.app.space import hand_over
from hanse.config import Settings
from hanse.http.api.management import ManagementApi
from hanse.http.limits import RateLimiter
from hanse.http.peer import PeerAnswer
from hanse.http.resolve import DidResolver
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import PeerUnreachable
from hanse.participants.roles import SERVER, Role
from hanse.storage import open_database
from hanse.wallet.seal import new_master_key

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = "http://localhost:8400"
NAMES = ("acme", "zoo", "other")


def did_of(name):
    return f"did:web:localhost%3A8400:participants:{name}"


class Loopback:
    """The second implementation of the client for peers: every request goes to the application itself."""

    def __init__(self):
        self.app = None
        self.asked = []

    async def send(self, method, url, body=None, headers=None, *, timeout=10.0, limit=1 << 20):
        self.asked.append((method, url))
        if not url.startswith(ROOT + "/"):
            raise PeerUnreachable("There is nobody at this address.")
        sent = {"Content-Type": "application/json"} | (headers or {})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ROOT) as client:
            answer = await client.request(method, url, content=body, headers=sent)
        return PeerAnswer(answer.status_code, answer.headers, answer.content)

    async def close(self):
        pass


class Rig:
    """Use as `async with Rig(tmp_path) as rig`."""

    def __init__(self, folder: Path, rate: float = 10_000.0, operands=None):
        self.folder = folder
        self.operands = operands
        self.rate = rate
        self.clock = ManualClock(START)
        self.tokens: dict[tuple[str | None, str], str] = {}
        self.ids: dict[tuple[str | None, str], str] = {}

    async def __aenter__(self):
        self.database = await open_database(":memory:")
        settings = Settings(home=str(self.folder / "home"), behind_proxy=True)
        ground = Ground(settings, Parts(clock=self.clock, operands=self.operands), self.database, new_master_key())
        self.peers = Loopback()
        ground.client = self.peers
        ground.resolver = DidResolver(self.peers, self.clock, ground._local_document, local_document_at=ground._local_document_at)
        self.ground = ground
        self.server = Server(ground)
        letters = self.server.wallet.letters
        letters.wake = lambda: self.server._soon(letters.send_due())  # there is no timer here
        self.build()
        await self._populate()
        return self

    async def __aexit__(self, *_):
        await self.server.connector.outbox.drain(2)
        await self.settle()
        await self.database.close()

    def build(self):
        front = self.server.front
        self.watch, self.health, self.metrics, self.services = front.watch, front.health, front.metrics, front.services
        limiter = RateLimiter(self.rate, 1_000 if self.rate > 100 else 2)
        self.api = ManagementApi(self.services, limiter)
        self.app = self.peers.app = Router([*self.api.routes(), Mount("/", app=self.server.app)]) if self.rate < 100 else self.server.app

    async def _populate(self):
        people = self.server.management
        first = await people.operators.first_host()
        self.tokens[None, "administer"] = first.token
        self.ids[None, "administer"] = first.operator.id
        for name in NAMES:
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name / "data.csv").write_text("day,rain\n1,2\n")
            made = await people.participants.create(SERVER, name, f"{name.title()} Ltd", allowed_roots=(str(self.folder / name),))
            await self.ground.tenants.refresh(made.participant.name)
            self.tokens[name, "administer"] = made.administrator.token
            self.ids[name, "administer"] = made.administrator.operator.id
            for role in (Role.READ, Role.OPERATE, Role.APPROVE):
                issued = await people.operators.add(SERVER, name, f"{role.value} person", role)
                self.tokens[name, role.value] = issued.token
                self.ids[name, role.value] = issued.operator.id
        space = await people.spaces.found("acme", did_of("acme"), "harbour", "The Harbour")
        await people.participants.join(SERVER, "acme", space.url, space.anchor)
        await hand_over(self.server, space, "acme", did_of("acme"))
        await self.admit("zoo", space)
        await self.settle()
        self.server._started = True

    async def admit(self, name, space):
        people = self.server.management
        invited = await people.members.invite("acme", space.name, did=did_of(name))
        applicant = Applicant(did_of(name), self.ground.ids.new("jti"), self.clock.now() + timedelta(minutes=5))
        await people.members.apply(space.name, applicant, f"{name.title()} Ltd", invitation=invited.code)
        await people.participants.join(SERVER, name, space.url, space.anchor)
        await hand_over(self.server, space, name, did_of(name))

    async def settle(self):
        """Let the server learn what has changed of its participants."""
        while self.server._tasks:
            await asyncio.gather(*self.server._tasks)

    async def arrived(self):
        """Let all DCP messages arrive, and those that they cause."""
        letters = self.server.wallet.letters
        while letters._tasks or self.server._tasks:
            await self.settle()
            await letters.drain(2)

    # What tests do.

    async def ask(self, method, path, who="acme", role="administer", body=None, *, raw=None, headers=None, token=None):
        """Call the interface; return (status, decoded body or nothing)."""
        answer = await self.respond(method, path, who, role, body, raw=raw, headers=headers, token=token)
        return answer.status_code, answer.json() if answer.content else None

    async def respond(self, method, path, who="acme", role="administer", body=None, *, raw=None, headers=None, token=None):
        token = self.tokens[who, role] if token is None else token
        sent = ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ROOT) as client:
            return await client.request(method, "/api/v1" + path, json=body, content=raw, headers=sent)

    async def good(self, method, path, who="acme", role="administer", body=None):
        """Call the interface, which must do it; return the decoded body."""
        status, answer = await self.ask(method, path, who, role, body)
        assert status < 300, (method, path, status, answer)
        return answer

    async def get(self, path, headers=None):
        """Read a page at the root."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ROOT) as client:
            return await client.get(path, headers=headers)

    async def asset(self, terms="members", **said):
        """Put acme's file on offer."""
        source = {"kind": "file", "path": str(self.folder / "acme" / "data.csv")}
        return await self.good("POST", "/assets", body={"source": source, "terms": [terms], **said})

    async def until(self, path, who, *states):
        """Wait for a state, as a client does."""
        shown = await self.good("GET", f"{path}?wait=10&until={','.join(states)}", who)
        assert shown["state"] in states, shown
        return shown

    async def agreed(self, terms="members", **said):
        """Return (asset, zoo's contract id) after a negotiation by rule."""
        asset = await self.asset(terms, **said)
        offer = asset["dataset"]["offers"][0]["id"]
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": offer}
        begun = await self.good("POST", "/negotiations", "zoo", body=body)
        shown = await self.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED")
        return asset, shown["contract"]

    async def started(self):
        """Return zoo's transfer, STARTED."""
        _, contract = await self.agreed()
        return await self.fetched(contract)

    async def fetched(self, contract, **stated):
        """Let zoo's data come under a contract; return the transfer, STARTED."""
        begun = await self.good("POST", "/transfers", "zoo", "operate", {"contract": contract, "stated": stated})
        return await self.until(f"/transfers/{begun['id']}", "zoo", "STARTED")


def run(folder, scenario, **said):
    """Run `async def scenario(rig)` with a fresh server, within a bound of time."""

    async def whole():
        async with asyncio.timeout(30), contextlib.AsyncExitStack() as stack:
            return await scenario(await stack.enter_async_context(Rig(folder, **said)))

    return asyncio.run(whole())
