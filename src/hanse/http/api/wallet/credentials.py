"""`/wallet/credentials` and `/wallet/requests`: what the participant holds about itself, and what it asks issuers for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.membership.collecting import Collecting, entitled
from hanse.http.api.membership.leaving import which
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.server_structs import Holding
from hanse.http.api.services import Services
from hanse.http.api.wallet import show as show_wallet
from hanse.http.api.wallet import structs as w
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.kernel.errors import Conflict, Forbidden, Invalid
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant, SpaceLink
from hanse.participants.roles import Action
from hanse.trust.directory import Directory

_WAIT = Query("wait", "Wait up to so many seconds for the issuer's answer.", {"type": "number", "minimum": 0, "maximum": 60})
_BY_HAND = "by hand"


class WalletOperations:
    """Credentials held, and requests for more."""

    def __init__(self, services: Services) -> None:
        self._credentials = services.credentials
        self._requests = services.requests
        self._participants = services.participants
        self._directory = services.directory
        self._clock = services.clock
        self._collecting = Collecting(services.requests, services.credentials, services.clock)

    def operations(self) -> list[Operation]:
        """Return the operations."""
        held, asked, read, use = "/wallet/credentials", "/wallet/requests", Action.READ, Action.USE_WALLET
        many, requests = s.Page[w.HeldCredential], s.Page[w.CredentialRequest]
        look = "Look up now whether its issuer has taken a credential back"
        ask = "Ask an issuer for credentials"
        return [
            Operation("GET", held, "List the credentials held", self._list, read, gives=many, query=PAGING),
            Operation("GET", held + "/{id}", "Look at a credential: what it says", self._get, read, gives=w.OpenedCredential),
            Operation("DELETE", held + "/{id}", "Throw a credential away", self._remove, use, status=204),
            Operation("POST", held + "/{id}/check", look, self._check, use, gives=w.OpenedCredential),
            Operation("GET", asked, "List the requests, the oldest first", self._list_requests, read, gives=requests, query=PAGING),
            Operation(
                "POST",
                asked,
                ask,
                self._ask,
                Action.REQUEST_CREDENTIALS,
                takes=w.AskCredentials,
                gives=w.CredentialRequest,
                status=202,
                example={"types": ["MembershipCredential"]},
                optional_body=True,
            ),
            Operation(
                "GET",
                asked + "/{id}",
                "Look at a request, or wait for its answer",
                self._get_request,
                read,
                gives=w.CredentialRequest,
                query=(_WAIT,),
            ),
        ]

    async def holdings(self, tenant: Tenant, limit: int) -> list[Holding]:
        """Return the first credentials that the participant holds, in short."""
        now, found = self._clock.now(), await self._credentials.page(tenant, after=None, limit=limit)
        trust = await self._trust(tenant) if found else ""
        held = [show_wallet.held(one, trust, now) for one in found]
        return [Holding(id=one.id, types=one.types, state=one.state, counts=one.counts, until=one.valid_until) for one in held]

    async def _list(self, call: Call, _said: Any) -> s.Page[w.HeldCredential]:
        after, limit = call.page()
        found = await self._credentials.page(call.tenant, after=after, limit=limit + 1)
        trust, now = await self._trust(call.tenant) if found else "", self._clock.now()
        return show.page(found, limit, lambda one: show_wallet.held(one, trust, now), lambda one: one.id)

    async def _get(self, call: Call, _said: Any) -> w.OpenedCredential:
        held = await self._credentials.get(call.tenant, call.path("id"))
        return show_wallet.opened(held, await self._trust(call.tenant), self._clock.now())

    async def _remove(self, call: Call, _said: Any) -> None:
        await self._credentials.remove(call.tenant, call.path("id"))

    async def _check(self, call: Call, _said: Any) -> w.OpenedCredential:
        own = await self._own(call)
        held = await self._credentials.recheck(call.tenant, own.did, call.path("id"))
        return show_wallet.opened(held, await self._trust(call.tenant), self._clock.now())

    async def _list_requests(self, call: Call, _said: Any) -> s.Page[w.CredentialRequest]:
        after, limit = call.page()
        found = await self._requests.page(call.tenant, after=after, limit=limit + 1)
        return show.page(found, limit, show_wallet.request, lambda one: one.holder_pid)

    async def _get_request(self, call: Call, _said: Any) -> w.CredentialRequest:
        waiting = call.wait()
        patience = timedelta() if waiting is None else timedelta(seconds=waiting[0])
        request = await self._collecting.settled(call.tenant, call.path("id"), patience)
        return show_wallet.request(request, await self._requests.explain(call.tenant, request.holder_pid))

    async def _ask(self, call: Call, said: w.AskCredentials) -> w.CredentialRequest:
        link = _asked_in(await self._own(call), said)
        anchor = None if link is None else link.anchor
        issuer = anchor if said.issuer is None else Did(said.issuer)
        if issuer is None:
            raise Invalid("Whom to ask is missing.", where="issuer", rule="required", hint="Name an issuer by its DID, or join a space.")
        types = said.types if said.types is not None or issuer != anchor or link is None else await self._entitled(call, link)
        asked = await self._collecting.ask(call.tenant, issuer, types, _BY_HAND, "" if link is None else link.url)
        return show_wallet.request(asked, await self._requests.explain(call.tenant, asked.holder_pid))

    async def _entitled(self, call: Call, link: SpaceLink) -> list[str]:
        """Return what the anchor of a joined space makes for this member; it would refuse the whole of a request for more."""
        own = await self._own(call)
        listed = next((one for one in await self._directory.members(call.tenant, link.url) if one.did == own.did), None)
        if listed is None:
            raise Conflict(
                "The participant is no member of the space (yet), so its anchor issues nothing to it.",
                where="types",
                rule="not-a-member",
                hint="`hanse join` asks the anchor where it stands.",
            )
        return entitled(await self._directory.rulebook(call.tenant, link.url), listed.roles)

    async def _trust(self, tenant: Tenant) -> IssuerPolicy | str:
        return await believed(self._directory, tenant)

    async def _own(self, call: Call) -> Participant:
        return await self._participants.get(call.caller, call.tenant)


def _asked_in(own: Participant, said: w.AskCredentials) -> SpaceLink | None:
    """Return the space for which credentials are asked: the one that is named, or the issuer's, or the only one."""
    of_issuer = [link for link in own.spaces if link.anchor == said.issuer]
    if said.issuer is None or said.space or len(of_issuer) > 1:
        return which(own, said.space)
    return of_issuer[0] if of_issuer else which(own) if len(own.spaces) == 1 else None


async def believed(directory: Directory, tenant: Tenant) -> IssuerPolicy | str:
    """Return what the spaces that a participant has joined believe, or why that is not known."""
    try:
        return await directory.trust(tenant)
    except Forbidden as error:
        return error.message
