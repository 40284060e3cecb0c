"""What a participant publishes about itself: its DID document and the protocol versions that it speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hanse.dsp.versions import v2025_1 as wire
from hanse.http.authenticate import OwnDid
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.identity.did import DidDocument
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant

DocumentOf = Callable[[Tenant], Awaitable[DidDocument]]
"""Makes a participant's DID document."""

_encode = msgspec.json.Encoder().encode
_AUTH = wire.Auth(protocol="DCP", version="1.0")
_ENTRY = wire.VersionEntry(version=wire.VERSION, path=wire.PATH, binding="HTTPS", identifier_type="did:web", auth=_AUTH)
_VERSIONS = wire.encode_versions([_ENTRY])


def routes(own: OwnDid, document_of: DocumentOf) -> list[Route]:
    """Return the public routes of every participant. They need no token and tell nothing that is not public."""

    async def did_document(request: Request) -> Response:
        try:
            tenant, _ = await own(request.path_params["name"])
            return Response(_encode(await document_of(tenant)), media_type="application/did+json")
        except HanseError as error:
            return problem_response(error)

    async def versions(request: Request) -> Response:
        """DSP 2025-1, 4.3: unversioned and unauthenticated."""
        try:
            await own(request.path_params["name"])
            return Response(_VERSIONS, media_type="application/json")
        except HanseError as error:
            return problem_response(error)

    return [
        Route("/participants/{name}/did.json", did_document, methods=["GET"]),
        Route("/participants/{name}" + wire.WELL_KNOWN, versions, methods=["GET"]),
    ]


def problem_response(error: BaseException) -> Response:
    """Return an error as an RFC 9457 problem document."""
    status, body = problem(error)
    return JSONResponse(body, status, headers(error), media_type=PROBLEM_TYPE)
