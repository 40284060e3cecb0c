"""The process that measures, with a limit of memory and of time: a hostile file can take down nothing but this (see `apart`)."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import msgspec
import pyarrow as pa

from hanse.dcat.croissant.shape import Table, Unmeasured
from hanse.factory.documents.batches import Batch, Done, Order
from hanse.factory.documents.measuring import measure


def main() -> None:
    """Measure what is ordered on standard input; write one line per batch."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    pa.set_cpu_count(1)  # each thread of a pool would take address space of its own
    pa.set_io_thread_count(1)
    resource.setrlimit(resource.RLIMIT_AS, (order.memory, order.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (order.seconds, order.seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for index, batch in enumerate(order.batches):
        sys.stdout.buffer.write(msgspec.json.encode(_done(order, index, batch)) + b"\n")
        sys.stdout.buffer.flush()


def _done(order: Order, index: int, batch: Batch) -> Done:
    try:
        found = list(measure(Path(order.folder), batch, order.personal))
    except MemoryError:
        return Done(index, unmeasured=tuple(Unmeasured(one.path, "it needs more memory than may be used") for one in batch.pieces))
    tables = tuple(one for one in found if isinstance(one, Table))
    return Done(index, tables, tuple(one for one in found if isinstance(one, Unmeasured)))


if __name__ == "__main__":
    main()
