"""The public pages of the spaces anchored here: what a space is, its register, rulebook and status lists, and how to join it.

| below `/spaces/NAME` | what |
|---|---|
| GET `` | name, title, address, anchor, versions |
| GET `/register` | members and trusted issuers, signed by the anchor |
| GET `/rulebook`, `/rulebook.yaml` | the rules, signed; and as people wrote them |
| GET `/status/LIST` | a status list credential (Bitstring Status List 1.0) |
| GET `/schemas/NAME.json` | the JSON schema of a credential's subject: `TYPE` (what holds now), or `TYPE-HASH` for ever |
| POST `/probe` | can the anchor reach a participant? |
| POST `/fit`, `/applications`, `/leave` | what is missing; apply; leave: by a participant that proves itself |
| GET `/standing` | where a participant that proves itself stands |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.anchor.issuing.issuer import Issuing
from hanse.anchor.issuing.status import StatusPages
from hanse.anchor.joining.members import Members
from hanse.anchor.records import Applicant, Space
from hanse.anchor.rulebooks import Rulebooks
from hanse.anchor.spaces import Spaces
from hanse.http.api import show
from hanse.http.api.routing import decode, problem_response
from hanse.http.api.space_structs import Application, Probe, PublicSpace, Standing
from hanse.http.authenticate import Since, bearer
from hanse.http.limits import RateLimiter, read_json
from hanse.http.probe import Prober
from hanse.http.resolve import DidResolver
from hanse.identity.credentials.model import Verified
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.rulebook import SpaceTrust, asked_of_applicants
from hanse.identity.self_issued import Caller, verify
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant

_JSON = "application/json"
_JWT = "application/jwt"
_BODY_LIMIT = 128 * 1024
_PATIENT_RATE = 5.0
_PATIENT_BURST = 50
"""Requests a second for one DID of those that make us look something up elsewhere: probes, fits, applications."""
_FRESH = {"Cache-Control": "no-cache"}
_NO_STORE = {"Cache-Control": "no-store"}
_encode = msgspec.json.Encoder().encode
_application = msgspec.json.Decoder(Application)
_probe = msgspec.json.Decoder(Probe)

Handler = Callable[[Request], Awaitable[Response]]

Examine = Callable[[Tenant, Caller, Sequence[str], IssuerPolicy], Awaitable[tuple[Verified, ...]]]
"""Asks a caller for its credentials of these types, and returns those that it presented, verified under that policy."""


@dataclass(frozen=True)
class SpaceServices:
    """What the pages stand on; `app` fills it."""

    spaces: Spaces
    members: Members
    rulebooks: Rulebooks
    issuing: Issuing
    status: StatusPages
    examine: Examine
    prober: Prober
    resolver: DidResolver
    clock: Clock
    limiter: RateLimiter
    probes: RateLimiter
    since: Since = lambda: None


class SpacePages:
    """The routes of `/spaces/NAME`. Reading needs no token; an applicant proves its DID by a self-issued one."""

    def __init__(self, services: SpaceServices) -> None:
        self._services = services
        self._patient = RateLimiter(_PATIENT_RATE, _PATIENT_BURST)

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the root: a space's address is its identity."""
        base = "/spaces/{name}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "", self._space),
            ("GET", "/status/{list}", self._status),
            ("GET", "/register", self._register),
            ("GET", "/rulebook", self._rulebook),
            ("GET", "/rulebook.yaml", self._yaml),
            ("GET", "/schemas/{file}", self._schema),
            ("POST", "/probe", self._reach),
            ("POST", "/fit", self._fit),
            ("POST", "/applications", self._apply),
            ("POST", "/leave", self._leave),
            ("GET", "/standing", self._standing),
        ]
        return [Route(base + path, _guarded(handler), methods=[method]) for method, path, handler in table]

    async def _space(self, request: Request) -> Response:
        space = await self._found(request)
        version = (await self._services.rulebooks.published(space.name)).version
        shown = PublicSpace(name=space.name, title=space.title, url=space.url, anchor=space.anchor, version=space.version, rulebook=version)
        return Response(_encode(shown), media_type=_JSON)

    async def _register(self, request: Request) -> Response:
        return Response(await self._services.spaces.signed_register(request.path_params["name"]), headers=_FRESH, media_type=_JWT)

    async def _rulebook(self, request: Request) -> Response:
        return Response(await self._services.rulebooks.signed(request.path_params["name"]), headers=_FRESH, media_type=_JWT)

    async def _yaml(self, request: Request) -> Response:
        published = await self._services.rulebooks.published(request.path_params["name"])
        return Response(published.text, headers=_FRESH, media_type="application/yaml")

    async def _status(self, request: Request) -> Response:
        signed = await self._services.status.signed(request.path_params["name"], request.path_params["list"])
        return Response(signed, headers=_FRESH, media_type="application/vc+jwt")

    async def _schema(self, request: Request) -> Response:
        schema = await self._services.issuing.schemas.get(request.path_params["name"], request.path_params["file"].removesuffix(".json"))
        return Response(schema, headers=_FRESH, media_type="application/schema+json")

    async def _reach(self, request: Request) -> Response:
        space = await self._found(request)
        asked = decode(await read_json(request, _BODY_LIMIT), _probe)
        # Whoever asks has not proved anything: it may be that nobody can reach its document. So this is kept slow.
        self._patient.check(space.tenant, asked.did)
        self._services.probes.check(space.tenant, "")
        return Response(_encode(await self._services.prober.reach(Did(asked.did))), headers=_NO_STORE, media_type=_JSON)

    async def _fit(self, request: Request) -> Response:
        space, caller, asked = await self._application(request)
        await self._services.members.ask(space.name, _applicant(caller))
        presented, sponsor = await self._presented(space, caller), await self._sponsor(space, asked)
        report = await self._services.members.fit(
            space.name,
            caller.did,
            roles=tuple(asked.roles),
            invitation=asked.invitation,
            evidence=asked.evidence,
            terms=asked.terms or "",
            presented=presented,
            sponsor=None if sponsor is None else sponsor.did,
            hosting=asked.hosting,
        )
        return Response(_encode(show.fit(report)), headers=_NO_STORE, media_type=_JSON)

    async def _apply(self, request: Request) -> Response:
        space, caller, asked = await self._application(request)
        member = await self._services.members.apply(
            space.name,
            _applicant(caller),
            asked.name,
            roles=tuple(asked.roles),
            invitation=asked.invitation,
            evidence=asked.evidence,
            terms=asked.terms or "",
            presented=await self._presented(space, caller),
            sponsor=await self._sponsor(space, asked),
            hosting=asked.hosting,
        )
        standing = Standing(did=member.did, state=member.status.value, reason=member.reason, roles=list(member.roles), terms=member.terms)
        return Response(_encode(standing), media_type=_JSON, headers=_NO_STORE)

    async def _leave(self, request: Request) -> Response:
        space = await self._found(request)
        caller = await self._caller(request, space)
        member = await self._services.members.leave(space.name, _applicant(caller))
        standing = Standing(did=member.did, state=member.status.value, reason=member.reason)
        return Response(_encode(standing), media_type=_JSON, headers=_NO_STORE)

    async def _standing(self, request: Request) -> Response:
        space = await self._found(request)
        caller = await self._caller(request, space)
        await self._services.members.ask(space.name, _applicant(caller))
        member = await self._services.members.standing(space.name, caller.did)
        standing = Standing(did=member.did, state=member.status.value, reason=member.reason, roles=list(member.roles), terms=member.terms)
        return Response(_encode(standing), media_type=_JSON, headers=_NO_STORE)

    async def _application(self, request: Request) -> tuple[Space, Caller, Application]:
        space = await self._found(request)
        caller = await self._caller(request, space)
        self._patient.check(space.tenant, caller.did)
        return space, caller, decode(await read_json(request, _BODY_LIMIT), _application)

    async def _found(self, request: Request) -> Space:
        return await self._services.spaces.get(request.path_params["name"])

    async def _caller(self, request: Request, space: Space) -> Caller:
        caller = await self._verified(bearer(request.headers.get("authorization")), space)
        self._services.limiter.check(space.tenant, caller.did)
        return caller

    async def _verified(self, token: str, space: Space) -> Caller:
        services = self._services
        return await services.resolver.drive(verify(token, space.anchor, services.clock.now(), since=services.since()))

    async def _sponsor(self, space: Space, asked: Application) -> Applicant | None:
        if asked.sponsor is None:
            return None
        return _applicant(await self._verified(asked.sponsor, space))

    async def _presented(self, space: Space, caller: Caller) -> tuple[Verified, ...]:
        """Return the applicant's credentials of the types that the rulebook asks of anybody."""
        rulebook = await self._services.rulebooks.current(space.name)
        return await self._services.examine(space.tenant, caller, asked_of_applicants(rulebook), SpaceTrust(rulebook))


def _applicant(caller: Caller) -> Applicant:
    return Applicant(caller.did, caller.jti, caller.expires)


def _guarded(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a problem document, and is logged if it is our fault
            return problem_response(error)

    return handle
