"""What the management interface takes and gives about openings and leases of stored versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

_Stated = Annotated[dict[str, Annotated[str, Meta(max_length=2048)]], Meta(max_length=16)]


class NewOpening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stored version to be opened: `name@number`, or `name` for the newest; for an action, and what is stated of the use."""

    version: Annotated[str, Meta(min_length=1, max_length=120)]
    action: Annotated[str, Meta(min_length=1, max_length=2048)] = "use"
    stated: _Stated = {}


class OpenedVersion(Struct, frozen=True, kw_only=True):
    """An opening that was permitted: the use that was counted (empty: one's own data), and where and with which key to read.

    A derived version stands under the `contracts` of all its inputs, with one of the `uses` for each; `use` is the first of them.
    `hot` and `cold` are folders or addresses of buckets, `manifest` the object's name in them, `key` its key (32 bytes, base64url):
    a secret that opens this one version.
    """

    version: str
    root: str
    size: int
    files: int
    use: str
    hot: str
    cold: str
    manifest: str
    key: str
    contract: str | None = None
    contracts: list[str] = []
    uses: list[str] = []

    def __repr__(self) -> str:
        return f"OpenedVersion({self.version!r})"


class NewLease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version to be lent to the node with that public key (JWK, P-256): for how long, how often, for which action and what use."""

    version: Annotated[str, Meta(min_length=1, max_length=120)]
    node: Annotated[dict[str, Annotated[str, Meta(max_length=1024)]], Meta(max_length=16)]
    hours: Annotated[float, Meta(gt=0, le=744)] = 24.0
    openings: Annotated[int, Meta(ge=1, le=1_000)] = 1
    action: Annotated[str, Meta(min_length=1, max_length=2048)] = "use"
    stated: _Stated = {}


class Lease(Struct, frozen=True, kw_only=True):
    """A version lent to a node. `holder` is the thumbprint of its key (RFC 7638); `state` is `lent`, `overdue` or `returned`."""

    id: str
    version: str
    state: str
    holder: str
    action: str
    openings: int
    granted: datetime
    until: datetime
    contract: str | None = None
    contracts: list[str] = []
    used: int | None = None
    gaps: list[str] = []
    returned: datetime | None = None


class GivenLease(Struct, frozen=True, kw_only=True):
    """A new lease, and its file: JSON for the node, which holds the version's key sealed to the node's."""

    lease: Lease
    file: str


class LeaseLog(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log of use that a node has kept, as it is."""

    log: Annotated[str, Meta(max_length=64 << 20)]
