"""How a participant of this server joins a space: look at it, apply at its anchor, pin it, read its list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from hanse.http.api.space_structs import Application, Joined, PublicSpace, Standing
from hanse.http.limits import check_depth
from hanse.http.peer import PeerAnswer, PeerClient
from hanse.identity.did import did_url
from hanse.kernel.errors import CallerError, Conflict, HanseError, Invalid, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.registry import Participants
from hanse.participants.roles import Caller
from hanse.trust.directory import Directory

T = TypeVar("T")

TokenFor = Callable[[Tenant, Did], Awaitable[str]]
"""Makes a token by which a participant proves itself to a peer, once."""

_LIMIT = 64 * 1024
_STATES = {"active": "member"}


class _Refusal(Struct):
    detail: str = ""


class Joining:
    """Joins spaces. The anchor is pinned when the participant joins; whoever signs the list later must be the same.

    `address` is where a DID's document lies.
    """

    def __init__(
        self,
        client: PeerClient,
        token_for: TokenFor,
        participants: Participants,
        directory: Directory,
        address: Callable[[str], str] = did_url,
    ) -> None:
        self._client = client
        self._token_for = token_for
        self._participants = participants
        self._directory = directory
        self._address = address

    async def join(self, caller: Caller, tenant: Tenant, url: str, invitation: str | None, *, replace: bool = False) -> Joined:
        """Apply and pin. Asking again changes nothing; with `replace` another space that was joined is given up for it.

        Raises `Invalid` (no address of a space), `Conflict` (another space was joined), `PeerError`s.
        """
        address = url.strip().rstrip("/")
        participant = await self._participants.get(caller, tenant)
        if participant.space is not None and participant.space.url != address and not replace:
            raise Conflict(
                f"{tenant} has joined the space {participant.space.url}, and is in one space at a time.",
                where="url",
                rule="other-space",
                hint="To give that one up for this: `replace` (on the command line `--replace`).",
            )
        space = await self._look(address)
        steps = [f"The space {space.title!r} is anchored by {space.anchor}."]
        standing = await self._apply(tenant, space, Application(name=participant.title, invitation=invitation))
        state = _STATES.get(standing.state, standing.state)
        steps.append(f"The anchor was asked: the participant is {state}.")
        await self._participants.join(caller, tenant, space.url, space.anchor)
        steps.append("The space and its anchor are pinned.")
        if state == "member":
            steps.append(await self._read_list(tenant, space.url))
        return Joined(state=state, steps=steps)

    async def _look(self, url: str) -> PublicSpace:
        answer = await self._client.send("GET", url, limit=_LIMIT)
        if answer.status == 404:
            raise Invalid("There is no space at this address.", where="url", rule="space", hint="Ask its anchor for the address.")
        space = _read(_accepted(answer), PublicSpace)
        if space.url != url:
            raise PeerInvalid(f"The space says that its address is {space.url[:200]}.", where="url", hint="Use that address.")
        # The token that proves us to the anchor goes to this address; if another DID were named here, whoever runs the
        # address could hand it on and speak to that DID in our name, once.
        if _origin(self._address(space.anchor)) != _origin(url):
            raise PeerInvalid("The space names an anchor that is at another host than the space.", rule="anchor")
        return space

    async def _apply(self, tenant: Tenant, space: PublicSpace, application: Application) -> Standing:
        headers = {"Authorization": "Bearer " + await self._token_for(tenant, space.anchor)}
        body = msgspec.json.encode(application)
        return _read(_accepted(await self._client.send("POST", f"{space.url}/applications", body, headers, limit=_LIMIT)), Standing)

    async def _read_list(self, tenant: Tenant, url: str) -> str:
        self._directory.forget(url)
        try:
            members = await self._directory.members(tenant)
        except HanseError as error:
            return f"The list of members could not be read yet: {error.message}"
        return f"The signed list was verified: {len(members)} members."


def _origin(url: str) -> list[str]:
    return url.split("/")[:3]


def _accepted(answer: PeerAnswer) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    if answer.status >= 500:
        raise PeerUnreachable(f"The anchor answered HTTP {answer.status}; it has trouble of its own.")
    try:
        said = _read(answer.body, _Refusal).detail[:500]
    except PeerInvalid:
        said = ""
    raise PeerRefused(
        f"The anchor refused with HTTP {answer.status}" + (f": {said}" if said else "."), status=answer.status, reason=said or None
    )


def _read(body: bytes, kind: type[T]) -> T:
    try:
        check_depth(body)
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError, CallerError):
        raise PeerInvalid("What the anchor answered cannot be read.", rule="space") from None
