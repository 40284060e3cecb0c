"""The stories that an anchor can tell: of its members, what it issued to them, their requests, and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.anchor.issuing.status import list_url
from hanse.anchor.records import Invitation, Issuance, IssuanceState, Issued, Member, Space
from hanse.anchor.standing import Status
from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.anchor.show import issued as shown
from hanse.http.api.anchor.which import Anchored
from hanse.http.api.explaining.wallet import day
from hanse.http.api.services import Services
from hanse.identity.status import Purpose
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did, Tenant

_PAGE = 500
_NAMED = 10
_OPERATOR = "an operator of the anchor"


class AnchorStories:
    """What concerns the spaces that the participant anchors, and no others."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._anchored = anchored
        self._members = services.members
        self._rulebooks = services.rulebooks
        self._issuing = services.issuing
        self._clock = services.clock

    async def credential(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of an issued credential. Raises `NotFound`."""
        for space in await self._anchored.all(tenant):
            try:
                found = await self._issuing.get(tenant, space.name, id)
            except NotFound:
                continue
            return _of_issued(found, space, self._clock.now())
        raise _nothing(id)

    async def request(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of a holder's request. Raises `NotFound`."""
        found = await self._issuing.issuance(tenant, id)
        story = Explanation(
            id=id,
            kind="holder's request",
            summary=f"A request of {found.holder} for {', '.join(one.rpartition('/credentials/')[2] for one in found.wanted)}.",
            state=found.state.value,
            history=[Happening(found.created, "received", found.holder)],
            related={"holder": found.holder, "holder's id": found.holder_pid},
        )
        if found.reason:
            story.summary += f" {found.reason}"
        if found.issued:
            story.related["credentials"] = ", ".join(found.issued)
        if found.state is IssuanceState.RECEIVED:
            waits = (await self._members.standing(found.space, found.holder)).status is Status.PENDING
            story.waits_for, story.who = (
                ("a decision about its holder", _OPERATOR) if waits else ("the credentials to be made", "this server")
            )
        else:
            story.history = [*story.history, Happening(found.updated, found.state.value.lower(), "us", found.reason)]
            await self._add_delivery(story, tenant, found)
        return story

    async def _add_delivery(self, story: Explanation, tenant: Tenant, issuance: Issuance) -> None:
        """Say whether the holder has what was issued, or when it gets another offer."""
        for id in issuance.issued[:1]:  # all of them go in one letter
            try:
                one = await self._issuing.get(tenant, issuance.space, id)
            except NotFound:
                continue
            _add_way(story, one)

    async def invitation(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of an invitation. Raises `NotFound`."""
        for space in await self._anchored.all(tenant):
            after: str | None = None
            while page := await self._members.invitations(tenant, space.name, after=after, limit=_PAGE):
                found = next((one for one in page if one.id == id), None)
                if found is not None:
                    return _of_invitation(found, space, self._clock.now())
                after = page[-1].id
        raise _nothing(id)

    async def member(self, tenant: Tenant, did: Did) -> Explanation:
        """Tell of a member or applicant. Raises `NotFound`."""
        for space in await self._anchored.all(tenant):
            try:
                found = await self._members.standing(space.name, did)
            except NotFound:
                continue
            needed = (await self._rulebooks.current(space.name)).joining.approvals
            credentials = await self._issuing.page(tenant, space.name, holder=did, limit=_PAGE)
            return _of_member(found, space, needed, credentials, self._clock.now())
        raise _nothing(did)


def _of_issued(one: Issued, space: Space, now: datetime) -> Explanation:
    state = shown(one, now).state
    taken = f" It was {one.status}{f' by {one.by}' if one.by else ''}. {one.reason}".rstrip() if one.status else ""
    purpose: Purpose = "suspension" if one.status == "suspended" else "revocation"
    story = Explanation(
        id=one.id,
        kind="issued credential",
        summary=f"A {one.type} ({one.profile}) for {one.holder}, valid until {day(one.valid_until)}.{taken}",
        state=state.upper(),
        until=one.valid_until,
        history=[Happening(one.valid_from, "issued", "us")],
        related={
            "holder": one.holder,
            "space": space.url,
            "key": one.kid,
            "status": f"{list_url(space.url, purpose, one.number, one.profile)}, index {one.index}",
        },
    )
    if one.issuance:
        story.related["request"] = one.issuance
    _add_way(story, one)
    if one.renewal_offered is not None:
        story.history = [*story.history, Happening(one.renewal_offered, "a new one offered" if one.lost else "renewal offered", "us")]
    if one.marked is not None:
        story.history = [*story.history, Happening(one.marked, one.status, one.by or "us", one.reason)]
    if state == "suspended":
        story.waits_for, story.who = "its holder to be reinstated", _OPERATOR
    return story


def _add_way(story: Explanation, one: Issued) -> None:
    """Say whether a credential has reached its holder, and what would help if it did not."""
    if one.delivered is not None:
        story.history = [*story.history, Happening(one.delivered, "taken", one.holder)]
    elif one.lost:
        story.waits_for, story.who = f"its holder's wallet to take another one ({one.lost} in a row did not arrive)", "the holder"
        story.next_attempt = one.offer_from if one.renewal_offered is None else None
    elif not one.taken and not one.status:
        story.waits_for, story.who = "its holder's wallet to take it", "the holder, or the network between"


def _of_invitation(one: Invitation, space: Space, now: datetime) -> Explanation:
    state = "USED" if one.used is not None else "EXPIRED" if one.expires <= now else "OPEN"
    whom = one.did or "whoever has its code"
    story = Explanation(
        id=one.id,
        kind="invitation",
        summary=f"An invitation to {space.title} for {whom} as {', '.join(one.roles)}, good until {day(one.expires)}.",
        state=state,
        history=[Happening(one.created, "made", one.by.name if one.by is not None else "us")],
        related={"space": space.url},
    )
    if one.used is not None:
        story.history = [*story.history, Happening(one.used, "used", one.used_by or "")]
    elif state == "OPEN":
        story.waits_for, story.who, story.until = "somebody to join with it", whom, one.expires
    return story


def _of_member(one: Member, space: Space, needed: int, credentials: Sequence[Issued], now: datetime) -> Explanation:
    since = f" since {day(one.since)}" if one.since is not None and one.status is Status.ACTIVE else ""
    story = Explanation(
        id=one.did,
        kind="member",
        summary=f"{one.name} is {one.status.value} in {space.title} as {', '.join(one.roles)}{since}. {one.reason}".rstrip(),
        state=one.status.value.upper(),
        history=[Happening(done.at, done.what, done.by or "us", done.reason) for done in one.history],
        related={"space": space.url},
    )
    if one.approvals or one.status is Status.PENDING:
        given = ", ".join(by.name for by in one.approvals)
        says = one.approvals[-1].says if one.approvals else "admit it"
        story.waits_for = f"{len(one.approvals)} of {needed} approvals to {says}" + (f" (given by {given})" if given else "")
        story.who = "another operator of the anchor" if given else _OPERATOR
    if one.sponsor:
        story.related["sponsor"] = one.sponsor
    live = [each for each in credentials if each.valid_until > now]
    if live:
        named = [f"{each.id} ({each.type}, {_standing(each)})" for each in live[-_NAMED:]]
        story.related["credentials"] = ", ".join(named)
    return story


def _standing(one: Issued) -> str:
    return one.status if one.status == "revoked" else f"{one.status or 'good'} until {day(one.valid_until)}"


def _nothing(id: str) -> NotFound:
    return NotFound(f"No space anchored here knows {id[:80]!r}.", where="id")
