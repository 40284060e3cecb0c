"""`/mirrors`: collections of providers, kept up to date by difference."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec import UNSET

from hanse.factory.mirrors import records as r
from hanse.factory.mirrors.mirrors import Mirrors
from hanse.http.api import structs as s
from hanse.http.api.factory import mirrors_structs as ms
from hanse.http.api.routing import Call, Operation, Query
from hanse.http.api.services import Services
from hanse.http.api.stated import check_purpose
from hanse.kernel.tenant import Did
from hanse.participants.roles import Action

_ONE: Final = "/mirrors/{name}"
_WAIT: Final = (Query("wait", "Seconds (at most 60) to wait until nothing is being done about it."),)


class MirrorOperations:
    """Mirrors."""

    def __init__(self, services: Services) -> None:
        self._mirrors: Mirrors = services.factory.mirrors
        self._recall = services.factory.recall

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, take, end = Action.READ, Action.TRANSFER, Action.END_CONTRACT
        new = {"provider": "did:web:meteo.example", "dataset": "ds_06f9k2q4m8s1t5v7w9x3yz", "name": "weather", "every": 21_600}
        again, told = "Bring a mirror up to date: only what changed travels", "Report to the provider what was done with it"
        gone, recall = "End a mirror: destroy its versions, with receipts for the provider", "Ask a consumer to destroy its mirrors"
        return [
            Operation("GET", "/mirrors", "List mirrors, ended ones too", self._list, read, gives=s.Page[ms.Mirror]),
            Operation(
                "POST",
                "/mirrors",
                "Mirror a collection of a provider's",
                self._make,
                Action.NEGOTIATE,
                takes=ms.NewMirror,
                gives=ms.Mirror,
                status=202,
                example=new,
            ),
            Operation("GET", _ONE, "Look at a mirror", self._show, read, gives=ms.Mirror, query=_WAIT),
            Operation("PATCH", _ONE, "Change its schedule", self._set, take, takes=ms.MirrorSchedule, gives=ms.Mirror, example={"keep": 5}),
            Operation("POST", f"{_ONE}/refresh", again, self._refresh, take, gives=ms.Mirror, status=202),
            Operation("POST", f"{_ONE}/report", told, self._report, take, gives=ms.MirrorReport),
            Operation(
                "POST",
                f"{_ONE}/end",
                gone,
                self._end,
                end,
                takes=ms.MirrorEnd,
                gives=ms.Mirror,
                example={"reason": "The project is over."},
                optional_body=True,
            ),
            Operation(
                "POST",
                "/mirror-recalls",
                recall,
                self._recalled,
                end,
                takes=ms.MirrorRecall,
                gives=ms.RecalledMirror,
                example={"contract": "agr_06f9k2q4m8s1t5v7w9x3yz", "reason": "A person withdrew their consent."},
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[ms.Mirror]:
        return s.Page(items=[self._shown(one) for one in await self._mirrors.all(call.tenant)])

    async def _make(self, call: Call, said: ms.NewMirror) -> ms.Mirror:
        check_purpose(said.stated.get("purpose"))
        wanted = r.Wanted(
            provider=Did(said.provider),
            dataset=said.dataset,
            name=said.name,
            every=None if said.every is None else timedelta(seconds=said.every),
            keep=said.keep,
            stated=said.stated,
            offer=said.offer,
        )
        return self._shown(await self._mirrors.make(call.tenant, wanted, call.by))

    async def _show(self, call: Call, _said: Any) -> ms.Mirror:
        wait = call.wait()
        return self._shown(await self._mirrors.wait(call.tenant, call.path("name"), 0.0 if wait is None else wait[0]))

    async def _set(self, call: Call, said: ms.MirrorSchedule) -> ms.Mirror:
        before = await self._mirrors.show(call.tenant, call.path("name"))
        every = before.every if said.every is UNSET else timedelta(seconds=said.every) if isinstance(said.every, int) else None
        keep = said.keep if isinstance(said.keep, int) else before.keep
        return self._shown(await self._mirrors.schedule(call.tenant, before.name, every, keep))

    async def _refresh(self, call: Call, _said: Any) -> ms.Mirror:
        return self._shown(await self._mirrors.refresh(call.tenant, call.path("name")))

    async def _report(self, call: Call, _said: Any) -> ms.MirrorReport:
        found = await self._mirrors.report(call.tenant, call.path("name"))
        users = [ms.MirrorUser(user=one.user, uses=one.uses, size=one.size) for one in found.users]
        return ms.MirrorReport(
            since=found.since, at=found.at, uses=found.uses, size=found.size, users=users, statements=list(found.statements)
        )

    async def _end(self, call: Call, said: ms.MirrorEnd) -> ms.Mirror:
        return self._shown(await self._mirrors.end(call.tenant, call.path("name"), said.reason))

    async def _recalled(self, call: Call, said: ms.MirrorRecall) -> ms.RecalledMirror:
        return ms.RecalledMirror(statement=await self._recall(call.tenant, said.contract, said.reason))

    def _shown(self, one: r.Mirror) -> ms.Mirror:
        return ms.Mirror(
            name=one.name,
            provider=one.provider,
            dataset=one.dataset,
            contract=one.agreement,
            space=one.space,
            trusted=one.trusted,
            state=one.state.value,
            busy=self._mirrors.busy(one),
            every=None if one.every is None else int(one.every.total_seconds()),
            keep=one.keep,
            version=one.version or None,
            files=one.count,
            size=one.size,
            checked=one.checked,
            moved=one.moved,
            moved_ever=one.moved_ever,
            due=one.due,
            problem=one.problem,
            made=one.made,
            reported=one.reported,
            why=one.why,
            ended=one.ended,
            receipts=list(one.receipts),
            kept=[ms.KeptVersion(version=each.version, reason=each.reason) for each in one.held],
        )
