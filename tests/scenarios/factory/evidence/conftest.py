"""The town of the evidence scenarios, and archives that were exported there."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.attacks.town import Town
from tests.scenarios.evidence.conftest import agree

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "examples" / "verify_evidence.py"
PURPOSE = "https://w3id.org/dpv#ServiceProvision"
OFFLINE = """
import socket, sys
def refused(*_args, **_more):
    raise AssertionError("the network was touched")
socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = socket.create_connection = socket.getaddrinfo = refused
"""


@pytest.fixture(scope="package")
def town(tmp_path_factory):
    """Yield the town."""
    town = Town(tmp_path_factory.mktemp("archive").resolve())
    with (town.roots["acme"] / "large.bin").open("wb") as file:
        file.truncate(1 << 20)
    yield town
    town.close()


@pytest.fixture(scope="package")
def exported(town, tmp_path_factory):
    """Return an archive of a contract under which both sides have stated something, as a file in a fresh folder."""
    contract = agree(town)
    zoo, acme = town.operators["zoo"], town.operators["acme"]
    zoo("POST", f"/contracts/{contract}/statements", {"purpose": PURPOSE})
    acme("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": "We take the station down."})
    made = zoo("POST", "/evidence/archives", {"about": contract})
    path = tmp_path_factory.mktemp("elsewhere") / "contract.evidence.zip"
    raw = base64.b64decode(made["archive"])
    assert hashlib.sha256(raw).hexdigest() == made["sha256"]
    path.write_bytes(raw)
    return contract, path, made


def verify(path, *more):
    """Run `hanse evidence verify --json` in an empty folder, without a home, a profile or a network; return its code and answer."""
    folder = path.parent / "empty"
    folder.mkdir(exist_ok=True)
    code = f"{OFFLINE}\nfrom hanse.cli.root import hanse\nsys.argv = ['hanse', *sys.argv[1:]]\nhanse()"
    done = subprocess.run(
        [sys.executable, "-c", code, "evidence", "verify", str(path), "--json", *more],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not list(folder.iterdir()), "a verification writes nothing"
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def verify_alone(path, *more):
    """Run the independent verifier in an environment in which there is no Hanse."""
    alone = "import runpy\nsys.modules['hanse'] = None\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", OFFLINE + alone, str(EXAMPLE), str(path), *more]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
