"""Letters: DCP messages and signed statements that a participant sends, kept until they are settled (compare `connector.outbox`).

A letter is stored in the transaction that makes it necessary. `send_due` takes what is due by moving `due` ahead, so that
no other server process takes it too, and posts it: several at once, one after the other to each receiver. What came of it
is stored, by whoever queued it, in the transaction that forgets the letter. A letter may arrive twice, if the answer to it is
lost; DCP's receivers cope with that (6.4, 6.5).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct, structs

from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, Invalid
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.ports import Database, Mail, MailAnswer, WalletTx
from hanse.wallet.records import Letter, ServiceType

log = logging.getLogger("hanse.letters")

PARALLEL: Final = 16
"""Letters that one server process posts at a time, each to another receiver."""
LEASE: Final = timedelta(seconds=60)
"""For how long a letter that is being posted is left to the process that took it."""
ATTEMPT: Final = timedelta(seconds=30)
"""How long one attempt may last; well below the lease."""
FIRST_DELAY: Final = timedelta(milliseconds=500)
LONGEST_DELAY: Final = timedelta(minutes=10)
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)
"""A receiver may ask us to wait for this long at most."""
LIFETIME: Final = timedelta(days=1)
"""How long a letter is tried, unless it is said otherwise."""
MAX_BODY: Final = 1024 * 1024
"""Bytes of a letter: what a receiver takes."""
WALLET_FULL: Final = "wallet-full"
"""The rule by which a wallet refuses what it has no room for."""
MAX_WAITING: Final = 1_000
"""Letters of one participant to one receiver. The oldest are given up for those that come after them."""
MAX_REASON: Final = 500
"""Characters of what is kept of a receiver's words."""

_LATER: Final = frozenset({404, 408, 425, 429})
_UNPROVED: Final = 401
_UNPROVED_ATTEMPTS: Final = 7
"""401 says nothing of the letter for half a minute: its receiver may not have got our DID document, e.g. while our server starts."""
_REPEATED: Final = 409  # to a second attempt it says that the first has arrived, and its answer was lost

Done = Callable[[WalletTx, Letter, MailAnswer], None]
Failed = Callable[[WalletTx, Letter, str], None]


class LetterQueued(Struct, frozen=True):
    """Event: a letter was stored and can be sent now."""

    tenant: Tenant
    id: str


