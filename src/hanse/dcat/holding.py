"""What is held of a dataset: a version, immutable, named by its content. The language in which the rooms of a factory speak of data."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.dcat.model import Dataset
from hanse.kernel.tenant import Did, Tenant


class HeldFile(Struct, frozen=True, omit_defaults=True):
    """One file of a version: its path (relative, `/` between parts), size in bytes, and SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str
    media_type: str = ""


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where data comes from, as far as that is known; absent is not known.

    `places` are codes of countries (ISO 3166-1, or `EU`) in which it was collected, `collection` how (a word of the RAI vocabulary's
    `dataCollectionType`, or text), `rights` the licence or the ground on which it may be used, `source` who says so.
    """

    places: tuple[str, ...] = ()
    collection: str | None = None
    rights: str | None = None
    personal: bool | None = None
    source: str | None = None


class Source(Struct, frozen=True, omit_defaults=True):
    """A version that another was made of: its id, its root, and the ids of all agreements that it stood under then."""

    version: str
    root: str
    under: tuple[str, ...] = ()


class DatasetVersion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a dataset that a participant holds. It is visible only once it is whole, and never changes.

    `name@number` names it; `root` is the Merkle root (SHA-256, hexadecimal) over its files in the order of their paths, as
    `evidence.statement.root_of_files` makes it, so that a receipt of its deletion names the same. `agreement` is absent for data of
    one's own. `offered` is the dataset as its provider described it. `sums` is `provider` where every file was verified against the
    provider's checksums, `measured` where there were none to compare with.

    A derived version was made of others (`made_of`, in their order) in steps whose account has the SHA-256 `made_by`. It came under no
    agreement; it stands `under` all those of its inputs, and of theirs, sorted.
    """

    tenant: Tenant
    name: str
    number: int
    root: str
    count: int
    size: int
    stored: datetime
    agreement: str | None = None
    provider: Did | None = None
    dataset: str | None = None
    offered: Dataset | None = None
    sums: str = "measured"
    origin: Origin = Origin()
    order: str | None = None
    space: str | None = None
    tier: str = "hot"
    deleted: datetime | None = None
    made_of: tuple[Source, ...] = ()
    under: tuple[str, ...] = ()
    made_by: str = ""

    @property
    def agreements(self) -> tuple[str, ...]:
        """All agreements that it stands under: none for data of one's own, and for what was made of nothing else."""
        return self.under if self.agreement is None else (self.agreement,)

    @property
    def ground(self) -> str:
        """All agreements in one text, with line breaks between: empty for data of one's own."""
        return "\n".join(self.agreements)

    @property
    def id(self) -> str:
        """`name@number`."""
        return f"{self.name}@{self.number}"
