"""A participant asks issuers for credentials, and sees what came of it (DCP 1.0, 6.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.dcp.messages import CredentialId, CredentialObject, CredentialRequestMessage, write
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet.letters import Letters, one_line
from hanse.wallet.polling import FIRST, is_awaited, issuer_pid
from hanse.wallet.ports import Database, Issuers, MailAnswer, WalletTx
from hanse.wallet.records import CredentialRequest, Letter, RequestState

KIND: Final = "credential-request"
"""The kind of the letters that are sent here."""
MAX_REQUESTS: Final = 1_000
"""Requests that are kept of one participant; the oldest that are settled give way to new ones."""
SAME: Final = timedelta(hours=1)
"""How old a request on its way to the issuer may be to stand for a new offer of the same."""
STUCK: Final = timedelta(minutes=1)
"""How long the issuer may have had a request that still does. Who has one, and offers the same later, will not answer it."""

_REPLACED: Final = "Its issuer offered the same again, so it was asked for anew."
_PROFILES: Final = (VC20, VC11)  # those that we can hold, the preferred one first
_OPEN: Final = frozenset({RequestState.ASKED, RequestState.RECEIVED})


class Explanation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The story of a request. `waits_for` and `who` are empty when nothing is left to do; `until` is the deadline."""

    id: str
    summary: str
    state: RequestState
    waits_for: str = ""
    who: str = ""
    until: datetime | None = None
    attempts: int = 0
    last_error: str = ""
    next_attempt: datetime | None = None


