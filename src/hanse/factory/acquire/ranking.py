"""Which of several datasets that will do is the better one. A sum of points, each explained; equal ones by price, size and name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec import structs

from hanse.dcat.risk import UNCLEAR
from hanse.factory.acquire.judging import PULL
from hanse.factory.acquire.query import Query
from hanse.factory.acquire.records import Candidate, Reason, Wish
from hanse.odrl.match.verdict import Verdict

_COVER: Final = {Verdict.COVERED: 40, Verdict.PARTLY: 15, Verdict.UNKNOWN: 10, Verdict.CONFLICT: 0}
_PRICE: Final = 20
_MONTH, _YEAR = timedelta(days=31), timedelta(days=366)
_MOST_DECLARED: Final = 10


def rank(candidates: list[Candidate], wish: Wish, query: Query, now: datetime) -> list[Candidate]:
    """Return the candidates with their scores, the best first. The order depends on nothing but what is given."""
    return sorted((_scored(one, wish, query, now) for one in candidates), key=_place)


def _scored(candidate: Candidate, wish: Wish, query: Query, now: datetime) -> Candidate:
    points = [(points, why) for points, why in _points(candidate, wish, query, now) if points]
    score = sum(points for points, _ in points)
    said = ", ".join(f"{why} {points:+d}" for points, why in points)
    return structs.replace(candidate, score=score, reasons=(*candidate.reasons, Reason("rank", True, f"{score} points: {said}.")))


def _place(candidate: Candidate) -> tuple[object, ...]:
    price = candidate.cost.price
    size = candidate.dataset.byte_size
    return (
        -candidate.score,
        bool(candidate.cost.unknown),
        Decimal(0) if price is None else price.amount,
        size is None,
        size or 0,
        candidate.provider,
        candidate.dataset.id,
    )


def _points(candidate: Candidate, wish: Wish, query: Query, now: datetime) -> Iterator[tuple[int, str]]:
    dataset = candidate.dataset
    yield _COVER[candidate.cover], "terms"
    yield _cheap(candidate, wish), "price"
    yield 10 if candidate.licence and UNCLEAR not in candidate.risks else 0, "clear licence"
    yield _fresh(dataset.modified or dataset.issued, now), "freshness"
    yield 5 if any(word.lower() in dataset.title.lower() for word in query.words) else 0, "words in the title"
    yield 5 if dataset.checksums else 0, "checksums"
    yield 3 if PULL in dataset.formats else 0, "format"
    yield min(10, 2 * len(candidate.quality)), "declared quality"
    yield -min(_MOST_DECLARED, 2 * len(candidate.declared)), "terms that are only declared"
    yield -5 * len(candidate.risks), "risks"


def _cheap(candidate: Candidate, wish: Wish) -> int:
    price, budget = candidate.cost.price, wish.limits.budget
    if candidate.cost.free:
        return _PRICE
    if price is None or budget is None or price.currency != budget.currency or not budget.amount:
        return 0
    return max(0, int(_PRICE * (1 - price.amount / budget.amount)))


def _fresh(changed: datetime | None, now: datetime) -> int:
    if changed is None:
        return 0
    return 10 if now - changed <= _MONTH else 5 if now - changed <= _YEAR else 0
