"""What the management interface takes and gives about orders for data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Address, Body, Line, PeerDid, Reason
from hanse.kernel.tenant import Did

Money = Annotated[str, Meta(max_length=40, description="An amount and its currency, e.g. `500EUR`.")]
MeasureLimits = Annotated[dict[Line, Annotated[str, Meta(max_length=40)]], Meta(max_length=32)]
Several = Annotated[list[Address], Meta(max_length=32)]
Positive = Annotated[int, Meta(ge=1, le=2**53)]
Numbers = Annotated[list[Annotated[int, Meta(ge=1, le=10_000)]], Meta(max_length=10_000)]


class OrderLimits(Body, kw_only=True):
    """What may be spent and stored without asking: money in all and for one dataset (`each`), bytes, datasets."""

    budget: Money | None = None
    each: Money | None = None
    size: Positive | None = None
    datasets: Positive | None = None


class OrderStanding(Body, kw_only=True):
    """An order that keeps running: every so many seconds, and its limits over all runs."""

    every: Annotated[int, Meta(ge=60, le=366 * 86_400)]
    total: OrderLimits = field(default_factory=OrderLimits)


class NewOrder(Body, kw_only=True):
    """An order: what is looked for (`query`), what for (`action`, `purpose`), and what is acceptable. Sizes are bytes.

    `declared` accepts terms that nothing but the law keeps; `yes` needs no approval of the plan; `dry_run` only plans.
    """

    query: Annotated[str, Meta(min_length=1, max_length=1_000)]
    action: Address = "use"
    purpose: Address | None = None
    limits: OrderLimits = field(default_factory=OrderLimits)
    licences: Several = field(default_factory=list)
    languages: Several = field(default_factory=list)
    max_size: Positive | None = None
    newer_than: datetime | None = None
    until: datetime | None = None
    quality: MeasureLimits = field(default_factory=dict)
    quality_most: MeasureLimits = field(default_factory=dict)
    eu_only: bool = False
    clear_rights: bool = False
    into: Annotated[str, Meta(max_length=200)] = ""
    drift: Literal["ask", "accept"] = "ask"
    declared: bool = False
    yes: bool = False
    dry_run: bool = False
    standing: OrderStanding | None = None


class OrderAnswer(Body, kw_only=True):
    """A yes: to these items by their numbers, or, without, to all that wait for the plan's approval. `price` is the most for one item."""

    items: Numbers = field(default_factory=list)
    price: Money | None = None


class OrderRefusal(Body, kw_only=True):
    """A no: to these items by their numbers, or, without, to all that wait."""

    items: Numbers = field(default_factory=list)
    reason: Reason = ""


class OrderCancel(Body, kw_only=True):
    """The end of an order, and why."""

    reason: Reason = ""


class MeasuredPeer(Body, kw_only=True):
    """Whose link is to be measured."""

    peer: PeerDid


class PeerSpeed(Struct, kw_only=True):
    """How fast the link to a provider is: bytes a second in past transfers (absent: none yet), and seconds to the first byte."""

    peer: Did
    rate: float | None
    latency: float
    measured: datetime


class OrderReason(Struct, kw_only=True):
    """One thing that was looked at; `fine` is absent where it is not known, so that a person is asked."""

    about: str
    fine: bool | None
    said: str


class OrderQuestion(Struct, kw_only=True):
    """What a person has to decide."""

    about: str
    said: str


class OrderEstimate(Struct, kw_only=True):
    """How long the transfer will take, from a link that was measured then: bytes, bytes a second, seconds."""

    size: int
    rate: float
    seconds: float
    measured: datetime


class OrderHappening(Struct, kw_only=True):
    """A line of a story."""

    at: datetime
    what: str
    by: str
    detail: str


class OrderItem(Struct, kw_only=True):
    """A dataset of an order: what it is, what was made of it, and where it stands. `terms` are sentences, of what is not left out.

    `cost` says what the terms cost (`free`, a price, or why that is not known), `price` the most that may be agreed on. `done` are
    the bytes that are here, `moved` those that came over the network. `languages` are tags (BCP 47).
    """

    number: int
    run: int
    state: str
    why: str
    name: str
    space: str
    provider: Did
    provider_name: str
    dataset: str
    title: str
    cover: str
    terms: list[str]
    cost: str
    price: str | None
    licence: str | None
    declared: list[str]
    risks: list[str]
    score: int
    reasons: list[OrderReason]
    questions: list[OrderQuestion]
    estimate: OrderEstimate | None
    approved_by: str
    negotiation: str | None
    agreement: str | None
    transfer: str | None
    version: str | None
    size: int | None
    files: int | None
    done: int
    moved: int
    hint: str
    notes: list[str]
    story: list[OrderHappening]
    updated: datetime
    languages: list[str]
    keywords: list[str]
    theme: str | None


class OrderSilent(Struct, kw_only=True):
    """A member whose catalogue could not be searched to its end, and why."""

    space: str
    member: str
    name: str
    why: str


class OrderRun(Struct, kw_only=True):
    """The last search."""

    number: int
    began: datetime
    ended: datetime | None
    spaces: list[str]
    asked: int
    silent: list[OrderSilent]
    seen: int
    found: int
    unread: int
    why: str


class OrderTotals(Struct, kw_only=True):
    """The whole of what is taken: datasets by state, money per currency, how many prices and sizes are not known, bytes, and seconds.

    `seconds` is absent while a link that it depends on was never measured.
    """

    states: dict[str, int]
    cost: list[str]
    unknown_prices: int
    size: int
    unknown_sizes: int
    done: int
    moved: int
    seconds: float | None


class Order(Struct, kw_only=True):
    """An order. `items` are there when one order is asked for, not in lists."""

    id: str
    state: str
    why: str
    wish: NewOrder
    by: str
    created: datetime
    updated: datetime
    cancelled: datetime | None
    due: datetime | None
    run: OrderRun | None
    story: list[OrderHappening]
    totals: OrderTotals | None
    items: list[OrderItem]
