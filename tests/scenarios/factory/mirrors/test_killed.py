"""`kill -9` of the factory's server while it refreshes: it goes on by itself, and ends in the same version as without."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from hashlib import sha256

import httpx
import pytest

from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from tests.scenarios.kill.town import Process, found

KILLS = 6
PATIENCE = 40.0


class Api:
    """The management interface of a server process that may be away."""

    def __init__(self, process, token):
        self.process, self.token = process, token

    def ask(self, method, path, body=None):
        url, headers = f"{self.process.url}/api/v1{path}", {"Authorization": f"Bearer {self.token}"}
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.request(method, url, json=body, headers=headers, timeout=PATIENCE)
                assert answer.status_code < 300, answer.text
                return answer.json()
            assert time.monotonic() < end, self.process.said()
            time.sleep(0.05)

    def until(self, what):
        """Wait until a mirror is as it should be; return it."""
        end = time.monotonic() + PATIENCE
        while True:
            mirror = self.ask("GET", "/mirrors/texts?wait=2")
            if what(mirror):
                return mirror
            assert time.monotonic() < end, (mirror, self.process.said())


def root_of(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = sorted((str(path.relative_to(folder)).encode(), path.read_bytes()) for path in files)
    return root_of_files([Object(name.decode(), sha256(data).hexdigest(), len(data)) for name, data in names])


@pytest.mark.slow
def test_a_refresh_that_is_killed_goes_on(tmp_path):
    seed = int(os.environ.get("HANSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"\nkill test of mirrors: seed {seed} (HANSE_TEST_SEED repeats it)")
    chance, folder = random.Random(seed), tmp_path.resolve()
    made = asyncio.run(found(folder))
    collection = folder / "data" / "texts"
    collection.mkdir()
    provider, factory = Process(made.provider), Process(made.consumer)
    provider.start()
    factory.start()
    try:
        theirs, ours = Api(provider, made.provider_token), Api(factory, made.consumer_token)
        (collection / "0.bin").write_bytes(chance.randbytes(12 << 20))
        asset = theirs.ask("POST", "/assets", {"source": {"kind": "folder", "path": str(collection)}, "terms": ["members"]})
        ours.ask("POST", "/mirrors", {"provider": made.provider_did, "dataset": asset["id"], "name": "texts", "keep": 100})
        ours.until(lambda one: one["version"] == "texts@1")
        for number in range(1, KILLS + 1):
            (collection / f"{number}.bin").write_bytes(chance.randbytes(12 << 20))
            ours.ask("POST", "/mirrors/texts/refresh")
            time.sleep(chance.uniform(0.0, 0.6))
            factory.kill()
            factory.start()
            ours.until(lambda one, number=number: one["version"] == f"texts@{number + 1}" or (not one["busy"] and refresh(ours)))
        versions = ours.ask("GET", "/facility/versions?name=texts")["items"]
        assert [one["id"] for one in versions] == [f"texts@{number}" for number in range(1, KILLS + 2)]
        assert versions[-1]["root"] == root_of(collection)
        assert ours.ask("GET", "/facility/usage")["hot"] < (KILLS + 1) * (13 << 20)
    finally:
        factory.stop()
        provider.stop()


def refresh(api):
    """It was killed before anything was written down: ask again."""
    api.ask("POST", "/mirrors/texts/refresh")
    return False
