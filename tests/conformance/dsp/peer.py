"""Who plays the cases: a plain peer with a server of its own, which holds every message and answer against the public schemas."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import uvicorn
from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from tests.conformance.dsp import letters
from tests.conformance.dsp.adapter import UnderTest
from tests.conformance.dsp.cases import Case
from tests.conformance.dsp.letters import TCK, Message, Parties
from tests.conformance.kit.dsp_properties import FORMAT, sample_ids
from tests.conformance.serving import serving
from tests.services import free_port
from tests.wire.schemas import validate

WAIT_SECONDS = 20.0
QUIET_SECONDS = 1.0
_STATES = {"negotiations": "ContractNegotiation", "transfers": "TransferProcess"}
_ERRORS = {"negotiations": "ContractNegotiationError", "transfers": "TransferError"}


class Wrong(Exception):
    """The connector did what the case does not allow."""


@dataclass
class Arrived:
    """A message of the connector's, or what is wrong with it; `pid` is our own id of its process."""

    word: str
    message: Message
    pid: str
    fault: str = ""


@dataclass
class Peer:
    """Takes the connector's messages: first ones are kept by what they are about, later ones by our process id."""

    connector: UnderTest
    client: httpx.AsyncClient
    base: str
    boxes: dict[str, asyncio.Queue[Arrived]] = field(default_factory=lambda: defaultdict(asyncio.Queue))

    def routes(self) -> list[Route]:
        """Return the peer's side of the protocol."""
        return [
            Route("/{protocol}/request", self._first, methods=["POST"]),
            Route("/{protocol}/{pid}/{tail:path}", self._next, methods=["POST"]),
        ]

    async def _first(self, request: Request) -> Response:
        protocol, pid = request.path_params["protocol"], str(uuid4())
        arrived = await _read(request, protocol, "request", pid)
        message = arrived.message
        about = message.get("agreementId") or message.get("offer", {}).get("target")
        self.boxes[about].put_nowait(arrived)
        answer = {"@context": [letters.CONTEXT], "@type": _STATES[protocol], "state": "REQUESTED"}
        return JSONResponse(answer | {"providerPid": pid, "consumerPid": message["consumerPid"]}, 201)

    async def _next(self, request: Request) -> Response:
        pid = request.path_params["pid"]
        self.boxes[pid].put_nowait(await _read(request, request.path_params["protocol"], request.path_params["tail"], pid))
        return Response(status_code=200)


async def _read(request: Request, protocol: str, tail: str, pid: str) -> Arrived:
    message = await request.json()
    try:
        validate(None, message)
        return Arrived(letters.word_of(protocol, tail, message), message, pid)
    except (ValidationError, StopIteration) as error:
        return Arrived("", message, pid, f"to {request.url.path}: {error}")


@asynccontextmanager
async def peer_of(connector: UnderTest) -> AsyncIterator[Peer]:
    """Run the peer on a free port of the loopback."""
    port = free_port()
    async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
        peer = Peer(connector, client, f"http://127.0.0.1:{port}")
        config = uvicorn.Config(Router(peer.routes()), port=port, lifespan="off", access_log=False, log_config=None)
        async with serving(uvicorn.Server(config)):
            yield peer


