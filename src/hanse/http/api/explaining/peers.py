"""The stories of peers: what they have proved, until when, and why they were refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.explaining.wallet import day
from hanse.http.api.services import Services
from hanse.identity.credentials.model import Credential
from hanse.identity.statements import Member
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.directory import Listing
from hanse.trust.records import Refusal

_CREDENTIAL = re.compile(r"The credential (.{1,1000}?) by (did:\S{1,1280}) is refused\.")
_KEY, _KIND, _WHEN = "did a key of its issuer sign it", "is it well made", "is it valid now"
_LIST = "is its issuer's status list what it must be"
CHECKS: Final = {
    "untrusted": "may its issuer say this, by the space's rulebook",
    "unresolved": "can its issuer's DID document be had",
    "document": "is its issuer's DID document its own",
    "issuer": "did the one that it names as its issuer make it",
    "subject": "does its token name the same subject",
    "algorithm": "is it signed by an algorithm that is accepted",
    "kid": _KEY,
    "signature": _KEY,
    "key-unknown": "is the key that signed it in its issuer's DID document",
    "key-revoked": "did the key that signed it count then",
    "key-purpose": "may the key that signed it be used for this",
    "key-unusable": "can the key that signed it be used",
    "dates": _WHEN,
    "expired": _WHEN,
    "not-yet": _WHEN,
    "dates-differ": "does its token have the same dates",
    "lifetime": "does it say for how long it holds, and is that short enough",
    "before-restore": "was it made after this server was restored",
    "holder": "is it about the peer",
    "audience": "was it made for us",
    "schema": "does it follow its schema",
    "schema-unavailable": "can its schema be had",
    "schema-unusable": "is its schema one that can be followed",
    "revoked": "has its issuer taken it back",
    "suspended": "has its issuer taken it back",
    "status-unavailable": "can its issuer's status list be had",
    "status-expired": "is its issuer's status list fresh",
    "status-list": _LIST,
    "status-issuer": "is the status list its issuer's own",
    "status-purpose": "is the status list one for this purpose",
    "status-index": "does the status list have a place for it",
    "shape": _KIND,
    "kind": _KIND,
    "claims": _KIND,
    "mixed": _KIND,
    "too-many": "is it no more than can be looked at",
    "missing": "was it presented",
    "not-presented": "was it presented",
    "no-token": "did the peer let its credentials be asked for",
    "unanswered": "did the peer's credential service answer",
    "too-slow": "could it be looked at in time",
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
        """Tell what a peer is in the joined spaces, what it presented last, and its last refusals. Raises `NotFound`."""
        listings, unknown = await self._listings(tenant)
        listed = {one.space.url: member for one in listings for member in one.members if member.did == did}
        presented = await self._verifier.presented(tenant, did)
        refusals = await self.refusals(tenant, did)
        if not listed and not presented and not refusals:
            raise NotFound(f"Nothing is known here of {did[:200]!r}.", where="id", hint="`hanse status --members` lists the members.")
        story = Explanation(
            id=did,
            kind="peer",
            summary=f"{_in_spaces(did, listed, len(listings), unknown)} {_proved(presented)}",
            state="MEMBER" if listed else "UNKNOWN" if unknown else "NOT LISTED",
            history=happened(refusals),
        )
        known = self._verifier.known(tenant, did, [one.space.url for one in listings])
        for claims in known:
            story.until = claims.until
            where = "proved now" if len(listings) == 1 else f"proved now in {claims.space}"
            story.related[where] = ", ".join(sorted(claims.roles)) or "membership"
        if refusals:
            story.related["last refusal"] = refusals[0].id
        if refusals and not known:
            story.waits_for, story.who, story.last_error = refusals[0].hint, did, refusals[0].message
        return story

    async def refusals(self, tenant: Tenant, did: Did) -> Sequence[Refusal]:
        """Return the peer's last refusals, the newest first."""
        try:
            return await self._verifier.explain(tenant, did)
        except NotFound:
            return []

    async def _listings(self, tenant: Tenant) -> tuple[Sequence[Listing], str]:
        """Return the joined spaces with their members, and why a register cannot be told of, if one cannot."""
        try:
            listings = await self._directory.listings(tenant)
        except HanseError as error:
            return [], error.message
        return listings, next((one.problem.message for one in listings if one.problem is not None), "")


def happened(refusals: Sequence[Refusal]) -> list[Happening]:
    """Return refusals as lines of a story, the oldest first."""
    return [Happening(one.at, "claims refused", "us", f"{one.id}: {one.message}") for one in reversed(refusals)]


def _told(one: Refusal) -> dict[str, str]:
    found = _CREDENTIAL.search(one.message)
    asked = one.where if one.rule == "missing" else ""
    told = {
        "check": f"{CHECKS.get(one.rule, 'is it well made')}? ({one.rule})",
        "credential": found[1] if found else asked,
        "issuer": found[2] if found else "",
        "where": "" if asked else one.where,
    }
    return {name: text for name, text in told.items() if text}


def _in_spaces(did: Did, listed: Mapping[str, Member], spaces: int, unknown: str) -> str:
    if listed:
        return " ".join(
            f"{one.name} is a member of the space{'' if spaces == 1 else ' ' + url} as {', '.join(one.roles)} since {day(one.since)}."
            for url, one in listed.items()
        )
    return f"Whether {did} is a member cannot be told now. {unknown}" if unknown else f"{did} is not on the space's register."


def _proved(presented: Sequence[Credential]) -> str:
    if not presented:
        return "It has presented no credentials here."
    return "It presented last: " + "; ".join(f"{one.name} until {day(one.valid_until)}" for one in presented) + "."
