"""What the client gives of the facility. Sizes are in bytes."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class StoredOrigin(Struct, frozen=True, kw_only=True):
    """Where data comes from, as far as that is known."""

    places: tuple[str, ...] = ()
    collection: str | None = None
    rights: str | None = None
    personal: bool | None = None
    source: str | None = None


class StoredSource(Struct, frozen=True, kw_only=True):
    """A version that another was made of, with the contracts under which it stood."""

    version: str
    root: str
    contracts: tuple[str, ...] = ()


class StoredVersion(Struct, frozen=True, kw_only=True):
    """A version of a dataset that is, or was, stored. `kept` says why it must not be deleted, `receipt` names its deletion's statement.

    A derived version was `made_of` others, and stands under all of their `contracts`. Title, languages, licence, keywords and theme are
    as its provider described it.
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
    contracts: tuple[str, ...] = ()
    made_of: tuple[StoredSource, ...] = ()
    title: str = ""
    languages: tuple[str, ...] = ()
    licence: str | None = None
    keywords: tuple[str, ...] = ()
    theme: str | None = None


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file of a version."""

    path: str
    size: int
    sha256: str
    media_type: str = ""


class StoredPart(Struct, frozen=True, kw_only=True):
    """A part of a file."""

    data: bytes


class FacilityUsage(Struct, frozen=True, kw_only=True):
    """What the stored data takes; `content` is the size of all versions, what they share counted each time."""

    versions: int
    content: int
    hot: int
    cold: int
    staged: int
    quota: int


class FacilityFault(Struct, frozen=True, kw_only=True):
    """What is not as it was stored, and where."""

    version: str
    problem: str
    path: str | None = None
    offset: int | None = None
    pack: str | None = None


class FacilityVerdict(Struct, frozen=True, kw_only=True):
    """What a verification found."""

    sound: bool
    versions: int
    files: int
    size: int
    count: int
    faults: list[FacilityFault]


class FacilityTidied(Struct, frozen=True, kw_only=True):
    """What tidying up took away."""

    freed: int
    objects: int
    intakes: int
    unknown: list[str]


class FacilityProblem(Struct, frozen=True, kw_only=True):
    """Why a job came to nothing."""

    rule: str
    message: str
    where: str | None = None
    hint: str | None = None


class FacilityJob(Struct, frozen=True, kw_only=True):
    """Work under way: `done` bytes of `size`; when it is `over` there is what came of it."""

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
