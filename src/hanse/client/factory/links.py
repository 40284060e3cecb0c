"""How a participant works together with each space, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from hanse.client.core import Steps, get, listed, post, said
from hanse.client.factory import links_model as lm
from hanse.client.shells import Method, Mode, Noun


def list_links() -> Steps[list[lm.Link]]:
    """Return where the collaboration with each space stands."""
    return (yield from listed("/links", lm.Link))


def show(space: str | None = None) -> Steps[lm.Link]:
    """Return where the collaboration with a space (its address, or the name of a joined one) stands. Raises `NotFound`, `Invalid`."""
    return (yield from get("/links/one", lm.Link, space=space))


def needs(mode: str, space: str | None = None, *, intermediary: str | None = None) -> Steps[lm.ModeNeeds]:
    """Return what a mode would need; nothing is changed."""
    return (yield from post("/links/needs", said(mode=mode, space=space, intermediary=intermediary), lm.ModeNeeds))


def set_mode(
    mode: str,
    space: str | None = None,
    *,
    until: datetime | None = None,
    project: str | None = None,
    intermediary: str | None = None,
    limits: lm.LinkLimits | None = None,
    without: Sequence[str] | None = None,
) -> Steps[lm.ChangedLink]:
    """Set the mode of the collaboration with a space; agreements that stand are kept.

    `until` (with a time zone) and `project` are for `ad-hoc`, `intermediary` is for the mode of that name. Raises `Conflict` with what
    is not met yet, and `Invalid`.
    """
    body = said(
        mode=mode,
        space=space,
        until=None if until is None else until.isoformat(),
        project=project,
        intermediary=intermediary,
        limits=None if limits is None else msgspec.to_builtins(limits),
        without=None if without is None else list(without),
    )
    return (yield from post("/links", body, lm.ChangedLink))


def end(space: str | None = None, reason: str = "") -> Steps[lm.EndedLink]:
    """End a link: what an ad-hoc one has brought ends with it, and its standing orders are revoked. Raises `NotFound`."""
    return (yield from post("/links/end", said(space=space, reason=reason), lm.EndedLink))


def catalogues(space: str | None = None, *, refresh: bool = False) -> Steps[list[lm.CopiedCatalogue]]:
    """Return the copies of a federated space's catalogues; with `refresh` they are read anew first. Raises `Forbidden`."""
    if refresh:
        yield from post("/links/catalogues", said(space=space), lm.Copied)
    return (yield from listed("/links/catalogues", lm.CopiedCatalogue, space=space))


class Links(Noun[Mode]):
    """How the participant works together with each space."""

    list = Method(list_links)
    show = Method(show)
    needs = Method(needs)
    set = Method(set_mode)
    end = Method(end)
    catalogues = Method(catalogues)
