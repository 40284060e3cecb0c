"""Whose data: the name that every stored row and every query carries."""

from __future__ import annotations

import re
from typing import NewType

from hanse.kernel.errors import Invalid

Tenant = NewType("Tenant", str)
"""The short name of a participant on this server, as in `did:web:HOST%3APORT:participants:NAME`."""

Did = NewType("Did", str)
"""A decentralised identifier, e.g. `did:web:localhost%3A8400:participants:acme`."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def tenant_name(text: str) -> Tenant:
    """Return `text` as a participant's name.

    A name is a DNS label: 1 to 63 of `a-z`, `0-9` and `-`, not starting or ending with `-`, so that it is the same
    in a DID, in a path and in a file name. Raises `Invalid` otherwise.
    """
    if not _NAME.fullmatch(text):
        raise Invalid(
            f"{text[:80]!r} cannot be a participant's name.",
            where="name",
            rule="name",
            hint="Use 1 to 63 of a-z, 0-9 and '-', not starting or ending with '-'.",
        )
    return Tenant(text)
