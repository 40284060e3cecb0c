"""Builds what participants prove things with: tokens, held credentials, requests for more, and the DCP messages that carry them."""

from __future__ import annotations

import logging
from itertools import accumulate
from typing import Protocol, cast

from hanse.anchor.issuing.deliveries import Deliveries
from hanse.anchor.issuing.mint import DELIVERY, OFFER
from hanse.anchor.ports import AnchorTx
from hanse.app.build import Ground, Network
from hanse.http.courier import PeerConnector
from hanse.http.dcp_client import DcpClient
from hanse.http.evidence import EvidenceClient
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import Forbidden
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.peers import SERVICE as EVIDENCE
from hanse.ledger.peers import EvidencePeers
from hanse.wallet.credentials import CredentialService
from hanse.wallet.letters import Letters
from hanse.wallet.polling import Polling
from hanse.wallet.ports import Mail, MailAnswer, WalletTx
from hanse.wallet.records import Letter, ServiceType
from hanse.wallet.requests import Requests
from hanse.wallet.tokens import TokenService

MOST = 2_400
"""Characters of scopes in one access token, so that it stays below `dcp.access.MAX_ACCESS` whatever else it says."""

log = logging.getLogger("hanse.wallets")


class RulebookReader(Protocol):
    """Reads the rulebook and the register of the space that a participant has joined (`trust.directory`)."""

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Return the peer's entry in the register. Raises `Forbidden` if it has none, or if that cannot be told."""
        ...

    async def rulebook(self, tenant: Tenant) -> Rulebook:
        """Return it. Raises `Forbidden` if there is none to be had."""
        ...


class AnchorsLetters:
    """Tells the anchor's records what became of its letters, and its operators what did not arrive."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def arrived(self, tx: WalletTx, letter: Letter, _answer: MailAnswer) -> None:
        """Note that the holder has it."""
        if letter.kind == DELIVERY:
            self._deliveries.arrived(cast("AnchorTx", tx), letter.about)

    def lost(self, tx: WalletTx, letter: Letter, reason: str) -> None:
        """Note that a member did not get what is its own; it is offered anew, and may ask again at any time."""
        fields = {"participant": letter.tenant, "peer": letter.to, "about": letter.about}
        log.warning("A member did not take its %s: %s", "credentials" if letter.kind == DELIVERY else letter.kind, reason, extra=fields)
        if letter.kind == DELIVERY:
            self._deliveries.lost(cast("AnchorTx", tx), letter.about, reason)
        else:
            self._deliveries.offer_lost(cast("AnchorTx", tx), letter.about, letter.to)


class SpaceManners:
    """What the space that a participant has joined settles for its wallet: what it shows peers, and whose offers it takes up.

    `rulebooks` is filled in once the rooms that read rulebooks exist; until then nothing is shown.
    """

    def __init__(self, ground: Ground) -> None:
        self._tenants = ground.tenants
        self.rulebooks: RulebookReader | None = None

    async def scopes_for(self, tenant: Tenant, audience: Did) -> tuple[Scope, ...]:
        """Return the credentials that say what a member is in its space, about which every peer may ask.

        Members may ask about all that the rulebook lists besides: terms can ask for it (`urn:hanse:odrl:credential`).
        """
        if self.rulebooks is None or await self._tenants.space_of(tenant) is None:
            return ()
        try:
            rulebook = await self.rulebooks.rulebook(tenant)
        except Forbidden:
            return ()  # without rules nothing is shown; the peer says that no token came
        kinds = dict.fromkeys((*rulebook.own_types(), *(rulebook.credentials if await self._is_member(tenant, audience) else ())))
        scopes = tuple(Scope(TYPE, kind, "read") for kind in kinds)
        # Of a very long rulebook the end is left out: a token that is too long would open nothing at all.
        lengths = accumulate(len(str(scope)) + 3 for scope in scopes)
        return tuple(scope for scope, length in zip(scopes, lengths, strict=True) if length <= MOST)

    async def _is_member(self, tenant: Tenant, peer: Did) -> bool:
        try:
            return self.rulebooks is not None and bool(await self.rulebooks.require(tenant, peer))
        except Forbidden:
            return False

    async def accepts_offers(self, tenant: Tenant, issuer: Did) -> bool:
        """Tell whether what this issuer offers is to be requested at once: the anchor of the participant's space."""
        link = await self._tenants.space_of(tenant)
        return link is not None and link.anchor == issuer


class Post:
    """Takes letters to the service that they are for."""

    def __init__(self, dcp: DcpClient, statements: EvidenceClient) -> None:
        self._dcp = dcp
        self._statements = statements

    async def post(self, tenant: Tenant, to: Did, service: ServiceType, path: str, body: bytes, token: str | None) -> MailAnswer:
        """Post once; raises nothing."""
        mail: Mail = self._statements if service == EVIDENCE else self._dcp
        return await mail.post(tenant, to, service, path, body, token)


class WalletSide:
    """The wallet's services on that ground."""

    def __init__(self, ground: Ground) -> None:
        database, clock, ids = ground.database, ground.clock, ground.ids
        self.manners = SpaceManners(ground)
        self.tokens = TokenService(ground.wallet, self.manners, clock, ids)
        self.dcp = DcpClient(ground.client, ground.resolver, self.tokens.bare_token)
        self.evidence_peers = EvidencePeers(ground.resolver, clock)
        statements = EvidenceClient(ground.client, ground.resolver, self.evidence_peers, self.tokens.token_for, clock)
        self.letters = Letters(database, Post(self.dcp, statements), clock, ids)
        self.requests = Requests(database, self.dcp, self.letters, clock, ids)
        self.polling = Polling(database, self.dcp, clock)
        self.credentials = CredentialService(
            database, ground.wallet, ground.resolver, self.requests, self.dcp, self.manners, clock, ids, ground.parts.wallet_rules
        )
        self.peers: Network = ground.parts.network(PeerConnector(ground.client, ground.resolver, self.tokens.token_for, clock))
        database.subscribe(self.letters.on_event)
        anchors = AnchorsLetters(Deliveries(clock))
        for kind in (DELIVERY, OFFER):
            self.letters.register(kind, anchors.arrived, anchors.lost)
