"""Facts from the words in which people tell them: `3`, `10 GB`, `PT1H`, `500 EUR`, a name or several."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.odrl.constraints.base import Operand
from hanse.odrl.constraints.moments import Elapsed
from hanse.odrl.constraints.ordered import BYTES, MONEY, NUMBERS, SPANS, Ordered
from hanse.odrl.values import UNIT, read_money, read_number, read_period, read_size
from hanse.odrl.when import read_when


def told_value(operand: Operand, texts: Sequence[str]) -> object | None:
    """Return the value that a fact of this operand has when it is told so; `None` for what makes no sense for it.

    Several texts are several names, which only operands of names have.
    """
    if isinstance(operand, Ordered | Elapsed):
        return _ordered(operand, texts[0]) if len(texts) == 1 else None
    return texts[0] if len(texts) == 1 else frozenset(texts) if texts else None


def _ordered(operand: Ordered | Elapsed, text: str) -> object | None:
    if isinstance(operand, Elapsed):
        when = read_when(text)  # the moment from which it is counted
        return when.start if when is not None else _span(text)
    if operand.kind is SPANS:
        return _span(text)
    if operand.kind is BYTES:
        return read_size(_with_unit(text))
    if operand.kind is MONEY:
        money = read_money(_with_unit(text))
        return None if money is None else (money.amount, money.unit)
    if operand.kind is NUMBERS:
        quantity = read_number(_with_unit(text))
        return None if quantity is None else (quantity.amount, quantity.unit) if quantity.unit else quantity.amount
    return text


def _span(text: str) -> object | None:
    period = read_period(text)
    return period.rest if period is not None and period.fixed else None


def _with_unit(text: str) -> object:
    """Return `10 GB` as the typed value that a policy has for it."""
    value, _, unit = text.strip().partition(" ")
    return {"@value": value, "@type": UNIT + unit.strip()} if unit else value
