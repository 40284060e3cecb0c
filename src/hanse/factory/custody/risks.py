"""The risk of a model's training, or of versions that are named."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.dcat.holding import DatasetVersion
from hanse.factory.custody.models import Models
from hanse.factory.custody.ports import Amounts, Versions
from hanse.factory.custody.risk import Risk, risk_of
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant


class Risks:
    """Finds what is to be added up, and adds it up."""

    def __init__(self, models: Models, versions: Versions, amounts: Amounts) -> None:
        self._models = models
        self._versions = versions
        self.amounts = amounts

    async def of_model(self, tenant: Tenant, name: str) -> list[Risk]:
        """Return the risk of each training of a model, newest first. Raises `NotFound`."""
        found = await self._models.get(tenant, name)
        risks = []
        for one in found.trainings:
            versions = [await self._version(tenant, each.version) for each in one.says.inputs]
            risks.append(await self._risk(tenant, f"{one.says.model}, entry {one.index}", versions))
        return risks

    async def of_versions(self, tenant: Tenant, ids: Sequence[str]) -> Risk:
        """Return the risk of versions together. Raises `NotFound`."""
        return await self._risk(tenant, ", ".join(ids)[:500], [await self._version(tenant, id) for id in ids])

    async def _risk(self, tenant: Tenant, about: str, versions: Sequence[DatasetVersion]) -> Risk:
        """Return the risk of what versions come from: of a derived one, of all that it was made of in the end."""
        leaves = {leaf.id: leaf for one in versions for leaf in await self._models.lineage.leaves(tenant, one)}
        return risk_of(about, list(leaves.values()), {id: await self.amounts.of(tenant, id) for id in leaves})

    async def _version(self, tenant: Tenant, id: str) -> DatasetVersion:
        found = await self._versions.get(tenant, id)
        if found is None:
            raise NotFound(f"There is no version {id[:120]!r}, and never was.", where="versions")
        return found
