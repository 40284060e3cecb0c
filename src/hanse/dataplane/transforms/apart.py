"""Changes data in a process of its own, which has a limit of memory (see `child`). The files are opened and written here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import msgspec

from hanse.dataplane.transforms.engine import Job, Outcome
from hanse.dataplane.transforms.line import Gone, Line, Order, Word
from hanse.dataplane.transforms.refusal import RecordTooLong, Unkeepable, too_much_memory
from hanse.dataplane.transforms.tables import Out, Tools
from hanse.kernel.errors import SourceVanished, StorageFailed
from hanse.odrl.changes import Step

_CHILD: Final = "hanse.dataplane.transforms.child"
_QUIET: Final = 0.5
"""Seconds after which it is asked whether the version is still wanted, while the process is busy with a batch."""


def run_apart(jobs: Sequence[Job], chain: Sequence[Step], tools: Tools) -> Outcome:
    """Change all files in a new process. Raises what `engine.run_here` does, and `Unkeepable` for what needs too much memory."""
    with _process() as end:
        line = Line(end, lambda: tools.advance(0))
        order = Order(tuple(job.media_type for job in jobs), tuple(chain), tools.pseudonyms.key)
        try:
            line.say(Word.ORDER, msgspec.json.encode(order))
            end.settimeout(_QUIET)
            return _Served(line, jobs, tools).all()
        except Gone:  # it has fallen: not even the error that says so could be allocated
            raise too_much_memory() from None


@contextmanager
def _process() -> Iterator[socket.socket]:
    """Yield the line to a new process, which ends with the block at the latest."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = _started(theirs)
        try:
            yield ours
        finally:
            process.kill()
            process.wait()


def _started(end: socket.socket) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", _CHILD]
    nothing = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=end.fileno(), stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603 - itself
    except OSError as error:
        raise StorageFailed("No process could be started to change the data.") from error


class _Served:
    """What the process asks for, one thing inside the other: a job's source, in it the sink, in it what is written."""

    def __init__(self, line: Line, jobs: Sequence[Job], tools: Tools) -> None:
        self._line = line
        self._jobs = jobs
        self._tools = tools

    def all(self) -> Outcome:
        """Serve until all is changed."""
        while True:
            word, data = self._next(Word.SOURCE, Word.DONE)
            if word is Word.DONE:
                return Outcome(int(data))
            with suppress(RecordTooLong):  # it begins anew
                self._source(self._jobs[int(data)])

    def _source(self, job: Job) -> None:
        with job.source() as file, _real(file) as real:
            self._line.pass_file(real.fileno())
            while self._next(Word.SINK, Word.CLOSE)[0] is Word.SINK:
                self._sink(job)

    def _sink(self, job: Job) -> None:
        with job.sink() as out:
            self._written(out)

    def _written(self, out: Out) -> None:
        while True:
            word, data = self._next(Word.DATA, Word.CLOSE)
            if word is Word.CLOSE:
                return
            out.write(data)

    def _next(self, *expected: Word) -> tuple[Word, memoryview]:
        """Return the next word of those that may come now; see to what may come at any time."""
        while True:
            word, data = self._line.hear()
            if word is Word.READ:
                self._tools.advance(int(data))
            elif word in expected:
                return word, data
            else:
                raise _error(word, data)


def _error(word: Word, data: memoryview) -> Exception:
    if word is Word.AGAIN:
        return RecordTooLong("A record of this data is too long.")
    if word is Word.REFUSED:
        return Unkeepable(str(data, "utf-8"))
    if word is Word.VANISHED:
        return SourceVanished("The data could not be read to its end.")
    return RuntimeError(f"data could not be changed: {word.name} {str(data[:100], 'utf-8', 'replace')}")


@contextmanager
def _real(file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield a file that can be passed to another process: what is only in memory is copied."""
    try:
        file.fileno()
    except OSError:
        with TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            yield copy
    else:
        yield file
