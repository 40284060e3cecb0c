"""`/anchor/rulebook` and `/anchor/issuers`: the rules of the anchored space, their versions, and who may issue what by them."""

from __future__ import annotations

import re
from typing import Any

from hanse.anchor.checks import person
from hanse.anchor.records import Proposal
from hanse.anchor.rulebook.document import read
from hanse.http.api import structs as s
from hanse.http.api.anchor import show
from hanse.http.api.anchor import structs as a
from hanse.http.api.anchor.which import WHICH, Anchored
from hanse.http.api.routing import PAGING, Call, Handler, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Tenant
from hanse.participants.roles import SERVER, Action, may

_VERSION = Query("version", "Which version (absent: the one that holds now).", {"type": "integer", "minimum": 1})
_EXAMPLE = {"text": "space: https://space.example/spaces/harbour\nanchor: did:web:space.example%3A443:participants:anchor\n# ...\n"}


class RulebookOperations:
    """Read, check, publish."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._anchored = anchored
        self._rulebooks = services.rulebooks
        self._reissuing = services.reissuing
        self._operators = services.operators

    def operations(self) -> list[Operation]:
        """Return the operations."""
        one, read = "/anchor/rulebook", Action.READ
        look, check = "Read the rulebook, as it was published", "Tell what publishing a rulebook would change"
        publish = "Publish a rulebook, or be the second to publish it; members are offered the credentials that it changes"
        versions, issuers = s.Page[a.RulebookVersion], s.Page[a.TrustedToIssue]
        listed = (*PAGING, *WHICH)
        return [
            Operation("GET", one, look, self._get, read, gives=a.PublishedRulebook, query=(_VERSION, *WHICH)),
            _taking(one + "/check", check, self._check, read, a.RulebookChanges),
            _taking(one, publish, self._publish, Action.DECIDE_APPLICATION, a.NewRulebook),
            Operation("GET", one + "/versions", "List the versions, the newest first", self._versions, read, gives=versions, query=listed),
            Operation("GET", "/anchor/issuers", "List who may issue what", self._issuers, read, gives=issuers, query=WHICH),
        ]

    async def _get(self, call: Call, _said: Any) -> a.PublishedRulebook:
        name, number = await self._anchored.name(call), _number(call.query("version"), "version")
        return show.rulebook(await self._rulebooks.published(name, number), await self._rulebooks.proposal(call.tenant, name))

    async def _check(self, call: Call, said: a.RulebookText) -> a.RulebookChanges:
        changes = await self._rulebooks.check(call.tenant, await self._anchored.name(call), said.text)
        words = [*changes.words, *await self._unable(call.tenant, said.text)]
        return a.RulebookChanges(changes=words, accept_anew=changes.accept_anew, reissued=list(changes.reissued))

    async def _publish(self, call: Call, said: a.RulebookText) -> a.NewRulebook:
        name, tenant = await self._anchored.name(call), call.tenant
        changes = await self._rulebooks.check(tenant, name, said.text)
        begins = may(call.caller.role, Action.PUBLISH_RULEBOOK)
        made = await self._rulebooks.publish(tenant, name, said.text, self._anchored.by(call), begins=begins)
        waits = made if isinstance(made, Proposal) else None
        offered = await self._reissuing.offer_types(tenant, name, changes.reissued) if changes.reissued and waits is None else 0
        version = show.version(await self._rulebooks.published(name) if isinstance(made, Proposal) else made)
        return a.NewRulebook(
            version=version.version,
            published=version.published,
            by=version.by,
            sha256=version.sha256,
            changes=[*changes.words, *await self._unable(tenant, said.text)],
            offered=offered,
            proposal=None if waits is None else show.proposal(waits),
        )

    async def _unable(self, tenant: Tenant, text: str) -> list[str]:
        """Return a warning about approvers whom nobody here can be: a rulebook that names only such lets nobody in."""
        joining = read(text).joining
        able = {person(one.name) for one in await self._operators.page(SERVER, tenant) if may(one.role, Action.DECIDE_APPLICATION)}
        unable = [name for name in joining.approvers if person(name) not in able]
        if not unable:
            return []
        names, verb = ", ".join(unable), "is" if len(unable) == 1 else "are"
        return [f"Watch out: {names} {verb} named as approver, and no operator here who may approve has that name."]

    async def _versions(self, call: Call, _said: Any) -> s.Page[a.RulebookVersion]:
        after, limit = call.page()
        found = await self._rulebooks.page(call.tenant, await self._anchored.name(call), before=_number(after, "after"), limit=limit)
        # A full page may be the last one; then the next is empty.
        following = str(found[-1].version) if len(found) == limit else None
        return s.Page(items=[show.version(one) for one in found], next=following)

    async def _issuers(self, call: Call, _said: Any) -> s.Page[a.TrustedToIssue]:
        rulebook = await self._rulebooks.current(await self._anchored.name(call))
        return s.Page(items=[*show.trusted(rulebook)])


def _taking(path: str, summary: str, handle: Handler, action: Action, gives: Any) -> Operation:
    return Operation("POST", path, summary, handle, action, takes=a.RulebookText, gives=gives, query=WHICH, example=_EXAMPLE)


def _number(text: str | None, where: str) -> int | None:
    if text is not None and not re.fullmatch("[1-9][0-9]{0,14}", text):
        raise Invalid("It is not the number of a version.", where=where, rule="range")
    return None if text is None else int(text)
