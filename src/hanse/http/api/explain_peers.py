"""The stories of peers: what they have proved, until when, and why they were refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.explain_wallet import day
from hanse.http.api.services import Services
from hanse.identity.credentials.model import Credential
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.records import Refusal

_CREDENTIAL = re.compile(r"The credential (.{1,1000}?) by (did:\S{1,1280}) is refused\.")
_CHECKS: Final = {
    "untrusted": "may its issuer say this, by the space's rulebook",
    "signature": "did a key of its issuer sign it",
    "kid": "did a key of its issuer sign it",
    "unresolved": "can its issuer's DID document be had",
    "expired": "is it valid now",
    "not-yet": "is it valid now",
    "holder": "is it about the peer",
    "revoked": "has its issuer taken it back",
    "suspended": "has its issuer taken it back",
    "status-unavailable": "can its issuer's status list be had",
    "status-expired": "is its issuer's status list fresh",
    "schema": "does it follow its schema",
    "missing": "was it presented",
    "not-presented": "was it presented",
    "no-token": "did the peer let its credentials be asked for",
    "unanswered": "did the peer's credential service answer",
}
"""What the checks ask, by the rule that was broken (`identity.credentials.verify`)."""


class PeerStories:
    """Refusals, and peers by their DIDs."""

    def __init__(self, services: Services) -> None:
        self._verifier = services.verifier
        self._directory = services.directory
        self._clock = services.clock

    async def refusal(self, tenant: Tenant, id: str) -> Explanation:
        """Tell of a refusal: which check, which credential, which issuer, what would help. Raises `NotFound`."""
        one = (await self._verifier.explain(tenant, id))[0]
        return Explanation(
            id=one.id,
            kind="refusal",
            summary=f"{one.holder} was refused. {one.message}",
            state="REFUSED",
            waits_for=one.hint,
            who=one.holder,
            history=[Happening(one.at, "claims refused", "us", one.rule)],
            related={"peer": one.holder, **_told(one)},
        )

    async def peer(self, tenant: Tenant, did: Did) -> Explanation:
        """Tell what a peer is in the joined space, what it presented last, and its last refusals. Raises `NotFound`."""
        listed, unknown = await self._listed(tenant, did)
        presented = await self._verifier.presented(tenant, did)
        refusals = await self.refusals(tenant, did)
        if listed is None and not presented and not refusals:
            raise NotFound(f"Nothing is known here of {did[:200]!r}.", where="id", hint="`hanse status --members` lists the members.")
        story = Explanation(
            id=did,
            kind="peer",
            summary=f"{_in_space(did, listed, unknown)} {_proved(presented)}",
            state="MEMBER" if listed is not None else "UNKNOWN" if unknown else "NOT LISTED",
            history=happened(refusals),
        )
        known = self._verifier.known(tenant, did)
        if known is not None:
            story.until = known.until
            story.related["proved now"] = ", ".join(sorted(known.roles)) or "membership"
        if refusals:
            story.related["last refusal"] = refusals[0].id
        if refusals and known is None:
            story.waits_for, story.who, story.last_error = refusals[0].hint, did, refusals[0].message
        return story

    async def refusals(self, tenant: Tenant, did: Did) -> Sequence[Refusal]:
        """Return the peer's last refusals, the newest first."""
        try:
            return await self._verifier.explain(tenant, did)
        except NotFound:
            return []

    async def _listed(self, tenant: Tenant, did: Did) -> tuple[Member | None, str]:
        """Return the register's entry, or why that cannot be told."""
        try:
            return next((one for one in await self._directory.members(tenant) if one.did == did), None), ""
        except HanseError as error:
            return None, error.message


def happened(refusals: Sequence[Refusal]) -> list[Happening]:
    """Return refusals as lines of a story, the oldest first."""
    return [Happening(one.at, "claims refused", "us", f"{one.id}: {one.message}") for one in reversed(refusals)]


def _told(one: Refusal) -> dict[str, str]:
    found = _CREDENTIAL.search(one.message)
    asked = one.where if one.rule == "missing" else ""
    told = {
        "check": f"{_CHECKS.get(one.rule, 'is it well made')}? ({one.rule})",
        "credential": found[1] if found else asked,
        "issuer": found[2] if found else "",
        "where": "" if asked else one.where,
    }
    return {name: text for name, text in told.items() if text}


def _in_space(did: Did, listed: Member | None, unknown: str) -> str:
    if listed is not None:
        return f"{listed.name} is a member of the space as {', '.join(listed.roles)} since {day(listed.since)}."
    return f"Whether {did} is a member cannot be told now. {unknown}" if unknown else f"{did} is not on the space's register."


def _proved(presented: Sequence[Credential]) -> str:
    if not presented:
        return "It has presented no credentials here."
    return "It presented last: " + "; ".join(f"{one.name} until {day(one.valid_until)}" for one in presented) + "."