class Letters:
    """Posts letters until they have arrived or were refused, or their time is over."""

    def __init__(self, database: Database, mail: Mail, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._mail = mail
        self._clock = clock
        self._ids = ids
        self._kinds: dict[str, tuple[Done, Failed]] = {}
        self._taking = asyncio.Lock()
        self._tasks: dict[Did, asyncio.Task[None]] = {}
        self.wake: Callable[[], None] = lambda: None
        """To be replaced by what makes somebody call `send_due` soon."""

    def register(self, kind: str, done: Done, failed: Failed) -> None:
        """Name who takes the outcome of letters of this kind: `done(tx, letter, answer)`, or `failed(tx, letter, reason)` in words.

        Both are called in the transaction that forgets the letter, once, and may be called again if it has to be repeated.
        """
        self._kinds[kind] = (done, failed)

    def queue(
        self,
        tx: WalletTx,
        *,
        tenant: Tenant,
        to: Did,
        service: ServiceType,
        path: str,
        body: bytes,
        kind: str,
        about: str,
        token: str | None = None,
        lifetime: timedelta = LIFETIME,
    ) -> str:
        """Store a letter in the caller's transaction; return its id.

        It goes to `path` (such as `/credentials`) below the address of that service of `to`, and is tried for `lifetime`;
        `token` goes along as its token's `token` claim. If too many wait for that receiver, the oldest is given up.
        Raises `Invalid` for more than 1 MiB.
        """
        if len(body) > MAX_BODY:
            raise Invalid(f"The message is larger than {MAX_BODY} bytes.", where="body", hint="Ask for fewer credentials at a time.")
        now = self._clock.now()
        letter = Letter(
            id=self._ids.new("ltr"),
            tenant=tenant,
            to=to,
            service=service,
            path=path,
            body=body,
            kind=kind,
            about=about,
            token=token,
            due=now,
            deadline=now + lifetime,
        )
        for id in tx.letters.to(tenant, to)[: -(MAX_WAITING - 1)]:
            self._give_up(tx, id)
        tx.letters.put(letter)
        tx.emit(LetterQueued(tenant, letter.id))
        return letter.id

    def on_event(self, event: object) -> None:
        """Wake whoever calls `send_due` when a letter has been committed. To be subscribed to the database's events."""
        if isinstance(event, LetterQueued):
            self.wake()

    async def send_due(self) -> None:
        """Begin to post what is due, as much as there is room for; returns while it is under way. `wake` is called after each."""
        async with self._taking:
            now, busy = self._clock.now(), frozenset(self._tasks)
            for letter in await self._database.run(lambda tx: _take(tx, now, busy)):
                self._tasks[letter.to] = task = asyncio.get_running_loop().create_task(self._attempt(letter))
                task.add_done_callback(partial(self._attempted, letter.to))

    async def next_due(self) -> datetime | None:
        """Return when `send_due` should be called next, or nothing: what waits for an attempt under way is woken for by its end."""
        busy = frozenset(self._tasks)
        return None if len(busy) >= PARALLEL else await self._database.read(lambda tx: tx.letters.next_due(busy))

    async def drain(self, seconds: float) -> None:
        """Wait for the attempts under way, at most `seconds`; what is left is sent after the next start."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    def _attempted(self, to: Did, task: asyncio.Task[None]) -> None:
        del self._tasks[to]
        if not task.cancelled() and (error := task.exception()) is not None:
            # What came of it could not be stored: the letter is still there, and due when its lease is over.
            log.warning("letters: %s: %s", type(error).__name__, error if isinstance(error, HanseError) else "unexpected")
        self.wake()

    async def _attempt(self, letter: Letter) -> None:
        answer = await self._post(letter)
        done, failed = self._kinds.get(letter.kind, (_ignored, _ignored))
        if _arrived(letter, answer):
            await self._settle(letter, lambda tx: done(tx, letter, answer))
        elif not _worth_repeating(letter, answer):
            await self._settle(letter, lambda tx: failed(tx, letter, reason(answer)))
        elif self._clock.now() >= letter.deadline:
            await self._settle(letter, lambda tx: failed(tx, letter, f"It was given up after {letter.attempts} attempts. {reason(answer)}"))
        else:
            await self._later(letter, answer)

    async def _post(self, letter: Letter) -> MailAnswer:
        try:
            async with asyncio.timeout(ATTEMPT.total_seconds()):
                return await self._mail.post(letter.tenant, letter.to, letter.service, letter.path, letter.body, letter.token)
        except TimeoutError:
            return MailAnswer(status=None, error="No answer came in time.")

    def _give_up(self, tx: WalletTx, id: str) -> None:
        letter = tx.letters.get(id)
        if letter is not None:
            tx.letters.delete(id)
            _, failed = self._kinds.get(letter.kind, (_ignored, _ignored))
            failed(tx, letter, f"It was given up for later ones: more than {MAX_WAITING} waited. {letter.last_error}".rstrip())

    async def _settle(self, letter: Letter, tell: Callable[[WalletTx], None]) -> None:
        def work(tx: WalletTx) -> None:
            if tx.letters.get(letter.id) is not None:  # else another process has settled it, or its sender was erased
                tx.letters.delete(letter.id)
                tell(tx)

        await self._database.run(work)

    async def _later(self, letter: Letter, answer: MailAnswer) -> None:
        now = self._clock.now()
        # The last attempt is made when the time is over, not after the pause that would follow.
        due = max(min(now + _pause(letter, answer), letter.deadline), now + FIRST_DELAY)

        def work(tx: WalletTx) -> None:
            if tx.letters.get(letter.id) is not None:
                tx.letters.put(structs.replace(letter, due=due, last_error=reason(answer)))

        await self._database.run(work)


def reason(answer: MailAnswer) -> str:
    """Return why a letter did not arrive, in words that a person can read: at most 500 characters, on one line."""
    if answer.status is None:
        return one_line(answer.error) or "No answer came."
    said = one_line(_said(answer.body))
    return f"The other side answered HTTP {answer.status}" + (f": {said}" if said else ".")


def one_line(text: str) -> str:
    """Return what somebody else said so that it can be shown to people: at most 500 characters, on one line."""
    return "".join(one if one.isprintable() else " " for one in text[:MAX_REASON]).strip()


def _take(tx: WalletTx, now: datetime, busy: frozenset[Did]) -> list[Letter]:
    taken: dict[Did, Letter] = {}
    while len(taken) + len(busy) < PARALLEL:
        letter = tx.letters.longest_due(now, busy | taken.keys())
        if letter is None:
            break
        taken[letter.to] = structs.replace(letter, due=now + LEASE, attempts=letter.attempts + 1)
        tx.letters.put(taken[letter.to])
    return list(taken.values())


def _arrived(letter: Letter, answer: MailAnswer) -> bool:
    if answer.status is None:
        return False
    # A wallet of this product that is full answers so, too, however often it is asked.
    repeated = answer.status == _REPEATED and letter.attempts > 1 and WALLET_FULL.encode() not in answer.body
    return 200 <= answer.status < 300 or repeated


def _worth_repeating(letter: Letter, answer: MailAnswer) -> bool:
    if answer.hopeless:
        return False
    if answer.status is None or answer.status >= 500 or answer.status in _LATER:
        return True
    return answer.status == _UNPROVED and letter.attempts < _UNPROVED_ATTEMPTS


def _pause(letter: Letter, answer: MailAnswer) -> timedelta:
    factor: int = 1 << min(letter.attempts - 1, 16)
    growing = FIRST_DELAY * factor * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, no secret
    asked = timedelta(seconds=min(answer.retry_after or 0, LONGEST_RETRY_AFTER.total_seconds()))
    return max(min(growing, LONGEST_DELAY), asked)


def _ignored(_tx: WalletTx, _letter: Letter, _outcome: object) -> None:
    """Take the outcome of a kind that nobody has registered: there is nobody to tell."""


def _said(body: bytes) -> str:
    """Return what an error body says, whatever it looks like: RFC 9457, OAuth, EDC's lists of messages."""
    try:
        said = msgspec.json.decode(body) if len(body) <= MAX_BODY else None
    except (ValueError, RecursionError):
        return ""
    first = said[0] if isinstance(said, list) and said else said
    if not isinstance(first, dict):
        return ""
    words = (first.get(name) for name in ("detail", "error_description", "message", "reason", "error"))
    return next((one for one in words if isinstance(one, str) and one), "")
