"""Terms about where data comes from and what has to be watched in it, kept by its owner's own description (dcat.risk)."""

from __future__ import annotations

FROM_EU = "origin EU + without personal-data,rights-unclear"
CLEAR = {"spatial": ["DE"], "licence": "CC-BY-4.0", "rai": {"personalSensitiveInformation": ["none"]}}


def described(market, **said):
    """Offer data under terms about its origin, and let its owner describe it; return the asset."""
    return market.acme("PATCH", f"/assets/{market.offer(FROM_EU)['id']}", said)


def test_data_whose_description_says_that_it_is_from_the_eu_is_released(market):
    asset = described(market, **CLEAR)
    assert asset["dataset"]["spatial"] == ["DE"]
    contract = market.begin(asset)["contract"]
    assert market.fetch(contract).decode().count("\n") > 1


def test_once_its_description_says_otherwise_it_is_not_released_any_more(market):
    asset = described(market, **CLEAR)
    contract = market.begin(asset)["contract"]
    assert market.ask(contract)["state"] == "STARTED"
    market.acme("PATCH", f"/assets/{asset['id']}", {"spatial": ["DE", "US"]})
    assert '"US"' in market.refused(contract)
    market.acme("PATCH", f"/assets/{asset['id']}", CLEAR | {"rai": {"personalSensitiveInformation": ["names"]}})
    assert "personal-data" in market.refused(contract)
    market.acme("PATCH", f"/assets/{asset['id']}", CLEAR | {"spatial": []})
    assert "not known" in market.refused(contract)


def test_a_statement_that_the_vocabulary_does_not_have_is_refused(market):
    answer = market.acme.ask("PATCH", f"/assets/{market.offer('members')['id']}", {"rai": {"dataMood": ["good"]}})
    assert answer.status_code == 422, answer.text
    assert "dataBiases" in answer.json()["hint"]


def test_a_place_that_nobody_knows_is_refused(market):
    answer = market.acme.ask("PATCH", f"/assets/{market.offer('members')['id']}", {"spatial": ["DE", "Nederland"]})
    assert answer.status_code == 422, answer.text
    assert "Nederland" in answer.text
    assert "spatial[1]" in answer.text
    market.acme("PATCH", f"/assets/{market.offer('members')['id']}", {"spatial": ["https://www.geonames.org/2750405/"]})
