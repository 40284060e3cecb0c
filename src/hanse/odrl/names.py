"""The names that this engine knows, each in one place (ODRL 2.2 Vocabulary; DSP 2025-1, ODRL profile)."""

from __future__ import annotations

import re

USE = "use"
"""The one action that the DSP profile defines."""

HANSE = "urn:hanse:odrl:"
"""The beginning of this engine's own terms. An absolute IRI needs no context."""

# Left operands of ODRL 2.2 that this engine decides; see `operands` for their meaning here.
DATE_TIME = "dateTime"
PURPOSE = "purpose"
SPATIAL = "spatial"
ELAPSED_TIME = "elapsedTime"
METERED_TIME = "meteredTime"
COUNT = "count"
EVENT = "event"
PAY_AMOUNT = "payAmount"
DELAY_PERIOD = "delayPeriod"
TIME_INTERVAL = "timeInterval"
RECIPIENT = "recipient"

# Left operands of this engine.
MEMBERSHIP = f"{HANSE}membership"
"""`eq "active"` holds for an active member of the space."""
PARTICIPANT = f"{HANSE}participant"
"""The DID of the party that asks."""
ROLE = f"{HANSE}role"
"""A role that the party that asks has in the space, proved by a credential."""
CREDENTIAL = f"{HANSE}credential"
"""The type of a credential that the party that asks has presented, by an issuer that the space trusts for it."""
CLAIM = f"{HANSE}claim:"
"""Begins the left operand of a claim: `urn:hanse:odrl:claim:TYPE#PATH`, PATH a percent-encoded JSONPath singular query (RFC 9535)
into the subject of a verified credential of that TYPE, e.g. `urn:hanse:odrl:claim:LegalEntityCredential#$.address.country`."""
CONNECTOR = f"{HANSE}connector"
"""The DSP base of the connector that asks."""
APPLICATION = f"{HANSE}application"
"""The application in which the data is used."""
SECURITY_LEVEL = f"{HANSE}securityLevel"
"""The level of the using environment: base, trust, trust+ (in this order)."""
PARTICIPANT_LOCATION = f"{HANSE}participantLocation"
"""Where the party that asks is established, a country (ISO 3166-1 alpha-2) or a group of them, proved by a credential."""
ENVIRONMENT = f"{HANSE}environment"
"""A state of the using environment, such as `air-gapped`."""
ARTIFACT_STATE = f"{HANSE}artifactState"
"""A state in which the data is released, such as `encrypted`, `pseudonymised` or `anonymised`."""
CLASSIFICATION = f"{HANSE}classification"
"""How sensitive the data is: public, internal, confidential, secret (in this order)."""
ORIGIN = f"{HANSE}origin"
"""Where the data was collected: countries (ISO 3166-1 alpha-2) or groups of them, as its description says (dct:spatial)."""
RISK = f"{HANSE}risk"
"""What has to be watched in the data: `outside-eu`, `origin-unknown`, `rights-unclear`, `personal-data`, `persons-unknown`."""
QUALITY = f"{HANSE}quality:"
"""Before the name of a measure of quality such as `completeness`: its value, as it is published with the data."""
VOLUME = f"{HANSE}volume"
"""Bytes released under the agreement."""
CONSENT = f"{HANSE}consent"
"""`eq "given"` holds while the consent of those whom the data is about stands."""
PAID = f"{HANSE}paid"
"""`eq "current"` holds while what is owed for this period is paid."""
COLUMN = f"{HANSE}column"
"""In a duty that changes data: the columns that it changes."""
DIGITS = f"{HANSE}digits"
"""In a rounding duty: how many digits after the point stay."""
GROUP_SIZE = f"{HANSE}groupSize"
"""In an anonymising duty: how many records at least share each combination of values (the k of k-anonymity)."""
POLICY = f"{HANSE}policy"
"""In a duty to pass terms on: the template or the normal-form hash of the policy that whoever receives the data is bound by."""

# Actions of ODRL 2.2 that are owed.
DELETE, INFORM, COMPENSATE, NEXT_POLICY = "delete", "inform", "compensate", "nextPolicy"
OBTAIN_CONSENT, ANONYMIZE, ATTRIBUTE, DISTRIBUTE = "obtainConsent", "anonymize", "attribute", "distribute"

# Actions of this engine that are owed.
LOG = f"{HANSE}log"
MASK = f"{HANSE}mask"
PSEUDONYMISE = f"{HANSE}pseudonymise"
ROUND = f"{HANSE}round"
DROP = f"{HANSE}drop"
ENCRYPT = f"{HANSE}encrypt"
TRANSFORMS = frozenset({MASK, PSEUDONYMISE, ROUND, DROP, ENCRYPT, ANONYMIZE})
"""Duties that the provider's data plane sees to: what is released has been changed so."""

# Uses for artificial intelligence; each is included in `use`, and mining includes all but retrieval.
TRAIN, FINE_TUNE, EVALUATE, EMBED, RETRIEVE = (f"{HANSE}{name}" for name in ("train", "fineTune", "evaluate", "embed", "retrieve"))
MINE = f"{HANSE}mine"

ACTIVE = "active"
"""The one right operand of `MEMBERSHIP`."""

PROFILE = f"{HANSE}profile"
"""The profile that defines the terms above; a policy may name it."""

KNOWN_PROFILES = frozenset({"https://w3id.org/dspace/2025/1/odrl-profile.jsonld", PROFILE})
"""Profiles whose meaning this engine keeps; any other one may change what the words mean (ODRL 2.2 IM, 4)."""

_ODRL = ("odrl:", "http://www.w3.org/ns/odrl/2/")
_HEX = {f"{a}{b}": f"{a}{b}".upper() for a in "0123456789abcdefABCDEF" for b in "0123456789abcdefABCDEF"}
_DID = re.compile(r"did:[a-z0-9]+(?::(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)+")
_LONGEST_DID = 2048


def plain(name: str) -> str:
    """Return an ODRL name without its prefix, so that `odrl:use` is `use`; any other name as it is."""
    for prefix in _ODRL:
        if name.startswith(prefix):
            rest = name[len(prefix) :]
            # What is no simple name, e.g. odrl:urn:x:y, is an IRI of its own and must not pass for urn:x:y.
            return rest if rest.replace("-", "").isalnum() else name
    return name


def is_did(text: str) -> bool:
    """Tell whether `text` is a DID without path, query or fragment (DID Core 1.0, 3.1)."""
    return len(text) <= _LONGEST_DID and _DID.fullmatch(text) is not None


def did_key(did: str) -> str:
    """Return a form in which two spellings of one DID are equal.

    The host of a did:web and the digits of percent-encodings have no case; were they compared with it, who is
    excluded by name could come back in other letters.
    """
    parts = did.split(":")
    if parts[:2] == ["did", "web"] and len(parts) > 2 and parts[2].isascii():  # the Kelvin sign is no k
        parts[2] = parts[2].lower()
    head, *encoded = ":".join(parts).split("%")
    return "%".join([head, *(_HEX.get(one[:2], one[:2]) + one[2:] for one in encoded)])
