"""The consumer's puller against a real data plane, good and bad."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hanse.client.fetch import Settings, fetch
from hanse.dataplane.listing import decode
from hanse.dataplane.records import Place
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import AddressRefused, PeerInvalid, PeerRefused
from tests.scenarios.dataplane.proxy import proxy
from tests.scenarios.dataplane.server import serving

BIG = os.urandom(20 << 20)
QUICK = Settings(wait=lambda seconds: None, timeout=10)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("roots").resolve()
    (root / "acme/set/deep").mkdir(parents=True)
    (root / "acme/big.bin").write_bytes(BIG)
    for index in range(50):
        (root / f"acme/set/deep/{index:02}.txt").write_bytes(f"file {index}".encode() * index)
    (root / "acme/set/big.bin").write_bytes(BIG[: 9 << 20])
    return root


@pytest.fixture(scope="module")
def plane(root):
    with serving(root) as plane:
        yield plane


def through(address, plane, port):
    there, here = f":{plane.port}/", f":{port}/"
    properties = {name: value.replace(there, here) for name, value in address.properties.items()}
    return replace(address, endpoint=address.endpoint.replace(there, here), properties=properties)


def same(into: Path, original: Path):
    names = sorted(p.relative_to(original) for p in original.rglob("*") if p.is_file())
    assert sorted(p.relative_to(into) for p in into.rglob("*") if p.is_file()) == names
    assert all((into / name).read_bytes() == (original / name).read_bytes() for name in names)


def test_a_folder_arrives_whole_and_a_second_run_fetches_nothing(plane, root, tmp_path):
    address = plane.start(Place("folder", str(root / "acme/set")))
    seen = []
    report = fetch(address, tmp_path / "in", lambda done, total: seen.append((done, total)))
    same(tmp_path / "in", root / "acme/set")
    assert (report.fetched, report.verified, len(report.files)) == (51, True, 51)
    assert seen[-1] == (report.size, report.size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    again = fetch(address, tmp_path / "in")
    assert (again.fetched, again.already_there) == (0, 51)
    (tmp_path / "in/deep/07.txt").write_bytes(b"damaged")
    assert fetch(address, tmp_path / "in").fetched == 1
    same(tmp_path / "in", root / "acme/set")


def test_a_broken_connection_is_gone_on_with(plane, root, tmp_path):
    address = plane.start(Place("file", str(root / "acme/big.bin")))
    asked = []

    def break_off(number, passed, data):
        asked.append(number)
        return None if passed > 3 << 20 else data

    with proxy(plane.port, break_off) as port:
        report = fetch(through(address, plane, port), tmp_path, settings=QUICK)
    assert (tmp_path / "big.bin").read_bytes() == BIG
    assert max(asked) >= 5
    assert report.repaired == 0  # every byte was taken once


def test_a_later_run_goes_on_too(plane, root, tmp_path):
    address = plane.start(Place("file", str(root / "acme/big.bin")))
    passed_on = []

    def once(number, passed, data):
        return None if passed > 5 << 20 or number > 1 else data

    with proxy(plane.port, once) as port, pytest.raises(Exception, match=r"broke off|does not answer"):
        fetch(through(address, plane, port), tmp_path, settings=replace(QUICK, attempts=2))
    assert not (tmp_path / "big.bin").exists()

    def count(number, passed, data):
        passed_on.append(len(data))
        return data

    with proxy(plane.port, count) as port:
        report = fetch(through(address, plane, port), tmp_path, settings=QUICK)
    assert (tmp_path / "big.bin").read_bytes() == BIG
    assert report.resumed == 1
    assert sum(passed_on) < 16 << 20


def test_only_the_damaged_file_is_fetched_again(plane, root, tmp_path):
    address = plane.start(Place("folder", str(root / "acme/set")))
    spoiled = []

    def spoil(number, passed, data):
        at = data.find(b"file 33file 33")
        if at < 0 or spoiled:
            return data
        spoiled.append(number)
        return data[:at] + b"File" + data[at + 4 :]

    with proxy(plane.port, spoil) as port:
        report = fetch(through(address, plane, port), tmp_path, settings=QUICK)
    same(tmp_path, root / "acme/set")
    assert (report.repaired, report.fetched) == (1, 50)


def test_what_stays_damaged_is_refused(plane, root, tmp_path):
    address = plane.start(Place("folder", str(root / "acme/set")))

    def spoil(number, passed, data):
        return data.replace(b"file 33file 33", b"File 33file 33")

    with proxy(plane.port, spoil) as port, pytest.raises(PeerInvalid, match=r"33\.txt"):
        fetch(through(address, plane, port), tmp_path, settings=QUICK)
    assert not (tmp_path / "deep/33.txt").exists()


def test_tokens_are_renewed_under_way(plane, root, tmp_path):
    address = plane.start(Place("folder", str(root / "acme/set")))
    renewals = []

    def renew(old):
        renewals.append(old)
        return plane.start(Place("folder", str(root / "acme/set")))  # revokes the earlier tokens

    stale = replace(address, properties=address.properties | {"authorization": "stale"})
    report = fetch(stale, tmp_path, renew=renew)
    assert report.fetched == 51
    assert len(renewals) == 1
    with pytest.raises(PeerRefused):
        fetch(stale, tmp_path)


def test_a_halt_under_way_is_a_clear_refusal(plane, root, tmp_path):
    address = plane.start(Place("file", str(root / "acme/big.bin")))
    halted = []

    def halt(done, total):
        if done > 5 << 20 and not halted:
            halted.append(done)
            plane.halt()

    with pytest.raises(PeerRefused):
        fetch(address, tmp_path, halt, settings=QUICK)
    assert not (tmp_path / "big.bin").exists()


def test_bounded_ranges_for_a_server_in_front(plane, root, tmp_path):
    address = plane.start(Place("file", str(root / "acme/big.bin")))
    bounded = replace(address, properties=address.properties | {"rangeSize": str(3 << 20)})
    fetch(bounded, tmp_path)
    assert (tmp_path / "big.bin").read_bytes() == BIG


def test_a_full_disk_is_said_and_keeps_what_is_there(plane, root, tmp_path):
    address = plane.start(Place("file", str(root / "acme/big.bin")))
    program = """
