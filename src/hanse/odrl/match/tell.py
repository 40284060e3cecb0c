"""Requests of a match in words that mean the same everywhere: values as they would be written in a policy."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from hanse.odrl.match.witness import Request, Value
from hanse.odrl.values import EPOCH
from hanse.odrl.when import write_moment

_LEVELS = {
    "level:securityLevel": ("base", "trust", "trust+"),
    "level:classification": ("public", "internal", "confidential", "secret"),
}


def tell_request(request: Request) -> dict[str, str]:
    """Return the action and, by left operand, the values of a request: `{"action": "use", "purpose": "dpv:Marketing"}`."""
    return {"action": request.action, **{value.left: tell_value(value) for value in request.values}}


def tell_value(value: Value) -> str:
    """Return a value as a policy would write it; several names with commas between them, and `none` for none."""
    if isinstance(value.value, tuple):
        return ", ".join(value.value) or "none"
    return _number(value.value, value.sort) if isinstance(value.value, Fraction) else value.value


def _number(number: Fraction, sort: str) -> str:
    if sort == "moment":
        return _moment(number)
    if sort in ("seconds", "months"):
        return f"PT{_digits(number)}S" if sort == "seconds" else f"P{_digits(number)}M"
    if sort in _LEVELS and number.denominator == 1 and 0 <= number < len(_LEVELS[sort]):
        return _LEVELS[sort][int(number)]
    return _digits(number) if sort == "number" else f"{_digits(number)} {sort}"


def _moment(number: Fraction) -> str:
    try:
        return write_moment(EPOCH + timedelta(microseconds=int(number * 1_000_000)))
    except OverflowError:
        return "a moment before the calendar begins" if number < 0 else "a moment after the calendar ends"


def _digits(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else str(float(number))
