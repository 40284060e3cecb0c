"""From ranked candidates to a plan: the best set within the limits, each dataset in, out, or a question, with the reasons.

Pure: the same candidates, limits and holdings give the same plan.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion
from hanse.dcat.model import Dataset
from hanse.factory.acquire.guard import room
from hanse.factory.acquire.judging import open_, out
from hanse.factory.acquire.ports import Purse
from hanse.factory.acquire.records import Candidate, Item, Limits, Order, Question
from hanse.factory.acquire.states import UNDER_WAY, ItemState
from hanse.kernel.tenant import Did
from hanse.odrl.model import Terms
from hanse.odrl.price import Price

PLAN: Final = "plan"
"""The question whether the plan as a whole is fine."""
_LONGEST_NAME: Final = 48
_FORMER: Final = (ItemState.REFUSED, ItemState.ASKING, ItemState.DONE)

Key = tuple[Did, str]
"""A dataset: its provider, and its id there."""


class Holding(Struct, frozen=True):
    """A version that is held under an agreement in force, and the terms of that agreement if they cover the use."""

    version: DatasetVersion
    covers: Terms | None


class Draft(Struct, frozen=True, kw_only=True):
    """What becomes of a candidate: left out for these reasons, or in, perhaps with questions; under an agreement that stands already.

    `version` is the one that holds it already.
    """

    candidate: Candidate
    name: str
    out: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    agreement: str | None = None
    version: str | None = None

    @property
    def price(self) -> Price | None:
        """The most that may be agreed on; nothing for what is left out, or was agreed on before."""
        return None if self.out or self.agreement is not None else self.candidate.cost.price


def plan(
    order: Order, ranked: Sequence[Candidate], held: Mapping[Key, Sequence[Holding]], items: Sequence[Item], elsewhere: Sequence[Item]
) -> list[Draft]:
    """Return a draft per candidate, in their order. `items` are those of the order so far, `elsewhere` those of other orders."""
    planner = _Planner(order, held, items, elsewhere)
    return [planner.draft(candidate) for candidate in ranked]


class Taken(Struct, frozen=True, kw_only=True):
    """A dataset that would be acquired, as the limits of a link count it: where, from whom, for how much, how large (0: not known)."""

    space: str
    member: str
    dataset: str
    price: Price | None
    size: int


def unattended(drafts: Sequence[Draft], purses: Mapping[str, Purse | str]) -> list[Draft]:
    """Return the drafts with a question wherever the link with a space wants a person there: of a standing order, which nobody watches."""
    left = {space: purse if isinstance(purse, str) else purse.copy() for space, purse in purses.items()}
    return [draft if draft.out or draft.questions else _watched(draft, left[draft.candidate.space]) for draft in drafts]


def _watched(draft: Draft, purse: Purse | str) -> Draft:
    one, dataset = draft.candidate, draft.candidate.dataset
    taken = Taken(space=one.space, member=one.provider, dataset=dataset.id, price=draft.price, size=dataset.byte_size or 0)
    why = purse if isinstance(purse, str) else purse.problem(taken)
    if why:
        return structs.replace(draft, questions=(Question("link", why),))
    if not isinstance(purse, str):
        purse.take(taken)
    return draft


def key_of(item: Item | Candidate) -> Key:
    """Return which dataset it is about."""
    candidate = item.candidate if isinstance(item, Item) else item
    return candidate.provider, candidate.dataset.id


def same_data(a: Dataset, b: Dataset) -> bool:
    """Tell whether two descriptions of a dataset are of the same bytes: by checksums where both have them, else by what else changes."""
    if a.checksums and b.checksums:
        return frozenset(a.checksums) == frozenset(b.checksums)
    return (a.version, a.modified, a.byte_size, a.files) == (b.version, b.modified, b.byte_size, b.files)


def name_of(candidate: Candidate) -> str:
    """Return the name that a dataset has in the facility: words of its title, and a mark that tells it from others of that title."""
    plain = unicodedata.normalize("NFKD", candidate.dataset.title).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", "-", plain)[:_LONGEST_NAME].strip("-") or "dataset"
    return f"{words}-{hashlib.sha256(f'{candidate.provider} {candidate.dataset.id}'.encode()).hexdigest()[:8]}"


def _same(candidate: Candidate, versions: Sequence[Holding]) -> DatasetVersion | None:
    """Return the version that holds the same data under terms that cover the use."""
    for one in versions:
        if one.covers is not None and one.version.offered is not None and same_data(one.version.offered, candidate.dataset):
            return one.version
    return None


class _Planner:
    """Goes through the candidates from the best on, and remembers what is taken."""

    def __init__(self, order: Order, held: Mapping[Key, Sequence[Holding]], items: Sequence[Item], elsewhere: Sequence[Item]) -> None:
        self._wish = order.wish
        self._held = held
        self._former = {key_of(item): item for item in items if item.state in _FORMER or item.loose}
        self._elsewhere = {key_of(item): item for item in elsewhere if item.state is ItemState.ASKING or item.state in UNDER_WAY}
        self._taken: list[Candidate] = []
        self._run = _Purse(self._wish.limits, "")
        standing = self._wish.standing
        self._total = None if standing is None else _Purse(standing.total, " of all runs")
        if self._total is not None:
            for item in items:
                if item.committed or item.state is ItemState.ASKING:
                    self._total.take(item.price, item.size or item.offered.byte_size)

    def draft(self, candidate: Candidate) -> Draft:
        versions = self._held.get(key_of(candidate), ())
        name = name_of(candidate)
        reasons = [reason.said for reason in out(candidate)]
        same = None if reasons else _same(candidate, versions)
        if same is not None:
            why = f"It is held already, as {same.id} under {same.agreement}, which covers the use."
            return Draft(candidate=candidate, name=name, out=(why,), version=same.id)
        reasons = reasons or self._had(candidate)
        if reasons:
            return Draft(candidate=candidate, name=name, out=tuple(reasons))
        agreement = next((one.version.agreement for one in versions if one.covers is not None), None)
        if agreement is not None:
            terms = next(one.covers for one in versions if one.covers is not None)
            candidate = structs.replace(candidate, terms=terms)
        price = None if agreement is not None else candidate.cost.price
        beyond = self._beyond(price, candidate.dataset.byte_size, asked=any(one.about == "price" for one in open_(candidate)))
        if beyond:
            return Draft(candidate=candidate, name=name, out=(beyond,))
        self._taken.append(candidate)
        return Draft(candidate=candidate, name=name, questions=self._questions(candidate, agreement), agreement=agreement)

    def _had(self, candidate: Candidate) -> list[str]:
        dataset = candidate.dataset
        former = self._former.get(key_of(candidate))
        if former is not None and (former.loose or same_data(former.offered, dataset)):
            return [f"Item {former.number} of this order is the same data, and is {former.state}."]
        other = self._elsewhere.get(key_of(candidate))
        if other is not None:
            if other.state is ItemState.ASKING:
                return [f"It waits for a decision already: item {other.number} of {other.order}. Decide there, or cancel that order."]
            return [f"{other.order} is acquiring it already."]
        twin = next((one for one in self._taken if one.dataset.checksums and same_data(one.dataset, dataset)), None)
        return [] if twin is None else [f"The same bytes are taken from {twin.provider_name or twin.provider} already."]

    def _beyond(self, price: Price | None, size: int | None, *, asked: bool) -> str:
        purses = [purse for purse in (self._run, self._total) if purse is not None]
        problem = next((problem for purse in purses if (problem := purse.problem(price, size, asked=asked))), "")
        if not problem:
            for purse in purses:
                purse.take(price, size)
        return problem

    def _questions(self, candidate: Candidate, agreement: str | None) -> tuple[Question, ...]:
        settled = {"terms", "price", "declared"} if agreement is not None else set()  # all of it was agreed on before
        asked = [Question(one.about, one.said) for one in open_(candidate) if one.about not in settled]
        if not self._wish.yes:
            asked.append(Question(PLAN, "The order was placed without `yes`, so a person approves the plan."))
        return tuple(asked)


class _Purse:
    """What is left of a set of limits."""

    def __init__(self, limits: Limits, whose: str) -> None:
        self._limits = limits
        self._whose = whose
        self._prices: list[Price] = []
        self._size = 0
        self._count = 0

    def take(self, price: Price | None, size: int | None) -> None:
        self._prices += [] if price is None else [price]
        self._size += size or 0
        self._count += 1

    def problem(self, price: Price | None, size: int | None, *, asked: bool) -> str:
        """Return why one more does not fit. A price that a person is asked about anyway is left to that person."""
        limits = self._limits
        if limits.datasets is not None and self._count >= limits.datasets:
            return f"The limit of {limits.datasets} datasets{self._whose} is used up by better ones."
        if limits.size is not None and self._size + (size or 0) > limits.size:
            return f"With it there would be more than the {limits.size} bytes{self._whose} that are ordered."
        if price is None or asked or limits.budget is None:
            return ""
        problem = room(Limits(budget=limits.budget), self._prices, price)
        return f"The budget{self._whose} is used up by better ones: {problem}." if problem else ""
