"""Mirrors of providers' collections, as steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.factory import mirrors_model as mm
from hanse.client.shells import Method, Mode, Noun
from hanse.client.spaces import did_of
from hanse.kernel.errors import Conflict

_POLL: Final = "20"


def list_mirrors() -> Steps[list[mm.Mirror]]:
    """Return all mirrors, ended ones too."""
    return (yield from listed("/mirrors", mm.Mirror))


def show(name: str) -> Steps[mm.Mirror]:
    """Return a mirror. Raises `NotFound`."""
    return (yield from get(f"/mirrors/{part(name)}", mm.Mirror))


def make(
    provider: str,
    dataset: str,
    name: str,
    *,
    every: int | None = None,
    keep: int | None = None,
    stated: Mapping[str, str] | None = None,
    offer: str | None = None,
    wait: bool = True,
) -> Steps[mm.Mirror]:
    """Mirror a collection of a provider (its DID, or a member's name), and wait for its first version.

    `every` are seconds from one refresh to the next. Raises `Forbidden`, `Conflict`, `Invalid`, and `Conflict` with what stopped the
    first refresh: it is tried again.
    """
    did = yield from did_of(provider)
    body = said(provider=did, dataset=dataset, name=name, every=every, keep=keep, stated=dict(stated) if stated else None, offer=offer)
    made = yield from post("/mirrors", body, mm.Mirror)
    return (yield from _settled(made)) if wait else made


def refresh(name: str, *, wait: bool = True) -> Steps[mm.Mirror]:
    """Bring a mirror up to date: only what changed travels. Raises `NotFound`, and `Conflict` with what stopped it."""
    begun = yield from post(f"/mirrors/{part(name)}/refresh", {}, mm.Mirror)
    return (yield from _settled(begun)) if wait else begun


def schedule(name: str, *, every: int | None = None, by_hand: bool = False, keep: int | None = None) -> Steps[mm.Mirror]:
    """Set how often a mirror is refreshed, in seconds, and how many versions stay. Raises `NotFound`, `Invalid`."""
    body = said(every=every, keep=keep) | ({"every": None} if by_hand else {})
    return (yield from post(f"/mirrors/{part(name)}", body, mm.Mirror, method="PATCH"))


def end(name: str, reason: str = "") -> Steps[mm.Mirror]:
    """End a mirror: its versions are destroyed, and the provider gets the receipts. Raises `NotFound`, `Conflict`."""
    return (yield from post(f"/mirrors/{part(name)}/end", {"reason": reason}, mm.Mirror))


def report(name: str) -> Steps[mm.MirrorReport]:
    """Report to the provider what was done with a mirror since the last report. Raises `NotFound`."""
    return (yield from post(f"/mirrors/{part(name)}/report", {}, mm.MirrorReport))


def recall(contract: str, reason: str = "") -> Steps[mm.Recalled]:
    """Ask the other side of a contract of ours, signed, to destroy its mirrors of our data. Raises `NotFound`, `Conflict`."""
    return (yield from post("/mirror-recalls", {"contract": contract, "reason": reason}, mm.Recalled))


def _settled(mirror: mm.Mirror) -> Steps[mm.Mirror]:
    while mirror.busy:
        mirror = yield from get(f"/mirrors/{part(mirror.name)}", mm.Mirror, wait=_POLL)
    if mirror.problem or mirror.state != "active":
        raise Conflict(f"The mirror {mirror.name} is not up to date: {mirror.problem or mirror.why}", where="name", rule="refresh")
    return mirror


class Mirrors(Noun[Mode]):
    """Collections of providers, kept up to date by difference."""

    list = Method(list_mirrors)
    show = Method(show)
    make = Method(make)
    refresh = Method(refresh)
    schedule = Method(schedule)
    end = Method(end)
    report = Method(report)
    recall = Method(recall)