import resource, sys, msgspec
from pathlib import Path
from hanse.client.fetch import fetch
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import StorageFailed
resource.setrlimit(resource.RLIMIT_FSIZE, (7 << 20, 7 << 20))
try:
    fetch(msgspec.json.decode(sys.argv[1], type=DataAddress), Path(sys.argv[2]))
except StorageFailed as error:
    print(error)
    sys.exit(7)
"""
    text = msgspec.json.encode(address).decode()
    done = subprocess.run([sys.executable, "-c", program, text, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "no room" in done.stdout) == (7, True), done.stderr
    parts = list((tmp_path / ".hanse-parts").iterdir())
    assert 6 << 20 < parts[0].stat().st_size <= 7 << 20
    assert fetch(address, tmp_path).resumed == 1
    assert (tmp_path / "big.bin").read_bytes() == BIG


@contextmanager
def foreign(pages, **headers):
    """Serve fixed bodies; a page that is an int is a status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            page = pages.get(self.path, 404)
            body = b"" if isinstance(page, int) else page
            self.send_response(page if isinstance(page, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_a_foreign_provider_is_a_plain_get(tmp_path):
    with foreign({"/data.csv": b"1,2\n"}) as base:
        report = fetch(DataAddress(endpoint_type="HTTP", endpoint=f"{base}/data.csv"), tmp_path)
    assert (report.files, report.verified) == ((tmp_path / "data.csv",), False)
    assert (tmp_path / "data.csv").read_bytes() == b"1,2\n"


def listing(*files, kind="folder"):
    rows = [{"path": path, "size": size, "blake3": "0" * 64} for path, size in files]
    return msgspec.json.encode({"id": "x", "kind": kind, "files": rows})


def test_more_bytes_than_the_manifest_says_are_refused(tmp_path):
    with foreign({"/d/manifest": listing(("a", 3)), "/d/files/a": b"x" * 1000}) as base:
        address = DataAddress(endpoint_type="HTTP", endpoint=f"{base}/d", properties={"manifest": f"{base}/d/manifest"})
        with pytest.raises(PeerInvalid, match="more than"):
            fetch(address, tmp_path, settings=QUICK)


def test_redirects_are_not_followed(tmp_path):
    with foreign({"/d": 302}, Location="http://127.0.0.1:1/") as base, pytest.raises(PeerInvalid, match="302"):
        fetch(DataAddress(endpoint_type="HTTP", endpoint=f"{base}/d"), tmp_path, settings=QUICK)


BAD_PATHS = [
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "",
    ".",
    "a/./b",
    "C:/x",
    "a\\..\\b",
    "a\nb",
    "a\0b",
    "x" * 300,
    ".hanse-parts/x",
    "a/" * 70 + "b",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_that_lead_elsewhere_are_refused(path):
    with pytest.raises(PeerInvalid):
        decode(listing((path, 1)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        listing(("a", 1), ("a", 1)),
        listing(("a", 1), ("a/b", 1)),
        listing(("a", -1)),
        listing(("a", 1), ("b", 1), kind="file"),
    ],
)
def test_odd_manifests_are_refused(body):
    with pytest.raises(PeerInvalid):
        decode(body)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://localhost/x",
        "https://u:p@example.org/",
        "https://",
        None,
        "http://127.0.0.1.example.org/",
        "https://a b/",
        "http://[::1/",
    ],
)
def test_addresses_that_are_not_fetched(url, tmp_path):
    with pytest.raises(AddressRefused):
        fetch(DataAddress(endpoint_type="HTTP", endpoint=url), tmp_path)
