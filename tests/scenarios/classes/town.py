"""What the tests of the policy classes do: offer, agree, fetch, be refused. `acme` provides, `zoo` consumes, `owl` is another."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from hanse.client.fetch import fetch
from hanse.dsp.messages import DataAddress
from tests.scenarios.attacks.town import Town

PEOPLE = "name,email,zip,price\nAnn,ann@example.org,24103,10.456\nBo,bo@example.org,24103,11.5\nCy,cy@example.org,99999,12.004\n"


def in_seconds(seconds: float) -> str:
    """Return a moment that lies ahead, as templates take it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Market:
    """The town with what a test does in it."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.folder = folder
        self.people = town.roots["acme"] / "people.csv"
        self.people.write_text(PEOPLE)

    def __getattr__(self, name: str) -> Any:
        return self.town.operators[name]

    def did(self, name: str) -> str:
        return self.town.made[name].did

    def offer(self, terms: str) -> Any:
        """Offer the people under a template."""
        return self.town.offer("acme", self.people, terms=(terms,))

    def begin(self, asset: Any, who: str = "zoo") -> Any:
        """Negotiate until the end, whatever it is."""
        offer = asset["dataset"]["offers"][0]["id"]
        begun = self.town.operators[who]("POST", "/negotiations", {"peer": self.did("acme"), "dataset": asset["id"], "offer": offer})
        return self.town.operators[who].until(f"/negotiations/{begun['id']}", "FINALIZED", "TERMINATED")

    def agree(self, terms: str) -> str:
        """Return the contract of `zoo` under a template."""
        found = self.begin(self.offer(terms))
        assert found["state"] == "FINALIZED", found
        contract: str = found["contract"]
        eventually(lambda: self.acme.ask("GET", f"/contracts/{contract}").is_success)
        return contract

    def not_agreed(self, terms: str, who: str = "zoo") -> str:
        """Return why no agreement came of it."""
        found = self.begin(self.offer(terms), who)
        assert found["state"] == "TERMINATED", found
        return self.story(who, found["id"])

    def ask(self, contract: str, **stated: str) -> Any:
        """Ask for the data; return the transfer once it is started or ended."""
        transfer = self.zoo("POST", "/transfers", {"contract": contract, "stated": stated})
        return self.zoo.until(f"/transfers/{transfer['id']}", "STARTED", "TERMINATED")

    def fetch(self, contract: str, **stated: str) -> bytes:
        """Return the bytes that `zoo` gets."""
        transfer = self.ask(contract, **stated)
        assert transfer["state"] == "STARTED", self.story("zoo", transfer["id"])
        address = self.zoo("GET", f"/transfers/{transfer['id']}/address")
        into = self.folder / uuid4().hex
        report = fetch(DataAddress(endpoint_type="", endpoint=address["endpoint"], properties=address["properties"]), into)
        assert report.verified
        return next(path for path in into.rglob("*") if path.is_file()).read_bytes()

    def refused(self, contract: str, **stated: str) -> str:
        """Return why the data was refused."""
        transfer = self.ask(contract, **stated)
        assert transfer["state"] == "TERMINATED", transfer
        return self.story("zoo", transfer["id"])

    def story(self, name: str, id: str) -> str:
        """Return all that a participant is told of a process."""
        history = self.town.operators[name]("GET", f"/explain/{id}")["history"]
        return " ".join(f"{one['what']} {one.get('detail', '')}" for one in history)

    def ledger(self, name: str, contract: str) -> list[Any]:
        """Return what a participant's ledger holds about a contract, oldest first."""
        items: list[Any] = self.town.operators[name]("GET", f"/ledger?agreement={contract}")["items"]
        return list(reversed(items))

    def badges(self, terms: str, peer: str) -> set[str]:
        """Return the badges that the terms have towards a peer, as they are shown before signing."""
        checked = self.acme("POST", "/policies/check", {"terms": [terms], "peer": peer})["items"][0]
        return {one["badge"] for one in checked["badges"]}


def eventually(condition: Any, seconds: float = 10) -> Any:
    """Wait until something is so; return it."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.02)
    return found
