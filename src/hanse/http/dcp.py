"""The Decentralized Claims Protocol over HTTPS (DCP 1.0): credential service, issuer service and token service of every participant.

| below `/participants/NAME/dcp` | what | section |
|---|---|---|
| POST `/presentations/query` | present credentials to a verifier | 5.4 |
| POST `/credentials` | take credentials from an issuer | 6.5 |
| POST `/offers` | hear what an issuer offers | 6.6 |
| GET `/issuer/metadata` | what this issuer makes | 6.7 |
| POST `/issuer/credentials` | ask for credentials | 6.4 |
| GET `/issuer/requests/ID` | how far a request is | 6.8 |
| POST `/sts/token` | a self-issued token for the participant's own programs | - |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hanse.anchor.issuing.issuer import Issuing
from hanse.http.authenticate import OwnDid, Since, bearer
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.http.limits import RateLimiter, read_body, read_json
from hanse.http.resolve import DidResolver
from hanse.identity.dcp import messages as m
from hanse.identity.dcp.scopes import MAX_SCOPES, parse_scopes
from hanse.identity.self_issued import Caller, verify
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.operators import Operators
from hanse.participants.roles import Action, authorise
from hanse.wallet.credentials import CredentialService
from hanse.wallet.tokens import LIFETIME, TokenService

Handler = Callable[[Request], Awaitable[Response]]

DCP_PATH = "/dcp"
"""Where a participant's credential service is, below its own address; its issuer service is at `/issuer` below that."""
ISSUER_PATH = DCP_PATH + "/issuer"

_JSON = "application/json"
_FORM_LIMIT = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUS = {422: 400}  # DCP knows 400 for what is wrong with a message
_UNSUPPORTED = "not-supported"


@dataclass(frozen=True)
class DcpServices:
    """What the endpoints stand on; `app` fills it."""

    own: OwnDid
    resolver: DidResolver
    clock: Clock
    credentials: CredentialService
    issuing: Issuing
    tokens: TokenService
    operators: Operators
    limiter: RateLimiter
    root: str
    since: Since = lambda: None


class DcpEndpoints:
    """The routes, for all participants of this server."""

    def __init__(self, services: DcpServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the routes below `/participants/{name}/dcp`; the busiest first, for they are tried in order."""
        base = "/participants/{name}" + DCP_PATH
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/presentations/query", self._present),
            ("POST", "/credentials", self._store),
            ("POST", "/offers", self._offered),
            ("GET", "/issuer/metadata", self._metadata),
            ("POST", "/issuer/credentials", self._request),
            ("GET", "/issuer/requests/{id}", self._status),
            ("POST", "/sts/token", self._token),
        ]
        return [Route(base + path, _guarded(handler), methods=[method]) for method, path, handler in table]

    async def _present(self, request: Request) -> Response:
        tenant, did, caller = await self._caller(request)
        asked = m.read(m.PresentationQueryMessage, await read_json(request))
        return _json(await self._services.credentials.present(tenant, did, caller, asked))

    async def _store(self, request: Request) -> Response:
        tenant, did, caller = await self._caller(request)
        await self._services.credentials.store(tenant, did, caller, m.read(m.CredentialMessage, await read_json(request)))
        return Response(status_code=200, headers=_NO_STORE)

    async def _offered(self, request: Request) -> Response:
        tenant, did, caller = await self._caller(request)
        await self._services.credentials.offered(tenant, did, caller, m.read(m.CredentialOfferMessage, await read_json(request)))
        return Response(status_code=200, headers=_NO_STORE)

    async def _metadata(self, request: Request) -> Response:
        tenant, _ = await self._services.own(request.path_params["name"])
        return _json(await self._services.issuing.metadata(tenant))

    async def _request(self, request: Request) -> Response:
        tenant, _, caller = await self._caller(request)
        issuance = await self._services.issuing.request(tenant, caller, m.read(m.CredentialRequestMessage, await read_json(request)))
        location = f"{self._services.root}/participants/{tenant}{ISSUER_PATH}/requests/{issuance.id}"
        return Response(status_code=201, headers=_NO_STORE | {"Location": location})

    async def _status(self, request: Request) -> Response:
        tenant, _, caller = await self._caller(request)
        return _json(await self._services.issuing.status(tenant, caller, request.path_params["id"]))

    async def _token(self, request: Request) -> Response:
        """Give a program of the participant a self-issued token. Its client id and secret are an administrator's id and API token."""
        tenant, _ = await self._services.own(request.path_params["name"])
        try:
            form = await _form(request)
            await self._authorise(tenant, form)
            scopes = parse_scopes(form.get("bearer_access_scope", "").split()[: MAX_SCOPES + 1])
            audience = form.get("audience", "")
            if not audience.startswith("did:"):
                raise Invalid("The audience is a DID.", where="audience")
            token = await self._services.tokens.secure_token(tenant, Did(audience), scopes, form.get("token"))
        except (Unauthenticated, Forbidden, NotFound) as error:
            return JSONResponse({"error": "invalid_client", "error_description": error.message}, 401, _NO_STORE)
        except Invalid as error:
            return JSONResponse({"error": "invalid_request", "error_description": str(error)}, 400, _NO_STORE)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds())}
        return JSONResponse(answer, 200, _NO_STORE)

    async def _authorise(self, tenant: Tenant, form: dict[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            raise Invalid("Only grant_type=client_credentials is known.", where="grant_type")
        caller = await self._services.operators.authenticate(form.get("client_secret", ""))
        if caller.operator != form.get("client_id"):
            raise Unauthenticated("The client's secret is not that of this client id.", where="client_id")
        # Such a token does whatever the participant may do anywhere: agree, leave its space, answer for its credentials. So it
        # takes whoever may use its keys in other ways, too.
        authorise(caller, Action.MANAGE_KEYS, tenant)

    async def _caller(self, request: Request) -> tuple[Tenant, Did, Caller]:
        """Return whom the path names, and who calls it, proved by a self-issued token for that participant alone (4.3)."""
        services = self._services
        tenant, did = await services.own(request.path_params["name"])
        token = bearer(request.headers.get("authorization"))
        since: datetime | None = services.since()
        caller = await services.resolver.drive(verify(token, did, services.clock.now(), since=since))
        services.limiter.check(tenant, caller.did)
        return tenant, did, caller


async def _form(request: Request) -> dict[str, str]:
    try:
        fields = parse_qs((await read_body(request, _FORM_LIMIT)).decode("ascii"), max_num_fields=20, strict_parsing=True)
    except ValueError:
        raise Invalid("The form cannot be read.", where="body") from None
    if any(len(values) > 1 for values in fields.values()):
        raise Invalid("A field of the form is there twice.", where="body")
    return {name: values[0] for name, values in fields.items()}


def _json(message: m.Message) -> Response:
    return Response(m.write(message), headers=_NO_STORE, media_type=_JSON)


def _guarded(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
            status, body = problem(error)
            unsupported = getattr(error, "rule", "") == _UNSUPPORTED
            body["status"] = 501 if unsupported else _STATUS.get(status, status)
            return Response(msgspec.json.encode(body), body["status"], headers(error) | _NO_STORE, media_type=PROBLEM_TYPE)

    return handle
