"""Two installations that share nothing but an own certificate authority form a space over HTTPS, and one of them leaves it."""

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.scenarios.tls.authority import certify
from tests.services import free_port

HARBOUR, BUYER = "harbour.test", "buyer.test"
NAMES = (HARBOUR, BUYER)
PROGRAM = Path(__file__).with_name("installation.py")


class Installation:
    """A server process, and its operators, who speak to it over HTTPS."""

    def __init__(self, folder, name):
        self.name, self.port = name, free_port()
        self._context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
        self._log = (folder / f"{name}.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder), name, str(self.port), *NAMES],
            env=os.environ | {"SSL_CERT_FILE": str(folder / "authority.pem"), "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.host = self._process.stdout.readline().strip()
        assert self.host, (folder / f"{name}.log").read_text()[-3000:]

    @property
    def root(self):
        return f"https://{self.name}:{self.port}"

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)
        self._log.close()

    def request(self, method, url, token=None, body=None, **more):
        """Ask for an address of this installation; its name leads to loopback."""
        assert url.startswith(self.root)
        headers = {"Host": f"{self.name}:{self.port}"} | ({"Authorization": f"Bearer {token}"} if token else {}) | more.pop("headers", {})
        with httpx.Client(verify=self._context, timeout=30) as client:
            address = f"https://127.0.0.1:{self.port}{url.removeprefix(self.root)}"
            return client.request(method, address, json=body, headers=headers, extensions={"sni_hostname": self.name}, **more)

    def ask(self, method, path, token, body=None):
        answer = self.request(method, f"{self.root}/api/v1{path}", token, body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def participant(self, name, **said):
        made = self.ask("POST", "/participants", self.host, {"name": name, "title": name.title(), **said})
        return made["participant"]["did"], made["token"]


def until(look, seconds=20):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.05)
    return found


@pytest.fixture
def town(tmp_path):
    certify(tmp_path, NAMES)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_bytes(b"day,rain\n1,2\n" * 1000)
    with contextlib.ExitStack() as stack:
        installations = []
        for name in NAMES:
            one = Installation(tmp_path, name)
            stack.callback(one.stop)
            installations.append(one)
        yield tmp_path, *installations


def test_a_space_of_two_installations_over_https(town):
    folder, harbour, buyer = town
    _, anchor = harbour.participant("anchor")
    space = harbour.ask("POST", "/anchor", anchor, {"name": "baltic", "title": "The Baltic"})
    seller_did, seller = harbour.participant("seller", allowed_roots=[str(folder / "data")])
    code = harbour.ask("POST", "/anchor/invitations", anchor, {})["code"]
    assert harbour.ask("POST", "/space/join", seller, {"url": space["url"], "invitation": code})["state"] == "member"
    source = {"kind": "file", "path": str(folder / "data" / "table.csv")}
    asset = harbour.ask("POST", "/assets", seller, {"source": source, "terms": ["members + role consumer"]})
    did, factory = buyer.participant("factory")
    assert did.startswith(f"did:web:{BUYER}%3A")

    # It applies, an operator approves, and the credentials come to its wallet, over HTTPS both ways.
    joined = buyer.ask("POST", "/space/join", factory, {"url": space["url"]})
    assert joined["state"] == "pending"
    answer = buyer.request("POST", f"{buyer.root}/api/v1/catalog", factory, {"peer": seller_did})
    assert not answer.is_success
    assert not _agreed(buyer, factory, seller_did, asset)
    harbour.ask("POST", f"/anchor/applications/{did.replace('%', '%25')}/approve", anchor, {})
    held = until(lambda: _held(buyer, factory))
    assert held == {"MembershipCredential", "DataProviderCredential", "DataConsumerCredential"}

    # It gets data under terms that ask for a role, and every byte comes over HTTPS.
    contract = until(lambda: _agreed(buyer, factory, seller_did, asset))
    transfer = buyer.ask("POST", "/transfers", factory, {"contract": contract})["id"]
    assert buyer.ask("GET", f"/transfers/{transfer}?wait=20&until=STARTED", factory)["state"] == "STARTED"
    address = buyer.ask("GET", f"/transfers/{transfer}/address", factory)
    assert address["endpoint"].startswith(harbour.root)
    data = harbour.request("GET", address["endpoint"], address["properties"]["authorization"])
    assert data.content == (folder / "data" / "table.csv").read_bytes()

    # Removed, it gets nothing more, and is told why.
    harbour.ask("POST", f"/anchor/members/{did.replace('%', '%25')}/remove", anchor, {"reason": "It left."})
    refused = until(lambda: _refused(harbour, address))
    assert refused["type"] == "urn:hanse:problem:revoked"
    assert "revoked" in refused["detail"]

    # What each keeps is its own: no key of one is in the other's database.
    assert {one["kid"].partition("#")[0] for one in buyer.ask("GET", "/wallet/keys", factory)["items"]} == {did}


def _held(installation, token):
    held = installation.ask("GET", "/wallet/credentials", token)["items"]
    return {kind for one in held for kind in one["types"]}


def _agreed(installation, token, peer, asset):
    """Return the contract, or nothing if the provider will not agree."""
    body = {"peer": peer, "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
    answer = installation.request("POST", f"{installation.root}/api/v1/negotiations", token, body)
    if not answer.is_success:
        return None
    begun = answer.json()["id"]
    shown = installation.ask("GET", f"/negotiations/{begun}?wait=20&until=FINALIZED,TERMINATED", token)
    return shown["contract"] if shown["state"] == "FINALIZED" else None


def _refused(installation, address):
    answer = installation.request("GET", address["endpoint"], address["properties"]["authorization"])
    return None if answer.is_success else answer.json()
