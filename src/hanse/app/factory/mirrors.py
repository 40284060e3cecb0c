"""Builds mirrors, and fills their ports with the connector, the facility, the spaces, the transport and the ledger."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from msgspec import structs

from hanse.anchor.records import MembersChanged, RulebookPublished, StatusChanged
from hanse.app.build import Connector, Ground
from hanse.app.data import DataSide
from hanse.app.evidence import EvidenceSide
from hanse.app.factory.facility import FacilitySide
from hanse.app.factory.mirrors_holdings import begun, others, remaining
from hanse.app.factory.mirrors_onward import MirrorLog, OnwardOffers
from hanse.app.factory.running import ConnectorDealings
from hanse.app.trust import TrustSide
from hanse.connector.browse import Browser
from hanse.connector.ending import ENDED
from hanse.connector.kit import Changed
from hanse.connector.records import Contract, StoredSource
from hanse.dataplane.records import STORED, STORED_FILE
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dcat.model import Dataset
from hanse.evidence import kinds as k
from hanse.factory.facility.facility import Facility, check_name, split_id
from hanse.factory.facility.records import Intake, VersionStored
from hanse.factory.facility.removal import Removal
from hanse.factory.links.links import Links
from hanse.factory.links.records import LinkChanged
from hanse.factory.mirrors.kit import Kit
from hanse.factory.mirrors.mirrors import Mirrors
from hanse.factory.mirrors.ports import Staging
from hanse.factory.mirrors.records import Deal, Fetched, Held, Judgement, Mirror, MirrorChanged, Purged
from hanse.http.pull.ports import Fetcher, Sink
from hanse.kernel.errors import Conflict, HanseError, NotFound, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import Parties
from hanse.odrl.model import Offer
from hanse.odrl.names import USE
from hanse.odrl.price import cost_of
from hanse.sources.stored import StoredSources
from hanse.storage import Database

RECALL: Final = "mirror-recall"
"""What the notice is about by which a provider asks that the mirrors of its data be destroyed."""
PATIENCE: Final = 60.0
"""Seconds in which a provider's rules answer."""
_PULL: Final = "HttpData-PULL"


class MirrorDealings:
    """The connector's negotiations, agreements and transfers, as mirrors need them."""

    def __init__(self, ground: Ground, connector: Connector, dealings: ConnectorDealings) -> None:
        self._database = ground.database
        self._browser = Browser(connector.kit)
        self._negotiations = connector.negotiations
        self._transfers = connector.transfers
        self._dealings = dealings

    async def standing(self, tenant: Tenant, provider: Did, dataset: str) -> Deal | None:
        """Return the newest agreement in force that gives us the collection."""
        found = await self._dealings.standing(tenant, provider, dataset)
        return await self._database.read(lambda tx: self.deal(tx, tenant, found[0].id)) if found else None

    async def agree(self, tenant: Tenant, provider: Did, dataset: str, offer: str | None, by: str) -> Deal:
        """Take an offer as it is; one that costs something is a person's to negotiate."""
        offers = await self._browser.offers(tenant, provider, dataset, offer)
        free = next((one for one in offers if cost_of(one.terms, USE).free), None)
        if free is None:
            raise _by_hand(f"What the provider offers of {dataset[:80]} costs something.", dataset)
        made = await self._negotiations.request(tenant, provider, dataset, Offer(id=free.id, terms=free.terms), by=by)
        talk = await self._dealings.talk(tenant, made.id, PATIENCE)
        if talk.agreement is not None:
            found = await self._database.read(lambda tx: self.deal(tx, tenant, talk.agreement or ""))
            if found is not None:
                return found
        if talk.final:
            raise Conflict(f"The provider refused: {talk.said or 'it gave no reason.'}", where="negotiation", rule="refused")
        raise _by_hand(f"The provider has not agreed yet: see the negotiation {made.id}.", dataset)

    def deal(self, tx: Any, tenant: Tenant, agreement: str) -> Deal | None:
        """Return an agreement, inside a transaction."""
        contract: Contract | None = tx.contracts.get(tenant, agreement)
        if contract is None:
            return None
        ended = "" if contract.ended is None else contract.end_reason or f"It ended on {contract.ended:%Y-%m-%d}."
        return Deal(id=contract.id, spaces=contract.spaces, ended=ended)

    async def pull(self, mirror: Mirror, note: Callable[[Any, str], None]) -> str:
        """Have the data flow. One that was asked for before a crash is taken up again, if it flows."""
        tenant, id = mirror.tenant, mirror.transfer
        if id:
            with suppress(NotFound):
                if (await self._dealings.flow(tenant, id, ())).state == "STARTED":
                    return id
                await self.drop(tenant, id, "The refresh begins anew.")
        id = (await self._transfers.request(tenant, mirror.agreement, _PULL, stated=mirror.stated, by="us", note=note)).id
        flow = await self._dealings.flow(tenant, id, ("STARTED",), PATIENCE)
        if flow.state == "STARTED":
            return id
        if flow.final:
            raise Conflict(f"The provider gives no data: {flow.said or 'it gave no reason.'}", where="transfer", rule="refused")
        await self.drop(tenant, id, "It did not start in time.")
        raise PeerUnreachable("The provider has not started the transfer in time.")

    async def done(self, tenant: Tenant, transfer: str) -> None:
        """Say that the data is here."""
        with suppress(HanseError):  # it may have ended meanwhile; what is here is here
            await self._dealings.complete(tenant, transfer)

    async def left(self, tenant: Tenant, transfer: str) -> None:
        """Return as soon as data may not flow any more."""
        await self._dealings.left(tenant, transfer)

    async def drop(self, tenant: Tenant, transfer: str, reason: str) -> None:
        """End the transfer, if it is not final."""
        await self._dealings.end(tenant, transfer, reason)


