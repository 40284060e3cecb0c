"""A hook is asked who, what and which agreement; whatever else comes back than a fact is the hook's fault (http.hooks, app.hooks)."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from hanse.app.hooks import FactHooks
from hanse.config import Settings
from hanse.http.hooks import HttpHook
from hanse.http.peer import PeerAnswer
from hanse.kernel.errors import Misconfigured, PeerInvalid, PeerRefused
from hanse.odrl.constraints.built_in import BUILT_IN
from tests.unit.usage.rig import PEER, Rig, terms


class Client:
    def __init__(self, status=200, body=b"{}"):
        self.answer = PeerAnswer(status, {}, body)
        self.sent = []

    async def send(self, method, url, body=None, headers=None, **options):
        self.sent.append((method, url, json.loads(body), headers))
        return self.answer


DEAL = Rig(None, terms()).deal_


def ask(client):
    return asyncio.run(HttpHook(client, "https://billing.example/hanse", "secret").ask(DEAL, "payAmount"))


def test_the_question_names_everything_but_the_terms():
    client = Client(body=b'{"value": "500.00 EUR", "source": "invoice 17", "expires": "2027-01-01T00:00:00Z"}')
    answer = ask(client)
    assert (answer.value, answer.source, answer.expires.year) == ("500.00 EUR", "invoice 17", 2027)
    ((method, _, said, headers),) = client.sent
    assert (method, headers["Authorization"]) == ("POST", "Bearer secret")
    assert said["consumer"] == PEER
    assert (said["fact"], said["agreement"], said["dataset"], said["participant"]) == ("payAmount", "agr_1", "ds_1", "acme")


@pytest.mark.parametrize("body", [b"{}", b'{"value": null}', b'{"value": ""}'])
def test_nothing_is_nothing(body):
    answer = ask(Client(body=body))
    assert answer.value is None
    assert answer.source == "the hook for payAmount"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"value": 7}', b'{"expires": "2027-01-01T00:00:00"}', b'{"value": "' + b"x" * 3000 + b'"}'])
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(PeerInvalid):
        ask(Client(body=body))


def test_another_status_is_no_answer():
    with pytest.raises(PeerRefused):
        ask(Client(status=500))


def ground(tmp_path, *hooks, token=""):
    settings = Settings(home=str(tmp_path), fact_hooks=hooks, fact_hook_token=token)
    return SimpleNamespace(settings=settings, operands=BUILT_IN, guard_for=lambda hosts: None)


def test_hooks_are_named_in_the_settings(tmp_path):
    (tmp_path / "token").write_text("secret\n")
    hooks = FactHooks(ground(tmp_path, "payAmount=https://a.example/x", "consent=http://localhost:9/y?z=1", token=str(tmp_path / "token")))
    assert sorted(hooks.by_fact) == ["payAmount", "urn:hanse:odrl:consent"]
    assert FactHooks(ground(tmp_path)).by_fact == {}
    asyncio.run(hooks.close())


@pytest.mark.parametrize(
    "hook", ["payAmount", "=https://a.example", "payAmount=ftp://a.example/x", "count=https://a.example/x", "x=https://a.example/x"]
)
def test_a_hook_that_makes_no_sense_stops_the_server(tmp_path, hook):
    with pytest.raises(Misconfigured):
        FactHooks(ground(tmp_path, hook))
    with pytest.raises(Misconfigured):
        FactHooks(ground(tmp_path, "consent=https://a.example/x", token=str(tmp_path / "missing")))
