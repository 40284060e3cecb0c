"""One town for all of these: acme and owl provide, zoo consumes, mallory is a member elsewhere that takes no statements."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest

from tests.scenarios.attacks.town import CONTEXT, Town


@pytest.fixture(scope="package")
def town(tmp_path_factory):
    """Yield the town, with a large file to read slowly."""
    town = Town(tmp_path_factory.mktemp("evidence").resolve())
    with (town.roots["acme"] / "large.bin").open("wb") as file:
        file.truncate(96 << 20)
    yield town
    town.close()


def agree(town: Town, asset: Any = None, provider: str = "acme") -> str:
    """Let zoo agree with a provider on an asset; return the contract's id."""
    zoo, asset = town.operators["zoo"], asset or town.assets[provider]
    offer = asset["dataset"]["offers"][0]["id"]
    begun = zoo("POST", "/negotiations", {"peer": town.made[provider].did, "dataset": asset["id"], "offer": offer})
    contract: str = zoo.until(f"/negotiations/{begun['id']}", "FINALIZED")["contract"]
    eventually(lambda: town.operators[provider].ask("GET", f"/contracts/{contract}").is_success)
    return contract


def agree_with_mallory(town: Town) -> str:
    """Let mallory, who is no server of ours, agree with acme; return the agreement's id."""
    asset, pid = town.assets["acme"], f"neg-{uuid4().hex}"
    town.mallory.taken.clear()
    message = town.contract_request(consumerPid=pid)
    message["offer"] |= {"permission": asset["dataset"]["offers"][0]["terms"]["permission"]}
    answer = town.dsp("/negotiations/request", town.proof(), message)
    assert answer.is_success, answer.text
    agreed = town.mallory.wait_for("/agreement")
    base = {"@context": CONTEXT, "providerPid": agreed["providerPid"], "consumerPid": pid}
    path = f"/negotiations/{agreed['providerPid']}/agreement/verification"
    answer = town.dsp(path, town.proof(), base | {"@type": "ContractAgreementVerificationMessage"})
    assert answer.is_success, answer.text
    town.mallory.wait_for("/events")
    contract: str = agreed["agreement"]["@id"]
    eventually(lambda: town.operators["acme"].ask("GET", f"/contracts/{contract}").is_success)
    assert asset["id"] == agreed["agreement"]["target"]
    return contract


def eventually(condition: Any, seconds: float = 10) -> Any:
    """Wait until something is so; return it."""
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, "it did not become so"
        time.sleep(0.02)


def ledger(town: Town, name: str, agreement: str, kind: str | None = None) -> list[Any]:
    """Return what a participant's ledger holds about an agreement, the oldest first."""
    items = town.operators[name]("GET", f"/ledger?agreement={agreement}")["items"]
    return [one for one in reversed(items) if kind in (None, one["kind"])]
