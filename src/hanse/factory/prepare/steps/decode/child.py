"""The process that reads hostile formats, with a limit of memory and, for each thing that it reads, of time (see `apart`)."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from hanse.factory.prepare.steps.decode.orders import BAD, DOCUMENT, END, HEAD, TABLE, UNREAD, Document, Order, Refused
from hanse.factory.prepare.steps.decode.reasons import Bad


def main() -> None:
    """Read what is ordered on standard input, until that ends."""
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while head := source.read(HEAD.size):
        order = msgspec.json.decode(source.read(HEAD.unpack(head)[1]), type=Order)
        payload = source.read(HEAD.unpack(source.read(HEAD.size))[1])
        resource.setrlimit(resource.RLIMIT_AS, (order.memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
        try:
            for found in _read(order, payload):
                _tell(target, found)
                more_time(order.seconds)
        except Bad as bad:
            _send(target, BAD, msgspec.json.encode(Refused(bad.reason, bad.sample)))
        else:
            _send(target, END, b"")


def _read(order: Order, payload: bytes) -> Iterator[Any]:
    more_time(order.seconds)
    if order.kind == "html":
        from hanse.factory.prepare.steps.decode.html import documents

        yield from documents(payload, order)
    elif order.kind == "pdf":
        from hanse.factory.prepare.steps.decode.pdf import document

        yield document(order)
    else:
        from hanse.factory.prepare.steps.decode.columnar import tables

        yield from tables(order)


def more_time(seconds: int) -> None:
    """Let this process have so many seconds of the processor from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _tell(target: BinaryIO, found: Any) -> None:
    if isinstance(found, Document):
        _send(target, DOCUMENT, msgspec.json.encode(found))
    elif isinstance(found, Refused):
        _send(target, UNREAD, msgspec.json.encode(found))
    else:
        _send(target, TABLE, found)


def _send(target: BinaryIO, letter: bytes, data: bytes) -> None:
    target.write(HEAD.pack(letter, len(data)))
    target.write(data)
    target.flush()


if __name__ == "__main__":
    main()
