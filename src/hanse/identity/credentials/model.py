"""What a credential says, whichever data model wrote it down: VC Data Model 2.0 and 1.1 (DCP 1.0, appendix A)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hanse.identity.status import StatusEntry
from hanse.kernel.errors import Unauthenticated
from hanse.kernel.tenant import Did

Profile = Literal["vc20-bssl/jwt", "vc11-sl2021/jwt"]
"""The two profiles of DCP 1.0: VC 2.0 with Bitstring Status List, VC 1.1 with StatusList2021, both as JWT."""

VC20: Final = "vc20-bssl/jwt"
VC11: Final = "vc11-sl2021/jwt"

BASE_CONTEXT: Final[Mapping[Profile, str]] = {
    VC20: "https://www.w3.org/ns/credentials/v2",
    VC11: "https://www.w3.org/2018/credentials/v1",
}
BASE_TYPE: Final = "VerifiableCredential"
PRESENTATION_TYPE: Final = "VerifiablePresentation"

MAX_CREDENTIAL: Final = 64 * 1024
"""Characters of a credential as JWT."""
MAX_PRESENTATION: Final = 1024 * 1024
"""Characters of a presentation as JWT."""
MAX_CREDENTIALS: Final = 256
"""Credentials in one presentation, and in all presentations of one answer."""
MAX_DEPTH: Final = 24
"""How deep a subject may nest."""

Subject = Mapping[str, object]
"""Claims about one subject; `id` says whom they are about."""


class SchemaReference(Struct, frozen=True):
    """Which JSON schema the credential follows (`credentialSchema`).

    `JsonSchema` describes the whole credential (VC JSON Schema 1.0), `JsonSchemaValidator2018` each subject, which is
    how data spaces use it.
    """

    id: Annotated[str, Meta(pattern=r"^https?://\S+\Z", max_length=2048)]
    type: Literal["JsonSchema", "JsonSchemaValidator2018"]


class Credential(Struct, frozen=True, kw_only=True):
    """A credential that was read. Nothing of it is proved until `verify` has returned it.

    `types` are without `VerifiableCredential`. `valid_from` and `valid_until` (aware, UTC) are the narrowest of what
    the credential and its token say; `valid_until` is exclusive, and None means for ever. `text` is the JWT as it came.
    """

    profile: Profile
    issuer: Did
    types: tuple[str, ...]
    subjects: tuple[Subject, ...]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    id: str | None = None
    statuses: tuple[StatusEntry, ...] = ()
    schemas: tuple[SchemaReference, ...] = ()
    text: str = ""

    @property
    def name(self) -> str:
        """What a person would call it: its types, and who says so."""
        return f"{', '.join(self.types)} by {self.issuer}"


class Verified(Struct, frozen=True):
    """A credential of which every check held. It has to be checked again at `again` (None: as long as its lists may be cached)."""

    credential: Credential
    again: datetime | None = None


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the earliest of the moments that are there."""
    return min((moment for moment in moments if moment is not None), default=None)


def said(fault: Exception) -> str:
    """Return what a decoder says about a wrong shape: the member and the types, and never more of the input than a line."""
    text = str(fault)
    return text if len(text) <= 160 else f"{text[:80]} ... {text[-80:]}"


def refusal(problem: str, where: str, rule: str, hint: str | None = None, *, of: str = "credential") -> Unauthenticated:
    """Return the error that says which check a credential (or what `of` says) did not pass, never quoting it."""
    return Unauthenticated(f"The {of} is refused. {problem}", where=where, rule=rule, hint=hint)
