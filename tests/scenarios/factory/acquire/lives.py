"""A factory's server process that dies and is born again, for tests that kill it: forked from one that has imported everything.

    python tests/scenarios/factory/acquire/lives.py SETTINGS_AS_JSON ORDERS

ORDERS is a file with orders and their items. A life begins with a look at what can be seen; the next order is placed whenever none is open.
Reads a line per life from its standard input, `POINT SECONDS` (0: none): the process kills itself (SIGKILL) at its n-th point, or after
so many seconds. Points are before and after every commit, and before and after every step of writing a file of the facility. Writes the
status of the life that ended. A line `0 0` is a life that ends by itself when all orders have.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from hanse.app import server as server_module
from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.config import Settings
from hanse.connector.ports import Limits
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.acquire.records import Item, Order, OrderChanged
from hanse.factory.acquire.states import OrderState

LEASE = timedelta(milliseconds=200)


class Points:
    """Counts the points that this life passes, and ends it at the one that it was told."""

    def __init__(self, deadly: int) -> None:
        self._numbers = itertools.count(1)
        self._deadly = deadly

    def __call__(self) -> None:
        if next(self._numbers) == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase:
    """A database, before and after whose commits this process may die."""

    def __init__(self, database, point):
        self._database, self._point = database, point

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def run(self, work):
        self._point()
        found = await self._database.run(work)
        self._point()
        return found


def mortal(function, point):
    """Return a function, before and after which this process may die."""

    def call(*args, **named):
        point()
        found = function(*args, **named)
        point()
        return found

    return call


async def life(settings, orders, deadly, seconds):
    """Open and serve; once everything is armed, points count."""
    point = Points(deadly)
    opened = server_module.open_database

    async def open_mortal(address):
        return MortalDatabase(await opened(address), point)

    server_module.open_database = open_mortal
    os.fsync, Path.replace = mortal(os.fsync, point), mortal(Path.replace, point)
    server = await Server.open(settings, Parts(limits=Limits(lease=LEASE)))
    await check_what_is_seen(server)
    last = not deadly and not seconds
    busy = asyncio.create_task(keep_busy(server, [] if last else orders))
    serving = asyncio.create_task(serve(server))
    if last:
        await ended(server)
        serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    busy.cancel()
    if last:
        await server.stop()


async def check_what_is_seen(server):
    """Read all that can be seen: nothing of it is half done."""
    facility = server.factory.facility.facility
    for version in await facility.versions("factory"):
        files = await facility.files("factory", version.id)
        assert root_of_files([Object(one.path, one.sha256, one.size) for one in files]) == version.root


async def keep_busy(server, orders):
    """Place the next order, whenever none is open."""

    def work(tx, order, item):
        tx.orders.put(order)
        tx.orders.put_item(item)
        tx.emit(OrderChanged(order.tenant, order.id))

    while True:
        there = await server.ground.database.read(lambda tx: tx.orders.page("factory", after=None, limit=99))
        if all(one.ended for one in there) and len(there) < len(orders):
            await server.ground.database.run(partial(work, order=orders[len(there)][0], item=orders[len(there)][1]))
        await asyncio.sleep(0.02)


async def ended(server):
    """Wait until all orders have ended, and nothing waits to be sent."""
    while True:
        await asyncio.sleep(0.05)
        orders, waiting = await server.ground.database.read(lambda tx: (tx.orders.page("factory", after=None, limit=99), tx.outbox.count()))
        running = (OrderState.RUNNING, OrderState.SEARCHING)
        if not waiting and all(one.state not in running for one in orders):
            return


def outlived(child, seconds):
    """Wait for the end of a life, or bring it about after so many seconds; return its status."""
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)  # not yet waited for, so the number is still its own
    return os.waitpid(child, 0)[1]


def main():
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    orders = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[tuple[Order, Item]])
    for line in sys.stdin:
        deadly, seconds = line.split()
        child = os.fork()
        if not child:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(life(settings, orders, int(deadly), float(seconds)))
            os._exit(0)
        print(outlived(child, float(seconds)), flush=True)


if __name__ == "__main__":
    main()
