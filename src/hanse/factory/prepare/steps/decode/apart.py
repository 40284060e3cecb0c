"""Reads pages, PDFs, Parquet and Arrow files in a process of its own: what takes that down costs the file in question and nothing else.

A process is kept for the next file, since most are small; so that no file's fate depends on those before it, one that a kept process could
not read is tried once more in a fresh one.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final

import msgspec

from hanse.factory.prepare.steps.decode.orders import BAD, END, HEAD, ORDER, PAYLOAD, Order, Refused
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.kernel.errors import StorageFailed

_CHILD: Final = "hanse.factory.prepare.steps.decode.child"
_PATIENCE: Final = 10
"""Wall time that is waited for an answer, as a multiple of the processor time that it may take."""
_LARGEST: Final = 1 << 30
"""Bytes of an answer; tables come in pieces."""
_idle: dict[int, list[_Process]] = {}
"""Processes that wait for their next order, by the process that started them: a fork must not share them."""


def ask(order: Order, payload: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    """Yield what the process tells, by its letter. Raises `Bad` for what cannot be read, or takes too much time or memory."""
    told = 0
    waiting = _idle.setdefault(os.getpid(), [])
    for process in (waiting.pop() if waiting else None, None):
        try:
            for frame in _asked(process or _Process(), order, payload, told, waiting):
                told += 1
                yield frame
            return
        except _Lost as lost:
            if process is None or lost.by == signal.SIGXCPU:
                raise Bad("too-hard") from None


def _asked(process: _Process, order: Order, payload: bytes, skip: int, waiting: list[_Process]) -> Iterator[tuple[bytes, bytes]]:
    kept = False
    try:
        process.send(order, payload)
        for letter, data in process.answers(order.seconds):
            if letter == BAD:
                kept = True
                refused = msgspec.json.decode(data, type=Refused)
                raise Bad(refused.reason, refused.sample)
            if skip:
                skip -= 1
            else:
                yield letter, data
        kept = True
    finally:
        if kept:
            waiting.append(process)
        else:
            process.end()


class _Lost(Exception):
    """The process is gone, or does not answer; `by` is the signal that ended it, if one did."""

    def __init__(self, by: int = 0):
        super().__init__(by)
        self.by = by


class _Process:
    """One process and the pipes to it. It ends when its input ends, so it never outlives this one."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", _CHILD]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - itself
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            raise StorageFailed("No process could be started to read the data.") from error

    def send(self, order: Order, payload: bytes) -> None:
        """Tell what to read. Raises `_Lost`."""
        told = msgspec.json.encode(order)
        try:
            pipe = _open(self._process.stdin)
            pipe.write(HEAD.pack(ORDER, len(told)) + told + HEAD.pack(PAYLOAD, len(payload)))
            pipe.write(payload)
            pipe.flush()
        except OSError:
            raise _Lost from None

    def answers(self, seconds: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield what it tells until the end, or until it refuses. Raises `_Lost`."""
        while True:
            letter, size = HEAD.unpack(self._read(HEAD.size, seconds))
            if letter == END:
                return
            if size > _LARGEST:
                raise _Lost(self.end())
            yield letter, self._read(size, seconds)
            if letter == BAD:
                return

    def _read(self, size: int, seconds: int) -> bytes:
        out = bytearray()
        pipe = _open(self._process.stdout).fileno()
        until = time.monotonic() + _PATIENCE * seconds
        while len(out) < size:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            some = os.read(pipe, min(size - len(out), 1 << 20)) if ready else b""
            if not some:
                raise _Lost(self.end())
            out += some
        return bytes(out)

    def end(self) -> int:
        """End the process, if it does not by itself. Return the signal that ended it."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _open(pipe).close()
        try:
            return -self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return -self._process.wait()


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise _Lost
    return pipe
