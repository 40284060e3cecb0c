"""A report as linked data: the Data Quality Vocabulary (W3C, 2016) in JSON-LD that needs no context from the network.

Each measurement is a `dqv:QualityMeasurement` of a `dqv:Metric`, which is `dqv:inDimension` a characteristic of ISO/IEC 5259-2. What was
not measured is there without a value, with the reason. The figures of the columns' profiles are measurements, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from hanse.dcat.quality import METRICS
from hanse.factory.quality.names import characteristic_iri, metric_iri
from hanse.factory.quality.report import Measurement, Metric, Number, Profile, Report, digest_of_report
from hanse.kernel.clock import timestamp

CONTEXT: Final = {
    "dqv": "http://www.w3.org/ns/dqv#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "q": METRICS,
}
_COUNT: Final = "Number of {}."
PROFILE: Final = (
    Metric(name="profile-count", title="Records", formula=_COUNT.format("records"), unit="count"),
    Metric(
        name="profile-nulls", title="Nulls", characteristic="completeness", formula=_COUNT.format("records without a value"), unit="count"
    ),
    Metric(
        name="profile-distinct",
        title="Different values",
        characteristic="diversity",
        formula=_COUNT.format("different values"),
        unit="count",
    ),
    Metric(
        name="profile-not-finite", title="Not finite", characteristic="accuracy", formula=_COUNT.format("infinite values"), unit="count"
    ),
    Metric(name="profile-mean", title="Mean", formula="Sum of the values, divided by their number.", unit="of the column"),
    Metric(
        name="profile-sd",
        title="Standard deviation",
        formula="Square root of the squared differences to the mean by n - 1.",
        unit="of the column",
    ),
    Metric(name="profile-least", title="Least value", formula="The least of the values.", unit="of the column"),
    Metric(name="profile-most", title="Greatest value", formula="The greatest of the values.", unit="of the column"),
    *(
        Metric(
            name=f"profile-quantile-{level}", title=f"{level} % quantile", formula="Interpolated between neighbours.", unit="of the column"
        )
        for level in ("05", "25", "50", "75", "95")
    ),
)
"""Metrics of profiles: over values, of texts over their lengths in characters, of dates in seconds since 1970."""


def write_dqv(report: Report) -> bytes:
    """Return the report in JSON-LD."""
    return msgspec.json.format(msgspec.json.encode(dqv(report)), indent=1)


def dqv(report: Report) -> dict[str, Any]:
    """Return the report as a JSON-LD document."""
    target = f"urn:hanse:version:{quote(report.assessed.version, safe='@')}:{report.assessed.root}"
    parts = _Parts(target)
    measured = [parts.measurement(one, number) for number, one in enumerate(report.measurements)]
    measured += [parts.figure(*one, number) for number, one in enumerate(_figures(report.profiles))]
    metrics = [*report.metrics, *PROFILE]
    return {
        "@context": CONTEXT,
        "@graph": [
            _dataset(report, target),
            _metadata(report, target, [one["@id"] for one in measured]),
            *(_metric(one) for one in metrics),
            *_dimensions(metrics),
            *parts.subjects.values(),
            *measured,
        ],
    }


def _dataset(report: Report, target: str) -> dict[str, Any]:
    about: dict[str, Any] = {"@id": target, "@type": "dcat:Dataset", "dct:identifier": report.assessed.version}
    about["dct:title"] = report.assessed.title or report.assessed.version
    about["q:root"] = report.assessed.root
    about["dcat:byteSize"] = _typed(report.assessed.size, "xsd:nonNegativeInteger")
    if report.assessed.provider:
        about["dct:publisher"] = {"@id": _iri(report.assessed.provider)}
    about["dqv:hasQualityMetadata"] = {"@id": f"{target}:report"}
    return about


def _metadata(report: Report, target: str, measured: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": f"{target}:report",
        "@type": ["dqv:QualityMetadata", "prov:Entity"],
        "dct:identifier": digest_of_report(report),
        "prov:generatedAtTime": _typed(timestamp(report.at), "xsd:dateTime"),
        "q:moment": _typed(timestamp(report.moment), "xsd:dateTime"),
        "prov:wasAttributedTo": {"@id": _iri(report.by)},
        "q:software": report.software,
        "q:stated": report.stated,
        "dct:hasPart": [{"@id": one} for one in measured],
        "q:declared": [{"dct:subject": one.about, "dct:description": one.text, "dct:source": one.source} for one in report.declared],
        "q:leftOut": list(report.left_out),
    }
    return found | ({"q:use": report.use} if report.use else {})


def _metric(one: Metric) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": metric_iri(one.name),
        "@type": "dqv:Metric",
        "skos:prefLabel": _english(one.title),
        "skos:definition": _english(one.formula),
        "dqv:expectedDataType": {"@id": "xsd:double" if one.unit != "count" else "xsd:integer"},
        "dqv:inDimension": {"@id": characteristic_iri(one.characteristic)},
        "q:unit": one.unit,
    }
    return found | ({"q:measure": f"{one.measure}/{one.version}"} if one.measure else {})


def _dimensions(metrics: list[Metric]) -> Iterator[dict[str, Any]]:
    for name in sorted({one.characteristic for one in metrics}):
        label = name or "statistics"
        note = "A characteristic of ISO/IEC 5259-2:2024, by name." if name else "Figures that belong to no characteristic."
        yield {"@id": characteristic_iri(name), "@type": "dqv:Dimension", "skos:prefLabel": _english(label), "skos:note": _english(note)}


class _Parts:
    """Measurements, and the tables, columns and groups that they are of."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.subjects: dict[str, dict[str, Any]] = {}

    def measurement(self, one: Measurement, number: int) -> dict[str, Any]:
        found = self._of(one.metric, f"m{number}", one.table, one.column, one.group)
        if one.value is None:
            return found | {"q:notMeasured": one.why}
        found["dqv:value"] = _value(one.value)
        found["q:exact"] = one.exact
        if one.interval is not None:
            low, high, level = one.interval.low, one.interval.high, one.interval.level
            limits = {"q:low": _value(low), "q:high": _value(high), "q:level": _value(level), "q:method": one.interval.method}
            found["q:interval"] = limits
        if one.sample is not None:
            found["q:sample"] = {"q:size": one.sample.size, "q:of": one.sample.of, "q:how": one.sample.how}
        return found | ({"skos:note": one.note} if one.note else {})

    def figure(self, metric: str, value: Number, profile: Profile, number: int) -> dict[str, Any]:
        found = self._of(metric, f"p{number}", profile.table, profile.column, profile.group)
        note = {"skos:note": profile.note} if profile.note else {}
        return found | {"dqv:value": _value(value), "q:exact": profile.exact} | note

    def _of(self, metric: str, id: str, table: str, column: str, group: str) -> dict[str, Any]:
        return {
            "@id": f"{self._target}:{id}",
            "@type": "dqv:QualityMeasurement",
            "dqv:isMeasurementOf": {"@id": metric_iri(metric)},
            "dqv:computedOn": {"@id": self._subject(table, column, group)},
        }

    def _subject(self, table: str, column: str, group: str) -> str:
        if not (table or column or group):
            return self._target
        parts = {"table": table, "column": column, "group": group}
        id = f"{self._target}:part:" + ":".join(f"{name}={quote(text, safe='')}" for name, text in parts.items() if text)
        named = {f"q:{name}": text for name, text in parts.items() if text}
        self.subjects.setdefault(id, {"@id": id, "@type": "q:Part", "dct:isPartOf": {"@id": self._target}} | named)
        return id


def _figures(profiles: tuple[Profile, ...]) -> Iterator[tuple[str, Number, Profile]]:
    for one in profiles:
        plain = {"count": one.count, "nulls": one.nulls, "distinct": one.distinct, "mean": one.mean, "sd": one.sd}
        plain |= {"least": one.least, "most": one.most, "not-finite": one.not_finite if one.kind == "number" else None}
        plain |= {f"quantile-{level}": value for level, value in zip(("05", "25", "50", "75", "95"), one.quantiles, strict=False)}
        for name, value in plain.items():
            if value is not None:
                yield f"profile-{name}", value, one


def _value(value: Number) -> dict[str, str]:
    return _typed(value, "xsd:integer" if isinstance(value, int) else "xsd:double")


def _typed(value: object, type: str) -> dict[str, str]:
    return {"@value": str(value), "@type": type}


def _english(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def _iri(name: str) -> str:
    """Return a DID or another IRI as it is, and a name as a URN."""
    return name if ":" in name and " " not in name else f"urn:hanse:name:{quote(name, safe='')}"
