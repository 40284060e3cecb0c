"""Storing what was made of stored versions: the account first, then only the files that are not there yet, in parts."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from hanse.client import shells
from hanse.client.core import Request
from hanse.client.factory import preparations
from hanse.client.factory.preparations import store
from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount
from hanse.kernel.errors import Invalid
from tests.unit.client.responder import NOW, Responder

STORED = {
    "id": "made@1",
    "name": "made",
    "number": 1,
    "root": "a" * 64,
    "files": 2,
    "size": 9,
    "stored": NOW,
    "tier": "hot",
    "sums": "measured",
}
STORED |= {"origin": {}, "contracts": ["agr_1", "agr_2"], "made_of": [{"version": "a@1", "root": "b" * 64, "contracts": ["agr_1"]}]}
STEP = StepAccount(step="decode", inputs=("b" * 64,), output="a" * 64)
ACCOUNT = Account(inputs=(Source("a@1", "b" * 64),), action="use", pipeline="c" * 64, steps=(STEP,))


@pytest.fixture
def product(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "long").write_bytes(b"12345")
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "none").write_bytes(b"")
    return tmp_path


def came(request):
    """Answer a part as the server does."""
    end = int(request.query["start"]) + len(request.body)
    return {"file": request.query["file"], "end": end, "whole": end == int(request.query["size"])}


def server(**more):
    there = [{"path": "a", "size": 4, "sha256": hashlib.sha256(b"same").hexdigest()}]
    answers = {
        "POST /preparations": {"id": "prp_1", "version": None},
        "GET /preparations/prp_1/files": {"items": there},
        "PUT /preparations/prp_1/part": came,
        "POST /preparations/prp_1/commit": STORED,
    }
    return Responder(answers | more)


def test_only_what_is_not_there_is_sent(product, monkeypatch):
    monkeypatch.setattr(preparations, "_PART", 2)
    answering, heard = server(), []
    made = answering.drive(store(product, "made", ACCOUNT, progress=lambda done, size: heard.append((done, size))))
    assert (made.id, made.contracts, made.made_of[0].contracts) == ("made@1", ("agr_1", "agr_2"), ("agr_1",))
    parts = [(one.query["file"], one.query["start"], one.body) for one in answering.requests if one.method == "PUT"]
    assert parts == [("b/long", "0", b"12"), ("b/long", "2", b"34"), ("b/long", "4", b"5"), ("none", "0", b"")]
    assert heard == [(4, 9), (9, 9), (9, 9)]


def test_what_is_stored_already_is_not_sent_again(product):
    answering = server(**{"POST /preparations": {"id": "prp_1", "version": STORED}})
    assert answering.drive(store(product, "made", ACCOUNT)).id == "made@1"
    assert len(answering.requests) == 1


def test_a_product_has_no_links(product):
    (product / "link").symlink_to("/etc/hostname")
    with pytest.raises(Invalid, match="plain files"):
        server().drive(store(product, "made", ACCOUNT))


def test_a_patient_request_waits_as_long_as_the_server_says(monkeypatch):
    answers, slept = [httpx.Response(429, headers={"Retry-After": "2"}), httpx.Response(200, json={})], []
    monkeypatch.setattr(shells.time, "sleep", slept.append)
    shell = shells.SyncShell("http://localhost:1", "token")
    shell._client = httpx.Client(transport=httpx.MockTransport(lambda _: answers.pop(0)), base_url="http://localhost:1")
    assert shell._send(Request(method="PUT", path="/x", body=b"1", patient=True)).status == 200
    assert slept == [2.0]
