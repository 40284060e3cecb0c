"""Orders as they are shown, and wishes as they are typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from hanse.dcat.languages import tag_of
from hanse.factory.acquire.orders import Seen
from hanse.factory.acquire.records import Candidate, Estimate, Happening, Item, Limits, Order, Run, Standing, Wish
from hanse.factory.acquire.states import FINAL, ItemState
from hanse.http.api.factory import orders_structs as od
from hanse.kernel.errors import Invalid
from hanse.odrl.constraints.base import Operands
from hanse.odrl.price import Price, read_price, total
from hanse.odrl.say import say_terms

_NOT_TAKEN = frozenset({ItemState.LEFT_OUT, ItemState.REFUSED, ItemState.CANCELLED})


def wish(said: od.NewOrder) -> Wish:
    """Return what was typed as a wish. Raises `Invalid`, naming the field."""
    standing = said.standing
    return Wish(
        query=said.query,
        action=said.action,
        purpose=said.purpose,
        limits=_limits(said.limits, "limits"),
        licences=tuple(said.licences),
        languages=tuple(said.languages),
        max_size=said.max_size,
        newer_than=said.newer_than,
        until=said.until,
        quality={name: _number(text) for name, text in said.quality.items()},
        quality_most={name: _number(text) for name, text in said.quality_most.items()},
        eu_only=said.eu_only,
        clear_rights=said.clear_rights,
        into=said.into,
        drift=said.drift,
        declared=said.declared,
        yes=said.yes,
        dry_run=said.dry_run,
        standing=None
        if standing is None
        else Standing(every=timedelta(seconds=standing.every), total=_limits(standing.total, "standing.total")),
    )


def order(one: Order) -> od.Order:
    """Return an order for a list."""
    return _order(one, None, [])


def seen(one: Seen, operands: Operands, *, taken: bool = False) -> od.Order:
    """Return an order with its items, or those alone that are not left out, and what they come to."""
    items = [item for item in one.items if not taken or item.state is not ItemState.LEFT_OUT]
    return _order(one.order, _totals(one.items), [_item(item, operands) for item in items])


def _order(one: Order, totals: od.OrderTotals | None, items: list[od.OrderItem]) -> od.Order:
    return od.Order(
        id=one.id,
        state=one.state.value,
        why=one.why,
        wish=_said(one.wish),
        by=one.by,
        created=one.created,
        updated=one.updated,
        cancelled=one.cancelled,
        due=one.due,
        run=None if one.run is None else _run(one.run),
        story=_story(one.story),
        totals=totals,
        items=items,
    )


def _said(one: Wish) -> od.NewOrder:
    standing = one.standing
    return od.NewOrder(
        query=one.query,
        action=one.action,
        purpose=one.purpose,
        limits=_back(one.limits),
        licences=list(one.licences),
        languages=list(one.languages),
        max_size=one.max_size,
        newer_than=one.newer_than,
        until=one.until,
        quality={name: str(value) for name, value in one.quality.items()},
        quality_most={name: str(value) for name, value in one.quality_most.items()},
        eu_only=one.eu_only,
        clear_rights=one.clear_rights,
        into=one.into,
        drift=one.drift,
        declared=one.declared,
        yes=one.yes,
        dry_run=one.dry_run,
        standing=None if standing is None else od.OrderStanding(every=int(standing.every.total_seconds()), total=_back(standing.total)),
    )


def _limits(said: od.OrderLimits, where: str) -> Limits:
    return Limits(
        budget=None if said.budget is None else read_price(said.budget, f"{where}.budget"),
        each=None if said.each is None else read_price(said.each, f"{where}.each"),
        size=said.size,
        datasets=said.datasets,
    )


def _back(one: Limits) -> od.OrderLimits:
    return od.OrderLimits(budget=_price(one.budget), each=_price(one.each), size=one.size, datasets=one.datasets)


def _price(price: Price | None) -> str | None:
    return None if price is None else str(price)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Invalid(f"{text[:40]!r} is no number.", where="quality", rule="number", hint="For example 0.95.")
    return number


def _totals(items: Sequence[Item]) -> od.OrderTotals:
    taken = [item for item in items if item.state not in _NOT_TAKEN]
    ahead = [item for item in taken if item.state not in FINAL]
    estimates = [item.candidate.estimate for item in ahead]
    sizes = [item.size if item.size is not None else item.offered.byte_size for item in taken]
    return od.OrderTotals(
        states=dict(Counter(item.state.value for item in items)),
        cost=[str(Price(amount, currency)) for currency, amount in total(item.price for item in taken if item.price is not None).items()],
        unknown_prices=sum(bool(item.candidate.cost.unknown) and item.price is None for item in taken),
        size=sum(size for size in sizes if size is not None),
        unknown_sizes=sum(size is None for size in sizes),
        done=sum(item.done for item in taken),
        moved=sum(item.moved for item in taken),
        seconds=None if None in estimates else sum(one.seconds for one in estimates if one is not None),
    )


def _item(item: Item, operands: Operands) -> od.OrderItem:
    candidate = item.candidate
    return od.OrderItem(
        number=item.number,
        run=item.run,
        state=item.state.value,
        why=item.why,
        name=item.name,
        space=candidate.space,
        provider=candidate.provider,
        provider_name=candidate.provider_name,
        dataset=candidate.dataset.id,
        title=candidate.dataset.title,
        cover=candidate.cover.value,
        terms=[] if candidate.terms is None or item.state is ItemState.LEFT_OUT else say_terms(candidate.terms, operands=operands),
        cost=_cost(candidate),
        price=_price(item.price),
        licence=candidate.licence,
        declared=list(candidate.declared),
        risks=list(candidate.risks),
        score=candidate.score,
        reasons=[od.OrderReason(about=one.about, fine=one.fine, said=one.said) for one in candidate.reasons],
        questions=[od.OrderQuestion(about=one.about, said=one.said) for one in item.questions],
        estimate=_estimate(candidate.estimate),
        approved_by=item.approved_by,
        negotiation=item.negotiation,
        agreement=item.agreement,
        transfer=item.transfer,
        version=item.version,
        size=item.size if item.size is not None else candidate.dataset.byte_size,
        files=item.files if item.files is not None else candidate.dataset.files,
        done=item.done,
        moved=item.moved,
        hint=item.hint,
        notes=list(item.notes),
        story=_story(item.story),
        updated=item.updated,
        languages=[tag_of(one) for one in candidate.dataset.language],
        keywords=list(candidate.dataset.keywords),
        theme=candidate.dataset.theme,
    )


def _cost(candidate: Candidate) -> str:
    cost = candidate.cost
    return cost.unknown or ("free" if cost.price is None else str(cost.price))


def _estimate(one: Estimate | None) -> od.OrderEstimate | None:
    return None if one is None else od.OrderEstimate(size=one.size, rate=one.rate, seconds=one.seconds, measured=one.measured)


def _run(run: Run) -> od.OrderRun:
    return od.OrderRun(
        number=run.number,
        began=run.began,
        ended=run.ended,
        spaces=list(run.spaces),
        asked=run.asked,
        silent=[od.OrderSilent(space=one.space, member=one.member, name=one.name, why=one.why) for one in run.silent],
        seen=run.seen,
        found=run.found,
        unread=run.unread,
        why=run.why,
    )


def _story(story: Sequence[Happening]) -> list[od.OrderHappening]:
    return [od.OrderHappening(at=one.at, what=one.what, by=one.by, detail=one.detail) for one in story]
