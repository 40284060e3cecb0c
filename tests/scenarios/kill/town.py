"""A provider and a consumer in two server processes that can be killed and started again at any moment."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec

from hanse.anchor.records import Applicant
from hanse.app.server import Server
from hanse.app.space import add_participant, found_space
from hanse.config import Settings
from hanse.connector.offers import Description
from hanse.connector.records import FileSource
from hanse.odrl.templates import parse_template
from hanse.participants.roles import SERVER
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[3]
CONTENT = b"day,rain\n" + b"".join(b"%d,%d\n" % (day, day * 7 % 13) for day in range(2_000))


def settings(home, port, peers, database=""):
    """The settings of a server that reaches `peers` on loopback."""
    allowed = tuple(f"{host}:{peer}" for peer in peers for host in ("localhost", "127.0.0.1"))
    return Settings(
        home=str(home), port=port, peers_allow=allowed, database=database, requests_per_second=1e5, request_burst=100_000, log_level="error"
    )


class Process:
    """A server process: `start`, `kill` (SIGKILL), `stop` (SIGTERM). Its errors go to a log beside its home."""

    def __init__(self, settings, record="", stuck=""):
        self.settings = settings
        self.record = record
        self.stuck = stuck
        self.kills = 0
        self.log = Path(settings.home).parent / f"{Path(settings.home).name}-{settings.port}.log"
        self._process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.settings.port}"

    def start(self, environment=None):
        arguments = [sys.executable, str(ROOT / "tests/scenarios/kill/server.py"), msgspec.json.encode(self.settings).decode()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*arguments, str(self.record), str(self.stuck)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self):
        self.kills += 1
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def _end(self, how):
        if self.running:
            self._process.send_signal(how)
        if self._process is not None:
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def said(self):
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""


class Town(msgspec.Struct):
    """What was made before the first start: names, tokens, one asset with its offer."""

    provider: Settings
    consumer: Settings
    provider_did: str
    provider_token: str
    consumer_token: str
    asset: str
    offer: str


async def found(folder, databases=("", "")):
    """Make a space with a provider and a consumer, each on a server of its own, and close both."""
    ports = free_port(), free_port()
    provider = settings(folder / "provider", ports[0], [ports[1]], databases[0])
    consumer = settings(folder / "consumer", ports[1], [ports[0]], databases[1])
    (folder / "data").mkdir()
    (folder / "data" / "rain.csv").write_bytes(CONTENT)
    server = await Server.open(provider)
    try:
        space, _ = await found_space(server, "harbour", "The Harbour")
        meteo = await add_participant(server, space, "meteo", "Meteo", roots=(str(folder / "data"),))
        now = server.ground.clock.now()
        description = Description(title="Rain", terms=(parse_template("members", now),))
        asset = await server.front.services.offers.create(meteo.name, FileSource(str(folder / "data" / "rain.csv")), description)
        did = f"did:web:localhost%3A{ports[1]}:participants:factory"
        invited = await server.management.members.invite(space.tenant, space.name, did=did)
        applicant = Applicant(did, "jti_1", now + timedelta(minutes=5))
        await server.management.members.apply(space.name, applicant, "Factory", invitation=invited.code)
        credentials = await server.management.issuing.issue_now(space.tenant, space.name, did)
    finally:
        await server.stop()
    server = await Server.open(consumer)
    try:
        created = await server.management.participants.create(SERVER, "factory", "Factory")
        await server.management.participants.join(SERVER, "factory", space.url, space.anchor)
        await server.wallet.credentials.keep("factory", did, space.anchor, credentials)
    finally:
        await server.stop()
    return Town(provider, consumer, meteo.did, meteo.token, created.administrator.token, asset.id, asset.dataset.offers[0].id)


async def until(ready, seconds, what):
    """Wait until `await ready()` is true."""
    try:
        async with asyncio.timeout(seconds):
            while not await ready():  # noqa: ASYNC110 - a test may look again and again
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None
