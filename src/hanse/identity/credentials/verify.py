"""Is this credential true, now, and about whom it must be? Every check of DCP 1.0, 5.4.3, cheap ones and those that ask nobody first."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct, field

from hanse.identity.credentials.checks import check_validity, prove
from hanse.identity.credentials.lists import STANDARD, ListRules, StatusLists, check_status
from hanse.identity.credentials.model import Credential, SchemaReference, Verified, earliest, refusal
from hanse.identity.credentials.read import Read, raw_credential, read_credential
from hanse.identity.credentials.schema import check_schema
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.exchange import FetchSchema, Inquiry
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.errors import Invalid, PeerError, Unauthenticated


class Rules(Struct, frozen=True):
    """What a verifier asks of credentials: who may say what, how far clocks may differ, and what status lists must be.

    `lists` are those that were opened lately; a verifier that lives for long hands in one that lives as long. With
    `exact_dates=False` a token of a VC 1.1 may end at another time than the credential in it says, and the narrowest dates
    count: a compatibility kit makes such credentials. Injected by tests only.
    """

    trust: IssuerPolicy
    leeway: timedelta = LEEWAY
    status: ListRules = STANDARD
    lists: StatusLists = field(default_factory=StatusLists)
    exact_dates: bool = True

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.leeway < timedelta(seconds=60):
            raise Invalid("The leeway is not below 60 seconds.", where="leeway")


def verify(text: str, holder: str, rules: Rules, now: datetime) -> Inquiry[Verified]:
    """Check a credential (JWT) that `holder`, a DID, holds about itself, and return it.

    Asks for the issuer's DID document (did:web only), for schemas and for status lists. Raises `Unauthenticated`: the
    message names the credential and the check, `rule` is the check's name, `where` the member. Checks in this order:

    | rule | what |
    |---|---|
    | shape, kind, issuer, subject | it can be read, and its token names the same parties |
    | untrusted | its issuer may say this; asked first, so that a stranger causes no fetch |
    | unresolved, document, algorithm, kid, key-..., signature | a key in the issuer's assertionMethod made it |
    | dates, not-yet, expired, dates-differ | it is valid now, and its token says so too |
    | holder | it is about the holder |
    | schema, schema-unusable, schema-unavailable | it keeps to its schema |
    | revoked, suspended, status-... | it was not taken back |
    """
    return (yield from verify_read(read_credential(text), holder, rules, now))


def verify_read(read: Read, holder: str, rules: Rules, now: datetime) -> Inquiry[Verified]:
    """Check a credential that was read already; see `verify`."""
    credential = read.credential
    try:
        again = yield from _checked(read, holder, rules, now)
    except Unauthenticated as fault:
        message = fault.message.replace("The credential is refused.", f"The credential {credential.name} is refused.", 1)
        raise Unauthenticated(message, where=fault.where, rule=fault.rule, hint=fault.hint) from fault
    return Verified(credential, earliest(again, credential.valid_until))


def _checked(read: Read, holder: str, rules: Rules, now: datetime) -> Inquiry[datetime | None]:
    credential = read.credential
    objection = rules.trust.objection(credential)
    if objection is not None:
        raise refusal(objection, "issuer", "untrusted", "Present one of an issuer that this space trusts.")
    yield from prove(read.compact, credential.issuer, "assertionMethod", read.signed, "credential")
    check_validity(credential.valid_from, credential.valid_until, now, rules.leeway, "credential")
    if read.contradiction is not None and rules.exact_dates:
        raise refusal(f"Its {read.contradiction} is not the date that it stands for.", read.contradiction, "dates-differ")
    _check_holder(credential, holder)
    for schema in credential.schemas:
        yield from _check_schema(read, schema)
    return (yield from check_status(credential, now, rules.lists, rules.status, rules.leeway))


def _check_holder(credential: Credential, holder: str) -> None:
    # Each subject: a credential about two parties proves nothing about which of them holds it.
    if any(subject.get("id") != holder for subject in credential.subjects):
        raise refusal(f"It is not about {holder}.", "credentialSubject.id", "holder", "Only a credential about its holder counts.")


def _check_schema(read: Read, schema: SchemaReference) -> Inquiry[None]:
    try:
        raw = yield FetchSchema(schema.id)
    except PeerError as fault:
        raise refusal("Its schema could not be fetched.", "credentialSchema", "schema-unavailable", "Trying again can help.") from fault
    assert isinstance(raw, bytes)
    whole = raw_credential(read)
    if schema.type == "JsonSchema":
        check_schema(raw, [whole])
    else:
        check_schema(raw, [dict(subject) for subject in read.credential.subjects])
