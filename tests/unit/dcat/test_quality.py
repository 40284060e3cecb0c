"""Declared measures in linked data, as others write them and as they should not."""

from __future__ import annotations

import pytest

from hanse.dcat.model import Claim, Dataset, Measured
from hanse.dcat.quality import MAX_CLAIM, MAX_MEASURES, declared, name_of, read_measures, write_measures

METRIC = "urn:hanse:quality:completeness"
STATEMENT = "urn:hanse:statement:sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"@value": "0.95", "@type": "xsd:double"}, 0.95),
        (0.95, 0.95),
        ("0.95", 0.95),
        ([1], 1.0),
        (True, None),
        ("much", None),
        ("nan", None),
        ({"@value": "1e999"}, None),
        (10**400, None),
        ({}, None),
        ("9" * 41, None),
    ],
    ids=lambda one: str(one)[:20],
)
@pytest.mark.parametrize("prefix", ["dqv:", "http://www.w3.org/ns/dqv#"])
def test_a_value_is_read_however_it_is_written(value, number, prefix):
    node = {f"{prefix}hasQualityMeasurement": {f"{prefix}isMeasurementOf": {"@id": METRIC}, f"{prefix}value": value}}
    measures, _ = read_measures(node)
    assert measures == (() if number is None else (Measured(METRIC, number),))


def test_claims_are_bounded_and_named_by_a_hash():
    good = {"@id": STATEMENT, "hanse:envelope": "{}"}
    bad = [
        {"@id": "urn:other", "hanse:envelope": "{}"},
        {"@id": STATEMENT},
        {"@id": STATEMENT, "hanse:envelope": "x" * (MAX_CLAIM + 1)},
        "text",
        {"hanse:envelope": "{}"},
        {"@id": 7, "hanse:envelope": "{}"},
    ]
    _, claims = read_measures({"dqv:hasQualityMetadata": [*bad, good]})
    assert claims == (Claim("a" * 64, "{}"),)
    many = [{"dqv:isMeasurementOf": {"@id": METRIC}, "dqv:value": n} for n in range(MAX_MEASURES + 5)]
    assert len(read_measures({"dqv:hasQualityMeasurement": many})[0]) == MAX_MEASURES


def test_what_is_declared_twice_is_not_declared():
    one = Dataset(id="a", title="a", measures=(Measured(METRIC, 0.9), Measured("urn:hanse:quality:duplicates", 0.1), Measured(METRIC, 0.8)))
    assert declared(one) == {"duplicates": 0.1}
    assert name_of("https://a.example/completeness") == name_of("urn:hanse:quality:Not A Name") == ""


def test_nothing_declared_is_nothing_written():
    assert write_measures(Dataset(id="a", title="a")) == {}
