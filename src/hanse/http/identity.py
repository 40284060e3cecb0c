"""What a participant publishes about itself: its DID document, the protocol versions that it speaks, and the proof that it asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hanse.dsp.versions import v2025_1 as wire
from hanse.http.authenticate import OwnDid
from hanse.http.errors import PROBLEM_TYPE, headers, problem
from hanse.identity.credentials.model import BASE_TYPE, VC11, VC20
from hanse.identity.did import DCP_CONTEXT, DidDocument
from hanse.kernel.errors import Forbidden, HanseError, NotFound
from hanse.kernel.tenant import Tenant

DocumentOf = Callable[[Tenant], Awaitable[DidDocument]]
"""Makes a participant's DID document."""

_encode = msgspec.json.Encoder().encode
_AUTH = wire.Auth(protocol="DCP", version="1.0", profile=(VC20, VC11))
_ENTRY = wire.VersionEntry(version=wire.VERSION, path=wire.PATH, binding="HTTPS", identifier_type="did:web", auth=_AUTH)
_VERSIONS = wire.encode_versions([_ENTRY])


class Ruled(Protocol):
    """The rules of a space."""

    @property
    def membership(self) -> str:
        """The type of the credential by which its members prove that they are."""
        ...


RulebooksOf = Callable[[Tenant], Awaitable[Sequence[Ruled]]]
"""Reads the rulebooks of the spaces that a participant has joined. Raises `Forbidden` if there are none."""


def routes(own: OwnDid, document_of: DocumentOf, rulebooks_of: RulebooksOf) -> list[Route]:
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

    async def trust(request: Request) -> Response:
        """DSP profile of DCP: which credentials a caller has to present, so that it can know before it calls."""
        try:
            tenant, _ = await own(request.path_params["name"])
            return JSONResponse(_proof(dict.fromkeys(one.membership for one in await rulebooks_of(tenant))))
        except Forbidden:
            return problem_response(NotFound("This participant has joined no space, so it asks for no credentials.", where="path"))
        except HanseError as error:
            return problem_response(error)

    return [
        Route("/participants/{name}/.well-known/dspace-trust", trust, methods=["GET"]),
        Route("/participants/{name}/did.json", did_document, methods=["GET"]),
        Route("/participants/{name}" + wire.WELL_KNOWN, versions, methods=["GET"]),
    ]


def _proof(memberships: Iterable[str]) -> dict[str, object]:
    """Name what is asked for, whichever space it is for: one of these types."""
    asked = [{"types": [BASE_TYPE, one], "bindingMethod": "did:web", "profiles": [VC20, VC11]} for one in memberships]
    return {"@context": [DCP_CONTEXT], "credentialsSupported": asked}


def problem_response(error: BaseException) -> Response:
    """Return an error as an RFC 9457 problem document."""
    status, body = problem(error)
    return JSONResponse(body, status, headers(error), media_type=PROBLEM_TYPE)
