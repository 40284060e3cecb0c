"""What a factory offers to its own users of what it mirrors, how they use it, and what the signed log says of mirrors."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, cast

from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.connector.ending import Endings
from hanse.connector.offers import Offers
from hanse.connector.records import Asset, Contract, StoredSource
from hanse.dcat.holding import DatasetVersion
from hanse.dsp.messages import Role
from hanse.evidence import kinds as k
from hanse.evidence.kinds.usage import MAX_LINES
from hanse.factory.mirrors.records import Held, Line, Mirror
from hanse.kernel.errors import Conflict, HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import LedgerTx
from hanse.odrl.names import PURPOSE
from hanse.storage import Tx
from hanse.usage.records import Kind, Use

KEPT: Final = "mirror-kept"
"""What the notice is about that tells a provider what is kept of a mirror that has ended."""
_GONE: Final = "The data came from somebody else under an agreement, may be kept no longer, and is destroyed."
_PAGE: Final = 500
_TEXT: Final = 4_000
log = logging.getLogger("hanse.mirrors")


class OnwardOffers:
    """Own assets that are backed by versions of mirrors, and the uses of their contracts."""

    def __init__(self, ground: Ground, connector: Connector, data: DataSide, endings: Endings) -> None:
        self._database = ground.database
        self._endings = endings
        self._offers = Offers(connector.kit, data.inspector, ground.quotas.assets, operands=ground.operands)

    async def pinned(self, tenant: Tenant, name: str) -> frozenset[str]:
        """Return the versions of a name that are on offer as such."""
        found = await self._database.read(lambda tx: [one for one in _assets(tx, tenant) if _of(one, name) and one.withdrawn is None])
        return frozenset(one.source.version for one in found if isinstance(one.source, StoredSource) and "@" in one.source.version)

    async def follow(self, tenant: Tenant, name: str) -> None:
        """Look anew at what is offered as the newest version of a name: there is a new one."""
        found = await self._database.read(lambda tx: [one for one in _assets(tx, tenant) if _newest_of(one, name)])
        for asset in found:
            try:
                await self._offers.refresh(tenant, asset.id)
            except HanseError as error:  # e.g. the new one came under another agreement: it is not served for this offer
                log.warning("The offer %s was not looked at anew: %s", asset.id, error.message, extra={"participant": tenant})

    async def withdraw(self, mirror: Mirror) -> None:
        """Take all offers of a mirror's versions off the catalogue, and end the contracts under them: there will be nothing to give."""
        found = await self._database.read(lambda tx: [one for one in _assets(tx, mirror.tenant) if _of(one, mirror.name)])
        for asset in found:
            if asset.withdrawn is None:
                await self._offers.withdraw(mirror.tenant, asset.id)
        ids = {one.id for one in found}
        for contract in await self._database.read(lambda tx: [one for one in _contracts(tx, mirror.tenant) if _gives(one, ids)]):
            with suppress(Conflict):  # it has ended meanwhile
                await self._endings.end(mirror.tenant, contract.id, "notice", _GONE, "us")

    async def uses(self, mirror: Mirror, since: datetime) -> Sequence[Line]:
        """Return what ended since then, of others under our contracts and of our own operators."""
        return await self._database.read(lambda tx: _uses(tx, mirror, since))


def _uses(tx: Tx, mirror: Mirror, since: datetime) -> list[Line]:
    passed_on = {one.id for one in _assets(tx, mirror.tenant) if mirror.agreement in one.derived_from and _of(one, mirror.name)}
    contracts = [one for one in _contracts(tx, mirror.tenant) if one.role is Role.PROVIDER and one.dataset in passed_on]
    lines = [
        Line(
            who=use.peer,
            use=use.id,
            action=use.action,
            at=use.ended,
            size=use.volume,
            purpose=use.stated.get(PURPOSE),
        )
        for contract in contracts
        for use in _transfers(tx, contract)
        if use.ended is not None and use.ended >= since and use.began is not None
    ]
    return sorted([*lines, *_opened(tx, mirror, since)], key=lambda one: (one.at, one.use))


