"""`kill -9` at fifty random points of acquisitions ends in the same result as none."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.acquire.states import ItemState, OrderState
from tests.scenarios.factory.acquire.towns import FACTORY, METEO, Towns, said
from tests.services import fresh_database

ROOT = Path(__file__).resolve().parents[4]


class Lives:
    """The process from which the factory's server is forked again and again."""

    def __init__(self, settings, orders, log):
        program = ROOT / "tests/scenarios/factory/acquire/lives.py"
        arguments = [sys.executable, str(program), msgspec.json.encode(settings).decode(), str(orders)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.log = log
        self._process = subprocess.Popen(
            arguments, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("ab"), text=True
        )

    def one(self, point=0, seconds=0.0):
        """A life until its end; return its status."""
        self._process.stdin.write(f"{point} {seconds}\n")
        self._process.stdin.flush()
        status = self._process.stdout.readline()
        assert status, self.log.read_text()[-3000:]
        return int(status)

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@contextmanager
def lives(settings, orders, log):
    made = Lives(settings, orders, log)
    try:
        yield made
    finally:
        made.close()


def content(number):
    """Three small files and one of several chunks, the same for nobody else."""
    chance = random.Random(number)
    return {
        "table.csv": b"day,rain\n" + b"".join(b"%d,%d\n" % (day, chance.randrange(99)) for day in range(500)),
        "text/a.txt": chance.randbytes(3_000),
        "text/b.txt": chance.randbytes(70_000),
        "large.bin": chance.randbytes(1_200_000),
    }


def root_of(files):
    return root_of_files([Object(path, hashlib.sha256(one).hexdigest(), len(one)) for path, one in files.items()])


@pytest.mark.slow
def test_fifty_kills(tmp_path):
    _run(tmp_path.resolve(), kills=50)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_few_with_postgresql(tmp_path, postgres_url):
    with ExitStack() as stack:
        databases = tuple(stack.enter_context(fresh_database(postgres_url)) for _ in range(2))
        _run(tmp_path.resolve(), kills=8, databases=databases)


def _run(folder, *, kills, databases=("", "")):
    seed = int(os.environ.get("HANSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"\nkill test of acquiring: seed {seed} (HANSE_TEST_SEED repeats it)")
    towns = Towns(folder, databases)
    try:
        roots, orders = {}, []
        for number in range(kills + 10):  # more than can be carried out meanwhile
            files, name, order = content(number), f"set-{number}", f"ord_{number:03}"
            dataset = towns.offer(towns.folder_of(name, files))
            roots[dataset] = root_of(files)
            orders.append((towns.an_order(order), towns.planned(dataset, order, names=(name,))))
        (folder / "orders.json").write_bytes(msgspec.json.encode(orders))
        towns.factory.stop()
        began = time.monotonic()
        _kill(towns, random.Random(seed), kills)
        took = time.monotonic() - began
        towns.factory = towns.start_factory()
        placed = [one for one in reversed(towns.orders()) if one.state is OrderState.DONE]
        print(f"kill test of acquiring: {kills} kills of {len(placed)} acquisitions in {took:.0f} s")
        _check(towns, [one.id for one in placed], roots)
    finally:
        towns.close()


def _kill(towns, chance, kills):
    """Kill so many times, then let the last life end by itself. A new order is placed whenever none is open."""
    with lives(towns.made.consumer, towns.folder / "orders.json", towns.folder / "lives.log") as factory:
        for number in range(kills):
            by_time = number % 3 == 2
            status = factory.one(seconds=chance.uniform(0.2, 0.7)) if by_time else factory.one(point=chance.randrange(1, 130))
            assert status == 9, (status, factory.log.read_text()[-3000:])
        assert factory.one() == 0, factory.log.read_text()[-3000:]


def _check(towns, placed, roots):
    assert len(placed) == len(towns.orders())
    items = [towns.item(id=order) for order in placed]
    assert [item.state for item in items] == [ItemState.DONE] * len(placed), [said(item) for item in items]
    versions = {one.dataset: one for one in towns.versions()}
    assert {dataset: one.root for dataset, one in versions.items()} == {item.dataset: roots[item.dataset] for item in items}
    assert {one.number for one in versions.values()} == {1}
    assert len(towns.versions()) == len(placed)
    for item in items:
        found = towns.contents(item.version)
        assert root_of(found) == roots[item.dataset]
    _one_of_each(towns, items)
    _the_log_is_sound(towns, items)


def _one_of_each(towns, items):
    """One agreement per dataset on both sides, one completed transfer, one use, nothing that lies about."""
    expected = sorted((item.agreement, item.dataset) for item in items)
    assert sorted((one.id, one.dataset) for one in towns.contracts()) == expected
    theirs = towns.provider.call(lambda server: server.ground.database.read(lambda tx: tx.contracts.page(METEO, after=None, limit=99)))
    assert sorted((one.id, one.dataset) for one in theirs) == expected
    for host in (None, towns.provider):
        states = sorted((one.agreement_id, one.state.value) for one in towns.transfers(host))
        assert states == sorted((item.agreement, "COMPLETED") for item in items)
    tallies = [
        towns.factory.call(lambda s, i=item: s.ground.database.read(lambda tx: tx.uses.tally(FACTORY, i.agreement))) for item in items
    ]
    assert [one.count for one in tallies] == [1] * len(items)
    assert towns.staged() == 0


def _the_log_is_sound(towns, items):
    assert towns.factory.call(lambda server: server.evidence.ledger.verify(FACTORY)).sound
    stated = sorted((one.order, one.version, one.dataset) for one in towns.ledger("acquired"))
    assert stated == sorted((item.order, item.version, item.dataset) for item in items)
