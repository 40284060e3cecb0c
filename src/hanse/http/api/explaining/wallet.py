"""The stories of what a wallet holds and asks for."""

from __future__ import annotations

from datetime import datetime

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.services import Services
from hanse.http.api.wallet import show as show_wallet
from hanse.http.api.wallet.credentials import believed
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant
from hanse.wallet.intake import MAX_HELD
from hanse.wallet.records import Held, RequestState


def day(moment: datetime | None) -> str:
    """Return a moment as stories have it."""
    return "for ever" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


class WalletStories:
    """Credentials by our id or the issuer's, and requests."""

    def __init__(self, services: Services) -> None:
        self._credentials = services.credentials
        self._requests = services.requests
        self._directory = services.directory
        self._clock = services.clock

    async def credential(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of a credential that is held: does it count, and why not. Raises `NotFound`."""
        held = await self._found(tenant, id)
        shown = show_wallet.opened(held, await believed(self._directory, tenant), self._clock.now())
        counts = {
            True: "It counts in the space.",
            False: f"It does not count. {shown.why}",
            None: f"Whether it counts is not known. {shown.why}",
        }
        story = Explanation(
            id=held.id,
            kind="held credential",
            summary=f"A {', '.join(held.types)} that {held.issuer} issued, valid until {day(held.valid_until)}. {counts[shown.counts]}",
            state=shown.state.upper(),
            until=held.valid_until,
            history=[Happening(held.received, "received", held.issuer)],
            related={"issuer": held.issuer},
        )
        if shown.state in ("revoked", "suspended", "expired"):
            story.waits_for, story.who = f"its issuer, or a new one: hanse wallet request {' '.join(held.types)}", "the issuer"
        optional = {"request": held.request, "issuer's id": held.credential_id}
        story.related |= {name: text for name, text in optional.items() if text}
        story.related |= {f"list of {at.purpose}": f"{at.list}, index {at.index}" for at in shown.statuses}
        return story

    async def request(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of a request at an issuer. Raises `NotFound`."""
        request = await self._requests.get(tenant, id)
        told = await self._requests.explain(tenant, id)
        story = Explanation(
            id=id,
            kind="request for credentials",
            summary=told.summary,
            state=told.state.value.upper(),
            waits_for=told.waits_for,
            who=told.who,
            until=told.until,
            history=[
                Happening(request.created, "asked", "us", request.because),
                *_answer(request.updated, request.created, told.state.value),
            ],
            last_error=told.last_error or request.reason,
            next_attempt=told.next_attempt,
            related={"issuer": request.issuer} | ({"issuer's id": request.issuer_pid} if request.issuer_pid else {}),
        )
        if request.state in (RequestState.REJECTED, RequestState.FAILED):
            again = f"hanse wallet request {' '.join(request.types)}"
            story.waits_for, story.who = f"nothing more; when what it says above is put right, ask again: {again}", "us"
        return story

    async def _found(self, tenant: Tenant, id: str) -> Held:
        try:
            return await self._credentials.get(tenant, id)
        except NotFound:
            # Who issued it has its own name for it, the end of the address that the credential has as its id.
            held = await self._credentials.page(tenant, after=None, limit=MAX_HELD)
            for one in held:
                if one.credential_id is not None and one.credential_id.rpartition("/")[2] == id:
                    return one
            raise


def _answer(updated: datetime, created: datetime, state: str) -> list[Happening]:
    return [] if updated == created else [Happening(updated, state, "issuer")]
