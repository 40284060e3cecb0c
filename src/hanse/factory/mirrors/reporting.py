"""What the factory's own users did with a mirror, told to its provider: how often, how many bytes, each user as a salted digest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from hanse.factory.mirrors.kit import Kit, known, put
from hanse.factory.mirrors.records import Line, Mirror, Report, Used
from hanse.kernel.errors import HanseError

MARGIN: Final = timedelta(minutes=5)
"""A use that ended just before a report may be written down just after it: the next report looks so far back."""
SETTLED: Final = timedelta(seconds=1)
"""What a use has sent is written down a little after it (`dataplane.metering`): it is reported once it is older than this."""
_LOOKS: Final = 5
log = logging.getLogger("hanse.mirrors")


class Reporting:
    """Reports uses. Each use is in one report, whatever happens in between."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def report(self, mirror: Mirror) -> Report:
        """Report what ended since the last report; without any use nothing is stated."""
        kit = self._kit
        mirror = await kit.mirror(mirror.tenant, mirror.name)
        now = kit.clock.now()
        lines = [one for one in await self._uses(mirror) if one.at <= now - SETTLED]
        fresh = [one for one in lines if one.use not in mirror.recent]
        digests = {who: digest(mirror.salt, who) for who in {one.who for one in fresh}}
        if fresh:
            await kit.log.look(mirror.tenant, mirror.provider)

        def work(tx: Any) -> Report:
            current = known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
            if (current.reported, current.recent) != (mirror.reported, mirror.recent):
                return Report(since=current.reported, at=now, uses=0, size=0)  # another report came in between
            stated = kit.log.report(tx, mirror, mirror.reported, fresh, digests) if fresh else ()
            put(tx, mirror, reported=now, recent=tuple(one.use for one in lines if one.at >= now - MARGIN))
            return summed(mirror, fresh, digests, now, tuple(stated))

        return await kit.database.run(work)

    async def last(self, mirror: Mirror) -> Report:
        """Report what is left, the use that ended just now included: no report comes after this one."""
        for _ in range(_LOOKS):
            newest = max((one.at for one in await self._uses(await self._kit.mirror(mirror.tenant, mirror.name))), default=None)
            left = None if newest is None else newest + SETTLED - self._kit.clock.now()
            if left is None or left <= timedelta():
                break
            await asyncio.sleep(min(left, SETTLED).total_seconds() + 0.01)
        return await self.report(mirror)

    async def _uses(self, mirror: Mirror) -> Sequence[Line]:
        return await self._kit.onward.uses(mirror, mirror.reported - MARGIN)

    async def report_all(self) -> None:
        """Report for all mirrors that have not ended and whose last report is long ago."""
        kit = self._kit
        for mirror in await kit.database.read(lambda tx: tx.mirrors.open()):
            if mirror.reported + kit.rules.report > kit.clock.now():
                continue
            try:
                await self.report(mirror)
            except HanseError as error:  # it is nothing to the others
                log.warning("The use of %s could not be reported: %s", mirror.name, error.message, extra={"participant": mirror.tenant})


def digest(salt: str, who: str) -> str:
    """Return what stands for a user: the same in all reports of one mirror, and nothing that anybody can look up."""
    return "usr-" + sha256(f"{salt} {who}".encode()).hexdigest()[:32]


def summed(mirror: Mirror, lines: Sequence[Line], digests: dict[str, str], now: Any, statements: tuple[str, ...]) -> Report:
    """Return a report per user."""
    users = [
        Used(user=digests[who], uses=sum(one.who == who for one in lines), size=sum(one.size for one in lines if one.who == who))
        for who in sorted(digests, key=lambda one: digests[one])
    ]
    size = sum(one.size for one in lines)
    return Report(since=mirror.reported, at=now, uses=len(lines), size=size, users=tuple(users), statements=statements)
