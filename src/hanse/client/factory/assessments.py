"""The quality relay, as steps: sign, publish, compare, dispute."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hanse.client.core import Request, Steps, call, get, listed, part, post
from hanse.client.factory import assessments_model as am
from hanse.client.shells import Method, Mode, Noun
from hanse.kernel.errors import Invalid, TooLarge

STAGES = ("provider", "space", "factory", "user")
MAX_REPORT = 8 << 20
"""Bytes of a report that a server signs and keeps."""
REPORT = "report.json"
"""The report in the folder that `hanse quality assess` writes."""


def sign(report: str | Path | bytes, *, of: str, stage: str) -> Steps[am.Assessment]:
    """Sign a report (a file, the folder that it is in, or its bytes) on a stored version or an own offer, at a stage, and keep it.

    Raises `NotFound`, `Invalid` (rules `stage`, `report`, `other-content`), `TooLarge`.
    """
    data = report if isinstance(report, bytes) else _read(Path(report), REPORT)
    return (yield from _send("/assessments", data, of=of, stage=stage))


def take(claim: str | Path | bytes, *, of: str) -> Steps[am.Assessment]:
    """Keep what somebody else signed about a stored version or an own offer, once the signature is proved.

    Raises `NotFound`, `Malformed`, `Invalid` (rules `claim`, `other-content`), `Unauthenticated`.
    """
    data = claim if isinstance(claim, bytes) else _read(Path(claim), "")
    return (yield from _send("/assessments/claims", data, of=of))


def list_assessments(about: str | None = None, *, most: int | None = None) -> Steps[list[am.Assessment]]:
    """Return signed assessments, newest first: of one version or offer, if it is named."""
    return (yield from listed("/assessments", am.Assessment, most, about=about))


def get_assessment(id: str) -> Steps[am.Assessment]:
    """Return one. Raises `NotFound`."""
    return (yield from get(f"/assessments/{part(id)}", am.Assessment))


def get_report(id: str) -> Steps[am.AssessmentReport]:
    """Return the report of one. Raises `NotFound` where it is not kept."""
    return (yield from get(f"/assessments/{part(id)}/report", am.AssessmentReport))


def publish(asset: str) -> Steps[am.Published]:
    """Publish the newest assessment of each stage with an own offer. Raises `NotFound`, `Conflict` (rules `unassessed`, `stale`)."""
    return (yield from post(f"/assessments/published/{part(asset)}", None, am.Published))


def take_back(asset: str) -> Steps[am.Published]:
    """Take the measures of an own offer out of the catalogue. Raises `NotFound`."""
    return (yield from call(Request(method="DELETE", path=f"/assessments/published/{part(asset)}"), am.Published))


def compare(version: str, *, tolerance: float = 0.0) -> Steps[am.QualityComparison]:
    """Return what was declared about a version beside our own newest assessment of it. Raises `NotFound`."""
    return (yield from get("/assessments/comparison", am.QualityComparison, of=version, tolerance=repr(tolerance)))


def dispute(version: str, measures: Sequence[str] = (), *, tolerance: float = 0.0) -> Steps[am.Dispute]:
    """Dispute what was declared of a version, and return the case file; about these measures, or all that do not hold.

    Raises `NotFound`, `Invalid` (`metric`), `Conflict` (rules `own-data`, `unassessed`, `holds`).
    """
    body = {"version": version, "measures": list(measures), "tolerance": tolerance}
    return (yield from post("/assessments/disputes", body, am.Dispute))


def _send(path: str, data: bytes, **query: str) -> Steps[am.Assessment]:
    if len(data) > MAX_REPORT:
        raise TooLarge(f"A report that is signed has at most {MAX_REPORT >> 20} MiB.", where="report")
    return (yield from call(Request(method="POST", path=path, query=query, body=data, patient=True), am.Assessment))


def _read(path: Path, inside: str) -> bytes:
    file = path / inside if inside and path.is_dir() else path
    try:
        with file.open("rb") as data:
            return data.read(MAX_REPORT + 1)
    except OSError as error:
        raise Invalid(f"It cannot be read: {error.strerror}.", where=str(file)) from None


class Assessments(Noun[Mode]):
    """Signed assessments of quality."""

    sign = Method(sign)
    take = Method(take)
    list = Method(list_assessments)
    get = Method(get_assessment)
    report = Method(get_report)
    publish = Method(publish)
    take_back = Method(take_back)
    compare = Method(compare)
    dispute = Method(dispute)
