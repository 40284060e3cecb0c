"""Access tokens of others: opaque, but for one thing that many of them tell."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from joserfc.util import urlsafe_b64decode
from msgspec import Meta, Struct

from hanse.identity.credentials.read import moment_of

_LAST: Final = 253_370_764_800  # 9999-01-01: what a datetime can hold


class _Claims(Struct, frozen=True):
    exp: Annotated[float, Meta(ge=0, le=_LAST)]


_claims = msgspec.json.Decoder(_Claims)


def end_of(token: str) -> datetime | None:
    """Return when the token ends, if it is a JWT that says so. Nobody proves it: it may only make something end earlier."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return moment_of(_claims.decode(urlsafe_b64decode(parts[1].encode("ascii"))).exp)
    except (ValueError, RecursionError):  # of which all of them are: base64, UTF-8, JSON, shapes
        return None
