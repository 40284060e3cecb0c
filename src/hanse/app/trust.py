"""Builds what participants believe about others, and fills the door of the connector with it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
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
from hanse.dataplane.running import Running
from hanse.dsp.messages import Role
from hanse.identity.credentials.model import MAX_CREDENTIALS, Credential, Subject
from hanse.identity.credentials.read import read_credential
from hanse.identity.self_issued import Caller
from hanse.kernel.errors import HanseError, NotFound, PeerUnreachable, Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.proofs import Proofs
from hanse.storage import Tx
from hanse.trust.directory import Directory
from hanse.trust.examine import Examiner
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
        self.door = SpaceDoor(ground, self.directory, self.verifier)
        self._held = wallet.credentials
        self.rechecks = Rechecks(ground.tenants, wallet.credentials, clock)
        wallet.manners.rulebooks = self.directory

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

    def __init__(self, ground: Ground, directory: Directory, verifier: Verifier) -> None:
        self._tenants = ground.tenants
        self._clock = ground.clock
        self._directory = directory
        self._verifier = verifier

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Before we call: the register has to name the peer."""
        return await self._directory.require(tenant, peer)

    async def admit(self, sender: Presenter, asked: Proofs) -> None:
        """When we are called: the sender has to present its membership; for what else it is asked, the terms decide."""
        caller = Caller(sender.did, self._tenants.did_of(sender.tenant), sender.jti, sender.expires, sender.token)
        await self._verifier.admit(sender.tenant, caller, wishes=await self._types(sender.tenant, asked))

    async def standing(self, tenant: Tenant, peer: Did) -> object:
        """While data flows: what the peer has proved has to hold still."""
        return await self._verifier.standing(tenant, peer)

    def proven(self, tx: UsageTx, tenant: Tenant, did: Did) -> Proven | None:
        """Return what a peer has proved and what holds now: its roles, and the credentials that the rulebook trusts; or what we hold."""
        if did == self._tenants.did_of(tenant):
            return _held(cast("Tx", tx), tenant, self._clock.now())
        claims = self._verifier.known(tenant, did)
        if claims is None:
            return None
        credentials = [one.credential for one in claims.credentials]
        return Proven(roles=claims.roles, credentials=_by_type(credentials), observed=self._clock.now(), until=claims.until)

    async def _types(self, tenant: Tenant, asked: Proofs) -> list[str]:
        """Return the credentials that prove it in the participant's space; what its rulebook does not know, nobody can prove."""
        if asked == Proofs():
            return []
        rulebook = await self._directory.rulebook(tenant)
        roles = [rulebook.roles[name].credential for name in asked.roles if name in rulebook.roles]
        return [*roles, *(kind for kind in asked.credentials if kind in rulebook.credentials)]


def _by_type(credentials: Iterable[Credential]) -> dict[str, tuple[Subject, ...]]:
    found: dict[str, tuple[Subject, ...]] = {}
    for one in credentials:
        for kind in one.types:
            found[kind] = (*found.get(kind, ()), *one.subjects)
    return found


def _held(tx: Tx, tenant: Tenant, now: datetime) -> Proven:
    """Return what a participant could prove of itself: the credentials that it holds and that count now, as far as it knows."""
    credentials: list[Credential] = []
    for held in tx.held.page(tenant, after=None, limit=MAX_CREDENTIALS):
        ended = held.valid_until is not None and held.valid_until <= now
        with suppress(Unauthenticated):  # written by an earlier version of this program
            credentials += [] if held.invalid or ended else [read_credential(held.text).credential]
    roles = {subject.get("role") for one in credentials for subject in one.subjects}
    return Proven(roles=frozenset(one for one in roles if isinstance(one, str)), credentials=_by_type(credentials), observed=now)


class RunningTransfers:
    """What flows in this process, for the watch: whose it is, whether it may flow still, and its end."""

    def __init__(self, ground: Ground, running: Running, verifier: Verifier, usage: UsageSide) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._running = running
        self._verifier = verifier
        self._permission = usage.permission

    async def peers(self) -> Sequence[Watched]:
        """Return what flows now, each transfer once."""
        return [Watched(tenant, peer, transfer) for tenant, transfer, peer in self._running.served()]

    async def check(self, watched: Watched) -> None:
        """Look at the peer's credentials, then at the terms: a use is decided again while it lasts."""
        await self._verifier.standing(watched.tenant, watched.peer)
        found = await self._database.read(lambda tx: tx.transfers.get(watched.tenant, watched.transfer))
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
        return self._verifier.known(watched.tenant, watched.peer) is not None

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


def watch_of(ground: Ground, trust: TrustSide, running: Running, usage: UsageSide) -> StandingWatch:
    """Return the watch over what flows in this process."""
    transfers = RunningTransfers(ground, running, trust.verifier, usage)
    return StandingWatch(transfers, transfers, transfers)
