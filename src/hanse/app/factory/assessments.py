"""Builds the quality relay, and fills its ports with the facility, the connector, the ledger and the export of evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from hanse.app.bridges import place_of
from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.documents import VaultSafe
from hanse.connector.offers import Offers
from hanse.dcat.holding import DatasetVersion
from hanse.dcat.model import Claim, Dataset, Measured
from hanse.evidence import kinds as k
from hanse.evidence.archive.pack import Written
from hanse.evidence.kinds.base import Object
from hanse.evidence.statement import Subject as Named
from hanse.evidence.statement import root_of_files
from hanse.factory.custody.export.ports import Documents as ArchivedDocuments
from hanse.factory.custody.export.service import Exporting
from hanse.factory.facility.facility import Facility
from hanse.factory.quality.relay import ports
from hanse.factory.quality.relay.service import Relay
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import LedgerTx
from hanse.ledger.records import Delivery
from hanse.odrl.model import Atomic, Terms
from hanse.odrl.names import QUALITY, plain
from hanse.odrl.say import say_agreement, say_terms
from hanse.odrl.values import read_number
from hanse.storage import Database

ASSET: Final = "ds_"
_COMPARED: Final = frozenset({"gteq", "gt", "lteq", "lt", "eq"})


class HeldSubjects:
    """Versions of the facility, and own assets with the files that they have now."""

    def __init__(self, ground: Ground, connector: Connector, data: DataSide, facility: Facility) -> None:
        self._database = ground.database
        self._facility = facility
        self._manifests = data.manifests
        self._offers = Offers(connector.kit, data.inspector, ground.quotas.assets, operands=ground.operands)

    async def find(self, tenant: Tenant, name: str) -> ports.Subject:
        """Return a version by `name@number`, the newest of a name, or an own asset by its id."""
        if name.startswith(ASSET):
            return await self._asset(tenant, name)
        version = (await self._facility.stored(tenant, name)).version if "@" in name else await self._facility.version(tenant, name)
        return _of_version(version)

    async def declare(self, tenant: Tenant, asset: ports.Subject, measures: Sequence[Measured], claims: Sequence[Claim]) -> Dataset:
        """Publish measures with an asset."""
        return (await self._offers.declare(tenant, asset.name, asset.content, measures, claims)).dataset

    async def _asset(self, tenant: Tenant, id: str) -> ports.Subject:
        asset = await self._offers.get(tenant, id)
        manifest = await self._manifests.current(tenant, asset.id, place_of(asset.source))
        root = root_of_files([Object(one.path, one.sha256.hex(), one.size) for one in manifest.files])
        return ports.Subject(name=id, root=root, asset=True, content=manifest.id, offered=asset.dataset)


def _of_version(version: DatasetVersion) -> ports.Subject:
    return ports.Subject(
        name=version.id,
        root=version.root,
        agreement=version.agreement or "",
        under=version.agreements,
        provider=version.provider,
        offered=version.offered,
    )


class VersionSafe:
    """Seals reports on versions with the key of their vault. Those on own data that lies elsewhere are kept as they are."""

    def __init__(self, facility: Facility) -> None:
        self._safe = VaultSafe(facility)

    async def seal(self, tenant: Tenant, subject: ports.Subject, id: str, data: bytes) -> bytes:
        """Encrypt."""
        return data if subject.asset else await self._safe.seal(tenant, subject.name, id, data)

    async def unseal(self, tenant: Tenant, about: str, id: str, sealed: bytes) -> bytes:
        """Decrypt."""
        return sealed if about.startswith(ASSET) else await self._safe.unseal(tenant, about, id, sealed)


class RelayLog:
    """The signed log, and the exchange of statements."""

    def __init__(self, ground: Ground, evidence: EvidenceSide) -> None:
        self._ground = ground
        self._ledger = evidence.ledger
        self._exchange = evidence.evidence

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        return self._ground.tenants.did_of(tenant)

    def assessed(self, tx: Any, tenant: Tenant, subject: Named, says: k.Assessed) -> ports.Entered:
        """State it in this transaction."""
        entry = self._ledger.append_about(cast("LedgerTx", tx), tenant, subject, says)
        return ports.Entered(entry.id, entry.at, entry.signer, entry.hash, entry.raw)

    async def disputed(self, tenant: Tenant, says: k.Disputed) -> tuple[str, bool]:
        """State it to the other party of its agreement."""
        sent = await self._exchange.send(tenant, says)
        return sent.id, sent.state is not Delivery.ONE_SIDED

    async def prove(self, envelope: bytes, signer: Did) -> None:
        """Prove that `signer` signed it, with a key that counts now."""
        await self._ground.resolver.drive(self._exchange.open(envelope, signer))


class QualityTerms:
    """What contracts say of quality."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self, tenant: Tenant, id: str) -> ports.Agreed | None:
        """Return it, whether the contract has ended or not."""
        contract = await self._database.read(lambda tx: tx.contracts.get(tenant, id))
        if contract is None:
            return None
        terms = contract.agreement.terms
        asked: dict[str, list[tuple[str, float]]] = {}
        for metric, operator, value in _asked(terms):
            if (operator, value) not in asked.setdefault(metric, []):
                asked[metric].append((operator, value))
        return ports.Agreed(asked, _remedies(terms), tuple(say_agreement(contract.agreement, {})))


