"""An order as people write it, turned into what the interface takes: uses by their words, sizes, times, amounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final

from hanse.client.core import said
from hanse.client.factory.orders_model import EVERY, NewLimits, NewOrder
from hanse.kernel.errors import Invalid
from hanse.odrl.names import HANSE
from hanse.odrl.price import read_price
from hanse.odrl.values import SIZES, read_period
from hanse.odrl.when import read_when, write_moment

USES: Final = {"use": "use", **{word: HANSE + word for word in ("train", "fineTune", "evaluate", "embed", "retrieve", "mine")}}
"""Uses that go by a word."""

_SIZE: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))? ?([KMGTPE]?i?B)", re.IGNORECASE)
_STAND: Final = "Say that it stands: `--standing`, in a file `standing: true`."
_EVERY: Final = re.compile(r"([1-9][0-9]{0,5}) ?(m|h|d|w)")
_SPANS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def body_of(order: NewOrder) -> dict[str, object]:
    """Return the body of the request. Raises `Invalid`, with the field as it is written in an order file."""
    action, purpose = _purposes(_several(order.purpose))
    limits = said(budget=order.budget, each=order.each, size=size_of(order.size, "size"), datasets=order.datasets)
    for name in ("budget", "each"):
        if name in limits:
            read_price(str(limits[name]), name)
    flags = ("eu_only", "clear_rights", "yes", "dry_run")
    return said(
        query=order.query,
        action=action,
        purpose=purpose,
        limits=limits,
        licences=_several(order.licence),
        languages=_several(order.language),
        max_size=size_of(order.max_size, "max-size"),
        newer_than=_moment(order.newer_than, "newer-than"),
        until=_moment(order.until, "until"),
        quality={name: str(value) for name, value in order.quality.items()},
        quality_most={name: str(value) for name, value in order.quality_most.items()},
        into=order.into,
        drift=order.drift,
        declared=order.accept_declared,
        standing=_standing(order),
        **{name: getattr(order, name) for name in flags},
    )


def size_of(text: str | int | None, where: str) -> int | None:
    """Return `10GB` or a number of bytes as bytes. Raises `Invalid`."""
    if text is None or isinstance(text, int):
        return text
    found = _SIZE.fullmatch(text.strip())
    number = None if found is None else int(found[1] + (found[2] or "")) * SIZES[_unit(found[3])]
    if found is None or number is None:
        raise Invalid(f"{text[:40]!r} is no size.", where=where, rule="size", hint="A number with a unit, e.g. 500MB or 10GB.")
    return int(number // 10 ** len(found[2] or ""))


def seconds_of(text: str, where: str = "every") -> int:
    """Return `1d`, `6h` or `P1D` as seconds. Raises `Invalid`."""
    found = _EVERY.fullmatch(text.strip())
    if found is not None:
        return int(found[1]) * _SPANS[found[2]]
    period = read_period(text.strip())
    if period is None or not period.fixed or period.rest <= timedelta(0):
        raise Invalid(f"{text[:40]!r} is no length of time.", where=where, rule="every", hint="For example 6h, 1d, 2w or P1D.")
    return int(period.rest.total_seconds())


def _unit(text: str) -> str:
    return next((unit for unit in SIZES if unit.lower() == text.lower()), "B")


def _several(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _purposes(words: list[str]) -> tuple[str, str | None]:
    """Return the action and the purpose. Raises `Invalid` for two of a kind."""
    uses = [USES[word] for word in words if word in USES]
    purposes = [word for word in words if word not in USES]
    if len(uses) > 1 or len(purposes) > 1:
        hint = f"One use ({', '.join(USES)}) and one purpose (e.g. dpv:ResearchAndDevelopment) at most."
        raise Invalid("There are two of a kind.", where="purpose", rule="purpose", hint=hint)
    for word in purposes:
        _check_purpose(word)
    return (uses or ["use"])[0], purposes[0] if purposes else None


def _check_purpose(word: str) -> None:
    """Raise `Invalid` for a word that is neither a use nor an address: a slip would become a purpose that nobody offers."""
    if ":" not in word:
        near = get_close_matches(word, USES, n=2)
        hint = f"Near: {', '.join(near)}." if near else f"A use is one of {', '.join(USES)}; a purpose is e.g. dpv:AcademicResearch."
        raise Invalid(f"{word[:40]!r} is neither a use nor a purpose.", where="purpose", rule="purpose", hint=hint)


def _moment(text: str | None, where: str) -> str | None:
    if text is None:
        return None
    when = read_when(text)
    if when is None:
        raise Invalid(f"{text[:40]!r} is no day.", where=where, rule="date", hint="For example 2026-01-01 or 2026-01-01T12:00:00Z.")
    start: datetime = when.start
    return write_moment(start.astimezone(UTC))


def _standing(order: NewOrder) -> dict[str, object] | None:
    if not order.standing:
        if order.total is not None:
            raise Invalid("Only a standing order has totals.", where="total", rule="standing", hint=_STAND)
        if order.every != EVERY:
            raise Invalid("Only a standing order looks again.", where="every", rule="standing", hint=_STAND)
        return None
    total = order.total or NewLimits()
    limits = said(budget=total.budget, size=size_of(total.size, "total.size"), datasets=total.datasets)
    return {"every": seconds_of(order.every), "total": limits}
