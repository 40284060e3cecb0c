"""What has to be watched in data: where it comes from, on what ground it may be used, and whether it is about persons.

One rule for all who mark it: the plan of an order looks at it before anything is bought, a report on a training run afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hanse.dcat.holding import Origin
from hanse.dcat.licences import is_known, normal
from hanse.dcat.model import Dataset
from hanse.odrl.constraints.places import PLACES, place

OUTSIDE, UNPLACED, UNCLEAR = "outside the EU", "origin unknown", "rights unclear"
PERSONAL, UNTOLD = "personal data", "persons unknown"
WORDS: Final = {
    OUTSIDE: "outside-eu",
    UNPLACED: "origin-unknown",
    UNCLEAR: "rights-unclear",
    PERSONAL: "personal-data",
    UNTOLD: "persons-unknown",
}
"""The marks as policies name them (`odrl.names.RISK`)."""
_COLLECTION: Final = "dataCollectionType"
_PERSONAL: Final = "personalSensitiveInformation"
_NOTHING: Final = frozenset({"none", "no", "not applicable", "n/a", "none.", "no."})
_EU: Final = PLACES.together(["EU"])


def origin_of(dataset: Dataset) -> Origin:
    """Return what a provider declares of a dataset's origin; what it does not say is unknown.

    Its word are its RAI statements (Croissant RAI 1.0), its licence, and the countries that the data is about (dct:spatial).
    """
    said = {one.term: one.texts for one in dataset.rai}
    places = tuple(dict.fromkeys(code for code in map(place, dataset.spatial) if code in PLACES.extents))
    collection = "; ".join(said.get(_COLLECTION, ()))[:500] or None
    personal = said.get(_PERSONAL)
    rights = normal(dataset.licence) if dataset.licence is not None and is_known(dataset.licence) else None
    source = "the provider" if places or collection or rights or personal else None
    return Origin(places=places, collection=collection, rights=rights, personal=_about_persons(personal), source=source)


def risk_marks(origin: Origin, licence: str | None) -> tuple[str, ...]:
    """Return all marks of data of that origin, under that licence (absent: none is named)."""
    rights = UNCLEAR if unclear_rights(origin, licence) else None
    persons = PERSONAL if origin.personal else UNTOLD if origin.personal is None else None
    return tuple(mark for mark in (place_mark(origin), rights, persons) if mark is not None)


def place_mark(origin: Origin) -> str | None:
    """Return what is to be watched about the places of an origin: `UNPLACED`, `OUTSIDE`, or nothing if all are in the EU."""
    if not origin.places:
        return UNPLACED
    return None if _inside(origin.places) else OUTSIDE


def unclear_rights(origin: Origin, licence: str | None) -> bool:
    """Tell whether neither the origin's rights nor a licence that is known say on what ground data may be used."""
    return origin.rights is None and (licence is None or not is_known(licence))


def _about_persons(said: tuple[str, ...] | None) -> bool | None:
    """Return whether what is stated of sensitive information is that there is some; nothing where nothing is stated."""
    return None if not said else any(one.strip().lower() not in _NOTHING for one in said)


def _inside(places: Sequence[str]) -> bool:
    return all(one in PLACES.extents and PLACES.together([one]) <= _EU for one in map(place, places))
