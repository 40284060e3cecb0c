"""The custody register: who keeps which bytes until when, and legal holds. The facility asks it before it deletes anything.

A keeping of the participant's own stops deletions by hand, and garbage collection; a duty to delete that has come due wins over it. A legal
hold stops every deletion, the destruction of a key included. What others keep is only written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.custody.personal import check_public
from hanse.factory.custody.ports import Agreements, CustodyTx, Database, Letters, Log, Versions
from hanse.factory.custody.records import Conflict, Drill, Hold, Keeping, Note, Owed
from hanse.factory.custody.retention import after_years, conflict_of, yields
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict as Clash
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Tenant

ABOUT: Final = "legal-hold"
"""What notices to providers are about that tell of a hold."""


class Rules(Struct, frozen=True):
    """For how many years what trained a model is kept, and after how many days a version is to be fetched back again."""

    years: int = 10
    drill_days: int = 365


class Custody(Struct, frozen=True, kw_only=True):
    """All that is known of the keeping of one version. `drill_due` is when it is to be fetched back at the latest."""

    version: str
    stored: DatasetVersion | None
    keepings: tuple[Keeping, ...] = ()
    holds: tuple[Hold, ...] = ()
    drill: Drill | None = None
    drill_due: datetime | None = None
    conflicts: tuple[Conflict, ...] = ()


class Register:
    """The register of all participants."""

    def __init__(
        self,
        database: Database,
        log: Log,
        letters: Letters,
        versions: Versions,
        agreements: Agreements,
        rules: Rules,
        clock: Clock,
        ids: Ids,
        salt: Callable[[], str],
    ) -> None:
        self._database = database
        self._log = log
        self._letters = letters
        self._versions = versions
        self._agreements = agreements
        self._rules = rules
        self._clock = clock
        self._ids = ids
        self._salt = salt

    def keeper(self, tx: CustodyTx, version: DatasetVersion) -> str | None:
        """Say why a version must stay, if it must; inside the transaction that decides on its deletion."""
        now, tenant = self._clock.now(), version.tenant
        for hold in tx.custody.holds(tenant, version.id, standing=True):
            if hold.stands(now):
                return f"the legal hold {hold.id} is on it{_until(hold.until)}"
        own = self._agreements.own(tx, tenant)
        kept = tx.custody.keeping(tenant, version.id, own)
        if kept is None or kept.until <= now:
            return None
        if any(yields(self._agreements.deletions(tx, tenant, agreement), now) for agreement in version.agreements):
            return None
        return f"it is in custody{_until(kept.until)}{f': {kept.reason}' if kept.reason else ''}"

    async def keep(self, tenant: Tenant, version: str, *, keeper: str = "", until: datetime | None = None, why: str = "") -> Custody:
        """Note that somebody keeps a version until then; by default the participant itself, for the years that are set.

        Raises `NotFound`, `Invalid`, and `Conflict` for a version that the participant has deleted itself.
        """
        salt, end = self._salt(), until or after_years(self._clock.now(), self._rules.years)
        if end <= self._clock.now():
            raise Invalid("That moment is over.", where="until", rule="past")
        check_public(keeper, "keeper")

        def work(tx: CustodyTx) -> None:
            found = self._known(tx, tenant, version)
            own = self._agreements.own(tx, tenant)
            if found.deleted is not None and keeper in ("", own):
                raise Clash(f"{version} was deleted here, so it cannot be kept here.", where="version", rule="deleted")
            self.write(tx, [found], keeper=keeper or own, until=end, note=Note(why, salt) if why else None)

        await self._database.run(work)
        return await self.of(tenant, version)

    def write(
        self,
        tx: CustodyTx,
        versions: Sequence[DatasetVersion],
        *,
        keeper: str,
        until: datetime,
        reason: str = "",
        note: Note | None = None,
    ) -> list[Keeping]:
        """Write down that somebody keeps versions, all of one participant, and state it, in the caller's transaction."""
        if not versions:
            return []
        digest, now = None if note is None else note.digest, self._clock.now()
        said = [
            (
                Subject.of(one.id, one.root),
                k.Kept(
                    agreement=one.agreement or "",
                    version=one.id,
                    root=one.root,
                    keeper=keeper,
                    until=until,
                    reason=reason,
                    note=digest,
                ),
            )
            for one in versions
        ]
        made = [
            Keeping(
                tenant=one.tenant,
                version=one.id,
                root=one.root,
                keeper=keeper,
                since=now,
                until=until,
                entry=entry,
                reason=reason,
                note=note,
                agreement=one.agreement,
                under=one.under,
            )
            for one, entry in zip(versions, self._log.append_many(tx, versions[0].tenant, said), strict=True)
        ]
        for keeping in made:
            tx.custody.put_keeping(keeping)
        return made

    async def release(self, tenant: Tenant, version: str, *, keeper: str = "", why: str = "") -> None:
        """Let go of a version: from now on it may be deleted. Raises `NotFound`."""
        salt = self._salt()

        def work(tx: CustodyTx) -> None:
            named = keeper or self._agreements.own(tx, tenant)
            found = tx.custody.keeping(tenant, version, named)
            if found is None:
                hint = "`hanse custody list` shows who keeps what."
                raise NotFound(f"{named} does not keep {version[:120]}.", where="version", hint=hint)
            says = k.Kept(
                agreement=found.agreement or "",
                version=found.version,
                root=found.root,
                keeper=named,
                until=self._clock.now(),
                what="released",
                note=Note(why, salt).digest if why else None,
            )
            self._log.append(tx, tenant, Subject.of(found.version, found.root), says)
            tx.custody.drop_keeping(tenant, version, named)

        await self._database.run(work)

    async def hold(self, tenant: Tenant, about: str, reason: str, until: datetime | None = None) -> list[Hold]:
        """Set a legal hold on a version, or on all versions under an agreement: nothing deletes them while it stands.

        Providers whose terms owe the deletion are told. Raises `NotFound`, `Invalid`, and `Conflict` for what is deleted already.
        """
        if not reason.strip():
            raise Invalid("A legal hold has a reason.", where="reason", rule="required")
        if until is not None and until <= self._clock.now():
            raise Invalid("That moment is over.", where="until", rule="past")
        targets = await self._targets(tenant, about)
        for agreement in {agreement for one in targets for agreement in one.agreements}:
            await self._letters.look(tenant, agreement)
        planned = [(one.id, self._ids.new("hld"), Note(reason[:4_000], self._salt())) for one in targets]
        return await self._database.run(lambda tx: [self._set(tx, tenant, *one, until) for one in planned])

    async def lift(self, tenant: Tenant, id: str, reason: str = "") -> Hold:
        """Lift a hold. Raises `NotFound`, and `Conflict` for one that was lifted before."""
        salt = self._salt()
        found = await self._database.read(lambda tx: tx.custody.hold(tenant, id))
        for agreement in () if found is None else found.agreements:
            await self._letters.look(tenant, agreement)
        return await self._database.run(lambda tx: self._lifted(tx, tenant, id, Note(reason[:4_000], salt) if reason else None))

    async def find(self, tenant: Tenant, id: str) -> Hold:
        """Return a hold. Raises `NotFound`."""
        return _there(await self._database.read(lambda tx: tx.custody.hold(tenant, id)), id)

    async def of(self, tenant: Tenant, version: str) -> Custody:
        """Return what is known of one version. Raises `NotFound`, `Invalid`."""

        def work(tx: CustodyTx) -> Custody:
            found = self._known(tx, tenant, version)
            keepings, holds = tx.custody.keepings(tenant, found.id), tx.custody.holds(tenant, found.id)
            return self._custody(tx, tenant, found.id, keepings, holds, tx.custody.drill(tenant, found.id), self._owed(tx, tenant))

        return await self._database.read(work)

    async def overview(self, tenant: Tenant) -> list[Custody]:
        """Return all versions that somebody keeps, or on which a hold stands, by name."""

        def work(tx: CustodyTx) -> list[Custody]:
            keepings: dict[str, list[Keeping]] = {}
            holds: dict[str, list[Hold]] = {}
            for one in tx.custody.keepings(tenant):
                keepings.setdefault(one.version, []).append(one)
            for hold in tx.custody.holds(tenant, standing=True):
                holds.setdefault(hold.version, []).append(hold)
            drills, owed = {one.version: one for one in tx.custody.drills(tenant)}, self._owed(tx, tenant)
            ids = sorted(keepings.keys() | holds.keys())
            return [self._custody(tx, tenant, id, keepings.get(id, ()), holds.get(id, ()), drills.get(id), owed) for id in ids]

        return await self._database.read(work)

    async def troubles(self, tenant: Tenant) -> list[str]:
        """Return what a person has to see to: contradictions, versions that did not come back sound, and overdue drills."""
        found, now = await self.overview(tenant), self._clock.now()
        said = [one.text for custody in found for one in custody.conflicts]
        said += [f"{one.version} did not come back as it was stored." for one in found if _unsound(one)]
        overdue = sum(one.drill_due is not None and one.drill_due <= now for one in found)
        if overdue:
            said.append(f"{overdue} {'version has' if overdue == 1 else 'versions have'} to be fetched back again: hanse custody drill")
        return said

    def _owed(self, tx: CustodyTx, tenant: Tenant) -> Callable[[str], Sequence[Owed]]:
        """Return what tells which deletions an agreement owes; each is looked up once."""
        return cache(lambda agreement: self._agreements.deletions(tx, tenant, agreement))

    def _custody(
        self,
        tx: CustodyTx,
        tenant: Tenant,
        id: str,
        keepings: Sequence[Keeping],
        holds: Sequence[Hold],
        drill: Drill | None,
        owed: Callable[[str], Sequence[Owed]],
    ) -> Custody:
        stored = self._versions.known(tx, tenant, id)
        there = stored is not None and stored.deleted is None
        own = self._agreements.own(tx, tenant)
        kept = next((one for one in keepings if one.keeper == own), None)
        due = None
        if there and kept is not None:
            due = (kept.since if drill is None else drill.at) + timedelta(days=self._rules.drill_days)
        found = conflict_of(kept, owed) if there and kept else None
        return Custody(
            version=id,
            stored=stored,
            keepings=tuple(keepings),
            holds=tuple(holds),
            drill=drill,
            drill_due=due,
            conflicts=() if found is None else (found,),
        )

    def _set(self, tx: CustodyTx, tenant: Tenant, version: str, id: str, note: Note, until: datetime | None) -> Hold:
        found = self._known(tx, tenant, version)
        if found.deleted is not None:
            raise Clash(f"{version} was deleted, so nothing can be held.", where="about", rule="deleted")
        says = k.Held(
            agreement=found.agreement or "", hold=id, version=found.id, root=found.root, what="set", until=until, note=note.digest
        )
        entry = self._log.append(tx, tenant, Subject.of(found.id, found.root), says)
        owing = [one for one in found.agreements if any(not owed.done for owed in self._agreements.deletions(tx, tenant, one))]
        for agreement in owing:
            text = f"A legal hold keeps {found.id}{_until(until)}. What is owed to be deleted of it is deleted once the hold has ended."
            self._letters.tell(tx, tenant, k.Notice(agreement=agreement, about=ABOUT, text=text))
        made = Hold(
            tenant=tenant,
            id=id,
            version=found.id,
            root=found.root,
            since=self._clock.now(),
            entry=entry,
            note=note,
            agreement=found.agreement,
            until=until,
            told=bool(owing),
            under=found.under,
            told_under=tuple(owing) if found.under else (),
        )
        tx.custody.put_hold(made)
        return made

    def _lifted(self, tx: CustodyTx, tenant: Tenant, id: str, note: Note | None) -> Hold:
        hold = _there(tx.custody.hold(tenant, id), id)
        if hold.lifted is not None:
            raise Clash(f"The hold {id} was lifted before.", where="id", rule="lifted")
        says = k.Held(
            agreement=hold.agreement or "",
            hold=id,
            version=hold.version,
            root=hold.root,
            what="lifted",
            note=None if note is None else note.digest,
        )
        entry = self._log.append(tx, tenant, Subject.of(hold.version, hold.root), says)
        for agreement in hold.told_under or (hold.agreements if hold.told else ()):
            text = f"The legal hold on {hold.version} was lifted. What is owed to be deleted of it is deleted now, or when it is due."
            self._letters.tell(tx, tenant, k.Notice(agreement=agreement, about=ABOUT, text=text))
        lifted = structs.replace(hold, lifted=self._clock.now(), lifted_entry=entry)
        tx.custody.put_hold(lifted)
        return lifted

    async def _targets(self, tenant: Tenant, about: str) -> list[DatasetVersion]:
        one = await self._versions.get(tenant, about) if "@" in about else None
        if one is not None:
            return [one]
        found = [each for each in await self._versions.page(tenant, agreement=about) if each.deleted is None]
        if not found:
            raise NotFound(f"There is no version, and nothing under a contract, that goes by {about[:120]!r}.", where="about")
        return found

    def _known(self, tx: CustodyTx, tenant: Tenant, version: str) -> DatasetVersion:
        found = self._versions.known(tx, tenant, version)
        if found is None:
            raise NotFound(f"There is no version {version[:120]!r}.", where="version", hint="`hanse facility list` shows what is there.")
        return found


def _unsound(one: Custody) -> bool:
    return one.drill is not None and not one.drill.sound and one.stored is not None and one.stored.deleted is None


def _until(moment: datetime | None) -> str:
    return "" if moment is None else f" until {moment:%Y-%m-%d}"


def _there(hold: Hold | None, id: str) -> Hold:
    if hold is None:
        raise NotFound(f"There is no hold {id[:80]!r} here.", where="id", hint="`hanse custody list` shows them.")
    return hold
