"""Own assets and other members' catalogues, as steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post
from hanse.client.people import who_am_i
from hanse.client.spaces import did_of, members
from hanse.kernel.errors import NotFound, PeerError

Terms = str | Mapping[str, Any]
"""A policy: a template's text such as `members + until 2027-01-01`, or ODRL JSON."""

Filter = Sequence[Mapping[str, str | Sequence[str]]]
"""Criteria of a catalogue, e.g. `[{"language": ["en", "nl"]}, {"text": "weather"}]`."""


class Description(Struct, kw_only=True):
    """What is said of an asset; what is unset is found out, or stays as it is in an edit.

    `visible_to` are DIDs (none: every member), `answering` is `rule` or `hand`. `preferences` are limits of negotiation,
    `{"must": TERMS, "max_rounds": 5, "ask_declared": true}`: terms within them are agreed to by rule.
    `spatial` are the places that it is about or was collected in (DE, EU), `creators` names or IRIs, `rai` statements by term of the
    Croissant RAI vocabulary, e.g. `{"personalSensitiveInformation": ["none"]}`. `derived_from` are the contracts under which the data
    came; `rights_held` says that you hold what reservations beside the data keep back.
    """

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    keywords: Sequence[str] | UnsetType = UNSET
    theme: str | UnsetType | None = UNSET
    licence: str | UnsetType | None = UNSET
    language: Sequence[str] | UnsetType = UNSET
    media_type: str | UnsetType | None = UNSET
    spatial: Sequence[str] | UnsetType = UNSET
    creators: Sequence[str] | UnsetType = UNSET
    rai: Mapping[str, Sequence[str]] | UnsetType = UNSET
    visible_to: Sequence[str] | UnsetType = UNSET
    answering: str | UnsetType = UNSET
    preferences: Mapping[str, object] | UnsetType | None = UNSET
    derived_from: Sequence[str] | UnsetType = UNSET
    rights_held: bool | UnsetType = UNSET
    terms: Sequence[Terms] | UnsetType = UNSET

    def body(self) -> dict[str, object]:
        """Return what is set, for JSON."""
        pairs = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: value for name, value in pairs if not isinstance(value, UnsetType)}


def list_assets(*, most: int | None = None) -> Steps[list[m.Asset]]:
    """Return the own assets, withdrawn ones too."""
    return (yield from listed("/assets", m.Asset, most))


def get_asset(id: str) -> Steps[m.Asset]:
    """Return an own asset. Raises `NotFound`."""
    return (yield from get(f"/assets/{part(id)}", m.Asset))


def create_asset(source: Mapping[str, str], terms: Sequence[Terms], about: Description | None = None) -> Steps[m.Asset]:
    """Offer data: a file `{"kind": "file", "path": ...}`, a folder, or an address `{"kind": "http", "url": ...}`.

    What the facility holds is offered as `{"kind": "stored", "version": "name@number"}`. Raises `Invalid` naming field and rule, and
    `Forbidden` for a source outside what the participant may offer from.
    """
    body = {**(about or Description()).body(), "source": dict(source), "terms": list(terms)}
    return (yield from post("/assets", body, m.Asset))


def edit_asset(id: str, about: Description) -> Steps[m.Asset]:
    """Change what is said of an asset. Standing contracts keep their own terms."""
    return (yield from post(f"/assets/{part(id)}", about.body(), m.Asset, method="PATCH"))


def withdraw_asset(id: str) -> Steps[m.Asset]:
    """Take an asset off the catalogue. Standing contracts keep their right to it until they end."""
    return (yield from post(f"/assets/{part(id)}", None, m.Asset, method="DELETE"))


def refresh_asset(id: str) -> Steps[m.Asset]:
    """Look at the source again after it has changed."""
    return (yield from post(f"/assets/{part(id)}/refresh", {}, m.Asset))


def catalog(peer: str, filter: Filter = ()) -> Steps[m.Catalogue]:
    """Return all that a peer (a DID or a member's name) offers to us and that matches, page after page.

    Raises `Forbidden` for who is no member, `Invalid` for an unknown field of the filter, and `PeerError`s.
    """
    peer = yield from did_of(peer)
    body: dict[str, object] = {"peer": peer, "filter": list(filter)}
    whole = yield from post("/catalog", body, m.Catalogue)
    seen = {whole.next}
    while whole.next is not None:
        page = yield from post("/catalog", {"peer": peer, "next": whole.next}, m.Catalogue)
        whole.datasets += page.datasets
        whole.unreadable += page.unreadable
        whole.next = None if page.next in seen else page.next
        seen.add(page.next)
    return whole


def browse(filter: Filter = (), space: str | None = None) -> Steps[m.Everything]:
    """Return what all other members of our spaces, or of the one that is named, offer to us.

    Raises the last `PeerError` if none of them answered.
    """
    own = (yield from who_am_i()).participant
    everything, trouble = m.Everything(), None
    for member in (yield from members(space)):
        if own is not None and member.did == own.did:
            continue
        everything.spaces[member.did] = member.spaces
        try:
            everything.catalogues.append((yield from catalog(member.did, filter)))
        except PeerError as error:
            everything.unreachable[member.did] = error.message
            trouble = error
    if trouble is not None and not everything.catalogues:
        raise trouble
    return everything


def dataset(peer: str, id: str) -> Steps[m.Dataset]:
    """Return one dataset of a peer (a DID or a member's name). Raises `NotFound`."""
    did = yield from did_of(peer)
    page = yield from get("/catalog/datasets", m.Catalogue, peer=did, id=id)
    if not page.datasets:
        raise NotFound(f"The peer has no dataset {id[:80]!r} for you that can be read.", where="dataset")
    return page.datasets[0]
