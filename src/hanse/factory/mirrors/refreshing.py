"""One refresh: only what changed travels, what vanished is not in the new version, and nothing is seen before all of it is there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from hanse.dcat.holding import DatasetVersion
from hanse.factory.mirrors.kit import MAX_TEXT, Kit, ended, known, put
from hanse.factory.mirrors.ports import Staging
from hanse.factory.mirrors.records import Fetched, Mirror, MirrorState
from hanse.kernel.errors import Conflict, HanseError, PeerRefused


class Refreshing:
    """Brings mirrors up to date. Whoever calls has judged that it may."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def refresh(self, mirror: Mirror) -> Mirror:
        """Fetch what changed, as the next version; return the mirror as it is now. Raises what stopped it; what has come stays."""
        kit = self._kit
        previous = await self._previous(mirror)
        transfer = await kit.dealings.pull(mirror, lambda tx, id: _noted(tx, mirror, id))
        try:
            staging = await kit.shelf.stage(mirror)
            fetched = await self._fetch(mirror, transfer, staging, previous)
            done = await self._commit(mirror, staging, fetched, previous)
        except HanseError as error:
            await self._dropped(mirror, transfer, error)
            raise
        await kit.dealings.done(mirror.tenant, transfer)
        await self._tidy(done)
        return done

    async def _previous(self, mirror: Mirror) -> DatasetVersion | None:
        latest = await self._kit.shelf.latest(mirror.tenant, mirror.name)
        return latest if latest is not None and latest.agreement == mirror.agreement else None

    async def _fetch(self, mirror: Mirror, transfer: str, staging: Staging, previous: DatasetVersion | None) -> Fetched:
        """Fetch; stop as soon as it may not flow, and keep the others from it for as long as it goes on."""
        kit = self._kit
        fetching = asyncio.ensure_future(kit.transport.fetch(mirror.tenant, transfer, staging, previous))
        leaving = asyncio.ensure_future(kit.dealings.left(mirror.tenant, transfer))
        holding = asyncio.ensure_future(self._hold(mirror))
        try:
            await asyncio.wait((fetching, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not fetching.done():
                raise PeerRefused("The transfer was ended while its data was fetched.", status=403)
            return fetching.result()
        finally:
            for task in (fetching, leaving, holding):
                task.cancel()
            await asyncio.gather(fetching, leaving, holding, return_exceptions=True)
            with suppress(HanseError):
                await staging.suspend()

    async def _hold(self, mirror: Mirror) -> None:
        rules = self._kit.rules
        while True:
            await asyncio.sleep(rules.lease.total_seconds() / 2)
            with suppress(HanseError):
                await self._kit.change(mirror, MirrorState.ACTIVE, due=self._kit.clock.now() + rules.lease)

    async def _commit(self, mirror: Mirror, staging: Staging, fetched: Fetched, previous: DatasetVersion | None) -> Mirror:
        """Make it visible, unless the right to it ended meanwhile: that is looked at in the same transaction."""
        kit = self._kit
        before = () if previous is None else await kit.shelf.files(previous)
        removed = len({one.path for one in before} - {one.path for one in await staging.files()})
        made: list[Mirror] = []

        def also(tx: Any, version: DatasetVersion) -> None:
            self._alive(tx, mirror)
            made[:] = [self._stored(tx, mirror, version, fetched.moved)]
            if previous is None or version.number != previous.number:
                kit.log.mirrored(tx, made[0], version, fetched.moved, removed)

        await staging.commit(also, sums="provider" if fetched.verified else "measured")
        return made[0]

    def _alive(self, tx: Any, mirror: Mirror) -> None:
        found = known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
        if found.state is not MirrorState.ACTIVE or found.made != mirror.made:
            raise ended(found)
        deal = self._kit.dealings.deal(tx, mirror.tenant, mirror.agreement)
        if deal is None or deal.ended:
            raise Conflict("The agreement has ended, so nothing more is kept under it.", where="agreement", rule="ended")

    def _stored(self, tx: Any, mirror: Mirror, version: DatasetVersion, moved: int) -> Mirror:
        now, found = self._kit.clock.now(), known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
        return put(
            tx,
            mirror,
            run=found.run + 1,
            transfer="",
            version=version.id,
            count=version.count,
            size=version.size,
            checked=now,
            moved=moved,
            moved_ever=found.moved_ever + moved,
            failures=0,
            problem="",
            due=None if found.every is None else now + found.every,
        )

    async def _dropped(self, mirror: Mirror, transfer: str, error: HanseError) -> None:
        """A transfer whose data did not come is ended: the next attempt asks for it anew, and goes on with what is here."""
        kit = self._kit
        with suppress(HanseError):
            await kit.dealings.drop(mirror.tenant, transfer, f"The mirror could not be refreshed: {error.message}"[:MAX_TEXT])
        with suppress(HanseError):
            await kit.change(mirror, MirrorState.ACTIVE, transfer="")

    async def _tidy(self, mirror: Mirror) -> None:
        """Drop versions that are too old, unless they are on offer as such, or somebody keeps them."""
        kit = self._kit
        versions = await kit.shelf.versions(mirror.tenant, mirror.name)
        pinned = await kit.onward.pinned(mirror.tenant, mirror.name)
        for version in versions[: -mirror.keep]:
            if version.id not in pinned:
                await kit.shelf.delete(version, f"the mirror keeps {mirror.keep} versions")


def _noted(tx: Any, mirror: Mirror, transfer: str) -> None:
    put(tx, mirror, MirrorState.ACTIVE, transfer=transfer)


def backed_off(kit: Kit, mirror: Mirror, error: HanseError) -> dict[str, Any]:
    """Return how a mirror is after a refresh that did not succeed: when it is tried again, and why it has to be."""
    pause = min(kit.rules.pause * 2 ** min(mirror.failures, 10), kit.rules.longest)
    return {"failures": mirror.failures + 1, "problem": error.message[:MAX_TEXT], "due": kit.clock.now() + pause}
