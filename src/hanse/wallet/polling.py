"""The holder asks how far its requests are (DCP 1.0, 6.8): an issuer's answer may have been lost, or refused at our own door.

The first question comes a minute after the issuer took the request, the next after pauses that double, for 90 days at most.
The address is the issuer's own, from its DID document: of the Location that it gave, only the id is used, so that our token
goes nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from msgspec import structs

from hanse.identity.dcp.messages import CredentialStatus
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, NotFound, PeerInvalid
from hanse.wallet.letters import one_line
from hanse.wallet.ports import Database, Issuers, WalletTx
from hanse.wallet.records import CredentialRequest, RequestState

log = logging.getLogger("hanse.requests")

FIRST: Final = timedelta(minutes=1)
"""How long after the issuer took a request it is asked for the first time."""
LONGEST: Final = timedelta(hours=6)
KEPT: Final = timedelta(days=90)
"""For how long it is asked: what issuers of this product keep."""
ON_ITS_WAY: Final = timedelta(days=2)
"""For how long it is asked when it has said that it issued, and nothing has arrived: longer than a delivery is tried."""
PARALLEL: Final = 8
PATIENCE: Final = timedelta(seconds=20)
"""How long one question may last."""

NOT_HERE: Final = "Its issuer says that it has issued them, but nothing has arrived here."
_REJECTED: Final = "Its issuer says that it was rejected. No letter came that says why."
_ID: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:%-]{1,256}")


class Polling:
    """Asks issuers, several at once. A chore of the timer."""

    def __init__(self, database: Database, issuers: Issuers, clock: Clock) -> None:
        self._database = database
        self._issuers = issuers
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.wake: Callable[[], None] = lambda: None
        """To be replaced by what makes somebody call `ask_due` soon."""

    async def ask_due(self) -> None:
        """Begin to ask about what is due; returns while it is under way. `wake` is called when it is done."""
        now = self._clock.now()
        if self._task is not None or not await self._database.read(lambda tx: tx.requests.due(now, limit=1)):
            return
        taken = await self._database.run(lambda tx: _take(tx, now))
        self._task = asyncio.get_running_loop().create_task(self._ask_all(taken))
        self._task.add_done_callback(self._asked)

    async def next_due(self) -> datetime | None:
        """Return when `ask_due` should be called next, or nothing: the end of what is under way wakes."""
        return None if self._task is not None else await self._database.read(lambda tx: tx.requests.next_due())

    async def close(self) -> None:
        """Break off: what was not answered is asked again later."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _asked(self, _task: asyncio.Task[None]) -> None:
        self._task = None
        self.wake()

    async def _ask_all(self, taken: Sequence[CredentialRequest]) -> None:
        for fault in await asyncio.gather(*map(self._ask, taken), return_exceptions=True):
            if isinstance(fault, Exception):
                # What was said could not be stored. The next question is due all the same.
                log.warning("requests: %s: %s", type(fault).__name__, fault if isinstance(fault, HanseError) else "unexpected")

    async def _ask(self, request: CredentialRequest) -> None:
        said, error = None, ""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                said = await self._status(request)
        except TimeoutError:
            error = "No answer came in time."
        except HanseError as fault:
            error = one_line(fault.message)
        now = self._clock.now()

        def work(tx: WalletTx) -> None:
            current = tx.requests.get(request.tenant, request.holder_pid)
            if current is not None and is_awaited(current):
                tx.requests.put(_heard(structs.replace(current, last_error=error), said, now))

        await self._database.run(work)

    async def _status(self, request: CredentialRequest) -> CredentialStatus:
        id = issuer_pid(request)
        if id is None:
            raise NotFound("The issuer gave no id by which it could be asked.")
        said = await self._issuers.request_status(request.tenant, request.issuer, id)
        if said.holder_pid != request.holder_pid:
            raise PeerInvalid("The issuer's answer is about another request.", where="holderPid")
        return said


def is_awaited(request: CredentialRequest) -> bool:
    """Tell whether the issuer has the request, and nothing has come of it that we hold or that is final."""
    return request.state is RequestState.RECEIVED or (request.state is RequestState.ISSUED and request.reason != "")


def issuer_pid(request: CredentialRequest) -> str | None:
    """Return the issuer's id for a request: what it said, or the end of the address that it gave; nothing if that is no id."""
    try:
        id = request.issuer_pid or urlsplit(request.status_url).path.rpartition("/")[2]
    except ValueError:
        return None
    return id if _ID.fullmatch(id) else None


def _take(tx: WalletTx, now: datetime) -> list[CredentialRequest]:
    """Move what is due ahead, so that no other server process asks the same; return what there is to ask."""
    taken = []
    for found in tx.requests.due(now, limit=PARALLEL):
        one = tx.requests.get(found.tenant, found.holder_pid)
        if one is None or one.due is None or one.due > now:
            continue
        if not is_awaited(one) or now >= _until(one):
            tx.requests.put(structs.replace(one, due=None))
            continue
        asked = structs.replace(one, due=now + min(FIRST * (2 << min(one.polls, 16)), LONGEST), polls=one.polls + 1)
        tx.requests.put(asked)
        taken.append(asked)
    return taken


def _until(request: CredentialRequest) -> datetime:
    return request.updated + ON_ITS_WAY if request.state is RequestState.ISSUED else request.created + KEPT


def _heard(request: CredentialRequest, said: CredentialStatus | None, now: datetime) -> CredentialRequest:
    if said is None or said.status.lower() == request.state.value:
        return request
    known = structs.replace(request, issuer_pid=said.issuer_pid, updated=now)
    if said.status == "REJECTED":
        return structs.replace(known, state=RequestState.REJECTED, reason=f"{_REJECTED} {request.refusal}".rstrip(), due=None)
    if said.status == "ISSUED":
        return structs.replace(known, state=RequestState.ISSUED, reason=NOT_HERE)
    return structs.replace(known, state=RequestState.RECEIVED, reason="")
