"""Builds what participants believe about others, and fills the door of the connector with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hanse.anchor.records import RulebookPublished, StatusChanged
from hanse.app.build import Ground
from hanse.app.management import GuardedFetch, Management
from hanse.app.rechecks import Rechecks
from hanse.app.wallets import WalletSide
from hanse.connector.ports import Presenter
from hanse.dataplane.ports import Permission
from hanse.dataplane.running import Running
from hanse.dsp.messages import Role
from hanse.identity.self_issued import Caller
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.evaluate import Proofs
from hanse.storage import Tx
from hanse.trust.directory import Directory
from hanse.trust.examine import Examiner
from hanse.trust.ports import Watched
from hanse.trust.verifier import Verifier
from hanse.trust.watch import StandingWatch

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

    def proofs(self, tenant: Tenant, peer: Did) -> Proofs | None:
        """Return the roles that the peer has proved and that hold now, and the types of all its credentials: the rulebook trusts them."""
        claims = self._verifier.known(tenant, peer)
        return None if claims is None else Proofs(claims.roles, claims.types)

    async def _types(self, tenant: Tenant, asked: Proofs) -> list[str]:
        """Return the credentials that prove it in the participant's space; what its rulebook does not know, nobody can prove."""
        if asked == Proofs():
            return []
        rulebook = await self._directory.rulebook(tenant)
        roles = [rulebook.roles[name].credential for name in asked.roles if name in rulebook.roles]
        return [*roles, *(kind for kind in asked.credentials if kind in rulebook.credentials)]


class RunningTransfers:
    """What flows in this process, for the watch: whose it is, whether it may flow still, and its end."""

    def __init__(self, ground: Ground, running: Running, verifier: Verifier, permission: Permission) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._running = running
        self._verifier = verifier
        self._permission = permission

    async def peers(self) -> Sequence[Watched]:
        """Return what flows now, each transfer once."""
        return [Watched(tenant, peer, transfer) for tenant, transfer, peer in self._running.served()]

    async def check(self, watched: Watched) -> None:
        """Look at the peer's credentials, then at the terms: a use is decided again while it lasts."""
        await self._verifier.standing(watched.tenant, watched.peer)

        def work(tx: Tx) -> None:
            transfer = tx.transfers.get(watched.tenant, watched.transfer)
            if transfer is None:
                raise NotFound("There is no such transfer.", where="transfer")
            if transfer.role is Role.PROVIDER:  # what comes in is used later; that it may still come, its token says
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

        await self._database.run(work)


def watch_of(ground: Ground, trust: TrustSide, running: Running, permission: Permission) -> StandingWatch:
    """Return the watch over what flows in this process."""
    transfers = RunningTransfers(ground, running, trust.verifier, permission)
    return StandingWatch(transfers, transfers, transfers)
