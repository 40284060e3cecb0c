"""What the server processes on one database tell each other: what one has changed, the others must not go on believing.

A broadcast carries names, never data: whoever hears it reads the database.
"""

from __future__ import annotations

from hanse.anchor.records import MembersChanged
from hanse.app.bridges import HALTED
from hanse.app.data import DataSide
from hanse.app.management import Management
from hanse.app.tenants import TOPIC, changed
from hanse.connector.kit import Changed
from hanse.connector.watch import Watch
from hanse.dataplane.records import Halted
from hanse.kernel.tenant import Tenant

MEMBERS = "members"
"""The broadcast that a space's list has changed; its payload is the space's address."""

CHANGED = "changed"
"""The broadcast that a negotiation or transfer has changed; its payload is `TENANT ID`."""


def told_of(event: object) -> tuple[str, str] | None:
    """Return the broadcast (topic, payload) by which the other processes hear of an event, if they have to."""
    if isinstance(event, Changed):
        return CHANGED, f"{event.tenant} {event.id}"
    if isinstance(event, MembersChanged):
        return MEMBERS, event.url
    tenant = changed(event)
    return None if tenant is None else (TOPIC, tenant)


class Neighbours:
    """Takes what other processes tell, except for participants, which the server itself reads anew."""

    def __init__(self, data: DataSide, management: Management, watch: Watch) -> None:
        self._data = data
        self._management = management
        self._watch = watch

    def hear(self, topic: str, payload: str) -> None:
        """Act on one broadcast; it may be this process's own."""
        name, _, id = payload.partition(" ")
        if topic == HALTED:
            self._data.running.on_halted(Halted(Tenant(name), id))
        elif topic == CHANGED:
            self._watch.touched(Tenant(name), id)
        elif topic == MEMBERS:
            self._management.directory.forget(payload)

    def missed(self) -> None:
        """Act as if everything had been told: halts above all, because data must not flow on."""
        self._data.running.cut_all()
        self._watch.touch_all()
