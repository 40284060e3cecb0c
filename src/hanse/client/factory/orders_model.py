"""Orders for data as people write them, and as the server shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct, field

from hanse.client.model import Record

EVERY: Final = "1d"
"""How often a standing order looks where nothing else is said."""


class NewLimits(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="kebab"):
    """Limits over all runs of a standing order: money (`5000EUR`), size (`1TB`), datasets."""

    budget: str | None = None
    size: str | int | None = None
    datasets: int | None = None


class NewOrder(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="kebab"):
    """An order as people write it; an order file has the same fields, with hyphens.

    `purpose` is what the data is wanted for: a use (`train`, `fineTune`, `evaluate`, `embed`, `retrieve`, `mine`), an IRI such as
    `dpv:ResearchAndDevelopment`, or both. `budget` and `each` (of one dataset) are amounts such as `500EUR`; sizes are such as
    `10GB`; `newer_than` and `until` are days or moments. `quality` are least values of declared measures, `quality_most` greatest
    ones. `standing` orders look again `every` so long (`1d`, `6h`, `P1D`), within `total`. See the how-to "Acquire data" for all of it.
    """

    query: str
    purpose: str | list[str] = field(default_factory=list)
    budget: str | None = None
    each: str | None = None
    size: str | int | None = None
    datasets: int | None = None
    licence: str | list[str] = field(default_factory=list)
    language: str | list[str] = field(default_factory=list)
    max_size: str | int | None = None
    newer_than: str | None = None
    until: str | None = None
    quality: dict[str, str | int | float] = field(default_factory=dict)
    quality_most: dict[str, str | int | float] = field(default_factory=dict)
    eu_only: bool = False
    clear_rights: bool = False
    into: str = ""
    drift: Literal["ask", "accept"] = "ask"
    accept_declared: bool = False
    yes: bool = False
    dry_run: bool = False
    standing: bool = False
    every: str = EVERY
    total: NewLimits | None = None


class OrderLimits(Record, kw_only=True):
    """Limits of an order: money, bytes, datasets."""

    budget: str | None = None
    each: str | None = None
    size: int | None = None
    datasets: int | None = None


class OrderStanding(Record, kw_only=True):
    """How often an order looks again (seconds), and its limits over all runs."""

    every: int
    total: OrderLimits = field(default_factory=OrderLimits)


class OrderWish(Record, kw_only=True):
    """What was ordered."""

    query: str
    action: str = "use"
    purpose: str | None = None
    limits: OrderLimits = field(default_factory=OrderLimits)
    licences: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    max_size: int | None = None
    newer_than: datetime | None = None
    until: datetime | None = None
    quality: dict[str, str] = field(default_factory=dict)
    quality_most: dict[str, str] = field(default_factory=dict)
    eu_only: bool = False
    clear_rights: bool = False
    into: str = ""
    declared: bool = False
    yes: bool = False
    dry_run: bool = False
    standing: OrderStanding | None = None


class PeerSpeed(Record, kw_only=True):
    """How fast the link to a provider is: bytes a second in past transfers (absent: none yet), and seconds to the first byte."""

    peer: str
    rate: float | None = None
    latency: float
    measured: datetime


class OrderReason(Record, kw_only=True):
    """One thing that was looked at; `fine` is absent where a person is asked."""

    about: str
    fine: bool | None = None
    said: str = ""


class OrderQuestion(Record, kw_only=True):
    """What a person has to decide."""

    about: str
    said: str


class OrderEstimate(Record, kw_only=True):
    """How long a transfer will take, from a link that was measured then."""

    size: int
    rate: float
    seconds: float
    measured: datetime


class OrderHappening(Record, kw_only=True):
    """A line of a story."""

    at: datetime
    what: str
    by: str
    detail: str = ""


class OrderItem(Record, kw_only=True):
    """A dataset of an order, in or out."""

    number: int
    run: int
    state: str
    why: str
    name: str
    space: str
    provider: str
    provider_name: str
    dataset: str
    title: str
    cover: str
    terms: list[str] = field(default_factory=list)
    cost: str
    price: str | None = None
    licence: str | None = None
    declared: list[str] = field(default_factory=list)
    risks: list[str] = field(default_factory=list)
    score: int = 0
    reasons: list[OrderReason] = field(default_factory=list)
    questions: list[OrderQuestion] = field(default_factory=list)
    estimate: OrderEstimate | None = None
    approved_by: str = ""
    negotiation: str | None = None
    agreement: str | None = None
    transfer: str | None = None
    version: str | None = None
    size: int | None = None
    files: int | None = None
    done: int = 0
    moved: int = 0
    hint: str = ""
    notes: list[str] = field(default_factory=list)
    story: list[OrderHappening] = field(default_factory=list)
    updated: datetime
    languages: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    theme: str | None = None


class OrderSilent(Record, kw_only=True):
    """A member whose catalogue could not be searched to its end, and why."""

    space: str
    member: str
    name: str
    why: str


class OrderRun(Record, kw_only=True):
    """The last search."""

    number: int
    began: datetime
    ended: datetime | None = None
    spaces: list[str] = field(default_factory=list)
    asked: int = 0
    silent: list[OrderSilent] = field(default_factory=list)
    seen: int = 0
    found: int = 0
    unread: int = 0
    why: str = ""


class OrderTotals(Record, kw_only=True):
    """The whole of what is taken."""

    states: dict[str, int] = field(default_factory=dict)
    cost: list[str] = field(default_factory=list)
    unknown_prices: int = 0
    size: int = 0
    unknown_sizes: int = 0
    done: int = 0
    moved: int = 0
    seconds: float | None = None


class Order(Record, kw_only=True):
    """An order; its items are there when it is asked for alone."""

    id: str
    state: str
    why: str = ""
    wish: OrderWish
    by: str
    created: datetime
    updated: datetime
    cancelled: datetime | None = None
    due: datetime | None = None
    run: OrderRun | None = None
    story: list[OrderHappening] = field(default_factory=list)
    totals: OrderTotals | None = None
    items: list[OrderItem] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Tell whether it does nothing by itself: it has ended, waits for a person, or for its next run."""
        return self.state not in ("SEARCHING", "RUNNING")

    @property
    def asks(self) -> bool:
        """Tell whether a person has to decide."""
        return any(item.state == "asking" for item in self.items)

    @property
    def latest(self) -> datetime:
        """When it last changed."""
        return max((self.updated, *(item.updated for item in self.items)))
