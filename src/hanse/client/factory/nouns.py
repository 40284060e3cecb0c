"""What both clients have of the AI factory: one noun each, one line in `FactoryNouns`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanse.client.core import Steps
from hanse.client.factory import custody, evidence
from hanse.client.factory.assessments import Assessments
from hanse.client.factory.custody import Custody
from hanse.client.factory.documents import Documents
from hanse.client.factory.facility import Facility
from hanse.client.factory.links import Links
from hanse.client.factory.mirrors import Mirrors
from hanse.client.factory.models import Models
from hanse.client.factory.openings import Leases, StoredVersions
from hanse.client.factory.orders import Orders
from hanse.client.factory.plans import Plans
from hanse.client.factory.preparations import Preparations
from hanse.client.shells import Method, Mode, Noun


class Evidence(Noun[Mode]):
    """Archives that prove, offline and years later, what was agreed, received, used and made."""

    export = Method(evidence.export_evidence)
    ask = Method(custody.ask)
    models_with_record = Method(custody.models_with_record)


class FactoryNouns(Noun[Mode]):
    """The factory's nouns."""

    def __init__(self, drive: Callable[[Steps[Any]], Any]) -> None:
        super().__init__(drive)
        self.assessments = Assessments[Mode](drive)
        self.custody = Custody[Mode](drive)
        self.documents = Documents[Mode](drive)
        self.evidence = Evidence[Mode](drive)
        self.facility = Facility[Mode](drive)
        self.orders = Orders[Mode](drive)
        self.links = Links[Mode](drive)
        self.mirrors = Mirrors[Mode](drive)
        self.leases = Leases[Mode](drive)
        self.versions = StoredVersions[Mode](drive)
        self.models = Models[Mode](drive)
        self.preparations = Preparations[Mode](drive)
        self.plans = Plans[Mode](drive)
