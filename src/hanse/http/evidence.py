"""Signed statements between participants over HTTPS: `POST /participants/NAME/evidence`, listed as `EvidenceService` in DID documents.

The body is a DSSE envelope (`evidence.dsse`); the caller proves itself with a self-issued token, as with DSP, and its membership by
credentials. The answer is the receiver's signed receipt, an envelope as well. The same envelope again gets a receipt again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.connector.door import admit, admit_party
from hanse.connector.kit import Kit
from hanse.evidence.dsse import MAX_ENVELOPE, read_envelope
from hanse.http.authenticate import Authenticator
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.http.limits import RateLimiter, read_json
from hanse.http.peer import PeerClient
from hanse.http.resolve import DidResolver
from hanse.identity.did import did_of
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.exchange import Evidence, check_receipt
from hanse.ledger.peers import SERVICE, EvidencePeers
from hanse.ledger.ports import LedgerTx
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import ServiceType

EVIDENCE_PATH: Final = "/evidence"
"""Where a participant takes statements, below its own address."""
DEPTH: Final = 8
"""Levels of an envelope; what is in its payload is bounded by its types."""
PER_DAY: Final = 20_000
"""Statements that one peer may send to one participant in a day; as many at once as in a twentieth of it."""
UNIT: Final = 16 * 1024
"""Bytes of a statement from which on it counts as two, and so on: all of them are kept for good."""

TokenFor = Callable[[Tenant, Did], Awaitable[str]]
"""Makes a token by which a participant proves itself to a peer, once."""

_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class EvidenceEndpoints:
    """The route, for all participants of this server."""

    def __init__(self, kit: Kit, evidence: Evidence, resolver: DidResolver, authenticate: Authenticator, limiter: RateLimiter) -> None:
        self._kit = kit
        self._evidence = evidence
        self._resolver = resolver
        self._authenticate = authenticate
        self._limiter = limiter
        self._daily = RateLimiter(PER_DAY / 86_400, PER_DAY // 20)

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/participants/{name}" + EVIDENCE_PATH, self._handle, methods=["POST"])]

    async def _handle(self, request: Request) -> Response:
        try:
            receipt = await self._take(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
            status, body = problem(error)
            return Response(msgspec.json.encode(body), status, headers(error) | _NO_STORE, media_type=PROBLEM_TYPE)
        return Response(receipt, headers=_NO_STORE, media_type="application/json")

    async def _take(self, request: Request) -> bytes:
        sender, own = await self._authenticate(request.path_params["name"], request.headers.get("authorization"))
        self._limiter.check(sender.tenant, sender.did)
        self._daily.check(sender.tenant, sender.did)
        raw = await read_json(request, MAX_ENVELOPE, DEPTH)
        for _ in range(len(raw) // UNIT):
            self._daily.check(sender.tenant, sender.did)
        opened = await self._resolver.drive(self._evidence.open(raw, sender.did))
        kit, evidence = self._kit, self._evidence
        if await kit.database.read(lambda tx: evidence.closes(cast("LedgerTx", tx), sender.tenant, sender.did, opened)):
            enter = admit_party  # who has left the space owes its receipts still
        else:
            enter = admit
        return await enter(kit, sender, lambda tx: evidence.take(cast("LedgerTx", tx), sender.tenant, own, sender.did, opened))


class EvidenceClient:
    """Posts statements to peers, and proves their receipts."""

    def __init__(self, client: PeerClient, resolver: DidResolver, peers: EvidencePeers, token_for: TokenFor, clock: Clock) -> None:
        self._client = client
        self._resolver = resolver
        self._peers = peers
        self._token_for = token_for
        self._clock = clock

    async def post(self, tenant: Tenant, to: Did, service: ServiceType, path: str, body: bytes, token: str | None) -> MailAnswer:
        """Post a statement once. Raises nothing: what goes wrong is in the answer, and can be read by a person."""
        try:
            if await self._peers.look(to) is False:
                return MailAnswer(status=None, error=f"The DID document of {to} names no {SERVICE}.", hopeless=True)
            url = await self._endpoint(to)
            bearer = await self._token_for(tenant, to)
            answer = await self._client.send("POST", url + path, body, {"Authorization": "Bearer " + bearer})
            if answer.status == 200:
                await self._prove(answer.body, body, to)
        except HanseError as error:
            return MailAnswer(status=None, error=error.message)
        after = answer.headers.get("Retry-After", "")
        return MailAnswer(
            status=answer.status,
            body=answer.body.replace(bearer.encode(), b"..."),  # what a receiver says is kept, and shown, and logged
            retry_after=float(after) if after.isascii() and after.isdigit() else None,
        )

    async def _endpoint(self, peer: Did) -> str:
        document = await self._resolver.resolve(peer)
        if document.id != peer:
            raise PeerInvalid(f"The DID document of {peer} is another DID's.", rule="did-document")
        endpoint = document.endpoint(SERVICE)
        if endpoint is None:
            raise PeerInvalid(f"The DID document of {peer} names no {SERVICE} any more.", rule="no-service")
        return endpoint.rstrip("/")

    async def _prove(self, receipt: bytes, statement: bytes, peer: Did) -> None:
        sender = Did(did_of(read_envelope(statement).keyid))
        await self._resolver.drive(check_receipt(receipt, statement, sender, peer, self._clock.now().timestamp()))
