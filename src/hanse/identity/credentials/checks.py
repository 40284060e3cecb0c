"""Checks that credentials, their status lists and presentations share: the signature, and the dates."""

from __future__ import annotations

from datetime import datetime, timedelta

from hanse.identity.credentials.model import refusal
from hanse.identity.did import Relationship
from hanse.identity.exchange import Exchange
from hanse.identity.jws import Compact
from hanse.identity.proof import signed_by
from hanse.kernel.errors import PeerError, Unauthenticated


def prove(compact: Compact, signer: str, relationship: Relationship, signed: float | None, of: str) -> Exchange[None]:
    """Prove that `signer` (a did:web, did:jwk or did:key) made the signature with a key of that relationship.

    The kid names a key of this very DID, and the document is this DID's. `signed` is when, as the text itself says; see
    `signed_by`. Raises `Unauthenticated`; `unresolved` means that trying again can help.
    """
    try:
        document = yield from signed_by(compact, signer, relationship, signed, "any")
    except Unauthenticated as fault:
        raise refusal(fault.message, fault.where or of, fault.rule, fault.hint, of=of) from fault
    except PeerError as fault:  # its text may tell what our network looks like from inside, so it stays in the log
        problem = f"The DID document of {signer} could not be fetched."
        raise refusal(problem, "issuer", "unresolved", "Trying again can help.", of=of) from fault
    if document.id != signer:
        raise refusal(f"The DID document of {signer} is another DID's.", "issuer", "document", of=of)


def check_validity(start: datetime | None, end: datetime | None, now: datetime, leeway: timedelta, of: str) -> None:
    """Check that `now` lies between the dates (end exclusive), give or take the leeway. Raises `Unauthenticated`."""
    if start is not None and end is not None and end <= start:
        raise refusal("It ends before it begins.", "validUntil", "dates", of=of)
    if start is not None and start > now + leeway:
        raise refusal(f"It is valid from {start:%Y-%m-%d %H:%M:%S} UTC.", "validFrom", "not-yet", "Compare the clocks.", of=of)
    if end is not None and end + leeway <= now:
        raise refusal(f"It expired at {end:%Y-%m-%d %H:%M:%S} UTC.", "validUntil", "expired", "Ask its issuer for a new one.", of=of)
