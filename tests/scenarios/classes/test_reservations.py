"""Data beside which somebody reserves mining: an offer that gives more is refused, unless its owner holds the rights."""

from __future__ import annotations

import pytest

RESERVED = "User-agent: *\nContent-Usage: train-ai=n\n"


@pytest.fixture(scope="module")
def source(market):
    folder = market.town.roots["acme"] / "novels"
    folder.mkdir()
    (folder / "one.txt").write_text("Once upon a time.")
    (folder / "robots.txt").write_text(RESERVED)
    return {"source": {"kind": "folder", "path": str(folder)}}


@pytest.mark.parametrize("terms", ["members", "train", "mine", "members + forbid retrieve"])
def test_an_offer_that_permits_training_is_refused(market, source, terms):
    answer = market.acme.ask("POST", "/assets", source | {"terms": [terms]})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["field"] == "terms[0]"
    assert "robots.txt reserves it" in problem["detail"]
    assert "rights-held" in problem["hint"]


@pytest.mark.parametrize("terms", ["members + forbid mine", "retrieve", "members + forbid train,fine-tune"])
def test_an_offer_that_keeps_it_is_made_and_shows_the_reservation(market, source, terms):
    asset = market.acme("POST", "/assets", source | {"terms": [terms]})
    assert asset["reservations"] == ["robots.txt reserves: train, fineTune."]


def test_whoever_holds_the_rights_may_license_them(market, source):
    asset = market.acme("POST", "/assets", source | {"terms": ["members"], "rights_held": True})
    assert asset["rights_held"]
    back = market.acme.ask("PATCH", f"/assets/{asset['id']}", {"rights_held": False})
    assert back.status_code == 422


def test_a_reservation_that_comes_later_is_found_when_the_source_is_looked_at_again(market):
    folder = market.town.roots["acme"] / "poems"
    folder.mkdir()
    (folder / "one.txt").write_text("Roses are red.")
    asset = market.acme("POST", "/assets", {"source": {"kind": "folder", "path": str(folder)}, "terms": ["members"]})
    (folder / "tdmrep.json").write_text('[{"location": "/", "tdm-reservation": 1}]')
    answer = market.acme.ask("POST", f"/assets/{asset['id']}/refresh")
    assert answer.status_code == 422
    assert "tdmrep.json" in answer.json()["detail"]
