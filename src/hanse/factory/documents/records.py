"""What is kept of documents: which were made of what, and what people have told. Every record carries its tenant; times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Tenant


class Answer(Struct, frozen=True, kw_only=True):
    """What a person (`by`) has told under a field, once, about `about`: `dataset:NAME`, `model:NAME` or `participant`."""

    tenant: Tenant
    about: str
    field: str
    text: str
    at: datetime
    by: str


class Made(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that was made of a version or a model: its kind, its file's name, type, SHA-256 (hexadecimal) and size in bytes.

    `of` is the SHA-256 of the answers and the circumstances that went into it: once these are others, it is made anew. `errors` counts
    what its own check found wrong, apart from fields that nobody has filled: `asks` has those.
    """

    tenant: Tenant
    subject: str
    kind: str
    name: str
    media_type: str
    sha256: str
    size: int
    made: datetime
    of: str
    errors: int = 0
    asks: tuple[str, ...] = ()
