"""What has to be watched in data: where it comes from, on what ground it may be used, and whether it is about persons.

One rule for all who mark it: the plan of an order looks at it before anything is bought, a report on a training run afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hanse.dcat.holding import Origin
from hanse.dcat.licences import is_known
from hanse.odrl.constraints.places import PLACES, place

OUTSIDE, UNPLACED, UNCLEAR = "outside the EU", "origin unknown", "rights unclear"
PERSONAL, UNTOLD = "personal data", "persons unknown"
_EU: Final = PLACES.together(["EU"])


def place_mark(origin: Origin) -> str | None:
    """Return what is to be watched about the places of an origin: `UNPLACED`, `OUTSIDE`, or nothing if all are in the EU."""
    if not origin.places:
        return UNPLACED
    return None if _inside(origin.places) else OUTSIDE


def unclear_rights(origin: Origin, licence: str | None) -> bool:
    """Tell whether neither the origin's rights nor a licence that is known say on what ground data may be used."""
    return origin.rights is None and (licence is None or not is_known(licence))


def _inside(places: Sequence[str]) -> bool:
    return all(one in PLACES.extents and PLACES.together([one]) <= _EU for one in map(place, places))
