"""The data plane: tokens of others, tokens after the end, ranges, paths, and streams that must stop."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.scenarios.attacks.town import check_problem, raw


def bearer(address):
    return {"Authorization": f"Bearer {address['properties']['authorization']}"}


@pytest.fixture(scope="module")
def pair(town):
    """Two running transfers, of two providers, to the same consumer."""
    return town.started("acme"), town.started("owl")


def test_tokens_open_their_own_transfer_only(town, pair):
    (_, _, one), (_, _, two) = pair
    assert httpx.get(one["endpoint"], headers=bearer(one)).status_code == 200
    check_problem(httpx.get(one["endpoint"], headers=bearer(two)), 401)
    check_problem(httpx.get(two["endpoint"], headers=bearer(one)), 401)
    check_problem(httpx.get(one["endpoint"].replace("/acme/", "/owl/"), headers=bearer(one)), 401)
    check_problem(httpx.get(one["endpoint"].replace("/acme/", "/nowhere/"), headers=bearer(one)), 401)
    check_problem(httpx.get(one["endpoint"][:-4] + "zzzz", headers=bearer(one)), 401)
    check_problem(httpx.get(one["endpoint"]), 401)
    token = one["properties"]["authorization"]
    check_problem(httpx.get(f"{one['endpoint']}?access_token={token}&token={token}"), 401)
    check_problem(httpx.get(one["endpoint"], headers={"Authorization": token}), 401)
    check_problem(httpx.get(one["endpoint"], headers={"Authorization": f"Basic {token}"}), 401)
    check_problem(httpx.get(one["endpoint"], headers={"Authorization": f"Bearer {one['properties'].get('refreshToken', 'x')}"}), 401)


def test_a_refresh_takes_the_consumers_own_proof(town, pair):
    _, _, one = pair[0]
    form = {"grant_type": "refresh_token", "refresh_token": one["properties"]["refreshToken"]}
    access = one["properties"]["authorization"]
    url = one["properties"]["refreshEndpoint"]
    for token in (town.proof(), town.proof(token=access), access, town.proof(outsider=town.nobody, token=access)):
        town.note(token)
        check_problem(httpx.post(url, data=form, headers={"Authorization": f"Bearer {token}"}), 401, 403)
    check_problem(httpx.post(url, data=form), 401)
    check_problem(httpx.post(url, data={"grant_type": "refresh_token"}, headers=bearer(one)), 400)
    check_problem(httpx.post(url, content=b"a" * 100_000, headers=bearer(one)), 413)


PATHS = [
    "files/../../etc/passwd",
    "files/%2e%2e/%2e%2e/secret",
    "files//etc/passwd",
    "files/",
    "files/.hidden",
    "files/a.txt%00",
    "files/a%2f..%2fb.txt",
    "../x",
    "..%2f..%2f",
    "manifest/..",
    "files/a.txt/b",
    "files/" + "a/" * 500,
    "files/" + "b" * 5000,
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_in_a_folder_lead_nowhere_else(town, path):
    if not hasattr(town, "many"):
        town.many = town.started("acme", town.offer("acme", town.roots["acme"] / "many", "folder"))[2]
    address = town.many
    target = address["endpoint"].removeprefix(f"http://localhost:{town.host.settings.port}")
    said = raw(
        town.host.settings.port,
        f"GET {target}/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: {bearer(address)['Authorization']}\r\n\r\n".encode(),
        2,
    )
    assert said[:12] in (b"HTTP/1.1 404", b"HTTP/1.1 401", b"HTTP/1.1 422", b"HTTP/1.1 400"), said[:300]
    assert b"root:" not in said


RANGES = [
    "bytes=0-",
    "bytes=-1",
    "bytes=5-1",
    "bytes=0-0,1-1",
    "bytes=" + ",".join(f"{n}-{n}" for n in range(500)),
    "bytes=99999999999999999999-",
    "bytes=-99999999999999999999",
    "bytes=a-b",
    "chunks=0-1",
    "bytes=0x0-1",
    "bytes= 0 - 1",
    "bytes=--1",
]


@pytest.mark.parametrize("wanted", RANGES)
def test_odd_ranges_give_one_range_or_the_whole_or_416(town, pair, wanted):
    _, _, one = pair[0]
    answer = httpx.get(one["endpoint"], headers=bearer(one) | {"Range": wanted})
    size = len((town.roots["acme"] / "rain.csv").read_bytes())
    assert answer.status_code in (200, 206, 416)
    assert len(answer.content) <= size
    assert "multipart" not in answer.headers.get("content-type", "")


def test_a_token_ends_with_its_transfer(town):
    for act in ("suspend", "terminate"):
        _, transfer, address = town.started()
        town.operators["zoo"]("POST", f"/transfers/{transfer}/{act}", {"reason": "test"})
        town.operators["zoo"].until(f"/transfers/{transfer}", "SUSPENDED", "TERMINATED")
        check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 401, 403)


def big_file(town, name):
    path = town.roots["acme"] / name
    with path.open("wb") as file:
        file.truncate(64 << 20)
    return path


def slow_read(town, address, seconds, act=None):
    """Read at about 5 MB/s for at most `seconds`; call `act` after half a second; return (bytes, seconds after the act)."""
    target = address["endpoint"].removeprefix(f"http://localhost:{town.host.settings.port}")
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.settimeout(10)
        reader.connect(("127.0.0.1", town.host.settings.port))
        reader.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer(address)['Authorization']}\r\n\r\n".encode())
        began, got, acted = time.monotonic(), 0, None
        while time.monotonic() - began < seconds:
            if act is not None and acted is None and time.monotonic() - began > 0.5:
                act()
                acted = time.monotonic()
            try:
                data = reader.recv(50_000)
            except ConnectionError:
                data = b""
            if not data:
                return got, time.monotonic() - (acted or began)
            got += len(data)
            time.sleep(0.01)
    raise AssertionError("the stream was not cut")


@pytest.mark.parametrize("who", ["zoo", "acme", "keeper"])
def test_an_end_cuts_a_stream_within_a_second(town, who):
    asset = town.offer("acme", big_file(town, f"big-{who}.bin"))
    contract, transfer, address = town.started("acme", asset)

    def act():
        if who == "keeper":
            town.keeper("PATCH", "/participants/acme", {"suspended": True})
        elif who == "zoo":
            town.operators["zoo"]("POST", f"/transfers/{transfer}/terminate", {"reason": "test"})
        else:
            own = next(one for one in town.operators["acme"]("GET", "/transfers")["items"] if one["contract"] == contract)
            town.operators["acme"]("POST", f"/transfers/{own['id']}/suspend", {"reason": "test"})

    try:
        got, took = slow_read(town, address, 8, act)
    finally:
        if who == "keeper":
            town.keeper("PATCH", "/participants/acme", {"suspended": False})
    assert got > 200_000
    assert took < 1


def test_an_agreements_end_cuts_its_stream_and_its_tokens(town):
    end = datetime.now(UTC) + timedelta(seconds=4)
    asset = town.offer("acme", big_file(town, "until.bin"), terms=(f"members + until {end:%Y-%m-%dT%H:%M:%SZ}",))
    _, _, address = town.started("acme", asset)
    got, _ = slow_read(town, address, 8)
    assert abs((datetime.now(UTC) - end.replace(microsecond=0)).total_seconds()) < 1
    assert got > 0
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 401, 403)


def test_a_removed_member_reads_no_more(town):
    """Its tokens would live for ten minutes: the door is asked before each request."""
    _, _, address = town.started()
    did = town.made["zoo"].did.replace("%", "%25")
    assert httpx.get(address["endpoint"], headers=bearer(address)).status_code == 200
    town.operators["anchor"]("POST", f"/anchor/members/{did}/suspend", {"reason": "test"})
    try:
        until = time.monotonic() + 2
        while (answer := httpx.get(address["endpoint"], headers=bearer(address))).status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        check_problem(answer, 401, 403)
    finally:
        town.operators["anchor"]("POST", f"/anchor/members/{did}/reinstate", {})
        time.sleep(1.1)


@pytest.mark.parametrize(
    "endpoint",
    ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]:1/", "file:///tmp/x", "http://2130706433/", "http://localhost:1/"],
)
def test_a_push_goes_nowhere_inside(town, endpoint):
    contract, _, _ = town.started()
    sink = {
        "endpoint_type": "https://w3id.org/idsa/v4.1/HTTP",
        "endpoint": endpoint,
        "properties": {"authorization": "very-secret-sink-token"},
    }
    town.secrets.add("very-secret-sink-token")
    answer = town.operators["zoo"].ask("POST", "/transfers", {"contract": contract, "format": "HttpData-PUSH", "sink": sink})
    if answer.status_code == 202:
        until = time.monotonic() + 5
        while (shown := town.operators["zoo"]("GET", f"/transfers/{answer.json()['id']}"))["state"] != "TERMINATED":
            assert time.monotonic() < until, shown
            time.sleep(0.05)
        text = str(town.operators["acme"]("GET", "/transfers")) + str(shown)
        assert "very-secret" not in text
    else:
        check_problem(answer, 400, 422)


def test_the_sink_writes_into_its_own_folder_only(town):
    contract, _, _ = town.started()
    made = town.operators["zoo"]("POST", "/transfers", {"contract": contract, "format": "HttpData-PUSH", "sink": True})
    town.operators["zoo"].until(f"/transfers/{made['id']}", "COMPLETED", "STARTED")
    for path in ("files/../../x", "files/%2e%2e/x", "files/.parts/x", "files/a%00b", "files/" + "a/" * 100 + "x", "manifest"):
        answer = raw(
            town.host.settings.port,
            f"PUT /participants/zoo/data/in/{made['id']}/{path} HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: 1\r\nAuthorization: Bearer wrong\r\n\r\nx".encode(),
            1,
        )
        assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 422", b"HTTP/1.1 404")), answer[:200]


def test_a_source_that_has_vanished_ends_the_transfer_with_a_reason(town):
    path = town.roots["acme"] / "gone.csv"
    path.write_text("a\n" * 1000)
    asset = town.offer("acme", path)
    contract, _, address = town.started("acme", asset)
    path.unlink()
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 500)
    transfer = town.operators["zoo"]("POST", "/transfers", {"contract": contract})
    town.operators["zoo"].until(f"/transfers/{transfer['id']}", "TERMINATED")
    told = str(town.operators["zoo"]("GET", f"/explain/{transfer['id']}"))
    assert "not where its owner said" in told
    assert str(path) not in told
