"""The process that changes data for a server: `python -m hanse.dataplane.transforms.child`, its input being a `Line`.

What a file makes Arrow allocate cannot be told from the file: dictionaries, shared prefixes, runs and compressed pages all
multiply, and they nest. So the process has a limit of memory that the operating system holds, and nothing but this one
version is lost when it is reached.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.line import Gone, Line, Order, Word
from hanse.dataplane.transforms.refusal import RecordTooLong, Unkeepable, too_much_memory
from hanse.dataplane.transforms.tables import Tools
from hanse.dataplane.transforms.values import Pseudonyms
from hanse.kernel.errors import SourceVanished

MEMORY: Final = 3 << 29
"""Bytes of address space, 1.5 GiB. Python and Arrow take 0.25 GiB of them, large ordinary files up to 1 GiB."""

_BUFFER: Final = 1 << 18
_PIECE: Final = 1 << 18


def main() -> None:
    """Take an order and see to it. A limit that cannot be set ends the process: then nothing is changed."""
    _confine()
    line = Line(socket.socket(fileno=0))
    with suppress(Gone):  # then nobody wants it any more
        _, order = line.hear()
        line.say(*_result(line, msgspec.json.decode(order, type=Order)))


def _confine() -> None:
    """Limit the memory, be the first to go where a machine has none left, and leave it to the server when to stop."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others set aside a gigabyte at once
    sys.modules["numpy"] = None  # type: ignore[assignment] # Arrow does without, and begins in half the time


def _result(line: Line, order: Order) -> tuple[Word, bytes]:
    tools = Tools(Pseudonyms(order.key), lambda count: line.say_number(Word.READ, count))
    jobs = [_Job(line, number, kind) for number, kind in enumerate(order.kinds)]
    try:
        return Word.DONE, b"%d" % run_here(jobs, order.chain, tools).suppressed
    except MemoryError:
        return Word.REFUSED, too_much_memory().message.encode()
    except Unkeepable as error:
        return Word.REFUSED, error.message.encode()
    except SourceVanished:
        return Word.VANISHED, b""
    except Gone:
        raise
    except Exception as error:  # noqa: BLE001 - the server tells it
        return Word.FAILED, type(error).__name__.encode()


class _Job:
    """One file to change, see `engine.Job`."""

    def __init__(self, line: Line, number: int, media_type: str) -> None:
        self._line = line
        self._number = number
        self.media_type = media_type

    @contextmanager
    def source(self) -> Iterator[BinaryIO]:
        """Ask for the file."""
        self._line.say_number(Word.SOURCE, self._number)
        with os.fdopen(self._line.take_file(), "rb", _BUFFER) as file:
            try:
                yield file
            except RecordTooLong:
                self._line.say(Word.AGAIN)
                raise
        self._line.say(Word.CLOSE)

    @contextmanager
    def sink(self) -> Iterator[_Sink]:
        """Send what is written."""
        self._line.say(Word.SINK)
        sink = _Sink(self._line)
        yield sink
        sink.flush()
        self._line.say(Word.CLOSE)


class _Sink:
    """Collects small pieces."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._data = bytearray()

    def write(self, data: bytes | memoryview, /) -> int:
        """Take bytes."""
        self._data += data
        if len(self._data) >= _PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Send what was collected."""
        whole = memoryview(self._data)
        for start in range(0, len(whole), _PIECE):
            self._line.say(Word.DATA, whole[start : start + _PIECE])
        self._data = bytearray()


if __name__ == "__main__":
    main()
