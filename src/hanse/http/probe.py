"""Can this server reach a participant's services? What an anchor tells an applicant, whose own machine cannot know.

Anybody may ask, and a DID document may name any address. So it is told whether what is there speaks the protocol, and
nothing else of it; and an address that is not where the DID's own document lies is asked seldom.
"""

from __future__ import annotations

from collections.abc import Callable

from hanse.dsp.versions import v2025_1
from hanse.http.api.space_structs import FitCheck, Reached
from hanse.http.limits import RateLimiter, check_depth
from hanse.http.peer import PeerClient
from hanse.identity.did import MAX_DOCUMENT, DidDocument, decode_document, did_url
from hanse.kernel.errors import AddressRefused, CallerError, HanseError, PeerError, PeerInvalid
from hanse.kernel.tenant import Did

_TIMEOUT = 5.0
_LIMIT = 64 * 1024
_NOWHERE = "Its host has no public address: nobody outside its own network can reach it."
_UNKNOWN_HOST = "peer-unknown-host"
_HELP = "Open it to the internet under this name, or let an intermediary host this participant."
_SKIPPED = "Not tried, because the DID document was not reached."
_OTHER = "What was answered there is not what the protocol says."
_ELSEWHERE_RATE = 1.0
_ELSEWHERE_BURST = 20
"""Requests a second to one host that is named by the DID documents of other hosts."""


class Prober:
    """Fetches what every peer will fetch, by the same guarded client. `address` is where a DID's document lies."""

    def __init__(self, client: PeerClient, address: Callable[[str], str] = did_url) -> None:
        self._client = client
        self._address = address
        self._elsewhere = RateLimiter(_ELSEWHERE_RATE, _ELSEWHERE_BURST)

    async def reach(self, did: Did) -> Reached:
        """Return what was reached, one by one. Of what failed it says no more than a peer would see itself.

        Raises `TooMany` if an address that is not the DID's own was asked too often.
        """
        document, first = await self._document(did)
        checks = [first]
        for what, service in (("protocol endpoint", "DataService"), ("credential service", "CredentialService")):
            endpoint = document.endpoint(service) if document is not None else None
            if endpoint is not None:
                self._check_elsewhere(did, endpoint)
            checks.append(await self._service(what, service, endpoint, known=document is not None))
        return Reached(did=did, reachable=all(check.met for check in checks), checks=checks)

    async def _document(self, did: Did) -> tuple[DidDocument | None, FitCheck]:
        what = "DID document"
        try:
            answer = await self._client.send("GET", self._address(did), timeout=_TIMEOUT, limit=MAX_DOCUMENT)
            if answer.status != 200:
                return None, FitCheck(what=what, met=False, why=f"Its address answered HTTP {answer.status}.", help=_HELP)
            check_depth(answer.body)
            document = decode_document(answer.body)
        except HanseError as error:
            return None, FitCheck(what=what, met=False, why=_why(error), help=_HELP)
        if document.id != did:
            return None, FitCheck(
                what=what, met=False, why="The document at its address is another DID's.", help="Check the public host and port."
            )
        return document, FitCheck(what=what, met=True)

    async def _service(self, what: str, service: str, endpoint: str | None, *, known: bool) -> FitCheck:
        if endpoint is None:
            why = f"The DID document names no {service}." if known else _SKIPPED
            return FitCheck(what=what, met=False, why=why, help="Publish it in the DID document." if known else "")
        try:
            met = await (self._is_credential_service(endpoint) if service == "CredentialService" else self._is_protocol(endpoint))
        except HanseError as error:
            return FitCheck(what=what, met=False, why=_why(error), help=_HELP)
        return FitCheck(what=what, met=met, why="" if met else _OTHER, help="" if met else _HELP)

    async def _is_credential_service(self, endpoint: str) -> bool:
        # Without a token: a credential service that is there says 401 (DCP 1.0, 5.3).
        url = endpoint.rstrip("/") + "/presentations/query"
        return (await self._client.send("POST", url, b"{}", timeout=_TIMEOUT, limit=_LIMIT)).status == 401

    async def _is_protocol(self, endpoint: str) -> bool:
        answer = await self._client.send("GET", endpoint, timeout=_TIMEOUT, limit=_LIMIT)
        if answer.status != 200:
            return False
        check_depth(answer.body)
        return bool(v2025_1.decode_versions(answer.body))

    def _check_elsewhere(self, did: Did, endpoint: str) -> None:
        origin = _origin(endpoint)
        if origin != _origin(self._address(did)):
            self._elsewhere.check("", origin)


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3]).lower()[:300]


def _why(error: HanseError) -> str:
    # Said alike, or anybody could ask us which names there are inside our own network.
    if isinstance(error, AddressRefused) or error.rule == _UNKNOWN_HOST:
        return _NOWHERE
    if isinstance(error, PeerInvalid | CallerError):
        return _OTHER
    return "It did not answer." if isinstance(error, PeerError) else "It could not be tried."
