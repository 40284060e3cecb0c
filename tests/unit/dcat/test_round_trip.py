"""No way between the three formats loses anything: DSP, DCAT-AP 3 and Croissant, over random datasets."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from hanse.dcat import read, write
from hanse.dcat.ap.read import read_dataset as read_ap
from hanse.dcat.ap.write import write_dataset as write_ap
from hanse.dcat.croissant.offered import write_offered
from hanse.dcat.croissant.read import read_described
from tests.unit.dcat.strategies import datasets

SERVICE = write.DataServiceRef("did:web:a.example#dsp", "https://a.example/dsp/2025-1")
PROVIDER = "did:web:provider.example"
calm = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)

WAYS = {
    "dsp": lambda dataset: read.read_dataset(_json(write.write_dataset(dataset, SERVICE, root=True))),
    "ap": lambda dataset: read_ap(_json(write_ap(dataset, SERVICE))),
    "croissant": lambda dataset: read_described(_json(write_offered(dataset, PROVIDER))).dataset,
}


def _json(value):
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize("way", list(permutations(WAYS)), ids="-".join)
@calm
@given(datasets)
def test_nothing_is_lost(way, dataset):
    found = dataset
    for name in way:
        found = WAYS[name](found)
        assert found == dataset
