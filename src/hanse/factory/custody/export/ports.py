"""What an export needs from outside. `app/factory/archive.py` fills these; tests hand in second implementations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.archive.format import KnownDid, WitnessRecord
from hanse.evidence.archive.pack import Agreed, Shown, Written
from hanse.evidence.dsse import Sign
from hanse.kernel.tenant import Did, Tenant


class Pen(Struct, frozen=True):
    """What the exporter signs the manifest with: its DID, the key's name, and what makes a signature. Holds the private key."""

    did: Did
    kid: str
    sign: Sign

    def __repr__(self) -> str:
        return f"Pen({self.kid!r})"


class Logged(Struct, frozen=True, kw_only=True):
    """An entry of the log: its envelope as JSON, who signed it with which key, and what became of it where it went to a peer.

    `sent` is `waiting`, `acknowledged`, `refused` or `one-sided`, empty for what went to nobody; `receipt` is the peer's, if there is one.
    """

    index: int
    signer: Did
    at: datetime
    raw: bytes
    key: Mapping[str, str]
    sent: str = ""
    reason: str = ""
    receipt: bytes = b""


class Proved(Struct, frozen=True):
    """Proofs of entries by index, as hashes from the leaf up: under the checkpoint, and under the one that witnesses cosigned."""

    checkpoint: str
    proofs: Mapping[int, Sequence[bytes]]
    witnessed: str | None = None
    seen: Mapping[int, Sequence[bytes]] = {}
    witnesses: tuple[WitnessRecord, ...] = ()


class Agreements(Protocol):
    """Agreements as they were made (the connector)."""

    async def get(self, tenant: Tenant, id: str) -> Agreed | None:
        """Return an agreement, ended or not; nothing if there is none of that id."""
        ...


class Statements(Protocol):
    """The log (the ledger)."""

    def about(self, tenant: Tenant, agreement: str) -> AsyncIterator[Logged]:
        """Yield the entries about an agreement, newest first; with an empty one, those that are about none."""
        ...

    async def prove(self, tenant: Tenant, indexes: Sequence[int]) -> Proved:
        """Return the proofs of these entries, all under one checkpoint. Raises `NotFound`."""
        ...


class Identities(Protocol):
    """Keys and DID documents."""

    async def pen(self, tenant: Tenant) -> Pen:
        """Return what the participant signs with now."""
        ...

    async def own_keys(self, tenant: Tenant) -> Mapping[str, Mapping[str, str]]:
        """Return the public JWKs of all keys that the participant ever had, by name."""
        ...

    async def document(self, tenant: Tenant, did: str) -> KnownDid:
        """Return a party with its DID document as it is now; without one, if it cannot be had."""
        ...


class Credentials(Protocol):
    """What parties have proved about themselves (the wallet, and what peers presented)."""

    async def of(self, tenant: Tenant, holder: str) -> Sequence[Shown]:
        """Return the credentials that are kept of a party, the participant's own among them, with their status as far as it can be had."""
        ...


class Versions(Protocol):
    """Versions of datasets (the facility)."""

    async def get(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version by `name@number`, deleted or not; nothing if there never was one."""
        ...

    async def under(self, tenant: Tenant, agreement: str) -> Sequence[DatasetVersion]:
        """Return the versions that came under an agreement."""
        ...

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile] | None:
        """Return the files of a version; nothing if their list is gone."""
        ...


class Documents(Protocol):
    """Documents that were made of versions and models: `croissant` and others, reports (`quality`), and steps (`pipeline`)."""

    async def of(self, tenant: Tenant, subject: str) -> Sequence[Written]:
        """Return the documents of a version or a model by its name."""
        ...
