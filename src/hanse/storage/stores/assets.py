"""Own assets: the record, the JSON that a catalogue page is joined from, and what it is found by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from hanse.connector.records import Asset
from hanse.dcat.search import Criteria, terms_of, text_of
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, Value

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Asset).decode

_GET = "SELECT doc FROM assets WHERE tenant = ? AND id = ?"
_HOLD = _GET + " /*lock*/"
_PUT = (
    "INSERT INTO assets (tenant, id, listed, for_all, search_text, encoded, doc) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant, id) DO UPDATE SET listed = excluded.listed, for_all = excluded.for_all,"
    " search_text = excluded.search_text, encoded = excluded.encoded, doc = excluded.doc"
)
_FORGET_VIEWERS = "DELETE FROM asset_viewers WHERE tenant = ? AND asset = ?"
_FORGET_TERMS = "DELETE FROM asset_terms WHERE tenant = ? AND asset = ?"
_PUT_VIEWER = "INSERT INTO asset_viewers (tenant, asset, viewer) VALUES (?, ?, ?)"
_PUT_TERM = "INSERT INTO asset_terms (tenant, asset, field, value) VALUES (?, ?, ?, ?)"
_FIRST = "SELECT doc FROM assets WHERE tenant = ? ORDER BY id LIMIT ?"
_AFTER = "SELECT doc FROM assets WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
_BY_OFFER = (
    "SELECT a.doc FROM assets AS a JOIN asset_terms AS t ON t.tenant = a.tenant AND t.asset = a.id"
    " WHERE t.tenant = ? AND t.field = ? AND t.value = ?"
)
_COUNT = "SELECT count(*) FROM assets WHERE tenant = ? AND listed = 1"

_VISIBLE = (
    "SELECT id, encoded FROM assets AS a WHERE tenant = ? AND id > ? AND listed = 1 AND (for_all = 1 OR EXISTS"
    " (SELECT 1 FROM asset_viewers AS v WHERE v.tenant = a.tenant AND v.asset = a.id AND v.viewer = ?))"
)
_WITH_TERMS = " AND EXISTS (SELECT 1 FROM asset_terms AS t WHERE t.tenant = a.tenant AND t.asset = a.id AND ($any))"
_TERM = "(t.field = ? AND t.value = ?)"
_WITH_TEXT = " AND ($any)"
_TEXT = "search_text LIKE ? ESCAPE '!'"
_IN_ORDER = " ORDER BY id LIMIT ?"


_OFFER = "offer id"
"""The field under which an asset's offers are indexed; no filter of a catalogue has that name."""


class Assets:
    """Own assets, with the encoded dataset that a catalogue page is joined from."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, tenant: Tenant, id: str) -> Asset | None:
        """Return the asset, withdrawn or not."""
        row = self._rows.one(_GET, (tenant, id))
        return None if row is None else _decode(row[0])

    def hold(self, tenant: Tenant, id: str) -> Asset | None:
        """Return the asset as `get` does, and keep others from changing it until the transaction ends."""
        row = self._rows.one(_HOLD, (tenant, id))
        return None if row is None else _decode(row[0])

    def put(self, asset: Asset, encoded: bytes) -> None:
        """Insert or replace, with the dataset's JSON as the catalogue shows it and its search terms."""
        tenant, key = asset.tenant, asset.id
        listed, for_all = int(asset.withdrawn is None), int(not asset.visible_to)
        text = text_of(asset.dataset)
        self._rows.execute(_PUT, (tenant, key, listed, for_all, text, encoded, _encode(asset)))
        self._rows.execute(_FORGET_VIEWERS, (tenant, key))
        self._rows.execute(_FORGET_TERMS, (tenant, key))
        self._rows.many(_PUT_VIEWER, [(tenant, key, viewer) for viewer in dict.fromkeys(asset.visible_to)])
        terms = [*terms_of(asset.dataset), *((_OFFER, offer.id) for offer in asset.dataset.offers)]
        self._rows.many(_PUT_TERM, [(tenant, key, *term) for term in dict.fromkeys(terms)])

    def by_offer(self, tenant: Tenant, offer_id: str) -> Asset | None:
        """Return the asset that has the offer, withdrawn or not."""
        row = self._rows.one(_BY_OFFER, (tenant, _OFFER, offer_id))
        return None if row is None else _decode(row[0])

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Asset]:
        """Return up to `limit` assets in the order of their ids, for the owner (withdrawn ones too)."""
        rows = self._rows.all(_FIRST, (tenant, limit)) if after is None else self._rows.all(_AFTER, (tenant, after, limit))
        return [_decode(doc) for (doc,) in rows]

    def visible(self, tenant: Tenant, requester: Did, criteria: Criteria, *, after: str | None, limit: int) -> Sequence[tuple[str, bytes]]:
        """Return (id, encoded dataset) of assets that `requester` may see and that match, in the order of their ids."""
        args: list[Value] = [tenant, after or "", requester]
        args += [part for group in criteria.terms for term in group for part in term]
        args += [_pattern(words) for group in criteria.text for words in group]
        sql = _visible(tuple(map(len, criteria.terms)), tuple(map(len, criteria.text)))
        return [(id, bytes(encoded)) for id, encoded in self._rows.all(sql, [*args, limit])]

    def count(self, tenant: Tenant) -> int:
        """Return how many assets are not withdrawn."""
        row = self._rows.one(_COUNT, (tenant,))
        return int(row[0]) if row else 0


@lru_cache(maxsize=64)
def _visible(terms: tuple[int, ...], texts: tuple[int, ...]) -> str:
    """Return the query for so many groups of terms and texts: any of a group, all of the groups."""
    with_terms = [_WITH_TERMS.replace("$any", " OR ".join([_TERM] * size)) for size in terms]
    with_texts = [_WITH_TEXT.replace("$any", " OR ".join([_TEXT] * size)) for size in texts]
    return _VISIBLE + "".join(with_terms + with_texts) + _IN_ORDER


def _pattern(words: str) -> str:
    """Return a LIKE pattern for texts that contain `words` literally."""
    literal = words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{literal}%"
