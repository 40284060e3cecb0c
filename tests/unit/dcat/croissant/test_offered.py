"""The offered form, what it means as RDF, and what is not known of it (dcat.croissant.offered)."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
from hypothesis import HealthCheck, given, settings
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from hanse.dcat.ap.write import write_dataset
from hanse.dcat.croissant.checks.description import check
from hanse.dcat.croissant.offered import write_offered
from hanse.dcat.croissant.read import read_described
from hanse.dcat.model import Checksum, Claim, Dataset, Measured
from tests.unit.dcat.ap.test_ap import SERVICE, WEATHER
from tests.unit.dcat.croissant.made import NOW, OFFER, OFFERED
from tests.unit.dcat.strategies import datasets

PROVIDER = "did:web:provider.example"
SC, CR, ODRL = Namespace("https://schema.org/"), Namespace("http://mlcommons.org/croissant/"), Namespace("http://www.w3.org/ns/odrl/2/")
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def json(value):
    return msgspec.json.decode(msgspec.json.encode(value))


def graph(document):
    return Graph().parse(data=msgspec.json.encode(document), format="json-ld", publicID="https://a.example/")


@calm
@given(datasets)
def test_a_dataset_goes_both_ways(dataset):
    read = read_described(json(write_offered(dataset, PROVIDER)))
    assert (read.dataset, read.provider) == (dataset, PROVIDER)


@calm
@given(datasets)
def test_it_is_rdf_whatever_is_in_it(dataset):
    found = graph(write_offered(dataset, PROVIDER))
    (me,) = found.subjects(RDF.type, SC.Dataset)
    assert len(list(found.objects(me, SC.usageInfo))) == len(dataset.offers)


def test_the_triples_of_the_offer():
    found = graph(write_offered(WEATHER, PROVIDER))
    (me,) = found.subjects(RDF.type, SC.Dataset)
    (offer,) = found.objects(me, SC.usageInfo)
    assert offer == URIRef("https://a.example/off/1")
    assert set(found.objects(offer, RDF.type)) == {SC.CreativeWork, ODRL.Offer}
    (permission,) = found.objects(offer, ODRL.permission)
    assert (permission, ODRL.action, ODRL.use) in found
    (constraint,) = found.objects(permission, ODRL.constraint)
    assert (constraint, ODRL.leftOperand, ODRL.purpose) in found
    assert (constraint, ODRL.rightOperand, Literal("dpv:X", lang="en")) in found


def test_the_address_is_a_name_until_the_transfer():
    (file,) = write_offered(OFFERED, PROVIDER)["distribution"]
    assert file["contentUrl"] == "urn:hanse:dsp:did%3Aweb%3Aprovider.example:ds_1"
    assert unquote(file["contentUrl"].split(":")[3]) == PROVIDER


def test_what_is_not_known_is_said_and_not_made_up():
    bare = Dataset(id="d", title="T", offers=(OFFER,), formats=("F",))
    document = write_offered(bare, PROVIDER)
    assert document["hanse:missing"] == ["license", "creator", "datePublished"]
    assert document["distribution"][0]["hanse:missing"] == ["sha256", "encodingFormat"]
    assert not {"license", "creator", "datePublished", "version", "inLanguage"} & document.keys()
    findings = {(one.path, one.rule): one.severity for one in check(json(document), NOW)}
    assert findings["distribution[0].sha256", "hash-missing"] == "warning"
    assert {path for (path, rule), severity in findings.items() if rule == "required" and severity == "error"} == {
        "license", "creator", "datePublished",
    }  # fmt: skip


def test_what_is_known_of_the_bytes_is_there():
    dataset = msgspec.structs.replace(OFFERED, media_type="text/csv", byte_size=12, checksums=(Checksum("sha256", "5d" * 32),))
    document = write_offered(dataset, PROVIDER)
    (file,) = document["distribution"]
    assert (file["sha256"], file["contentSize"], file["encodingFormat"]) == ("5d" * 32, "12 B", "text/csv")
    assert document["offers"] == [{"@type": "Offer", "price": "12.50", "priceCurrency": "EUR"}]
    assert [one for one in check(json(document), NOW) if one.severity == "error"] == []


def test_the_nineteen_cells_of_the_alignment():
    """SEMIC's alignment of MLDCAT-AP and Croissant: each pair of properties holds the same thing (three more are classes)."""
    ap, croissant = write_dataset(WEATHER, SERVICE), write_offered(WEATHER, PROVIDER)
    (distribution,), (file,) = ap["dcat:distribution"], croissant["distribution"]
    assert (ap["@type"], croissant["@type"]) == ("dcat:Dataset", "sc:Dataset")
    for one, other in [
        (ap["dct:created"]["@value"], croissant["dateCreated"]),
        (ap["dct:description"], croissant["description"]),
        (ap["dct:issued"]["@value"], croissant["datePublished"]),
        (ap["dcat:keyword"], croissant["keywords"]),
        (ap["dcat:landingPage"]["@id"], croissant["url"]),
        (ap["dct:title"], croissant["name"]),
        (ap["dcat:version"], croissant["version"]),
        ([agent["foaf:name"] for agent in ap["dct:creator"]], [agent["name"] for agent in croissant["creator"]]),
        (ap["dct:publisher"]["foaf:name"], croissant["publisher"]["name"]),
        ([one["@id"][-3:] for one in ap["dct:language"]], [{"de": "DEU", "en": "ENG"}[one] for one in croissant["inLanguage"]]),
        (distribution["dcat:mediaType"]["@id"].partition("media-types/")[2], file["encodingFormat"]),
        (distribution["dct:license"]["@id"], croissant["license"]),
        (ap["dct:type"]["@id"], croissant["additionalType"]),
    ]:
        assert one == other


def test_nothing_of_a_plain_dataset_is_left_over_but_times():
    assert "hanse:rest" not in write_offered(WEATHER, PROVIDER)


def test_declared_measures_are_annotations_and_what_signed_for_them_is_not_lost():
    one = Measured("urn:hanse:quality:completeness", 0.95, "b" * 64)
    dataset = msgspec.structs.replace(OFFERED, measures=(one,), claims=(Claim("b" * 64, '{"payload": "x"}'),))
    out = json(write_offered(dataset, PROVIDER))
    [annotation] = out["annotation"]
    assert (annotation["equivalentProperty"], annotation["value"]) == ("urn:hanse:quality:completeness", 0.95)
    assert "measures" not in out.get("hanse:rest", {}), "read back from the annotation"
    assert read_described(out).dataset == dataset
