"""What documents look like to a client."""

from __future__ import annotations

from datetime import datetime

from hanse.client.factory.facility_model import FacilityProblem
from hanse.client.model import Record


class Document(Record, kw_only=True):
    """A document of a version or a model: faults found by its own check, and the fields that nobody has filled."""

    subject: str
    kind: str
    name: str
    media_type: str
    sha256: str
    size: int
    made: datetime
    errors: int
    asks: list[str]


class DocumentContent(Record, kw_only=True):
    """A document with its bytes."""

    document: Document
    content: bytes


class DocumentJob(Record, kw_only=True):
    """Documents in the making."""

    id: str
    began: datetime
    done: int
    size: int
    over: bool
    documents: list[Document] | None = None
    problem: FacilityProblem | None = None


class DocumentQuestion(Record, kw_only=True):
    """A field that only a person can fill: the question, why, which documents use it, and what was told."""

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
