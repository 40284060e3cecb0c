"""What is looked for, as people type it."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.dcat.languages import speaks
from hanse.factory.acquire.query import read_query
from hanse.kernel.errors import Invalid
from tests.unit.factory.acquire.space import dataset, did

RAIN = dataset(
    title="Rain in the Netherlands", description="Weather of each day", keywords=("knmi", "air quality"), language=("nl", "de-AT")
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rain", True),
        ("RAIN weather", True),
        ("rain snow", False),
        ('"air quality"', True),
        ('"quality air"', False),
        ("keyword:knmi", True),
        ("keyword:knmi,other", True),
        ("keyword:weather", False),
        ('keyword:"air quality"', True),
        ("rain language:de", True),
        ("language:fr,nl", True),
        ("language:d", False),
        ("licence:cc-by-4.0", True),
        ("licence:https://creativecommons.org/licenses/by/4.0/", True),
        ("licence:mit,cc0", False),
        ("id:ds_1", True),
        ("format:HttpData-PULL media:text/csv", False),
        ("provider:zoo", True),
    ],
)
def test_words_and_filters(query, found):
    assert read_query(query).finds(RAIN) is found


def test_what_a_catalogue_knows_is_sent_along_and_the_rest_is_not():
    query = read_query('rain "air quality" keyword:a,b language:de licence:mit media:text/csv provider:zoo')
    assert query.pushed == ({"text": ["rain"]}, {"text": ["air quality"]}, {"keyword": ["a", "b"]}, {"mediaType": ["text/csv"]})
    assert query.asks(did("zoo"), "The Zoo")
    assert not query.asks(did("uni"), "The University")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "colour:red",
        'rain "open',
        '""',
        "keyword:",
        "keyword:a,,b",
        "language:d/e",
        "x" * 1_001,
        " ".join("abcdefghijklmnopq"),
        f"keyword:{'y' * 300}",
    ],
)
def test_what_cannot_be_read_is_refused(query):
    with pytest.raises(Invalid) as caught:
        read_query(query)
    assert caught.value.where == "query"
    assert caught.value.hint


def test_a_dataset_without_language_or_licence_matches_no_such_filter():
    bare = structs.replace(RAIN, language=(), licence=None)
    assert not read_query("rain language:nl").finds(bare)
    assert not read_query("rain licence:mit").finds(bare)


@pytest.mark.parametrize(
    ("wanted", "spoken", "true"),
    [("de", "de", True), ("DE", "de-at", True), ("de", "den", False), ("de-AT", "de", False), ("zh-Hant", "zh-hant-tw", True)],
)
def test_languages_match_by_prefix_of_tags(wanted, spoken, true):
    assert speaks([wanted], [spoken]) is true
