"""Builds what participants prove things with: tokens, held credentials, requests for more, and the DCP messages that carry them."""

from __future__ import annotations

import logging
from typing import Protocol

from hanse.anchor.issuing.mint import DELIVERY, OFFER
from hanse.app.build import Ground, Network
from hanse.http.courier import PeerConnector
from hanse.http.dcp_client import DcpClient
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import Forbidden
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.credentials import CredentialService
from hanse.wallet.letters import Letters
from hanse.wallet.ports import MailAnswer
from hanse.wallet.records import Letter
from hanse.wallet.requests import Requests
from hanse.wallet.tokens import TokenService

log = logging.getLogger("hanse.wallets")


class RulebookReader(Protocol):
    """Reads the rulebook of the space that a participant has joined (`trust.directory`)."""

    async def rulebook(self, tenant: Tenant) -> Rulebook:
        """Return it. Raises `Forbidden` if there is none to be had."""
        ...


def _arrived(_tx: object, _letter: Letter, _answer: MailAnswer) -> None:
    """Nothing is left to do: the holder has it."""


def _lost(_tx: object, letter: Letter, reason: str) -> None:
    """Tell the anchor's operators that a member did not get what is its own; it may ask again at any time."""
    fields = {"participant": letter.tenant, "peer": letter.to, "about": letter.about}
    log.warning("A member did not take its %s: %s", "credentials" if letter.kind == DELIVERY else letter.kind, reason, extra=fields)


class SpaceManners:
    """What the space that a participant has joined settles for its wallet: what it shows peers, and whose offers it takes up.

    `rulebooks` is filled in once the rooms that read rulebooks exist; until then nothing is shown.
    """

    def __init__(self, ground: Ground) -> None:
        self._tenants = ground.tenants
        self.rulebooks: RulebookReader | None = None

    async def scopes_for(self, tenant: Tenant, audience: Did) -> tuple[Scope, ...]:
        """Return the credentials that say what a member is in its space: those that every peer may ask about."""
        if self.rulebooks is None or await self._tenants.space_of(tenant) is None:
            return ()
        try:
            rulebook = await self.rulebooks.rulebook(tenant)
        except Forbidden:
            return ()  # without rules nothing is shown; the peer says that no token came
        return tuple(Scope(TYPE, kind, "read") for kind in rulebook.own_types())

    async def accepts_offers(self, tenant: Tenant, issuer: Did) -> bool:
        """Tell whether what this issuer offers is to be requested at once: the anchor of the participant's space."""
        link = await self._tenants.space_of(tenant)
        return link is not None and link.anchor == issuer


class WalletSide:
    """The wallet's services on that ground."""

    def __init__(self, ground: Ground) -> None:
        database, clock, ids = ground.database, ground.clock, ground.ids
        self.manners = SpaceManners(ground)
        self.tokens = TokenService(ground.wallet, self.manners, clock, ids)
        self.dcp = DcpClient(ground.client, ground.resolver, self.tokens.bare_token)
        self.letters = Letters(database, self.dcp, clock, ids)
        self.requests = Requests(database, self.dcp, self.letters, clock, ids)
        self.credentials = CredentialService(
            database, ground.wallet, ground.resolver, self.requests, self.dcp, self.manners, clock, ids, ground.parts.wallet_rules
        )
        self.peers: Network = ground.parts.network(PeerConnector(ground.client, ground.resolver, self.tokens.token_for, clock))
        database.subscribe(self.letters.on_event)
        for kind in (DELIVERY, OFFER):
            self.letters.register(kind, _arrived, _lost)
