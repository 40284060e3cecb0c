"""How what the facility holds is shown."""

from __future__ import annotations

from hanse.dcat.holding import DatasetVersion
from hanse.dcat.languages import tag_of
from hanse.dcat.licences import normal
from hanse.factory.facility import records
from hanse.factory.facility.jobs import Job
from hanse.factory.facility.verifying import Fault, Verdict
from hanse.http.api.factory import facility_structs as fs


def version(one: DatasetVersion, *, receipt: str | None = None, kept: str | None = None) -> fs.StoredVersion:
    """Return a version."""
    origin, offered = one.origin, one.offered
    licence = None if offered is None else offered.licence
    return fs.StoredVersion(
        id=one.id,
        name=one.name,
        number=one.number,
        root=one.root,
        files=one.count,
        size=one.size,
        stored=one.stored,
        tier=one.tier,
        sums=one.sums,
        origin=fs.StoredOrigin(
            places=list(origin.places), collection=origin.collection, rights=origin.rights, personal=origin.personal, source=origin.source
        ),
        contract=one.agreement,
        provider=one.provider,
        dataset=one.dataset,
        order=one.order,
        space=one.space,
        deleted=one.deleted,
        receipt=receipt,
        kept=kept,
        contracts=list(one.agreements),
        made_of=[fs.StoredSource(version=each.version, root=each.root, contracts=list(each.under)) for each in one.made_of],
        title="" if offered is None else offered.title,
        languages=[] if offered is None else [tag_of(each) for each in offered.language],
        licence=None if licence is None else normal(licence),
        keywords=[] if offered is None else list(offered.keywords),
        theme=None if offered is None else offered.theme,
    )


def usage(one: records.Usage) -> fs.FacilityUsage:
    """Return what the data takes."""
    return fs.FacilityUsage(versions=one.versions, content=one.content, hot=one.hot, cold=one.cold, staged=one.staged, quota=one.quota)


def job(one: Job) -> fs.FacilityJob:
    """Return a job with what came of it."""
    shown = fs.FacilityJob(id=one.id, what=one.what, began=one.began, done=one.done, size=one.size, over=one.over)
    result, error = one.result, one.error
    if isinstance(result, Verdict):
        shown.verdict = _verdict(result)
    elif isinstance(result, DatasetVersion):
        shown.version = version(result)
    elif result is not None:
        shown.tidied = fs.FacilityTidied(
            freed=result.freed, objects=result.objects, intakes=result.intakes, unknown=list(result.unknown)[:1_000]
        )
    if error is not None:
        shown.problem = fs.FacilityProblem(rule=error.rule, message=error.message, where=error.where, hint=error.hint)
    return shown


def _verdict(one: Verdict) -> fs.FacilityVerdict:
    faults = [_fault(each) for each in one.faults]
    return fs.FacilityVerdict(sound=one.sound, versions=one.versions, files=one.files, size=one.size, count=one.count, faults=faults)


def _fault(one: Fault) -> fs.FacilityFault:
    return fs.FacilityFault(version=one.version, problem=one.problem, path=one.path, offset=one.offset, pack=one.pack)
