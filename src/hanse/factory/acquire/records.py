"""What an order is made of. Every record carries its tenant; times are UTC, sizes in bytes.

An order holds one `Wish`. Each run of it (a standing order has many) searches once and makes one `Item` per dataset that the words
found, acquired or left out, each with its reasons. The items are taken further one by one, by `advance()`; what the order as a whole
is doing follows from them (`standing_of`), and is stored only to be listed by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct, structs

from hanse.dcat.holding import Origin
from hanse.dcat.model import Dataset
from hanse.factory.acquire.states import ENDED, FINAL, TABLE, UNDER_WAY, Event, ItemState, OrderState
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Offer, Terms
from hanse.odrl.normal import terms_hash
from hanse.odrl.price import Cost, Price

MAX_ITEMS: Final = 10_000
"""Items of one order."""
MAX_STORY: Final = 100
"""Happenings kept per order and per item; the first one stays."""


class Happening(Struct, frozen=True, omit_defaults=True):
    """One line of a story: when, what, by whom (`us`, `peer` or an operator's name)."""

    at: datetime
    what: str
    by: str = "us"
    detail: str = ""


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be spent and stored without asking: money, bytes and datasets, in one run; and the price of one dataset (`each`).

    Without a budget nothing that costs money is bought.
    """

    budget: Price | None = None
    each: Price | None = None
    size: int | None = None
    datasets: int | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """An order that keeps running: how often it looks, and what it may spend in all. `Wish.limits` bound each run."""

    every: timedelta
    total: Limits = Limits()


class Wish(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is ordered.

    `query` says what is looked for (see `query`), the rest what is acceptable. `action` and `purpose` are what the data is wanted for
    (an ODRL action, e.g. `urn:hanse:odrl:train`, and an IRI such as `dpv:ResearchAndDevelopment`). `licences` are SPDX ids or addresses,
    `languages` BCP 47 tags: one of each is enough. Until `until` the data has to be usable. `quality` are declared measures and their
    least values, `quality_most` their greatest. `into` is the place in the facility: `hot` (so without a word) or `cold`. With `declared`
    terms that nothing but the law keeps are accepted without asking; with `yes` whatever is within the limits is acquired without asking
    for the plan's approval; with `dry_run` nothing is acquired at all. `drift` says what becomes of data whose schema is another than
    before.
    """

    query: str
    action: str
    purpose: str | None = None
    limits: Limits = Limits()
    licences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    max_size: int | None = None
    newer_than: datetime | None = None
    until: datetime | None = None
    quality: dict[str, Decimal] = {}
    quality_most: dict[str, Decimal] = {}
    eu_only: bool = False
    clear_rights: bool = False
    into: str = ""
    drift: Literal["ask", "accept"] = "ask"
    declared: bool = False
    yes: bool = False
    dry_run: bool = False
    standing: Standing | None = None

    @property
    def stated(self) -> dict[str, str]:
        """What is stated about the use when the data is asked for."""
        return {} if self.purpose is None else {"purpose": self.purpose}


class Silent(Struct, frozen=True):
    """A member whose catalogue could not be searched, wholly or in part, and why."""

    space: str
    member: Did
    name: str
    why: str


class Run(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One search of an order: whom it asked, who did not answer, how many datasets were seen and found by the words."""

    number: int
    began: datetime
    ended: datetime | None = None
    spaces: tuple[str, ...] = ()
    asked: int = 0
    silent: tuple[Silent, ...] = ()
    seen: int = 0
    found: int = 0
    unread: int = 0
    why: str = ""


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order. `run` is the last run; `due` is when the timer has to look at it (a search to begin or take up, the next run).

    Once it is `cancelled` nothing new is begun; it is CANCELLED when all its items have ended.
    """

    tenant: Tenant
    id: str
    wish: Wish
    state: OrderState
    by: str
    created: datetime
    updated: datetime
    run: Run | None = None
    due: datetime | None = None
    cancelled: datetime | None = None
    why: str = ""
    story: tuple[Happening, ...] = ()

    @property
    def ended(self) -> bool:
        """Tell whether nothing new is begun for it any more."""
        return self.state in ENDED


class Reason(Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at: what (`licence`, `price`, ...), whether it is fine (`None`: not known, or to be asked), in words."""

    about: str
    fine: bool | None
    said: str


class Question(Struct, frozen=True):
    """What a person has to decide before an item goes on: what it is about (`price`, `declared`, `cover`, `limit`, ...), in words."""

    about: str
    said: str


class Estimate(Struct, frozen=True):
    """How long a transfer will take, from a link that was measured: bytes, bytes a second, seconds."""

    size: int
    rate: float
    seconds: float
    measured: datetime


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dataset that the words found, and what was made of it.

    `offer` is the one of its offers that fits best, `terms` what we would ask for: the offer's own terms where they cover the use,
    else the counter-offer that would do. `declared` are the terms that nothing but the law keeps, in words. `score` orders the
    candidates, the higher the better; `reasons` explain all of it.
    """

    space: str
    provider: Did
    provider_name: str
    dataset: Dataset
    offer: Offer | None = None
    terms: Terms | None = None
    cover: Verdict = Verdict.UNKNOWN
    cost: Cost = Cost()
    licence: str | None = None
    declared: tuple[str, ...] = ()
    origin: Origin = Origin()
    risks: tuple[str, ...] = ()
    quality: dict[str, Decimal] = {}
    score: int = 0
    reasons: tuple[Reason, ...] = ()
    estimate: Estimate | None = None


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dataset of an order. `number` counts within the order, `run` is the one that found it.

    `name` is that of the version in the facility. `price` is what was approved: the most that may be agreed on (none: nothing may be
    asked for). `questions` are open while it is ASKING; `answered` are those (`Question.about`) to which a person said yes. `why` says
    in words why it stands where it does. The fields after `approved_by` are the running room's: `size` and `files` of the version in
    all, `done` bytes there, `moved` bytes over the network, `due` when it looks again; `verified` once all files were checked, `spent`
    are agreements that stood but gave no more, and it is `tidy` when all that it had begun is ended,
    and has `joined` a negotiation that others had begun.
    """

    tenant: Tenant
    order: str
    number: int
    run: int
    state: ItemState
    name: str
    candidate: Candidate
    created: datetime
    updated: datetime
    why: str = ""
    price: Price | None = None
    questions: tuple[Question, ...] = ()
    answered: tuple[str, ...] = ()
    approved_by: str = ""
    negotiation: str | None = None
    agreement: str | None = None
    transfer: str | None = None
    version: str | None = None
    size: int | None = None
    files: int | None = None
    done: int = 0
    moved: int = 0
    rule: str = ""
    hint: str = ""
    attempts: int = 0
    due: datetime | None = None
    notes: tuple[str, ...] = ()
    verified: bool = False
    spent: tuple[str, ...] = ()
    tidy: bool = False
    joined: bool = False
    story: tuple[Happening, ...] = ()

    @property
    def id(self) -> str:
        """The number as a text."""
        return str(self.number)

    @property
    def final(self) -> bool:
        """Tell whether nothing happens to it any more by itself."""
        return self.state in FINAL

    @property
    def loose(self) -> bool:
        """Tell whether the running room has something to do for it: to take it further, or to end what it had begun."""
        if self.state in (ItemState.REFUSED, ItemState.FAILED, ItemState.CANCELLED):
            return not self.tidy and (self.negotiation or self.agreement or self.transfer) is not None
        return self.state in UNDER_WAY

    @property
    def committed(self) -> bool:
        """Tell whether its price counts against the limits: it was approved, and did not end before there was an agreement."""
        return self.agreement is not None or self.state in UNDER_WAY or self.state is ItemState.DONE

    @property
    def peer(self) -> Did:
        """The provider."""
        return self.candidate.provider

    @property
    def space(self) -> str:
        """The address of the space in which it was found."""
        return self.candidate.space

    @property
    def dataset(self) -> str:
        """The dataset's id at its provider."""
        return self.candidate.dataset.id

    @property
    def offered(self) -> Dataset:
        """The dataset as the catalogue described it when it was planned."""
        return self.candidate.dataset

    @property
    def offer(self) -> Offer:
        """The offer that was chosen. Raises `Conflict` for a candidate without one, which is left out."""
        if self.candidate.offer is None:
            raise Conflict("This dataset has no offer that can be read.", where="item", rule="no-offer")
        return self.candidate.offer

    @property
    def need(self) -> Terms | None:
        """The terms to ask for where they are others than those on offer; they were approved by a person."""
        terms = self.candidate.terms
        return None if terms is None or terms == self.offer.terms else terms

    @property
    def terms_hash(self) -> str:
        """The normal-form hash of the terms that were planned: what is agreed on must be these."""
        return terms_hash(self.candidate.terms or self.offer.terms)


def advance(item: Item, event: Event, at: datetime, *, by: str = "us", why: str = "", **changes: object) -> Item:
    """Return the item after the event, with `changes` to its other fields and a line in its story. Raises `Conflict`."""
    to = TABLE.get((item.state, event))
    if to is None:
        raise Conflict(f"Item {item.number} is {item.state}, so there is nothing to {event}.", where="item", rule="state")
    waits = to in FINAL or to is ItemState.ASKING
    story = told(item.story, Happening(at, event.value, by, why))
    return structs.replace(item, **{"state": to, "updated": at, "why": why, "due": None if waits else at, "story": story, **changes})


def told(story: tuple[Happening, ...], line: Happening) -> tuple[Happening, ...]:
    """Return the story with one more line, within its bound."""
    return (*story[:1], *story[1:][-(MAX_STORY - 2) :], line)


def standing_of(order: Order, items: Sequence[Item]) -> OrderState:
    """Return where an order stands, whose search is over, by its items."""
    if order.state is OrderState.SEARCHING or order.ended:
        return order.state
    if any(item.state in UNDER_WAY or item.state is ItemState.CANDIDATE for item in items):
        return OrderState.RUNNING
    if any(item.state is ItemState.ASKING for item in items):
        return OrderState.ASKING
    if order.cancelled is not None:
        return OrderState.CANCELLED
    if order.wish.standing is not None:
        return OrderState.WAITING
    return OrderState.FAILED if any(item.state is ItemState.FAILED for item in items) else OrderState.DONE


class LinkSpeed(Struct, frozen=True, kw_only=True):
    """How fast the link to a provider was: bytes a second, and seconds until the first byte."""

    tenant: Tenant
    peer: Did
    rate: float
    latency: float
    at: datetime


class OrderChanged(Struct, frozen=True):
    """Event: an order changed, or a person decided on its items; whoever runs items looks for those that are approved."""

    tenant: Tenant
    order: str


class ItemChanged(Struct, frozen=True):
    """Event: the running room has taken an item further; whoever follows the order looks again."""

    tenant: Tenant
    order: str
    number: int
    state: ItemState