class Exchange:
    """One case under way."""

    def __init__(self, peer: Peer, case: Case) -> None:
        ids = sample_ids()
        self._peer = peer
        self._case = case
        self._protocol = "negotiations" if case.group.startswith("CN") else "transfers"
        self._provides = not case.group.endswith("_C")
        if self._protocol == "negotiations":
            self._target = ids[f"{case.about}_DATASETID"]
            self._offer = ids.get(f"{case.about}_OFFERID", f"offer{self._target}")
        else:
            self._target, self._offer = ids[f"{case.about}_AGREEMENTID"], FORMAT
        self._ours: str | None = str(uuid4()) if self._provides else None
        self._theirs: str | None = None
        self._address = peer.connector.protocol

    async def play(self) -> None:
        """Play the case to its end, and see that the connector then says nothing more. Raises `Wrong`."""
        if not self._provides:
            await self._ask()
        steps = {">": self._say, "!": self._say_in_vain, "<": self._hear, "=": self._look}
        for number, (sign, word) in enumerate(self._case.moves, start=1):
            try:
                await steps[sign](word)
            except (Wrong, ValidationError, TimeoutError, httpx.HTTPError) as error:
                raise Wrong(f"at step {number}, `{sign} {word}`: {type(error).__name__} {error}") from error
        await asyncio.sleep(QUIET_SECONDS)
        if not self._peer.boxes[self._ours or ""].empty():
            raise Wrong(f"then it said more: {self._peer.boxes[self._ours or ''].get_nowait()}")

    async def _ask(self) -> None:
        asked = {"providerId": TCK, "connectorAddress": self._peer.base}
        if self._protocol == "negotiations":
            asked |= {"offerId": self._offer, "datasetId": self._target}
            answer = await self._peer.client.post(self._peer.connector.negotiation_webhook, json=asked)
        else:
            asked |= {"agreementId": self._target, "format": self._offer}
            answer = await self._peer.client.post(self._peer.connector.transfer_webhook, json=asked)
        answer.raise_for_status()

    async def _hear(self, word: str) -> None:
        first = self._ours is None
        box = self._peer.boxes[self._ours or self._target]
        arrived = await asyncio.wait_for(box.get(), WAIT_SECONDS)
        if arrived.fault or arrived.word != word:
            raise Wrong(arrived.fault or f"it said {arrived.word}: {arrived.message}")
        message = arrived.message
        if first:
            self._ours, self._theirs = arrived.pid, message["consumerPid"]
            self._address = message["callbackAddress"]
            offer = message.get("offer") or {"@id": message.get("format"), "target": message.get("agreementId")}
            _same((offer["@id"], offer["target"]), (self._offer, self._target))
            return
        _same((message["providerPid"], message["consumerPid"]), self._pids())
        if word == "start" and self._provides and "dataAddress" not in message:
            raise Wrong("a provider's start of a pull carries the data address")

    async def _say(self, word: str) -> None:
        first = self._theirs is None
        answer = await self._post(word)
        if not answer.is_success:
            raise Wrong(f"HTTP {answer.status_code}: {answer.text}")
        if first:
            _same(answer.status_code, 201)
            self._theirs = answer.json()["providerPid"]
            self._read_state(answer, "REQUESTED")

    async def _say_in_vain(self, word: str) -> None:
        answer = await self._post(word)
        if not 400 <= answer.status_code < 500 or answer.status_code == 404:
            raise Wrong(f"HTTP {answer.status_code} where a refusal was due: {answer.text}")
        validate(_ERRORS[self._protocol], answer.json())

    async def _look(self, state: str) -> None:
        """Ask until the connector is there: its own step is committed a moment after our answer to it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                answer = await self._peer.client.get(f"{self._address}/{self._protocol}/{self._theirs}")
                if self._read_state(answer) == state:
                    return
                await asyncio.sleep(0.1)

    def _read_state(self, answer: httpx.Response, expected: str | None = None) -> str:
        body = answer.raise_for_status().json()
        validate(_STATES[self._protocol], body)
        _same((body["providerPid"], body["consumerPid"]), self._pids())
        state = str(body["state"])
        _same(state, expected or state)
        return state

    async def _post(self, word: str) -> httpx.Response:
        provider, consumer = self._pids()
        parties = Parties(self._peer.connector.did, provider, consumer, self._provides, self._offer, self._target, callback=self._peer.base)
        message = letters.write(self._protocol, word, parties)
        validate(None, message)
        tail = letters.KINDS[self._protocol][word].tail
        process = "" if self._theirs is None else f"/{self._theirs}"
        return await self._peer.client.post(f"{self._address}/{self._protocol}{process}/{tail}", json=message)

    def _pids(self) -> tuple[str | None, str | None]:
        return (self._theirs, self._ours) if self._provides else (self._ours, self._theirs)


def _same(found: object, expected: object) -> None:
    if found != expected:
        raise Wrong(f"it said {found}, not {expected}")
