"""`hanse up` and `hanse serve`: what they make, what they say, how they end."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time

from tests.scenarios.cli.conftest import CLEAN, start
from tests.services.processes import accepts_connections, free_port, stop, wait_until


def test_up_says_five_lines_and_keeps_its_tokens_to_the_owner(space):
    lines = (space.folder / "up.log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]  # standard error is no terminal here
    assert logged
    assert all(line["level"] in ("info", "warning", "error") for line in logged)
    lines = [line for line in lines if not line.startswith("{")]
    assert len(lines) == 5
    said = "\n".join(lines)
    assert f"http://localhost:{space.port}" in said
    assert "hanse offer PATH" in said
    assert "hanse_op_" not in said
    for name in ("operators.toml", "master.key", "hanse.db"):
        assert stat.S_IMODE((space.home / name).stat().st_mode) == 0o600, name


def test_a_second_server_on_the_same_port_is_told_so(space):
    done = space.run("up", code=1)
    assert "in use" in done.stderr


def test_the_port_of_a_space_cannot_change(space):
    done = space.run("up", "--port", str(free_port()), code=1)
    assert str(space.port) in done.stderr


def test_ctrl_c_and_sigterm_end_it_and_it_comes_back(tmp_path):
    port = free_port()
    for words, how in ((("up", "--port", str(port)), signal.SIGINT), (("up",), signal.SIGTERM), (("serve",), signal.SIGTERM)):
        process = start(tmp_path, *words, port=port)
        status = _hanse(tmp_path, "status", "--json")
        assert json.loads(status.stdout)["spaces"][0]["state"] == "member"
        process.send_signal(how)
        assert process.wait(15) == 0, (words, how)
    assert "Traceback" not in (tmp_path / "up.log").read_text()


def test_a_name_that_is_none_leaves_nothing_behind(tmp_path):
    for name in ("Not A Name", "anchor", "host"):
        done = _hanse(tmp_path, "up", "--name", name)
        assert done.returncode == 1
        assert not (tmp_path / ".hanse" / "hanse.toml").exists()


def test_a_server_that_is_not_there_is_said_and_the_token_is_not(tmp_path):
    environment = CLEAN | {"HANSE_URL": f"http://localhost:{free_port()}", "HANSE_TOKEN": "hanse_op_1_secret"}
    done = subprocess.run([sys.executable, "-m", "hanse.cli", "status"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "No server answers" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_ctrl_c_during_a_command_ends_with_130(tmp_path):
    port = free_port()
    server = start(tmp_path, "up", "--name", "alice", "--port", str(port), port=port)
    try:
        (tmp_path / "a.csv").write_text("x")
        id = json.loads(_hanse(tmp_path, "offer", "a.csv", "--by-hand", "--json").stdout)["id"]
        # The anchor is a member, too: its request waits for a person, until Ctrl-C.
        words = [sys.executable, "-m", "hanse.cli", "get", id, "--from", "alice", "--participant", "anchor"]
        process = subprocess.Popen(words, cwd=tmp_path, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        said, advice = process.communicate(timeout=15)
        assert process.returncode == 130, advice
        assert "goes on where it stood" in advice
        assert "Traceback" not in said + advice
    finally:
        stop(server)


def _hanse(folder, *words):
    return subprocess.run([sys.executable, "-m", "hanse.cli", *words], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=60)


def test_a_space_in_its_own_home_offers_no_keys(tmp_path):
    port = free_port()
    server = start(tmp_path, "up", "--name", "alice", "--port", str(port), "--home", str(tmp_path), port=port)
    try:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "a.csv").write_text("x")
        for name in ("master.key", "operators.toml", "hanse.db", "."):
            refused = _hanse(tmp_path, "offer", name, "--home", str(tmp_path))
            assert refused.returncode == 1, refused.stdout
        offered = _hanse(tmp_path, "offer", "data/a.csv", "--home", str(tmp_path))
        assert offered.returncode == 0, offered.stderr
    finally:
        stop(server)


def test_in_a_terminal_the_log_goes_to_a_file(tmp_path):
    port = free_port()
    own, terminal = os.openpty()
    words = [sys.executable, "-m", "hanse.cli", "up", "--name", "alice", "--port", str(port)]
    process = subprocess.Popen(words, cwd=tmp_path, env=CLEAN, stdout=subprocess.DEVNULL, stderr=terminal)
    try:
        log = tmp_path / ".hanse" / "logs" / "hanse.log"
        wait_until(lambda: accepts_connections(port) and log.exists(), process, tmp_path / "none", "hanse")
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
    finally:
        stop(process)
        os.close(own)
        os.close(terminal)
