"""What a participant says to credential services and issuer services (DCP 1.0, sections 5 and 6), over the one guarded client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from hanse.http.limits import check_depth
from hanse.http.peer import MIB, PeerAnswer, PeerClient
from hanse.http.resolve import DidResolver
from hanse.identity.dcp.messages import (
    CredentialStatus,
    IssuerMetadata,
    M,
    PresentationQueryMessage,
    PresentationResponseMessage,
    read,
    write,
)
from hanse.kernel.errors import CallerError, HanseError, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import ServiceType

BareToken = Callable[[Tenant, Did, str | None], Awaitable[str]]
"""Makes a self-issued token of a participant for a peer, which echoes the third argument as its `token` claim, if there is one."""

_QUERY_TIMEOUT = 5.0
_ANSWER_LIMIT = 2 * MIB
_METADATA_LIMIT = MIB


class DcpClient:
    """Finds the services of a DID in its document, and calls them with a fresh token each time."""

    def __init__(self, client: PeerClient, resolver: DidResolver, token: BareToken) -> None:
        self._client = client
        self._resolver = resolver
        self._token = token

    async def present(self, tenant: Tenant, holder: Did, message: PresentationQueryMessage, token: str) -> list[object]:
        """Ask a holder's credential service, with the access token that it gave us (5.4). Raises `PeerError`s."""
        url = await self._endpoint(holder, "CredentialService") + "/presentations/query"
        headers = {"Authorization": "Bearer " + await self._token(tenant, holder, token)}
        answer = await self._client.send("POST", url, write(message), headers, limit=_ANSWER_LIMIT, timeout=_QUERY_TIMEOUT)
        return list(_read(PresentationResponseMessage, _accepted(answer, "credential service")).presentation)

    async def metadata(self, issuer: Did) -> IssuerMetadata:
        """Return what an issuer makes (6.7). Raises `PeerError`s."""
        url = await self._endpoint(issuer, "IssuerService") + "/metadata"
        metadata = _read(IssuerMetadata, _accepted(await self._client.send("GET", url, limit=_METADATA_LIMIT), "issuer service"))
        if metadata.issuer != issuer:
            raise PeerInvalid("The issuer's metadata is that of another issuer.", where="issuer")
        return metadata

    async def request_status(self, tenant: Tenant, issuer: Did, issuer_pid: str) -> CredentialStatus:
        """Return how far a request of ours is (6.8). Raises `PeerError`s."""
        # Its name for the request is the issuer's choice, and must not bend the path.
        url = f"{await self._endpoint(issuer, 'IssuerService')}/requests/{quote(issuer_pid, safe=':%')}"
        headers = {"Authorization": "Bearer " + await self._token(tenant, issuer, None)}
        return _read(CredentialStatus, _accepted(await self._client.send("GET", url, headers=headers), "issuer service"))

    async def post(self, tenant: Tenant, to: Did, service: ServiceType, path: str, body: bytes, token: str | None) -> MailAnswer:
        """Post a letter once. Raises nothing: what goes wrong is in the answer, and can be read by a person."""
        try:
            url = await self._endpoint(to, service) + path
            bearer = await self._token(tenant, to, token)
            answer = await self._client.send("POST", url, body, {"Authorization": "Bearer " + bearer})
        except HanseError as error:
            return MailAnswer(status=None, body=b"", error=error.message)
        after = answer.headers.get("Retry-After", "")
        return MailAnswer(
            status=answer.status,
            body=_without(answer.body, bearer, token),  # what a receiver says is kept, and shown, and logged
            location=answer.headers.get("Location", "")[:2048],
            retry_after=float(after) if after.isascii() and after.isdigit() else None,
        )

    async def _endpoint(self, did: Did, service: ServiceType) -> str:
        document = await self._resolver.resolve(did)
        if document.id != did:
            raise PeerInvalid(f"The DID document of {did} is another DID's.", rule="did-document")
        endpoint = document.endpoint(service)
        if endpoint is None:
            raise PeerInvalid(f"The DID document of {did} names no {service}.", hint="Its operator has to publish one.", rule="no-service")
        return endpoint.rstrip("/")


def _without(body: bytes, *tokens: str | None) -> bytes:
    """Return what somebody answered without the tokens that it was sent."""
    for token in tokens:
        body = body.replace(token.encode(), b"...") if token else body
    return body


def _accepted(answer: PeerAnswer, whose: str) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    if answer.status >= 500 or answer.status == 429:
        raise PeerUnreachable(f"The {whose} answered HTTP {answer.status}.")
    raise PeerRefused(f"The {whose} refused with HTTP {answer.status}.", status=answer.status)


def _read(kind: type[M], body: bytes) -> M:
    try:
        check_depth(body)
        return read(kind, body)
    except CallerError as fault:
        raise PeerInvalid(f"The answer is no {kind.__name__}: {fault.message}", where=fault.where, rule="dcp") from None
