"""What speaks for and against a dataset, one reason per thing that was looked at. Pure: the same input gives the same answer.

A reason is fine, not fine, or not known. What is not fine leaves the dataset out. What is not known becomes a question to a person,
except where the order names it: a dataset that does not say its language is not in the language that was ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct, structs

from hanse.dcat.holding import Origin
from hanse.dcat.languages import speaks
from hanse.dcat.licences import accepts, forbids, normal
from hanse.dcat.model import Dataset
from hanse.dcat.risk import OUTSIDE, PERSONAL, UNCLEAR, UNPLACED, place_mark, unclear_rights
from hanse.factory.acquire.choosing import Choice
from hanse.factory.acquire.ports import Described
from hanse.factory.acquire.purposes import commercial
from hanse.factory.acquire.records import Candidate, Estimate, LinkSpeed, Reason, Wish
from hanse.factory.acquire.searching import Spotted
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.names import plain
from hanse.odrl.price import Price

PULL: Final = "HttpData-PULL"
"""The one format in which an order fetches."""
_SHOWN: Final = 5


class Sight(Struct, frozen=True, kw_only=True):
    """All that is known of one dataset: where it was found, the chosen offer, what is only declared, and the link to its provider.

    `kept` says how the terms contradict the keeping after the use, if they do.
    """

    spotted: Spotted
    choice: Choice | None
    declared: Sequence[str] = ()
    described: Described = Described()
    link: LinkSpeed | None = None
    kept: str | None = None


def judge(sight: Sight, wish: Wish) -> Candidate:
    """Return the candidate, with a reason for everything that was looked at."""
    dataset, choice, described = sight.spotted.dataset, sight.choice, sight.described
    reasons = (
        *_terms(choice, wish),
        *_format(dataset),
        *_price(choice, wish),
        *_declared(sight.declared, wish),
        *([Reason("custody", None, sight.kept)] if sight.kept else ()),
        *_licence(dataset, wish),
        *_language(dataset, wish),
        *_fresh(dataset, wish),
        *_size(dataset, wish),
        *_quality(described, wish),
        *_origin(dataset, described.origin, wish),
    )
    made = Candidate(
        space=sight.spotted.space,
        provider=sight.spotted.member.did,
        provider_name=sight.spotted.member.name,
        dataset=dataset,
        licence=None if dataset.licence is None else normal(dataset.licence),
        declared=tuple(sight.declared),
        origin=described.origin,
        risks=risks_of(dataset, described.origin),
        quality=described.quality,
        reasons=reasons,
        estimate=_estimate(dataset, sight.link),
    )
    if choice is None:
        return made
    return _with(made, choice)


def risks_of(dataset: Dataset, origin: Origin) -> tuple[str, ...]:
    """Return the marks of what has to be watched: rights, origin, persons."""
    rights = UNCLEAR if unclear_rights(origin, dataset.licence) else None
    persons = PERSONAL if origin.personal else None
    return tuple(mark for mark in (rights, place_mark(origin), persons) if mark is not None)


def out(candidate: Candidate) -> tuple[Reason, ...]:
    """Return the reasons for which it is left out."""
    return tuple(reason for reason in candidate.reasons if reason.fine is False)


def open_(candidate: Candidate) -> tuple[Reason, ...]:
    """Return the reasons for which a person has to be asked."""
    return tuple(reason for reason in candidate.reasons if reason.fine is None)


def _with(made: Candidate, choice: Choice) -> Candidate:
    return structs.replace(made, offer=choice.offer, terms=choice.terms, cover=choice.cover, cost=choice.cost)


def _terms(choice: Choice | None, wish: Wish) -> Iterator[Reason]:
    action = plain(wish.action).rpartition(":")[2]
    if choice is None:
        yield Reason("terms", False, "It has no offer that can be read.")
    elif choice.cover is Verdict.COVERED:
        yield Reason("terms", True, f"Its terms cover {action}{f' for {wish.purpose}' if wish.purpose else ''}.")
    elif choice.cover is Verdict.CONFLICT:
        yield Reason("terms", False, f"Its terms do not cover {action}: {choice.why}.")
    elif choice.cover is Verdict.PARTLY:
        yield Reason("terms", None, f"Its terms cover {action} in part; narrower ones would be asked for: {choice.why}.")
    else:
        yield Reason("terms", None, f"Whether its terms cover {action} has to be decided: {choice.why}.")


def _format(dataset: Dataset) -> Iterator[Reason]:
    if dataset.formats and PULL not in dataset.formats:
        yield Reason("format", False, f"It cannot be fetched: it comes as {', '.join(dataset.formats[:_SHOWN])}, not as {PULL}.")


def _price(choice: Choice | None, wish: Wish) -> Iterator[Reason]:
    if choice is None:
        return
    if choice.cost.unknown:
        yield Reason("price", None, f"Its price is not known: {choice.cost.unknown}.")
    elif choice.cost.price is None:
        yield Reason("price", True, "It costs nothing.")
    else:
        yield _priced(choice.cost.price, wish)


def _priced(price: Price, wish: Wish) -> Reason:
    budget, each = wish.limits.budget, wish.limits.each
    if budget is None:
        return Reason("price", None, f"It costs {price}, and the order has no budget.")
    for limit, name in ((budget, "the budget"), (each, "the most that one dataset may cost")):
        if limit is not None and limit.currency != price.currency:
            return Reason("price", None, f"It costs {price}, which is not compared with {limit}: nothing is converted.")
        if limit is not None and price.amount > limit.amount:
            return Reason("price", False if limit is budget else None, f"It costs {price}, more than {limit}, {name}.")
    return Reason("price", True, f"It costs {price}.")


def _declared(declared: Sequence[str], wish: Wish) -> Iterator[Reason]:
    if declared:
        shown = "; ".join(declared[:_SHOWN]) + (f" and {len(declared) - _SHOWN} more" if len(declared) > _SHOWN else "")
        yield Reason("declared", True if wish.declared else None, f"Nothing but the law keeps these terms: {shown}.")


def _licence(dataset: Dataset, wish: Wish) -> Iterator[Reason]:
    if dataset.licence is None:
        if wish.licences:
            yield Reason("licence", False, f"It names no licence; {', '.join(wish.licences)} is ordered.")
        return
    name = normal(dataset.licence)
    forbidden = forbids(dataset.licence, wish.action, commercial=commercial(wish.purpose))
    if wish.licences and not accepts(wish.licences, dataset.licence):
        yield Reason("licence", False, f"Its licence is {name}; {', '.join(wish.licences)} is ordered.")
    elif forbidden:
        yield Reason("licence", False, f"Its licence forbids the use: {forbidden}.")
    else:
        yield Reason("licence", True, f"Its licence is {name}.")


def _language(dataset: Dataset, wish: Wish) -> Iterator[Reason]:
    if not wish.languages:
        return
    if not dataset.language:
        yield Reason("language", False, f"It names no language; {', '.join(wish.languages)} is ordered.")
    elif speaks(wish.languages, dataset.language):
        yield Reason("language", True, f"Its language is {', '.join(dataset.language[:_SHOWN])}.")
    else:
        yield Reason("language", False, f"Its language is {', '.join(dataset.language[:_SHOWN])}; {', '.join(wish.languages)} is ordered.")


def _fresh(dataset: Dataset, wish: Wish) -> Iterator[Reason]:
    if wish.newer_than is None:
        return
    changed = dataset.modified or dataset.issued
    if changed is None:
        yield Reason("freshness", False, f"It does not say how old it is; newer than {wish.newer_than:%Y-%m-%d} is ordered.")
    else:
        fine = changed >= wish.newer_than
        yield Reason(
            "freshness", fine, f"It is of {changed:%Y-%m-%d}{'' if fine else f'; newer than {wish.newer_than:%Y-%m-%d} is ordered'}."
        )


def _size(dataset: Dataset, wish: Wish) -> Iterator[Reason]:
    limits = [limit for limit in (wish.max_size, wish.limits.size) if limit is not None]
    if not limits:
        return
    if dataset.byte_size is None:
        yield Reason("size", None, f"It does not say how large it is; at most {min(limits)} bytes are ordered.")
    else:
        fine = dataset.byte_size <= min(limits)
        yield Reason("size", fine, f"It has {dataset.byte_size} bytes{'' if fine else f'; at most {min(limits)} are ordered'}.")


def _quality(described: Described, wish: Wish) -> Iterator[Reason]:
    ordered = [(measure, least, "at least") for measure, least in sorted(wish.quality.items())]
    ordered += [(measure, most, "at most") for measure, most in sorted(wish.quality_most.items())]
    for measure, limit, how in ordered:
        value = described.quality.get(measure)
        if value is None:
            yield Reason("quality", False, f"It declares no {measure}; {how} {limit} is ordered.")
        else:
            fine = value >= limit if how == "at least" else value <= limit
            yield Reason("quality", fine, f"It declares {measure} {value}{'' if fine else f'; {how} {limit} is ordered'}.")


def _origin(dataset: Dataset, origin: Origin, wish: Wish) -> Iterator[Reason]:
    marks = risks_of(dataset, origin)
    if wish.eu_only and (OUTSIDE in marks or UNPLACED in marks):
        yield Reason("origin", False, f"It comes from {', '.join(origin.places) or 'where it does not say'}; data from the EU is ordered.")
    if wish.clear_rights and UNCLEAR in marks:
        yield Reason("rights", False, "Under which licence or on what ground it may be used it does not say; clear rights are ordered.")
    for mark in marks:
        yield Reason("risk", True, f"Risk: {mark}.")


def _estimate(dataset: Dataset, link: LinkSpeed | None) -> Estimate | None:
    if link is None or dataset.byte_size is None or link.rate <= 0:
        return None
    return Estimate(dataset.byte_size, link.rate, link.latency + dataset.byte_size / link.rate, link.at)
