"""Is it known where it comes from? Which fields of a held version's provenance are filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.dcat.holding import DatasetVersion
from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject

KNOWN: Final = metric(
    "provenance-completeness",
    "Known provenance",
    "traceability",
    "Fields of provenance that are filled, divided by all that a held version can have: agreement, provider, dataset, sums of the"
    " provider, places and kind of collection, rights, whether it is about persons, who says so, title, description, licence, creator or"
    " publisher, when it was issued or changed, what it was derived from or how it was collected, period, space. Of a version that was"
    " made of others, these stand for its provider and its dataset.",
)


class Provenance(Measure):
    """Fields that are filled."""

    name: ClassVar[str] = "provenance"
    metrics: ClassVar[tuple[Metric, ...]] = (KNOWN,)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the share, with what is missing."""
        if subject.held is None:
            yield not_measured(KNOWN, "a file or a folder does not tell where it comes from; a version that is held does")
            return
        fields = fields_of(subject.held)
        missing = [name for name, there in fields.items() if not there]
        note = f"Not known: {', '.join(missing)}." if missing else ""
        yield counted(KNOWN, 1 - len(missing) / len(fields), len(fields), note=note)


def fields_of(held: DatasetVersion) -> dict[str, bool]:
    """Return the fields of provenance, and whether each is filled."""
    origin, offered, made = held.origin, held.offered, bool(held.made_of)
    described = {
        "title": offered is not None and bool(offered.title),
        "description": offered is not None and bool(offered.description),
        "licence": offered is not None and offered.licence is not None,
        "creator or publisher": offered is not None and bool(offered.creators or offered.publisher),
        "issued or changed": offered is not None and bool(offered.issued or offered.modified),
        "sources or collection": bool(origin.collection) or made or (offered is not None and bool(offered.sources or offered.rai)),
        "period": offered is not None and offered.temporal is not None,
        "space": offered is not None and bool(offered.spatial),
    }
    return {
        "agreement": bool(held.agreements),
        "provider": held.provider is not None or made,
        "dataset": held.dataset is not None or made,
        "sums of the provider": held.sums == "provider",
        "places of collection": bool(origin.places),
        "kind of collection": origin.collection is not None,
        "rights": origin.rights is not None,
        "whether it is about persons": origin.personal is not None,
        "who says so": origin.source is not None,
        **described,
    }
