"""The names that this engine knows, each in one place (ODRL 2.2 Vocabulary; DSP 2025-1, ODRL profile)."""

from __future__ import annotations

import re

USE = "use"
"""The one action that the DSP profile defines."""

DATE_TIME = "dateTime"
"""Left operand: the moment of the decision."""

MEMBERSHIP = "urn:hanse:odrl:membership"
"""Left operand: `eq "active"` holds for an active member of the space. An absolute IRI needs no context."""

PARTICIPANT = "urn:hanse:odrl:participant"
"""Left operand: the DID of the party that asks."""

ROLE = "urn:hanse:odrl:role"
"""Left operand: a role that the party that asks has in the space, proved by a credential."""

CREDENTIAL = "urn:hanse:odrl:credential"
"""Left operand: the type of a credential that the party that asks has presented, by an issuer that the space trusts for it."""

ACTIVE = "active"
"""The one right operand of `MEMBERSHIP`."""

KNOWN_PROFILES = frozenset({"https://w3id.org/dspace/2025/1/odrl-profile.jsonld"})
"""Profiles whose meaning this engine keeps; any other one may change what the words mean (ODRL 2.2 IM, 4)."""

_ODRL = ("odrl:", "http://www.w3.org/ns/odrl/2/")
_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
_DID = re.compile(r"did:[a-z0-9]+(?::(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)+")
_LONGEST_DID = 2048


def plain(name: str) -> str:
    """Return an ODRL name without its prefix, so that `odrl:use` is `use`; any other name as it is."""
    for prefix in _ODRL:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def is_did(text: str) -> bool:
    """Tell whether `text` is a DID without path, query or fragment (DID Core 1.0, 3.1)."""
    return len(text) <= _LONGEST_DID and _DID.fullmatch(text) is not None


def did_key(did: str) -> str:
    """Return a form in which two spellings of one DID are equal.

    The host of a did:web and the digits of percent-encodings have no case; were they compared with it, who is
    excluded by name could come back in other letters.
    """
    upper = _PERCENT.sub(lambda found: found.group().upper(), did)
    parts = upper.split(":")
    if parts[:2] == ["did", "web"] and len(parts) > 2:
        parts[2] = _PERCENT.sub(lambda found: found.group().upper(), parts[2].lower())
    return ":".join(parts)
