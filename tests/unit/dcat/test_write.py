"""Datasets and catalogues to JSON and back (dcat.write, dcat.read)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from hanse.dcat.model import Checksum, Dataset
from hanse.dcat.read import read_catalogue, read_dataset
from hanse.dcat.write import DataServiceRef, catalogue_bytes, encode_dataset, encode_root_dataset, write_catalogue, write_dataset
from hanse.kernel.errors import Invalid
from hanse.odrl.model import Offer, Rule, Terms
from tests.unit.dcat.strategies import datasets
from tests.wire.schemas import validate

SERVICE = DataServiceRef("did:web:a.example#dsp", "https://a.example/dsp/2025-1")
OFFER = Offer(id="off_1", terms=Terms(permissions=(Rule("use"),)), target="ds_1")
WEATHER = Dataset(
    id="ds_1",
    title="Weather",
    keywords=("rain",),
    licence="https://a.example/licence",
    media_type="text/csv",
    byte_size=5,
    files=2,
    checksums=(Checksum("sha256", "0" * 64),),
    offers=(OFFER,),
    formats=("HttpData-PULL",),
)
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)


@calm
@given(datasets)
def test_a_dataset_goes_both_ways(dataset):
    written = write_dataset(dataset, SERVICE, root=True)
    validate("dataset#RootDataset", written)
    assert read_dataset(written) == dataset
    assert read_dataset(msgspec.json.decode(encode_dataset(dataset, SERVICE))) == dataset
    assert msgspec.json.decode(encode_root_dataset(dataset, SERVICE)) == written


@calm
@given(datasets)
def test_a_catalogue_is_joined_of_encoded_datasets(dataset):
    encoded = encode_dataset(dataset, SERVICE)
    page = msgspec.json.decode(catalogue_bytes("did:web:a.example", SERVICE, [encoded, encoded]))
    validate("catalog", page)
    assert page == write_catalogue("did:web:a.example#catalogue", "did:web:a.example", SERVICE, [msgspec.json.decode(encoded)] * 2)
    read = read_catalogue(page)
    assert read.datasets == (dataset, dataset)
    assert (read.participant_id, read.endpoint_url, read.unreadable) == ("did:web:a.example", SERVICE.endpoint_url, ())
    assert read.endpoints == {dataset.id: SERVICE.endpoint_url}


def test_an_empty_catalogue_has_no_datasets():
    page = msgspec.json.decode(catalogue_bytes("did:web:a.example", SERVICE, [], id="urn:c"))
    validate("catalog", page)
    assert "dataset" not in page
    assert page["@id"] == "urn:c"


def test_the_form():
    assert write_dataset(WEATHER, SERVICE, root=False) == {
        "@id": "ds_1",
        "@type": "Dataset",
        "dct:title": "Weather",
        "dcat:keyword": ["rain"],
        "dct:license": {"@id": "https://a.example/licence"},
        "urn:hanse:dcat:files": 2,
        "hasPolicy": [{"@id": "off_1", "@type": "Offer", "permission": [{"action": "use"}]}],
        "distribution": [
            {
                "@type": "Distribution",
                "format": "HttpData-PULL",
                "accessService": "did:web:a.example#dsp",
                "dcat:mediaType": "text/csv",
                "dcat:byteSize": 5,
                "http://spdx.org/rdf/terms#checksum": [
                    {
                        "http://spdx.org/rdf/terms#algorithm": {"@id": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"},
                        "http://spdx.org/rdf/terms#checksumValue": "0" * 64,
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("field", ["offers", "formats"])
def test_what_nobody_could_get_is_not_written(field):
    with pytest.raises(Invalid) as error:
        encode_dataset(msgspec.structs.replace(WEATHER, **{field: ()}), SERVICE)
    assert error.value.where == field
