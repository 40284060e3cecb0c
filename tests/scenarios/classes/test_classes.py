"""Each of the 25 policy classes of IDSA over two participants: offered, agreed on, used, and enforced or honestly badged.

The badge that is shown before signing is the one of `usage/classes.py`; towards `mallory`, who takes no statements, what is
ATTESTED is DECLARED.
"""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta
from urllib.parse import quote

import pytest

from hanse.odrl.constraints.base import Badge
from hanse.usage.classes import CLASSES
from tests.scenarios.classes.town import PEOPLE, eventually, in_seconds

REGISTERED = """roles:
  registered:
    title: Entered in a register
    credential: LegalEntityCredential
    claims:
      country: [DE]
"""
LEGAL_ENTITY = """credentials:
  LegalEntityCredential:
    title: Registered legal entity
    issuers:
      - did: anchor
        claims:
          memberOf: [space]
          role: [registered]
          country: [DE]
    lifetime: 90 days
    schema:
      type: object
      properties:
        id: {type: string}
        memberOf: {type: string}
        role: {type: string}
        country: {type: string}
"""
WHOLE = PEOPLE.encode()
TESTED: dict[int, str] = {}


def of_class(number: int, terms: str):
    """Mark the test of a class, with the terms whose badge it has."""
    TESTED[number] = terms
    return lambda test: test


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_every_class_has_a_test():
    assert set(TESTED) == {one.number for one in CLASSES} == set(range(1, 26))


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.name)
def test_the_badge_is_shown_before_signing(market, one):
    terms = TESTED[one.number].replace("ZOO", market.did("zoo"))
    assert one.badge.value in market.badges(terms, market.did("zoo"))
    shown = market.badges(terms, market.town.mallory.did)
    assert (Badge.DECLARED.value in shown) == (one.badge in (Badge.ATTESTED, Badge.DECLARED))


@of_class(1, "only ZOO")
def test_1_consumer(market):
    zoo = market.did("zoo")
    assert market.fetch(market.agree(f"only {zoo}")) == WHOLE
    assert zoo in market.not_agreed(f"only {zoo}", who="owl")


@of_class(2, "connector https://elsewhere.example/dsp")
def test_2_connector(market):
    own = f"{market.town.host.root.replace('127.0.0.1', 'localhost')}/participants/zoo/dsp/2025-1"
    assert market.fetch(market.agree(f"connector {own}")) == WHOLE
    assert "elsewhere.example" in market.refused(market.agree("connector https://elsewhere.example/dsp"))


@of_class(3, "app weather-model")
def test_3_application(market):
    contract = market.agree("app weather-model")
    assert "application" in market.refused(contract)
    assert market.fetch(contract, application="weather-model") == WHOLE
    assert "application" in market.refused(contract, application="other")


@of_class(4, "role consumer")
def test_4_role(market):
    assert market.fetch(market.agree("role consumer")) == WHOLE
    assert "ai-factory" in market.not_agreed("role ai-factory")


def test_4_claim_in_a_credential(market):
    good = market.agree("claim DataConsumerCredential $.role = consumer")
    assert market.fetch(good) == WHOLE
    assert "DataConsumerCredential" in market.not_agreed("claim DataConsumerCredential $.role = emperor")


@of_class(5, "in EU")
def test_5_place_of_use(market):
    contract = market.agree("in EU")
    assert market.fetch(contract, spatial="DE") == WHOLE
    assert "European Union" in market.refused(contract, spatial="US")


@of_class(6, "purpose dpv:ResearchAndDevelopment")
def test_6_purpose(market):
    contract = market.agree("purpose dpv:ResearchAndDevelopment")
    assert "purpose" in market.refused(contract)
    assert market.fetch(contract, purpose="dpv:AcademicResearch") == WHOLE
    assert "purpose" in market.refused(contract, purpose="dpv:Marketing")


@of_class(7, "event launch")
def test_7_event(market):
    contract = market.agree("event launch")
    assert "launch" in market.refused(contract)
    market.acme("POST", "/facts", {"name": "event", "about": contract, "value": "launch"})
    assert market.fetch(contract) == WHOLE


@of_class(8, "security trust+")
def test_8_security_level(market):
    contract = market.agree("security trust")
    assert market.fetch(contract, securityLevel="trust+") == WHOLE
    assert "security" in market.refused(contract, securityLevel="base")


@of_class(9, "until 2099-01-01")
def test_9_interval(market):
    end = in_seconds(2.5)
    contract = market.agree(f"until {end}")
    assert market.fetch(contract) == WHOLE
    ended = eventually(lambda: (one := market.zoo("GET", f"/contracts/{contract}"))["ended"] and one)
    assert ended["end_reason"]
    early = market.agree(f"from {in_seconds(3600)} until 2099-01-01")
    assert "before" in market.refused(early)


