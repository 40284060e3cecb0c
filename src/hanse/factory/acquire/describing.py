"""What a dataset's description says of its origin and its quality, for a plan."""

from __future__ import annotations

from decimal import Decimal

from hanse.dcat.model import Dataset
from hanse.dcat.quality import declared
from hanse.dcat.risk import WORDS, origin_of, risk_marks
from hanse.factory.acquire.ports import Described
from hanse.odrl.model import Atomic
from hanse.odrl.names import ORIGIN, QUALITY, RISK


class Declared:
    """Takes the provider's word."""

    def of(self, dataset: Dataset) -> Described:
        """Return what is declared; what is not stays unknown."""
        measures = {name: Decimal(repr(value)) for name, value in declared(dataset).items()}
        return Described(origin=origin_of(dataset), quality=measures)


def facts_of(dataset: Dataset) -> tuple[Atomic, ...]:
    """Return what a dataset declares of itself, as constraints that hold of it: its provider judges terms by the same word."""
    origin = origin_of(dataset)
    absent = sorted(set(WORDS.values()) - {WORDS[mark] for mark in risk_marks(origin, dataset.licence)})
    found = [Atomic(RISK, "isNoneOf", list[object](absent))] if absent else []
    if origin.places:
        found.append(Atomic(ORIGIN, "isAnyOf", list[object](origin.places)))
    found += [Atomic(QUALITY + name, "eq", f"{Decimal(repr(value)):f}") for name, value in declared(dataset).items()]
    return tuple(found)
