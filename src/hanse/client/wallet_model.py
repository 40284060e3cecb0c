"""What the management API answers about wallets. See `model`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Holding(Struct, kw_only=True):
    """A credential that is held, in short; see `HeldCredential`."""

    id: str
    types: list[str] = []
    state: str
    counts: bool | None = None
    until: datetime | None = None


class HeldCredential(Struct, kw_only=True):
    """A credential that the participant holds about itself.

    `state` is `good`, `expired`, `not yet valid`, `revoked` or `suspended`. `counts` tells whether the joined space takes it, `why` why
    not; absent where that cannot be told now.
    """

    id: str
    types: list[str] = []
    issuer: str
    profile: str = ""
    state: str
    counts: bool | None = None
    why: str = ""
    received: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class StatusPlace(Struct, kw_only=True):
    """Where it is to be read whether a credential was taken back: the list's address, and the index in it."""

    purpose: str
    list: str
    index: int


class OpenedCredential(HeldCredential, kw_only=True):
    """A credential with what it says."""

    credential_id: str | None = None
    request: str | None = None
    claims: list[dict[str, Any]] = []
    statuses: list[StatusPlace] = []
    schemas: list[str] = []


class CredentialRequest(Struct, kw_only=True):
    """A request at an issuer. `state` is `asked`, `received`, `issued`, `rejected` or `failed`."""

    id: str
    issuer: str
    types: list[str] = []
    state: str
    because: str = ""
    reason: str = ""
    issuer_pid: str | None = None
    created: datetime
    updated: datetime
    waits_for: str = ""
    who: str = ""
    until: datetime | None = None
    last_error: str = ""
    next_attempt: datetime | None = None

    @property
    def open(self) -> bool:
        """Tell whether it is not answered yet."""
        return self.state in ("asked", "received")


class Key(Struct, kw_only=True):
    """A key of the participant. `state` is `active`, `retired` or `compromised`; `until` is when it leaves the DID document."""

    kid: str
    kind: str
    state: str
    created: datetime
    until: datetime | None = None
    compromised: datetime | None = None


class CompromisedKey(Struct, kw_only=True):
    """A compromised key, the one that signs instead, and how many offers of new credentials were made.

    `depending` are the credentials that it signed, that are live, and that have no successor yet.
    """

    compromised: Key
    active: Key
    offered: int = 0
    depending: int = 0


class FileKey(Struct, frozen=True, kw_only=True):
    """What one encrypted file can be opened with, in base64url."""

    key: str
