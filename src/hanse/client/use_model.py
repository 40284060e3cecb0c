"""What uses and facts look like to a client."""

from __future__ import annotations

from datetime import datetime

from msgspec import field

from hanse.client.model import Record


class Use(Record, kw_only=True):
    """A use: a transfer, or an opening of stored data; `counts` tells whether it is one of those that its contract counts."""

    id: str
    contract: str
    role: str
    peer: str
    kind: str
    action: str
    stated: dict[str, str] = field(default_factory=dict)
    reserved: datetime
    began: datetime | None = None
    ended: datetime | None = None
    counts: bool
    size: int = 0
    seconds: int = 0
    reason: str = ""


class UseDecision(Record, kw_only=True):
    """Whether one more use would be permitted now, in sentences, and until when that is so."""

    permitted: bool
    sentences: list[str]
    valid_until: datetime | None = None


class Fact(Record, kw_only=True):
    """A fact that was told."""

    name: str
    about: str
    values: list[str]
    source: str
    observed: datetime
    expires: datetime | None = None
