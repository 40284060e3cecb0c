"""What the management interface takes and gives. The OpenAPI document is made from these, so the names here are public.

What comes in refuses unknown fields, and is bounded. What goes out never holds a secret, except a token at the moment
it is made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hanse.connector.records import Answering, Source
from hanse.dcat.model import Checksum
from hanse.dcat.read import Unreadable
from hanse.http.api.described_structs import Measure, Rai
from hanse.kernel.tenant import Did
from hanse.participants.records import Participant
from hanse.participants.roles import Role

T = TypeVar("T")

Word = Annotated[str, Meta(min_length=1, max_length=512)]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(min_length=1, max_length=4_000)]
Reason = Annotated[str, Meta(max_length=1_000)]
PeerDid = Annotated[str, Meta(max_length=2_048, pattern="^did:.", description="The DID of the other participant.")]
Odrl = Annotated[dict[str, Any], Meta(description="A policy in ODRL JSON.")]
OneTerms = Annotated[str, Meta(min_length=1, max_length=8_192, description="A template, e.g. `members + until 2027-01-01`.")] | Odrl
ManyTerms = Annotated[list[OneTerms], Meta(min_length=1, max_length=16)]


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """What comes in."""


class Page(Struct, Generic[T], kw_only=True):
    """One page of a list; `next` goes into the query as `after` to get the following one."""

    items: list[T]
    next: str | None = None


class Problem(Struct, kw_only=True, omit_defaults=True):
    """An error (RFC 9457). `field` names what is wrong in the request, `hint` says what would help."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    hint: str | None = None


class QuotaFigures(Body, kw_only=True):
    """How much of the server the participant may use: all five figures, so that none is reset by being forgotten."""

    assets: int
    open_processes: int
    stored_bytes: int
    requests_per_second: int
    burst: int


class NewParticipant(Body, kw_only=True):
    """A participant to make."""

    name: Line
    title: Line
    allowed_roots: list[Address] = []
    allowed_hosts: list[Word] = []
    quota: QuotaFigures | None = None
    administrator: Line = "administrator"


class ParticipantChange(Body, kw_only=True):
    """What to change: the title, or the limits, or the suspension; one of the three at a time."""

    title: Line | UnsetType = UNSET
    allowed_roots: list[Address] | UnsetType = UNSET
    allowed_hosts: list[Word] | UnsetType = UNSET
    quota: QuotaFigures | UnsetType = UNSET
    suspended: bool | UnsetType = UNSET


class CreatedParticipant(Struct, kw_only=True):
    """A new participant, and the token of its first administrator, shown this once."""

    participant: Participant
    operator: Operator
    token: str


class Operator(Struct, kw_only=True):
    """Who acts for a participant."""

    id: str
    name: str
    role: Role
    created: datetime
    expires: datetime | None


class NewOperator(Body, kw_only=True):
    """An operator to add; `expires` is RFC 3339 with a zone."""

    name: Line
    role: Role
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class IssuedOperator(Struct, kw_only=True):
    """An operator with its token, shown this once."""

    operator: Operator
    token: str


class Offer(Struct, kw_only=True):
    """An offer: its policy in sentences, and as ODRL JSON."""

    id: str
    sentences: list[str]
    terms: Odrl


class Dataset(Struct, kw_only=True):
    """A dataset with its offers. `byte_size` is in bytes; for a folder `files` is the number of its files.

    `spatial` are the places that it is about, `creators` names or IRIs, `rai` statements by term of the Croissant RAI vocabulary.
    """

    id: str
    title: str
    description: str
    keywords: list[str]
    theme: str | None
    licence: str | None
    language: list[str]
    media_type: str | None
    byte_size: int | None
    files: int | None
    checksums: list[Checksum]
    version: str | None
    issued: datetime | None
    modified: datetime | None
    spatial: list[str]
    creators: list[str]
    rai: dict[str, list[str]]
    measures: list[Measure]
    formats: list[str]
    offers: list[Offer]


class Limits(Body, kw_only=True):
    """The limits within which this server negotiates by itself.

    `must` are the widest terms that a provider agrees to, or the use that a consumer needs, with what it is ready to do for it. At most
    `max_rounds` proposals are made. With `ask_declared` a person is asked before terms are agreed to that only the law keeps.
    """

    must: OneTerms
    max_rounds: Annotated[int, Meta(ge=1, le=20)] = 5
    ask_declared: bool = True


class ShownLimits(Struct, kw_only=True):
    """Limits of negotiation, with their terms in sentences and as ODRL JSON."""

    sentences: list[str]
    must: Odrl
    max_rounds: int
    ask_declared: bool


class Asset(Struct, kw_only=True):
    """A dataset on offer, where its bytes are, and who may see it (nobody named: every member).

    Within `preferences` other terms than those on offer are negotiated by rule. `derived_from` are the contracts under which the
    data came. `reservations` are what files beside it keep back, in words; they bind unless the owner says `rights_held`.
    """

    id: str
    dataset: Dataset
    source: Source
    visible_to: list[Did]
    answering: Answering
    preferences: ShownLimits | None
    derived_from: list[str]
    rights_held: bool
    reservations: list[str]
    withdrawn: datetime | None
    created: datetime
    updated: datetime


class FileAt(Body, tag="file", tag_field="kind", kw_only=True):
    """One file, by its absolute path."""

    path: Address


class FolderAt(Body, tag="folder", tag_field="kind", kw_only=True):
    """All files of a folder, by its absolute path."""

    path: Address


class HttpAt(Body, tag="http", tag_field="kind", kw_only=True):
    """An address that is fetched when the data is asked for."""

    url: Address


