"""A data plane behind a real server on loopback, in a thread of this process."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from hanse.dataplane.chunks import ChunkLists
from hanse.dataplane.derived import Derived
from hanse.dataplane.flows import Flows
from hanse.dataplane.inbox import Inbox
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.records import Halted, Permit, Place
from hanse.dataplane.running import Running
from hanse.dataplane.serving import Serving
from hanse.dataplane.spool import KIND, Spool
from hanse.dataplane.tokens import Tokens
from hanse.dataplane.transforms.sealing import Recipient
from hanse.dsp.messages import DataAddress
from hanse.http.data import DataApp
from hanse.http.transport import DataProtocol
from hanse.kernel.clock import SystemClock
from hanse.kernel.tenant import Tenant
from hanse.sources.files import FileSources
from hanse.sources.router import SourceRouter
from tests.unit.dataplane.world import ACME, Backwards, Memory, Permissions, Proofs, grant


def key_of(tenant: Tenant, agreement: str) -> bytes:
    """Return a key that differs between agreements, as the installation's own do."""
    return hashlib.sha256(f"{tenant} {agreement}".encode()).digest()


class Plane:
    """The services of one data plane, and the server's loop to call them on."""

    def __init__(self, root: Path, port: int, **options: Any) -> None:
        clock = SystemClock()
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.memory = Memory()
        self.permissions = Permissions()
        self.running = Running(clock)
        self.tokens = Tokens(clock)
        files = FileSources(lambda tenant: [str(root / tenant)])
        self.spool = Spool(lambda tenant: root / options.get("spool", "spool") / tenant, lambda tenant: options.get("room", 1 << 30))
        self.sources = SourceRouter({"file": files, "folder": files, KIND: self.spool})
        self.manifests = Manifests(self.memory, self.sources, self.spool)
        self.recipients: dict[str, Recipient] = {}
        self.derived = Derived(self.manifests, self.sources, self.spool, key_of, self._recipient, patience=options.get("patience", 5.0))
        self.flows = Flows(self.tokens, self.sources, Backwards(), clock, base=self.base, range_size=options.get("range_size"))
        self.lists = ChunkLists(lambda tenant: root / "lists" / tenant, patience=options.get("patience", 5.0))
        serving = Serving(
            self.memory, self.tokens, self.permissions, self.manifests, self.sources, Proofs(), derived=self.derived, lists=self.lists
        )
        self.inbox = Inbox(self.memory, self.tokens, lambda tenant: root / "in" / tenant, quota=lambda _: 1 << 20)
        self.app = DataApp(serving, self.running, self.inbox, accel=options.get("accel"))
        self.memory.subscribers.append(lambda event: self.running.on_halted(event) if isinstance(event, Halted) else None)
        self.loop: asyncio.AbstractEventLoop | None = None

    async def _recipient(self, tenant: Tenant, did: str) -> Recipient | None:
        return self.recipients.get(did)

    def call(self, work: Callable[[], Any]) -> Any:
        """Run `work` on the server's loop."""

        async def run() -> Any:
            return work()

        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def start(self, place: Place, transfer: str = "trf_1", tenant: Tenant = ACME, **permit: Any) -> DataAddress:
        """Start a pull and return its address."""
        self.permissions.permits[tenant, transfer] = Permit("ds_" + transfer, place, **permit)
        return self.call(lambda: self.memory.now(lambda tx: self.flows.start_pull(tx, grant(transfer, tenant))))

    def halt(self, transfer: str = "trf_1", tenant: Tenant = ACME) -> None:
        """End a transfer."""
        self.permissions.permits.pop((tenant, transfer), None)
        self.call(lambda: self.memory.now(lambda tx: self.flows.halt(tx, tenant, transfer)))


@contextmanager
def serving(root: Path, loop: str = "uvloop", **options: Any) -> Iterator[Plane]:
    """Serve the folders `root/TENANT`."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    plane = Plane(root, listener.getsockname()[1], **options)
    config = uvicorn.Config(plane.app, http=DataProtocol, loop=loop, lifespan="off", log_level="error", access_log=False)
    server = uvicorn.Server(config)

    async def run() -> None:
        plane.loop = asyncio.get_running_loop()
        await server.serve(sockets=[listener])

    def main() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        yield plane
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
