"""From a version to all that it was made of, and to all that was made of it."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.dcat.holding import DatasetVersion
from hanse.factory.custody.ports import Versions
from hanse.kernel.tenant import Tenant


class Lineage:
    """Walks over versions. There are no circles: a version is made of others that were there before."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    async def made_of(self, tenant: Tenant, version: DatasetVersion) -> list[DatasetVersion]:
        """Return all versions that one was made of, and those that they were made of, each once, the nearest first; as far as known."""
        found: dict[str, DatasetVersion] = {}
        waiting = list(version.made_of)
        while waiting:
            source = waiting.pop(0)
            one = None if source.version in found else await self._versions.get(tenant, source.version)
            if one is not None:
                found[one.id] = one
                waiting += one.made_of
        return list(found.values())

    async def leaves(self, tenant: Tenant, version: DatasetVersion) -> list[DatasetVersion]:
        """Return the versions that one was made of in the end: itself, if it was made of none."""
        if not version.made_of:
            return [version]
        return [one for one in await self.made_of(tenant, version) if not one.made_of]

    async def made_from(self, tenant: Tenant, named: str) -> dict[str, str]:
        """Return what was made of a version (`name@number`) or of any version of a dataset (`name`), those themselves included.

        By id, with the id of the version that leads there.
        """
        first = [named] if "@" in named else [one.id for one in await self._versions.page(tenant, name=named)]
        found = {one: one for one in first}
        waiting = list(first)
        while waiting:
            id = waiting.pop(0)
            made: Sequence[DatasetVersion] = await self._versions.made_of(tenant, id)
            fresh = [one.id for one in made if one.id not in found]
            found |= dict.fromkeys(fresh, id)
            waiting += fresh
        return found
