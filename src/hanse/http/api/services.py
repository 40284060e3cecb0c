"""What the management interface stands on; `app` fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hanse.anchor.issuing.issuer import Issuing
from hanse.anchor.issuing.renewal import Renewals as Reissuing
from hanse.anchor.joining.members import Members
from hanse.anchor.rulebooks import Rulebooks
from hanse.anchor.spaces import Spaces
from hanse.connector.bargain import Bargaining
from hanse.connector.browse import Browser
from hanse.connector.byhand import ByHand
from hanse.connector.ending import Endings
from hanse.connector.negotiations import Negotiations
from hanse.connector.offers import Offers
from hanse.connector.renew import Renewals
from hanse.connector.transfers import Sink, Transfers
from hanse.connector.views import Views
from hanse.http.api.factory_services import FactoryServices
from hanse.http.api.membership.joining import Joining
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.exchange import Evidence
from hanse.ledger.log import Ledger
from hanse.participants.operators import Operators
from hanse.participants.registry import Participants
from hanse.trust.directory import Directory
from hanse.trust.verifier import Verifier
from hanse.usage.duties import Capabilities
from hanse.usage.openings import Openings
from hanse.usage.telling import Telling
from hanse.wallet.credentials import CredentialService
from hanse.wallet.ports import Database as KeyDatabase
from hanse.wallet.requests import Requests
from hanse.wallet.wallet import Wallet


@dataclass(frozen=True)
class Services:
    """The services behind the interface.

    `engine` is the database's name, for the status. `listens` tells whether a peer signs statements; nothing if that cannot be found out.
    """

    operators: Operators
    participants: Participants
    offers: Offers
    browser: Browser
    negotiations: Negotiations
    bargaining: Bargaining
    by_hand: ByHand
    transfers: Transfers
    sink: Sink
    renewals: Renewals
    views: Views
    spaces: Spaces
    members: Members
    rulebooks: Rulebooks
    issuing: Issuing
    directory: Directory
    verifier: Verifier
    wallet: Wallet
    database: KeyDatabase
    credentials: CredentialService
    requests: Requests
    reissuing: Reissuing
    joining: Joining
    ledger: Ledger
    evidence: Evidence
    endings: Endings
    clock: Clock
    engine: str
    capabilities: Capabilities
    listens: Callable[[Tenant, Did], Awaitable[bool | None]]
    openings: Openings
    telling: Telling
    factory: FactoryServices
