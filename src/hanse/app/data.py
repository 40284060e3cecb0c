"""Builds the data plane: flows, sources, serving, pushes and the inbox."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hanse.app.bridges import PushOutcome, RefreshVerifier, SourceInspector
from hanse.app.build import Ground
from hanse.app.changing import new_derived, new_spool
from hanse.app.usage import UsageSide
from hanse.connector.ending import ENDED
from hanse.connector.kit import Changed, Kit
from hanse.connector.transfers import Transfers
from hanse.dataplane.chunks import ChunkLists
from hanse.dataplane.flows import Flows
from hanse.dataplane.inbox import Inbox
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.metering import Meters
from hanse.dataplane.push import Pusher
from hanse.dataplane.records import Halted, PushQueued
from hanse.dataplane.running import Running
from hanse.dataplane.serving import Serving
from hanse.dataplane.spool import KIND
from hanse.dataplane.tokens import Tokens
from hanse.http.bulk import BulkClient
from hanse.http.data import ACCEL_RANGE, DataApp
from hanse.kernel.tenant import Tenant
from hanse.sources.files import FileSources
from hanse.sources.http import HttpSources
from hanse.sources.router import SourceRouter


class DataSide:
    """What the connector needs of the data plane before it exists itself: flows and the look at sources."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        tenants, accel = ground.tenants, ground.settings.accel_prefix
        self.bulk = BulkClient(ground.guard_for)
        files = FileSources(tenants.roots, home=ground.settings.home)
        self.spool = new_spool(ground)
        self.sources = SourceRouter({"file": files, "folder": files, "http": HttpSources(tenants.hosts, self.bulk), KIND: self.spool})
        self.tokens = Tokens(ground.clock)
        self.manifests = Manifests(ground.database, self.sources, self.spool)
        self.derived = new_derived(ground, self.manifests, self.sources, self.spool)
        self.lists = ChunkLists(partial(_chunk_lists, ground.settings.home_path))
        self.running = Running(ground.clock)
        range_size = ACCEL_RANGE if accel else None
        self.flows = Flows(self.tokens, self.sources, ground.sealer, ground.clock, base=ground.own.root, range_size=range_size)
        self.inspector = SourceInspector(self.manifests)

    def folder(self, tenant: Tenant) -> Path:
        """Return where what is pushed to a participant is kept."""
        return self.ground.settings.home_path / "participants" / tenant / "incoming"


def _chunk_lists(home: Path, tenant: Tenant) -> Path:
    """Return where a participant's chunk lists are kept: a folder of its own, which its erasure clears."""
    return home / "participants" / tenant / "chunk-lists"


class DataPlane:
    """What serves and pushes, once the connector is there to be told."""

    def __init__(self, side: DataSide, kit: Kit, transfers: Transfers, usage: UsageSide) -> None:
        ground, permission = side.ground, usage.permission
        door = kit.membership.standing
        meters = Meters(ground.database, permission, side.running)
        verifier = RefreshVerifier(kit, ground.tenants.own, ground.resolver, ground.tenants.restored)
        base = (ground.database, side.tokens, permission, side.manifests, side.sources)
        serving = Serving(*base, verifier, door, meters, side.derived, side.lists)
        inbox = Inbox(ground.database, side.tokens, side.folder, quota=ground.quotas.stored_bytes, door=kit.membership.standing)
        self.side = side
        self.permission = permission
        self.app = DataApp(serving, side.running, inbox, accel=ground.settings.accel_prefix or None)
        self.pusher = Pusher(
            ground.database,
            permission,
            side.manifests,
            side.sources,
            side.bulk,
            ground.sealer,
            ground.clock,
            side.running,
            PushOutcome(transfers),
            door=door,
            meters=meters,
            derived=side.derived,
        )
        ground.database.subscribe(self._on_event)

    async def sweep(self) -> None:
        """Take away derived versions that no agreement in force needs; once, at the start."""
        for tenant in self.side.ground.tenants.names():
            await self.side.derived.sweep(tenant, partial(self._in_force, tenant))

    async def _in_force(self, tenant: Tenant, agreement: str) -> bool:
        contract = await self.side.ground.database.read(lambda tx: tx.contracts.get(tenant, agreement))
        return contract is not None and contract.ended is None

    def _on_event(self, event: object) -> None:
        if isinstance(event, PushQueued):
            self.pusher.on_queued(event)
        elif isinstance(event, Halted):
            self.side.running.on_halted(event)
        elif isinstance(event, Changed) and (event.kind, event.state) == ("contract", ENDED):
            self.side.derived.forget(event.tenant, event.id)
