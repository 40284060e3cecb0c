"""What can be stated, signed: one Struct per kind. `base` says what every kind says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hanse.evidence.kinds.base import Object, Predicate
from hanse.evidence.kinds.factory import (
    OF_FACTORIES,
    Acquired,
    Derived,
    Documented,
    Drilled,
    Held,
    Input,
    Kept,
    Leased,
    Linked,
    Mirrored,
    Opened,
    Ordered,
    Prepared,
    Returned,
    Trained,
)
from hanse.evidence.kinds.quality import Assessed, Difference, Disputed, Figure
from hanse.evidence.kinds.usage import (
    MAX_LINES,
    MAX_OBJECTS,
    Acknowledged,
    AgreementEnded,
    Decided,
    Notice,
    Receipt,
    UsageReport,
    UseBegan,
    UseEnded,
    UseLine,
    UseRefused,
    UseStated,
)

KINDS: Final[Mapping[str, type[Predicate]]] = MappingProxyType(
    {
        "use-stated": UseStated,
        "use-began": UseBegan,
        "use-refused": UseRefused,
        "use-ended": UseEnded,
        "agreement-ended": AgreementEnded,
        "receipt": Receipt,
        "notice": Notice,
        "usage-report": UsageReport,
        "decision": Decided,
        "acknowledged": Acknowledged,
        "ordered": Ordered,
        "acquired": Acquired,
        "documented": Documented,
        "opened": Opened,
        "leased": Leased,
        "returned": Returned,
        "trained": Trained,
        "derived": Derived,
        "prepared": Prepared,
        "kept": Kept,
        "held": Held,
        "drilled": Drilled,
        "linked": Linked,
        "mirrored": Mirrored,
        "assessed": Assessed,
        "disputed": Disputed,
    }
)
"""The kinds by name; a predicate's type on the wire is `urn:hanse:evidence:NAME:1`."""


def kind_of(predicate: Predicate) -> str:
    """Return the name of a predicate's kind."""
    return next(name for name, kind in KINDS.items() if type(predicate) is kind)


__all__ = [
    "KINDS",
    "MAX_LINES",
    "MAX_OBJECTS",
    "OF_FACTORIES",
    "Acknowledged",
    "Acquired",
    "AgreementEnded",
    "Assessed",
    "Decided",
    "Derived",
    "Difference",
    "Disputed",
    "Documented",
    "Drilled",
    "Figure",
    "Held",
    "Input",
    "Kept",
    "Leased",
    "Linked",
    "Mirrored",
    "Notice",
    "Object",
    "Opened",
    "Ordered",
    "Predicate",
    "Prepared",
    "Receipt",
    "Returned",
    "Trained",
    "UsageReport",
    "UseBegan",
    "UseEnded",
    "UseLine",
    "UseRefused",
    "UseStated",
    "kind_of",
]
