"""`/documents`: descriptions of versions and models, made of what is known, and questions about what no machine can know."""

from __future__ import annotations

from typing import Any, Final

from hanse.factory.documents.answers import Question
from hanse.factory.documents.records import Made
from hanse.factory.documents.service import Written
from hanse.factory.facility.jobs import Job
from hanse.http.api.factory import documents_structs as ds
from hanse.http.api.factory.facility_structs import FacilityProblem
from hanse.http.api.routing import Call, Operation, Query
from hanse.http.api.services import Services
from hanse.participants.roles import Action

_SUBJECT: Final = (Query("subject", "A version (`name@number`), or a name for its newest version."),)
_ONE: Final = (
    Query("subject", "A version (`name@number`), a name for its newest version, a model, or (offered) an offer's id."),
    Query("kind", "The kind of document, e.g. `croissant`."),
)
_NAME: Final = (Query("name", "A dataset, one of its versions, or a model."),)
_WAIT: Final = (Query("wait", "Seconds (at most 60) to wait until it is over."),)


class DocumentOperations:
    """Documents, questions and answers."""

    def __init__(self, services: Services) -> None:
        self._documents = services.factory.documents
        self._jobs = services.factory.document_jobs

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, job = Action.READ, Action.TRANSFER, ds.DocumentJob
        made, asked, content = list[ds.MadeDocument], list[ds.DocumentQuestion], ds.DocumentContent
        new, told = (
            {"subject": "weather@1", "kinds": ["croissant"]},
            {"name": "weather", "answers": {"rai:dataBiases": "One station only."}},
        )
        make, answer = "Make documents of a version or a model", "Tell what no machine can know"
        ask = "See what only a person can tell, and what was told"
        return [
            Operation("GET", "/documents", "List the documents of a version", self._list, read, gives=made, query=_SUBJECT),
            Operation("POST", "/documents", make, self._make, act, takes=ds.NewDocuments, gives=job, status=202, example=new),
            Operation("GET", "/documents/contents", "Get a document", self._show, read, gives=content, query=_ONE),
            Operation("GET", "/documents/jobs/{id}", "See how far the making of documents is", self._job, read, gives=job, query=_WAIT),
            Operation("GET", "/documents/questions", ask, self._ask, read, gives=asked, query=_NAME),
            Operation("POST", "/documents/answers", answer, self._answer, act, takes=ds.NewAnswers, gives=asked, example=told),
        ]

    async def _list(self, call: Call, _said: Any) -> list[ds.MadeDocument]:
        return [_made(one) for one in await self._documents.listed(call.tenant, call.needed("subject"))]

    async def _make(self, call: Call, said: ds.NewDocuments) -> ds.DocumentJob:
        tenant = call.tenant

        async def work(job: Job) -> Any:
            return await self._documents.make(tenant, said.subject, said.kinds, progress=job.progress)

        return _job(self._jobs.begin(tenant, "document", work))

    async def _show(self, call: Call, _said: Any) -> ds.DocumentContent:
        found = await self._documents.show(call.tenant, call.needed("subject"), call.needed("kind"))
        return ds.DocumentContent(document=_made(found.made), content=found.data)

    async def _job(self, call: Call, _said: Any) -> ds.DocumentJob:
        wait = call.wait()
        if wait is None:
            return _job(self._jobs.get(call.tenant, call.path("id")))
        return _job(await self._jobs.wait(call.tenant, call.path("id"), wait[0]))

    async def _ask(self, call: Call, _said: Any) -> list[ds.DocumentQuestion]:
        return [_question(one) for one in await self._documents.answers.ask(call.tenant, call.needed("name"))]

    async def _answer(self, call: Call, said: ds.NewAnswers) -> list[ds.DocumentQuestion]:
        await self._documents.answers.answer(call.tenant, said.name, said.answers, call.by)
        return [_question(one) for one in await self._documents.answers.ask(call.tenant, said.name)]


def _made(one: Made) -> ds.MadeDocument:
    return ds.MadeDocument(
        subject=one.subject,
        kind=one.kind,
        name=one.name,
        media_type=one.media_type,
        sha256=one.sha256,
        size=one.size,
        made=one.made,
        errors=one.errors,
        asks=list(one.asks),
    )


def _question(one: Question) -> ds.DocumentQuestion:
    told = one.answer
    return ds.DocumentQuestion(
        field=one.field.name,
        question=one.field.question,
        why=one.field.why,
        scope=one.field.scope,
        form=one.field.form,
        documents=list(one.field.kinds),
        open=one.open,
        answer=None if told is None else told.text,
        at=None if told is None else told.at,
        by=None if told is None else told.by,
    )


def _job(one: Job) -> ds.DocumentJob:
    shown = ds.DocumentJob(id=one.id, began=one.began, done=one.done, size=one.size, over=one.over)
    result: object = one.result
    if isinstance(result, list):
        shown.documents = [_made(each.made) for each in result if isinstance(each, Written)]
    if one.error is not None:
        error = one.error
        shown.problem = FacilityProblem(rule=error.rule, message=error.message, where=error.where, hint=error.hint)
    return shown
