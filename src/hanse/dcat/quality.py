"""Declared measures of quality in linked data (DQV, W3C Note 2016), and the signed statements that they are from.

A measure is a `dqv:QualityMeasurement` of the dataset. Where it was signed for, it is derived from a `dqv:QualityMetadata`, named after the
SHA-256 of the statement, that holds the statement's DSSE envelope.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Final

from hanse.dcat import names
from hanse.dcat.model import Claim, Dataset, Measured
from hanse.dcat.values import items, property_of, text_of_value

MAX_MEASURES: Final = 256
"""Measures of one dataset that are read."""
MAX_CLAIMS: Final = 8
MAX_CLAIM: Final = 64 << 10
"""Characters of a claim."""
METRICS: Final = "urn:hanse:quality:"
"""Before the names of our own metrics, e.g. `completeness`."""
_HASH: Final = re.compile("[0-9a-f]{64}")
_METRIC: Final = re.compile("[a-z][a-z0-9-]{0,63}")
_LONGEST: Final = 500

Json = dict[str, object]
Spell = Callable[[str], str]
"""How a document spells a name of this package."""


def name_of(metric: str) -> str:
    """Return the name of one of our metrics, by its IRI; empty for another's."""
    name = metric.removeprefix(METRICS) if metric.startswith(METRICS) else ""
    return name if _METRIC.fullmatch(name) else ""


def declared(dataset: Dataset) -> dict[str, float]:
    """Return the declared measures by the names of our metrics. One that is declared twice, differently, is not declared."""
    found: dict[str, float] = {}
    clashing = set()
    for one in dataset.measures:
        name = name_of(one.metric)
        if name and found.setdefault(name, one.value) != one.value:
            clashing.add(name)
    return {name: value for name, value in found.items() if name not in clashing}


def write_measures(dataset: Dataset, spell: Spell = str) -> Json:
    """Return the properties that say them; none where nothing is declared."""
    out: Json = {}
    if dataset.measures:
        out[spell(names.MEASUREMENT)] = [_measure(one, spell) for one in dataset.measures]
    if dataset.claims:
        out[spell(names.QUALITY_METADATA)] = [_claim(one, spell) for one in dataset.claims]
    return out


def read_measures(node: Json) -> tuple[tuple[Measured, ...], tuple[Claim, ...]]:
    """Return what a dataset declares; what cannot be read of it is left."""
    measures = list(_measures(property_of(node, names.MEASUREMENT)))[:MAX_MEASURES]
    claims = list(_claims(property_of(node, names.QUALITY_METADATA)))[:MAX_CLAIMS]
    return tuple(measures), tuple(claims)


def _measure(one: Measured, spell: Spell) -> Json:
    source: Json = {spell(names.DERIVED_FROM): {"@id": names.STATEMENT_PREFIX + one.claim}} if one.claim else {}
    return {
        "@type": spell(names.MEASUREMENT_TYPE),
        spell(names.MEASUREMENT_OF): {"@id": one.metric},
        spell(names.MEASUREMENT_VALUE): {"@value": repr(one.value), "@type": "xsd:double"},
        **source,
    }


def _claim(one: Claim, spell: Spell) -> Json:
    id = names.STATEMENT_PREFIX + one.statement
    return {"@id": id, "@type": spell(names.QUALITY_METADATA_TYPE), spell(names.ENVELOPE): one.envelope}


def _measures(value: object) -> Iterator[Measured]:
    for one in items(value):
        if not isinstance(one, dict):
            continue
        metric = text_of_value(property_of(one, names.MEASUREMENT_OF))
        number = _number(property_of(one, names.MEASUREMENT_VALUE))
        claim = (text_of_value(property_of(one, names.DERIVED_FROM)) or "").removeprefix(names.STATEMENT_PREFIX)
        if metric and len(metric) <= _LONGEST and number is not None:
            yield Measured(metric, number, claim if _HASH.fullmatch(claim) else "")


def _claims(value: object) -> Iterator[Claim]:
    for one in items(value):
        id = one.get("@id") if isinstance(one, dict) else None
        envelope = text_of_value(property_of(one, names.ENVELOPE)) if isinstance(one, dict) else None
        statement = id.removeprefix(names.STATEMENT_PREFIX) if isinstance(id, str) else ""
        if envelope and len(envelope) <= MAX_CLAIM and _HASH.fullmatch(statement):
            yield Claim(statement, envelope)


def _number(value: object) -> float | None:
    first = next(iter(items(value)), None)
    found = first.get("@value") if isinstance(first, dict) else first
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        number = float(found) if not isinstance(found, str) or len(found) <= 40 else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
