"""One source room for all kinds of places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.dataplane.ports import Opened, Sources
from hanse.dataplane.records import Found, Place
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Tenant


class SourceRouter:
    """Hands each place to the source of its kind, e.g. `{"file": files, "folder": files, "http": http}`."""

    def __init__(self, kinds: Mapping[str, Sources]) -> None:
        self._kinds = dict(kinds)

    def add(self, kind: str, sources: Sources) -> None:
        """Know another kind from now on."""
        self._kinds[kind] = sources

    def check(self, tenant: Tenant, place: Place) -> None:
        """See `Sources.check`."""
        self._of(place).check(tenant, place)

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """See `Sources.find`."""
        return await self._of(place).find(tenant, place)

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """See `Sources.fields`."""
        return await self._of(place).fields(tenant, place)

    async def open(self, tenant: Tenant, place: Place, path: str) -> Opened:
        """See `Sources.open`."""
        return await self._of(place).open(tenant, place, path)

    def _of(self, place: Place) -> Sources:
        source = self._kinds.get(place.kind)
        if source is None:
            known = ", ".join(sorted(self._kinds))
            raise Invalid(f"There is no source of the kind {place.kind[:40]!r}.", where="source.kind", rule="kind", hint=f"Known: {known}.")
        return source
