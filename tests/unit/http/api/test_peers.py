"""Peers that answer badly: catalogues that cannot be believed, renewals that hold no token. Nothing of it is passed on."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hanse.connector import browse
from hanse.connector.browse import Browser
from hanse.http.peer import PeerAnswer
from tests.unit.http.api.rig import ROOT, did_of, run

CATALOG = f"{ROOT}/participants/acme/dsp/2025-1/catalog"


def _catalogue(*ids, participant=None):
    datasets = [{"@id": id, "@type": "Dataset", "hasPolicy": [], "distribution": []} for id in ids]
    return msgspec.json.encode({"@type": "Catalog", "participantId": participant or did_of("acme"), "dataset": datasets})


def _instead(rig, prefix, answer):
    """Let `answer(method, url, body, headers)` stand in for what lies below an address."""
    ask = rig.peers.send

    async def send(method, url, body=None, headers=None, **said):
        if url.startswith(prefix):
            return answer(method, url, body, headers)
        return await ask(method, url, body, headers, **said)

    rig.peers.send = send


BAD = [
    (b"", "no JSON"),
    (b"<html>", "no JSON"),
    (b"[" * 100_000, "no JSON"),
    (b"[]", "cannot be read"),
    (b"{}", "cannot be read"),
    (_catalogue(participant=did_of("other")), "says it is that of"),
]


@pytest.mark.parametrize(("body", "said"), BAD)
def test_a_catalogue_that_cannot_be_believed(tmp_path, body, said):
    async def scenario(rig):
        _instead(rig, CATALOG, lambda *_: PeerAnswer(200, {}, body))
        status, answer = await rig.ask("POST", "/catalog", "zoo", body={"peer": did_of("acme")})
        assert status == 502
        assert said in answer["detail"]

    run(tmp_path, scenario)


def test_pages_that_go_round_in_a_circle(tmp_path):
    async def scenario(rig):
        _instead(rig, CATALOG, lambda *_: PeerAnswer(200, {"Link": f'<{CATALOG}/request?after=x>; rel="next"'}, _catalogue("d")))
        status, answer = await rig.ask("POST", "/catalog", "zoo", body={"peer": did_of("acme"), "all": True})
        assert (status, answer["type"]) == (502, "urn:hanse:problem:pagination")

    run(tmp_path, scenario)


def test_pages_without_end_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(browse, "MOST_PAGES", 7)

    async def scenario(rig):
        asked = []

        def endless(method, url, *_):
            asked.append(url)
            return PeerAnswer(200, {"Link": f'<{CATALOG}/request?after={len(asked)}>; rel="next"'}, _catalogue(f"d{len(asked)}"))

        _instead(rig, CATALOG, endless)
        whole = await Browser(rig.server.connector.kit).all("zoo", did_of("acme"))
        assert (len(asked), len(whole.datasets)) == (7, 7)
        assert whole.next == f"{CATALOG}/request?after=7"

    run(tmp_path, scenario)


def test_a_next_page_elsewhere_never_gets_our_token(tmp_path):
    async def scenario(rig):
        _instead(rig, CATALOG, lambda *_: PeerAnswer(200, {"Link": '<http://evil.example/x>; rel="next"'}, _catalogue("d")))
        assert (await rig.ask("POST", "/catalog", "zoo", body={"peer": did_of("acme")}))[0] == 502
        assert not any("evil" in url for _, url in rig.peers.asked)

    run(tmp_path, scenario)


def test_another_dataset_than_asked_for_and_a_refusal(tmp_path):
    async def scenario(rig):
        peer = did_of("acme").replace("%", "%25")
        _instead(rig, CATALOG, lambda *_: PeerAnswer(200, {}, b'{"@id": "ds_b"}'))
        assert (await rig.ask("GET", f"/catalog/datasets?peer={peer}&id=ds_a", "zoo"))[0] == 502
        _instead(rig, CATALOG, lambda *_: PeerAnswer(404, {}, b"{}"))
        assert (await rig.ask("GET", f"/catalog/datasets?peer={peer}&id=ds_a", "zoo"))[0] == 404
        _instead(rig, CATALOG, lambda *_: PeerAnswer(400, {}, b"{}"))
        assert (await rig.ask("GET", f"/catalog/datasets?peer={peer}&id=ds_a", "zoo"))[0] == 502

    run(tmp_path, scenario)


def test_a_nested_catalogue_is_said_and_not_followed(tmp_path):
    async def scenario(rig):
        inner = {"@type": "Catalog", "service": [{"@id": "s", "@type": "DataService", "endpointURL": "https://inner.example"}]}
        body = {"@type": "Catalog", "participantId": did_of("acme"), "catalog": [inner]}
        _instead(rig, CATALOG, lambda *_: PeerAnswer(200, {}, msgspec.json.encode(body)))
        found = await rig.good("POST", "/catalog", "zoo", body={"peer": did_of("acme")})
        assert "https://inner.example" in found["unreadable"][0]["reason"]

    run(tmp_path, scenario)


RENEWALS = [
    (200, b"{}", 502),
    (200, b"secret-token", 502),
    (200, b'{"access_token": "secret-token", "token_type": "mac", "expires_in": 60}', 502),
    (200, b'{"access_token": "secret-token", "token_type": "Bearer", "expires_in": "60"}', 502),
    (200, b'{"access_token": "", "token_type": "Bearer", "expires_in": 60}', 502),
    (401, b"secret-token", 502),
    (503, b"secret-token", 504),
    (200, b'{"access_token": "fresh", "token_type": "bearer", "expires_in": 60}', 200),
]


@pytest.mark.parametrize(("status", "body", "expected"), RENEWALS)
def test_renewal_takes_only_a_usable_token(tmp_path, status, body, expected):
    async def scenario(rig):
        transfer = await rig.started()
        path = f"/transfers/{transfer['id']}"
        before = await rig.good("GET", path + "/address", "zoo")
        sent = []

        def answer(method, url, form, headers):
            sent.append((method, form.decode(), headers["Authorization"]))
            return PeerAnswer(status, {}, body)

        _instead(rig, before["properties"]["refreshEndpoint"], answer)
        got, said = await rig.ask("POST", path + "/refresh", "zoo")
        assert got == expected, said
        assert sent[0][:2] == ("POST", f"grant_type=refresh_token&refresh_token={before['properties']['refreshToken']}")
        after = await rig.good("GET", path + "/address", "zoo")
        if expected != 200:
            assert after == before
            assert "secret" not in str(said)
        else:
            fresh = before["properties"] | {"authorization": "fresh", "expiresIn": "60"}
            assert after == said == before | {"properties": fresh}
        assert (await rig.ask("POST", path + "/refresh", "acme"))[0] == 404
        assert (await rig.ask("POST", path + "/refresh", "zoo", "read"))[0] == 403

    run(tmp_path, scenario)


def test_a_provider_has_no_access_to_renew(tmp_path):
    async def scenario(rig):
        await rig.started()
        own = (await rig.good("GET", "/transfers", "acme"))["items"][0]["id"]
        status, answer = await rig.ask("POST", f"/transfers/{own}/refresh", "acme")
        assert (status, answer["type"]) == (409, "urn:hanse:problem:renewal")

    run(tmp_path, scenario)


def test_a_start_that_comes_during_a_renewal_wins(tmp_path):
    async def scenario(rig):
        transfer = await rig.started()
        path = f"/transfers/{transfer['id']}"
        address = await rig.good("GET", path + "/address", "zoo")
        ask, gate = rig.peers.send, asyncio.Event()

        async def send(method, url, body=None, headers=None, **said):
            if url == address["properties"]["refreshEndpoint"]:
                await gate.wait()
                return PeerAnswer(200, {}, b'{"access_token": "late", "token_type": "Bearer", "expires_in": 60}')
            return await ask(method, url, body, headers, **said)

        rig.peers.send = send
        renewal = asyncio.create_task(rig.good("POST", path + "/refresh", "zoo"))
        theirs = (await rig.good("GET", "/transfers", "acme"))["items"][0]["id"]
        await rig.good("POST", f"/transfers/{theirs}/suspend", "acme")
        await rig.until(f"/transfers/{theirs}", "acme", "SUSPENDED")
        await rig.good("POST", f"/transfers/{theirs}/resume", "acme")
        await rig.until(f"/transfers/{theirs}", "acme", "STARTED")
        gate.set()
        assert (await renewal)["properties"]["authorization"] not in ("late", address["properties"]["authorization"])

    run(tmp_path, scenario)


def test_waiting_ends_when_the_server_stops(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members", answering="hand")
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
        begun = await rig.good("POST", "/negotiations", "zoo", body=body)
        await rig.until(f"/negotiations/{begun['id']}", "zoo", "REQUESTED")
        waiting = asyncio.create_task(rig.good("GET", f"/negotiations/{begun['id']}?wait=60", "zoo"))
        for _ in range(50):
            await asyncio.sleep(0)
        rig.watch.end()
        assert (await asyncio.wait_for(waiting, 5))["state"] == "REQUESTED"
        assert (await asyncio.wait_for(rig.good("GET", f"/negotiations/{begun['id']}?wait=60", "zoo"), 5))["state"] == "REQUESTED"

    run(tmp_path, scenario)
