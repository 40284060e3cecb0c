"""Descriptions by others, each with its ways (dcat.croissant.read, dcat.croissant.document)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.dcat.croissant.read import read_described, size_of
from hanse.dcat.model import Agent
from hanse.dcat.rest import REST, with_rest
from hanse.kernel.errors import HanseError, Invalid, Malformed, TooLarge
from tests.unit.dcat.croissant.made import OFFERED, description
from tests.unit.odrl.strategies import json

HUGGING_FACE = {
    "@context": {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "citeAs": "cr:citeAs",
        "conformsTo": "dct:conformsTo",
        "dct": "http://purl.org/dc/terms/",
        "sc": "https://schema.org/",
        "dataBiases": "cr:dataBiases",
    },
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.1",
    "name": "squad",
    "description": "Questions and answers.",
    "alternateName": ["rajpurkar/squad"],
    "creator": {"@type": "Organization", "name": "pranav", "url": "https://hub.example/rajpurkar"},
    "keywords": ["question-answering", "English"],
    "license": "https://choosealicense.com/licenses/cc-by-sa-4.0/",
    "url": "https://hub.example/datasets/rajpurkar/squad",
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "repo",
            "contentUrl": "https://hub.example/datasets/rajpurkar/squad/tree/refs%2Fconvert%2Fparquet",
            "encodingFormat": "git+https",
            "sha256": "https://github.com/mlcommons/croissant/issues/80",
        },
        {
            "@type": "cr:FileSet",
            "@id": "files",
            "containedIn": {"@id": "repo"},
            "encodingFormat": "application/x-parquet",
            "includes": "*/*",
        },
    ],
}
KAGGLE = {
    "@context": {
        "@vocab": "http://schema.org/",
        "sc": "http://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
    },
    "@type": "sc:Dataset",
    "dct:conformsTo": "http://mlcommons.org/croissant/1.0",
    "sc:name": "Iris",
    "sc:description": "Flowers.",
    "version": 2.0,
    "license": {"@type": "sc:CreativeWork", "name": "CC0: Public Domain", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
    "creator": {"@type": "sc:Person", "name": "uciml", "url": "/uciml", "image": "https://k.example/i.png"},
    "datePublished": "2016-09-27T07:38:05.8070000Z",
    "isAccessibleForFree": True,
    "distribution": [
        {
            "@type": "cr:FileObject",
            "@id": "archive.zip",
            "contentUrl": "https://k.example/d",
            "contentSize": "3.604 KB",
            "encodingFormat": "application/zip",
            "md5": "x",
        }
    ],
}
OPEN_ML = {
    "@context": {"@vocab": "https://schema.org/", "ml": "http://mlcommons.org/croissant/"},
    "@type": "Dataset",
    "name": "anneal",
    "description": {"en": "Annealing."},
    "creator": [{"@type": "Person", "name": "David Sterling"}, {"@type": "Person", "name": "Wray Buntine"}],
    "inLanguage": "English",
    "dateCreated": "2014-04-06T23:19:24",
    "license": "Public",
    "identifier": 1,
    "url": "https://openml.example/1",
    "distribution": {
        "@type": "ml:FileObject",
        "contentSize": 512,
        "encodingFormat": "text/plain",
        "contentUrl": "https://openml.example/1.arff",
    },
}


def test_hugging_face():
    found = read_described(HUGGING_FACE).dataset
    assert (found.title, found.keywords, found.checksums) == ("squad", ("question-answering", "English"), ())
    assert found.creators == (Agent("pranav", "https://hub.example/rajpurkar"),)
    assert found.licence == "https://choosealicense.com/licenses/cc-by-sa-4.0/"


def test_kaggle():
    found = read_described(KAGGLE).dataset
    assert (found.title, found.description, found.version) == ("Iris", "Flowers.", "2.0")
    assert found.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert found.issued is not None
    assert found.issued.year == 2016
    assert (found.media_type, found.byte_size) == ("application/zip", 3604)
    assert found.creators[0].person


def test_open_ml():
    found = read_described(OPEN_ML).dataset
    assert (found.title, found.byte_size, len(found.creators), found.licence) == ("anneal", 512, 2, "Public")


@pytest.mark.parametrize("prefix", ["https://schema.org/", "http://schema.org/", "sc:", "schema:"])
def test_names_however_they_are_written(prefix):
    context = {"sc": "http://schema.org/", "schema": "https://schema.org/"}
    assert read_described({"@context": context, "@type": f"{prefix}Dataset", f"{prefix}name": "x"}).dataset.title == "x"


def test_a_graph():
    graph = {"@graph": [{"@type": "Person"}, {"@type": "sc:Dataset", "name": "x"}]}
    assert read_described(graph).dataset.title == "x"
    with pytest.raises(Invalid):
        read_described({"@graph": [{"@type": "Person"}]})


def test_a_remote_context_is_not_fetched_and_means_the_known_one():
    assert (
        read_described({"@context": "https://a.example/context", "@type": "sc:Dataset", "name": "x", "citeAs": "c"}).dataset.citation == "c"
    )


def test_an_offer_that_cannot_be_read_costs_only_itself():
    document = description()
    document["usageInfo"].append({"@type": ["CreativeWork", "odrl:Offer"], "@id": "odd", "odrl:permission": [{"odrl:remedy": 5}]})
    found = read_described(document)
    assert found.dataset.offers == OFFERED.offers
    assert [(one.offer, one.where) for one in found.unreadable] == [("odd", "usageInfo[1].permission[0].remedy")]


def test_a_rest_that_is_none_of_ours_changes_nothing():
    dataset = OFFERED
    for rest in (None, [], "x", {"nothing": 1}, {"title": 5}, {"keywords": ["x" * (2 << 20)]}, {"offers": [{}]}):
        assert with_rest(dataset, rest) == dataset
    assert with_rest(dataset, {"title": "New"}).title == "New"
    assert REST.startswith("urn:hanse:")


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("5 B", 5),
        ("5", 5),
        (5, 5),
        ("2 KB", 2000),
        ("2 KiB", 2048),
        ("1.5 MB", 1_500_000),
        ("1 GB", 10**9),
        ("x", None),
        (-1, None),
        (True, None),
        (None, None),
    ],
)
def test_sizes(said, size):
    assert size_of(said) == size


def test_what_is_no_description():
    deep: object = {}
    for _ in range(10_000):
        deep = {"x": deep}
    for bad in ([], "text", None, {"x": deep}):
        with pytest.raises(Malformed):
            read_described(bad)
    with pytest.raises(TooLarge):
        read_described({"keywords": [0] * 3_000_000})


KEYS = ["@id", "@type", "@context", "@graph", *description()]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), json, max_size=6))
def test_whatever_comes_is_read_or_refused(changes):
    try:
        found = read_described(description() | changes)
    except HanseError as error:
        assert error.message
    else:
        assert msgspec.json.encode(found)
