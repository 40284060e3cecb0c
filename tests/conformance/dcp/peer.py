"""Who plays the cases: issuer, holder, verifier and third party on one server, which holds every message against the public schemas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from tests.conformance.dcp import letters
from tests.conformance.dcp.jose import Claims, kid_of, opened
from tests.conformance.dcp.letters import Message
from tests.conformance.dcp.parties import Others, Party
from tests.conformance.serving import serving
from tests.unit.identity.dcp.schemas import validate

WAIT_SECONDS = 10.0


class Wrong(Exception):
    """The system under test did something else than the case says."""


def demand(holds: object, shown: object) -> None:
    """Raise `Wrong` with what is shown, unless it holds."""
    if not holds:
        raise Wrong(str(shown))


@dataclass(frozen=True)
class Delivered:
    """A CredentialMessage that came to the holder, and the claims of the token that it came with."""

    message: Message
    claims: Claims


Answer = Callable[[], list[str]]
"""Makes the presentations that answer a query, at the moment that it comes."""


@dataclass
class Inbox:
    """What came to the peer, and what it answers."""

    delivered: list[Delivered] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    answers: dict[str, Answer] = field(default_factory=dict)
    """By access token; each is good for one query."""
    asked: dict[str, str] = field(default_factory=dict)
    """By access token, what was wrong with the query; empty if nothing was."""
    fetched: list[str] = field(default_factory=list)
    """Paths of lists and schemas that were fetched."""
    faults: list[str] = field(default_factory=list)
    """What was wrong with a delivery."""


class Peer:
    """The peer of one system under test, whose DID is `did`."""

    def __init__(self, did: str, others: Others, client: httpx.AsyncClient) -> None:
        self.did = did
        self.client = client
        self.inbox = Inbox()
        self.base = f"http://localhost:{others.port}"
        self.issuer = Party(others.issuer, others.port, "IssuerService")
        self.holder = Party(others.holder, others.port, "CredentialService")
        self.verifier = Party(others.verifier, others.port, "CredentialService")
        self.third = Party(others.third, others.port, "CredentialService")
        self.offered = {f"urn:uuid:{uuid4()}": type for type in (letters.MEMBERSHIP, letters.SENSITIVE)}
        """What the peer's issuer says that it makes: types by id."""
        self.revoked = 1
        """Which bit of the peer's status list is set."""

    # --- what the peer serves

    def routes(self) -> list[Route]:
        """Return the peer's endpoints."""
        documents = [
            Route(f"/{party.name}/did.json", _fixed(party.document())) for party in (self.issuer, self.holder, self.verifier, self.third)
        ]
        return [
            *documents,
            Route("/issuer/metadata", _fixed(letters.metadata(self.issuer.did, self.offered))),
            Route("/holder/credentials", self._store, methods=["POST"]),
            Route("/holder/offers", self._offered, methods=["POST"]),
            Route("/holder/presentations/query", self._present, methods=["POST"]),
            Route("/status/{id}", self._list),
            Route("/schema/{name}", self._schema),
        ]

    async def _store(self, request: Request) -> Response:
        try:
            message = await request.json()
            validate("credential-message", message)
            claims = await self.open_token(request.headers.get("authorization"), self.holder.did)
            self.inbox.delivered.append(Delivered(message, claims))
        except Exception as fault:  # noqa: BLE001 - whatever it is, the case that waits must hear of it
            self.inbox.faults.append(f"{type(fault).__name__}: {fault}")
        async with self.inbox.arrived:
            self.inbox.arrived.notify_all()
        return Response(status_code=200)

    async def _offered(self, request: Request) -> Response:
        """Hear what the issuer offers to a new member. Nobody has to act on that."""
        try:
            validate("credential-offer-message", await request.json())
            await self.open_token(request.headers.get("authorization"), self.holder.did)
        except Exception as fault:  # noqa: BLE001 - as above
            self.inbox.faults.append(f"{type(fault).__name__}: {fault}")
        return Response(status_code=200)

    async def _present(self, request: Request) -> Response:
        access, fault = "", ""
        try:
            claims = await self.open_token(request.headers.get("authorization"), self.holder.did)
            access = str(claims.get("token"))
            message = await request.json()
            validate("presentation-query-message", message)
            demand(message.get("scope") == [letters.scope(letters.MEMBERSHIP)], f"it asked for {message}")
        except Exception as error:  # noqa: BLE001 - as above
            fault = f"{type(error).__name__}: {error}"
        answer = self.inbox.answers.pop(access, None)
        self.inbox.asked[access] = fault
        if fault or answer is None:
            return Response(status_code=401)
        response = letters.message("PresentationResponseMessage", presentation=answer())
        validate("presentation-response-message", response)
        return JSONResponse(response)

    async def _list(self, request: Request) -> Response:
        self.inbox.fetched.append(request.url.path)
        return JSONResponse(letters.status_list(self.issuer.did, f"{self.base}{request.url.path}", self.revoked))

    async def _schema(self, request: Request) -> Response:
        self.inbox.fetched.append(request.url.path)
        return JSONResponse(letters.MEMBERSHIP_SCHEMA, media_type="application/schema+json")

    # --- what the peer asks and checks

    async def document(self) -> dict[str, Any]:
        """Return the DID document of the system under test."""
        path = self.did.removeprefix("did:web:").replace(":", "/").replace("%3A", ":")
        document: dict[str, Any] = (await self.client.get(f"http://{path}/did.json")).raise_for_status().json()
        demand(document["id"] == self.did, document)
        return document

    async def endpoint(self, type: str) -> str:
        """Return the address of the one service of that type in the document."""
        found = [service["serviceEndpoint"] for service in (await self.document())["service"] if service["type"] == type]
        demand(len(found) == 1, f"{len(found)} services of the type {type}")
        return str(found[0])

    async def open_signed(self, text: str, relationship: str, by: str) -> Claims:
        """Return the claims of what `by` (the system under test, or one of the peer's parties) signed with a key for that purpose."""
        parties = {party.did: party.document() for party in (self.issuer, self.holder, self.verifier, self.third)}
        document = parties.get(by) or await self.document()
        kid = kid_of(text)
        demand(kid.partition("#")[0] == by, f"signed under {kid}, not by {by}")
        demand(kid in document[relationship], f"{kid} is not for {relationship}")
        return opened(text, next(method["publicKeyJwk"] for method in document["verificationMethod"] if method["id"] == kid))

    async def open_token(self, header: str | None, audience: str) -> Claims:
        """Return the claims of a self-issued token of the system under test (DCP 1.0, 4.3)."""
        scheme, _, text = (header or "").partition(" ")
        demand(scheme == "Bearer", f"the header is {header}")
        claims = await self.open_signed(text, "capabilityInvocation", self.did)
        demand((claims["iss"], claims["sub"]) == (self.did, self.did), claims)
        demand(claims["aud"] in (audience, [audience]), claims)
        demand(claims["jti"] and claims["iat"] < claims["exp"], claims)
        return claims

    async def post(self, url: str, header: str | None, body: Message) -> httpx.Response:
        """Send a message."""
        headers = {"Content-Type": "application/json"} | ({} if header is None else {"Authorization": header})
        return await self.client.post(url, content=letters.encoded(body), headers=headers)

    async def wait_for(self, holder_pid: str, issuer_pid: str) -> Delivered:
        """Wait until what was asked for under these names is delivered. Raises `Wrong` if it does not come in 10 s."""

        def found() -> bool:
            return bool(self.inbox.faults) or any(_names(one) == (holder_pid, issuer_pid) for one in self.inbox.delivered)

        try:
            async with asyncio.timeout(WAIT_SECONDS), self.inbox.arrived:
                await self.inbox.arrived.wait_for(found)
        except TimeoutError:
            raise Wrong(f"nothing was delivered for {holder_pid}, {issuer_pid}: {[_names(one) for one in self.inbox.delivered]}") from None
        demand(not self.inbox.faults, self.inbox.faults)
        return next(one for one in self.inbox.delivered if _names(one) == (holder_pid, issuer_pid))


def refused(answer: httpx.Response, *statuses: int) -> None:
    """Raise `Wrong` unless the answer is an error of the caller, and one of these if any are given."""
    demand(answer.is_client_error and (not statuses or answer.status_code in statuses), f"HTTP {answer.status_code}: {answer.text}")


def taken(answer: httpx.Response, *statuses: int) -> None:
    """Raise `Wrong` unless the answer is a success, and one of these if any are given."""
    demand(answer.is_success and (not statuses or answer.status_code in statuses), f"HTTP {answer.status_code}: {answer.text}")


@asynccontextmanager
async def peer_of(did: str, others: Others) -> AsyncIterator[Peer]:
    """Run the peer at the port that its DIDs name."""
    async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
        peer = Peer(did, others, client)
        config = uvicorn.Config(Router(peer.routes()), port=others.port, lifespan="off", access_log=False, log_config=None)
        async with serving(uvicorn.Server(config)):
            yield peer


def _names(one: Delivered) -> tuple[str, str]:
    return str(one.message["holderPid"]), str(one.message["issuerPid"])


def _fixed(body: Message) -> Callable[[Request], Awaitable[Response]]:
    async def give(request: Request) -> Response:
        return JSONResponse(body)

    return give
