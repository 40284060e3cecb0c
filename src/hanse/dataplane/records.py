"""What the data plane knows and stores. Every record carries its tenant; times are UTC, sizes are bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.changes import Step
from hanse.odrl.reservations.model import Reservation

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in all or `None` while unknown)."""


STORED: Final = "stored"
"""The kind of a place that is a folder in the participant's store of dataset versions."""
STORED_FILE: Final = "stored-file"
"""The kind of a place that is one file there."""
_FOLDERS: Final = frozenset({"folder", STORED})


class Place(Struct, frozen=True):
    """Where an asset's bytes are: its `kind`, such as `file`, `folder` or `http`, and `at`: an absolute path, an address, or a name."""

    kind: str
    at: str


class Stamp(Struct, frozen=True, array_like=True):
    """What tells without reading whether content may have changed: the size, and a mark.

    The mark of a file is its inode and modification time in nanoseconds; of an address its validators. `size` is -1
    and `mark` empty where the source does not say.
    """

    size: int
    mark: str

    def agrees(self, other: Stamp) -> bool:
        """Tell whether both may stand for the same content; an unknown size agrees with any."""
        return self.mark == other.mark and (self.size == other.size or -1 in (self.size, other.size))


class Found(Struct, frozen=True, array_like=True):
    """One file of a source: its path inside (with `/`, never absolute) and its stamp."""

    path: str
    stamp: Stamp


class Entry(Struct, frozen=True, array_like=True):
    """One file of a manifest, with both digests (32 bytes each)."""

    path: str
    stamp: Stamp
    sha256: bytes
    blake3: bytes
    media_type: str

    @property
    def size(self) -> int:
        """Return the size in bytes."""
        return self.stamp.size

    @property
    def etag(self) -> str:
        """Return the strong entity tag: the content's own digest (RFC 9110, 8.8.3)."""
        return f'"b3-{self.blake3.hex()}"'


class Manifest(Struct, frozen=True):
    """The files of a source at one moment, in the bytewise order of their paths.

    `id` is a digest over paths, sizes and contents: it changes exactly when one of these does. `fingerprint` is a
    digest over paths and stamps: it tells without reading whether the manifest may be out of date.
    """

    id: str
    kind: str
    fingerprint: str
    files: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Return the bytes of all files together."""
        return sum(entry.size for entry in self.files)

    @property
    def single(self) -> bool:
        """Tell whether this is one file, not a folder."""
        return self.kind not in _FOLDERS

    @property
    def etag(self) -> str:
        """Return the entity tag of the whole: of the file, or of the tar."""
        return self.files[0].etag if self.single else f'"m-{self.id}"'


class Facts(Struct, frozen=True, kw_only=True):
    """What could be found out about a source, for the description of an asset. Nothing here is invented.

    The digests (hexadecimal) are there for single files only. `licence`, `language` and `description` come from files
    that lie beside the data or in the folder (`LICENSE`, `README`), and are absent where there is none.
    """

    manifest: Manifest
    size: int
    files: int
    media_type: str
    sha256: str | None = None
    blake3: str | None = None
    title: str | None = None
    description: str | None = None
    licence: str | None = None
    language: str | None = None
    reservations: tuple[Reservation, ...] = ()


class Permit(Struct, frozen=True):
    """The answer of the usage decision: which asset's bytes, from where, until when without asking again, to whom, by which agreement.

    `volume` and `time` tell whether the terms count bytes or time: then they are reserved before they are released. `begun` tells
    whether the use has begun already. With a `chain`, only a derived version may be released, see `derived`.
    """

    asset: str
    place: Place
    valid_until: datetime | None = None
    consumer: Did = Did("")
    agreement: str = ""
    volume: bool = False
    time: bool = False
    begun: bool = True
    chain: tuple[Step, ...] = ()


class Purpose(StrEnum):
    """What an access token opens."""

    PULL = "pull"
    SINK = "sink"


class Grant(Struct, frozen=True, kw_only=True):
    """To whom data is given: one transfer under one agreement to one consumer. For a sink, `peer` is the provider."""

    tenant: Tenant
    transfer: str
    agreement: str
    peer: Did
    purpose: Purpose = Purpose.PULL


class Access(Struct, frozen=True, kw_only=True):
    """An access token and the refresh token issued with it, both as SHA-256 in hexadecimal, never themselves.

    `generation` counts refreshes. `used` is set at the first request; from then on refresh tokens of earlier
    generations are spent (`refresh` is empty).
    """

    hash: str
    grant: Grant
    expires: datetime
    refresh: str = ""
    generation: int = 0
    used: bool = False


class Issued(Struct, frozen=True):
    """Fresh tokens, on their way to the consumer; nothing else in the system holds them. `lifetime` is in seconds."""

    access_token: str
    refresh_token: str
    lifetime: int


class Push(Struct, kw_only=True):
    """A push under way, from the provider. `sink` is the sealed data address of the consumer.

    `done` counts the files that arrived, in the order of the manifest `manifest`; another manifest starts again.
    """

    grant: Grant
    sink: bytes
    created: datetime
    deadline: datetime
    manifest: str = ""
    done: int = 0
    attempts: int = 0
    last_error: str = ""


class Halted(Struct, frozen=True):
    """Event: the transfer may not flow any more; whatever runs for it is to be cut at once."""

    tenant: Tenant
    transfer: str


class PushQueued(Struct, frozen=True):
    """Event: a push waits to be run."""

    tenant: Tenant
    transfer: str
