"""Who may say what: the question that no signature answers. A data space's rulebook is such a policy; here is the plain one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from hanse.identity.credentials.model import Credential


class IssuerPolicy(Protocol):
    """Decides whether an issuer may make a credential like this one."""

    def objection(self, credential: Credential) -> str | None:
        """Return why the issuer may not say this, as one sentence, or None if it may.

        The credential is not proved yet when this is asked: an issuer that may not speak is not worth a fetch.
        """
        ...


class TrustedIssuers:
    """Issuers by type, compared whole: `did:web:a.example` says nothing about `did:web:a.example:b`.

    A credential of several types needs an issuer that is trusted for each of them, or one that may say little could
    say more by adding a type.
    """

    __slots__ = ("_issuers",)

    def __init__(self, issuers: Mapping[str, Collection[str]]) -> None:
        """Take the DIDs that are trusted for each type, e.g. `{"MembershipCredential": ["did:web:anchor.example"]}`."""
        self._issuers = {kind: frozenset(dids) for kind, dids in issuers.items()}

    def objection(self, credential: Credential) -> str | None:
        """Return which type the issuer is not trusted for."""
        for kind in credential.types:
            if credential.issuer not in self._issuers.get(kind, ()):
                return f"{credential.issuer} is not trusted for {kind}."
        return None