class Requests:
    """The holder's half of issuing. Credentials themselves arrive at the credential service (`wallet.credentials`)."""

    def __init__(self, database: Database, issuers: Issuers, letters: Letters, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._issuers = issuers
        self._letters = letters
        self._clock = clock
        self._ids = ids
        letters.register(KIND, self._received, self._failed)

    async def ask(self, tenant: Tenant, issuer: Did, types: Sequence[str] | None, because: str, space: str = "") -> CredentialRequest:
        """Ask an issuer for credentials of these types, or (None) for one of each type that it makes.

        An anchor has the same types for each of its spaces: of those, the ones whose ids lie below `space`, its address.
        Raises `Invalid` for a type that the issuer does not make, or not in a profile that we can hold; `Conflict` if there
        are too many open requests; `PeerError`s if its metadata cannot be had.
        """
        metadata = await self._issuers.metadata(issuer)
        nearest = sorted(metadata.credentials_supported, key=lambda one: not one.id.startswith(space + "/"))
        chosen = _chosen(nearest, types)
        return await self._database.run(lambda tx: self.put(tx, tenant, issuer, chosen, because))

    def put(self, tx: WalletTx, tenant: Tenant, issuer: Did, wanted: Sequence[CredentialObject], because: str) -> CredentialRequest:
        """Store a request and the letter that makes it, in the caller's transaction.

        `wanted` are full entries of the issuer's metadata, at least one. Raises `Conflict` if there are too many open requests.
        """
        _make_room(tx, tenant)
        now, pid = self._clock.now(), self._ids.new("req")
        message = CredentialRequestMessage(holder_pid=pid, credentials=[CredentialId(one.id) for one in wanted])
        letter = self._letters.queue(
            tx,
            tenant=tenant,
            to=issuer,
            service="IssuerService",
            path="/credentials",
            body=write(message),
            kind=KIND,
            about=pid,
        )
        request = CredentialRequest(
            holder_pid=pid,
            tenant=tenant,
            issuer=issuer,
            wanted=tuple(one.id for one in wanted),
            types=tuple(dict.fromkeys(one.credential_type for one in wanted if one.credential_type is not None)),
            state=RequestState.ASKED,
            because=because,
            letter=letter,
            created=now,
            updated=now,
        )
        tx.requests.put(request)
        return request

    def put_once(self, tx: WalletTx, tenant: Tenant, issuer: Did, wanted: Sequence[CredentialObject], because: str) -> CredentialRequest:
        """Do as `put` does, unless the same was asked for just now and is not answered yet: return that request then.

        A request that is stuck gives way: what is delivered for it after all is taken, but nobody waits for it.
        """
        ids, now = tuple(one.id for one in wanted), self._clock.now()
        kept = tx.requests.page(tenant, after=None, limit=MAX_REQUESTS)
        same = [one for one in kept if one.issuer == issuer and one.wanted == ids and one.state in _OPEN]
        fresh = next((one for one in same if not _is_stuck(one, now)), None)
        if fresh is not None:
            return fresh
        for one in same:
            tx.letters.delete(one.letter)
            tx.requests.put(structs.replace(one, state=RequestState.FAILED, reason=_REPLACED, due=None, updated=now))
        return self.put(tx, tenant, issuer, wanted, because)

    async def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[CredentialRequest]:
        """Return up to `limit` requests, the oldest first, those after the id `after`."""
        return await self._database.read(lambda tx: tx.requests.page(tenant, after=after, limit=limit))

    async def get(self, tenant: Tenant, holder_pid: str) -> CredentialRequest:
        """Return a request by its id. Raises `NotFound`."""
        return await self._database.read(lambda tx: _found(tx, tenant, holder_pid))

    async def explain(self, tenant: Tenant, holder_pid: str) -> Explanation:
        """Say what a request is about, what it waits for, and who must act. Raises `NotFound`."""

        def work(tx: WalletTx) -> tuple[CredentialRequest, Letter | None]:
            request = _found(tx, tenant, holder_pid)
            return request, tx.letters.get(request.letter)

        return _explained(*await self._database.read(work))

    @asynccontextmanager
    async def noting(self, tenant: Tenant, issuer: Did, holder_pid: str) -> AsyncIterator[None]:
        """Around taking what the issuer delivers: if it is refused for good (`Invalid`, `Conflict`), the request tells why."""
        try:
            yield
        except (Invalid, Conflict) as fault:
            said = one_line(f"This wallet did not take what was delivered: {fault.message}")

            def work(tx: WalletTx) -> None:
                request = tx.requests.get(tenant, holder_pid)
                if request is not None and request.issuer == issuer:
                    tx.requests.put(structs.replace(request, refusal=said))

            await self._database.run(work)
            raise

    def _received(self, tx: WalletTx, letter: Letter, answer: MailAnswer) -> None:
        request = tx.requests.get(letter.tenant, letter.about)
        if request is None:
            return
        now = self._clock.now()
        known = structs.replace(request, status_url=answer.location[:2048] or request.status_url, updated=now)
        # The credentials themselves may have been faster than the answer to the request.
        if known.state is RequestState.ASKED:
            known = structs.replace(known, state=RequestState.RECEIVED)
        asks = is_awaited(known) and issuer_pid(known) is not None
        tx.requests.put(structs.replace(known, due=now + FIRST if asks else None))

    def _failed(self, tx: WalletTx, letter: Letter, reason: str) -> None:
        request = tx.requests.get(letter.tenant, letter.about)
        if request is not None and request.state is RequestState.ASKED:
            tx.requests.put(structs.replace(request, state=RequestState.FAILED, reason=reason, updated=self._clock.now()))


def one_per_type(offered: Sequence[CredentialObject]) -> list[CredentialObject]:
    """Return one of the full entries for each type that can be held here: that of VC 2.0, where both profiles are offered."""
    by_type: dict[str, CredentialObject] = {}
    for profile in _PROFILES:
        for one in offered:
            if one.profile == profile and one.credential_type is not None:
                by_type.setdefault(one.credential_type, one)
    return list(by_type.values())


def _chosen(offered: Sequence[CredentialObject], types: Sequence[str] | None) -> list[CredentialObject]:
    """Return one entry for each of the types, or (None) for each type there is. Raises `Invalid`, naming what is there."""
    by_type = {one.credential_type: one for one in one_per_type(offered) if one.credential_type is not None}
    wanted = list(dict.fromkeys(types)) if types is not None else list(by_type)
    missing = [one for one in wanted if one not in by_type]
    if missing or not wanted:
        said = f"The issuer does not make {_listed(missing)}." if missing else "There is nothing to ask for."
        raise Invalid(said, where="types", rule="types", hint=f"It makes: {_listed(list(by_type)) or 'nothing that can be held here'}.")
    return [by_type[one] for one in wanted]


def _is_stuck(request: CredentialRequest, now: datetime) -> bool:
    if request.state is RequestState.ASKED:
        return request.created <= now - SAME
    return request.updated <= now - STUCK


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(one[:128] for one in names[:16])
    return shown if len(names) <= 16 else f"{shown} and {len(names) - 16} more"


def _found(tx: WalletTx, tenant: Tenant, holder_pid: str) -> CredentialRequest:
    request = tx.requests.get(tenant, holder_pid)
    if request is None:
        raise NotFound(f"There is no request {holder_pid[:80]!r}.", where="id", hint="Ids look like req_….")
    return request


def _make_room(tx: WalletTx, tenant: Tenant) -> None:
    kept = tx.requests.page(tenant, after=None, limit=MAX_REQUESTS)
    if len(kept) < MAX_REQUESTS:
        return
    settled = next((one for one in kept if one.state not in _OPEN), None)
    if settled is None:
        raise Conflict(f"{MAX_REQUESTS} requests are not answered yet.", rule="requests", hint="Wait for their issuers.")
    tx.requests.delete(tenant, settled.holder_pid)


def _explained(request: CredentialRequest, letter: Letter | None) -> Explanation:
    summary = f"A request ({request.because}) to {request.issuer} for {_listed(request.types)}."
    for said in (request.reason, request.refusal if is_awaited(request) else ""):
        summary += f" {said}" if said else ""
    story = Explanation(id=request.holder_pid, summary=summary, state=request.state)
    if is_awaited(request):
        waits = "the issuer to decide, and to deliver the credentials" if request.state is RequestState.RECEIVED else "the delivery"
        asked = structs.replace(story, attempts=request.polls, last_error=request.last_error, next_attempt=request.due)
        return structs.replace(asked, waits_for=waits, who="the issuer")
    if request.state is not RequestState.ASKED:
        return story
    waiting = structs.replace(story, waits_for="the issuer to take the request", who="the issuer, or the network between")
    if letter is None:
        return waiting
    return structs.replace(waiting, until=letter.deadline, attempts=letter.attempts, last_error=letter.last_error, next_attempt=letter.due)
