"""`/participants`: make, look, change, erase."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType, structs

from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Tenant
from hanse.participants.records import Participant, Quota, Receipt
from hanse.participants.roles import Action


class ParticipantOperations:
    """The participants of this server."""

    def __init__(self, services: Services) -> None:
        self._participants = services.participants

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one = "/participants/{name}"
        new = {"name": "acme", "title": "ACME Weather"}
        return [
            Operation(
                "GET",
                "/participants",
                "List the participants",
                self._list,
                Action.LIST_PARTICIPANTS,
                gives=s.Page[Participant],
                query=PAGING,
            ),
            Operation(
                "POST",
                "/participants",
                "Make a participant with its DID, its key and its first administrator",
                self._create,
                Action.CREATE_PARTICIPANT,
                takes=s.NewParticipant,
                gives=s.CreatedParticipant,
                status=201,
                example=new,
            ),
            Operation("GET", one, "Look at a participant", self._get, Action.READ_PARTICIPANT, gives=Participant, about="name"),
            Operation(
                "PATCH",
                one,
                "Change a participant's title (its administrators), limits or suspension (the host)",
                self._change,
                Action.EDIT_PARTICIPANT,
                takes=s.ParticipantChange,
                gives=Participant,
                example={"title": "ACME Weather and Climate"},
                about="name",
            ),
            Operation(
                "DELETE",
                one,
                "Erase a participant with everything it has",
                self._erase,
                Action.ERASE_PARTICIPANT,
                gives=Receipt,
                about="name",
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[Participant]:
        after, limit = call.page()
        found = await self._participants.page(call.caller, after=Tenant(after) if after else None, limit=limit)
        # A full page may be the last one; then the next is empty.
        following = found[-1].name if len(found) == limit else None
        return s.Page(items=list(found), next=following)

    async def _create(self, call: Call, said: s.NewParticipant) -> s.CreatedParticipant:
        made = await self._participants.create(
            call.caller,
            said.name,
            said.title,
            allowed_roots=tuple(said.allowed_roots),
            allowed_hosts=tuple(said.allowed_hosts),
            quota=None if said.quota is None else _quota(said.quota),
            administrator=said.administrator,
        )
        issued = made.administrator
        return s.CreatedParticipant(participant=made.participant, operator=show.operator(issued.operator), token=issued.token)

    async def _get(self, call: Call, _said: Any) -> Participant:
        return await self._participants.get(call.caller, call.tenant)

    async def _change(self, call: Call, said: s.ParticipantChange) -> Participant:
        limits = _limits(said)
        kinds = [not isinstance(said.title, UnsetType), bool(limits), not isinstance(said.suspended, UnsetType)]
        if sum(kinds) != 1:
            raise Invalid(
                "Change the title, or the limits, or the suspension: one of the three.",
                where="body",
                rule="one-change",
                hint="Send one request for each.",
            )
        if not isinstance(said.title, UnsetType):
            return await self._participants.edit(call.caller, call.tenant, title=said.title)
        if limits:
            return await self._participants.confine(call.caller, call.tenant, **limits)
        act = self._participants.suspend if said.suspended is True else self._participants.resume
        return await act(call.caller, call.tenant)

    async def _erase(self, call: Call, _said: Any) -> Receipt:
        return await self._participants.erase(call.caller, call.tenant)


def _limits(said: s.ParticipantChange) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if not isinstance(said.allowed_roots, UnsetType):
        limits["allowed_roots"] = tuple(said.allowed_roots)
    if not isinstance(said.allowed_hosts, UnsetType):
        limits["allowed_hosts"] = tuple(said.allowed_hosts)
    if not isinstance(said.quota, UnsetType):
        limits["quota"] = _quota(said.quota)
    return limits


def _quota(said: s.QuotaFigures) -> Quota:
    return Quota(**structs.asdict(said))
