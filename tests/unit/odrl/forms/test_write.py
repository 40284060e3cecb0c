"""Policies to JSON and back, in the form that the schemas want (odrl.write)."""

from __future__ import annotations

from hypothesis import given

from hanse.odrl.forms.read import read_agreement, read_offer, read_terms
from hanse.odrl.forms.write import write_agreement, write_offer, write_terms
from hanse.odrl.model import Offer, Rule, Terms
from tests.unit.odrl.strategies import agreements, offers, terms
from tests.wire.schemas import validate


@given(offers)
def test_an_offer_in_a_message(offer):
    written = write_offer(offer, in_catalogue=False)
    assert read_offer(written) == offer
    validate("contract#MessageOffer", written)


@given(offers)
def test_an_offer_in_a_catalogue_has_no_target(offer):
    written = write_offer(offer, in_catalogue=True)
    assert "target" not in written
    bare = Offer(id=offer.id, terms=offer.terms, assigner=offer.assigner, assignee=offer.assignee)
    assert read_offer(written) == bare
    validate("contract#Offer", written)


@given(agreements)
def test_an_agreement(agreement):
    written = write_agreement(agreement)
    assert read_agreement(written) == agreement
    validate("contract#Agreement", written)


@given(terms)
def test_terms(value):
    assert read_terms(write_terms(value)) == value


def test_nothing_empty_is_written():
    offer = Offer(id="o", terms=Terms(permissions=(Rule("use"),)))
    assert write_offer(offer, in_catalogue=True) == {"@id": "o", "@type": "Offer", "permission": [{"action": "use"}]}
