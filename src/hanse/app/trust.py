"""Builds what participants believe about others, and fills the door of the connector with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hanse.anchor.records import RulebookPublished, StatusChanged
from hanse.app.build import Ground
from hanse.app.management import GuardedFetch, Management
from hanse.app.wallets import WalletSide
from hanse.connector.ports import Presenter
from hanse.connector.records import Transfer
from hanse.dataplane.running import Running
from hanse.dsp.messages import Role
from hanse.identity.rulebook import Rulebook
from hanse.identity.self_issued import Caller
from hanse.kernel.errors import ClaimsRefused, HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.evaluate import roles_named
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


class SpaceDoor:
    """The connector's membership port: a peer is what it proves by credentials; whom we call, the register names."""

    def __init__(self, ground: Ground, directory: Directory, verifier: Verifier) -> None:
        self._tenants = ground.tenants
        self._directory = directory
        self._verifier = verifier

    async def require(self, tenant: Tenant, peer: Did) -> object:
        """Before we call: the register has to name the peer."""
        return await self._directory.require(tenant, peer)

    async def admit(self, sender: Presenter, roles: frozenset[str]) -> None:
        """When we are called: the sender has to present its membership, and the credentials of the roles."""
        caller = Caller(sender.did, self._tenants.did_of(sender.tenant), sender.jti, sender.expires, sender.token)
        await self._verifier.admit(sender.tenant, caller, await self.types(sender.tenant, roles))

    async def standing(self, tenant: Tenant, peer: Did) -> object:
        """While data flows: what the peer has proved has to hold still."""
        return await self._verifier.standing(tenant, peer)

    def roles(self, tenant: Tenant, peer: Did) -> frozenset[str] | None:
        """Return the roles that the peer has proved and that hold now."""
        claims = self._verifier.known(tenant, peer)
        return None if claims is None else claims.roles

    async def types(self, tenant: Tenant, roles: frozenset[str]) -> tuple[str, ...]:
        """Return the credentials that stand for the roles in the participant's space. Raises `ClaimsRefused` for a role that it has not."""
        if not roles:
            return ()
        return credentials_for(await self._directory.rulebook(tenant), roles)


def credentials_for(rulebook: Rulebook, roles: frozenset[str]) -> tuple[str, ...]:
    """Return the types of the roles' credentials, in order. Raises `ClaimsRefused` if none of the roles is one of the space's."""
    known = [rulebook.roles[name].credential for name in sorted(roles) if name in rulebook.roles]
    if not known:
        raise ClaimsRefused(
            f"The terms ask for a role that this space does not have: {', '.join(sorted(roles))[:200]}.",
            where="role",
            rule="role-unknown",
            hint=f"It has: {', '.join(rulebook.roles)}.",
        )
    return tuple(known)


class RunningTransfers:
    """Whose data flows in this process, for the watch; and the end of it."""

    def __init__(self, ground: Ground, running: Running, door: SpaceDoor) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._running = running
        self._door = door

    async def peers(self) -> Sequence[Watched]:
        """Return who is served or sent something now, each once."""
        keys = self._running.keys()
        if not keys:
            return []
        found = await self._database.read(lambda tx: _watched(tx, keys))
        watched = set()
        for tenant, peer, roles in found:
            try:
                watched.add(Watched(tenant, peer, frozenset(await self._door.types(tenant, roles))))
            except HanseError:
                watched.add(Watched(tenant, peer, frozenset({"-"})))  # the role is gone from the rulebook: nobody has it
        return list(watched)

    async def cut(self, watched: Watched, reason: HanseError) -> None:
        """Cut what flows to the peer, and write into the transfers' stories why."""
        keys, now = self._running.keys(), self._clock.now()

        def work(tx: Tx) -> list[tuple[Tenant, str]]:
            cut = []
            for tenant, id in keys:
                transfer = tx.transfers.get(tenant, id)
                if tenant == watched.tenant and transfer is not None and transfer.peer == watched.peer:
                    transfer.note(now, "data cut: the peer lost its standing", "us", reason.message[:1000])
                    tx.transfers.put(transfer)
                    cut.append((tenant, id))
            return cut

        for tenant, id in await self._database.run(work):
            self._running.cut(tenant, id)


def _watched(tx: Tx, keys: Sequence[tuple[Tenant, str]]) -> set[tuple[Tenant, Did, frozenset[str]]]:
    found = set()
    for tenant, id in keys:
        transfer = tx.transfers.get(tenant, id)
        if transfer is not None:
            found.add((tenant, transfer.peer, _roles(tx, transfer)))
    return found


def _roles(tx: Tx, transfer: Transfer) -> frozenset[str]:
    contract = tx.contracts.get(transfer.tenant, transfer.agreement_id)
    provides = contract is not None and contract.role is Role.PROVIDER
    return roles_named(contract.agreement.terms) if contract is not None and provides else frozenset()


def watch_of(ground: Ground, trust: TrustSide, running: Running) -> StandingWatch:
    """Return the watch over what flows in this process."""
    transfers = RunningTransfers(ground, running, trust.door)
    return StandingWatch(trust.verifier, transfers, transfers)