class MirrorSpaces:
    """What spaces trust us with, by the links with them."""

    def __init__(self, trust: TrustSide, links: Links) -> None:
        self._directory = trust.directory
        self._links = links

    async def shared(self, tenant: Tenant, provider: Did) -> Sequence[str]:
        """Return the addresses of the spaces in which we meet a provider."""
        return await self._directory.naming(tenant, provider)

    async def judge(self, tenant: Tenant, space: str, trusted: bool | None) -> Judgement:
        """Tell whether we may keep mirrors by the rules of a space. What cannot be told now is no reason to destroy anything."""
        try:
            standing = await self._links.show(tenant, space)
        except NotFound as error:
            return Judgement(yes=False, why=error.message)
        except HanseError as error:
            return Judgement(yes=None, why=error.message)
        if standing.link.ended is not None:
            return Judgement(yes=False, why=f"The link with {space} has ended. {standing.link.why}".rstrip())
        unknown = next((one for one in standing.needs if one.met is None), None)
        if unknown is not None:
            return Judgement(yes=None, why=f"{unknown.what}: {unknown.how}")
        try:
            asked = trusted if trusted is not None else bool((await self._directory.rulebook(tenant, space)).trusting("mirror"))
        except HanseError as error:
            return Judgement(yes=None, why=error.message)
        yes = "mirror" in standing.rights if asked else bool({"acquire", "relay"} & set(standing.rights))
        why = "" if yes else (await self._links.may(tenant, space, "mirror" if asked else "acquire")).why
        return Judgement(yes=yes, why=why, trusted=asked)