@of_class(10, "for P30D")
def test_10_duration(market):
    contract = market.agree("for PT3S")
    assert market.fetch(contract) == WHOLE
    ended = eventually(lambda: (one := market.acme("GET", f"/contracts/{contract}"))["ended"] and one)
    assert "second" in ended["end_reason"]


@of_class(11, "count 3")
def test_11_number_of_uses(market):
    contract = market.agree("count 3")
    for _ in range(3):
        assert market.fetch(contract) == WHOLE
    assert "3" in market.refused(contract)


@of_class(12, "delete within P30D")
def test_12_delete(market):
    contract = market.agree(f"delete by {in_seconds(4)}")
    assert market.fetch(contract) == WHOLE
    gone = {"what": "deleted", "objects": [{"path": "people.csv", "sha256": "ab" * 32, "size": len(WHOLE)}]}
    receipt = market.zoo("POST", f"/contracts/{contract}/receipts", gone)
    assert receipt["delivered"]["state"] == "acknowledged"
    assert [one["kind"] for one in market.ledger("acme", contract)].count("receipt") == 1
    overdue = market.agree(f"delete by {in_seconds(3)}")
    assert market.fetch(overdue) == WHOLE
    broken = eventually(lambda: (one := market.acme("GET", f"/contracts/{overdue}"))["ended"] and one)
    assert broken["end_how"] == "breach"
    assert "delet" in broken["end_reason"]
    assert market.acme("GET", f"/contracts/{contract}")["ended"] is None


@of_class(13, "mask name,email")
def test_13_modify_in_transit(market):
    got = rows(market.fetch(market.agree("mask name + round price 1 + drop email + pseudonymise zip")))
    assert [set(row) for row in got] == [{"name", "zip", "price"}] * 3
    assert len({row["name"] for row in got}) == 1
    assert "Ann" not in got[0]["name"]
    assert [row["price"] for row in got] == ["10.5", "11.5", "12.0"]
    assert got[0]["zip"] == got[1]["zip"]
    assert got[0]["zip"] not in ("24103", got[2]["zip"])


def test_13_a_column_that_is_not_there_releases_nothing(market):
    contract = market.agree("mask shoe-size")
    transfer = market.ask(contract)
    if transfer["state"] == "STARTED":
        address = market.zoo("GET", f"/transfers/{transfer['id']}/address")
        import httpx

        token = address["properties"]["authorization"]
        answer = eventually(
            lambda: (a := httpx.get(address["endpoint"], headers={"Authorization": f"Bearer {token}"})).status_code != 503 and a
        )
        assert answer.status_code == 403
        assert "shoe-size" in answer.text
        assert "Ann" not in answer.text


@of_class(14, "at-rest mask name")
def test_14_modify_at_rest(market):
    contract = market.agree("at-rest mask name")
    assert market.fetch(contract) == WHOLE
    changed = {"what": "modified", "objects": [{"path": "people.csv", "sha256": "cd" * 32, "size": 10}]}
    receipt = market.zoo("POST", f"/contracts/{contract}/receipts", changed)
    assert receipt["delivered"]["state"] == "acknowledged"
    assert "receipt" in [one["kind"] for one in market.ledger("acme", contract)]


@of_class(15, "log")
def test_15_log(market):
    contract = market.agree("log")
    assert market.fetch(contract) == WHOLE
    entry = next(one for one in market.ledger("acme", contract) if one["kind"] == "use-began")
    opened = market.acme("GET", f"/ledger/{entry['id']}")
    assert opened["proof"]["checkpoint"]
    assert opened["sentence"]


@of_class(16, "inform")
def test_16_inform(market):
    contract = market.agree("inform")
    assert market.fetch(contract) == WHOLE
    market.zoo("POST", "/uses", {"contract": contract, "action": "use", "stated": {}})
    for name in ("zoo", "acme"):
        eventually(lambda name=name: "usage-report" in [one["kind"] for one in market.ledger(name, contract)])
    assert "openings" in {f"{one['kind']}s" for one in market.acme("GET", f"/uses?contract={contract}")["items"]}


