"""The line between a server and the process that changes data for it: words, each with some bytes, over a socket.

The server says the order first. The process then asks for the files of one job after the other, sends what it wrote and how
far it is, and at last what came of it. Nothing is answered but with a file: a server that wants no more ends the process.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from msgspec import Struct

from hanse.odrl.changes import Step

_LONGEST: Final = 16 << 20
"""Bytes of one word. An order has some thousands of files at most, and what is written goes in pieces."""

_ROOM: Final = 1 << 20
_HEAD: Final = struct.Struct("!BI")


class Word(IntEnum):
    """What is said."""

    ORDER = 1
    """To the process: an `Order` in JSON."""
    SOURCE = 2
    """Begin with a job, and pass its file. The bytes are its number in the order."""
    SINK = 3
    """Open where the changed file of the job goes."""
    DATA = 4
    """These bytes belong there."""
    CLOSE = 5
    """What was opened last is done with."""
    READ = 6
    """So many bytes were read since last time."""
    DONE = 7
    """All is changed; the bytes are how many records were left out."""
    REFUSED = 8
    """The data cannot be changed so; the bytes are the text of the refusal."""
    VANISHED = 9
    """The data could not be read to its end."""
    AGAIN = 10
    """A record was too long for the memory of this attempt: all that was opened is given up, another attempt follows."""
    FAILED = 11
    """Anything else; the bytes are the error's type."""


class Order(Struct, frozen=True):
    """What is to be done: the media types of the jobs, the steps, and the key of the pseudonyms."""

    kinds: tuple[str, ...]
    chain: tuple[Step, ...]
    key: bytes


class Gone(Exception):
    """The other end has ended."""


class Line:
    """One end of it. `quiet` is called again and again while the other end says nothing; it may raise."""

    def __init__(self, end: socket.socket, quiet: Callable[[], None] | None = None) -> None:
        self._end = end
        self._quiet = quiet
        self._room = bytearray(_ROOM)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)

    def say(self, word: Word, data: bytes | memoryview = b"") -> None:
        """Say something. Raises `Gone`."""
        try:
            self._end.sendall(_HEAD.pack(word, len(data)))
            self._end.sendall(data)
        except ConnectionError:
            raise Gone from None

    def hear(self) -> tuple[Word, memoryview]:
        """Return the next word and its bytes, which are there until the next is heard. Raises `Gone`."""
        word, length = _HEAD.unpack(self._take(_HEAD.size))
        if length > _LONGEST:
            raise Gone
        return Word(word), self._take(length)

    def say_number(self, word: Word, number: int) -> None:
        """Say something with a number. Raises `Gone`."""
        self.say(word, b"%d" % number)

    def pass_file(self, fd: int) -> None:
        """Pass an open file. Raises `Gone`."""
        try:
            socket.send_fds(self._end, [b"f"], [fd])
        except ConnectionError:
            raise Gone from None

    def take_file(self) -> int:
        """Return the descriptor of a file that was passed. Raises `Gone`."""
        _, found, _, _ = socket.recv_fds(self._end, 1, 1)
        if len(found) != 1:
            raise Gone
        return found[0]

    def _take(self, length: int) -> memoryview:
        if length > len(self._room):
            self._room = bytearray(length)
        data = rest = memoryview(self._room)[:length]
        while rest:
            try:
                count = self._end.recv_into(rest)
            except TimeoutError:
                if self._quiet is not None:
                    self._quiet()
                continue
            except ConnectionError:
                count = 0
            if count == 0:
                raise Gone
            rest = rest[count:]
        return data
