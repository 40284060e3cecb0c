"""did:web identifiers and DID documents (DID Core 1.0; did:web method; DCP 1.0, 4.2).

Two halves: `web_did`, `did_url` and `did_from_url` turn names into addresses and back, and `DidDocument` is what lies
at that address. Nothing here fetches.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, field

from hanse.identity.keys import VerifyingKey
from hanse.kernel.clock import timestamp
from hanse.kernel.errors import Invalid, PeerInvalid
from hanse.kernel.tenant import Did

MAX_DID: Final = 512
"""Characters of a DID."""
MAX_DOCUMENT: Final = 64 * 1024
"""Bytes of a DID document."""
MAX_ENTRIES: Final = 64
"""Methods, entries per relationship, and services in a DID document."""

Relationship = Literal["authentication", "assertionMethod", "capabilityInvocation"]
"""What a key may be used for: to sign presentations, to make statements, to act for the DID."""
RELATIONSHIPS: Final[tuple[Relationship, ...]] = ("authentication", "assertionMethod", "capabilityInvocation")

DID_CONTEXT: Final = "https://www.w3.org/ns/did/v1"
DCP_CONTEXT: Final = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"

_SUFFIX: Final = "/did.json"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")  # never starts with a dot: no `..`, and no `.well-known` spelt out
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"([a-z0-9.-]{1,253})(?:%3[Aa]([1-9]\d{0,4}))?")
_URL = re.compile(r"(https?)://([a-z0-9.-]{1,253})(?::([1-9]\d{0,4}))?(/[A-Za-z0-9._/-]*)")


class WebDid(Struct, frozen=True):
    """The parts of a did:web: host (lower case), port or None, path segments (may be none)."""

    host: str
    port: int | None
    path: tuple[str, ...]


def parse_web_did(did: str) -> WebDid:
    """Read a did:web strictly. Raises `Invalid`.

    Accepted is `did:web:HOST[%3APORT][:SEGMENT]*` of at most 512 characters: a DNS name in lower case or a loopback
    address, and segments of letters, digits, `.`, `_` and `-` that hold no `..` and start with no dot. The port's
    colon is the only thing that is percent-decoded.
    """
    if not did.startswith("did:web:") or len(did) > MAX_DID:
        raise Invalid("This is not a did:web of at most 512 characters.", where="did", rule="did")
    authority, *path = did[8:].split(":")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise Invalid("The host of this did:web cannot be read.", where="did", rule="did", hint="Write HOST or HOST%3APORT.")
    host, port = match.groups()
    return _checked(host, int(port) if port else None, path)


def web_did(host: str, port: int | None = None, path: Sequence[str] = ()) -> Did:
    """Return the did:web of a host, a port and path segments, e.g. `did:web:localhost%3A8400:participants:acme`. Raises `Invalid`."""
    parts = _checked(host, port, path)
    authority = parts.host if parts.port is None else f"{parts.host}%3A{parts.port}"
    did = ":".join(("did:web", authority, *parts.path))
    if len(did) > MAX_DID:
        raise Invalid(f"This did:web is longer than {MAX_DID} characters.", where="did", rule="did")
    return Did(did)


def did_url(did: str) -> str:
    """Return the address of the DID's document: HTTP for loopback hosts, HTTPS anywhere else. Raises `Invalid`."""
    parts = parse_web_did(did)
    scheme = "http" if is_loopback(parts.host) else "https"
    authority = parts.host if parts.port is None else f"{parts.host}:{parts.port}"
    return f"{scheme}://{authority}/{'/'.join(parts.path or ('.well-known',))}{_SUFFIX}"


def did_from_url(url: str) -> Did:
    """Return the did:web whose document lies at `url`. Raises `Invalid` where there is none: other schemes, user information, queries."""
    match = _URL.fullmatch(url) if len(url) <= 2 * MAX_DID else None
    if match is None or not match[4].endswith(_SUFFIX):
        raise Invalid("No DID document can lie at this address.", where="url", hint="It ends in /did.json, without query or user name.")
    scheme, host, port, path = match.groups()
    if (scheme == "http") != is_loopback(host):
        raise Invalid("A DID document lies at an HTTPS address, on loopback at an HTTP address.", where="url")
    folder = path.removesuffix(_SUFFIX)
    segments = () if folder == "/.well-known" else folder[1:].split("/")
    return web_did(host, int(port) if port else None, segments)


