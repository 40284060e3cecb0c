"""What the server processes on one database tell each other: what one has changed, the others must not go on believing.

A broadcast carries names, never data: whoever hears it reads the database.
"""

from __future__ import annotations

from hanse.anchor.records import MembersChanged, RulebookPublished, StatusChanged
from hanse.app.bridges import HALTED
from hanse.app.data import DataSide
from hanse.app.tenants import TOPIC, changed
from hanse.app.trust import TrustSide
from hanse.connector.kit import Changed
from hanse.connector.watch import Watch
from hanse.dataplane.records import Halted
from hanse.kernel.tenant import Tenant
from hanse.trust.watch import StandingWatch
from hanse.wallet.ports import KeysChanged

MEMBERS = "members"
"""The broadcast that a space's list has changed; its payload is the space's address."""

STATUS = "status"
"""The broadcast that a space's status lists or rulebook have changed; its payload is the space's address."""

CHANGED = "changed"
"""The broadcast that a negotiation or transfer has changed; its payload is `TENANT ID`."""


def told_of(event: object) -> tuple[str, str] | None:
    """Return the broadcast (topic, payload) by which the other processes hear of an event, if they have to."""
    if isinstance(event, Changed):
        return CHANGED, f"{event.tenant} {event.id}"
    if isinstance(event, MembersChanged):
        return MEMBERS, event.url
    if isinstance(event, StatusChanged | RulebookPublished):
        return STATUS, event.url
    if isinstance(event, KeysChanged):
        return TOPIC, event.tenant
    tenant = changed(event)
    return None if tenant is None else (TOPIC, tenant)


class Neighbours:
    """Takes what other processes tell, except for participants, which the server itself reads anew."""

    def __init__(self, data: DataSide, trust: TrustSide, standing: StandingWatch, watch: Watch) -> None:
        self._data = data
        self._trust = trust
        self._standing = standing
        self._watch = watch

    def hear(self, topic: str, payload: str) -> None:
        """Act on one broadcast; it may be this process's own."""
        name, _, id = payload.partition(" ")
        if topic == HALTED:
            self._data.running.on_halted(Halted(Tenant(name), id))
        elif topic == CHANGED:
            self._watch.touched(Tenant(name), id)
        elif topic == MEMBERS:
            self._trust.directory.forget(payload)
        elif topic == STATUS:
            self._trust.changed(payload)
            self._standing.wake()

    def missed(self) -> None:
        """Act as if everything had been told: halts above all, because data must not flow on."""
        self._data.running.cut_all()
        self._watch.touch_all()
