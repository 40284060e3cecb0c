"""Measures by name: those that come with Hanse, in the order of a report, and those of packages (`hanse.measures`)."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from hanse.factory.quality.base import Measure
from hanse.kernel.errors import Misconfigured
from hanse.plugins import MEASURES, bad, load

BUILT_IN: Final[dict[str, str]] = {
    "statistics": "statistics:Statistics",
    "completeness": "completeness:Completeness",
    "errors": "errors:Errors",
    "duplicates": "duplicates:Duplicates",
    "consistency": "consistency:Consistency",
    "currentness": "currentness:Currentness",
    "balance": "balance:Balance",
    "representativeness": "representativeness:Representativeness",
    "setting": "setting:SettingMeasure",
    "labels": "labels:Labels",
    "bias": "bias:BiasMeasure",
    "personal": "personal:Personal",
    "provenance": "provenance:Provenance",
    "relevance": "relevance:RelevanceMeasure",
}


def measures() -> list[Measure]:
    """Return all measures. Raises `Misconfigured` for a plug-in that is none, and if what measuring needs is not installed."""
    found = [_built_in(name) for name in BUILT_IN]
    names = {metric.name for one in found for metric in one.metrics}
    for name, brought in load(MEASURES).items():
        if not (isinstance(brought, type) and issubclass(brought, Measure)):
            raise bad(name, MEASURES, "it is no Measure")
        if name in BUILT_IN or any(metric.name in names for metric in brought.metrics):
            raise bad(name, MEASURES, "there is a measure or a metric of that name already")
        names |= {metric.name for metric in brought.metrics}
        found.append(brought())
    return found


def _built_in(name: str) -> Measure:
    module, _, attribute = BUILT_IN[name].partition(":")
    try:
        made = getattr(import_module(f"hanse.factory.quality.measures.{module}"), attribute)()
    except ModuleNotFoundError as error:
        hint = "Install what measuring needs: pip install 'hanse[prepare]'."
        raise Misconfigured(f"The measure {name!r} needs the package {error.name}.", where=name, hint=hint) from None
    assert isinstance(made, Measure)
    return made
