"""Custody, holds, drills and an authority's questions, as steps. What takes long is followed until it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.factory import custody_model as cm
from hanse.client.model import Progress
from hanse.client.shells import Method, Mode, Noun
from hanse.kernel.errors import HanseError

POLL_SECONDS = 1
"""How long the server holds one request back that waits for a job, so that progress is seen."""


def list_custody(*, most: int | None = None) -> Steps[list[cm.Custody]]:
    """Return the versions that somebody keeps, or on which a legal hold stands, by name."""
    return (yield from listed("/custody", cm.Custody, most))


def get_custody(version: str) -> Steps[cm.Custody]:
    """Return who keeps a version until when. Raises `NotFound`."""
    return (yield from get(f"/custody/versions/{part(version)}", cm.Custody))


def keep(version: str, *, keeper: str | None = None, until: datetime | None = None, why: str | None = None) -> Steps[cm.Custody]:
    """Note that somebody keeps a version: by default the participant itself, for the years that are set. Raises `NotFound`, `Invalid`."""
    body = said(version=version, keeper=keeper, until=None if until is None else until.isoformat(), why=why)
    return (yield from post("/custody/keepings", body, cm.Custody))


def release(version: str, *, keeper: str | None = None, why: str | None = None) -> Steps[cm.Custody]:
    """Let go of a version. Raises `NotFound`."""
    return (yield from post("/custody/releases", said(version=version, keeper=keeper, why=why), cm.Custody))


def hold(about: str, reason: str, *, until: datetime | None = None) -> Steps[list[cm.LegalHold]]:
    """Set a legal hold on a version, or on all versions under a contract. Raises `NotFound`, `Conflict`, `Invalid`."""
    body = said(about=about, reason=reason, until=None if until is None else until.isoformat())
    return (yield from post("/custody/holds", body, list[cm.LegalHold]))


def get_hold(id: str) -> Steps[cm.LegalHold]:
    """Return a legal hold. Raises `NotFound`."""
    return (yield from get(f"/custody/holds/{part(id)}", cm.LegalHold))


def lift(id: str, *, reason: str | None = None) -> Steps[cm.LegalHold]:
    """Lift a legal hold. Raises `NotFound`, `Conflict`."""
    return (yield from post(f"/custody/holds/{part(id)}/lift", said(reason=reason), cm.LegalHold))


def drill(versions: Sequence[str] = (), *, sample: int | None = None, progress: Progress | None = None) -> Steps[cm.DrillReport]:
    """Fetch versions back to prove that they can be: these, a sample, or all that are overdue. Raises `NotFound`."""
    body = said(versions=list(versions) or None, sample=sample)
    job = yield from _followed((yield from post("/custody/drills", body, cm.CustodyJob)), progress)
    assert job.report is not None
    return job.report


def ask(question: str, about: str) -> Steps[cm.Answer]:
    """Answer a question of an authority: `datasets-of`, `models-of`, `contracts-of`, `where` or `readers-of`. Raises `NotFound`."""
    return (yield from get(f"/evidence/questions/{part(question)}", cm.Answer, about=about))


def models_with_record(
    sha256: Sequence[str], *, blake3: str | None = None, lines: bool = False, progress: Progress | None = None
) -> Steps[cm.Answer]:
    """Tell which versions hold a record, by its SHA-256 (any of those), and which models saw them; with `lines` every version is read."""
    body = said(sha256=list(sha256), blake3=blake3, lines=lines)
    job = yield from _followed((yield from post("/evidence/searches", body, cm.CustodyJob)), progress)
    assert job.answer is not None
    return job.answer


def _followed(job: cm.CustodyJob, progress: Progress | None) -> Steps[cm.CustodyJob]:
    """Return a job when it is over. Raises what it came to."""
    while not job.over:
        if progress is not None:
            progress(job.done, job.size)
        job = yield from get(f"/custody/jobs/{part(job.id)}", cm.CustodyJob, wait=str(POLL_SECONDS))
    if job.problem is not None:
        problem = job.problem
        raise HanseError(problem.message, where=problem.where, hint=problem.hint, rule=problem.rule)
    if progress is not None:
        progress(job.size, job.size)
    return job


class Custody(Noun[Mode]):
    """Who keeps which bytes until when; legal holds, and retrieval drills."""

    list = Method(list_custody)
    get = Method(get_custody)
    keep = Method(keep)
    release = Method(release)
    hold = Method(hold)
    get_hold = Method(get_hold)
    lift = Method(lift)
    drill = Method(drill)
