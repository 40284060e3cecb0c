"""Fetches that are broken off: by the network, by a kill, by a token that runs out, by whoever has the right to. Against a real plane."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from msgspec.structs import replace

from hanse.dataplane.records import Halted, Place
from hanse.dataplane.running import Running
from hanse.dataplane.transforms import sealing
from hanse.http.guard import AddressGuard
from hanse.http.pull.fetcher import PullFetcher
from hanse.identity.keys import SigningKey
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Conflict, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.odrl.changes import Step
from hanse.odrl.names import ENCRYPT
from tests.scenarios.dataplane.proxy import proxy
from tests.scenarios.dataplane.server import serving
from tests.scenarios.factory.transport.sink import KilledError, MemorySink, Vault
from tests.scenarios.factory.transport.world import FACTORY, QUICK, Fixed, OneKey, fetch
from tests.unit.dataplane.world import CONSUMER

SIZE = 16 << 20
BIG = os.urandom(SIZE)


@pytest.fixture
def root(tmp_path):
    root = tmp_path.resolve()
    (root / "acme/set").mkdir(parents=True)
    (root / "acme/set/big.bin").write_bytes(BIG)
    for index in range(20):
        (root / f"acme/set/{index:02}.txt").write_bytes(f"file {index}".encode() * (1 + index))
    return root


@pytest.fixture
def plane(root):
    with serving(root) as plane:
        yield plane


def place(root):
    return Place("folder", str(root / "acme/set"))


def through(address, plane, port):
    there, here = f":{plane.port}/", f":{port}/"
    properties = {name: value.replace(there, here) for name, value in address.properties.items()}
    return replace(address, endpoint=address.endpoint.replace(there, here), properties=properties)


def whole(sink, root):
    there = {path.name: path.read_bytes() for path in (root / "acme/set").iterdir()}
    assert {path: sink.content(path) for path in sink.files} == there


@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, vast=1 << 40)], ids=["by list", "as a whole"])
def test_a_broken_connection_is_gone_on_with(plane, root, settings):
    def break_off(number, passed, data):
        return None if passed > 3 << 20 else data

    with proxy(plane.port, break_off) as port:
        sink = MemorySink()
        report = fetch(through(plane.start(place(root)), plane, port), sink, settings=settings)
    whole(sink, root)
    assert report.moved < SIZE * 1.4  # what was cut off within a chunk, or a buffer, is fetched again


def test_a_connection_that_breaks_at_once_every_time_is_given_up(plane, root):
    with proxy(plane.port, lambda number, passed, data: None) as port, pytest.raises(PeerUnreachable):
        fetch(through(plane.start(place(root)), plane, port), MemorySink())


@pytest.mark.parametrize("killed_after", range(0, SIZE, SIZE // 5))
def test_after_a_kill_what_is_stored_is_not_fetched_again(plane, root, killed_after):
    address = plane.start(place(root))
    sink = MemorySink()
    sink.killed_after = killed_after
    with pytest.raises(KilledError):
        fetch(address, sink)
    stored = sum(map(len, sink.vault.store.values()))
    sink.killed_after = None
    report = fetch(address, sink)
    whole(sink, root)
    assert report.moved < SIZE - stored + 200_000


def test_a_token_that_has_run_out_is_renewed_once_for_all_workers(plane, root):
    address = plane.start(place(root))
    stale = replace(address, properties=address.properties | {"authorization": "stale"})
    fixed = Fixed(stale, fresh=[address])
    sink = MemorySink()
    fetch(fixed, sink)
    whole(sink, root)
    assert fixed.renewals == 1


def test_a_token_that_cannot_be_renewed_is_the_end(plane, root):
    address = plane.start(place(root))
    with pytest.raises(PeerRefused):
        fetch(replace(address, properties=address.properties | {"authorization": "stale"}), MemorySink())


def test_a_transfer_without_an_address_is_not_started():
    with pytest.raises(Conflict, match="not started"):
        fetch(Fixed(None), MemorySink())


class Endless(MemorySink):
    """A sink that tells when bytes arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.arrives = asyncio.Event()

    def _live(self, piece):
        self.arrives.set()


def slow(root):
    """Return a plane's proxy that lets 64 KiB pass every 20 ms: what is fetched through it takes long."""

    def change(number, passed, data):
        time.sleep(0.02)
        return data

    return change


def stopping(address, how, stands=False):
    """Begin to fetch, stop it when bytes arrive, and return what came of it and how long that took."""

    async def run():
        running, sink = Running(SystemClock()), Endless()
        fixed = Fixed(address)
        one = PullFetcher(AddressGuard(["127.0.0.1"]), fixed, Vault(), OneKey(), running, QUICK)
        task = asyncio.ensure_future(one.fetch(FACTORY, "trf_1", sink))
        await sink.arrives.wait()
        began, fixed.address = time.monotonic(), address if stands else None
        how(task, running)
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        return result, time.monotonic() - began, sink, running.count()

    return asyncio.run(run())


