"""The filter of the catalogue (dcat.search)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from hanse.dcat.model import Dataset
from hanse.dcat.search import FIELDS, Criteria, parse_filter, terms_of, text_of
from hanse.kernel.errors import Invalid
from tests.unit.dcat.strategies import datasets

WEATHER = Dataset(
    id="ds_W",
    title="Weather  in\nSeattle",
    description="Daily STRASSE",
    keywords=("Rain", "Café"),
    theme="https://a.example/Theme",
    licence="CC0-1.0",
    language=("en", "nl"),
    media_type="text/csv",
    formats=("HttpData-PULL",),
)


def found(*filter):
    return parse_filter(filter).match(terms_of(WEATHER), text_of(WEATHER))


@pytest.mark.parametrize(
    "filter",
    [
        (),
        ({"id": "ds_W"},),
        ({"title": "weather in seattle"},),
        ({"dct:title": "WEATHER IN SEATTLE"},),
        ({"text": "seattle"},),
        ({"text": "in seattle"},),
        ({"text": "straße"},),
        ({"text": "cafe\u0301"},),
        ({"text": "aily"},),
        ({"keyword": "rain"}, {"dcat:keyword": "café"}),
        ({"language": ["de", "nl"]},),
        ({"language": "en", "format": "httpdata-pull", "dcat:mediaType": "text/CSV"},),
        ({"dct:license": "cc0-1.0"}, {"licence": "CC0-1.0"}, {"dcat:theme": "https://a.example/theme"}),
    ],
)
def test_found(filter):
    assert found(*filter)


@pytest.mark.parametrize(
    "filter",
    [
        ({"id": "ds_w"},),
        ({"title": "weather"},),
        ({"text": "snow"},),
        ({"text": "%"},),
        ({"text": "seattle daily"},),
        ({"language": ["de", "fr"]},),
        ({"language": "en"}, {"language": "de"}),
        ({"keyword": "rain", "format": "other"},),
    ],
)
def test_not_found(filter):
    assert not found(*filter)


@pytest.mark.parametrize(
    ("filter", "where"),
    [
        (["text"], "filter[0]"),
        ([{}], "filter[0]"),
        ([{"id": "x"}, {"author": "y"}], "filter[1].author"),
        ([{"dct:description": "y"}], "filter[0].dct:description"),
        ([{"id": 5}], "filter[0].id"),
        ([{"id": None}], "filter[0].id"),
        ([{"id": []}], "filter[0].id"),
        ([{"id": ["x", 5]}], "filter[0].id"),
        ([{"id": ""}], "filter[0].id"),
        ([{"text": " "}], "filter[0].text"),
        ([{"text": {"@value": "x"}}], "filter[0].text"),
        ([{"id": "x" * 201}], "filter[0].id"),
        ([{"id": "x"}] * 17, "filter"),
        ([{"id": ["x"] * 33}], "filter"),
        ([{"id": ["x"] * 20}, {"id": ["x"] * 20}], "filter"),
    ],
)
def test_anything_else_is_refused_by_name(filter, where):
    with pytest.raises(Invalid) as error:
        parse_filter(filter)
    assert error.value.where == where
    assert all(field in (error.value.hint or "") for field in FIELDS)


def test_the_shape_that_storage_asks_by():
    assert parse_filter([{"language": ["EN", "nl"]}, {"text": ["A", "b"], "id": "X"}]) == Criteria(
        terms=((("language", "en"), ("language", "nl")), (("id", "X"),)), text=(("a", "b"),)
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(datasets)
def test_every_dataset_is_found_by_each_of_its_terms(dataset):
    terms, text = terms_of(dataset), text_of(dataset)
    for field, value in terms:
        assert parse_filter([{field: value}]).match(terms, text)
    for keyword in (dataset.title, *dataset.keywords):
        assert parse_filter([{"text": keyword}]).match(terms, text)
