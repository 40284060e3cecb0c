"""The parts that every use case of the connector works with, and the events that it tells others about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from hanse.connector.deciding import Usage
from hanse.connector.outbox import Outbox
from hanse.connector.ports import AnyRoom, Database, DataPlane, Limits, Membership, Peers, Room, Sealer, Wire
from hanse.kernel.clock import Clock
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant


@dataclass(frozen=True)
class Kit:
    """What `app.py` builds once and hands to negotiations, transfers, offers and the catalogue."""

    database: Database
    outbox: Outbox
    peers: Peers
    membership: Membership
    dataplane: DataPlane
    usage: Usage
    sealer: Sealer
    wire: Wire
    clock: Clock
    ids: Ids
    own: OwnAddresses
    limits: Limits = field(default_factory=Limits)
    room: Room = field(default_factory=AnyRoom)


class OwnAddresses(Struct, frozen=True):
    """Where this server's participants are reached: `root` is e.g. `http://localhost:8400`."""

    root: str
    dsp_path: str

    def base(self, tenant: Tenant) -> str:
        """Return a participant's DSP base, which is also its callbackAddress (no trailing slash)."""
        return f"{self.root}/participants/{tenant}{self.dsp_path}"


class Sender(Struct, frozen=True):
    """Who sent a message to which participant, proved by its token: `jti` and `expires` let the transaction record its use.

    `token` is what came along in it: with that the sender's credentials can be asked for.
    """

    tenant: Tenant
    did: Did
    jti: str
    expires: datetime
    token: str | None = None


class Changed(Struct, frozen=True):
    """A negotiation or transfer entered `state` by `step`; `ours` tells whether we took the step."""

    kind: str
    tenant: Tenant
    id: str
    step: str
    state: str
    ours: bool


class TimeSet(Struct, frozen=True):
    """Time may end an agreement that was just made: whoever keeps the time looks again."""

    tenant: Tenant
    contract: str
