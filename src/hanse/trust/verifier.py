"""What a peer proves by the credentials that it presents (DCP 1.0, section 5), and whether that still holds later.

A peer that calls sends an access token along. With it we ask its credential service for what we need to know, verify
the answer under the rulebook of a space of ours, and remember the claims for less than a minute: no longer than any status
list behind them. The credentials are kept, so that they can be verified again when the peer is not there to present
them, as long as its data flows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from msgspec import Struct, structs

from hanse.identity.credentials.lists import STANDARD, ListRules
from hanse.identity.credentials.model import Credential, Verified
from hanse.identity.credentials.presentations import SetAside, verify_answer
from hanse.identity.credentials.read import read_credential
from hanse.identity.credentials.verify import Rules, verify_read
from hanse.identity.dcp.messages import PresentationQueryMessage
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.self_issued import Caller
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, ClaimsRefused, PeerError, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.trust import faults
from hanse.trust.bounded import Bounded
from hanse.trust.claims import HOLD, RETRY, Claims, Ruled, claims_of, holds, look_again, types_asked
from hanse.trust.flights import Flights
from hanse.trust.keeping import Keeping
from hanse.trust.lists import RecentLists
from hanse.trust.ports import Database, Queries, Resolver, Rulebooks
from hanse.trust.records import Refusal
from hanse.trust.refusals import Refusals
from hanse.trust.tokens import end_of

ENTRIES: Final = 10_000
"""Claims that are remembered, by access token and by peer."""
HELD_BYTES: Final = 64 * 1024 * 1024
"""Memory for each of the two, as reckoned by `_size`."""
PATIENCE: Final = 20.0
"""Seconds that one presentation may take: each of the lists that its credentials name may take five."""
_PER_CHARACTER: Final = 4  # a credential as text, and what was read from it
_PER_ENTRY: Final = 1_000

Peer = tuple[Tenant, Did, str]
"""A participant, its peer, and the address of the space in which they meet."""
_Asked = tuple[str, ...]
_Key = tuple[Tenant, Did, bytes, _Asked, str]


class _Admitted(Struct, frozen=True):
    """The claims that were presented with one access token, by which rules, and until when nobody is asked again."""

    claims: Claims
    ruled: Ruled
    again: datetime


class _Known(Struct, frozen=True):
    """All claims of one peer that are known to hold. `whole`: everything that is kept of it was looked at."""

    claims: Claims
    ruled: Ruled
    again: datetime
    whole: bool


class _Looked(Struct, frozen=True):
    """What came of looking at a kept credential again: it still holds, or why not. `types` are empty if it cannot be read."""

    text: str
    types: tuple[str, ...]
    verified: Verified | None = None
    fault: Unauthenticated | None = None


class Verifier:
    """Verifies peers for all participants of this process.

    `list_rules` are what status lists must be, and `exact_dates` whether the dates of credentials must agree
    (`credentials.verify.Rules`): other than standard for the compatibility kits of others only. Refused claims are remembered
    for two seconds by access token, so that nobody can make us ask at the rate at which it calls.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        rulebooks: Rulebooks,
        queries: Queries,
        resolver: Resolver,
        *,
        list_rules: ListRules = STANDARD,
        exact_dates: bool = True,
        entries: int = ENTRIES,
        held_bytes: int = HELD_BYTES,
        patience: float = PATIENCE,
    ) -> None:
        """Take the ports, and how much may be remembered."""
        self._clock = clock
        self._rulebooks = rulebooks
        self._queries = queries
        self._resolver = resolver
        self._list_rules = structs.replace(list_rules, refresh=min(list_rules.refresh, HOLD))
        self._exact_dates = exact_dates
        self._lists = RecentLists()
        self._keeping = Keeping(database)
        self._refusals = Refusals(database, clock, ids)
        self._admitted: Bounded[_Key, _Admitted] = Bounded(entries, held_bytes)
        self._known: Bounded[Peer, _Known] = Bounded(entries, held_bytes)
        self._met: Bounded[tuple[Tenant, Did], tuple[frozenset[str], datetime]] = Bounded(entries, held_bytes)
        self._flights: Flights[Claims, CallerError] = Flights(clock, CallerError, RETRY)
        self._epoch = 0
        self._patience = patience

    async def admit(
        self,
        tenant: Tenant,
        caller: Caller,
        needs: Collection[str] = (),
        wishes: Collection[str] = (),
        space: str = "",
    ) -> Claims:
        """Return what `caller` proves to `tenant` in a space (the only one, if none is named) by the access token that it sent along.

        It has to present a membership credential of that space, and one of each of the types `needs`; it may present
        one of each of the types `wishes`, about which somebody else decides: one that is refused gives no claims, and
        is written down, but refuses nothing else. Raises
        `ClaimsRefused` if they are not there or do not hold, `Unauthenticated` if it sent no token or if trying again can
        help (it cannot be asked, a list cannot be had), and what `Rulebooks.ruled` raises. Both are written down, and
        their hint names the id that `explain` takes.
        """
        token = caller.token
        if token is None:
            raise await self._refusals.noted(tenant, caller.did, faults.no_token())
        ruled = await self._rulebooks.ruled(tenant, space)
        needed = types_asked(ruled.rulebook, needs)
        asked = tuple(dict.fromkeys((*needed, *sorted(wishes))))
        key = (tenant, caller.did, sha256(token.encode("utf-8", "surrogatepass")).digest(), asked, ruled.rulebook.space)
        entry = self._admitted.get(key)
        if entry is not None and entry.ruled is ruled and holds(entry.again, self._clock.now()):
            return entry.claims
        return _or_raise(await self._flights.run(key, lambda: self._present(key, caller, token, ruled, len(needed))))

    async def standing(self, tenant: Tenant, peer: Did, needs: Collection[str] = (), space: str = "") -> Claims:
        """Return what `peer` has proved to `tenant` in a space before, as far as it holds now, without asking the peer.

        Raises `Forbidden` (`not-presented`) if it has presented nothing that would do, `ClaimsRefused` if a credential
        that it needs does not hold any more, and what `Rulebooks.ruled` raises. A list that cannot be fetched again
        takes nothing away while the last one may still be relied on (`HOLD`).
        """
        ruled = await self._rulebooks.ruled(tenant, space)
        asked = types_asked(ruled.rulebook, needs)
        known = self._known.get((tenant, peer, ruled.rulebook.space))
        if known is not None and known.whole and known.ruled is ruled and holds(known.again, self._clock.now()) and known.claims.has(asked):
            return known.claims
        key = (tenant, peer, b"", asked, ruled.rulebook.space)
        return _or_raise(await self._flights.run(key, lambda: self._look_again(key, ruled)))

    def known(self, tenant: Tenant, peer: Did, spaces: Iterable[str]) -> Sequence[Claims]:
        """Return what is known of `peer` in these spaces and holds now, from memory alone; of a space in which it is no member, nothing."""
        now = self._clock.now()
        found = (self._known.get((tenant, peer, space)) for space in spaces)
        return [known.claims for known in found if known is not None and known.claims.member and holds(known.claims.until, now)]

    async def presented(self, tenant: Tenant, peer: Did) -> Sequence[Credential]:
        """Return the credentials that `peer` presented last and that were verified then, without another look at them."""
        found: list[Credential] = []
        for text in await self._keeping.all(tenant, peer):
            with suppress(Unauthenticated):  # written by an earlier version of this program
                found.append(read_credential(text).credential)
        return found

    async def met_in(self, tenant: Tenant, peer: Did) -> frozenset[str]:
        """Return the spaces in which `peer` has presented credentials to `tenant` before, whatever they are worth now.

        What another process of this server has taken meanwhile is seen after `RETRY`.
        """
        met, now = self._met.get((tenant, peer)), self._clock.now()
        if met is None or not timedelta() <= now - met[1] < RETRY:
            met = (await self._keeping.spaces(tenant, peer), now)
            self._met.put((tenant, peer), met, _PER_ENTRY)
        return met[0]

    async def explain(self, tenant: Tenant, what: str) -> Sequence[Refusal]:
        """Return the refusal of that id, or the last ones of that peer (a DID), the newest first. Raises `NotFound`."""
        return await self._refusals.explain(tenant, what)

    def forget_list(self, url: str) -> None:
        """Fetch the status lists at or below `url` anew, and verify again what depends on them: they have changed."""
        below = url.rstrip("/") + "/"

        def concerned(claims: Claims) -> bool:
            places = (entry.status_list_credential for one in claims.credentials for entry in one.credential.statuses)
            return any((place + "/").startswith(below) for place in places)

        self._lists = self._lists.without(url)
        self._forget(lambda _: True, lambda claims, _: concerned(claims))

    def forget_space(self, url: str) -> None:
        """Verify again what was judged by the rulebook of the space at `url`."""
        self._forget(lambda _: True, lambda _, ruled: ruled.rulebook.space == url)

    def forget_tenant(self, tenant: Tenant) -> None:
        """Forget what was proved to a participant: it is gone, or has joined another space."""
        self._refusals.forget(tenant)
        self._admitted.drop(lambda key, _: key[0] == tenant)
        self._known.drop(lambda key, _: key[0] == tenant)
        self._met.drop(lambda key, _: key[0] == tenant)
        self._forget(lambda key: key[0] == tenant, lambda *_: False)

    def _forget(self, flights: Callable[[_Key], bool], test: Callable[[Claims, Ruled], bool]) -> None:
        self._epoch += 1  # what is being verified just now is not remembered: it may have seen the world before the change
        self._flights.forget(flights)
        self._admitted.drop(lambda _, entry: test(entry.claims, entry.ruled))
        self._known.drop(lambda _, entry: test(entry.claims, entry.ruled))

    def _rules(self, ruled: Ruled) -> Rules:
        return Rules(trust=ruled.trust, status=self._list_rules, lists=self._lists, exact_dates=self._exact_dates)

    # A caller presents.

    async def _present(self, key: _Key, caller: Caller, token: str, ruled: Ruled, needed: int) -> Claims:
        tenant, holder, _, asked, space = key
        epoch = self._epoch
        try:
            async with asyncio.timeout(self._patience):
                credentials, aside, now = await self._asked(tenant, caller, token, asked, needed, ruled)
        except TimeoutError:
            raise await self._refusals.noted(tenant, holder, faults.too_slow(holder)) from None
        except PeerError as fault:
            raise await self._refusals.noted(tenant, holder, faults.unanswered(holder, fault), inside=fault.message) from fault
        except Unauthenticated as fault:
            self._known.pop((tenant, holder, space))  # what was believed is looked at again before it counts once more
            raise await self._refusals.noted(tenant, holder, faults.refused(faults.named(fault, asked))) from fault
        for one in aside:
            if one.fault is not None:  # so that whoever refuses for want of it, by the terms, can be asked why
                await self._refusals.noted(tenant, holder, faults.refused(one.fault))
        claims = claims_of(holder, credentials, ruled.rulebook, now)
        kept = await self._keeping.keep(tenant, holder, space, claims.credentials, now)
        self._met.pop((tenant, holder))
        if epoch == self._epoch:
            passing = any(one.fault is not None and one.fault.rule in faults.PASSING for one in aside)
            again = now + RETRY if passing else look_again(claims, now)
            end = end_of(token)
            self._admitted.put(key, _Admitted(claims, ruled, again if end is None else min(again, end)), _size(claims))
            self._know((tenant, holder, space), claims, ruled, kept, now, frozenset(one.credential.text for one in aside))
        return claims

    async def _asked(
        self, tenant: Tenant, caller: Caller, token: str, asked: _Asked, needed: int, ruled: Ruled
    ) -> tuple[Sequence[Verified], Sequence[SetAside], datetime]:
        scopes = [Scope(TYPE, kind, "read") for kind in asked]
        message = PresentationQueryMessage(scope=[str(scope) for scope in scopes])
        answer = await self._queries.present(tenant, caller.did, message, token)
        now = self._clock.now()
        tests = [scope.matches for scope in scopes]
        inquiry = verify_answer(answer, caller.did, caller.audience, tests[:needed], self._rules(ruled), now, wishes=tests[needed:])
        presented = await self._resolver.drive(inquiry)
        proven, aside = [], list(presented.set_aside)
        for one in presented.credentials:
            try:
                faults.check_end(one, now)
            except Unauthenticated as fault:
                if any(test(one.credential) for test in tests[:needed]):
                    raise
                aside.append(SetAside(one.credential, fault))
            else:
                proven.append(one)
        return proven, aside, now

    def _know(self, peer: Peer, claims: Claims, ruled: Ruled, kept: int, now: datetime, refused: Collection[str]) -> None:
        """Remember the claims beside those of other types that are known already, but for what is `refused` now (texts).

        `kept` is how many credentials there are in all.
        """
        before = self._known.get(peer)
        types = {kind for one in claims.credentials for kind in one.credential.types}
        held = before.claims.credentials if before is not None and before.ruled is ruled else ()
        others = [one for one in held if one.credential.text not in refused]
        carried = [one for one in others if types.isdisjoint(one.credential.types) and one.again is not None and now < one.again]
        both = claims_of(peer[1], (*claims.credentials, *carried), ruled.rulebook, now) if carried else claims
        known = _Known(both, ruled, look_again(both, now), whole=len(both.credentials) == kept)
        self._known.put(peer, known, _size(both))

    # Nobody is asked.

    async def _look_again(self, key: _Key, ruled: Ruled) -> Claims:
        tenant, peer, _, asked, space = key
        epoch = self._epoch
        texts = await self._keeping.kept(tenant, peer, space)
        if not texts:
            raise await self._refusals.noted(tenant, peer, faults.not_presented(peer, asked[0]))
        looks = await asyncio.gather(*(self._look(peer, text, ruled) for text in texts))
        now = self._clock.now()
        known = self._known.get((tenant, peer, space))
        before = known.claims.credentials if known is not None and known.ruled is ruled else ()
        proven = [one for look in looks if (one := _still(look, before, now)) is not None]
        claims = claims_of(peer, proven, ruled.rulebook, now)
        if epoch == self._epoch:
            self._known.put((tenant, peer, space), _Known(claims, ruled, look_again(claims, now), whole=True), _size(claims))
        missing = next((kind for kind in asked if not claims.has([kind])), None)
        if missing is None:
            return claims
        raise await self._refusals.noted(tenant, peer, _why(looks, peer, missing))

    async def _look(self, peer: Did, text: str, ruled: Ruled) -> _Looked:
        types: tuple[str, ...] = ()
        now = self._clock.now()
        try:
            read = read_credential(text)
            types = read.credential.types
            verified = await self._resolver.drive(verify_read(read, peer, self._rules(ruled), now))
            faults.check_end(verified, now)
        except Unauthenticated as fault:
            return _Looked(text, types, fault=fault)
        return _Looked(text, types, verified)


def _still(look: _Looked, before: Sequence[Verified], now: datetime) -> Verified | None:
    """Return the credential if it holds: verified just now, or before, where one who could tell is away for a moment."""
    if look.verified is not None or look.fault is None or look.fault.rule not in faults.PASSING:
        return look.verified
    return next((one for one in before if one.credential.text == look.text and one.again is not None and now < one.again), None)


def _why(looks: Sequence[_Looked], peer: Did, missing: str) -> CallerError:
    fault = next((look.fault for look in looks if look.fault is not None and missing in look.types), None)
    if fault is None:
        return faults.not_presented(peer, missing)
    return ClaimsRefused(fault.message, where=fault.where, rule=fault.rule, hint=fault.hint)


def _or_raise(outcome: Claims | CallerError) -> Claims:
    if isinstance(outcome, Claims):
        return outcome
    # A new one each time: an exception that is raised twice collects the tracebacks of both.
    raise type(outcome)(outcome.message, where=outcome.where, hint=outcome.hint, rule=outcome.rule)


def _size(claims: Claims) -> int:
    return _PER_ENTRY + _PER_CHARACTER * sum(len(one.credential.text) for one in claims.credentials)
