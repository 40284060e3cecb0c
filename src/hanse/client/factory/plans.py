"""A token budget for a model: what is held, what the spaces have on offer, and the plan that follows, as steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hanse.client.core import Steps
from hanse.client.factory import orders
from hanse.client.factory.facility import list_versions
from hanse.client.factory.orders_model import NewOrder
from hanse.client.factory.preparations import account
from hanse.client.shells import Method, Mode, Noun
from hanse.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from hanse.client.factory.facility_model import StoredVersion
    from hanse.client.factory.orders_model import Order, OrderItem, OrderSilent
    from hanse.dcat.preparation import Account
    from hanse.factory.budget.records import Entry, Held, Plan, Wish
    from hanse.odrl.price import Cost

_OF_LANGUAGE: Final = re.compile("tokens-([a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|other)")
_TAKEN: Final = "candidate"


class Planned(Struct, frozen=True, kw_only=True):
    """A plan, and where its offers are from: the dry run that asked all members (`hanse order explain ID` tells why each is in or out).

    `asked` counts members, `silent` names those who did not answer, `out` counts what was found and left out, by reason. `trouble` says
    why nobody could be asked.
    """

    plan: Plan
    order: str | None = None
    asked: int = 0
    silent: tuple[OrderSilent, ...] = ()
    out: Mapping[str, int] = {}
    trouble: str = ""


def plan(
    parameters: str | float,
    languages: str,
    *,
    ratio: float | None = None,
    domains: str = "",
    licences: Sequence[str] = (),
    budget: str | None = None,
    purpose: str | Sequence[str] = "train",
    search: bool = True,
) -> Steps[Planned]:
    """Say how many tokens a model wants, what is held of them, what is missing, and which entries of catalogues would fill it.

    `parameters` are such as `1e9` or `7B`; `languages` and `domains` such as `de,fr`, or with shares, `de=0.7,fr=0.3`. `ratio` are tokens
    for each parameter (20). Only data under one of the `licences` counts, if there are any. `budget` is what filling may cost, e.g.
    `500EUR`. All members of all spaces are asked what they have for that `purpose`, by an order that only plans; without `search` nobody.
    Raises `Invalid`, naming the field.
    """
    from hanse.factory.budget.plan import plan_of
    from hanse.factory.budget.records import TOKENS_PER_PARAMETER
    from hanse.factory.budget.wish import wish_of

    tokens = TOKENS_PER_PARAMETER if ratio is None else ratio
    wish = wish_of(str(parameters), languages, ratio=tokens, domains=domains, licences=licences, budget=budget)
    versions = yield from list_versions(gone=True)
    held = yield from _held(versions)
    made = plan_of(wish, held, ())
    if not search or not made.unfilled:
        return Planned(plan=made)
    order = yield from _search(wish, purpose)
    have = {(one.provider, one.dataset) for one in versions if one.deleted is None and one.dataset is not None}
    entries, out = _entries(order, have)
    run = order.run
    return Planned(
        plan=plan_of(wish, held, entries),
        order=order.id,
        asked=0 if run is None else run.asked,
        silent=() if run is None else tuple(run.silent),
        out=out,
        trouble=order.why or ("" if run is None else run.why),
    )


class Plans(Noun[Mode]):
    """Token budgets."""

    make = Method(plan)


def _held(versions: Sequence[StoredVersion]) -> Steps[list[Held]]:
    held: list[Held] = []
    for one in versions:
        told = None
        if one.made_of and one.deleted is None:
            try:
                told = yield from account(one.id)
            except NotFound:  # its log did not come with it
                told = None
        held.append(held_of(one, told))
    return held


def held_of(version: StoredVersion, told: Account | None) -> Held:
    """Return a version as a plan counts it; `told` is the account of a derived one."""
    from hanse.factory.budget.portions import topics_of
    from hanse.factory.budget.records import Held

    total, by_language = (None, {}) if told is None else tokens_of(told)
    rights = version.licence or ("" if version.made_of else version.origin.rights or "")
    return Held(
        version=version.id,
        size=version.size,
        root=version.root,
        languages=version.languages,
        licences=(rights,) if rights else (),
        topics=topics_of(version.theme, version.keywords),
        sources=tuple(one.version for one in version.made_of),
        tokens=total,
        by_language=by_language,
        gone=version.deleted is not None,
    )


def tokens_of(told: Account) -> tuple[int | None, dict[str, int]]:
    """Return how many tokens came out at the end, and of each language; nothing if no step counted any.

    The last step that counts `tokens` says how many, the last one that counts `tokens-LANG` in which proportion: packing adds the ends of
    documents and leaves rests out.
    """
    counts = [step.counts for step in reversed(told.steps)]
    total = next((one["tokens"] for one in counts if "tokens" in one), None)
    named = next((found for one in counts if (found := _by_language(one))), {})
    known = sum(named.values())
    if total is None:
        return (known, named) if named else (None, {})
    if not known or known == total:
        return total, named
    scaled = {name: count * total // known for name, count in named.items()}
    most = max(scaled, key=lambda name: (scaled[name], name))
    scaled[most] += total - sum(scaled.values())
    return total, scaled


def _by_language(counts: Mapping[str, int]) -> dict[str, int]:
    found = ((_OF_LANGUAGE.fullmatch(name), count) for name, count in counts.items())
    return {"und" if match[1] == "other" else match[1]: count for match, count in found if match is not None and count}


def _search(wish: Wish, purpose: str | Sequence[str]) -> Steps[Order]:
    from hanse.factory.budget.wish import base

    query = f"language:{','.join(map(base, wish.languages))}"
    purposes = [purpose] if isinstance(purpose, str) else list(purpose)
    asked = NewOrder(query=query, purpose=purposes, licence=list(wish.licences), accept_declared=True, dry_run=True)
    placed = yield from orders.place(asked)
    return (yield from orders.await_order(placed.id))


def _entries(order: Order, have: set[tuple[str | None, str]]) -> tuple[list[Entry], dict[str, int]]:
    """Return what could be acquired, and how many items were left out, by reason."""
    entries: list[Entry] = []
    out: Counter[str] = Counter()
    for item in order.items:
        if item.version or (item.provider, item.dataset) in have:
            out["held"] += 1
        elif item.state == _TAKEN:
            entries.append(entry_of(item))
        else:
            out[next((one.about for one in item.reasons if one.fine is False), "double or under way")] += 1
    return entries, dict(sorted(out.items()))


def entry_of(item: OrderItem) -> Entry:
    """Return an item of an order as a plan counts it."""
    from hanse.factory.budget.portions import topics_of
    from hanse.factory.budget.records import Entry

    return Entry(
        dataset=item.dataset,
        title=item.title,
        provider=item.provider_name or item.provider,
        languages=tuple(item.languages),
        size=item.size,
        cost=_cost(item),
        licence=item.licence or "",
        topics=topics_of(item.theme, item.keywords),
        risks=tuple(item.risks),
        declared=tuple(item.declared),
    )


def _cost(item: OrderItem) -> Cost:
    from hanse.odrl.price import FREE, Cost, read_price

    if item.agreement is not None or item.cost == "free":
        return FREE
    try:
        return Cost(read_price(item.cost, "cost"))
    except Invalid:
        return Cost(unknown=item.cost or "its price is not said")
