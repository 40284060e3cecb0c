"""The messages of DCP 1.0 (sections 5.4 and 6.4 to 6.8), from and to JSON.

`read(kind, raw)` is strict about what the protocol needs and lets everything else pass; `write(message)` gives JSON that
keeps to the published schemas. A message's `type` and `@context` are checked before anything else in it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from hanse.identity.credentials.model import MAX_CREDENTIAL, MAX_CREDENTIALS, said
from hanse.identity.dcp.scopes import MAX_SCOPE, MAX_SCOPES
from hanse.identity.did import DCP_CONTEXT
from hanse.kernel.errors import Invalid, Malformed

MAX_OBJECTS: Final = 256
"""Kinds of credentials in one metadata document, offer or request."""

_Id = Annotated[str, Meta(min_length=1, max_length=512)]
_Text = Annotated[str, Meta(max_length=2048)]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What every message has: `@context` and, by its class, `type`."""

    context: list[str] = field(name="@context", default_factory=lambda: [DCP_CONTEXT])


class PresentationQueryMessage(Message, frozen=True, kw_only=True, tag_field="type", tag="PresentationQueryMessage"):
    """Please present (5.4.1): by scopes, or by a presentation definition, which we read and do not support; never both."""

    scope: Annotated[list[Annotated[str, Meta(min_length=1, max_length=MAX_SCOPE)]], Meta(max_length=MAX_SCOPES)] | None = None
    presentation_definition: dict[str, object] | None = None


class PresentationResponseMessage(Message, frozen=True, kw_only=True, tag_field="type", tag="PresentationResponseMessage"):
    """The answer to a query (5.4.2): presentations, as JWT or in an envelope."""

    presentation: Annotated[list[str | dict[str, object]], Meta(max_length=MAX_CREDENTIALS)]
    presentation_submission: dict[str, object] | None = None


class CredentialId(Struct, frozen=True):
    """Which of the issuer's kinds of credentials, by its id in the metadata."""

    id: _Id


class CredentialRequestMessage(Message, frozen=True, kw_only=True, tag_field="type", tag="CredentialRequestMessage"):
    """A holder asks an issuer (6.4). `holder_pid` is the holder's name for this request."""

    holder_pid: _Id
    credentials: Annotated[list[CredentialId], Meta(min_length=1, max_length=MAX_OBJECTS)]


class CredentialContainer(Struct, frozen=True, rename="camel"):
    """A credential on its way: its type, its JWT, and the profile that it follows."""

    credential_type: _Id
    payload: Annotated[str, Meta(min_length=1, max_length=MAX_CREDENTIAL)]
    format: _Id


class CredentialMessage(Message, frozen=True, kw_only=True, tag_field="type", tag="CredentialMessage"):
    """An issuer delivers, everything of one request at once (6.5). The holder's pid is required, as the kit has it."""

    issuer_pid: _Id
    holder_pid: _Id
    status: Literal["ISSUED", "REJECTED"]
    credentials: Annotated[list[CredentialContainer], Meta(max_length=MAX_CREDENTIALS)] | None = None
    rejection_reason: _Text | None = None


class CredentialObject(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A kind of credential that an issuer makes (6.6.2). Sparse with its id alone, to be looked up in the issuer's metadata."""

    id: _Id
    type: Literal["CredentialObject"] | None = None
    credential_type: _Id | None = None
    credential_schema: _Text | None = None
    offer_reason: _Text | None = None
    binding_methods: Annotated[list[_Id], Meta(max_length=16)] | None = None
    profile: _Id | None = None
    issuance_policy: dict[str, object] | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether more has to be looked up before it can be requested with understanding."""
        return self.credential_type is None or self.profile is None


class CredentialOfferMessage(Message, frozen=True, kw_only=True, tag_field="type", tag="CredentialOfferMessage"):
    """An issuer tells a holder what it may request (6.6)."""

    issuer: _Id
    credentials: Annotated[list[CredentialObject], Meta(min_length=1, max_length=MAX_OBJECTS)]


class IssuerMetadata(Message, frozen=True, kw_only=True, tag_field="type", tag="IssuerMetadata"):
    """What an issuer makes (6.7)."""

    issuer: _Id
    credentials_supported: Annotated[list[CredentialObject], Meta(max_length=MAX_OBJECTS)]


class CredentialStatus(Message, frozen=True, kw_only=True, tag_field="type", tag="CredentialStatus"):
    """How far a request is (6.8)."""

    issuer_pid: _Id
    holder_pid: _Id
    status: Literal["RECEIVED", "REJECTED", "ISSUED"]


M = TypeVar("M", bound=Message)


class _Head(Struct, frozen=True):
    context: Annotated[list[str], Meta(max_length=16)] = field(name="@context")
    type: str


_head = msgspec.json.Decoder(_Head)
_encoder = msgspec.json.Encoder()


def credential_object(id: str, credential_type: str, profile: str, schema: str, *, reason: str = "issue") -> CredentialObject:
    """Return a full entry of our own metadata: every member that its schema asks for, bound to did:web."""
    return CredentialObject(
        id=id,
        type="CredentialObject",
        credential_type=credential_type,
        credential_schema=schema,
        offer_reason=reason,
        binding_methods=["did:web"],
        profile=profile,
    )


def read(kind: type[M], raw: bytes) -> M:
    """Read a message of that kind. `raw` is bounded in size and depth already.

    Raises `Malformed` for what is no JSON, and `Invalid`, naming the member, for another type, a missing context, or a
    member that is missing or wrong.
    """
    name = kind.__struct_config__.tag
    try:
        head = _head.decode(raw)
        if head.type != name:
            raise Invalid(f"This is not a {name}.", where="type")
        if DCP_CONTEXT not in head.context:
            raise Invalid(f"The context of DCP 1.0 is missing: {DCP_CONTEXT}.", where="@context")
        message = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as fault:
        raise Invalid(f"This is not a {name} of the right shape: {said(fault)}.", where="body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Malformed("This is not JSON.", where="body") from fault
    if isinstance(message, PresentationQueryMessage):
        _check_query(message)
    return message


def write(message: Message) -> bytes:
    """Return the message as JSON."""
    return _encoder.encode(message)


def _check_query(message: PresentationQueryMessage) -> None:
    # 5.4.1: exactly one of them. A definition that says nothing is no definition, whoever supports them or not.
    if message.scope is not None and message.presentation_definition is not None:
        raise Invalid("A query has a scope or a presentationDefinition, not both.", where="scope")
    if not message.scope and not message.presentation_definition:
        raise Invalid("A query has a scope or a presentationDefinition, and it is not empty.", where="scope")
