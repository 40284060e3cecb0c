"""The catalogue, on both sides (DSP 2025-1, sections 5 and 6)."""

from __future__ import annotations

from msgspec import Struct

from hanse.connector.door import admit
from hanse.connector.kit import Kit, Sender
from hanse.connector.offers import service_of
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Asset
from hanse.dcat.search import Criteria, parse_filter
from hanse.dcat.write import catalogue_bytes, encode_root_dataset
from hanse.dsp.messages import CatalogRequest
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did

PAGE = 100


class Page(Struct, frozen=True):
    """One page of a catalogue as JSON, and the id after which the next one begins, if there is one."""

    body: bytes
    next: str | None


class Catalog:
    """Shows a participant's datasets to those who may see them."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def page(self, sender: Sender, own_did: Did, request: CatalogRequest, after: str | None = None) -> Page:
        """Return up to 100 datasets that the sender may see and that match. Raises `Invalid` for an unknown filter field."""
        criteria = parse_filter(request.filter)

        def work(tx: ConnectorTx) -> Page:
            return self._page(tx, sender, own_did, criteria, after)

        return await admit(self._kit, sender, work)

    async def dataset(self, sender: Sender, id: str) -> bytes:
        """Return one dataset as a root object. Raises `NotFound` for what the sender may not see, too."""

        def work(tx: ConnectorTx) -> Asset:
            asset = tx.assets.get(sender.tenant, id)
            if asset is None or asset.withdrawn is not None or not _sees(asset, sender.did):
                raise NotFound(f"There is no dataset {id[:80]!r} here for you.", where="id")
            return asset

        asset = await admit(self._kit, sender, work)
        return encode_root_dataset(asset.dataset, service_of(self._kit, sender.tenant))

    def _page(self, tx: ConnectorTx, sender: Sender, own_did: Did, criteria: Criteria, after: str | None) -> Page:
        rows = tx.assets.visible(sender.tenant, sender.did, criteria, after=after, limit=PAGE + 1)
        shown = rows[:PAGE]
        body = catalogue_bytes(own_did, service_of(self._kit, sender.tenant), [encoded for _, encoded in shown])
        return Page(body, shown[-1][0] if len(rows) > PAGE else None)


def _sees(asset: Asset, requester: Did) -> bool:
    return not asset.visible_to or requester in asset.visible_to
