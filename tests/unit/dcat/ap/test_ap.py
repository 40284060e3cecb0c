"""DCAT-AP 3 as JSON-LD: it parses to the triples that are meant, with the mandatory properties, and comes back whole (dcat.ap)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF

from hanse.dcat.ap.names import as_iri, from_iri, is_iri, language_iri, language_tag
from hanse.dcat.ap.read import read_dataset
from hanse.dcat.ap.write import write_catalogue, write_dataset
from hanse.dcat.model import Agent, Checksum, Dataset, Period, Stated
from hanse.dcat.write import DataServiceRef
from hanse.kernel.errors import Malformed
from hanse.odrl.model import Atomic, Offer, Rule, Terms
from tests.unit.dcat.strategies import datasets

SERVICE = DataServiceRef("did:web:a.example#dsp", "https://a.example/dsp/2025-1")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
RAI = Namespace("http://mlcommons.org/croissant/RAI/")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
WEATHER = Dataset(
    id="https://a.example/ds/1",
    title="Weather",
    description="Readings of one station.",
    keywords=("rain", "wind"),
    theme="http://publications.europa.eu/resource/authority/data-theme/ENVI",
    licence="https://creativecommons.org/licenses/by/4.0/",
    language=("de", "en"),
    media_type="text/csv",
    byte_size=5,
    files=1,
    checksums=(Checksum("sha256", "ab" * 32),),
    version="1.0.0",
    issued=NOW,
    modified=NOW,
    created=NOW,
    creators=(Agent("Station", "https://station.example"), Agent("Ada", person=True)),
    publisher=Agent("Station", "https://station.example"),
    landing_page="https://a.example/weather",
    sources=("https://station.example/raw",),
    spatial=("http://publications.europa.eu/resource/authority/country/DEU",),
    temporal=Period(NOW, None),
    conforms_to=("https://standard.example/1",),
    type="http://publications.europa.eu/resource/authority/dataset-type/STATISTICAL",
    citation="Station (2026)",
    rai=(Stated("dataBiases", ("One station only.",)),),
    offers=(Offer(id="https://a.example/off/1", terms=Terms(permissions=(Rule("use", (Atomic("purpose", "eq", "dpv:X"),)),))),),
    formats=("HttpData-PULL",),
)
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)


def graph(document):
    return Graph().parse(data=msgspec.json.encode(document), format="json-ld")


def json(document):
    return msgspec.json.decode(msgspec.json.encode(document))


def test_the_triples_of_a_dataset():
    found = graph(write_dataset(WEATHER, SERVICE))
    me = URIRef(WEATHER.id)
    for triple in [
        (me, RDF.type, DCAT.Dataset),
        (me, DCTERMS.title, Literal("Weather")),
        (me, DCTERMS.description, Literal("Readings of one station.")),
        (me, DCAT.keyword, Literal("wind")),
        (me, DCAT.theme, URIRef(WEATHER.theme)),
        (me, DCTERMS.language, URIRef("http://publications.europa.eu/resource/authority/language/DEU")),
        (me, DCAT.version, Literal("1.0.0")),
        (me, DCTERMS.issued, Literal("2026-11-26T00:00:00Z", datatype=XSD.dateTime)),
        (me, DCTERMS.publisher, URIRef("https://station.example")),
        (URIRef("https://station.example"), FOAF.name, Literal("Station")),
        (me, DCAT.landingPage, URIRef("https://a.example/weather")),
        (me, DCTERMS.source, URIRef("https://station.example/raw")),
        (me, DCTERMS.conformsTo, URIRef("https://standard.example/1")),
        (me, RAI.dataBiases, Literal("One station only.")),
        (me, ODRL.hasPolicy, URIRef("https://a.example/off/1")),
        (URIRef("https://a.example/off/1"), RDF.type, ODRL.Offer),
    ]:
        assert triple in found, triple
    (permission,) = found.objects(URIRef("https://a.example/off/1"), ODRL.permission)
    assert (permission, ODRL.action, ODRL.use) in found
    (constraint,) = found.objects(permission, ODRL.constraint)
    assert (constraint, ODRL.leftOperand, ODRL.purpose) in found
    (period,) = found.objects(me, DCTERMS.temporal)
    assert (period, DCAT.startDate, Literal("2026-11-26T00:00:00Z", datatype=XSD.dateTime)) in found


def test_the_triples_of_its_distribution():
    found = graph(write_dataset(WEATHER, SERVICE))
    (one,) = found.objects(URIRef(WEATHER.id), DCAT.distribution)
    assert (one, RDF.type, DCAT.Distribution) in found
    assert (one, DCAT.accessURL, URIRef(SERVICE.endpoint_url)) in found
    assert (one, DCAT.mediaType, URIRef("https://www.iana.org/assignments/media-types/text/csv")) in found
    assert (one, DCAT.byteSize, Literal("5", datatype=XSD.nonNegativeInteger)) in found
    assert (one, DCTERMS.license, URIRef(WEATHER.licence)) in found
    (checksum,) = found.objects(one, SPDX.checksum)
    assert (checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256) in found
    assert next(found.objects(checksum, SPDX.checksumValue)).datatype == XSD.hexBinary
    (service,) = found.objects(one, DCAT.accessService)
    assert (service, DCAT.endpointURL, URIRef(SERVICE.endpoint_url)) in found
    assert next(found.objects(service, DCTERMS.title))


def test_nothing_of_a_plain_dataset_is_left_over():
    assert "hanse:rest" not in write_dataset(WEATHER, SERVICE)


@calm
@given(datasets)
def test_mandatory_properties_are_there(dataset):
    found = graph(write_dataset(dataset, SERVICE))
    (me,) = (one for one in found.subjects(RDF.type, DCAT.Dataset) if (one, DCAT.distribution, None) in found)
    for mandatory in (DCTERMS.title, DCTERMS.description):
        assert len(list(found.objects(me, mandatory))) == 1
    distributions = list(found.objects(me, DCAT.distribution))
    assert len(distributions) == len(dataset.formats)
    for one in distributions:
        assert len(list(found.objects(one, DCAT.accessURL))) == 1
        for most_one in (SPDX.checksum, DCAT.byteSize, DCAT.mediaType, DCTERMS.format, DCTERMS.license):
            assert len(list(found.objects(one, most_one))) <= 1
    for agent in found.objects(me, DCTERMS.creator):
        assert next(found.objects(agent, FOAF.name))


def test_a_catalogue():
    document = write_catalogue("Ours", "What we offer.", Agent("A", "did:web:a.example"), SERVICE, [WEATHER])
    found = graph(document)
    (me,) = found.subjects(RDF.type, DCAT.Catalog)
    for mandatory in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset, DCAT.service):
        assert next(found.objects(me, mandatory))
    assert [read_dataset(one) for one in json(document)["dcat:dataset"]] == [WEATHER]


@calm
@given(datasets)
def test_a_dataset_goes_both_ways(dataset):
    assert read_dataset(json(write_dataset(dataset, SERVICE))) == dataset


def test_other_prefixes_and_whole_names_are_read():
    dataset = read_dataset(
        {
            "@context": {"dcterms": "http://purl.org/dc/terms/", "d": "http://www.w3.org/ns/dcat#"},
            "@id": "https://a.example/1",
            "@type": "d:Dataset",
            "dcterms:title": [{"@value": "Regen", "@language": "de"}, {"@value": "Rain", "@language": "en"}],
            "http://purl.org/dc/terms/description": "About rain.",
            "dcterms:language": {"@id": "http://publications.europa.eu/resource/authority/language/FRA"},
            "d:theme": [{"@id": "https://themes.example/1", "@type": "skos:Concept"}],
            "dcterms:publisher": {"@id": "https://p.example", "foaf:name": "P"},
            "d:distribution": {"d:mediaType": {"@id": "https://www.iana.org/assignments/media-types/text/csv"}, "d:byteSize": "12"},
            "odrl:hasPolicy": {"@id": "https://a.example/o", "odrl:permission": {"odrl:action": {"@id": "odrl:use"}}},
        }
    )
    assert (dataset.title, dataset.description, dataset.language) == ("Rain", "About rain.", ("fr",))
    assert (dataset.media_type, dataset.byte_size, dataset.theme) == ("text/csv", 12, "https://themes.example/1")
    assert dataset.publisher == Agent("P", "https://p.example")
    assert dataset.offers[0].terms.permissions == (Rule("use"),)


def test_what_is_no_dataset():
    deep: object = {}
    for _ in range(100):
        deep = {"dct:x": deep}
    for bad in ([], "text", deep):
        with pytest.raises(Malformed):
            read_dataset(bad)


@pytest.mark.parametrize(
    "id", ["a", "a b", "https://a.example/1", "ä:ö", "urn:a:b", "x:", ":x", "did:web:a.example", "dct:x", "1:2", "%41"]
)
def test_ids_are_iris_and_back(id):
    assert is_iri(as_iri(id))
    assert from_iri(as_iri(id)) == id


def test_languages_of_the_authority_list():
    assert language_iri("de") == "http://publications.europa.eu/resource/authority/language/DEU"
    assert language_iri("de-AT") is None
    assert language_tag("http://publications.europa.eu/resource/authority/language/GLE") == "ga"
    assert language_tag("http://id.loc.gov/vocabulary/iso639-1/fr") == "fr"
    assert language_tag("http://publications.europa.eu/resource/authority/language/XXX") == "xxx"
    assert language_tag("https://elsewhere.example/DEU") == "https://elsewhere.example/DEU"
