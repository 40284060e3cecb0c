"""Two participants of one server: orders, versions, leases, jobs, archives of the one are nothing to the other, whatever it asks."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from hanse.client.reading.node import make_key, public_key
from tests.unit.http.api.rig import run


async def _made(rig, tmp_path):
    """Let acme store data, lend it, order something; return what it all is called."""
    job = await rig.good("POST", "/facility/import", body={"folder": str(tmp_path / "acme"), "name": "rain"})
    job = await rig.good("GET", f"/facility/jobs/{job['id']}?wait=30")
    assert job["problem"] is None, job
    make_key(tmp_path / "node.key")
    node = public_key(tmp_path / "node.key")
    lease = await rig.good("POST", "/leases", body={"version": "rain@1", "node": node})
    order = await rig.good("POST", "/orders", body={"query": "nothing at all"})
    return {"job": job["id"], "lease": lease["lease"]["id"], "order": order["id"], "node": node}


def test_nothing_of_one_participant_is_there_for_another(tmp_path):
    async def scenario(rig):
        made = await _made(rig, tmp_path)
        lease, order = made["lease"], made["order"]
        asked = [
            ("GET", "/facility/versions/rain@1", None),
            ("GET", "/facility/versions/rain@1/files", None),
            ("GET", "/facility/versions/rain@1/part?file=data.csv&start=0&length=10", None),
            ("POST", "/facility/versions/rain@1/delete", {}),
            ("POST", "/facility/versions/rain@1/tier", {"tier": "cold"}),
            ("POST", "/facility/verify", {"versions": ["rain@1"]}),
            ("GET", f"/facility/jobs/{made['job']}", None),
            ("POST", "/openings", {"version": "rain@1"}),
            ("POST", "/openings", {"version": "rain"}),
            ("POST", "/leases", {"version": "rain@1", "node": made["node"]}),
            ("GET", f"/leases/{lease}", None),
            ("POST", f"/leases/{lease}/return", {"log": ""}),
            ("GET", f"/orders/{order}", None),
            ("GET", f"/orders/{order}?wait=1", None),
            ("POST", f"/orders/{order}/approve", {"items": [1]}),
            ("POST", f"/orders/{order}/refuse", {"items": [1]}),
            ("POST", f"/orders/{order}/retry", {"items": [1]}),
            ("POST", f"/orders/{order}/cancel", {}),
            ("POST", "/evidence/archives", {"about": "rain@1"}),
        ]
        for method, path, body in asked:
            theirs = await rig.ask(method, path, "zoo", "administer", body)
            swapped = path.replace(lease, "lea_nothing").replace(order, "ord_nothing").replace("rain@1", "snow@1")
            absent = await rig.ask(method, swapped, "zoo", "administer", body)
            assert (theirs[0], absent[0]) == (404, 404), (path, theirs, absent)
        for path in ("/facility/versions", "/leases", "/orders"):
            assert (await rig.good("GET", path, "zoo"))["items"] == []
        assert (await rig.good("GET", "/facility/usage", "zoo"))["versions"] == 0
        assert (await rig.good("GET", f"/leases/{lease}"))["state"] == "lent"

    run(tmp_path, scenario)


def test_who_may_only_read_opens_lends_deletes_and_orders_nothing(tmp_path):
    async def scenario(rig):
        made = await _made(rig, tmp_path)
        for method, path, body in [
            ("POST", "/openings", {"version": "rain@1"}),
            ("POST", "/leases", {"version": "rain@1", "node": made["node"]}),
            ("POST", f"/leases/{made['lease']}/return", {"log": ""}),
            ("POST", "/facility/versions/rain@1/delete", {}),
            ("POST", "/facility/versions/rain@1/tier", {"tier": "cold"}),
            ("POST", "/facility/import", {"folder": str(tmp_path / "acme"), "name": "snow"}),
            ("POST", "/facility/collect", None),
            ("POST", "/orders", {"query": "x"}),
            ("POST", f"/orders/{made['order']}/cancel", {}),
            ("POST", "/links", {"mode": "automated"}),
            ("POST", "/links/end", {}),
            ("POST", "/ledger/restart", {"reason": "x"}),
        ]:
            status, answer = await rig.ask(method, path, "acme", "read", body)
            assert (status, answer["type"].rpartition(":")[2]) == (403, "role"), (path, answer)

    run(tmp_path, scenario)


def test_a_folder_of_another_participant_or_of_the_server_is_not_imported(tmp_path):
    async def scenario(rig):
        (tmp_path / "acme" / "link").symlink_to(tmp_path / "zoo")
        for folder in (tmp_path / "zoo", tmp_path / "home", tmp_path / "acme" / ".." / "zoo", tmp_path / "acme" / "link", "/etc", ""):
            status, answer = await rig.ask("POST", "/facility/import", "acme", "administer", {"folder": str(folder), "name": "x"})
            assert 400 <= status < 500, (folder, answer)

    run(tmp_path, scenario)


def test_a_link_in_a_folder_brings_nothing_of_elsewhere(tmp_path):
    async def scenario(rig):
        (tmp_path / "acme" / "secret.csv").symlink_to(tmp_path / "zoo" / "data.csv")
        job = await rig.good("POST", "/facility/import", body={"folder": str(tmp_path / "acme"), "name": "rain"})
        job = await rig.good("GET", f"/facility/jobs/{job['id']}?wait=30")
        assert job["problem"]["rule"] == "special-file"
        assert (await rig.good("GET", "/facility/versions"))["items"] == []

    run(tmp_path, scenario)


def test_keys_lie_where_their_owner_alone_can_read_them(tmp_path):
    async def scenario(rig):
        await _made(rig, tmp_path)
        opened = await rig.good("POST", "/openings", body={"version": "rain@1"})
        facility = tmp_path / "home" / "facility"
        keys = list(facility.rglob("key"))
        assert keys
        assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
        secret = urlsafe_b64decode(opened["key"])
        for path in facility.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert secret not in content, path
                assert b"day,rain" not in content, path
                assert opened["key"].encode() not in content, path
        for path in (tmp_path / "home").rglob("*"):
            if path.is_file() and "facility" not in path.parts:
                assert opened["key"].encode() not in path.read_bytes(), path

    run(tmp_path, scenario)