@of_class(17, 'pass-on "members + count 3"')
def test_17_next_policy(market):
    asset = market.offer('pass-on "members + count 3"')
    contract = market.begin(asset, "owl")["contract"]
    (market.town.roots["owl"] / "people.csv").write_bytes(WHOLE)
    source = {"source": {"kind": "file", "path": str(market.town.roots["owl"] / "people.csv")}, "derived_from": [contract]}
    for terms in ("members", "members + count 4", "count 2"):
        wider = market.owl.ask("POST", "/assets", source | {"terms": [terms]})
        assert wider.status_code == 422, terms
        assert contract in wider.text
    narrower = market.owl("POST", "/assets", source | {"terms": ["members + count 2"]})
    assert market.owl.ask("PATCH", f"/assets/{narrower['id']}", {"terms": ["members"]}).status_code == 422


def test_17_data_that_may_not_be_passed_on_is_not_offered(market):
    contract = market.begin(market.offer("members + forbid distribute"), "owl")["contract"]
    path = market.town.roots["owl"] / "other.csv"
    path.write_bytes(WHOLE)
    source = {"source": {"kind": "file", "path": str(path)}, "derived_from": [contract], "terms": ["members + count 1"]}
    refused = market.owl.ask("POST", "/assets", source)
    assert refused.status_code == 403
    assert "pass the data on" in refused.text


@of_class(18, "state encrypted + encrypt")
def test_18_state_of_the_data(market):
    transfer = market.ask(market.agree("state encrypted + encrypt"))
    assert transfer["state"] == "STARTED"
    assert "encrypted" in market.refused(market.agree("state encrypted"))


@of_class(19, "pay 500 EUR")
def test_19_sale(market):
    contract = market.agree("pay 500 EUR")
    assert "500" in market.refused(contract)
    market.acme("POST", "/facts", {"name": "payAmount", "about": contract, "value": "499.99 EUR"})
    assert "500" in market.refused(contract)
    market.acme("POST", "/facts", {"name": "payAmount", "about": contract, "value": "500.00 EUR", "source": "invoice 17"})
    assert market.fetch(contract) == WHOLE


@of_class(20, "paid")
def test_20_rental(market):
    contract = market.agree("rent 50 EUR per P1M + paid")
    assert "each period of 1 month" in market.refused(contract)
    market.acme("POST", "/facts", {"name": "payAmount", "about": contract, "value": "50 EUR"})
    assert "paid" in market.refused(contract)
    over = in_seconds(3)
    market.acme("POST", "/facts", {"name": "urn:hanse:odrl:paid", "about": contract, "value": "current", "expires": over})
    assert market.fetch(contract) == WHOLE
    time.sleep(timedelta(seconds=3).total_seconds())
    assert "paid" in market.refused(contract)


@of_class(21, "environment air-gapped")
def test_21_environment(market):
    contract = market.agree("environment air-gapped")
    assert "air-gapped" in market.refused(contract)
    assert market.fetch(contract, environment="air-gapped") == WHOLE


@of_class(22, "established-in EU")
def test_22_location_of_the_participant(market):
    text = market.anchor("GET", "/anchor/rulebook")["text"]
    text = text.replace("roles:\n", REGISTERED, 1).replace("credentials:\n", LEGAL_ENTITY, 1)
    market.anchor("POST", "/anchor/rulebook", {"text": text})
    before = len(market.zoo("GET", "/wallet/credentials")["items"])
    market.anchor("POST", f"/anchor/members/{quote(market.did('zoo'), safe='')}/roles", {"roles": ["consumer", "registered"]})
    eventually(lambda: len(market.zoo("GET", "/wallet/credentials")["items"]) > before)
    assert market.fetch(market.agree("established-in EU")) == WHOLE
    assert "established" in market.not_agreed("established-in FR")


@of_class(23, "consent")
def test_23_consent(market):
    contract = market.agree("consent")
    assert "consent" in market.refused(contract)
    market.acme("POST", "/facts", {"name": "urn:hanse:odrl:consent", "about": contract, "value": "given"})
    assert market.fetch(contract) == WHOLE
    market.acme("POST", "/facts/untell", {"name": "urn:hanse:odrl:consent", "about": contract})
    assert "consent" in market.refused(contract)


@of_class(24, "classification internal")
def test_24_classification(market):
    asset = market.offer("classification internal")
    market.acme("POST", "/facts", {"name": "urn:hanse:odrl:classification", "about": asset["id"], "value": "internal"})
    agreed = market.begin(asset)
    assert market.fetch(agreed["contract"]) == WHOLE
    market.acme("POST", "/facts", {"name": "urn:hanse:odrl:classification", "about": asset["id"], "value": "secret"})
    assert "classif" in market.refused(agreed["contract"])


@of_class(25, "anonymise 5 by zip,price")
def test_25_anonymise(market):
    got = rows(market.fetch(market.agree("anonymise 2 by zip")))
    assert {row["zip"] for row in got} == {"24103"}
    assert len(got) == 2
