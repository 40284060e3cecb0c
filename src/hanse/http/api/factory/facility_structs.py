"""What the management interface takes and gives about the facility. Sizes are in bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Address, Body, Line, Reason

VersionId = Annotated[str, Meta(max_length=120, pattern=r"^[a-z0-9._-]{1,100}@[0-9]{1,9}$", description="`name@number`")]


class NewImport(Body, kw_only=True):
    """Data of one's own: a folder of the server's machine below the participant's allowed roots, and what it is called.

    `places` are codes of countries (or `EU`), `collection` how it was collected, `rights` its licence or the ground on which it is used.
    """

    folder: Address
    name: Line
    places: Annotated[list[Line], Meta(max_length=60)] = field(default_factory=list)
    collection: Line | None = None
    rights: Address | None = None
    personal: bool | None = None


class NewVerification(Body, kw_only=True):
    """Which versions to verify; none means all."""

    versions: Annotated[list[VersionId], Meta(max_length=1_000)] = field(default_factory=list)


class NewTier(Body, kw_only=True):
    """Where a version is to be: `hot` or `cold`."""

    tier: Annotated[str, Meta(pattern="^(hot|cold)$")]


class VersionRemoval(Body, kw_only=True):
    """Why a version is deleted; it goes into the log of the server's operators, not into the receipt."""

    reason: Reason = ""


class StoredOrigin(Struct, kw_only=True):
    """Where data comes from, as far as that is known."""

    places: list[str]
    collection: str | None
    rights: str | None
    personal: bool | None
    source: str | None


class StoredSource(Struct, kw_only=True):
    """A version that another was made of, with the contracts under which it stood."""

    version: str
    root: str
    contracts: list[str]


class StoredVersion(Struct, kw_only=True):
    """A version of a dataset that is, or was, stored.

    A derived version came under no contract: it was `made_of` others, and stands under all of their `contracts`.

    `root` is the Merkle root over its files, `sums` whose checksums they were verified against: `provider`, or only `measured` here.
    `kept` says why it must not be deleted, `receipt` names the statement of its deletion; both only where one version is asked for.
    Title, languages (BCP 47), licence (its SPDX id, where it has one), keywords and theme are as the provider described the dataset.
    """

    id: str
    name: str
    number: int
    root: str
    files: int
    size: int
    stored: datetime
    tier: str
    sums: str
    origin: StoredOrigin
    contract: str | None = None
    provider: str | None = None
    dataset: str | None = None
    order: str | None = None
    space: str | None = None
    deleted: datetime | None = None
    receipt: str | None = None
    kept: str | None = None
    contracts: list[str] = []
    made_of: list[StoredSource] = []
    title: str = ""
    languages: list[str] = []
    licence: str | None = None
    keywords: list[str] = []
    theme: str | None = None


class StoredFile(Struct, kw_only=True):
    """A file of a version."""

    path: str
    size: int
    sha256: str
    media_type: str


class StoredPart(Struct, kw_only=True):
    """A part of a file: its bytes in Base64."""

    data: bytes


class FacilityUsage(Struct, kw_only=True):
    """What the stored data takes: bytes in the hot and in the cold place, of these those of intakes under way, and the quota.

    `content` is the size of all versions together; what they share is stored once.
    """

    versions: int
    content: int
    hot: int
    cold: int
    staged: int
    quota: int


class FacilityFault(Struct, kw_only=True):
    """What is not as it was stored: in which version, in which file, from which byte of it on, in which pack."""

    version: str
    problem: str
    path: str | None
    offset: int | None
    pack: str | None


class FacilityVerdict(Struct, kw_only=True):
    """What a verification found; at most 1,000 of `count` faults are named."""

    sound: bool
    versions: int
    files: int
    size: int
    count: int
    faults: list[FacilityFault]


class FacilityTidied(Struct, kw_only=True):
    """What tidying up took away: bytes, objects and intakes that nobody goes on with; `unknown` objects were left."""

    freed: int
    objects: int
    intakes: int
    unknown: list[str]


class FacilityProblem(Struct, kw_only=True):
    """Why a job came to nothing."""

    rule: str
    message: str
    where: str | None
    hint: str | None


class FacilityJob(Struct, kw_only=True):
    """Work under way: `done` bytes of `size`. When it is `over` there is what came of it, or a problem."""

    id: str
    what: str
    began: datetime
    done: int
    size: int
    over: bool
    version: StoredVersion | None = None
    verdict: FacilityVerdict | None = None
    tidied: FacilityTidied | None = None
    problem: FacilityProblem | None = None
