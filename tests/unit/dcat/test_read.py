"""Foreign catalogues, read with patience (dcat.read)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.dcat.model import Checksum
from hanse.dcat.read import read_catalogue, read_dataset
from hanse.kernel.errors import CallerError, Invalid, Malformed
from tests.shared_data import shared_data
from tests.unit.odrl.strategies import json

USE = {"@id": "o", "permission": [{"action": "use"}]}


def example(name):
    return msgspec.json.decode((shared_data() / "dsp-2025-1/catalog/example" / name).read_bytes())


def catalogue(**more):
    return {"participantId": "did:web:p.example", "service": [{"@id": "s", "endpointURL": "https://p.example/dsp"}], **more}


def test_the_examples_of_the_standard():
    page = read_catalogue(example("catalog.json"))
    assert page.participant_id == "urn:example:DataProviderA"
    assert page.endpoint_url == "https://provider-a.com/connector"
    assert [dataset.formats for dataset in page.datasets] == [("HttpData-PULL",)]
    assert page.datasets[0].offers[0].terms.permissions[0].constraints[0].left == "spatial"
    assert page.unreadable == ()
    assert read_dataset(example("dataset.json")).offers
    nested = read_catalogue(example("nested-catalog.json"))
    assert (nested.datasets, nested.endpoint_url, nested.nested) == ((), None, ("https://provder-a.com/subcatalog",))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Rain", "Rain"),
        ({"@value": "Rain", "@language": "en"}, "Rain"),
        ([{"@value": "Regen", "@language": "de"}, {"@value": "Rain", "@language": "en-GB"}], "Rain"),
        ([{"@value": "Regen", "@language": "de"}, {"@value": "Pluie", "@language": "fr"}], "Regen"),
        ([], "d"),
        (5, "d"),
        (None, "d"),
    ],
)
@pytest.mark.parametrize("name", ["dct:title", "dcterms:title", "http://purl.org/dc/terms/title", "title"])
def test_titles(name, title, expected):
    assert read_dataset({"@id": "d", name: title}).title == expected


def test_single_values_and_typed_values():
    dataset = read_dataset(
        {
            "@id": "d",
            "@type": "Dataset",
            "unknown": {"deep": [1]},
            "dcat:keyword": "rain",
            "dct:license": {"@id": "https://a.example/l"},
            "dct:issued": {"@value": "2026-01-01", "@type": "xsd:date"},
            "hasPolicy": USE,
            "distribution": {
                "format": "HttpData-PULL",
                "accessService": "s",
                "dcat:byteSize": {"@value": "12", "@type": "xsd:integer"},
                "dcat:mediaType": "text/csv",
                "spdx:checksum": {"spdx:algorithm": "SHA256", "spdx:checksumValue": "A" * 64},
            },
        }
    )
    assert (dataset.keywords, dataset.licence, dataset.byte_size, dataset.media_type) == (("rain",), "https://a.example/l", 12, "text/csv")
    assert dataset.issued == datetime(2026, 1, 1, tzinfo=UTC)
    assert dataset.checksums == (Checksum("sha256", "a" * 64),)
    assert [offer.id for offer in dataset.offers] == ["o"]


@pytest.mark.parametrize("size", [-1, True, 1.5, "-1", "x", "9" * 30, 10**30, None, []])
def test_a_size_that_is_none(size):
    assert read_dataset({"@id": "d", "dcat:byteSize": size}).byte_size is None


def test_an_offer_that_cannot_be_read_costs_only_itself():
    strange = {"@id": "x", "permission": [{"action": "use", "remedy": []}]}
    page = read_catalogue(
        catalogue(dataset=[{"@id": "a", "hasPolicy": [USE, strange, 5]}, {"title": "no id"}, "text", {"@id": "b", "hasPolicy": USE}])
    )
    assert [(dataset.id, len(dataset.offers)) for dataset in page.datasets] == [("a", 1), ("b", 1)]
    assert [(one.dataset, one.offer, one.where) for one in page.unreadable] == [
        ("a", "x", "catalogue.dataset[0].hasPolicy[1].permission[0].remedy"),
        ("a", None, "catalogue.dataset[0].hasPolicy[2]"),
        (None, None, "catalogue.dataset[1].@id"),
        (None, None, "catalogue.dataset[2]"),
    ]
    assert all(one.reason for one in page.unreadable)


def test_the_target_of_an_offer_is_its_dataset():
    lost = []
    assert read_dataset({"@id": "d", "hasPolicy": [{**USE, "target": "d"}]}).offers[0].target is None
    assert read_dataset({"@id": "d", "hasPolicy": [{**USE, "target": "e"}]}, unreadable=lost).offers == ()
    assert lost[0].offer == "o"


def test_nested_catalogues_are_flattened():
    inner = {"@id": "c", "service": {"@id": "t", "endpointURL": "https://q.example/dsp"}}
    page = read_catalogue(
        catalogue(
            dataset={"@id": "a", "distribution": [{"format": "F", "accessService": "s"}]},
            catalog=[
                {**inner, "dataset": [{"@id": "b", "distribution": {"format": "F", "accessService": "t"}}]},
                {"@id": "e", "catalog": {"dataset": {"@id": "f", "distribution": {"accessService": {"@id": "s"}}}}},
                7,
            ],
        )
    )
    assert [dataset.id for dataset in page.datasets] == ["a", "b", "f"]
    assert page.endpoints == {"a": "https://p.example/dsp", "b": "https://q.example/dsp", "f": "https://p.example/dsp"}
    assert [one.where for one in page.unreadable] == ["catalogue.catalog[2]"]


def test_what_is_no_catalogue():
    with pytest.raises(Malformed):
        read_catalogue([])
    with pytest.raises(Invalid) as error:
        read_catalogue({"dataset": []})
    assert error.value.where == "participantId"
    deep = {}
    for _ in range(20):
        deep = {"catalog": [deep]}
    with pytest.raises(Malformed):
        read_catalogue(catalogue(**deep))


KEYS = [
    "@id",
    "dataset",
    "catalog",
    "service",
    "distribution",
    "hasPolicy",
    "accessService",
    "endpointURL",
    "format",
    "dct:title",
    "dcat:byteSize",
]
chaos = st.recursive(
    json, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5), max_leaves=20
)


@given(st.dictionaries(st.sampled_from(KEYS), chaos, max_size=6))
def test_whatever_comes_is_read_or_refused(value):
    try:
        read_catalogue(catalogue(**value))
    except CallerError as error:
        assert error.where
