"""An applicant shows its credentials to an anchor: what it has is looked at, what it lacks is no fault yet (compare `verifier`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import structs

from hanse.identity.credentials.lists import STANDARD, ListRules
from hanse.identity.credentials.model import Verified
from hanse.identity.credentials.presentations import verify_answer
from hanse.identity.credentials.trust import IssuerPolicy
from hanse.identity.credentials.verify import Rules
from hanse.identity.dcp.messages import PresentationQueryMessage
from hanse.identity.dcp.scopes import TYPE, Scope
from hanse.identity.self_issued import Caller
from hanse.kernel.clock import Clock
from hanse.kernel.errors import PeerError, Unauthenticated
from hanse.kernel.tenant import Tenant
from hanse.trust import faults
from hanse.trust.claims import HOLD
from hanse.trust.lists import RecentLists
from hanse.trust.ports import Queries, Resolver
from hanse.trust.verifier import PATIENCE


class Examiner:
    """Asks callers for credentials and verifies those that come.

    Nothing of it is remembered, for who applies is seldom seen again; but the status lists are, so that nobody can make us
    fetch a third party's list as often as it calls.
    """

    def __init__(self, clock: Clock, queries: Queries, resolver: Resolver, *, list_rules: ListRules = STANDARD) -> None:
        """Take the ports."""
        self._clock = clock
        self._queries = queries
        self._resolver = resolver
        self._list_rules = structs.replace(list_rules, refresh=min(list_rules.refresh, HOLD))
        self._lists = RecentLists()

    async def examine(self, tenant: Tenant, caller: Caller, types: Sequence[str], trust: IssuerPolicy) -> tuple[Verified, ...]:
        """Return the caller's credentials of these types; none if it sent no token that opens them to `tenant`.

        Raises `ClaimsRefused` if one of them is not true, or its issuer may not say it by `trust`; `Unauthenticated` if the
        caller's credential service does not answer.
        """
        if caller.token is None or not types:
            return ()
        message = PresentationQueryMessage(scope=[str(Scope(TYPE, kind, "read")) for kind in types])
        rules = Rules(trust=trust, status=self._list_rules, lists=self._lists)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._queries.present(tenant, caller.did, message, caller.token)
                presented = await self._resolver.drive(verify_answer(answer, caller.did, caller.audience, [], rules, self._clock.now()))
        except TimeoutError:
            raise faults.too_slow(caller.did) from None
        except PeerError as fault:
            raise faults.unanswered(caller.did, fault) from fault
        except Unauthenticated as fault:
            raise faults.refused(fault) from fault
        return presented.credentials
