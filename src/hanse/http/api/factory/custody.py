"""`/custody` and `/evidence/questions`: who keeps which bytes until when, holds, drills, and an authority's questions."""

from __future__ import annotations

from typing import Any, Final

from hanse.factory.custody.looking import Wanted
from hanse.factory.facility.jobs import Job
from hanse.http.api import structs as s
from hanse.http.api.factory import custody_show as show
from hanse.http.api.factory import custody_structs as cs
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.participants.roles import Action

_WAIT: Final = (Query("wait", "Seconds (at most 60) to wait until it is over."),)
_ABOUT: Final = (Query("about", "What it is about: a model, a version (`name@number`), or a dataset."),)


class CustodyOperations:
    """Custody, holds and drills."""

    def __init__(self, services: Services) -> None:
        self._desk = services.factory.custody
        self._jobs = services.factory.custody_jobs
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, decide = Action.READ, Action.TRANSFER, Action.ANSWER
        one, page, held, job = cs.CustodyShown, s.Page[cs.CustodyShown], list[cs.HoldShown], cs.CustodyJob
        hold, lift = {"about": "weather@1", "reason": "Case 12/2026."}, "Lift a legal hold"
        kept, drill = {"version": "weather@1", "why": "Our auditors ask for it."}, {"versions": ["weather@1"]}
        keep, let_go, fetch = "Note that somebody keeps a version", "Let go of a version", "Fetch versions back to prove that they can be"
        return [
            Operation("GET", "/custody", "List what is kept by whom until when", self._list, read, gives=page, query=PAGING),
            Operation("GET", "/custody/versions/{id}", "See who keeps a version", self._get, read, gives=one),
            Operation("POST", "/custody/keepings", keep, self._keep, decide, takes=cs.NewKeeping, gives=one, status=201, example=kept),
            Operation("POST", "/custody/releases", let_go, self._release, decide, takes=cs.EndOfKeeping, gives=one, example=kept),
            Operation(
                "POST", "/custody/holds", "Set a legal hold", self._hold, decide, takes=cs.NewHold, gives=held, status=201, example=hold
            ),
            Operation("GET", "/custody/holds/{id}", "Look at a legal hold", self._get_hold, read, gives=cs.HoldShown),
            Operation(
                "POST",
                "/custody/holds/{id}/lift",
                lift,
                self._lift,
                decide,
                takes=cs.EndOfHold,
                gives=cs.HoldShown,
                example={"reason": "The case is closed."},
                optional_body=True,
            ),
            Operation(
                "POST",
                "/custody/drills",
                fetch,
                self._drill,
                act,
                takes=cs.NewDrill,
                gives=job,
                status=202,
                example=drill,
                optional_body=True,
            ),
            Operation("GET", "/custody/jobs/{id}", "See how far a drill or a search is", self._job, read, gives=job, query=_WAIT),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[cs.CustodyShown]:
        (after, limit), now = call.page(), self._clock.now()
        rest = [one for one in await self._desk.register.overview(call.tenant) if one.version > (after or "")]
        next_ = rest[limit - 1].version if len(rest) > limit else None
        return s.Page(items=[show.custody(one, now) for one in rest[:limit]], next=next_)

    async def _get(self, call: Call, _said: Any) -> cs.CustodyShown:
        return show.custody(await self._desk.register.of(call.tenant, call.path("id")), self._clock.now())

    async def _keep(self, call: Call, said: cs.NewKeeping) -> cs.CustodyShown:
        kept = await self._desk.register.keep(call.tenant, said.version, keeper=said.keeper, until=said.until, why=said.why)
        return show.custody(kept, self._clock.now())

    async def _release(self, call: Call, said: cs.EndOfKeeping) -> cs.CustodyShown:
        await self._desk.register.release(call.tenant, said.version, keeper=said.keeper, why=said.why)
        return show.custody(await self._desk.register.of(call.tenant, said.version), self._clock.now())

    async def _hold(self, call: Call, said: cs.NewHold) -> list[cs.HoldShown]:
        held = await self._desk.register.hold(call.tenant, said.about, said.reason, said.until)
        return [show.hold(one, self._clock.now()) for one in held]

    async def _get_hold(self, call: Call, _said: Any) -> cs.HoldShown:
        return show.hold(await self._desk.register.find(call.tenant, call.path("id")), self._clock.now())

    async def _lift(self, call: Call, said: cs.EndOfHold) -> cs.HoldShown:
        return show.hold(await self._desk.register.lift(call.tenant, call.path("id"), said.reason), self._clock.now())

    async def _drill(self, call: Call, said: cs.NewDrill) -> cs.CustodyJob:
        drilling = self._desk.drilling
        versions = await drilling.choose(call.tenant, said.versions, said.sample)

        async def work(job: Job) -> Any:
            return await drilling.run(call.tenant, versions, job.progress)

        return show.job(self._jobs.begin(call.tenant, "drill", work))

    async def _job(self, call: Call, _said: Any) -> cs.CustodyJob:
        wait = call.wait()
        if wait is None:
            return show.job(self._jobs.get(call.tenant, call.path("id")))
        return show.job(await self._jobs.wait(call.tenant, call.path("id"), wait[0]))


class QuestionOperations:
    """An authority's questions."""

    def __init__(self, services: Services) -> None:
        self._desk = services.factory.custody
        self._jobs = services.factory.custody_jobs

    def operations(self) -> list[Operation]:
        """Return the operations."""
        ask, look, example = (
            "Answer a question of an authority",
            "Look for a record in all versions",
            {"sha256": ["ab" * 32], "lines": True},
        )
        at, search = "/evidence/questions/{question}", "/evidence/searches"
        return [
            Operation("GET", at, ask, self._ask, Action.READ, gives=cs.AnswerShown, query=_ABOUT),
            Operation(
                "POST",
                search,
                look,
                self._search,
                Action.TRANSFER,
                takes=cs.NewSearch,
                gives=cs.CustodyJob,
                status=202,
                example=example,
            ),
        ]

    async def _ask(self, call: Call, _said: Any) -> cs.AnswerShown:
        question = call.path("question")
        self._desk.questions.check(question)
        return show.answer(await self._desk.questions.ask(call.tenant, question, call.needed("about")))

    async def _search(self, call: Call, said: cs.NewSearch) -> cs.CustodyJob:
        wanted = Wanted(sha256=tuple(said.sha256), blake3=said.blake3 or "", lines=said.lines)
        tenant, operator = call.tenant, call.caller.operator

        async def work(job: Job) -> Any:
            return await self._desk.looking.models_with(tenant, wanted, operator, job.progress)

        return show.job(self._jobs.begin(tenant, "search", work))
