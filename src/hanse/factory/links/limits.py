"""What is left of a link's limits while datasets are chosen one after the other, without a person."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.factory.links.records import Link, Spent
from hanse.odrl.price import Price


class Sought(Struct, frozen=True, kw_only=True):
    """A dataset that would be acquired: where, from whom, for how much, how large (0: not known)."""

    space: str
    member: str = ""
    dataset: str = ""
    price: Price | None = None
    size: int = 0


class Purse:
    """The limits of one link, less what was spent."""

    def __init__(self, link: Link, spent: Spent) -> None:
        """Take the link, and what was acquired so far in its days."""
        self._link = link
        self._money = {price.currency: price.amount for price in spent.money}
        self._size = spent.size
        self._datasets = spent.datasets

    def copy(self) -> Purse:
        """Return another one with as much in it, for work that may be done twice."""
        return Purse(self._link, self.spent)

    @property
    def spent(self) -> Spent:
        """What is taken from it so far."""
        return Spent(money=tuple(Price(amount, name) for name, amount in self._money.items()), size=self._size, datasets=self._datasets)

    def problem(self, one: Sought) -> str:
        """Return which limit, or which rule of our own, one more dataset would break; nothing if it may be taken."""
        limits = self._link.limits
        if one.dataset in self._link.without or one.member in self._link.without:
            return "It is left out by the link's own rule."
        if limits.datasets is not None and self._datasets + 1 > limits.datasets:
            return f"{self._datasets} datasets came in {limits.days} days, which is the link's limit."
        if limits.size is not None and self._size + one.size > limits.size:
            return f"With it more than {limits.size} bytes would come in {limits.days} days, the link's limit."
        if limits.size is not None and not one.size:
            return self._too_dear(one.price) or f"It does not say how large it is, and the link's limit is {limits.size} bytes."
        return self._too_dear(one.price)

    def take(self, one: Sought) -> None:
        """Count it."""
        self._datasets += 1
        self._size += one.size
        if one.price is not None:
            self._money[one.price.currency] = self._money.get(one.price.currency, Decimal()) + one.price.amount

    def _too_dear(self, price: Price | None) -> str:
        limits = self._link.limits
        if price is None or not price.amount:
            return ""
        if limits.budget is None:
            return f"It costs {price}, and the link has no budget."
        if price.currency != limits.budget.currency:
            return f"It costs {price}, and the link's budget is in {limits.budget.currency}: nothing is converted."
        total = self._money.get(price.currency, Decimal()) + price.amount
        if total <= limits.budget.amount:
            return ""
        return f"With it {Price(total, price.currency)} would be spent in {limits.days} days; the link's limit is {limits.budget}."
