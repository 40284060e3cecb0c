"""One transaction as the services see it: the stores of all of them, and what leaves after the commit."""

from __future__ import annotations

from hanse.kernel.errors import Invalid
from hanse.storage.rows import Rows
from hanse.storage.stores.anchor import Invitations, Members, Rulebooks, Spaces, Watermarks
from hanse.storage.stores.assessments import Assessments
from hanse.storage.stores.assets import Assets
from hanse.storage.stores.contracts import Contracts
from hanse.storage.stores.custody import Custodies
from hanse.storage.stores.dataplane import AccessTokens, Manifests, Pushes
from hanse.storage.stores.documents_made import MadeDocuments
from hanse.storage.stores.facility import Facilities
from hanse.storage.stores.issuing import Issuances, IssuedCredentials, StatusLists
from hanse.storage.stores.keys import Keys
from hanse.storage.stores.leases import NodeLeases
from hanse.storage.stores.ledger import LedgerEntries, SentStatements
from hanse.storage.stores.links import LinkCopies, Links
from hanse.storage.stores.mirrors import Mirrors
from hanse.storage.stores.order_leases import OrderLeases
from hanse.storage.stores.orders import LinkSpeeds, Orders
from hanse.storage.stores.outbox import Outbox
from hanse.storage.stores.participants import Operators, Participants, Tombstones
from hanse.storage.stores.processes import Negotiations, Transfers
from hanse.storage.stores.replays import Replays
from hanse.storage.stores.trust import PresentedCredentials, Refusals
from hanse.storage.stores.usage import OwedDuties, ToldFacts, Uses
from hanse.storage.stores.wallet import CredentialRequests, HeldCredentials, Letters
from hanse.storage.stores.witnesses import LogWitnesses, WitnessedLogs

PAYLOAD_LIMIT = 7_000
"""Bytes of a broadcast; PostgreSQL carries a little less than 8,000."""