def _asked(terms: Terms) -> Iterator[tuple[str, str, float]]:
    """Yield what all permissions ask for beyond doubt: conditions that stand alone, not those of which one is enough."""
    for one in (each for rule in terms.permissions for each in rule.constraints):
        if isinstance(one, Atomic) and plain(one.left).startswith(QUALITY) and one.operator in _COMPARED:
            quantity = read_number(one.right)
            if quantity is not None:
                yield plain(one.left).removeprefix(QUALITY), one.operator, float(quantity.amount)


def _remedies(terms: Terms) -> tuple[str, ...]:
    """Return, in words, the rules that say what follows when something is not kept."""
    following = Terms(
        obligations=tuple(rule for rule in terms.obligations if rule.consequences),
        prohibitions=tuple(rule for rule in terms.prohibitions if rule.remedies),
    )
    return tuple(say_terms(following)) if following.obligations or following.prohibitions else ()


class CaseArchives:
    """The export of evidence."""

    def __init__(self, exporting: Exporting) -> None:
        self._exporting = exporting

    async def export(self, tenant: Tenant, version: str, also: Sequence[ports.Material]) -> ports.Archive:
        """Return all that proves something about a version, and these documents."""
        made = await self._exporting.export(tenant, version, [_written(version, one) for one in also])
        return ports.Archive(made.archive, made.sha256, made.missing)


class WithAssessments:
    """Documents for the evidence archive, and what is kept of assessments beside them."""

    def __init__(self, documents: ArchivedDocuments, relay: Relay) -> None:
        self._documents = documents
        self._relay = relay

    async def of(self, tenant: Tenant, subject: str) -> Sequence[Written]:
        """Return the documents of a version or a model."""
        found = await self._relay.materials(tenant, subject)
        return [*await self._documents.of(tenant, subject), *(_written(subject, one) for one in found)]


def _written(subject: str, one: ports.Material) -> Written:
    return Written(subject, one.kind, one.name, one.content, one.media_type)


class AssessmentSide:
    """The relay on that ground; `archive` makes what is kept of assessments a part of every archive."""

    def __init__(
        self, ground: Ground, connector: Connector, data: DataSide, evidence: EvidenceSide, facility: Facility, exporting: Exporting
    ) -> None:
        database: Any = ground.database
        self.relay = Relay(
            database,
            HeldSubjects(ground, connector, data, facility),
            VersionSafe(facility),
            RelayLog(ground, evidence),
            QualityTerms(ground.database),
            CaseArchives(exporting),
            ground.clock,
            ground.ids,
        )
        exporting.documents = WithAssessments(exporting.documents, self.relay)
