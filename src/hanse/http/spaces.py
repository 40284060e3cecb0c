"""The public pages of the spaces anchored here: what a space is, its signed list of members, and applying to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.anchor.members import Members
from hanse.anchor.records import Applicant
from hanse.anchor.spaces import Spaces
from hanse.http.api.routing import decode, problem_response
from hanse.http.api.space_structs import Application, PublicSpace, Standing
from hanse.http.authenticate import Since, bearer
from hanse.http.limits import RateLimiter, read_json
from hanse.http.resolve import DidResolver
from hanse.identity.self_issued import verify
from hanse.kernel.clock import Clock

_JSON = "application/json"
_BODY_LIMIT = 16 * 1024
_encode = msgspec.json.Encoder().encode
_application = msgspec.json.Decoder(Application)

Handler = Callable[[Request], Awaitable[Response]]


class SpacePages:
    """The routes of `/spaces/NAME`. Reading needs no token; an applicant proves its DID by a self-issued one."""

    def __init__(
        self,
        spaces: Spaces,
        members: Members,
        resolver: DidResolver,
        clock: Clock,
        limiter: RateLimiter,
        since: Since = lambda: None,
    ) -> None:
        self._spaces = spaces
        self._since = since
        self._members = members
        self._resolver = resolver
        self._clock = clock
        self._limiter = limiter

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root: a space's address is its identity."""
        return [
            Route("/spaces/{name}", _guarded(self._space), methods=["GET"]),
            Route("/spaces/{name}/register", _guarded(self._list), methods=["GET"]),
            Route("/spaces/{name}/applications", _guarded(self._apply), methods=["POST"]),
        ]

    async def _space(self, request: Request) -> Response:
        space = await self._spaces.get(request.path_params["name"])
        shown = PublicSpace(name=space.name, title=space.title, url=space.url, anchor=space.anchor, version=space.version)
        return Response(_encode(shown), media_type=_JSON)

    async def _list(self, request: Request) -> Response:
        signed = await self._spaces.signed_register(request.path_params["name"])
        return Response(signed, headers={"Cache-Control": "no-cache"}, media_type="application/jwt")

    async def _apply(self, request: Request) -> Response:
        space = await self._spaces.get(request.path_params["name"])
        token = bearer(request.headers.get("authorization"))
        caller = await self._resolver.drive(verify(token, space.anchor, self._clock.now(), since=self._since()))
        self._limiter.check(space.tenant, caller.did)
        asked = decode(await read_json(request, _BODY_LIMIT), _application)
        applicant = Applicant(caller.did, caller.jti, caller.expires)
        member = await self._members.apply(space.name, applicant, asked.name, roles=tuple(asked.roles), invitation=asked.invitation)
        standing = Standing(did=member.did, state=member.status.value, reason=member.reason)
        return Response(_encode(standing), media_type=_JSON, headers={"Cache-Control": "no-store"})


def _guarded(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
            return problem_response(error)

    return handle