def _opened(tx: Any, mirror: Mirror, since: datetime) -> Iterator[Line]:
    """Yield the openings of the mirror's versions by our own operators, as the log tells of them."""
    before = None
    while page := tx.ledger.page(mirror.tenant, before=before, limit=_PAGE, agreement=mirror.agreement):
        for entry in page:
            before, says = entry.index, entry.says
            if says.at < since and says.by != mirror.provider:  # what we said before; a provider's clock may differ
                return
            if isinstance(says, k.Opened) and says.version.rpartition("@")[0] == mirror.name:
                yield Line(who=says.operator or "us", use=says.use or entry.id, action=says.action, at=says.at)


def _gives(contract: Contract, assets: set[str]) -> bool:
    return contract.role is Role.PROVIDER and contract.ended is None and contract.dataset in assets


def _newest_of(asset: Asset, name: str) -> bool:
    return asset.withdrawn is None and isinstance(asset.source, StoredSource) and asset.source.version == name


def _of(asset: Asset, name: str) -> bool:
    return isinstance(asset.source, StoredSource) and asset.source.version.partition("@")[0] == name


def _assets(tx: Any, tenant: Tenant) -> Iterator[Asset]:
    after = None
    while page := tx.assets.page(tenant, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _contracts(tx: Any, tenant: Tenant) -> Iterator[Contract]:
    after = None
    while page := tx.contracts.page(tenant, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _transfers(tx: Any, contract: Contract) -> Iterator[Use]:
    after = None
    while page := tx.uses.page(contract.tenant, agreement=contract.id, after=after, limit=_PAGE):
        yield from (one for one in page if one.kind is Kind.TRANSFER)
        after = page[-1].id


class MirrorLog:
    """The participant's signed log, and what is stated to providers."""

    def __init__(self, evidence: EvidenceSide) -> None:
        self._ledger = evidence.ledger
        self._evidence = evidence.evidence
        self._peers = evidence.peers

    def mirrored(self, tx: Any, mirror: Mirror, version: DatasetVersion, moved: int, removed: int) -> None:
        """State in this transaction that a version was received, and that it is the mirror's newest now."""
        facts: dict[str, Any] = {"agreement": mirror.agreement, "version": version.id, "provider": mirror.provider, "root": version.root}
        facts |= {"count": version.count, "size": version.size, "moved": moved}
        sums: Any = "provider" if version.sums == "provider" else "measured"
        self._ledger.append(tx, mirror.tenant, k.Acquired(dataset=mirror.dataset, sums=sums, **facts))
        self._ledger.append(tx, mirror.tenant, k.Mirrored(mirror=mirror.name, removed=removed, **facts))

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out whether the provider takes statements."""
        await self._peers.look(peer)

    def kept(self, tx: Any, mirror: Mirror, held: Sequence[Held]) -> None:
        """Tell the provider what is kept although it is to go, and why."""
        told = "; ".join(f"{one.version}: {one.reason}" for one in held)
        text = f"The mirror {mirror.name} has ended, but some of it is kept, and destroyed once nothing keeps it: {told}"[:_TEXT]
        self._evidence.state(cast("LedgerTx", tx), mirror.tenant, k.Notice(agreement=mirror.agreement, about=KEPT, text=text))

    def report(self, tx: Any, mirror: Mirror, since: datetime, lines: Sequence[Line], digests: Mapping[str, str]) -> Sequence[str]:
        """Report uses to the provider; users are digests."""
        stated = []
        for start in range(0, len(lines), MAX_LINES):
            part = lines[start : start + MAX_LINES]
            told = tuple(
                k.UseLine(use=one.use, action=one.action, at=one.at, purpose=one.purpose, size=one.size, user=digests[one.who])
                for one in part
            )
            says = k.UsageReport(agreement=mirror.agreement, since=since, uses=len(part), size=sum(one.size for one in part), lines=told)
            stated.append(self._evidence.state(cast("LedgerTx", tx), mirror.tenant, says).id)
        return stated
