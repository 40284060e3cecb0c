"""What was made of data of two contracts: stored, opened, lent, proved, offered onward and deleted under both of them."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from zipfile import ZipFile

import msgspec
import pytest

import hanse
from hanse.client.factory.evidence_check import save_archive
from hanse.client.reading.node import make_key, public_key
from hanse.kernel.errors import Conflict, Forbidden, Invalid
from tests.scenarios.factory.acquire.towns import FACTORY
from tests.scenarios.factory.evidence.conftest import verify, verify_alone


@pytest.fixture(scope="module")
def made(workshop, product):
    """Store a version that was made of `rain` and `snow`."""
    workshop.opened("rain", "snow")
    return workshop.client.preparations.store(product, "weather-tokens", workshop.account(product, "rain@1", "snow@1"))


def test_it_is_stored_with_its_account_and_the_same_again_is_the_same(workshop, product, made):
    under = sorted([workshop.agreements["rain"], workshop.agreements["snow"]])
    assert (made.id, made.files, list(made.contracts), made.contract) == ("weather-tokens@1", 2, under, None)
    assert [(one.version, list(one.contracts)) for one in made.made_of] == [
        ("rain@1", [workshop.agreements["rain"]]),
        ("snow@1", [workshop.agreements["snow"]]),
    ]
    assert [(one.step, one.number, dict(one.dropped)) for one in workshop.ledger("prepared")] == [
        ("decode", 1, {}),
        ("pack", 2, {"gopher-too-short": 2}),
    ]
    [derived] = workshop.ledger("derived")
    assert (derived.version, derived.root, list(derived.under)) == (made.id, made.root, under)
    again = workshop.client.preparations.store(product, "weather-tokens", workshop.account(product, "rain@1", "snow@1"))
    assert again == made
    assert len(workshop.ledger("derived")) == 1


def test_what_is_refused_before_anything_is_stored(workshop, product, made):
    store, account = workshop.client.preparations.store, workshop.account
    with pytest.raises(Conflict) as unopened:
        store(product, "fog-tokens", account(product, "fog@1"))
    assert unopened.value.rule == "unopened"
    workshop.opened("fog")
    with pytest.raises(Forbidden) as forbidden:
        store(product, "fog-tokens", account(product, "rain@1", "fog@1"))
    assert (forbidden.value.rule, forbidden.value.where) == ("derive", workshop.agreements["fog"])
    assert "fog@1" in forbidden.value.message
    workshop.opened("hail")
    with pytest.raises(Forbidden) as mixed:
        store(product, "mixed-tokens", account(product, "rain@1", "hail@1"))
    assert mixed.value.where == workshop.agreements["hail"]
    assert store(product, "hail-tokens", account(product, "hail@1")).contracts == (workshop.agreements["hail"],)
    with pytest.raises(Invalid) as other:
        store(product, "rain", account(product, "rain@1"))
    assert other.value.rule == "name-in-use"
    assert workshop.staged() == 0


def test_opening_it_counts_under_both_or_under_none(workshop, made):
    before = workshop.uses("rain"), workshop.uses("snow")  # two each: acquired, opened; of `snow` three are left
    with hanse.open(made.id, action="train", client=workshop.client) as data:
        assert data.read("index.json") == b"{}"
        assert data.version.made_of[0].version == "rain@1"
    assert (workshop.uses("rain"), workshop.uses("snow")) == (before[0] + 1, before[1] + 1)
    key = workshop.folder / "node.key"
    make_key(key)
    given = workshop.client.leases.give(made.id, public_key(key), openings=2, action="urn:hanse:odrl:train")
    (workshop.folder / "run.lease").write_text(given.file)
    with hanse.open(made.id, lease=workshop.folder / "run.lease", key=key, action="train") as data:
        assert data.read("index.json") == b"{}"
    workshop.client.leases.take_back(given.lease.id, (workshop.folder / "run.lease.log").read_text())
    before = workshop.uses("rain"), workshop.uses("snow")
    with pytest.raises(Forbidden) as refused, hanse.open(made.id, action="train", client=workshop.client):
        pass
    assert refused.value.where == workshop.agreements["snow"]
    assert "weather-tokens@1 is made of snow@1" in refused.value.message
    assert (workshop.uses("rain"), workshop.uses("snow")) == before
    stated = [one.agreement for one in workshop.ledger("opened") if one.version == made.id]
    assert sorted(stated) == sorted(made.contracts)
    assert len([one for one in workshop.ledger("returned") if one.version == made.id]) == 2


def test_a_model_that_was_trained_on_it_is_answered_for_by_what_it_came_from(workshop, made):
    recorded = workshop.client.models.record("weather-net", digest="d" * 64, inputs=[made.id], action="train", code="git:abc")
    assert recorded.warnings == []
    assert list(recorded.kept) == [made.id]
    [risk] = workshop.client.models.risk("weather-net")
    assert set(risk.marks) == {"rain@1", "snow@1"}
    assert {one.contract for one in risk.advice} == {workshop.agreements["rain"], workshop.agreements["snow"]}
    ask = workshop.client.evidence.ask
    for named in ("rain@1", "rain", made.id):
        [line] = ask("models-of", named).lines
        assert line.facts["model"] == "weather-net"
    assert "from weather-tokens@1, made of rain@1" in ask("models-of", "rain@1").lines[0].text
    lines = {one.facts["version"]: one for one in ask("datasets-of", "weather-net").lines if "version" in one.facts}
    assert set(lines) == {made.id, "rain@1", "snow@1"}
    assert lines["snow@1"].facts["contract"] == workshop.agreements["snow"]
    assert "made of rain@1, snow@1" in lines[made.id].text
    contracts = {one.facts["contract"] for one in ask("contracts-of", made.id).lines if "contract" in one.facts}
    assert contracts == set(made.contracts)
    assert len(ask("readers-of", made.id).lines) == 6  # opened, leased and returned, each under two contracts
    digest = hashlib.sha256(b"It will rain.").hexdigest()
    found = workshop.client.evidence.models_with_record([digest], lines=True)
    assert any("weather-net" in one.text and "made of rain@1" in one.text for one in found.lines)


def test_the_story_of_it_says_what_it_was_made_of_and_how(workshop, product, made):
    account = msgspec.to_builtins(workshop.account(product, "rain@1", "snow@1"))
    begun = workshop.ann("POST", "/preparations", {"name": "on-its-way", "account": account})
    told = workshop.ann("GET", f"/explain/{begun['id']}")
    assert (told["state"], told["related"]["made of"]) == ("UNDER WAY", "rain@1, snow@1")
    story = workshop.ann("GET", f"/explain/{made.id}")
    assert story["related"]["made of"] == "rain@1, snow@1"
    assert "It left out 2: 2 gopher-too-short." in story["related"]["step 2"]
    told = " ".join(one["detail"] for one in story["history"])
    assert "Step 2 of weather-tokens@1 was pack" in told
    assert "It left out 2: 2 gopher-too-short." in told
    assert workshop.ann("GET", "/explain/rain@1")["related"]["made from it"] == made.id


def test_the_archive_of_the_model_leads_to_everything_and_both_verifiers_take_it(workshop, made, tmp_path):
    exported = workshop.factory.call(lambda server: server.factory.archives.exporting.export(FACTORY, "weather-net"))
    path = tmp_path / "model.evidence.zip"
    save_archive(path, exported.archive)
    code, answer = verify(path)
    assert code == 0, answer
    proved = " ".join(one["text"] for one in answer["findings"] if one["sort"] == "proved")
    assert f"that {made.id} was made of rain@1, snow@1 in 2 steps (decode, pack)" in proved
    assert "weather-net" in proved
    assert any("is their maker's word" in one["text"] for one in answer["findings"] if one["sort"] == "told")
    with ZipFile(path) as archive:
        agreements = {one["id"] for one in json.loads(archive.read("agreements.json"))}
        versions = {one["id"] for one in json.loads(archive.read("versions.json"))}
        bills = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".cdx.json")]
    [bill] = [one for one in bills if "components" in one]
    parts = {f"{one['name']}@{one['version']}" for one in bill["components"]}
    assert agreements == set(made.contracts)
    assert versions == parts == {made.id, "rain@1", "snow@1"}
    code, said = verify_alone(path)
    assert code == 0, said
    assert "prepared" in said


def test_it_is_offered_onward_only_where_every_contract_passes_it_on(workshop, product, made):
    with pytest.raises(Forbidden, match=f"contract {workshop.agreements['rain']} does not permit to pass the data on"):
        workshop.offered_onward(made.id)
    snow = workshop.client.preparations.store(product, "snow-tokens", workshop.account(product, "snow@1"))
    assert workshop.offered_onward(snow.id).derived_from == (workshop.agreements["snow"],)


def test_the_end_of_one_contract_takes_it_along_and_a_legal_hold_does_not(workshop, product, made):
    rain_only = workshop.client.preparations.store(product, "rain-tokens", workshop.account(product, "rain@1"))
    [hold] = workshop.client.custody.hold(made.id, "A court wants to see it.")
    snow = workshop.agreements["snow"]
    destroy = partial(_destroy, workshop, snow)
    assert destroy() is False
    assert "weather-tokens@1 must stay: the legal hold" in workshop.ledger("notice")[-1].text
    assert workshop.client.facility.get("snow@1").deleted is not None
    assert workshop.client.facility.get(made.id).deleted is None
    workshop.client.custody.lift(hold.id)
    workshop.client.custody.release(made.id)
    assert destroy() is True
    gone = workshop.client.facility.get(made.id)
    assert gone.deleted is not None
    receipts = [one for one in workshop.ledger("receipt") if one.obligation == made.id]
    assert sorted(one.agreement for one in receipts) == sorted(made.contracts)
    assert workshop.client.facility.get(rain_only.id).deleted is None
    assert workshop.client.facility.get("rain@1").deleted is None


def _destroy(workshop, agreement):
    return workshop.factory.call(lambda server: server.factory.facility.deletions.destroy(FACTORY, agreement))
