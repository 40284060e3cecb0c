"""What a dataset's description says of its origin and its quality, for a plan."""

from __future__ import annotations

from decimal import Decimal

from hanse.dcat.model import Dataset
from hanse.dcat.quality import declared
from hanse.dcat.risk import origin_of
from hanse.factory.acquire.ports import Described


class Declared:
    """Takes the provider's word."""

    def of(self, dataset: Dataset) -> Described:
        """Return what is declared; what is not stays unknown."""
        measures = {name: Decimal(repr(value)) for name, value in declared(dataset).items()}
        return Described(origin=origin_of(dataset), quality=measures)
