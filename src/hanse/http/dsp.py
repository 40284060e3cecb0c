"""The Dataspace Protocol over HTTPS (DSP 2025-1, sections 4, 6, 8 and 10): verify, decode, call, encode.

Every route answers errors in the shape that its part of the protocol defines, and an error never changes state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.connector.catalog import Catalog, Page
from hanse.connector.kit import Sender
from hanse.connector.negotiations import Negotiations
from hanse.connector.transfers import Transfers
from hanse.dsp import messages as m
from hanse.dsp.messages import Fault
from hanse.dsp.versions import v2025_1 as wire
from hanse.http import errors
from hanse.http.authenticate import Authenticator
from hanse.http.limits import RateLimiter, read_json
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did

Handler = Callable[[Request], Awaitable[Response]]
FaultWriter = Callable[[Fault], bytes]

DSP_PATH = wire.PATH
"""Where a participant's endpoints of this version begin, below its own address."""

_JSON = "application/json"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NEGOTIATION_STEPS: dict[str, tuple[type[m.NegotiationMessage], ...]] = {
    "request": (m.ContractRequest,),
    "offers": (m.ContractOffer,),
    "events": (m.NegotiationAccepted, m.NegotiationFinalized),
    "agreement": (m.ContractAgreement,),
    "agreement/verification": (m.AgreementVerification,),
    "termination": (m.NegotiationTermination,),
}
_TRANSFER_STEPS: dict[str, tuple[type[m.TransferMessage], ...]] = {
    "start": (m.TransferStart,),
    "completion": (m.TransferCompletion,),
    "suspension": (m.TransferSuspension,),
    "termination": (m.TransferTermination,),
}


