"""Data that is changed in a process of its own: the same comes of it, and whatever happens there happens to nobody else."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.dataplane.transforms.apart import run_apart
from hanse.dataplane.transforms.child import MEMORY
from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.refusal import Unkeepable, too_much_memory
from hanse.dataplane.transforms.run import run
from hanse.kernel.errors import SourceVanished
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.transforms.bombs import BOMBS
from tests.unit.dataplane.transforms.world import Job, tools

PARQUET = "application/vnd.apache.parquet"
MASK = (Step(n.MASK, ("name",)),)


class Stop(Exception):
    pass


def parquet(rows: int = 1000) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(rows), "name": [f"person {i % 7}" for i in range(rows)]}), out)
    return out.getvalue()


OTHERS: set[int] = set()
"""The processes of tests before; they are nobody's business here."""


def children() -> list[int]:
    every = [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in every if pid not in OTHERS]


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    OTHERS.update(children())
    yield
    assert children() == []
    OTHERS.clear()


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_would_take_any_memory_is_refused(name):
    program = [sys.executable, "-m", "tests.unit.dataplane.transforms.bombs", name]
    ended = subprocess.run(program, capture_output=True, timeout=60, check=True)
    told = json.loads(ended.stdout)
    assert told["size"] < 500_000
    assert told["found"] == too_much_memory().message


@pytest.mark.parametrize(
    "chain",
    [MASK, (Step(n.PSEUDONYMISE, ("id", "name")),), (Step(n.DROP, ("id",)), Step(n.ANONYMIZE, ("name",), 145))],
    ids=lambda chain: chain[-1].action,
)
def test_the_same_comes_of_it_as_here(chain):
    """With a text file among them, and a record in it that is too long for the first attempt."""
    text = b"id,name\n" + b"1,person 1\n" * 200 + b"2," + b"x" * (2 << 20) + b"\n"
    outcomes = []
    for way in (run_here, run_apart):
        jobs = [Job(parquet(), PARQUET), Job(text, "text/csv"), Job(parquet(5), PARQUET)]
        outcomes.append((way(jobs, chain, tools()), [job.written.getvalue() for job in jobs]))
    assert outcomes[0] == outcomes[1]
    assert all(outcomes[0][1])


def test_parquet_goes_there_and_a_file_on_disk_is_passed(tmp_path):
    path = tmp_path / "data.parquet"
    path.write_bytes(parquet())
    seen = []

    class OnDisk(Job):
        @contextmanager
        def source(self):
            with path.open("rb") as file:
                seen.extend(Path(f"/proc/{pid}/limits").read_text() for pid in children())
                yield file

    job = OnDisk(b"", PARQUET)
    run([job], MASK, tools())
    assert pq.read_table(io.BytesIO(job.written.getvalue()))["name"].unique().to_pylist() == ["***"]
    [limits] = seen
    assert f"Max address space {MEMORY} {MEMORY} bytes" in " ".join(limits.split())


@pytest.mark.parametrize("content", [b"", b"no Parquet at all", parquet()[:-30]])
def test_a_refusal_is_told_as_here(content):
    told = []
    for way in (run_here, run_apart):
        with pytest.raises(Unkeepable) as caught:
            way([Job(content, PARQUET)], MASK, tools())
        told.append(caught.value.message)
    assert told[0] == told[1]


def test_progress_is_told():
    read = []
    content = parquet(300_000)
    run_apart([Job(content, PARQUET)], MASK, tools(read.append))
    assert len(read) > 2
    assert sum(read) == pytest.approx(len(content), rel=0.05)


def test_it_can_be_stopped_between_batches():
    def stop(count):
        raise Stop

    with pytest.raises(Stop):
        run_apart([Job(parquet(), PARQUET)], MASK, tools(stop))


def test_it_can_be_stopped_while_it_is_busy():
    class Busy(Job):
        @contextmanager
        def source(self):
            for pid in children():
                os.kill(pid, signal.SIGSTOP)
            yield io.BytesIO(self.content)

    def stop(count):
        raise Stop

    with pytest.raises(Stop):
        run_apart([Busy(parquet(), PARQUET)], MASK, tools(stop))


class Failing(Job):
    """A job whose files fail at one end; `closed` tells that they were closed with the error."""

    def __init__(self, content, error, *, at):
        super().__init__(content, PARQUET)
        self.error, self.at, self.closed = error, at, []

    @contextmanager
    def source(self):
        if self.at == "open":
            raise self.error
        try:
            yield io.BytesIO(self.content)
        except Exception as error:
            self.closed.append(error)
            raise
        if self.at == "close":
            raise self.error

    @contextmanager
    def sink(self):
        job = self

        class Sink(io.BytesIO):
            def write(self, data):
                if job.at == "write":
                    raise job.error
                return len(data)

        yield Sink()


@pytest.mark.parametrize("error", [Stop(), SourceVanished("It has changed."), ConnectionResetError(), EOFError()], ids=repr)
@pytest.mark.parametrize("at", ["open", "write", "close"])
def test_what_fails_here_is_told_as_it_is(error, at):
    job = Failing(parquet(), error, at=at)
    with pytest.raises(type(error)) as caught:
        run_apart([job], MASK, tools())
    assert caught.value is error
    assert job.closed == ([error] if at == "write" else [])


def test_a_process_that_falls_is_a_refusal():
    class Fatal(Failing):
        @contextmanager
        def sink(self):
            for pid in children():
                os.kill(pid, signal.SIGKILL)
            with super().sink() as out:
                yield out

    job = Fatal(parquet(), None, at="never")
    with pytest.raises(Unkeepable):
        run_apart([job], MASK, tools())
    assert len(job.closed) == 1


def test_an_order_of_many_files():
    """More than goes into the socket before the process listens."""
    jobs = [Job(b"name\na\n", "text/csv;" + "long" * 2_000) for _ in range(500)]
    run_apart(jobs, MASK, tools())
    assert {job.written.getvalue() for job in jobs} == {b"name\n***\n"}
