"""`/assessments`: signed assessments of quality, what was declared beside what was measured, and disputes about it."""

from __future__ import annotations

from typing import Any, Final

from hanse.dcat.model import Dataset
from hanse.dcat.quality import name_of
from hanse.factory.quality.relay import records as r
from hanse.factory.quality.relay.comparing import AGREEMENT
from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.factory import assessments_structs as qs
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.participants.roles import Action

_OF: Final = Query("of", "A stored version (`name@number`, or a name for its newest), or an own offer by its id.")
_STAGE: Final = Query("stage", "`provider`, `space`, `factory` or `user`.")
_ABOUT: Final = (*PAGING, Query("about", "Only those of this version or offer."))
_TOLERANCE: Final = Query("tolerance", "The least difference that counts, as the parties agreed on it.", {"type": "number", "minimum": 0})


class AssessmentOperations:
    """The quality relay."""

    def __init__(self, services: Services) -> None:
        self._relay = services.factory.relay

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, one = Action.READ, Action.TRANSFER, qs.Assessment
        sign, take = "Sign a report on quality and keep it; its body is the report", "Keep what somebody else signed, once it is proved"
        many, compared = s.Page[qs.Assessment], qs.QualityComparison
        publish, back = "Publish assessments with an offer", "Take measures out of the catalogue"
        compare, dispute = "See what was declared beside what was measured", "Dispute declared quality, and get the case file"
        at, said = "/assessments/published/{id}", {"version": "rain@1", "measures": ["completeness"]}
        return [
            Operation("POST", "/assessments", sign, self._sign, act, takes=bytes, gives=one, status=201, query=(_OF, _STAGE)),
            Operation("GET", "/assessments", "List signed assessments, newest first", self._list, read, gives=many, query=_ABOUT),
            Operation("POST", "/assessments/claims", take, self._take, act, takes=bytes, gives=one, status=201, query=(_OF,)),
            Operation("GET", "/assessments/comparison", compare, self._compare, read, gives=compared, query=(_OF, _TOLERANCE)),
            Operation(
                "POST", "/assessments/disputes", dispute, self._dispute, Action.ANSWER, takes=qs.NewDispute, gives=qs.Dispute, example=said
            ),
            Operation("POST", at, publish, self._publish, Action.OFFER, gives=qs.Published),
            Operation("DELETE", at, back, self._take_back, Action.OFFER, gives=qs.Published),
            Operation("GET", "/assessments/{id}", "Look at one", self._get, read, gives=one),
            Operation("GET", "/assessments/{id}/report", "Get its report", self._report, read, gives=qs.AssessmentReport),
        ]

    async def _sign(self, call: Call, data: bytes) -> qs.Assessment:
        return _shown(await self._relay.sign(call.tenant, call.needed("of"), call.needed("stage"), data))

    async def _take(self, call: Call, data: bytes) -> qs.Assessment:
        return _shown(await self._relay.take(call.tenant, call.needed("of"), data))

    async def _list(self, call: Call, _said: Any) -> s.Page[qs.Assessment]:
        after, limit = call.page()
        found = await self._relay.page(call.tenant, about=call.query("about"), after=after, limit=limit + 1)
        return show.page(found, limit, _shown, lambda one: one.id)

    async def _get(self, call: Call, _said: Any) -> qs.Assessment:
        return _shown(await self._relay.get(call.tenant, call.path("id")))

    async def _report(self, call: Call, _said: Any) -> qs.AssessmentReport:
        made = await self._relay.get(call.tenant, call.path("id"))
        return qs.AssessmentReport(id=made.id, sha256=made.report, content=await self._relay.report(call.tenant, made.id))

    async def _publish(self, call: Call, _said: Any) -> qs.Published:
        return _published(await self._relay.publish(call.tenant, call.path("id")))

    async def _take_back(self, call: Call, _said: Any) -> qs.Published:
        return _published(await self._relay.take_back(call.tenant, call.path("id")))

    async def _compare(self, call: Call, _said: Any) -> qs.QualityComparison:
        return _compared(await self._relay.compare(call.tenant, call.needed("of"), _tolerance(call)))

    async def _dispute(self, call: Call, said: qs.NewDispute) -> qs.Dispute:
        case = await self._relay.dispute(call.tenant, said.version, said.measures, said.tolerance)
        measures = [
            qs.DisputedMeasure(metric=one.metric, declared=one.declared, measured=one.measured, tolerance=one.tolerance)
            for one in case.differences
        ]
        return qs.Dispute(
            version=case.version,
            statement=case.statement,
            told=case.told,
            measures=measures,
            remedies=list(case.remedies),
            sha256=case.sha256,
            missing=list(case.missing),
            archive=case.archive,
        )


def _tolerance(call: Call) -> float:
    text = call.query("tolerance")
    try:
        return 0.0 if text is None else float(text)
    except ValueError:
        raise Invalid("It is no number.", where="tolerance", rule="tolerance", hint="For example 0.01.") from None


def _shown(one: r.Assessment) -> qs.Assessment:
    return qs.Assessment(
        id=one.id,
        about=one.about,
        root=one.root,
        stage=one.stage,
        by=one.by,
        at=one.at,
        statement=one.statement,
        report=one.report,
        figures=[
            qs.AssessedFigure(metric=each.metric, value=each.value, method=each.method, low=each.low, high=each.high, better=each.better)
            for each in one.figures
        ],
        agreement=one.agreement or None,
        entry=one.entry or None,
        proved=one.proved,
        kept=one.size > 0,
        claim=one.envelope,
    )


def _published(dataset: Dataset) -> qs.Published:
    measures = [qs.PublishedMeasure(metric=name_of(one.metric) or one.metric, value=one.value, claim=one.claim) for one in dataset.measures]
    return qs.Published(asset=dataset.id, measures=measures, claims=len(dataset.claims))


def _compared(found: r.Comparison) -> qs.QualityComparison:
    return qs.QualityComparison(
        version=found.version,
        root=found.root,
        agreement=found.agreement or None,
        provider=found.provider or None,
        ours=found.ours or None,
        stage=found.stage or None,
        report=found.report or None,
        rows=[_row(one) for one in found.rows],
    )


def _row(one: r.Row) -> qs.ComparisonRow:
    return qs.ComparisonRow(
        metric=one.metric,
        declared=one.declared,
        by=one.by,
        stage=one.stage,
        claim=one.claim or None,
        proved=one.stage == AGREEMENT or not one.signed,
        measured=one.measured,
        difference=one.difference,
        tolerance=one.tolerance,
        verdict=one.verdict,  # type: ignore[arg-type]
        why=" ".join(text for text in (one.signed, one.why) if text),
    )
