"""What a dataset's description says of its origin: places, how it was collected, rights, and whether it is about persons."""

from __future__ import annotations

from typing import Final

from hanse.dcat.holding import Origin
from hanse.dcat.licences import is_known, normal
from hanse.dcat.model import Dataset
from hanse.factory.acquire.ports import Described
from hanse.odrl.constraints.places import PLACES, place

_COLLECTION: Final = "dataCollectionType"
_PERSONAL: Final = "personalSensitiveInformation"
_NOTHING: Final = frozenset({"none", "no", "not applicable", "n/a", "none.", "no."})


class Declared:
    """Takes the provider's word: its RAI statements (Croissant RAI 1.0), and the countries that the data is about (dct:spatial)."""

    def of(self, dataset: Dataset) -> Described:
        """Return what is declared; what is not stays unknown."""
        said = {one.term: one.texts for one in dataset.rai}
        places = tuple(dict.fromkeys(code for code in map(place, dataset.spatial) if code in PLACES.extents))
        collection = "; ".join(said.get(_COLLECTION, ()))[:500] or None
        personal = said.get(_PERSONAL)
        rights = normal(dataset.licence) if dataset.licence is not None and is_known(dataset.licence) else None
        source = "the provider" if places or collection or rights or personal else None
        return Described(
            origin=Origin(places=places, collection=collection, rights=rights, personal=_about_persons(personal), source=source)
        )


def _about_persons(said: tuple[str, ...] | None) -> bool | None:
    """Return whether what is stated of sensitive information is that there is some; nothing where nothing is stated."""
    return None if not said else any(one.strip().lower() not in _NOTHING for one in said)
