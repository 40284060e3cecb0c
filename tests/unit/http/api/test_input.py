"""What is wrong in a request is refused with its field named, and changes nothing."""

from __future__ import annotations

import pytest

from tests.unit.http.api.rig import did_of, run

PEER = did_of("acme")
FILE = {"kind": "file", "path": "/nowhere/x.csv"}

BAD_JSON = [
    (b"", 400, "body"),
    (b"{", 400, "body"),
    (b"\xff\xfe{}", 400, "body"),
    (b"[" * 1_000 + b"]" * 1_000, 400, "body"),
    (b"[]", 422, "body"),
    (b'"text"', 422, "body"),
    (b'{"peer": "' + b"x" * (1 << 20) + b'"}', 413, "body"),
]


@pytest.mark.parametrize(("raw", "status", "field"), BAD_JSON)
def test_what_is_no_json_object(tmp_path, raw, status, field):
    async def scenario(rig):
        for path in ("/catalog", "/negotiations", "/transfers", "/assets", "/operators", "/policies/check", "/space/join", "/anchor"):
            answer = await rig.respond("POST", path, raw=raw)
            assert (answer.status_code, answer.json()["field"]) == (status, field), (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"

    run(tmp_path, scenario)


BAD = [
    ("/assets", {}, "source"),
    ("/assets", {"source": FILE}, "terms"),
    ("/assets", {"source": FILE, "terms": []}, "terms"),
    ("/assets", {"source": FILE, "terms": ["members"], "titel": "x"}, "titel"),
    ("/assets", {"source": FILE, "terms": ["members"], "title": 7}, "title"),
    ("/assets", {"source": {"kind": "ftp", "path": "x"}, "terms": ["members"]}, "source.kind"),
    ("/assets", {"source": {"kind": "file", "path": "/x", "url": "y"}, "terms": ["members"]}, "source.url"),
    ("/assets", {"source": FILE, "terms": ["memberz"]}, "terms[0]"),
    ("/assets", {"source": FILE, "terms": ["members", "until 2020-01-01"]}, "terms[1]"),
    ("/assets", {"source": FILE, "terms": ["members", 3]}, "terms[1]"),
    ("/assets", {"source": FILE, "terms": [{"permission": [{"action": 3}]}]}, "terms[0].permission[0].action"),
    ("/assets", {"source": FILE, "terms": ["members"], "visible_to": ["acme"]}, "visible_to[0]"),
    ("/assets", {"source": FILE, "terms": ["members"], "answering": "sometimes"}, "answering"),
    ("/operators", {"name": "x", "role": "king"}, "role"),
    ("/operators", {"name": "x", "role": "read", "expires": "2030-01-01T00:00:00"}, "expires"),
    ("/operators", {"name": "x", "role": "read", "expires": "2020-01-01T00:00:00Z"}, "expires"),
    ("/operators", {"name": "", "role": "read"}, "name"),
    ("/catalog", {"peer": "acme"}, "peer"),
    ("/catalog", {"peer": PEER, "filter": [{"colour": "red"}]}, None),
    ("/catalog", {"peer": PEER, "filter": "weather"}, "filter"),
    ("/catalog", {"peer": PEER, "next": "http://elsewhere.example/x"}, "next"),
    ("/catalog", {"peer": PEER, "next": "http://localhost:8400/x", "all": True}, "next"),
    ("/catalog", {"peer": PEER, "all": "yes"}, "all"),
    ("/negotiations", {"peer": PEER, "dataset": "x", "offer": "y", "terms": "whatever"}, "terms"),
    ("/negotiations", {"peer": PEER, "dataset": "x"}, "offer"),
    (
        "/negotiations",
        {"peer": PEER, "dataset": "x", "offer": "y", "terms": {"permission": [{"action": "urn:x:sell"}]}},
        "terms.permission[0].action",
    ),
    ("/transfers", {"contract": "agr_1", "sink": False}, "sink"),
    ("/transfers", {"contract": "agr_1", "sink": {"endpoint": "https://x"}}, "sink.endpoint_type"),
    ("/transfers", {"contract": "agr_1", "format": "HttpData-PUSH", "sin": 1}, "sin"),
    ("/space/join", {"url": 5}, "url"),
    ("/anchor/invitations", {"roles": []}, "roles"),
    ("/anchor/invitations", {"expires": "2029-01-01T00:00:00Z"}, None),
    ("/anchor", {"name": "Big Space", "title": "x"}, "name"),
    ("/policies/check", {"terms": ["members"], "peer": "x"}, "peer"),
]


@pytest.mark.parametrize(("path", "body", "field"), BAD)
def test_a_field_that_breaks_a_rule_is_named(tmp_path, path, body, field):
    async def scenario(rig):
        status, answer = await rig.ask("POST", path, body=body)
        assert status in (422, 502), answer
        assert field is None or answer.get("field") == field, answer
        assert await rig.good("GET", "/assets") == {"items": [], "next": None}
        assert len((await rig.good("GET", "/operators"))["items"]) == 4

    run(tmp_path, scenario)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=1e3", "limit=5&limit=6", "after=" + "x" * 5_000, "open=1"])
def test_a_query_that_breaks_a_rule(tmp_path, query):
    async def scenario(rig):
        assert (await rig.ask("GET", f"/negotiations?{query}"))[0] == 422

    run(tmp_path, scenario)


@pytest.mark.parametrize("query", ["wait=61", "wait=-1", "wait=soon", "wait=nan", "wait=1e1"])
def test_a_wait_that_breaks_a_rule(tmp_path, query):
    async def scenario(rig):
        assert (await rig.ask("GET", f"/negotiations/neg_1?{query}"))[1]["field"] == "wait"

    run(tmp_path, scenario)


def test_paths_and_methods_that_are_not_there(tmp_path):
    async def scenario(rig):
        for method, path, status in (
            ("GET", "/nothing", 404),
            ("POST", "/nothing/else", 404),
            ("PUT", "/assets", 405),
            ("DELETE", "/whoami", 405),
        ):
            answer = await rig.respond(method, path)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert (await rig.respond("PUT", "/assets")).headers["allow"] == "GET, POST"

    run(tmp_path, scenario)


def test_a_source_outside_the_allowed_ones_and_a_vanished_one(tmp_path):
    async def scenario(rig):
        for path in ("/etc/passwd", str(rig.folder / "zoo" / "data.csv")):
            status, answer = await rig.ask("POST", "/assets", body={"source": {"kind": "file", "path": path}, "terms": ["members"]})
            assert status in (403, 422), answer
        asset = await rig.asset()
        (rig.folder / "acme" / "data.csv").unlink()
        assert (await rig.ask("POST", f"/assets/{asset['id']}/refresh"))[0] >= 400

    run(tmp_path, scenario)


def test_peers_that_are_not_members_or_not_there(tmp_path):
    async def scenario(rig):
        for peer, status in ((did_of("other"), 403), ("did:web:nowhere.example", 403)):
            assert (await rig.ask("POST", "/catalog", "zoo", body={"peer": peer}))[0] == status
            assert (await rig.ask("POST", "/negotiations", "zoo", body={"peer": peer, "dataset": "d", "offer": "o"}))[0] == status
        body = {"peer": did_of("acme"), "dataset": "ds_nothing", "offer": "off_x"}
        assert (await rig.ask("POST", "/negotiations", "zoo", body=body))[1]["field"] == "dataset"
        asset = await rig.asset()
        assert (await rig.ask("POST", "/negotiations", "zoo", body=body | {"dataset": asset["id"]}))[1]["field"] == "offer"
        assert await rig.good("GET", "/negotiations", "zoo") == {"items": [], "next": None}

    run(tmp_path, scenario)


def test_no_answer_holds_a_secret(tmp_path):
    async def scenario(rig):
        transfer = await rig.started()
        address = await rig.good("GET", f"/transfers/{transfer['id']}/address", "zoo", "operate")
        secrets = [address["properties"]["authorization"], address["properties"]["refreshToken"], *rig.tokens.values()]
        assert (await rig.ask("GET", f"/transfers/{transfer['id']}/address", "zoo", "read"))[0] == 403
        for operation in rig.api.operations:
            if operation.method != "GET" or operation.path.endswith("/address"):
                continue
            path = operation.path.replace("{id}", transfer["id"]).replace("{id:path}", transfer["id"]).replace("{name}", "zoo")
            answer = await rig.respond("GET", path, "zoo")
            assert not any(secret in answer.text for secret in secrets), path
            assert "hash" not in answer.text
            assert answer.headers["cache-control"] == "no-store"

    run(tmp_path, scenario)
