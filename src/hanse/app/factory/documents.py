"""Builds the making of documents, and fills its ports with the facility, the connector, custody and the ledger."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.dcat.model import Dataset
from hanse.evidence.archive.pack import Written as ArchivedDocument
from hanse.evidence.kinds import Documented, Figure, Predicate, Trained
from hanse.evidence.statement import Subject
from hanse.factory.custody.desk import Desk as CustodyDesk
from hanse.factory.custody.ports import Amount
from hanse.factory.documents.facts import BIAS
from hanse.factory.documents.material import Contract
from hanse.factory.documents.proofs import Detail, Opinion
from hanse.factory.documents.service import Documents
from hanse.factory.documents.unpacking import Workshop
from hanse.factory.facility.desk import Importing
from hanse.factory.facility.facility import Facility
from hanse.factory.facility.jobs import Job, Jobs
from hanse.factory.facility.records import VersionDeleted
from hanse.factory.quality.relay.records import Assessment
from hanse.factory.quality.relay.service import Relay
from hanse.factory.quality.report import Measurement, Report, read_report
from hanse.kernel.errors import HanseError, Invalid, NotFound, StorageFailed
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import LedgerTx
from hanse.ledger.records import Entry
from hanse.odrl.say import say_agreement
from hanse.storage import Database

FOLDER: Final = "measuring"
"""Below the home folder: where files lie in plain text while they are measured."""
LABEL: Final = b"hanse document 1 "
_NONCE: Final = 12
PAGE: Final = 500
"""Entries of the log that are read at once."""
OPINIONS: Final = 100
DETAILS: Final = 200
"""Measures of parts that one document shows of one report."""
log = logging.getLogger("hanse.documents")


class StoredVersions:
    """Versions out of the facility."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def version(self, tenant: Tenant, name: str) -> DatasetVersion:
        """Return a version by `name@number`, or the newest of a bare name."""
        return (await self._facility.stored(tenant, name)).version if "@" in name else await self._facility.version(tenant, name)

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile]:
        """Return its files."""
        return await self._facility.files(tenant, id)

    def read(self, tenant: Tenant, id: str, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file."""
        return self._facility.read(tenant, id, path)

    async def has(self, tenant: Tenant, name: str) -> bool:
        """Tell whether there is, or was, any version of that name."""
        return bool(await self._facility.versions(tenant, name=name, gone=True, limit=1))


class VaultSafe:
    """Seals with a key made from that of the version's vault: once it is destroyed, nothing opens its documents either."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def seal(self, tenant: Tenant, version: str, kind: str, data: bytes) -> bytes:
        """Encrypt."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + (await self._cipher(tenant, version)).encrypt(nonce, data, _about(tenant, version, kind))

    async def unseal(self, tenant: Tenant, version: str, kind: str, sealed: bytes) -> bytes:
        """Decrypt."""
        cipher = await self._cipher(tenant, version)
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(tenant, version, kind))
        except InvalidTag:
            raise StorageFailed(
                f"The document {kind} of {version} was changed, or its key is another.", where="subject", rule="damaged"
            ) from None

    async def _cipher(self, tenant: Tenant, version: str) -> AESGCM:
        stored = await self._facility.stored(tenant, version)
        key = await self._facility.stock.vaults.key(tenant, stored.vault)
        return AESGCM(hmac.digest(key, LABEL + version.encode(), "sha256"))


def _about(tenant: Tenant, version: str, kind: str) -> bytes:
    return f"{tenant}/{version}/{kind}".encode()


class WordedAgreements:
    """Agreements out of the connector's contracts, in words."""

    def __init__(self, ground: Ground) -> None:
        self._database = ground.database
        self._own = ground.tenants.did_of

    async def contract(self, tenant: Tenant, id: str) -> Contract | None:
        """Return an agreement, ended or not."""
        found = await self._database.read(lambda tx: tx.contracts.get(tenant, id))
        if found is None:
            return None
        return Contract(id=id, words=tuple(say_agreement(found.agreement, {})), since=found.finalized, ended=found.ended)

    def own(self, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        return self._own(tenant)


class OwnOffers:
    """What the participant offers itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dataset(self, tenant: Tenant, id: str) -> Dataset | None:
        """Return an offered dataset by its id."""
        found = await self._database.read(lambda tx: tx.assets.get(tenant, id))
        return None if found is None else found.dataset


class CustodyRegister:
    """Keepings and models; `desk` is set once custody is there."""

    desk: CustodyDesk

    def __init__(self, ground: Ground, facility: Facility) -> None:
        self._database = ground.database
        self._own = ground.tenants.did_of
        self._facility = facility

    async def kept(self, tenant: Tenant, version: str) -> datetime | None:
        """Return until when the participant keeps the bytes of a version."""
        found = await self._database.read(lambda tx: tx.custody.keeping(tenant, version, self._own(tenant)))
        return None if found is None else found.until

    async def trainings(self, tenant: Tenant, model: str) -> tuple[str, Sequence[tuple[datetime, Trained]]]:
        """Return a model's name and its trainings, newest first."""
        found = await self.desk.models.get(tenant, model)
        return found.name, [(one.at, one.says) for one in found.trainings]

    async def known(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version, deleted or not."""
        try:
            return (await self._facility.record(tenant, id)).version
        except (NotFound, Invalid):
            return None


class RelayedOpinions:
    """Assessments out of the relay; details out of the reports that are kept here."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def of(self, tenant: Tenant, version: str) -> Sequence[Opinion]:
        """Return the assessments of a version, the newest first."""
        found = await self._relay.page(tenant, about=version, after=None, limit=OPINIONS)
        stages = {one.stage: one.id for one in reversed(found) if one.size}
        return [await self._opinion(tenant, one, one.id in stages.values()) for one in found]

    async def _opinion(self, tenant: Tenant, one: Assessment, detailed: bool) -> Opinion:
        statement = one.entry or f"sha256 {one.statement}"
        details = await self._details(tenant, one.id) if detailed else ()
        return Opinion(by=one.by, at=one.at, stage=one.stage, report=one.report, statement=statement, figures=one.figures, details=details)

    async def _details(self, tenant: Tenant, id: str) -> tuple[Detail, ...]:
        try:
            report = await asyncio.to_thread(read_report, await self._relay.report(tenant, id))
        except HanseError as error:
            log.warning("The report of %s cannot be read: %s", id, error.message)
            return ()
        parts = ((one, _part(one)) for one in report.measurements if one.metric in BIAS and one.value is not None)
        return tuple(Detail(part=part, figure=_figure(report, one)) for one, part in parts if part)[:DETAILS]


def _part(one: Measurement) -> str:
    named = (("table", one.table), ("column", one.column), ("group", one.group))
    return ", ".join(f"{what} {name}" for what, name in named if name)


def _figure(report: Report, one: Measurement) -> Figure:
    metric = report.metric(one.metric)
    ends = (None, None) if one.interval is None else (one.interval.low, one.interval.high)
    method = f"{metric.measure}/{metric.version}" if metric.measure else ""
    return Figure(metric=one.metric, value=float(one.value or 0), method=method, low=ends[0], high=ends[1], better=metric.better)


class DocumentLog:
    """The signed log."""

    def __init__(self, database: Database, evidence: EvidenceSide) -> None:
        self._ledger = evidence.ledger
        self._database = database

    def documented(self, tx: Any, tenant: Tenant, subject: Subject, says: Documented) -> None:
        """State that a document was made."""
        self._ledger.append_about(cast("LedgerTx", tx), tenant, subject, says)

    async def said(self, tenant: Tenant, agreement: str, kinds: Collection[str], versions: Collection[str]) -> Sequence[Predicate]:
        """Return the participant's own statements of those kinds about versions under an agreement, the newest first."""
        found: list[tuple[int, Predicate]] = []
        for kind in kinds:
            before: int | None = None
            while page := await self._page(tenant, agreement, kind, before):
                found += await asyncio.to_thread(_about_versions, page, tenant, versions)
                before = page[-1].index
        return [says for _, says in sorted(found, key=lambda one: -one[0])]

    async def _page(self, tenant: Tenant, agreement: str, kind: str, before: int | None) -> Sequence[Entry]:
        return await self._database.read(lambda tx: tx.custody.logged(tenant, agreement, kind, before=before, limit=PAGE))


def _about_versions(page: Sequence[Entry], tenant: Tenant, versions: Collection[str]) -> list[tuple[int, Predicate]]:
    own = ((one.index, one.says) for one in page if one.signer.rpartition(":")[2] == tenant)
    return [(index, says) for index, says in own if getattr(says, "version", "") in versions]


class ArchivedDocuments:
    """Documents for the evidence archive."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def of(self, tenant: Tenant, subject: str) -> Sequence[ArchivedDocument]:
        """Return the documents of a version or a model."""
        try:
            found = await self._documents.of(tenant, subject)
        except HanseError as error:
            # An archive that says less is worth more than none: what is missing there is said by what is not in it.
            log.warning("The documents of %s could not be made for an archive: %s", subject, error.message)
            return ()
        return [ArchivedDocument(one.made.subject, one.made.kind, one.made.name, one.data, one.made.media_type) for one in found]


class CountedRecords:
    """How many records versions have."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def of(self, tenant: Tenant, id: str) -> Amount:
        """Return what was counted when the version was measured."""
        return Amount(records=await self._documents.records(tenant, id))


class DocumentedImports:
    """Data of one's own, documented once it is stored."""

    def __init__(self, imports: Importing, documents: Documents) -> None:
        self._imports = imports
        self._documents = documents

    def check(self, tenant: Tenant, path: str) -> None:
        """Raise unless the folder is there and the participant may read it."""
        self._imports.check(tenant, path)

    async def take(self, tenant: Tenant, path: str, name: str, origin: Origin, job: Job) -> DatasetVersion:
        """Store a folder as a version, and make its documents; without them it is whole, and they can be made at any time."""
        version = await self._imports.take(tenant, path, name, origin, job)
        try:
            await self._documents.materialised(tenant, version)
        except HanseError as error:
            log.warning("%s was stored and not documented: %s", version.id, error.message)
        return version


class DocumentSide:
    """Documents on that ground. `begin_with(custody)` before anything is asked."""

    def __init__(self, ground: Ground, evidence: EvidenceSide, facility: Facility) -> None:
        database: Any = ground.database
        versions = StoredVersions(facility)
        self._custody = CustodyRegister(ground, facility)
        self._workshop = Workshop(versions, ground.settings.home_path / FOLDER)
        self._database: Database = ground.database
        self._facility = facility
        self._tasks: set[asyncio.Task[None]] = set()
        self.documents = Documents(
            database,
            versions,
            VaultSafe(facility),
            WordedAgreements(ground),
            self._custody,
            OwnOffers(ground.database),
            DocumentLog(ground.database, evidence),
            self._workshop,
            ground.clock,
        )
        self.jobs = Jobs(ground.clock)
        ground.database.subscribe(self._on_event)

    def begin_with(self, custody: CustodyDesk) -> None:
        """Know the models, and tell custody how many records there are."""
        self._custody.desk = custody
        custody.risks.amounts = CountedRecords(self.documents)

    def assess_with(self, relay: Relay) -> None:
        """Know the assessments of versions."""
        self.documents.gathering.assessments = RelayedOpinions(relay)

    async def start(self) -> None:
        """Delete what was left in plain text, and documents of versions that are gone."""
        await asyncio.to_thread(self._workshop.clear)
        for tenant, subject in await self._database.read(lambda tx: tx.documents.with_data()):
            await self._tidy(tenant, subject)

    async def stop(self) -> None:
        """Stop the jobs."""
        await self.jobs.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_event(self, event: object) -> None:
        if isinstance(event, VersionDeleted):
            task = asyncio.get_running_loop().create_task(self._tidy(event.tenant, event.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tidy(self, tenant: Tenant, subject: str) -> None:
        try:
            await self._facility.stored(tenant, subject)
        except (NotFound, Invalid):
            await self.documents.forget(tenant, subject)
