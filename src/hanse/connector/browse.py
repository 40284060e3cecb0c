"""The consumer's side of the catalogue: ask a peer what it offers (DSP 2025-1, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hanse.connector.kit import Kit
from hanse.dcat.model import Dataset
from hanse.dcat.read import CataloguePage, Unreadable, read_catalogue, read_dataset
from hanse.dsp.messages import CatalogRequest
from hanse.kernel.errors import CallerError, Invalid, NotFound, PeerInvalid, PeerRefused
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Offer

MOST_PAGES = 1_000
MOST_DATASETS = 100_000
_MOST_UNREADABLE = 1_000
_NOT_FOUND = 404

T = TypeVar("T")


class Browsed(Struct, kw_only=True):
    """Datasets of a peer's catalogue, what of it could not be read, and where it goes on, if it does."""

    participant: Did
    datasets: list[Dataset]
    unreadable: list[Unreadable]
    next: str | None


class Browser:
    """Reads peers' catalogues. All raise `Forbidden` for who is not a member, and `PeerError`s."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def page(self, tenant: Tenant, peer: Did, filter: tuple[object, ...] = (), at: str | None = None) -> Browsed:
        """Return the first page, or the one at `at`, an address that an earlier page gave. Raises `Invalid` for others."""
        base = await self._base(tenant, peer)
        if at is None:
            return await self._first(tenant, peer, base, filter)
        _require_same_origin(at, base)
        return _browsed(peer, *await self._kit.peers.get_page(tenant, peer, at))

    async def _first(self, tenant: Tenant, peer: Did, base: str, filter: tuple[object, ...]) -> Browsed:
        request = self._kit.wire.encode_catalog_request(CatalogRequest(filter=filter))
        return _browsed(peer, *await self._kit.peers.post(tenant, peer, f"{base}/catalog/request", request))

    async def public(self, tenant: Tenant, peer: Did, filter: tuple[object, ...] = ()) -> Browsed:
        """Return the first page of what a peer shows to who is in no space with it, if it does. Raises `PeerError`s; most refuse."""
        base = (await self._kit.peers.base_of(tenant, peer)).rstrip("/")
        return await self._first(tenant, peer, base, filter)

    async def all(self, tenant: Tenant, peer: Did, filter: tuple[object, ...] = ()) -> Browsed:
        """Return every page as one, within `MOST_PAGES` and `MOST_DATASETS`; `next` is set where that was not the end."""
        whole = await self.page(tenant, peer, filter)
        seen = {whole.next}
        for _ in range(MOST_PAGES - 1):
            if whole.next is None or len(whole.datasets) >= MOST_DATASETS:
                break
            page = await self.page(tenant, peer, at=whole.next)
            if page.next is not None and page.next in seen:
                raise PeerInvalid("The pages of the catalogue go round in a circle.", rule="pagination")
            seen.add(page.next)
            whole.datasets += page.datasets
            whole.unreadable = [*whole.unreadable, *page.unreadable][:_MOST_UNREADABLE]
            whole.next = page.next
        return whole

    async def dataset(self, tenant: Tenant, peer: Did, id: str) -> Browsed:
        """Return one dataset. Raises `NotFound` if the peer has none of that id for us."""
        url = f"{await self._base(tenant, peer)}/catalog/datasets/{quote(id, safe='')}"
        try:
            body = await self._kit.peers.get(tenant, peer, url)
        except PeerRefused as error:
            if error.status == _NOT_FOUND:
                raise _no_dataset(id) from None
            raise
        lost: list[Unreadable] = []
        found = _read(body, lambda value: read_dataset(value, unreadable=lost))
        if found.id != id:
            raise PeerInvalid(f"Another dataset was answered than {id[:200]!r}.", where="@id")
        return Browsed(participant=peer, datasets=[found], unreadable=lost[:_MOST_UNREADABLE], next=None)

    async def offers(self, tenant: Tenant, peer: Did, dataset: str, offer: str | None) -> tuple[Offer, ...]:
        """Return an offer of the peer's catalogue as it is now, or all of a dataset's; one at least. Raises `NotFound` if there is none."""
        found = (await self.dataset(tenant, peer, dataset)).datasets[0].offers
        chosen = tuple(one for one in found if offer in (None, one.id))
        if not chosen:
            hint = "Read the catalogue again and take an offer's id from there."
            named = "no offer" if offer is None else f"no offer {offer[:80]!r}"
            raise NotFound(f"The dataset has {named} for you that can be read.", where="offer", hint=hint)
        return chosen

    async def _base(self, tenant: Tenant, peer: Did) -> str:
        await self._kit.membership.require(tenant, peer)
        return (await self._kit.peers.base_of(tenant, peer)).rstrip("/")


def _browsed(peer: Did, body: bytes, following: str | None) -> Browsed:
    page = _read(body, read_catalogue)
    if page.participant_id != peer:
        raise PeerInvalid(f"The catalogue says it is that of {page.participant_id[:200]!r}, not of {peer}.", where="participantId")
    return Browsed(participant=peer, datasets=list(page.datasets), unreadable=_unreadable(page), next=following)


def _require_same_origin(url: str, base: str) -> None:
    # The token goes along: only to where the peer itself is.
    if url.split("/")[:3] != base.split("/")[:3]:
        raise Invalid("This is no page of that peer's catalogue.", where="next", rule="next", hint="Hand back `next` as it was given.")


def _read(body: bytes, read: Callable[[object], T]) -> T:
    try:
        return read(msgspec.json.decode(body))
    except CallerError as error:
        raise PeerInvalid(f"The catalogue cannot be read: {error.message}", where=error.where) from error
    except (ValueError, RecursionError):
        raise PeerInvalid("The catalogue is no JSON that can be read.") from None


def _unreadable(page: CataloguePage) -> list[Unreadable]:
    nested = [Unreadable(None, None, "catalog", f"A nested catalogue at {address[:500]} is not followed.") for address in page.nested]
    return [*page.unreadable, *nested][:_MOST_UNREADABLE]


def _no_dataset(id: str) -> NotFound:
    return NotFound(f"The peer has no dataset {id[:80]!r} for you.", where="dataset", hint="Read its catalogue again.")