class Tx:
    """The stores inside one transaction. Not to be used after it has ended."""

    __slots__ = ("broadcasts", "events", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.events: list[object] = []
        self.broadcasts: list[tuple[str, str]] = []

    def emit(self, event: object) -> None:
        """Hand `event` to the subscribers in this process once the transaction has committed."""
        self.events.append(event)

    def broadcast(self, topic: str, payload: str) -> None:
        """Hand `payload` to the receivers in every server process once the transaction has committed.

        Raises `Invalid` for more than `PAYLOAD_LIMIT` bytes or a topic of more than one line.
        """
        if "\n" in topic or len(topic.encode()) + len(payload.encode()) > PAYLOAD_LIMIT:
            raise Invalid("This cannot be broadcast.", where="payload", hint="Store it and broadcast its id.")
        self.broadcasts.append((topic, payload))

    @property
    def negotiations(self) -> Negotiations:
        """Negotiations."""
        return Negotiations(self.rows)

    @property
    def transfers(self) -> Transfers:
        """Transfers."""
        return Transfers(self.rows)

    @property
    def contracts(self) -> Contracts:
        """Finalised agreements."""
        return Contracts(self.rows)

    @property
    def assets(self) -> Assets:
        """Own assets."""
        return Assets(self.rows)

    @property
    def outbox(self) -> Outbox:
        """Messages to send."""
        return Outbox(self.rows)

    @property
    def replays(self) -> Replays:
        """Used tokens."""
        return Replays(self.rows)

    @property
    def keys(self) -> Keys:
        """Sealed signing keys."""
        return Keys(self.rows)

    @property
    def participants(self) -> Participants:
        """Participants of this server."""
        return Participants(self.rows)

    @property
    def operators(self) -> Operators:
        """Operators and the hashes of their tokens."""
        return Operators(self.rows)

    @property
    def tombstones(self) -> Tombstones:
        """What stays of erased participants."""
        return Tombstones(self.rows)

    @property
    def spaces(self) -> Spaces:
        """Spaces anchored here."""
        return Spaces(self.rows)

    @property
    def members(self) -> Members:
        """Members and applicants of those spaces."""
        return Members(self.rows)

    @property
    def invitations(self) -> Invitations:
        """Invitations to those spaces."""
        return Invitations(self.rows)

    @property
    def watermarks(self) -> Watermarks:
        """Highest versions seen of any space's list."""
        return Watermarks(self.rows)

    @property
    def access_tokens(self) -> AccessTokens:
        """Access tokens of transfers, as hashes."""
        return AccessTokens(self.rows)

    @property
    def manifests(self) -> Manifests:
        """Manifests of assets."""
        return Manifests(self.rows)

    @property
    def pushes(self) -> Pushes:
        """Pushes under way."""
        return Pushes(self.rows)

    @property
    def held(self) -> HeldCredentials:
        """Credentials that participants hold about themselves."""
        return HeldCredentials(self.rows)

    @property
    def requests(self) -> CredentialRequests:
        """Participants' requests for credentials at issuers."""
        return CredentialRequests(self.rows)

    @property
    def letters(self) -> Letters:
        """DCP messages on their way."""
        return Letters(self.rows)

    @property
    def rulebooks(self) -> Rulebooks:
        """Versions of the rulebooks of those spaces."""
        return Rulebooks(self.rows)

    @property
    def issued(self) -> IssuedCredentials:
        """Credentials issued by anchors here."""
        return IssuedCredentials(self.rows)

    @property
    def issuances(self) -> Issuances:
        """Holders' requests at anchors here."""
        return Issuances(self.rows)

    @property
    def status_lists(self) -> StatusLists:
        """Status lists of those spaces."""
        return StatusLists(self.rows)

    @property
    def presented(self) -> PresentedCredentials:
        """What peers presented last."""
        return PresentedCredentials(self.rows)

    @property
    def refusals(self) -> Refusals:
        """Why peers' claims were refused."""
        return Refusals(self.rows)

    @property
    def uses(self) -> Uses:
        """Uses of data under agreements, and what they have taken."""
        return Uses(self.rows)

    @property
    def told(self) -> ToldFacts:
        """Facts that operators and hooks told."""
        return ToldFacts(self.rows)

    @property
    def owed(self) -> OwedDuties:
        """How far obligations of agreements are."""
        return OwedDuties(self.rows)

    @property
    def ledger(self) -> LedgerEntries:
        """The signed logs of participants."""
        return LedgerEntries(self.rows)

    @property
    def sent(self) -> SentStatements:
        """Signed statements to peers."""
        return SentStatements(self.rows)

    @property
    def orders(self) -> Orders:
        """Orders for data, and their items."""
        return Orders(self.rows)

    @property
    def order_leases(self) -> OrderLeases:
        """Which server process works on which order."""
        return OrderLeases(self.rows)

    @property
    def link_speeds(self) -> LinkSpeeds:
        """How fast the links to providers were."""
        return LinkSpeeds(self.rows)

    @property
    def log_witnesses(self) -> LogWitnesses:
        """Witnesses of participants' logs."""
        return LogWitnesses(self.rows)

    @property
    def witnessed_logs(self) -> WitnessedLogs:
        """Logs that participants witness."""
        return WitnessedLogs(self.rows)

    @property
    def facility(self) -> Facilities:
        """What the facility holds."""
        return Facilities(self.rows)

    @property
    def copies(self) -> LinkCopies:
        """Copies of the catalogues of federated spaces."""
        return LinkCopies(self.rows)

    @property
    def links(self) -> Links:
        """How participants work together with spaces."""
        return Links(self.rows)

    @property
    def mirrors(self) -> Mirrors:
        """Mirrors of providers' collections."""
        return Mirrors(self.rows)

    @property
    def leases(self) -> NodeLeases:
        """Leases of stored versions."""
        return NodeLeases(self.rows)

    @property
    def custody(self) -> Custodies:
        """Who keeps what until when."""
        return Custodies(self.rows)

    @property
    def assessments(self) -> Assessments:
        """Signed assessments of quality, with the reports that are kept of them."""
        return Assessments(self.rows)

    @property
    def documents(self) -> MadeDocuments:
        """Documents of versions and models, and what people have told for them."""
        return MadeDocuments(self.rows)
