"""What the management interface tells of the server, and of whoever asks; see `structs`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.connector.views import Counts
from hanse.http.api.space_structs import Membership
from hanse.participants.records import Participant
from hanse.participants.roles import Role


class Holding(Struct, kw_only=True):
    """A credential that the participant holds, in short: its types, whether it is good, and until when.

    `counts` tells whether the joined space takes it; it is absent if that is not known.
    """

    id: str
    types: list[str]
    state: str
    counts: bool | None
    until: datetime | None


class Status(Struct, kw_only=True):
    """The server and, for a participant's operator, how the participant stands. Figures stop at 1,000.

    `credentials` are the first hundred that it holds. `ledger` says what is wrong with its signed log, if anything is, and `custody`
    what a person has to see to of what is kept.
    """

    version: str
    uptime_seconds: float
    database: str
    participant: Participant | None
    counts: Counts | None
    spaces: list[Membership]
    credentials: list[Holding] | None
    ledger: str
    custody: list[str]


class WhoAmI(Struct, kw_only=True):
    """Who the token belongs to; the server's host has no participant."""

    operator: str
    name: str
    role: Role
    participant: Participant | None
