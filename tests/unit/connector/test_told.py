"""What the catalogue tells of data that is released in a changed form only."""

from __future__ import annotations

import pytest

from hanse.connector.offers import told
from hanse.connector.preferences import Preferences
from hanse.dcat.model import Checksum, Dataset
from hanse.odrl.model import Offer
from tests.unit.connector.world import terms

FACTS = {"byte_size": 1234, "checksums": (Checksum("sha256", "ab" * 32),), "version": "0123", "media_type": "text/csv", "files": None}


def dataset(*templates):
    return Dataset(id="ds_1", title="People", offers=tuple(Offer(id=f"off_{i}", terms=terms(t)) for i, t in enumerate(templates)), **FACTS)


@pytest.mark.parametrize("templates", [("members",), ("members + log", "count 3"), ("members + at-rest mask name",)])
def test_what_is_released_as_it_is_is_told_as_it_is(templates):
    assert told(dataset(*templates)) == dataset(*templates)


@pytest.mark.parametrize("template", ["mask name", "pseudonymise name", "round price 2", "drop name", "anonymise 5 by zip", "encrypt"])
def test_of_what_is_changed_first_nothing_is_told_that_values_could_be_tried_out_on(template):
    for offered in (dataset(f"members + {template}"), dataset("only did:web:acme.example", template)):
        found = told(offered)
        assert (found.byte_size, found.checksums, found.version) == (None, (), None)
        assert (found.title, found.media_type, found.offers) == (offered.title, "text/csv", offered.offers)


def test_what_may_be_agreed_to_counts_too():
    assert told(dataset("members"), Preferences(must=terms("members + mask name"))).checksums == ()
    assert told(dataset("members"), Preferences(must=terms("count 3"))) == dataset("members")
