"""What the wallet stores. Every record carries its tenant; times are UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from hanse.identity.credentials.model import Profile
from hanse.kernel.tenant import Did, Tenant

ServiceType = Literal["CredentialService", "IssuerService", "EvidenceService"]
"""The services that letters go to: those of DCP that a DID document names (DCP 1.0, 5.2 and 6.2), and the one for statements."""


class Held(Struct, frozen=True, kw_only=True):
    """A credential that a participant holds about itself. `text` is the JWT; `id` is ours, `credential_id` the issuer's.

    `request` is the request that brought it. `valid_until` is exclusive, absent means for ever. `invalid` is why it
    does not count any more, as it was last seen: its issuer's status list says that it is `revoked` or `suspended`, or its
    issuer's keys do not prove it any more (`unproved`).
    """

    id: str
    tenant: Tenant
    issuer: Did
    types: tuple[str, ...]
    profile: Profile
    text: str
    credential_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    received: datetime
    request: str | None = None
    invalid: str = ""


class RequestState(StrEnum):
    """How far a request of ours is."""

    ASKED = "asked"
    """It is on its way to the issuer."""
    RECEIVED = "received"
    """The issuer has it."""
    ISSUED = "issued"
    REJECTED = "rejected"
    FAILED = "failed"
    """It could not be delivered, the issuer would not take it, or another has taken its place."""


class CredentialRequest(Struct, frozen=True, kw_only=True):
    """A request for credentials at an issuer (DCP 1.0, 6.4). `holder_pid` is its id (`req_…`), `wanted` ids from the issuer's metadata.

    `types` are what those ids stand for: the issuer may deliver these types under this request, and no others. `because`
    says why we asked, for people: `joined`, `offered`, `by hand`. `letter` is the message that asks. `status_url` is the
    Location that the issuer gave. `due` is when the issuer is asked next how far it is (6.8), `polls` how often it was,
    `last_error` why there was no answer. `refusal` is why this wallet did not take what was delivered.

    A request that is ISSUED with a `reason` is so by its issuer's word alone: nothing has arrived.
    """

    holder_pid: str
    tenant: Tenant
    issuer: Did
    wanted: tuple[str, ...]
    types: tuple[str, ...]
    state: RequestState
    because: str
    letter: str = ""
    issuer_pid: str | None = None
    status_url: str = ""
    reason: str = ""
    created: datetime
    updated: datetime
    due: datetime | None = None
    polls: int = 0
    last_error: str = ""
    refusal: str = ""


class Letter(Struct, frozen=True, kw_only=True):
    """A message on its way: to which service of whom, below which path, and for how long it is tried.

    `kind` and `about` tell whoever queued it what came of it. `token` goes along as the token's `token` claim (DCP 1.0, 6.1).
    `attempts` counts those that were begun; `due` is when it is tried next, and lies ahead while it is being tried.
    """

    id: str
    tenant: Tenant
    to: Did
    service: ServiceType
    path: str
    body: bytes
    kind: str
    about: str
    token: str | None = None
    due: datetime
    deadline: datetime
    attempts: int = 0
    last_error: str = ""
