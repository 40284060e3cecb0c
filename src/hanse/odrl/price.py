"""What terms cost: the money that `compensate` duties ask for, exact and in the currency that they name (ODRL 2.2 Vocabulary, 4.3.12).

Nothing is converted and nothing is guessed: a duty that names no amount, an amount without a currency, two currencies at once, rent
by the month, or an amount that depends on something else is a price that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl.match.expand import included
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import COMPENSATE, PAY_AMOUNT, TIME_INTERVAL, plain
from hanse.odrl.values import Quantity, read_all, read_money

_TYPED: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Z]{3})")
_PLACES: Final = 6
_AMOUNTS: Final = frozenset({"eq", "gteq"})
"""`eq` names the price, `gteq` the least that is enough."""


class Price(Struct, frozen=True):
    """An exact amount of one currency (ISO 4217, three letters)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        """Return it as people write it, e.g. `500 EUR`."""
        return f"{self.amount:f} {self.currency}"


class Cost(Struct, frozen=True):
    """What terms cost: nothing, a price, or `unknown`, which says why it cannot be told."""

    price: Price | None = None
    unknown: str = ""

    @property
    def free(self) -> bool:
        """Tell whether nothing is asked."""
        return self.price is None and not self.unknown


FREE: Final = Cost()


def read_price(text: str, where: str = "price") -> Price:
    """Return `500EUR` or `12.50 EUR` as a price. Raises `Invalid`."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise Invalid(
            f"{text[:40]!r} is no price.", where=where, rule="price", hint="An amount and its currency, e.g. 500EUR or 12.50 EUR."
        )
    return Price(_short(Decimal(found[1])), found[2])


def cost_of(terms: Terms, action: str) -> Cost:
    """Return what doing `action` under `terms` costs: the duties of the permission that has it, and the obligations.

    Where several permissions have it and ask for different money, which one applies is not for us to choose: not known.
    """
    permitting = [rule for rule in terms.permissions if _includes(rule.action, action)]
    owed = _duties(terms.obligations)
    costs = {_sum([*owed, *_duties(rule.duties)]) for rule in permitting}
    if not costs:
        return _sum(owed)
    return costs.pop() if len(costs) == 1 else Cost(unknown="several permissions ask for different amounts")


def total(prices: Iterable[Price]) -> dict[str, Decimal]:
    """Return the sum per currency."""
    sums: dict[str, Decimal] = {}
    for price in prices:
        sums[price.currency] = sums.get(price.currency, Decimal(0)) + price.amount
    return dict(sorted(sums.items()))


def _includes(permitted: str, action: str) -> bool:
    mine, theirs = included(action), included(permitted)
    return plain(permitted) == plain(action) if mine is None or theirs is None else mine <= theirs


def _duties(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if plain(rule.action) == COMPENSATE]


def _sum(duties: Sequence[Rule]) -> Cost:
    found = [_cost(duty) for duty in duties]
    unknown = next((one.unknown for one in found if one.unknown), "")
    if unknown or not found:
        return Cost(unknown=unknown)
    sums = total(one.price for one in found if one.price is not None)
    if len(sums) > 1:
        return Cost(unknown=f"money of several currencies is asked for: {', '.join(sums)}")
    return next((Cost(Price(_short(amount), currency)) for currency, amount in sums.items() if amount), FREE)


def _cost(duty: Rule) -> Cost:
    constraints = duty.constraints + duty.refinements
    lefts = [plain(one.left) if isinstance(one, Atomic) else "" for one in constraints]
    if TIME_INTERVAL in lefts:
        return Cost(unknown="a payment comes round again and again, so the sum depends on how long")
    if duty.consequences or lefts != [PAY_AMOUNT]:
        why = "a payment is asked for without an amount" if not lefts else "the payment depends on more than an amount"
        return Cost(unknown=why)
    atomic = constraints[0]
    assert isinstance(atomic, Atomic)
    return _amount(atomic)


def _amount(atomic: Atomic) -> Cost:
    read = read_all(atomic, read_money) if atomic.operator in _AMOUNTS else None
    price = None if read is None or len(read) != 1 else _price(read[0])
    return Cost(price) if price is not None else Cost(unknown="the amount of a payment cannot be read with its currency")


def _price(money: Quantity) -> Price | None:
    """Return the money as a decimal; nothing for what is negative or has no end."""
    scaled = Fraction(money.amount) * 10**_PLACES
    if money.amount < 0 or scaled.denominator != 1:
        return None
    return Price(_short(Decimal(scaled.numerator).scaleb(-_PLACES)), money.unit)


def _short(amount: Decimal) -> Decimal:
    """Return the amount without zeroes at its end, but with two places where it has any."""
    tidy = amount.normalize()
    exponent = tidy.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= 0:
        return tidy.quantize(Decimal(1))
    return tidy.quantize(Decimal("0.01")) if exponent > -2 else tidy