class MirrorShelf:
    """The facility, as far as mirrors need it."""

    def __init__(self, database: Database, facility: Facility, removal: Removal, browser: Browser) -> None:
        self._database = database
        self._facility = facility
        self._removal = removal
        self._browser = browser

    def check(self, name: str) -> None:
        """Raise `Invalid` for what cannot be a name."""
        check_name(name)

    async def stage(self, mirror: Mirror) -> Staging:
        """Begin the mirror's next version, or go on with it."""
        return cast("Staging", await self._facility.intake(mirror.tenant, _intake(mirror, await self._described(mirror))))

    async def _described(self, mirror: Mirror) -> Dataset | None:
        with suppress(HanseError):  # the data comes without it, too
            return (await self._browser.dataset(mirror.tenant, mirror.provider, mirror.dataset)).datasets[0]
        return None

    async def latest(self, tenant: Tenant, name: str) -> DatasetVersion | None:
        """Return the newest version of a name, or nothing."""
        try:
            return await self._facility.version(tenant, name)
        except NotFound:
            return None

    async def versions(self, tenant: Tenant, name: str) -> Sequence[DatasetVersion]:
        """Return all that is held of a name, oldest first."""
        found: list[DatasetVersion] = []
        while part := await self._facility.versions(tenant, name=name, after=found[-1].id if found else None):
            found += part
        return found

    async def files(self, version: DatasetVersion) -> Sequence[HeldFile]:
        """Return the files of a version."""
        return await self._facility.files(version.tenant, version.id)

    async def delete(self, version: DatasetVersion, reason: str) -> Held | None:
        """Delete a version, with a receipt for the provider; or return who keeps it."""
        return (await self._delete(version, reason)).held_one

    async def purge(self, mirror: Mirror, reason: str) -> Purged:
        """Destroy all versions of a mirror, and what is being taken in.

        If nothing else is kept under the agreement, its key goes with them. What was acquired under the same agreement stays: whether
        that has to go, too, its terms say.
        """
        if not await self._database.read(lambda tx: others(tx, mirror)):
            removed = await self._removal.destroy(mirror.tenant, mirror.agreement, reason)
            return Purged(receipts=tuple(removed.receipts), held=tuple(Held(one.version, one.reason) for one in removed.kept))
        for staging in await self._database.read(lambda tx: begun(tx, mirror, own=True)):
            await (await self._facility.intake(mirror.tenant, staging.intake)).abandon()
        still = await self._database.read(lambda tx: remaining(tx, mirror))
        done = [await self._delete(one, reason) for one in still]
        return Purged(receipts=tuple(one for each in done for one in each.receipts), held=tuple(one for each in done for one in each.held))

    async def _delete(self, version: DatasetVersion, reason: str) -> _Deleted:
        try:
            removed = await self._removal.delete(version.tenant, version.id, reason)
        except NotFound:
            return _Deleted((), ())
        except Conflict as error:
            if error.rule != "kept":
                raise
            return _Deleted((), (Held(version.id, error.message),))
        return _Deleted(tuple(removed.receipts), ())


class _Deleted:
    def __init__(self, receipts: tuple[str, ...], held: tuple[Held, ...]) -> None:
        self.receipts = receipts
        self.held = held

    @property
    def held_one(self) -> Held | None:
        return self.held[0] if self.held else None


class ServedShelf:
    """The facility, as far as its versions are served to others."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility
        self.version = facility.version
        self.files = facility.files
        self.chunks = facility.chunks
        self.read = facility.read

    async def file(self, tenant: Tenant, version: str, path: str) -> HeldFile:
        """Return one file of a version. Raises `NotFound`."""
        contents = await self._facility.stock.contents(await self._facility.stored(tenant, version))
        return contents.file(path).held


class MirrorTransport:
    """The transport, as far as mirrors need it."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def fetch(self, tenant: Tenant, transfer: str, staging: Staging, previous: DatasetVersion | None) -> Fetched:
        """Stage all files of a started transfer, by difference."""
        found = await self._fetcher.fetch(tenant, transfer, cast("Sink", staging), previous)
        return Fetched(moved=found.moved, verified=found.verified)


