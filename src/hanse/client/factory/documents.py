"""Documents of versions and models, as steps. What takes long is followed until it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.client.core import Steps, get, part, post
from hanse.client.factory import documents_model as dm
from hanse.client.model import Progress
from hanse.client.shells import Method, Mode, Noun
from hanse.kernel.errors import HanseError

POLL_SECONDS = 1
"""How long the server holds one request back that waits for a job, so that progress is seen."""


def list_documents(subject: str) -> Steps[list[dm.Document]]:
    """Return the documents of a version (`name@number`, or a name for the newest). Raises `NotFound`."""
    return (yield from get("/documents", list[dm.Document], subject=subject))


def make_documents(subject: str, kinds: Sequence[str] = (), *, progress: Progress | None = None) -> Steps[list[dm.Document]]:
    """Make documents of a version or a model anew: of these kinds, or all. Raises `NotFound`, `Invalid`."""
    job = yield from post("/documents", {"subject": subject, "kinds": list(kinds)}, dm.DocumentJob)
    while not job.over:
        if progress is not None:
            progress(job.done, job.size)
        job = yield from get(f"/documents/jobs/{part(job.id)}", dm.DocumentJob, wait=str(POLL_SECONDS))
    if job.problem is not None:
        raise HanseError(job.problem.message, where=job.problem.where, hint=job.problem.hint, rule=job.problem.rule)
    return job.documents or []


def get_document(subject: str, kind: str) -> Steps[dm.DocumentContent]:
    """Return a document with its bytes, made if it is missing. Raises `NotFound`, `Invalid`."""
    return (yield from get("/documents/contents", dm.DocumentContent, subject=subject, kind=kind))


def ask(name: str) -> Steps[list[dm.DocumentQuestion]]:
    """Return what only a person can tell about a dataset or a model, and what was told. Raises `NotFound`."""
    return (yield from get("/documents/questions", list[dm.DocumentQuestion], name=name))


def answer(name: str, answers: Mapping[str, str]) -> Steps[list[dm.DocumentQuestion]]:
    """Tell it, by field; an empty text takes an answer back. Return all questions. Raises `NotFound`, `Invalid`, `TooLarge`."""
    return (yield from post("/documents/answers", {"name": name, "answers": dict(answers)}, list[dm.DocumentQuestion]))


class Documents(Noun[Mode]):
    """Croissant, datasheets, data cards, data management plans and bills of material."""

    list = Method(list_documents)
    make = Method(make_documents)
    get = Method(get_document)
    ask = Method(ask)
    answer = Method(answer)
