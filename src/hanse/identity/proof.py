"""Was this JWS made with a key of that DID, and may the key do that? The part that tokens, statements and credentials share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

from hanse.identity.did import DidDocument, Relationship, VerificationMethod, did_of, parse_web_did
from hanse.identity.exchange import Exchange, ResolveDid
from hanse.identity.jws import Compact
from hanse.identity.key_did import is_key_did, key_did_document
from hanse.identity.keys import ALGORITHMS, VerifyingKey
from hanse.kernel.errors import Invalid, PeerError, Unauthenticated
from hanse.kernel.tenant import Did

_STALE = frozenset({"key-unknown", "signature"})  # faults that a key's replacement explains
_HINT: Final = f"Sign with {', '.join(sorted(ALGORITHMS))}."

_GONE: Final = "It was given up, or is not published: sign anew with a key of the document. Of a credential, ask its issuer for a new one."

Methods = Literal["web", "any"]
"""Which DIDs may have signed: `did:web` only, because others have no place to be reached at, or did:jwk and did:key too."""


def signed_by(
    compact: Compact, did: str, relationship: Relationship, signed: float | None, methods: Methods = "web"
) -> Exchange[DidDocument]:
    """Resolve `did` and return its document once it has proved the signature (DCP 1.0, 4.3.3, step 3).

    The `kid` header is required and names a key of this very DID; the key is in `relationship`; its type fits `alg`. An unknown key or
    a failed signature is asked about once more with a fresh document, never again. A did:jwk or did:key is read, not
    asked about. Raises `Unauthenticated`; a `PeerError` from the first resolution passes through.

    `signed` is when the signature was made, in seconds since 1970, as the signed text says: a key that was revoked or has
    expired counts for what is older. Without a moment (None) such a key counts for nothing. Whoever has stolen a key can
    date back, so the date protects against what is signed later by mistake; against a thief, the key has to leave the document.
    """
    if compact.header.alg not in ALGORITHMS:  # `none`, HS* and the like are not worth a fetch
        raise Unauthenticated("Its algorithm is not accepted.", where="header.alg", rule="algorithm", hint=_HINT)
    if compact.header.kid is None:
        raise Unauthenticated("Its header has no kid.", where="header.kid", rule="kid")
    # Verifying also refuses an algorithm that does not fit the key's type.
    return (yield from proved_by(compact.header.kid, lambda key: key.verify(compact), did, relationship, signed, methods))


def proved_by(
    kid: str,
    check: Callable[[VerifyingKey], bool],
    did: str,
    relationship: Relationship,
    signed: float | None,
    methods: Methods = "web",
) -> Exchange[DidDocument]:
    """Do the same for a signature of any form: `check` tells whether a key made it, and `kid` is the name of that key."""
    if did_of(kid) != did:
        raise Unauthenticated("Its kid is not a key of the issuer.", where="header.kid", rule="kid")
    if methods == "any" and is_key_did(did):
        return _signed_by_itself(check, did, kid, relationship, signed)
    _check_web(did)
    document = yield ResolveDid(Did(did))
    fault = _fault(check, document, kid, relationship, signed)
    if fault is not None and fault.rule in _STALE:
        try:
            document = yield ResolveDid(Did(did), fresh=True)
        except PeerError:
            raise fault from None  # the first document was good enough to say no
        fault = _fault(check, document, kid, relationship, signed)
    if fault is not None:
        raise fault
    return document


def _check_web(did: str) -> None:
    try:
        parse_web_did(did)
    except Invalid as fault:
        raise Unauthenticated(f"Its issuer is not a usable did:web. {fault.message}", where="iss", rule="issuer") from None


def _signed_by_itself(
    check: Callable[[VerifyingKey], bool], did: str, kid: str, relationship: Relationship, signed: float | None
) -> DidDocument:
    try:
        document = key_did_document(did)
    except Invalid as fault:
        raise Unauthenticated(f"Its issuer's DID cannot be read. {fault.message}", where="iss", rule="issuer") from None
    fault_ = _fault(check, document, kid, relationship, signed)
    if fault_ is not None:
        raise fault_
    return document


def _fault(
    check: Callable[[VerifyingKey], bool], document: DidDocument, kid: str, relationship: Relationship, signed: float | None
) -> Unauthenticated | None:
    method = document.method(kid)
    if method is None:
        problem = "The key that its kid names is not in the issuer's DID document."
        return Unauthenticated(problem, where="header.kid", rule="key-unknown", hint=_GONE)
    try:
        late = _late(method, signed)
        if late is not None:  # asked before the purpose: a revoked key has lost its purposes too, and this says why
            return Unauthenticated(late, where="header.kid", rule="key-revoked", hint="Sign it anew, with a key that counts.")
        if not document.allows(relationship, kid):
            problem = f"The key that its kid names is not in the issuer's {relationship}."
            hint = f"Sign with a key that the DID document names in its {relationship}."
            return Unauthenticated(problem, where="header.kid", rule="key-purpose", hint=hint)
        key = method.key
    except Invalid as fault:
        return Unauthenticated(f"The issuer's key cannot be used. {fault.message}", where=fault.where, rule="key-unusable")
    if not check(key):
        return Unauthenticated("Its signature does not fit the issuer's key.", where="signature", rule="signature")
    return None


def _late(method: VerificationMethod, signed: float | None) -> str | None:
    """Return why the key's end rules the signature out (Controlled Identifiers 1.0, 2.2), if it does. Raises `Invalid`."""
    end = method.end
    if end is None or (signed is not None and signed < end):
        return None
    since = f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
    when = "it does not say when it was signed" if signed is None else "it was signed after that"
    return f"The key that its kid names was revoked or has expired at {since}, and {when}."
