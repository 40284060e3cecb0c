"""Our IRIs for metrics and for the characteristics of ISO/IEC 5259-2, which publishes none."""

from __future__ import annotations

from typing import Final

from hanse.dcat.quality import METRICS

_CHARACTERISTIC: Final = METRICS + "iso5259-2:"


def metric_iri(name: str) -> str:
    """Return the IRI of a metric."""
    return METRICS + name


def characteristic_iri(name: str) -> str:
    """Return the IRI of a characteristic; of none, of what is ours alone."""
    return _CHARACTERISTIC + name if name else METRICS + "statistics"
