"""Scopes: what a verifier asks for, and what a holder released (DCP 1.0, 5.4.1.2): `alias:discriminator[:operation]`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from hanse.identity.credentials.model import BASE_TYPE, Credential
from hanse.kernel.errors import Invalid

TYPE: Final = "org.eclipse.dspace.dcp.vc.type"
"""The alias of scopes that name a credential's type."""
ID: Final = "org.eclipse.dspace.dcp.vc.id"
"""The alias of scopes that name one credential by its id."""
MAX_SCOPE: Final = 512
"""Characters of a scope."""
MAX_SCOPES: Final = 64

Operation = Literal["read", "*"]


class Scope(Struct, frozen=True):
    """One scope. The operation is what others append; `*` includes reading, and none means reading."""

    alias: str
    discriminator: str
    operation: Operation | None = None

    def __str__(self) -> str:
        return ":".join(part for part in (self.alias, self.discriminator, self.operation) if part is not None)

    def covers(self, other: Scope) -> bool:
        """Tell whether a release of this scope is a release of `other`: names are compared whole."""
        same = (self.alias, self.discriminator) == (other.alias, other.discriminator)
        return same and (self.operation == "*" or other.operation != "*")

    def matches(self, credential: Credential) -> bool:
        """Tell whether the credential is one that this scope names. A scope of an alias that we do not know names none."""
        if self.alias == TYPE:
            return self.discriminator in credential.types or self.discriminator == BASE_TYPE
        return self.alias == ID and self.discriminator == credential.id


def parse_scope(text: str) -> Scope:
    """Read a scope of at most 512 characters. Ids hold colons themselves, so only a known operation at the end is one.

    Raises `Invalid` if there is no discriminator, or something that cannot stand in a list of scopes.
    """
    alias, _, rest = text.partition(":")
    if not alias or not rest or len(text) > MAX_SCOPE or not text.isprintable() or " " in text:
        raise Invalid("A scope is `alias:discriminator`, without blanks.", where="scope", rule="scope")
    head, _, tail = rest.rpartition(":")
    match tail:
        case ("read" | "*") as operation if head:
            return Scope(alias, head, operation)
        case _:
            return Scope(alias, rest)


def parse_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """Read at most 64 scopes, each once, in their order. Raises `Invalid`."""
    scopes = tuple(dict.fromkeys(parse_scope(text) for text in texts))
    if len(scopes) > MAX_SCOPES:
        raise Invalid(f"These are more than {MAX_SCOPES} scopes.", where="scope", rule="scope")
    return scopes


def released(asked: Iterable[Scope], granted: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return what was asked for and is granted: fewer entries, not an error, where less is granted (DCP 1.0, 5.4.1.2)."""
    grants = tuple(granted)
    return tuple(scope for scope in asked if any(grant.covers(scope) for grant in grants))
