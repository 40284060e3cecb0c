"""Builds the ledger and the exchange of signed statements, and fills their ports with the other rooms."""

from __future__ import annotations

import hashlib
from typing import Any, Final, cast

import msgspec

from hanse.app.build import Connector, Ground
from hanse.app.wallets import WalletSide
from hanse.connector.ending import Endings, How
from hanse.connector.kit import TimeSet
from hanse.connector.negotiations import Negotiations
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Contract
from hanse.dsp.messages import Role
from hanse.evidence import kinds as k
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.exchange import LETTER, Evidence
from hanse.ledger.log import Ledger
from hanse.ledger.ports import LedgerTx, Parties, Pen
from hanse.odrl.model import Agreement
from hanse.odrl.normal import terms_hash
from hanse.wallet.letters import reason
from hanse.wallet.ports import MailAnswer, WalletTx
from hanse.wallet.records import Letter
from hanse.wallet.signing import Signing

_KEPT: Final = 10_000
"""Hashes of agreements kept in memory."""


class WalletPens:
    """The ledger's pens, lent by the wallet."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing

    def pen(self, tx: Any, tenant: Tenant) -> Pen:
        """Return what the participant signs with now. Raises `NotFound`."""
        lent = self._signing.pen(tx, tenant)
        return Pen(lent.did, lent.kid, lent.jwk, lent.sign)

    def keys(self, tx: Any, tenant: Tenant) -> dict[str, dict[str, str]]:
        """Return the public JWKs of all keys that the participant ever had, by name."""
        return self._signing.keys(tx, tenant)


class ConnectorAgreements:
    """What the ledger asks about agreements, answered by the connector's contracts. `negotiations` is filled in once it is there."""

    def __init__(self) -> None:
        self.negotiations: Negotiations | None = None
        self._digests: dict[tuple[Tenant, str, str], str] = {}

    def parties(self, tx: Any, tenant: Tenant, agreement: str) -> Parties | None:
        """Return between whom an agreement is, ended or not."""
        contract: Contract | None = tx.contracts.get(tenant, agreement)
        if contract is None:
            return None
        provides = contract.role is Role.PROVIDER
        made = contract.agreement
        own = made.assigner if provides else made.assignee
        return Parties(own=Did(own), peer=contract.peer, provides=provides, digest=self._digest(contract), since=contract.finalized)

    def _digest(self, contract: Contract) -> str:
        """Return the hash of a contract's agreement, which never changes; called in several threads."""
        key = (contract.tenant, contract.id, contract.negotiation)
        found = self._digests.get(key)
        if found is None:
            if len(self._digests) >= _KEPT:
                self._digests.clear()
            found = self._digests[key] = digest_of(contract.agreement)
        return found

    def implied(self, tx: Any, tenant: Tenant, agreement: str, sender: Did) -> None:
        """Take what the peer says of an agreement as the acknowledgement of our FINALIZED, if that is still out (house, pitfall 2)."""
        negotiation = None if tx.contracts.get(tenant, agreement) else tx.negotiations.by_agreement(tenant, agreement)
        if negotiation is not None and negotiation.peer == sender and self.negotiations is not None:
            self.negotiations.settle_finalized(tx, negotiation)


class LedgerHerald:
    """What the connector asks of the ledger when an agreement ends."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    async def look(self, tenant: Tenant, peer: Did) -> None:
        """Find out, before the transaction, whether the peer takes statements."""
        await self._evidence.peers.look(peer)

    def tell(self, tx: ConnectorTx, contract: Contract, how: How, reason: str) -> str:
        """State it in this transaction; return the statement's id."""
        says = k.AgreementEnded(agreement=contract.id, how=how, reason=reason)
        return self._evidence.state(cast("LedgerTx", tx), contract.tenant, says).id


class EvidenceSide:
    """The ledger's services on that ground."""

    def __init__(self, ground: Ground, wallet: WalletSide) -> None:
        pens = WalletPens(ground.signing)
        self.agreements = ConnectorAgreements()
        self.ledger = Ledger(ground.database, pens, self.agreements, ground.clock, ground.ids, ground.notes)
        self.peers = wallet.evidence_peers
        letters = cast("Any", wallet.letters)
        self.evidence = Evidence(ground.database, self.ledger, pens, self.agreements, letters, self.peers, ground.clock, ground.ids)
        wallet.letters.register(LETTER, self._arrived, self._lost)
        ground.database.subscribe(self.evidence.on_event)
        self._subscribe = ground.database.subscribe

    def attach(self, connector: Connector) -> Endings:
        """Let the connector tell about agreements, and act on what peers state about their ends."""
        self.agreements.negotiations = connector.negotiations
        endings = self.endings = Endings(connector.kit, connector.transfers, LedgerHerald(self.evidence))

        def ended(tx: Any, tenant: Tenant, _parties: Parties, says: k.Predicate) -> None:
            assert isinstance(says, k.AgreementEnded)
            endings.ended_by_peer(tx, tenant, says.agreement, says.how, says.reason, says.id)

        self.evidence.register(k.AgreementEnded, ended)
        connector.chores.append(endings.end_due)
        connector.dues.append(endings.next_due)

        def heard(event: object) -> None:
            if isinstance(event, TimeSet):
                connector.timer.wake()

        self._subscribe(heard)
        return endings

    def _arrived(self, tx: WalletTx, letter: Letter, answer: MailAnswer) -> None:
        stores = cast("LedgerTx", tx)
        if answer.status == 200:  # only then is there a receipt, which was proved before it came here
            self.evidence.arrived(stores, letter.tenant, letter.about, answer.body)
        else:
            self.evidence.lost(stores, letter.tenant, letter.about, reason(answer))

    def _lost(self, tx: WalletTx, letter: Letter, why: str) -> None:
        self.evidence.lost(cast("LedgerTx", tx), letter.tenant, letter.about, why)


def digest_of(agreement: Agreement) -> str:
    """Return the hash of an agreement (SHA-256, hexadecimal): who, about what, under which terms, however they are written."""
    said = [agreement.id, agreement.target, agreement.assigner, agreement.assignee, terms_hash(agreement.terms)]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
