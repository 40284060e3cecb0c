"""Builds the AI factory on that ground: one module of this package per room, one line of `FactorySide` each."""

from __future__ import annotations

from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.acquire import AcquireSide
from hanse.app.factory.archive import ArchiveSide
from hanse.app.factory.assessments import AssessmentSide
from hanse.app.factory.custody import CustodySide
from hanse.app.factory.documents import ArchivedDocuments, DocumentedImports, DocumentSide
from hanse.app.factory.facility import FacilitySide
from hanse.app.factory.links import LinkSide
from hanse.app.factory.mirrors import MirrorSide
from hanse.app.factory.opening import OpeningSide
from hanse.app.factory.preparations import PreparationSide
from hanse.app.factory.running import RunningSide
from hanse.app.factory.transport import TransportSide
from hanse.app.factory.witnesses import WitnessSide
from hanse.app.management import Management
from hanse.app.trust import TrustSide
from hanse.app.usage import UsageSide
from hanse.app.wallets import WalletSide
from hanse.http.api.factory_services import FactoryServices


class FactorySide:
    """The factory's services. `start` and `stop` frame what runs in the background; the rest is done in the timer's chores."""

    def __init__(
        self,
        ground: Ground,
        management: Management,
        wallet: WalletSide,
        trust: TrustSide,
        connector: Connector,
        data: DataSide,
        evidence: EvidenceSide,
        usage: UsageSide,
    ) -> None:
        self.witnesses = WitnessSide(ground, trust, evidence)
        self.facility = FacilitySide(ground, evidence)
        self.transport = TransportSide(ground, connector, data, self.facility.facility)
        self.opening = OpeningSide(ground, evidence, self.facility.facility, usage.openings)
        self.preparations = PreparationSide(ground, evidence, self.facility.facility, usage.openings)
        self.acquire = AcquireSide(ground, trust, connector, evidence, usage)
        self.documents = DocumentSide(ground, evidence, self.facility.facility)
        self.facility.desk.importing = DocumentedImports(self.facility.imports, self.documents.documents)
        self.running = RunningSide(ground, connector, evidence, self.facility.facility, self.transport.fetcher, self.documents.documents)
        self.links = LinkSide(ground, trust, wallet, connector, evidence, self.acquire.orders)
        self.acquire.runs.links = self.links.links
        self.mirrors = MirrorSide(
            ground,
            trust,
            connector,
            data,
            evidence,
            self.facility,
            self.transport.fetcher,
            self.running.dealings,
            self.links.links,
        )
        self.archives = ArchiveSide(ground, evidence, self.witnesses, self.facility.facility)
        self.archives.exporting.documents = ArchivedDocuments(self.documents.documents)
        self.assessments = AssessmentSide(ground, connector, data, evidence, self.facility.facility, self.archives.exporting)
        self.custody = CustodySide(ground, evidence, self.facility.facility, self.facility.removal)
        self.documents.begin_with(self.custody.desk)
        self.documents.assess_with(self.assessments.relay)
        self.acquire.runs.retention = self.custody.retention
        self.services = self._services()

    def _services(self) -> FactoryServices:
        return FactoryServices(
            archives=self.archives.exporting,
            relay=self.assessments.relay,
            mirrors=self.mirrors.mirrors,
            recall=self.mirrors.recall,
            custody=self.custody.desk,
            custody_jobs=self.custody.jobs,
            retention=self.custody.retention,
            documents=self.documents.documents,
            document_jobs=self.documents.jobs,
            facility=self.facility.desk,
            deriving=self.preparations.deriving,
            links=self.links.links,
            replicas=self.links.replicas,
            orders=self.acquire.orders,
            speeds=self.transport.links,
            openings=self.opening.openings,
            lending=self.opening.lending,
            monitor=self.witnesses.monitor,
            witness=self.witnesses.witness,
            witnessing=self.witnesses.witnessing,
        )

    async def start(self) -> None:
        """Take up what was under way."""
        await self.facility.start()
        await self.documents.start()
        await self.acquire.start()
        await self.running.runner.start()
        await self.mirrors.mirrors.start()
        await self.witnesses.rounds.start()

    async def stop(self) -> None:
        """End what runs, so that it can be taken up again."""
        await self.mirrors.stop()
        await self.custody.stop()
        await self.links.stop()
        await self.acquire.stop()
        await self.running.runner.stop()
        await self.documents.stop()
        await self.preparations.stop()
        await self.facility.stop()
        await self.witnesses.rounds.stop()
