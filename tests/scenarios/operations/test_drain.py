"""SIGTERM: what runs may end, nothing new begins, the exit code is 0, and what was left goes on after the next start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tests.scenarios.operations.world import World, running, until
from tests.services.processes import accepts_connections, stop, wait_until

SIZE = 48 * 1024 * 1024


def serve(settings, log):
    """Start the server of a home as a process of its own; what it logs goes to the file `log`."""
    fields = {name: getattr(settings, name) for name in settings.__struct_fields__ if name != "home"}
    variables = {f"HANSE_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value) for name, value in fields.items()}
    command = [sys.executable, "-m", "hanse.cli", "serve", "--quiet", "--home", settings.home]
    with log.open("ab") as file:
        process = subprocess.Popen(command, env=os.environ | variables, stdout=file, stderr=file)
    wait_until(lambda: accepts_connections(settings.port), process, log, "the server")
    return process


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    (tmp_path / "data" / "rain.csv").write_bytes(os.urandom(1024) * (SIZE // 1024))
    return world


def test_a_download_ends_well_and_nobody_new_comes_in(world, tmp_path):
    async def prepare():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            _, address = await world.start(south, await world.agree(south, world.assets[0]))
            return address

    address = asyncio.run(prepare())
    process = serve(world.north, tmp_path / "log")
    try:
        got = _Slow(address)
        got.begun.wait(10)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _wait_refused(world.north.port)
        assert process.poll() is None, "the server did not wait for the download"
        got.join(20)
        assert got.size == SIZE, got.error
        assert process.wait(15) == 0
        assert time.monotonic() - asked > 0.5
    finally:
        stop(process, signal.SIGKILL)
    for line in (tmp_path / "log").read_text().splitlines():
        json.loads(line)


class _Slow(threading.Thread):
    """Downloads so slowly that it takes about two seconds."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.size, self.error = address, 0, None
        self.begun = threading.Event()
        self.start()

    def run(self):
        headers = {"Authorization": "Bearer " + self.address.properties["authorization"]}
        try:
            with httpx.stream("GET", self.address.endpoint, headers=headers, timeout=20) as answer:
                self._take(answer)
        except httpx.HTTPError as error:
            self.error = error

    def _take(self, answer):
        for chunk in answer.iter_raw(1024 * 1024):
            self.size += len(chunk)
            if self.size >= 4 * 1024 * 1024:
                self.begun.set()
            time.sleep(0.04)


def _wait_refused(port):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server still takes new connections")


def test_a_restart_sends_what_the_stop_left(world, tmp_path):
    async def scenario():
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            contract = await world.agree(south, world.assets[0])
            transfer, _ = await world.start(south, contract)
        # South is away; north ends the transfer, cannot tell it, and is stopped.
        process = serve(world.north, tmp_path / "log")
        async with httpx.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {world.acme.token}"}
            root = f"{world.north.public_root}/api/v1"
            found = (await client.get(f"{root}/transfers", headers=headers)).json()["items"][0]["id"]
            answer = await client.post(f"{root}/transfers/{found}/terminate", json={"reason": "enough"}, headers=headers)
            assert answer.status_code < 300, answer.text
        stop(process)
        assert process.returncode == 0
        process = serve(world.north, tmp_path / "log")
        try:
            async with running(world.south) as south:

                async def told():
                    return (await world.transfer(south, transfer)).state == "TERMINATED"

                await until(told, "the termination")
        finally:
            stop(process)
        assert process.returncode == 0

    asyncio.run(scenario())


def test_a_backup_of_a_server_in_another_process(world, tmp_path):
    async def prepare():
        async with running(world.north) as north:
            await world.populate_alone(north)

    asyncio.run(prepare())
    process = serve(world.north, tmp_path / "log")
    try:
        command = [sys.executable, "-m", "hanse.cli", "backup", "--json", "--home", world.north.home, str(tmp_path / "space.hbk")]
        done = subprocess.run(command, capture_output=True, check=True)
        assert json.loads(done.stdout)["rows"]["assets"] == 3
        command = [sys.executable, "-m", "hanse.cli", "restore", "--home", world.north.home, str(tmp_path / "space.hbk")]
        refused = subprocess.run(command, capture_output=True, text=True)
        assert refused.returncode == 1
        assert "Another server uses the database" in refused.stderr
    finally:
        stop(process)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "assets brought back" in done.stdout
    again = subprocess.run([*command[:4], "list", *command[4:6], "--json"], capture_output=True, text=True)
    assert (again.returncode, again.stdout.strip()) == (0, "[]")
    profiles = (tmp_path / "north" / "operators.toml").read_text()
    assert world.acme.token not in profiles
    assert "[acme]" in profiles
    assert "[host]" in profiles
