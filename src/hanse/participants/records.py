"""What the participants service stores, hands out and tells. Times are UTC; every record carries its tenant."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant
from hanse.participants.roles import Role


class Quota(Struct, frozen=True):
    """How much of the server one participant may use.

    `assets` on offer, `open_processes` (negotiations and transfers that are not final), `stored_bytes` of fetched data,
    and `requests_per_second` from all peers together with bursts of `burst`.
    """

    assets: int = 100_000
    open_processes: int = 10_000
    stored_bytes: int = 1 << 40
    requests_per_second: int = 2_000
    burst: int = 4_000


class SpaceLink(Struct, frozen=True):
    """A space that a participant has joined: its address, and the DID of its anchor, pinned when it joined."""

    url: str
    anchor: Did
    joined: datetime


class Participant(Struct, frozen=True, kw_only=True):
    """One participant hosted here. `did` is fixed when it is made and never given to anyone else.

    `allowed_roots` are the folders and `allowed_hosts` the `host` or `host:port` that its offers may take bytes from;
    only the server's host sets them. While `suspended` is set it answers no peer and its operators can only read.
    `spaces` are those that it has joined, by one address once, in the order in which it did.
    """

    name: Tenant
    did: Did
    title: str
    created: datetime
    allowed_roots: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    quota: Quota = Quota()
    spaces: tuple[SpaceLink, ...] = ()
    suspended: datetime | None = None

    def link(self, url: str) -> SpaceLink | None:
        """Return the link to the space at this address, or nothing if it has not been joined."""
        return next((one for one in self.spaces if one.url == url), None)


class _Written(Participant, frozen=True, kw_only=True):
    """A participant as it was written down while it could be in one space only."""

    space: SpaceLink | None = None


_written = msgspec.json.Decoder(_Written).decode


def read_participant(doc: bytes) -> Participant:
    """Read a stored participant, of whichever version of this program."""
    found = _written(doc)
    said = {name: getattr(found, name) for name in Participant.__struct_fields__}
    if found.space is not None and not found.spaces:
        said["spaces"] = (found.space,)
    return Participant(**said)


class Operator(Struct, frozen=True, kw_only=True):
    """A person or program that acts for a participant, or for the whole server if `tenant` is absent.

    Only the SHA-256 of its token is kept (64 hexadecimal digits).
    """

    id: str
    tenant: Tenant | None
    name: str
    role: Role
    token_hash: str
    created: datetime
    expires: datetime | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """What the erasure of a participant removed: how many records of each kind, and when."""

    name: Tenant
    did: Did
    erased: datetime
    counts: dict[str, int]


class Tombstone(Struct, frozen=True, kw_only=True):
    """All that stays of an erased participant, so that its name and its DID are never given to another."""

    name: Tenant
    did: Did
    receipt: Receipt


class Issued(Struct, frozen=True):
    """An operator with its token. The token is shown this once and kept nowhere."""

    operator: Operator
    token: str


class Created(Struct, frozen=True):
    """A new participant with its first administrator."""

    participant: Participant
    administrator: Issued


class ParticipantChanged(Struct, frozen=True):
    """Event: a participant was made or edited; forget what you remember of it."""

    tenant: Tenant


class ParticipantErased(Struct, frozen=True):
    """Event: a participant is gone; cut what runs for it and remove its files."""

    tenant: Tenant
    did: Did
