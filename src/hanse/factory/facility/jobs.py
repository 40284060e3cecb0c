"""Work that takes longer than a request may: it runs beside everything else, and tells how far it is."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.factory.facility.records import Collected
from hanse.factory.facility.vaults import new_name
from hanse.factory.facility.verifying import Verdict
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, NotFound, TooMany
from hanse.kernel.tenant import Tenant

MOST: Final = 4
"""Jobs of one participant that run at once."""
_REMEMBERED: Final = 200
log = logging.getLogger("hanse.facility")

Result = Verdict | DatasetVersion | Collected


class Job(Struct, kw_only=True):
    """A job: what it does, when it began, how many bytes of how many are done, and what came of it once it is over."""

    id: str
    tenant: Tenant
    what: str
    began: datetime
    done: int = 0
    size: int = 0
    result: Result | None = None
    error: HanseError | None = None
    over: bool = False

    def progress(self, done: int, size: int) -> None:
        """Tell how far it is."""
        self.done, self.size = done, size


class Jobs:
    """The jobs of this server process. A restart forgets them; each can be begun again, and goes on where it was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, tenant: Tenant, what: str, work: Callable[[Job], Awaitable[Result]]) -> Job:
        """Begin a job. Raises `TooMany`."""
        if sum(self._jobs[one].tenant == tenant for one in self._tasks) >= MOST:
            raise TooMany(f"{MOST} jobs of the facility are under way.", retry_after=10.0)
        job = Job(id=new_name(), tenant=tenant, what=what, began=self._clock.now())
        self._jobs[job.id] = job
        self._tasks[job.id] = asyncio.create_task(self._run(job, work))
        for old in list(self._jobs)[: max(0, len(self._jobs) - _REMEMBERED)]:
            if old not in self._tasks:
                del self._jobs[old]
        return job

    def get(self, tenant: Tenant, id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        found = self._jobs.get(id)
        if found is None or found.tenant != tenant:
            raise NotFound("There is no such job; a restart of the server forgets them.", where="job", hint="Begin it again.")
        return found

    async def wait(self, tenant: Tenant, id: str, seconds: float) -> Job:
        """Return a job once it is over, or after so many seconds."""
        job, task = self.get(tenant, id), self._tasks.get(id)
        if task is not None:
            await asyncio.wait([task], timeout=seconds)
        return job

    async def close(self) -> None:
        """Stop what runs."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Callable[[Job], Awaitable[Result]]) -> None:
        try:
            job.result = await work(job)
        except HanseError as error:
            job.error = error
        except Exception:
            log.exception("A job of the facility (%s) failed.", job.what)
            job.error = HanseError("It was broken off by a fault of the server; its log has the rest.")
        finally:
            job.over = True
            self._tasks.pop(job.id, None)
