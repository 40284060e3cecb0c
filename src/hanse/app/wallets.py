"""Builds what participants prove things with: tokens, held credentials, requests for more, and the DCP messages that carry them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Protocol, cast

from hanse.anchor.issuing.deliveries import Deliveries
from hanse.anchor.issuing.mint import DELIVERY, OFFER
from hanse.anchor.ports import AnchorTx
from hanse.app.build import Ground, Network
from hanse.http.courier import PeerConnector
from hanse.http.dcp_client import DcpClient
from hanse.http.evidence import EvidenceClient
from hanse.identity.credentials.read import read_credential
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.kernel.errors import Forbidden
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.peers import SERVICE as EVIDENCE
from hanse.ledger.peers import EvidencePeers
from hanse.trust.claims import Ruled
from hanse.wallet.credentials import CredentialService
from hanse.wallet.intake import spaces_named
from hanse.wallet.letters import Letters
from hanse.wallet.polling import Polling
from hanse.wallet.ports import Mail, MailAnswer, Release, WalletTx
from hanse.wallet.records import Held, Letter, ServiceType
from hanse.wallet.requests import Requests
from hanse.wallet.tokens import TokenService

MOST = 2_400
"""Characters of scopes in one access token, so that it stays below `dcp.access.MAX_ACCESS` whatever else it says."""

log = logging.getLogger("hanse.wallets")


class SpaceReader(Protocol):
    """Reads the rulebooks and the registers of the spaces that a participant has joined (`trust.directory`)."""

    async def naming(self, tenant: Tenant, peer: Did) -> Sequence[str]:
        """Return the spaces whose registers name the peer. Raises `Forbidden` if there is no space."""
        ...

    async def ruled(self, tenant: Tenant, space: str = "") -> Ruled:
        """Return the rulebook, and the trust that follows from it. Raises `Forbidden` if there is none to be had."""
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
    """What the spaces that a participant has joined settle for its wallet: what it shows peers, and whose offers it takes up.

    `spaces` and `proved` (in which spaces a peer has proved itself) are filled in once the rooms that read rulebooks exist; until
    then nothing is shown.
    """

    def __init__(self, ground: Ground) -> None:
        self._tenants = ground.tenants
        self.spaces: SpaceReader | None = None
        self.proved: Callable[[Tenant, Did], Collection[str]] = lambda _tenant, _peer: ()

    async def released_to(self, tenant: Tenant, audience: Did) -> Release:
        """Return the credentials that say what a member is in the spaces that both are in, and nothing of another space.

        Members may ask about all that a rulebook lists besides: terms can ask for it (`urn:hanse:odrl:credential`). Whoever is in one
        space only shows what it is there to every peer that asks.
        """
        links = [] if self.spaces is None else await self._tenants.spaces_of(tenant)
        if self.spaces is None or not links:
            return Release()
        listed = await self.spaces.naming(tenant, audience)
        proved = self.proved(tenant, audience)
        shared = _fitting(link.url for link in links if link.url in listed or link.url in proved or len(links) == 1)
        kinds: dict[str, None] = {}
        for url in shared:
            try:
                rulebook = (await self.spaces.ruled(tenant, url)).rulebook
            except Forbidden:
                continue  # without rules nothing is shown; the peer says that no token came
            kinds |= dict.fromkeys((*rulebook.own_types(), *(rulebook.credentials if url in listed else ())))
        scopes = tuple(Scope(TYPE, kind, "read") for kind in kinds)
        # Of very long rulebooks the end is left out: a token that is too long would open nothing at all.
        most = MOST - sum(len(url) + 3 for url in shared)
        lengths = accumulate(len(str(scope)) + 3 for scope in scopes)
        return Release(tuple(scope for scope, length in zip(scopes, lengths, strict=True) if length <= most), tuple(shared))

    async def showing(self, tenant: Tenant, spaces: Collection[str]) -> Callable[[Held], bool]:
        """Return a test: is a credential of none of the participant's other spaces, or one that the rules of one of `spaces` believe?"""
        links = await self._tenants.spaces_of(tenant)
        others = {link.url for link in links} - set(spaces)
        anchors = {link.anchor for link in links if link.url in others} - {link.anchor for link in links if link.url in spaces}
        trusts: list[IssuerPolicy] = []
        if others and self.spaces is not None:
            for url in spaces:
                with suppress(Forbidden):
                    trusts.append((await self.spaces.ruled(tenant, url)).trust)

        def shown(held: Held) -> bool:
            if spaces_named(held.text).isdisjoint(others) and held.issuer not in anchors:
                return True
            credential = read_credential(held.text).credential
            return any(trust.objection(credential) is None for trust in trusts)

        return shown

    async def accepts_offers(self, tenant: Tenant, issuer: Did) -> bool:
        """Tell whether what this issuer offers is to be requested at once: the anchor of a space of the participant's."""
        return any(link.anchor == issuer for link in await self._tenants.spaces_of(tenant))


def _fitting(urls: Iterable[str]) -> list[str]:
    """Return as many as fit into an access token beside the scopes."""
    found: list[str] = []
    for url in urls:
        if sum(map(len, found)) + len(url) <= MOST // 2:
            found.append(url)
    return found


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
