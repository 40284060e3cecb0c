"""Builds what participants believe about others, and fills the door of the connector with it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import cast

from hanse.anchor.records import RulebookPublished, StatusChanged
from hanse.app.build import Ground
from hanse.app.management import GuardedFetch, Management
from hanse.app.rechecks import Rechecks
from hanse.app.usage import UsageSide
from hanse.app.wallets import WalletSide
from hanse.connector.ports import Presenter
from hanse.connector.records import Transfer
from hanse.dataplane.running import Running
from hanse.dsp.messages import Role
from hanse.identity.credentials.model import MAX_CREDENTIALS, Credential, Subject
from hanse.identity.credentials.read import read_credential
from hanse.identity.rulebook import Rulebook
from hanse.identity.self_issued import Caller
from hanse.kernel.errors import HanseError, NotFound, PeerUnreachable, Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.proofs import Proofs
from hanse.storage import Tx
from hanse.trust.claims import Claims
from hanse.trust.directory import Directory
from hanse.trust.examine import Examiner
from hanse.trust.peers import Peers
from hanse.trust.ports import Watched
from hanse.trust.verifier import Verifier
from hanse.trust.watch import StandingWatch
from hanse.usage.ports import Proven, UsageTx
from hanse.usage.records import FactChanged

log = logging.getLogger("hanse.trust")


class TrustSide:
    """Register, rulebook and verifier on that ground."""

    def __init__(self, ground: Ground, management: Management, wallet: WalletSide) -> None:
        parts, database, clock = ground.parts, ground.database, ground.clock
        self.directory = Directory(
            database,
            clock,
            management.participants,
            management.spaces,
            GuardedFetch(ground.client),
            ground.resolver,
            rulebooks=management.rulebooks,
        )
        self.verifier = Verifier(
            database,
            clock,
            ground.ids,
            self.directory,
            wallet.dcp,
            ground.resolver,
            list_rules=parts.list_rules,
            exact_dates=parts.exact_dates,
        )
        self.examiner = Examiner(clock, wallet.dcp, ground.resolver, list_rules=parts.list_rules)
        self.peers = Peers(management.participants, self.directory, self.directory, self.verifier)
        self.door = SpaceDoor(ground, self.directory, self.verifier, self.peers)
        self._held = wallet.credentials
        self.rechecks = Rechecks(ground.tenants, wallet.credentials, clock)
        wallet.manners.spaces = self.directory
        wallet.manners.proved = self.door.proved

    def on_event(self, event: object) -> str | None:
        """Forget what a change has made old; return the address of the space that it was about."""
        if isinstance(event, StatusChanged | RulebookPublished):
            self.changed(event.url)
            return event.url
        return None

    def changed(self, url: str) -> None:
        """Look at everything anew that depends on the space at `url`: its lists or its rules have changed."""
        self.directory.forget(url)
        self.verifier.forget_list(url)
        self.verifier.forget_space(url)
        self._held.forget_lists()


class SpaceDoor:
    """The connector's membership port: a peer is what it proves by credentials; whom we call, the register names."""

    def __init__(self, ground: Ground, directory: Directory, verifier: Verifier, peers: Peers) -> None:
        self._tenants = ground.tenants
        self._clock = ground.clock
        self._directory = directory
        self._verifier = verifier
        self._peers = peers

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Before we call: the register of a space has to name the peer."""
        return await self._directory.require(tenant, peer)

    async def admit(self, sender: Presenter, asked: Proofs) -> None:
        """When we are called: the sender has to present its membership; for what else it is asked, the terms decide."""
        caller = Caller(sender.did, self._tenants.did_of(sender.tenant), sender.jti, sender.expires, sender.token)
        wishes = None if asked == Proofs() else lambda rulebook: _types(rulebook, asked)
        await self._peers.admit(sender.tenant, caller, wishes)

    async def standing(self, tenant: Tenant, peer: Did, spaces: Collection[str] = ()) -> object:
        """While data flows: what the peer has proved has to hold still, in one of these spaces if any are named."""
        return await self._peers.standing(tenant, peer, spaces)

    def spaces(self, tx: object, tenant: Tenant, peer: Did) -> tuple[str, ...]:
        """Return the spaces in which both are: where the peer has proved itself now; where that is too long ago, where it last did."""
        found = self.proved(tenant, peer)
        if not found:
            presented = cast("Tx", tx).presented.get(tenant, peer)
            found = () if presented is None else tuple(presented.spaces)
        own = [link.url for link in self._tenants.find(tenant).spaces]
        return tuple(url for url in own if url in found) or tuple(own)

    def proved(self, tenant: Tenant, peer: Did) -> tuple[str, ...]:
        """Return the spaces in which a peer is known to be a member in good standing now."""
        return tuple(one.space for one in self._known(tenant, peer))

    def proven(self, tx: UsageTx, tenant: Tenant, did: Did, spaces: Collection[str] = ()) -> Proven | None:
        """Return what a peer has proved and what holds now: its roles, and the credentials that the rulebooks trust; or what we hold.

        If `spaces` are named, what was proved in others counts nothing.
        """
        if did == self._tenants.did_of(tenant):
            return _held(cast("Tx", tx), tenant, self._clock.now(), spaces)
        claims = self._known(tenant, did, spaces)
        if not claims:
            return None
        credentials = {one.credential.text: one.credential for each in claims for one in each.credentials}
        return Proven(
            roles=frozenset().union(*(one.roles for one in claims)),
            credentials=_by_type(credentials.values()),
            observed=self._clock.now(),
            until=min(one.until for one in claims),
            spaces=tuple(one.space for one in claims),
        )

    def _known(self, tenant: Tenant, peer: Did, spaces: Collection[str] = ()) -> Sequence[Claims]:
        own = [link.url for link in self._tenants.find(tenant).spaces]
        return self._verifier.known(tenant, peer, [url for url in own if not spaces or url in spaces])


def _types(rulebook: Rulebook, asked: Proofs) -> list[str]:
    """Return the credentials that prove it in a space; what its rulebook does not know, nobody can prove."""
    roles = [rulebook.roles[name].credential for name in asked.roles if name in rulebook.roles]
    return [*roles, *(kind for kind in asked.credentials if kind in rulebook.credentials)]


def _by_type(credentials: Iterable[Credential]) -> dict[str, tuple[Subject, ...]]:
    found: dict[str, tuple[Subject, ...]] = {}
    for one in credentials:
        for kind in one.types:
            found[kind] = (*found.get(kind, ()), *one.subjects)
    return found


def _held(tx: Tx, tenant: Tenant, now: datetime, spaces: Collection[str]) -> Proven:
    """Return what a participant could prove of itself: the credentials that it holds and that count now, as far as it knows.

    Of those that say of which space they are, only those of the `spaces` count, if any are named.
    """
    credentials: list[Credential] = []
    for held in tx.held.page(tenant, after=None, limit=MAX_CREDENTIALS):
        ended = held.valid_until is not None and held.valid_until <= now
        with suppress(Unauthenticated):  # written by an earlier version of this program
            credential = read_credential(held.text).credential
            credentials += [] if held.invalid or ended or not _counts_in(credential, spaces) else [credential]
    roles = {subject.get("role") for one in credentials for subject in one.subjects}
    return Proven(roles=frozenset(one for one in roles if isinstance(one, str)), credentials=_by_type(credentials), observed=now)


def _counts_in(credential: Credential, spaces: Collection[str]) -> bool:
    return not spaces or all(subject.get("memberOf") in (None, *spaces) for subject in credential.subjects)


class RunningTransfers:
    """What flows in this process, for the watch: whose it is, whether it may flow still, and its end."""

    def __init__(self, ground: Ground, running: Running, door: SpaceDoor, usage: UsageSide) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._running = running
        self._door = door
        self._permission = usage.permission

    async def peers(self) -> Sequence[Watched]:
        """Return what flows now, each transfer once."""
        return [Watched(tenant, peer, transfer) for tenant, transfer, peer in self._running.served()]

    async def check(self, watched: Watched) -> None:
        """Look at the peer's credentials in the agreement's space, then at the terms: a use is decided again while it lasts."""
        found, spaces = await self._database.read(lambda tx: _made_in(tx, watched))
        await self._door.standing(watched.tenant, watched.peer, spaces)
        if found is not None:
            await self._permission.prepare(watched.tenant, found.agreement_id, watched.peer)

        def work(tx: Tx) -> None:
            transfer = tx.transfers.get(watched.tenant, watched.transfer)
            if transfer is None:
                raise NotFound("There is no such transfer.", where="transfer")
            if transfer.role is Role.PROVIDER:  # what comes in is used later; that it may still come, its token says
                with suppress(PeerUnreachable):  # a push that waits until its start has been taken: nothing flows that could be cut
                    self._permission.check(tx, watched.tenant, watched.transfer, transfer.agreement_id, watched.peer)

        await self._database.read(work)

    def relied_on(self, watched: Watched) -> bool:
        """Tell whether the peer's claims hold without another look."""
        return bool(self._door.proved(watched.tenant, watched.peer))

    async def cut(self, watched: Watched, reason: HanseError) -> None:
        """Cut what flows in the transfer at once; then write into its story why."""
        self._running.cut(watched.tenant, watched.transfer)
        now = self._clock.now()

        def work(tx: Tx) -> None:
            transfer = tx.transfers.get(watched.tenant, watched.transfer)
            if transfer is not None:
                transfer.note(now, "data cut: the peer has lost its right to it", "us", reason.message[:1000])
                tx.transfers.put(transfer)
                tx.uses.make_due(watched.tenant, transfer.agreement_id, now)
                tx.emit(FactChanged(tenant=watched.tenant, agreement=transfer.agreement_id))

        await self._database.run(work)


def _made_in(tx: Tx, watched: Watched) -> tuple[Transfer | None, tuple[str, ...]]:
    """Return the transfer, and the spaces under whose rules its agreement was made."""
    found = tx.transfers.get(watched.tenant, watched.transfer)
    contract = None if found is None else tx.contracts.get(watched.tenant, found.agreement_id)
    return found, () if contract is None else contract.spaces


def watch_of(ground: Ground, trust: TrustSide, running: Running, usage: UsageSide) -> StandingWatch:
    """Return the watch over what flows in this process."""
    transfers = RunningTransfers(ground, running, trust.door, usage)
    return StandingWatch(transfers, transfers, transfers)
