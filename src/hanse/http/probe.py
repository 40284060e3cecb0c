"""Can this server reach a participant's services? What an anchor tells an applicant, whose own machine cannot know."""

from __future__ import annotations

from collections.abc import Callable

from hanse.http.api.space_structs import FitCheck, Reached
from hanse.http.limits import check_depth
from hanse.http.peer import PeerClient
from hanse.identity.did import MAX_DOCUMENT, DidDocument, decode_document, did_url
from hanse.kernel.errors import AddressRefused, CallerError, HanseError, PeerError, PeerInvalid
from hanse.kernel.tenant import Did

_TIMEOUT = 5.0
_LIMIT = 64 * 1024
_PRIVATE = "Its address is not public: nobody outside its own network can reach it."
_HELP = "Open it to the internet under this name, or let an intermediary host this participant."
_SKIPPED = "Not tried, because the DID document was not reached."


class Prober:
    """Fetches what every peer will fetch, by the same guarded client. `address` is where a DID's document lies."""

    def __init__(self, client: PeerClient, address: Callable[[str], str] = did_url) -> None:
        self._client = client
        self._address = address

    async def reach(self, did: Did) -> Reached:
        """Return what was reached, one by one. Of what failed it says no more than a peer would see itself."""
        document, first = await self._document(did)
        checks = [first]
        for what, service in (("protocol endpoint", "DataService"), ("credential service", "CredentialService")):
            endpoint = document.endpoint(service) if document is not None else None
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
            if service == "CredentialService":
                # Without a token: a credential service that is there says 401 (DCP 1.0, 5.3).
                answer = await self._client.send(
                    "POST", endpoint.rstrip("/") + "/presentations/query", b"{}", timeout=_TIMEOUT, limit=_LIMIT
                )
                met = answer.status == 401
            else:
                answer = await self._client.send("GET", endpoint, timeout=_TIMEOUT, limit=_LIMIT)
                met = answer.status == 200
        except HanseError as error:
            return FitCheck(what=what, met=False, why=_why(error), help=_HELP)
        return FitCheck(what=what, met=met, why="" if met else f"It answered HTTP {answer.status}.", help="" if met else _HELP)


def _why(error: HanseError) -> str:
    if isinstance(error, AddressRefused):
        return _PRIVATE
    if isinstance(error, PeerInvalid | CallerError):
        return "What was answered there is not what the protocol says."
    return "It did not answer." if isinstance(error, PeerError) else "It could not be tried."
