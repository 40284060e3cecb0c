"""What the management interface takes and gives about wallets: credentials held, requests for more, and keys; see `structs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from hanse.http.api.structs import Body, PeerDid, Word
from hanse.identity.keys import KindName
from hanse.identity.rulebook import TypeName
from hanse.kernel.tenant import Did


class HeldCredential(Struct, kw_only=True):
    """A credential that the participant holds about itself.

    `state` is `good`, `expired`, `not yet valid`, or what its issuer last said of it: `revoked` or `suspended` by its status list,
    `unproved` by its keys. `counts` tells whether the joined space takes it, `why` why not; absent if that cannot be told now.
    """

    id: str
    types: list[str]
    issuer: Did
    profile: str
    state: str
    counts: bool | None
    why: str
    received: datetime
    valid_from: datetime | None
    valid_until: datetime | None


class StatusPlace(Struct, kw_only=True):
    """Where it is to be read whether a credential was taken back: the list's address, and the index in it."""

    purpose: str
    list: str
    index: int


class OpenedCredential(HeldCredential, kw_only=True):
    """A credential with what it says. `credential_id` is the name that its issuer gave it, `request` is ours that brought it.

    `claims` are about the participant; `schemas` are the addresses of the JSON schemas that they follow.
    """

    credential_id: str | None
    request: str | None
    claims: list[dict[str, Any]]
    statuses: list[StatusPlace]
    schemas: list[str]


class AskCredentials(Body, kw_only=True):
    """Which credentials to ask for, and whom.

    Without an issuer the anchor of the joined space is asked (`space`: its address or its name, if there are several); without types
    for what the participant's standing there entitles it to, and another issuer for one of each type that it makes.
    """

    space: Annotated[str, Meta(max_length=2000)] = ""
    issuer: PeerDid | None = None
    types: Annotated[list[TypeName], Meta(min_length=1, max_length=64)] | None = None


class CredentialRequest(Struct, kw_only=True):
    """A request at an issuer. `state` is `asked`, `received`, `issued`, `rejected` or `failed`; `reason` is why it was not answered.

    `waits_for` and `who` say what is missing and who must act; they and what follows are told of single requests alone.
    """

    id: str
    issuer: Did
    types: list[str]
    state: str
    because: str
    reason: str
    issuer_pid: str | None
    created: datetime
    updated: datetime
    waits_for: str = ""
    who: str = ""
    until: datetime | None = None
    last_error: str = ""
    next_attempt: datetime | None = None


class Key(Struct, kw_only=True):
    """A key of the participant, without its secret.

    `state` is `active` (it signs), `retired` (it only verifies what it signed) or `compromised` (what it signed since that moment is
    refused). `until` is when it leaves the DID document.
    """

    kid: str
    kind: KindName
    state: str
    created: datetime
    until: datetime | None
    compromised: datetime | None


class RotateKey(Body, kw_only=True):
    """The kind of the new key (absent: that of the last one)."""

    kind: KindName | None = None


class CompromiseKey(Body, kw_only=True):
    """A key that somebody else may have had since that moment."""

    kid: Word
    since: Annotated[datetime, Meta(tz=True)]


class ReleaseKey(Body, kw_only=True):
    """A key that is to leave the DID document. With `anyway` also if credentials depend on it, which then count no more."""

    kid: Word
    anyway: bool = False


class CompromisedKey(Struct, kw_only=True):
    """A key as it is now, the one that signs instead, and, for an anchor, how many offers of new credentials were made.

    `depending` are the credentials that it signed, that are live, and that have no successor yet.
    """

    compromised: Key
    active: Key
    offered: int
    depending: int


class SealedHeader(Body, kw_only=True):
    """The header of a file that was encrypted to the participant, in base64url without padding (see the format's description)."""

    header: Annotated[str, Meta(min_length=1, max_length=24_000)]


class FileKey(Struct, kw_only=True):
    """What that one file can be opened with: its content key (AES-256), in base64url without padding."""

    key: str