class StoredAt(Body, tag="stored", tag_field="kind", kw_only=True):
    """What the facility holds: `name@number`, or `name` for the newest version at any time.

    `path` is one file of it, or a folder if it ends with `/`; without it all is offered.
    """

    version: Annotated[str, Meta(min_length=1, max_length=200)]
    path: Annotated[str, Meta(max_length=2_048)] = ""


class AssetChange(Body, kw_only=True):
    """What to change of an asset; what is absent stays. Standing contracts keep their own terms."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    keywords: list[str] | UnsetType = UNSET
    theme: str | UnsetType | None = UNSET
    licence: str | UnsetType | None = UNSET
    language: list[str] | UnsetType = UNSET
    media_type: str | UnsetType | None = UNSET
    spatial: list[str] | UnsetType = UNSET
    creators: list[str] | UnsetType = UNSET
    rai: Rai | UnsetType = UNSET
    visible_to: list[PeerDid] | UnsetType = UNSET
    answering: Answering | UnsetType = UNSET
    preferences: Limits | UnsetType | None = UNSET
    derived_from: Annotated[list[Address], Meta(max_length=64)] | UnsetType = UNSET
    rights_held: bool | UnsetType = UNSET
    terms: ManyTerms | UnsetType = UNSET


class NewAsset(Body, kw_only=True):
    """An asset to offer; what is absent is found out where it can be."""

    source: FileAt | FolderAt | HttpAt | StoredAt
    terms: ManyTerms
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    keywords: list[str] | UnsetType = UNSET
    theme: str | UnsetType | None = UNSET
    licence: str | UnsetType | None = UNSET
    language: list[str] | UnsetType = UNSET
    media_type: str | UnsetType | None = UNSET
    spatial: list[str] | UnsetType = UNSET
    creators: list[str] | UnsetType = UNSET
    rai: Rai | UnsetType = UNSET
    visible_to: list[PeerDid] | UnsetType = UNSET
    answering: Answering | UnsetType = UNSET
    preferences: Limits | UnsetType | None = UNSET
    derived_from: Annotated[list[Address], Meta(max_length=64)] | UnsetType = UNSET
    rights_held: bool | UnsetType = UNSET


class AskCatalog(Body, kw_only=True):
    """Whose catalogue to read: the first page, the page at `next`, or all of it."""

    peer: PeerDid
    filter: Annotated[list[dict[str, Any]], Meta(max_length=16)] = []
    next: Address | None = None
    all: bool = False


class Catalogue(Struct, kw_only=True):
    """What a peer offers; `unreadable` says what of it could not be read, and why."""

    participant: Did
    datasets: list[Dataset]
    unreadable: list[Unreadable]
    next: str | None


class AskForData(Body, kw_only=True):
    """A dataset to negotiate about: an offer's id from the peer's catalogue, and own terms for a counter-offer.

    Within `preferences` what comes back is answered by rule. Without own terms the offer is then asked for if it covers what is
    needed, and without an offer's id the first of the dataset's that does.
    """

    peer: PeerDid
    dataset: Address
    offer: Address | None = None
    terms: OneTerms | None = None
    answering: Answering = Answering.RULE
    preferences: Limits | None = None


class OfferData(Body, kw_only=True):
    """An own asset to offer to a peer unasked, under the asset's first offer or other terms."""

    peer: PeerDid
    asset: Word
    terms: OneTerms | None = None


class CounterTerms(Body, kw_only=True):
    """Other terms to put on the table."""

    terms: OneTerms


class Ending(Body, kw_only=True):
    """Why; the other side is told."""

    reason: Reason = ""


class Process(Struct, kw_only=True):
    """What negotiations and transfers share.

    `state` is absent until the other side has acknowledged the first message; `pending` is a step of ours that it has
    not acknowledged yet. `waits_for` and `who` say what is missing and who must act.
    """

    id: str
    role: str
    peer: Did
    state: str | None
    final: bool
    pending: str | None
    waits_for: str
    who: str
    deadline: datetime | None
    dataset: str
    created: datetime
    updated: datetime


class Negotiation(Process, kw_only=True):
    """A negotiation, with the offer on the table and who put it there; `contract` once there is an agreement."""

    offer: Offer
    offered_by: str
    answering: Answering
    contract: str | None


class Contract(Struct, kw_only=True):
    """An agreement in force, or that has ended, in sentences and as ODRL JSON.

    `end_how` is `terms`, `notice` or `breach`, `ended_by` `us`, `peer` or an operator; `end_statement` is in the ledger, signed.
    """

    id: str
    role: str
    peer: Did
    dataset: str
    negotiation: str
    finalized: datetime
    ended: datetime | None
    end_reason: str
    end_how: str
    ended_by: str
    end_statement: str
    sentences: list[str]
    agreement: Odrl


class SinkAddress(Body, kw_only=True):
    """Where a push is to go."""

    endpoint_type: Address
    endpoint: Address | None = None
    properties: Annotated[dict[Word, Annotated[str, Meta(max_length=8_192)]], Meta(max_length=64)] = {}


class NewTransfer(Body, kw_only=True):
    """A contract whose data to ask for. `sink` is for a push: `true` for this server's own, or an address.

    `stated` says how the data will be used, by name, such as `purpose`: what the terms want stated is signed and sent beforehand.
    """

    contract: Address
    format: Line = "HttpData-PULL"
    sink: Literal[True] | SinkAddress | None = None
    stated: Annotated[dict[Line, Address], Meta(max_length=20)] = {}


class Transfer(Process, kw_only=True):
    """A transfer of a contract's data; `address` tells whether there is a data address to ask for."""

    contract: str
    format: str
    suspended_by: str | None
    address: bool
