"""Documents that were made of versions and models, and what people have told for them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.factory.documents.records import Answer, Made
from hanse.kernel.tenant import Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_MADE = "SELECT doc FROM documents_made WHERE tenant = ? AND subject = ? ORDER BY kind"
_GET = "SELECT doc, data FROM documents_made WHERE tenant = ? AND subject = ? AND kind = ? /*lock*/"
_PUT = (
    "INSERT INTO documents_made (tenant, subject, kind, doc, data) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant, subject, kind) DO UPDATE SET doc = excluded.doc, data = excluded.data"
)
_DROP = "DELETE FROM documents_made WHERE tenant = ? AND subject = ?"
_WITH_DATA = "SELECT DISTINCT tenant, subject FROM documents_made WHERE LENGTH(data) > 0 ORDER BY tenant, subject"
_ANSWER = Shape("document_answers", Answer, ("tenant", "about", "field"))
_ANSWERS = "SELECT doc FROM document_answers WHERE tenant = ? AND about = ? ORDER BY field"

_made = msgspec.json.Decoder(Made).decode


class MadeDocuments(Documents[Answer]):
    """Documents with their sealed bytes, and answers."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _ANSWER)

    def made(self, tenant: Tenant, subject: str) -> Sequence[Made]:
        """Return what was made of a subject, by kind."""
        return [_made(doc) for (doc,) in self._rows.all(_MADE, (tenant, subject))]

    def get(self, tenant: Tenant, subject: str, kind: str) -> tuple[Made, bytes] | None:
        """Return a document with its sealed bytes. Locked in a writing transaction."""
        row = self._rows.one(_GET, (tenant, subject, kind))
        return None if row is None else (_made(row[0]), bytes(row[1]))

    def put(self, made: Made, sealed: bytes) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT, (made.tenant, made.subject, made.kind, msgspec.json.encode(made), sealed))

    def drop(self, tenant: Tenant, subject: str) -> None:
        """Delete everything that was made of a subject."""
        self._rows.execute(_DROP, (tenant, subject))

    def with_data(self) -> Sequence[tuple[Tenant, str]]:
        """Return the versions of all tenants of which documents are kept."""
        return [(Tenant(tenant), subject) for tenant, subject in self._rows.all(_WITH_DATA, ())]

    def answers(self, tenant: Tenant, about: str) -> Sequence[Answer]:
        """Return what was told about a dataset, a model or the participant, by field."""
        return self._read(_ANSWERS, (tenant, about))

    def tell(self, answer: Answer) -> None:
        """Insert or replace; an empty text takes the answer back."""
        if answer.text:
            self._put(answer, answer.tenant, answer.about, answer.field)
        else:
            self._delete(answer.tenant, answer.about, answer.field)
