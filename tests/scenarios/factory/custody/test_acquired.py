"""Data that was acquired from another server under contract, a model that was trained on it, and what an authority is told of both."""

from __future__ import annotations

import hashlib

import pytest

from hanse.client.factory.evidence_check import save_archive
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.odrl.names import TRAIN
from tests.scenarios.factory.acquire.towns import FACTORY, Towns
from tests.scenarios.factory.evidence.conftest import verify

DATA = {"rain.csv": b"day,rain\n" + b"1,2\n" * 5_000 + b"7,9\n", "README.md": b"# Rain\n"}
DIGEST = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Yield a provider and a factory that has acquired `rain@1`."""
    towns = Towns(tmp_path_factory.mktemp("custody").resolve())
    dataset = towns.offer(towns.folder_of("rain", DATA), "members")
    towns.order(dataset, id="ord_rain", names=("rain",))
    towns.until(ItemState.DONE, id="ord_rain")
    towns.until_order(OrderState.DONE, id="ord_rain")
    yield towns
    towns.close()


@pytest.fixture(scope="module")
def agreement(towns):
    return towns.items("ord_rain")[0].agreement


@pytest.fixture(scope="module")
def trained(towns):
    """Open the version to train, and record the model."""
    towns.ann("POST", "/openings", {"version": "rain@1", "action": TRAIN, "stated": {"purpose": "dpv:AcademicResearch"}})
    body = {"model": "rain-net", "digest": DIGEST, "inputs": ["rain@1"], "action": TRAIN, "code": "git:abc", "parameters": {"epochs": "3"}}
    return towns.ann("POST", "/models/trainings", body)


def ask(towns, question, about):
    return towns.ann("GET", f"/evidence/questions/{question}?about={about}")


def kinds(towns, answer):
    """Return the kinds of the entries that prove an answer's lines."""
    return [towns.ann("GET", f"/ledger/{one['entry']}")["kind"] for one in answer["lines"] if one["entry"] is not None]


def test_what_is_told_of_the_model(towns, agreement, trained):
    assert trained["warnings"] == []
    assert trained["conflicts"] == []
    assert trained["kept"] == ["rain@1"]
    answer = ask(towns, "datasets-of", "rain-net")
    assert kinds(towns, answer) == ["trained", "acquired"]
    facts = answer["lines"][1]["facts"]
    assert (facts["version"], facts["contract"], facts["provider"]) == ("rain@1", agreement, towns.made.provider_did)
    assert facts["available"] is True
    assert any("use" in sentence for sentence in facts["terms"])
    answer = ask(towns, "models-of", "rain@1")
    assert kinds(towns, answer) == ["trained"]
    answer = ask(towns, "contracts-of", "rain@1")
    assert kinds(towns, answer) == ["acquired"]
    assert any(agreement in one["text"] for one in answer["lines"])
    answer = ask(towns, "readers-of", "rain@1")
    assert "opened" in kinds(towns, answer)
    assert "use-began" in kinds(towns, answer)
    assert kinds(towns, ask(towns, "where", "rain@1")) == ["kept"]


def test_a_record_and_its_models(towns, trained):
    body = {"sha256": [hashlib.sha256(b"7,9").hexdigest()], "lines": True}
    job = towns.ann("POST", "/evidence/searches", body)
    done = towns.ann("GET", f"/custody/jobs/{job['id']}?wait=30")
    assert done["problem"] is None, done
    lines = done["answer"]["lines"]
    assert lines[0]["facts"] == {"version": "rain@1", "as": "line", "line": 5_002}
    assert lines[1]["facts"]["model"] == "rain-net"


def test_the_archive_of_the_model_proves_it_elsewhere(towns, trained, tmp_path):
    made = towns.factory.call(lambda server: server.factory.archives.exporting.export(FACTORY, "rain-net"))
    path = tmp_path / "archive.zip"
    save_archive(path, made.archive)
    code, answer = verify(path)
    assert code == 0, answer
    assert any("that rain-net" in one["text"] and "was made from rain@1" in one["text"] for one in answer["findings"])


def test_the_contract_ended_and_it_is_told_what_stands(towns, agreement, trained):
    towns.end_contract(agreement)

    def ended():
        return [one for one in ask(towns, "contracts-of", "rain@1")["lines"] if "ended" in one["text"]]

    import time

    end = time.monotonic() + 10
    while not ended() and time.monotonic() < end:
        time.sleep(0.05)
    assert ended()
    risk = towns.ann("GET", "/risk?model=rain-net")
    assert risk[0]["marks"] == {"rain@1": ["origin unknown", "rights unclear", "persons unknown"]}
    assert all(one["contract"] == agreement for one in risk[0]["advice"])
