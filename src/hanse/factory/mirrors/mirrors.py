"""Mirrors as their owner sees them: made, refreshed, listed, ended; and the timer's part in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hanse.factory.mirrors.kit import Kit, ended, known, put
from hanse.factory.mirrors.purging import Purging, doom
from hanse.factory.mirrors.records import Deal, Judgement, Mirror, MirrorChanged, MirrorState, Report, Wanted
from hanse.factory.mirrors.refreshing import Refreshing, backed_off
from hanse.factory.mirrors.reporting import Reporting
from hanse.kernel.errors import Conflict, Forbidden, HanseError, Invalid
from hanse.kernel.tenant import Tenant

SHORTEST: Final = timedelta(minutes=5)
"""The shortest time from one refresh to the next."""
LONGEST: Final = timedelta(days=366)
MOST: Final = 1_000
"""Versions of a mirror that may be kept."""
BATCH: Final = 100
_STATED: Final = 16
log = logging.getLogger("hanse.mirrors")
Key = tuple[Tenant, str]


class Mirrors:
    """The mirrors of all participants of this server. What takes long runs in tasks, one per mirror."""

    def __init__(self, kit: Kit, *, alone: bool = True) -> None:
        """Take the ports. `alone`: no other server process works on the same database."""
        self._kit = kit
        self._alone = alone
        self._reporting = Reporting(kit)
        self._refreshing = Refreshing(kit)
        self._purging = Purging(kit, self._reporting)
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._looks: set[asyncio.Task[None]] = set()
        self._next = kit.clock.now()

    # What its owner does.

    async def make(self, tenant: Tenant, wanted: Wanted, by: str) -> Mirror:
        """Begin a mirror: take up the agreement that stands, or take the provider's offer; the first refresh begins at once.

        Raises `Invalid`, `Forbidden` where a space does not trust us with mirrors, `Conflict` (the name is taken, a person has to
        negotiate), and `PeerError`s.
        """
        self._check(wanted)
        await self._free(tenant, wanted.name)
        spaces = await self._kit.spaces.shared(tenant, wanted.provider)
        await self._trusted(tenant, spaces)  # before anything is agreed on in vain
        deal = await self._kit.dealings.standing(tenant, wanted.provider, wanted.dataset)
        if deal is None:
            deal = await self._kit.dealings.agree(tenant, wanted.provider, wanted.dataset, wanted.offer, by)
        space, judged = await self._trusted(tenant, deal.spaces or spaces)
        mirror = self._made(tenant, wanted, deal, space, judged, by)

        def work(tx: Any) -> None:
            found = tx.mirrors.get(tenant, wanted.name)
            if found is not None and found.state is not MirrorState.ENDED:
                raise _taken(wanted.name)
            tx.mirrors.put(mirror)
            tx.emit(MirrorChanged(tenant, mirror.name))

        await self._kit.database.run(work)
        self._begin(mirror)
        return mirror

    async def all(self, tenant: Tenant) -> Sequence[Mirror]:
        """Return all mirrors, ended ones included, by their names."""
        return await self._kit.database.read(lambda tx: tx.mirrors.of(tenant))

    async def show(self, tenant: Tenant, name: str) -> Mirror:
        """Return one. Raises `NotFound`."""
        return await self._kit.mirror(tenant, name)

    def busy(self, mirror: Mirror) -> bool:
        """Tell whether something is being done about it, by this server process or another one."""
        return (mirror.tenant, mirror.name) in self._tasks or (mirror.state is MirrorState.ACTIVE and mirror.transfer != "")

    async def refresh(self, tenant: Tenant, name: str) -> Mirror:
        """Begin a refresh, unless one runs. Raises `NotFound`, and `Conflict` if the mirror has ended."""
        mirror = await self._kit.mirror(tenant, name)
        if mirror.state is not MirrorState.ACTIVE:
            raise ended(mirror)
        self._begin(mirror)
        return mirror

    async def wait(self, tenant: Tenant, name: str, seconds: float) -> Mirror:
        """Return a mirror once nothing is being done about it, or after so many seconds. Raises `NotFound`."""
        task = self._tasks.get((tenant, name))
        if task is not None and seconds > 0:
            await asyncio.wait((task,), timeout=seconds)
        return await self._kit.mirror(tenant, name)

    async def schedule(self, tenant: Tenant, name: str, every: timedelta | None, keep: int) -> Mirror:
        """Set how often it is refreshed (nothing: by hand), and how many versions stay. Raises `NotFound`, `Invalid`, `Conflict`."""
        _check_times(every, keep)
        mirror = await self._kit.mirror(tenant, name)
        due = None if every is None else self._kit.clock.now() + every
        return await self._kit.change(mirror, MirrorState.ACTIVE, every=every, keep=keep, due=due)

    async def end(self, tenant: Tenant, name: str, why: str) -> Mirror:
        """End a mirror: its versions are destroyed, and the provider gets the receipts. Raises `NotFound`, `Conflict`."""
        mirror = await self._kit.mirror(tenant, name)
        if mirror.state is MirrorState.ENDED:
            raise ended(mirror)
        await self._doom(mirror, why.strip() or "It is not needed any more.")
        await self._purge(mirror)
        return await self._kit.mirror(tenant, name)

    async def report(self, tenant: Tenant, name: str) -> Report:
        """Report to the provider now what was done with the mirror since the last report. Raises `NotFound`."""
        return await self._reporting.report(await self._kit.mirror(tenant, name))

    # What happens by itself.

    async def begin_due(self) -> None:
        """Begin what is due, and judge all mirrors now and then; a chore of the timer."""
        now = self._kit.clock.now()
        for mirror in await self._kit.database.read(lambda tx: tx.mirrors.due(now, BATCH)):
            self._begin(mirror, timed=True)
        if now >= self._next:
            self._next = now + self._kit.rules.look
            self._soon(self._round)

    async def next_due(self) -> datetime | None:
        """Return when that is next; what this process is at already is not waited for."""
        found = await self._kit.database.read(lambda tx: tx.mirrors.next_due())
        return None if found is None else max(found, self._kit.clock.now() + timedelta(seconds=1 if self._tasks else 0))

    def agreement_ended(self, tenant: Tenant, agreement: str) -> None:
        """Look at the mirrors under an agreement: it has just ended."""
        self._soon(lambda: self._look(lambda one: (one.tenant, one.agreement) == (tenant, agreement)))

    def space_changed(self, space: str, tenant: Tenant | None = None) -> None:
        """Look at the mirrors by the rules of a space: a link, the rulebook or the membership has just changed."""
        self._soon(lambda: self._look(lambda one: one.space == space and tenant in (None, one.tenant)))

    def recalled(self, tx: Any, tenant: Tenant, agreement: str, why: str) -> None:
        """Doom, in the transaction that takes the provider's word, all mirrors under an agreement."""
        for mirror in tx.mirrors.under(tenant, agreement):
            doom(tx, mirror, f"The provider asked for its deletion. {why}".rstrip(), self._kit.clock.now())

    async def start(self) -> None:
        """Judge all mirrors: what was revoked while the server was down is purged now; and go on with what it was at."""
        if self._alone:  # otherwise another process may be at it: it is taken up once nobody holds it any more
            for mirror in await self._kit.database.read(lambda tx: tx.mirrors.open()):
                if mirror.transfer:
                    self._begin(mirror)
        self._soon(self._round)

    async def stop(self) -> None:
        """End what runs, so that it can be taken up again."""
        running = [*self._tasks.values(), *self._looks]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def settle(self) -> None:
        """Return once nothing runs any more."""
        while self._tasks or self._looks:
            await asyncio.gather(*self._tasks.values(), *self._looks, return_exceptions=True)

    # How.

    def _begin(self, mirror: Mirror, *, timed: bool = False) -> None:
        key = (mirror.tenant, mirror.name)
        if key not in self._tasks:
            self._tasks[key] = task = asyncio.get_running_loop().create_task(self._work(mirror, timed=timed))
            task.add_done_callback(lambda done: self._tasks.pop(key, None) if self._tasks.get(key) is done else None)

    async def _work(self, mirror: Mirror, *, timed: bool) -> None:
        """Do what is to be done about a mirror; faults are written down with it, and nobody else's concern."""
        due = mirror.due
        try:
            mirror = await self._kit.mirror(mirror.tenant, mirror.name)
            if mirror.state is MirrorState.ACTIVE:
                await self._refresh(mirror, due if timed else None)
            elif mirror.state is MirrorState.PURGING:
                await self._purging.purge(mirror)
        except HanseError as error:
            await self._fault(mirror, error)
        except Exception:
            log.exception("The mirror %s could not be worked on.", mirror.name, extra={"participant": mirror.tenant})
            await self._fault(mirror, Conflict("Something went wrong here; the server's log tells more."))

    async def _refresh(self, mirror: Mirror, due: datetime | None) -> None:
        """Refresh a mirror that was `due` then, unless another server process is at it; without a time whatever others do."""
        if not await self._judged(mirror):
            return

        def claim(tx: Any) -> Mirror | None:
            found = known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
            if due is not None and found.due != due:
                return None
            return put(tx, mirror, MirrorState.ACTIVE, due=self._kit.clock.now() + self._kit.rules.lease)

        claimed = await self._kit.database.run(claim)
        if claimed is not None:
            await self._refreshing.refresh(claimed)

    async def _judged(self, mirror: Mirror) -> bool:
        """Tell whether a mirror may be kept; doom it if that is known to be over, and raise `Conflict` if it cannot be told now."""
        why, sure = await self._over(mirror)
        if why and sure:
            await self._doom(mirror, why)
            await self._purging.purge(await self._kit.mirror(mirror.tenant, mirror.name))
        elif why:
            raise Conflict(f"Whether the mirror may be kept cannot be told now: {why}", where="space", rule="unknown")
        return not why

    async def _over(self, mirror: Mirror) -> tuple[str, bool]:
        """Return why a mirror may not be kept, and whether that is known for sure; nothing if it may be."""
        deal = await self._kit.database.read(lambda tx: self._kit.dealings.deal(tx, mirror.tenant, mirror.agreement))
        if deal is None or deal.ended:
            return ("The agreement is gone." if deal is None else f"The agreement has ended. {deal.ended}"), True
        if not mirror.space:
            return "", True
        judged = await self._kit.spaces.judge(mirror.tenant, mirror.space, mirror.trusted)
        return ("" if judged.yes else judged.why or "The space does not allow it."), judged.yes is not None

    async def _fault(self, mirror: Mirror, error: HanseError) -> None:
        """Write down what went wrong; if it went wrong because the right has ended, purge."""
        kit = self._kit
        try:
            found = await kit.mirror(mirror.tenant, mirror.name)
            why, sure = await self._over(found)
            if found.state is MirrorState.ACTIVE and why and sure:
                await self._doom(found, why)
                await self._purging.purge(await kit.mirror(mirror.tenant, mirror.name))
            else:
                await kit.change(found, found.state, **backed_off(kit, found, error))
        except HanseError as other:
            log.warning("The mirror %s: %s", mirror.name, other.message, extra={"participant": mirror.tenant})

    async def _purge(self, mirror: Mirror) -> None:
        """Stop what runs for a mirror that is doomed, then destroy it."""
        key = (mirror.tenant, mirror.name)
        task = self._tasks.get(key)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._tasks.pop(key, None)
        self._begin(mirror)
        await self.wait(*key, seconds=60.0)

    async def _doom(self, mirror: Mirror, why: str) -> None:
        await self._kit.database.run(lambda tx: doom(tx, mirror, why, self._kit.clock.now()))

    async def _round(self) -> None:
        await self._look(lambda _: True)
        await self._reporting.report_all()

    async def _look(self, concerned: Any) -> None:
        """Judge mirrors, and purge those that nobody gives us any more."""
        for mirror in await self._kit.database.read(lambda tx: tx.mirrors.open()):
            if not concerned(mirror):
                continue
            if mirror.state is MirrorState.PURGING:
                self._begin(mirror)
                continue
            why, sure = await self._over(mirror)
            if why and sure:
                await self._doom(mirror, why)
                await self._purge(mirror)

    def _soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def quiet() -> None:
            try:
                await work()
            except HanseError as error:
                log.warning("Mirrors could not be looked at: %s", error.message)

        task = asyncio.get_running_loop().create_task(quiet())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    def _check(self, wanted: Wanted) -> None:
        self._kit.shelf.check(wanted.name)
        _check_times(wanted.every, wanted.keep)
        if len(wanted.stated) > _STATED:
            raise Invalid("Too much is stated.", where="stated", rule="length")

    async def _free(self, tenant: Tenant, name: str) -> None:
        """Raise `Conflict` if a name is a mirror's, or that of data that is no mirror's."""
        found = await self._kit.database.read(lambda tx: tx.mirrors.get(tenant, name))
        if found is not None and found.state is not MirrorState.ENDED:
            raise _taken(name)
        if await self._kit.shelf.latest(tenant, name) is not None:
            raise Conflict(f"There is stored data of the name {name} already.", where="name", rule="taken", hint="Choose another name.")

    async def _trusted(self, tenant: Tenant, spaces: Sequence[str]) -> tuple[str, Judgement]:
        """Return the first space by whose rules we may keep a mirror. Raises `Forbidden` with the reasons of all."""
        reasons = []
        for space in spaces:
            judged = await self._kit.spaces.judge(tenant, space, None)
            if judged.yes:
                return space, judged
            reasons.append(judged.why)
        told = " ".join(dict.fromkeys(reasons)) or "You are in no space with the provider."
        raise Forbidden(
            f"No mirror can be kept of this: {told}", where="space", rule="mirror", hint="`hanse link needs own-role` tells more."
        )

    def _made(self, tenant: Tenant, wanted: Wanted, deal: Deal, space: str, judged: Judgement, by: str) -> Mirror:
        now = self._kit.clock.now()
        return Mirror(
            tenant=tenant,
            name=wanted.name,
            provider=wanted.provider,
            dataset=wanted.dataset,
            agreement=deal.id,
            made=now,
            by=by,
            salt=self._kit.salt(),
            reported=now,
            space=space,
            trusted=judged.trusted,
            every=wanted.every,
            keep=wanted.keep,
            stated=wanted.stated,
            due=now,
        )


def _check_times(every: timedelta | None, keep: int) -> None:
    if every is not None and not SHORTEST <= every <= LONGEST:
        raise Invalid("A mirror is refreshed every 5 minutes at most, and every 366 days at least.", where="every", rule="range")
    if not 1 <= keep <= MOST:
        raise Invalid(f"1 to {MOST} versions can be kept.", where="keep", rule="range")


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a mirror {name} already.", where="name", rule="taken", hint="`hanse mirror refresh` refreshes it.")