class DspEndpoints:
    """The routes of one version of the protocol, for all participants of this server."""

    def __init__(
        self,
        negotiations: Negotiations,
        transfers: Transfers,
        catalog: Catalog,
        authenticate: Authenticator,
        limiter: RateLimiter,
        examine: Callable[[str], object],
    ) -> None:
        self._negotiations = negotiations
        self._transfers = transfers
        self._catalog = catalog
        self._authenticate = authenticate
        self._limiter = limiter
        self._examine = examine

    def routes(self) -> list[Route]:
        """Return the routes below `/participants/{name}/dsp/2025-1`; the busiest first, for they are tried in order."""
        base = "/participants/{name}" + wire.PATH
        negotiation, transfer, catalog = wire.encode_negotiation_error, wire.encode_transfer_error, wire.encode_catalog_error

        def post(path: str, handler: Handler, writer: FaultWriter) -> Route:
            return Route(base + path, _guarded(handler, writer), methods=["POST"])

        def get(path: str, handler: Handler, writer: FaultWriter) -> Route:
            return Route(base + path, _guarded(handler, writer), methods=["GET"])

        def elsewhere(path: str, writer: FaultWriter) -> Route:
            return Route(base + path, _guarded(_nowhere, writer), methods=_METHODS)

        routes = [
            post("/negotiations/request", self._first_negotiation(m.ContractRequest), negotiation),
            post("/negotiations/offers", self._first_negotiation(m.ContractOffer), negotiation),
        ]
        for tail, negotiating in _NEGOTIATION_STEPS.items():
            routes.append(post(f"/negotiations/{{pid}}/{tail}", self._next_negotiation(*negotiating), negotiation))
        routes.append(post("/transfers/request", self._first_transfer, transfer))
        for tail, moving in _TRANSFER_STEPS.items():
            routes.append(post(f"/transfers/{{pid}}/{tail}", self._next_transfer(*moving), transfer))
        return [
            *routes,
            post("/catalog/request", self._catalog_first, catalog),
            get("/catalog/request", self._catalog_next, catalog),
            get("/catalog/datasets/{id:path}", self._dataset, catalog),
            get("/negotiations/{pid}", self._negotiation_state, negotiation),
            get("/transfers/{pid}", self._transfer_state, transfer),
            # What the protocol has not, by path or by method, is answered in its own shape as well.
            elsewhere("/negotiations{rest:path}", negotiation),
            elsewhere("/transfers{rest:path}", transfer),
            elsewhere("{rest:path}", catalog),
        ]

    async def _sender(self, request: Request) -> tuple[Sender, Did]:
        sender, own = await self._authenticate(request.path_params["name"], request.headers.get("authorization"))
        self._limiter.check(sender.tenant, sender.did)
        return sender, own

    def _examine_callback(self, address: str | None) -> None:
        """Refuse at once what can be seen to lead nowhere; what a name leads to is judged whenever something is sent there."""
        if address is not None:
            self._examine(address)

    def _first_negotiation(self, kind: type[m.ContractRequest] | type[m.ContractOffer]) -> Handler:
        async def handle(request: Request) -> Response:
            sender, _ = await self._sender(request)
            body = await read_json(request)
            message = wire.decode(body, kind)
            self._examine_callback(message.callback)
            status = await self._negotiations.receive_first(sender, message, fingerprint(body))
            return Response(wire.encode_negotiation(status), 201, media_type=_JSON)

        return handle

    def _next_negotiation(self, *kinds: type[m.NegotiationMessage]) -> Handler:
        async def handle(request: Request) -> Response:
            sender, _ = await self._sender(request)
            body = await read_json(request)
            message = wire.decode(body, *kinds)
            await self._negotiations.receive_next(sender, request.path_params["pid"], message, fingerprint(body))
            return Response(status_code=200)

        return handle

    async def _first_transfer(self, request: Request) -> Response:
        sender, _ = await self._sender(request)
        body = await read_json(request)
        message = wire.decode(body, m.TransferRequest)
        self._examine_callback(message.callback)
        status = await self._transfers.receive_first(sender, message, fingerprint(body))
        return Response(wire.encode_transfer(status), 201, media_type=_JSON)

    def _next_transfer(self, *kinds: type[m.TransferMessage]) -> Handler:
        async def handle(request: Request) -> Response:
            sender, _ = await self._sender(request)
            body = await read_json(request)
            message = wire.decode(body, *kinds)
            await self._transfers.receive_next(sender, request.path_params["pid"], message, fingerprint(body))
            return Response(status_code=200)

        return handle

    async def _negotiation_state(self, request: Request) -> Response:
        sender, _ = await self._sender(request)
        return Response(wire.encode_negotiation(await self._negotiations.state(sender, request.path_params["pid"])), media_type=_JSON)

    async def _transfer_state(self, request: Request) -> Response:
        sender, _ = await self._sender(request)
        return Response(wire.encode_transfer(await self._transfers.state(sender, request.path_params["pid"])), media_type=_JSON)

    async def _catalog_first(self, request: Request) -> Response:
        sender, own = await self._sender(request)
        asked = wire.decode_catalog_request(await read_json(request))
        return _page(request, asked, await self._catalog.page(sender, own, asked))

    async def _catalog_next(self, request: Request) -> Response:
        """Continue a catalogue: the continuation carries the filter and the last id, so the server keeps nothing."""
        sender, own = await self._sender(request)
        asked = _filter_of(request)
        return _page(request, asked, await self._catalog.page(sender, own, asked, request.query_params.get("after")))

    async def _dataset(self, request: Request) -> Response:
        sender, _ = await self._sender(request)
        return Response(await self._catalog.dataset(sender, request.path_params["id"]), media_type=_JSON)


def fingerprint(body: bytes) -> str:
    """Return what tells a byte-identical repeat from anything else."""
    return hashlib.sha256(body).hexdigest()[:32]


def _guarded(handler: Handler, writer: FaultWriter) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer gets the protocol's own error body
            status, code, reason = errors.dsp_problem(error)
            pid = request.path_params.get("pid")
            fault = Fault(code=code, reason=(reason,), provider_pid=pid, consumer_pid=pid)
            return Response(writer(fault), status, errors.headers(error), media_type=_JSON)

    return handle


async def _nowhere(_request: Request) -> Response:
    raise NotFound("There is no such endpoint, or not with this method.", where="path")


def _page(request: Request, asked: m.CatalogRequest, page: Page) -> Response:
    headers = {}
    if page.next is not None:
        query = f"after={quote(page.next, safe='')}"
        if asked.filter:
            query += "&filter=" + quote(wire.encode_catalog_request(asked).decode(), safe="")
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return Response(page.body, headers=headers, media_type=_JSON)


def _filter_of(request: Request) -> m.CatalogRequest:
    text = request.query_params.get("filter")
    return wire.decode_catalog_request(text.encode()) if text else m.CatalogRequest()