def is_loopback(host: str) -> bool:
    """Tell whether `host` is `localhost` or an IPv4 loopback address. Looks at the text only; nothing is resolved."""
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def did_of(kid: str) -> str:
    """Return the DID part of a key's name `DID#fragment`; empty if there is no fragment."""
    did, _, fragment = kid.partition("#")
    return did if fragment else ""


def key_id(did: str, number: int) -> str:
    """Return the name of a participant's key, e.g. `did:web:example.com#key-1`; numbers start at 1."""
    return f"{did}#key-{number}"


def _checked(host: str, port: int | None, path: Sequence[str]) -> WebDid:
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise Invalid("The host is not a DNS name in lower case.", where="did.host", rule="did")
    # A last label of digits is an IP address, or what some resolver takes for one (`127.1`, `0x7f000001`).
    if _NUMERIC.fullmatch(host.rpartition(".")[2]) and not is_loopback(host):
        raise Invalid("A did:web names a host by DNS, not by address.", where="did.host", rule="did")
    if port is not None and not 1 <= port <= 65535:
        raise Invalid("The port is not between 1 and 65535.", where="did.port", rule="did")
    for segment in path:
        if ".." in segment or not _SEGMENT.fullmatch(segment):
            raise Invalid("A path segment holds something else than letters, digits, '.', '_' and '-'.", where="did.path", rule="did")
    return WebDid(host, port, tuple(path))


_Moment = Annotated[datetime, Meta(tz=True)]


class VerificationMethod(Struct, frozen=True, dict=True, omit_defaults=True, rename="camel"):
    """A key in a DID document (DID Core, 5.2). Keys in other forms than JWK are carried by their name only.

    `revoked` and `expires` are moments as text (Controlled Identifiers 1.0, 2.2); what else may stand there makes the key
    unusable, but not the document.
    """

    id: str
    type: str
    controller: str
    public_key_jwk: dict[str, object] | None = None
    revoked: object = None
    expires: object = None

    @cached_property
    def key(self) -> VerifyingKey:
        """The parsed key, kept as long as the document is. Raises `Invalid` if we cannot verify with it."""
        if self.public_key_jwk is None:
            raise Invalid("The key has no publicKeyJwk.", where="verificationMethod")
        return VerifyingKey.from_jwk(self.public_key_jwk)

    @cached_property
    def end(self) -> float | None:
        """From when on the key's signatures do not count, in seconds since 1970, or None: `revoked` or `expires`, the earlier.

        Raises `Invalid` if one of them cannot be read.
        """
        return min((_seconds(text) for text in (self.revoked, self.expires) if text is not None), default=None)


def _seconds(text: object) -> float:
    try:
        moment = msgspec.convert(text, _Moment)
    except msgspec.ValidationError:
        moment = None
    if moment is None or not 1971 <= moment.year <= 9998:  # so that no zone leads out of what a datetime can hold
        raise Invalid("When the key ends cannot be read.", where="verificationMethod", hint="Write 2027-03-01T12:00:00Z.")
    return moment.timestamp()


class Service(Struct, frozen=True, rename="camel"):
    """A service in a DID document (DID Core, 5.4). Written by us: one type, one address, no inner `@context`."""

    id: str
    type: str | list[str]
    service_endpoint: str | dict[str, object] | list[object]


