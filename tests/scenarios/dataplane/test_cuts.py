"""A halt ends a stream under way: towards a fast, a slow and a stalled reader, by both ways of sending."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from hanse.dataplane.records import Place
from tests.scenarios.dataplane.server import serving

SIZE = 1 << 30


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("roots").resolve()
    (root / "acme").mkdir()
    with (root / "acme/sparse.bin").open("wb") as file:
        file.truncate(SIZE)
    return root


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def plane(root, request):
    with serving(root, request.param) as plane:
        yield plane


@pytest.fixture(params=["sendfile", "chunks"])
def way(request, monkeypatch):
    if request.param == "chunks":
        monkeypatch.setattr("hanse.http.transport.Connection.kernel_copy", False)
    return request.param


def connect(plane, root, **permit):
    # The manifest is made first: what is measured is the cut, not the checksum.
    address = plane.start(Place("file", str(root / "acme/sparse.bin")), **permit)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.settimeout(20)
    reader.connect(("127.0.0.1", plane.port))
    token, path = address.properties["authorization"], address.endpoint.removeprefix(plane.base)
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader


def settled(plane, within=1.0):
    """Wait until no response is under way any more."""
    deadline = time.monotonic() + within
    while plane.running.count():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def drain(reader, pause=0.0):
    """Read until the connection ends; return (bytes, when it ended)."""
    got = 0
    while True:
        try:
            data = reader.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        got += len(data)
        if pause:
            time.sleep(pause)
    return got, time.monotonic()


@pytest.mark.parametrize(("pause", "within"), [(0.0, 0.1), (65536 / 5e6, 0.1)])
def test_a_reader_is_cut(plane, root, way, pause, within):
    reader = connect(plane, root)
    result = []
    thread = threading.Thread(target=lambda: result.append(drain(reader, pause)))
    thread.start()
    time.sleep(0.15)
    halted = time.monotonic()
    plane.halt()
    thread.join(20)
    got, ended = result[0]
    assert got < SIZE
    assert ended - halted < within + 0.15  # two cores shared with other tests
    settled(plane)  # the reader sees the reset before the server's task has returned


def test_a_stalled_reader_is_cut(plane, root, way):
    reader = connect(plane, root)
    time.sleep(0.2)
    assert plane.running.count() == 1
    halted = time.monotonic()
    plane.halt()
    while plane.running.count():
        assert time.monotonic() - halted < 1.0
        time.sleep(0.005)
    got, _ = drain(reader)
    assert got < 4 << 20  # what lay in the kernel of the reader


def test_a_permit_that_ends_cuts_on_time(plane, root, way):
    reader = connect(plane, root, valid_until=datetime.now(UTC) + timedelta(seconds=0.5))
    began = time.monotonic()
    _, ended = drain(reader, 0.01)
    assert ended - began < 1.5


def test_other_transfers_run_on(plane, root, way):
    reader = connect(plane, root)
    plane.start(Place("file", str(root / "acme/sparse.bin")), "trf_2")
    plane.halt("trf_2")
    assert len(reader.recv(1000)) > 0
    reader.close()


def test_a_reader_that_leaves_ends_the_response(plane, root, way):
    reader = connect(plane, root)
    reader.close()
    deadline = time.monotonic() + 2
    while plane.running.count():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_memory_stays_bounded(plane, root, way):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    got, _ = drain(OneResponse(connect(plane, root)))
    assert got > SIZE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10  # KiB


class OneResponse:
    """Reads exactly one response."""

    def __init__(self, reader):
        self.reader, self.left = reader, SIZE

    def recv(self, size):
        if self.left <= 0:
            return b""
        data = self.reader.recv(1 << 20)
        self.left -= len(data)
        return data


def test_a_file_that_shrinks_is_never_padded(plane, root, way):
    file = root / "acme/shrinks.bin"
    file.write_bytes(os.urandom(64 << 20))
    address = plane.start(Place("file", str(file)), "trf_5")
    reader = socket.create_connection(("127.0.0.1", plane.port), 20)
    token, path = address.properties["authorization"], address.endpoint.removeprefix(plane.base)
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    reader.recv(1000)
    os.truncate(file, 1 << 20)
    got, _ = drain(reader)
    assert got < 64 << 20
