"""The last look before an agreement: are these the terms that were approved, and is the price still within the limits?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from hanse.factory.acquire.records import Item, Limits, Order
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import COMPENSATE, plain
from hanse.odrl.normal import terms_hash
from hanse.odrl.price import Price, cost_of


def may_agree(order: Order, items: Sequence[Item], item: Item, terms: Terms) -> str:
    """Return why these terms may not be agreed on, in words; nothing if they may. `items` are all of the order.

    The terms that were planned may, and so may those that differ by a lower price, or by a higher one that is within the limits of an
    order that was placed with `yes`. What a person approved at one price is not agreed on at a higher one.
    """
    if order.cancelled is not None:
        return "the order was cancelled"
    planned = terms_hash(terms) == item.terms_hash
    cost = cost_of(terms, order.wish.action)
    if cost.unknown:
        return "" if planned and "price" in item.answered else f"the price is not known: {cost.unknown}"
    if not planned and not _same_but_price(item, terms):
        return "the terms are others than those that were planned"
    return "" if cost.price is None else _within(order, items, item, cost.price)


def room(limits: Limits, prices: Sequence[Price], price: Price) -> str:
    """Return why a price does not fit into what is left of a budget, in words; nothing if it does."""
    if limits.each is not None:
        if limits.each.currency != price.currency:
            return f"{price} cannot be compared with the limit of {limits.each}"
        if price.amount > limits.each.amount:
            return f"{price} is more than the {limits.each} that one dataset may cost"
    if limits.budget is None:
        return f"it costs {price}, and there is no budget"
    if limits.budget.currency != price.currency:
        return f"{price} cannot be compared with the budget of {limits.budget}"
    # Money of another currency was approved by a person, beside the budget.
    left = limits.budget.amount - sum((one.amount for one in prices if one.currency == price.currency), Decimal(0))
    return "" if price.amount <= left else f"{price} is more than the {left:f} {price.currency} that are left of {limits.budget}"


def _within(order: Order, items: Sequence[Item], item: Item, price: Price) -> str:
    approved = item.price
    if approved is not None and approved.currency == price.currency and price.amount <= approved.amount:
        return "" if item.approved_by else _spent(order, items, item, price)
    changed = f"the price is {price} now, and {approved or 'nothing'} was approved"
    if not order.wish.yes:
        return changed
    others = [one for one in items if one.number != item.number and one.committed and one.price is not None]
    in_run = [one.price for one in others if one.run == item.run and one.price is not None]
    problem = room(order.wish.limits, in_run, price)
    if not problem and order.wish.standing is not None:
        problem = room(order.wish.standing.total, [one.price for one in others if one.price is not None], price)
    return f"{changed}; {problem}" if problem else ""


def _spent(order: Order, items: Sequence[Item], item: Item, price: Price) -> str:
    """Return whether others have used the budget up meanwhile: what had failed is tried again, after its money went elsewhere.

    Of two that are tried again at once the first one has the money. What a person approved is beside the budget.
    """
    first = [one for one in items if one.number < item.number or one.agreement is not None]
    others = [one for one in first if one.number != item.number and one.committed and not one.approved_by and one.price is not None]
    limits = [(order.wish.limits.budget, [one.price for one in others if one.run == item.run and one.price is not None])]
    if order.wish.standing is not None:
        limits.append((order.wish.standing.total.budget, [one.price for one in others if one.price is not None]))
    problems = (room(Limits(budget=budget), prices, price) for budget, prices in limits if budget is not None)
    return next((problem for problem in problems if problem), "")


def _same_but_price(item: Item, terms: Terms) -> bool:
    planned = item.candidate.terms or item.offer.terms
    return terms_hash(without_payment(planned)) == terms_hash(without_payment(terms))


def without_payment(terms: Terms) -> Terms:
    """Return the terms without the duties to pay."""
    return structs.replace(
        terms,
        permissions=tuple(structs.replace(rule, duties=_unpaid(rule.duties)) for rule in terms.permissions),
        obligations=_unpaid(terms.obligations),
    )


def _unpaid(duties: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(duty for duty in duties if plain(duty.action) != COMPENSATE)