class DidDocument(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A DID document. Relationships hold key names, or keys that serve that relationship only.

    `key_agreement` (DID Core, 5.3.3) is as it was written: nothing is proved with it, and what cannot be read there is left out.
    """

    id: str
    context: object = field(default=UNSET, name="@context")
    verification_method: list[VerificationMethod] = []
    authentication: list[str | VerificationMethod] = []
    assertion_method: list[str | VerificationMethod] = []
    capability_invocation: list[str | VerificationMethod] = []
    service: list[Service] = []
    key_agreement: object = None

    def absolute(self, reference: str) -> str:
        """Return a key's full name; `#key-1` is relative to the document (DID Core, 3.2.2)."""
        return self.id + reference if reference.startswith("#") else reference

    def method(self, kid: str) -> VerificationMethod | None:
        """Return the key of that full name, wherever the document holds it."""
        embedded = (
            m for r in (self.authentication, self.assertion_method, self.capability_invocation) for m in r if not isinstance(m, str)
        )
        return next((m for m in (*self.verification_method, *embedded) if self.absolute(m.id) == kid), None)

    def allows(self, relationship: Relationship, kid: str) -> bool:
        """Tell whether the key of that full name is in `relationship`, e.g. `capabilityInvocation`."""
        entries = {
            "authentication": self.authentication,
            "assertionMethod": self.assertion_method,
            "capabilityInvocation": self.capability_invocation,
        }[relationship]
        return any(self.absolute(entry if isinstance(entry, str) else entry.id) == kid for entry in entries)

    def agreement_keys(self) -> list[VerificationMethod]:
        """Return the keys that the document names for key agreement, in its order; at most 64 are looked at."""
        entries = self.key_agreement if isinstance(self.key_agreement, list) else []
        found: list[VerificationMethod] = []
        for entry in entries[:MAX_ENTRIES]:
            try:
                method = self.method(self.absolute(entry)) if isinstance(entry, str) else msgspec.convert(entry, VerificationMethod)
            except msgspec.ValidationError:
                continue
            found += [method] if method is not None else []
        return found

    def endpoint(self, service_type: str) -> str | None:
        """Return the address of the first service of that type, e.g. `CredentialService`, if it is a plain address."""
        for service in self.service:
            types = [service.type] if isinstance(service.type, str) else service.type
            if service_type in types and isinstance(service.service_endpoint, str):
                return service.service_endpoint
        return None


_document = msgspec.json.Decoder(DidDocument)


def decode_document(raw: bytes) -> DidDocument:
    """Read a peer's DID document: at most 64 KiB, 64 entries per list, each key named once. Raises `PeerInvalid`.

    Whether it is the document of the DID that was asked for is checked by the exchange, in its order.
    """
    if len(raw) > MAX_DOCUMENT:
        raise PeerInvalid(f"The DID document is larger than {MAX_DOCUMENT} bytes.", rule="did-document")
    try:
        document = _document.decode(raw)
    except (ValueError, RecursionError) as fault:
        raise PeerInvalid("The DID document cannot be read: it is not JSON of the right shape.", rule="did-document") from fault
    _check_lists(document)
    return document


def _check_lists(document: DidDocument) -> None:
    lists: tuple[Sequence[object], ...] = (
        document.verification_method,
        document.authentication,
        document.assertion_method,
        document.capability_invocation,
        document.service,
    )
    if any(len(entries) > MAX_ENTRIES for entries in lists):
        raise PeerInvalid(f"A list in the DID document has more than {MAX_ENTRIES} entries.", rule="did-document")
    methods = [*document.verification_method, *document.authentication, *document.assertion_method, *document.capability_invocation]
    names = [document.absolute(m.id) for m in methods if not isinstance(m, str)]
    if len(set(names)) != len(names):
        raise PeerInvalid("The DID document names two keys alike, so it is not clear which one signs.", rule="did-document")


class PublishedKey(NamedTuple):
    """A key of ours for the DID document: its name, its public JWK, what it may do, and from when on its signatures do not count."""

    kid: str
    public_jwk: Mapping[str, str]
    relationships: Sequence[Relationship] = RELATIONSHIPS
    revoked: datetime | None = None


def did_document(did: str, keys: Sequence[PublishedKey | tuple[str, Mapping[str, str]]], services: Sequence[Service] = ()) -> DidDocument:
    """Return our own DID document (DCP 1.0, 4.2). A pair (kid, public JWK) is a key in all three relationships.

    A key that signs is in all three; one that only has to verify what it signed is in `assertionMethod` alone; one that was
    compromised is there with `revoked`, a member that no other key has: some readers know no more than they need.
    """
    published = [PublishedKey(*key) for key in keys]

    def named(relationship: Relationship) -> list[str | VerificationMethod]:
        return [key.kid for key in published if relationship in key.relationships]

    return DidDocument(
        id=did,
        context=[DID_CONTEXT, DCP_CONTEXT],
        verification_method=[_method(did, key) for key in published],
        authentication=named("authentication"),
        assertion_method=named("assertionMethod"),
        capability_invocation=named("capabilityInvocation"),
        service=list(services),
    )


def _method(did: str, key: PublishedKey) -> VerificationMethod:
    revoked = None if key.revoked is None else timestamp(key.revoked)
    return VerificationMethod(key.kid, "JsonWebKey2020", did, dict(key.public_jwk), revoked=revoked)