def test_a_fetch_that_is_cancelled_stops_at_once(plane, root):
    with proxy(plane.port, slow(root)) as port:
        result, seconds, sink, count = stopping(through(plane.start(place(root)), plane, port), lambda task, running: task.cancel())
    assert isinstance(result, asyncio.CancelledError)
    assert seconds < 1
    assert "big.bin" not in sink.files
    assert count == 0


def test_a_transfer_that_is_halted_here_stops_its_fetch_with_a_reason(plane, root):
    with proxy(plane.port, slow(root)) as port:
        halt = Halted(FACTORY, "trf_1")
        result, seconds, sink, _ = stopping(through(plane.start(place(root)), plane, port), lambda task, running: running.on_halted(halt))
    assert isinstance(result, PeerRefused)
    assert "halted" in result.message
    assert seconds < 1
    assert "big.bin" not in sink.files


def test_a_fetch_that_was_cut_although_its_transfer_stands_can_be_tried_again(plane, root):
    """As when halts may have been missed: whoever still has the right goes on."""
    with proxy(plane.port, slow(root)) as port:
        address = through(plane.start(place(root)), plane, port)
        result, seconds, _, _ = stopping(address, lambda task, running: running.cut_all(), stands=True)
    assert isinstance(result, PeerUnreachable)
    assert seconds < 1


def test_a_transfer_that_the_provider_ends_stops_its_fetch(plane, root):
    with proxy(plane.port, slow(root)) as port:
        result, seconds, sink, _ = stopping(through(plane.start(place(root)), plane, port), lambda task, running: plane.halt())
    assert isinstance(result, PeerRefused)
    assert seconds < 1
    assert "big.bin" not in sink.files


def encrypted(plane, root, key, **more):
    jwk = sealing.usable(key.public_jwk)
    plane.recipients[CONSUMER] = sealing.Recipient(f"{CONSUMER}#k", jwk)
    permit = {"chain": (Step(ENCRYPT),), "agreement": "agr_1", "consumer": CONSUMER, **more}
    return plane.start(place(root), **permit)


def test_what_is_encrypted_to_us_is_opened_on_the_way(plane, root):
    key = SigningKey.generate(f"{CONSUMER}#k")
    address = encrypted(plane, root, key)
    sink = MemorySink()
    report = fetch(address, sink, key=lambda header: sealing.key_for(sealing.private_from_pem(key.to_pem()), header))
    whole(sink, root)
    assert (report.opened, report.files, report.size) == (21, 21, sum(file.size for file, _ in sink.files.values()))


def test_what_was_opened_before_a_kill_is_not_fetched_again(plane, root):
    key = SigningKey.generate(f"{CONSUMER}#k")
    (root / "acme/set/big2.bin").write_bytes(BIG[::-1])
    address = encrypted(plane, root, key)
    sink = MemorySink()
    sink.killed_after = SIZE * 3 // 2
    said = {"key": lambda header: sealing.key_for(sealing.private_from_pem(key.to_pem()), header)}
    one_by_one = replace(QUICK, workers=1)
    with pytest.raises(KilledError):
        fetch(address, sink, settings=one_by_one, **said)
    assert len(sink.files) == 1
    sink.killed_after = None
    report = fetch(address, sink, **said)
    whole(sink, root)
    assert SIZE < report.moved < SIZE * 1.2
    assert report.opened == 22
    again = fetch(address, sink, **said)
    assert (again.opened, again.reused > 2 * SIZE, again.moved < 500_000) == (22, True, True)


def test_what_was_opened_of_an_older_version_is_fetched_again(plane, root):
    key = SigningKey.generate(f"{CONSUMER}#k")
    sink = MemorySink()
    said = {"key": lambda header: sealing.key_for(sealing.private_from_pem(key.to_pem()), header)}
    fetch(encrypted(plane, root, key), sink, **said)
    (root / "acme/set/big.bin").write_bytes(BIG[::-1])  # of the same size
    fetch(encrypted(plane, root, key, begun=False), sink, **said)
    whole(sink, root)


def test_what_is_encrypted_to_somebody_else_is_refused(plane, root):
    address = encrypted(plane, root, SigningKey.generate(f"{CONSUMER}#k"))
    other = SigningKey.generate(f"{CONSUMER}#k")
    with pytest.raises(PeerInvalid, match="another key"):
        fetch(address, MemorySink(), key=lambda header: sealing.key_for(sealing.private_from_pem(other.to_pem()), header))
