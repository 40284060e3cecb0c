"""What a dataset's description says of its origin, for a plan."""

from __future__ import annotations

from hanse.dcat.model import Dataset
from hanse.dcat.risk import origin_of
from hanse.factory.acquire.ports import Described


class Declared:
    """Takes the provider's word."""

    def of(self, dataset: Dataset) -> Described:
        """Return what is declared; what is not stays unknown."""
        return Described(origin=origin_of(dataset))