class MirrorSide:
    """Mirrors on that ground, and how they hear of what ends them."""

    def __init__(
        self,
        ground: Ground,
        trust: TrustSide,
        connector: Connector,
        data: DataSide,
        evidence: EvidenceSide,
        facility: FacilitySide,
        fetcher: Fetcher,
        dealings: ConnectorDealings,
        links: Links,
    ) -> None:
        self._evidence = evidence
        self._connector = connector
        self._onward = OnwardOffers(ground, connector, data, evidence.endings)
        self._following: set[asyncio.Task[None]] = set()
        stored = StoredSources(ServedShelf(facility.facility))
        data.sources.add(STORED, stored)
        data.sources.add(STORED_FILE, stored)
        data.inspector.bind = partial(bound, facility.facility)
        kit = Kit(
            database=ground.database,
            dealings=MirrorDealings(ground, connector, dealings),
            spaces=MirrorSpaces(trust, links),
            shelf=MirrorShelf(ground.database, facility.facility, facility.removal, Browser(connector.kit)),
            transport=MirrorTransport(fetcher),
            onward=self._onward,
            log=MirrorLog(evidence),
            clock=ground.clock,
            salt=lambda: secrets.token_hex(32),
        )
        self.mirrors = Mirrors(kit, alone=ground.settings.database == "")
        connector.chores.append(self.mirrors.begin_due)
        connector.dues.append(self.mirrors.next_due)
        evidence.evidence.register(k.Notice, self._noticed)
        ground.database.subscribe(self._heard)

    async def stop(self) -> None:
        """End what runs."""
        await self.mirrors.stop()
        for task in tuple(self._following):
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def recall(self, tenant: Tenant, agreement: str, why: str) -> str:
        """Ask the other side, signed, to destroy its mirrors of our data; return the statement's id. Raises `NotFound`, `Conflict`."""
        parties = await self._connector.kit.database.read(lambda tx: self._evidence.agreements.parties(tx, tenant, agreement))
        if parties is None:
            raise NotFound(f"There is no contract {agreement[:80]!r} here.", where="contract", hint="`hanse contracts` shows yours.")
        if not parties.provides:
            raise Conflict("Under this contract you are who gets data: `hanse mirror end` ends a mirror of yours.", where="contract")
        text = why.strip()[:1_000] or "No reason is given."
        return (await self._evidence.evidence.send(tenant, k.Notice(agreement=agreement, about=RECALL, text=text))).id

    def _noticed(self, tx: Any, tenant: Tenant, parties: Parties, says: k.Predicate) -> None:
        assert isinstance(says, k.Notice)
        if says.about == RECALL and not parties.provides:
            self.mirrors.recalled(tx, tenant, says.agreement, says.text)

    def _heard(self, event: object) -> None:
        if isinstance(event, Changed) and (event.kind, event.state) == ("contract", ENDED):
            self.mirrors.agreement_ended(event.tenant, event.id)
        elif isinstance(event, LinkChanged):
            self.mirrors.space_changed(event.space, event.tenant)
        elif isinstance(event, MembersChanged | RulebookPublished | StatusChanged):
            self.mirrors.space_changed(event.url)
        elif isinstance(event, MirrorChanged):
            self._connector.timer.wake()
        elif isinstance(event, VersionStored):
            self._follow(event)

    def _follow(self, event: VersionStored) -> None:
        work = self._onward.follow(event.tenant, event.id.rpartition("@")[0])
        task = asyncio.get_running_loop().create_task(work)
        self._following.add(task)
        task.add_done_callback(self._following.discard)


async def bound(facility: Facility, tenant: Tenant, source: StoredSource) -> StoredSource:
    """Return a stored source with the agreements under which it stands. Raises `NotFound`, and `Conflict` if it is not that any more."""
    name, _, number = source.version.partition("@")
    version = await facility.version(tenant, check_name(name), split_id(source.version)[1] if number else None)
    agreement = version.ground
    if source.agreement not in (None, agreement):
        raise Conflict("What is stored under this name came under another agreement: make a new offer.", where="source", rule="agreement")
    return structs.replace(source, agreement=agreement)


def _by_hand(why: str, dataset: str) -> Conflict:
    hint = f"Negotiate it by hand (`hanse get {dataset}` shows the offers); then `hanse mirror make` takes up the agreement that stands."
    return Conflict(why, where="offer", rule="person", hint=hint)


def _intake(mirror: Mirror, offered: Dataset | None) -> Intake:
    return Intake(
        name=mirror.name,
        agreement=mirror.agreement,
        provider=mirror.provider,
        dataset=mirror.dataset,
        offered=offered,
        space=mirror.space or None,
        run=f"{mirror.made.isoformat()} {mirror.run}",
    )
