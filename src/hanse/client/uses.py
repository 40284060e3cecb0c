"""Uses of data under contracts, and facts that decisions rest on, as steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hanse.client import use_model as um
from hanse.client.core import Steps, get, listed, part, post, said


def list_uses(*, contract: str | None = None, most: int | None = None) -> Steps[list[um.Use]]:
    """Return uses, newest first; under one contract, if it is named."""
    return (yield from listed("/uses", um.Use, most, contract=contract))


def get_use(id: str) -> Steps[um.Use]:
    """Return a use. Raises `NotFound`."""
    return (yield from get(f"/uses/{part(id)}", um.Use))


def open_use(contract: str, action: str = "use", *, stated: Mapping[str, str] | None = None) -> Steps[um.Use]:
    """Open stored data under its contract. Raises `Forbidden` with the reasons if that is not permitted now."""
    return (yield from post("/uses", said(contract=contract, action=action, stated=stated), um.Use))


def check_use(contract: str, action: str = "use", *, stated: Mapping[str, str] | None = None) -> Steps[um.UseDecision]:
    """Say whether one more use would be permitted now, and why; nothing is counted."""
    return (yield from post("/uses/check", said(contract=contract, action=action, stated=stated), um.UseDecision))


def end_use(id: str) -> Steps[um.Use]:
    """End an opening."""
    return (yield from post(f"/uses/{part(id)}/end", {}, um.Use))


def list_facts() -> Steps[list[um.Fact]]:
    """Return the facts that were told."""
    return (yield from listed("/facts", um.Fact))


def tell_fact(
    name: str,
    value: str = "",
    *,
    about: str = "",
    source: str | None = None,
    observed: datetime | None = None,
    expires: datetime | None = None,
) -> Steps[um.Fact]:
    """Tell a fact about a contract, an asset or a participant, such as a payment, a consent or an event."""
    body = said(name=name, value=value, about=about, source=source, observed=observed, expires=expires)
    return (yield from post("/facts", body, um.Fact))


def untell_fact(name: str, *, about: str = "") -> Steps[None]:
    """Take a fact back: from now on it is unknown, and what rests on it ends."""
    return (yield from post("/facts/untell", {"name": name, "about": about}, type(None)))
