"""`hanse join` where there is nothing yet: one command makes home, participant and server, and joins a space of another home."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from tests.scenarios.cli.conftest import CLEAN, start
from tests.services.processes import free_port, stop, wait_until


def _hanse(folder, *words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "hanse.cli", *words],
        cwd=folder,
        env=CLEAN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


class Harbour:
    """A space in a home of its own, which may call this machine."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        (folder / ".hanse").mkdir(parents=True)
        (folder / ".hanse" / "hanse.toml").write_text(f'port = {self.port}\npeers_allow = ["localhost"]\n')
        self.url = f"http://localhost:{self.port}/spaces/home"
        self.process = start(folder, "up", "--name", "alice", port=self.port)

    def anchor(self, *words, code=0):
        return json.loads(_hanse(self.folder, "anchor", *words, "--json", "--participant", "anchor", code=code).stdout)


@pytest.fixture
def harbour(tmp_path):
    made = Harbour(tmp_path / "harbour")
    try:
        yield made
    finally:
        stop(made.process)


def _said(folder):
    return (folder / "up.log").read_text()


def _arrive(folder, harbour, *words):
    """Join from a fresh home, and wait until it says what is next."""
    folder.mkdir()
    port = free_port()
    process = start(folder, "join", harbour.url, "--name", "bob", "--title", "Bob & Co", "--port", str(port), *words, port=port)
    wait_until(lambda: "Ctrl-C here stops" in _said(folder), process, folder / "up.log", "hanse")
    return process


def test_one_command_joins_and_keeps_running(tmp_path, harbour):
    home = tmp_path / "bob"
    code = harbour.anchor("invite")["code"]
    process = _arrive(home, harbour, "--invitation", code)
    try:
        said = _said(home)
        assert "The anchor reaches this participant" in said
        assert "credentials were verified and are in the wallet" in said
        assert code not in said
        status = json.loads(_hanse(home, "status", "--json").stdout)
        [joined] = status["spaces"]
        assert (joined["url"], joined["state"], status["participant"]["title"]) == (harbour.url, "member", "Bob & Co")
        assert "for a new one" in _hanse(home, "join", harbour.url, "--name", "eve", code=2).stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert "`hanse up` runs it again." in _said(home)
        process = start(home, "up", port=status_port(status))
        again = json.loads(_hanse(home, "status", "--json").stdout)
        assert again["spaces"][0]["state"] == "member"
        stop(harbour.process)
        told = _hanse(home, "leave", "--yes", code=1)
        assert "hanse leave --anyway" in told.stderr
        assert "was not told" in _hanse(home, "leave", "--yes", "--anyway").stdout
    finally:
        stop(process)


def status_port(status):
    """Return the port in the participant's DID."""
    return int(status["participant"]["did"].split("%3A")[1].split(":")[0])


def test_who_has_to_wait_hears_so_and_goes_on_in_another_terminal(tmp_path, harbour):
    home = tmp_path / "bob"
    process = _arrive(home, harbour)
    try:
        assert "(applied, waits for the anchor)" in _hanse(home, "status").stdout
        (waiting,) = harbour.anchor("applications")
        harbour.anchor("approve", waiting["did"])
        assert json.loads(_hanse(home, "join", harbour.url, "--json").stdout)["state"] == "member"
        harbour.anchor("suspend", waiting["did"], "--reason", "Unpaid.")
        assert "(suspended: Unpaid.)" in _hanse(home, "status").stdout
        assert "Unpaid." in _hanse(home, "explain", harbour.url).stdout
    finally:
        stop(process)


def test_a_wrong_address_leaves_nothing_behind(tmp_path):
    for url in ("harbour", "localhost:1/spaces/x", "https://space.example/spaces/x"):
        refused = _hanse(tmp_path, "join", url, "--name", "bob", code=1).stderr
        assert "https://HOST/spaces/NAME" in refused or "public_host" in refused
        assert not (tmp_path / ".hanse").exists()


def test_what_asks_before_says_how_not_to_be_asked(tmp_path, harbour):
    for more in ((), ("--json",)):
        assert "--yes" in _hanse(harbour.folder, "leave", *more, code=1).stderr
