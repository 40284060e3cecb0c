"""What the management interface takes and gives about documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.factory.facility_structs import FacilityProblem
from hanse.http.api.structs import Body

_Subject = Annotated[str, Meta(min_length=1, max_length=512)]
_Kind = Annotated[str, Meta(min_length=1, max_length=40)]


class NewDocuments(Body, kw_only=True):
    """Of what documents are to be made: a version (`name@number`), the newest of a name, or a model; without `kinds`, all of them."""

    subject: _Subject
    kinds: Annotated[list[_Kind], Meta(max_length=20)] = field(default_factory=list)


class MadeDocument(Struct, kw_only=True):
    """A document: what it is about, its SHA-256 and size in bytes, faults found by its own check, and fields that nobody has filled."""

    subject: str
    kind: str
    name: str
    media_type: str
    sha256: str
    size: int
    made: datetime
    errors: int
    asks: list[str]


class DocumentContent(Struct, kw_only=True):
    """A document with its bytes (in base64)."""

    document: MadeDocument
    content: bytes


class DocumentJob(Struct, kw_only=True):
    """Documents in the making: `done` bytes of `size` are unpacked to be measured. When it is `over`, what was made, or a problem."""

    id: str
    began: datetime
    done: int
    size: int
    over: bool
    documents: list[MadeDocument] | None = None
    problem: FacilityProblem | None = None


class DocumentQuestion(Struct, kw_only=True):
    """A field that only a person can fill: the question, why it is asked, which documents use it, and what was told.

    `scope` says whose it is: `dataset` (for all versions of it), `model`, or `participant`. `form` is `text`, `line`, `mail`, `date`,
    `address` or `choice` (yes, no, unknown). One that is not `open` was answered here, or by the provider.
    """

    field: str
    question: str
    why: str
    scope: str
    form: str
    documents: list[str]
    open: bool
    answer: str | None = None
    at: datetime | None = None
    by: str | None = None


class NewAnswers(Body, kw_only=True):
    """What is told about a dataset, a model or the participant, by field; an empty text takes an answer back."""

    name: _Subject
    answers: Annotated[
        dict[Annotated[str, Meta(max_length=80)], Annotated[str, Meta(max_length=100_000)]], Meta(min_length=1, max_length=64)
    ]
