"""What the interface of an AI factory stands on; `app.factory.side` fills it. One field per service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hanse.factory.acquire.orders import Orders
from hanse.factory.custody.desk import Desk as Custody
from hanse.factory.custody.export.service import Exporting
from hanse.factory.custody.retention import Retention
from hanse.factory.documents.service import Documents
from hanse.factory.facility.deriving import Deriving
from hanse.factory.facility.desk import Desk
from hanse.factory.facility.jobs import Jobs
from hanse.factory.links.links import Links
from hanse.factory.links.replicas import Replicas
from hanse.factory.mirrors.mirrors import Mirrors
from hanse.factory.opening.leases import Lending
from hanse.factory.opening.openings import Openings
from hanse.factory.quality.relay.service import Relay
from hanse.http.pull.links import Links as LinkSpeeds
from hanse.kernel.tenant import Tenant
from hanse.ledger.monitor import Monitor
from hanse.ledger.witness import Witness
from hanse.ledger.witnessing import Witnessing


@dataclass(frozen=True)
class FactoryServices:
    """The factory's services."""

    archives: Exporting
    relay: Relay
    mirrors: Mirrors
    recall: Callable[[Tenant, str, str], Awaitable[str]]
    custody: Custody
    custody_jobs: Jobs
    retention: Retention
    documents: Documents
    document_jobs: Jobs
    facility: Desk
    deriving: Deriving
    links: Links
    replicas: Replicas
    orders: Orders
    speeds: LinkSpeeds
    openings: Openings
    lending: Lending
    monitor: Monitor
    witness: Witness
    witnessing: Witnessing
