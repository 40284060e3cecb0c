"""A look into a space of strangers, each of which answers with as much as it can."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from hanse.connector.browse import Browsed
from hanse.http.api.membership import looking
from hanse.http.api.membership.looking import Looking
from tests.unit.factory.acquire.space import TENANT, dataset, did


class Stranger:
    """A browser of catalogues; those of `huge` have no measure."""

    async def public(self, tenant, peer, filter):
        large = "x" * (looking.LARGEST + 1) if peer == did("huge") else "x"
        return Browsed(participant=peer, datasets=[dataset(description=large)], unreadable=[], next=None)


def test_what_has_no_measure_is_not_held():
    seen = SimpleNamespace(closed={}, catalogues=[])
    asyncio.run(Looking(None, Stranger())._ask(TENANT, [did("huge"), did("zoo")], (), seen))
    assert list(seen.closed) == [did("huge")]
    assert "too large" in seen.closed[did("huge")]
    assert len(seen.catalogues) == 1
