"""How a participant of this server joins a space: look, be reached, fit, apply, pin the anchor, receive its credentials.

It stays in the spaces that it is in already.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct, structs

from hanse.http.api.membership.client import SpaceClient, TokenFor
from hanse.http.api.membership.collecting import OPEN, Collecting, entitled
from hanse.http.api.membership.leaving import Leaving
from hanse.http.api.space_structs import Application, Fit, FitCheck, Joined, JoinSpace, Offerer, PublicSpace, Standing
from hanse.identity.rulebook import Rulebook, Terms, asked_of_applicants
from hanse.kernel.errors import Conflict, Forbidden, HanseError, Invalid
from hanse.kernel.tenant import Did, Tenant, tenant_name
from hanse.participants.records import Participant, SpaceLink
from hanse.participants.registry import Participants
from hanse.participants.roles import Action, Caller, authorise
from hanse.trust.directory import Directory

PATIENCE: Final = timedelta(seconds=10)
"""How long joining waits for the credentials of a new member."""

MEMBER: Final = "member"
_STATES: Final = {"active": MEMBER}
_INTERMEDIARY: Final = "intermediary"
_UNDER_WAY: Final = frozenset({"active", "pending"})
_TURNED_DOWN: Final = {"refused": "has refused the application", "removed": "has removed this participant from the space"}


class _Case(Struct, frozen=True):
    """A participant that wants to join a space, what it says of itself, and the steps that were taken."""

    caller: Caller
    participant: Participant
    space: PublicSpace
    rulebook: Rulebook
    said: JoinSpace
    steps: list[str]

    @property
    def tenant(self) -> Tenant:
        return self.participant.name

    @property
    def link(self) -> SpaceLink | None:
        """Return the link to the space, if it is pinned already."""
        return self.participant.link(self.space.url)

    def ends(self, state: str, *steps: str) -> Joined:
        return Joined(state=state, steps=[*self.steps, *steps])


class Joining:
    """Joins spaces. The anchor is pinned when the participant joins; whoever signs register and rulebook later must be the same."""

    def __init__(
        self, spaces: SpaceClient, token_for: TokenFor, participants: Participants, directory: Directory, collecting: Collecting
    ) -> None:
        self.spaces = self._spaces = spaces
        self._token_for = token_for
        self._participants = participants
        self._directory = directory
        self._collecting = collecting
        self._leaving = Leaving(spaces, participants, collecting)

    async def join(self, caller: Caller, tenant: Tenant, said: JoinSpace) -> Joined:
        """Go through the steps; where one cannot be taken, say why and what would help. Asking again changes nothing.

        Who was refused or removed since it asked hears that once; after it, asking again is another application.
        Raises `Invalid` (no address of a space), `Conflict` (another anchor is pinned), `PeerError`s.
        """
        address = said.url.strip().rstrip("/")
        authorise(caller, Action.JOIN_SPACE, tenant)
        participant = await self._participants.get(caller, tenant)
        if not address:
            raise Invalid("The address of a space is missing.", where="url", rule="required")
        space = await self._spaces.look(address)
        _require_same_anchor(participant, space, replace=said.replace)
        rulebook = await self._spaces.rulebook(space)
        steps = [
            f"The space {space.title!r} is anchored by {space.anchor}.",
            f"Its rulebook is signed by the anchor: version {space.rulebook}, roles {', '.join(rulebook.roles)}.",
        ]
        case = _Case(caller, participant, space, rulebook, said, steps)
        reached = await self._spaces.probe(space, participant.did)
        if not reached.reachable:
            return await self._unreachable(case, reached.checks)
        steps.append("The anchor reaches this participant: its DID document, its protocol endpoint and its credential service.")
        return await self._apply(case)

    async def leave(self, caller: Caller, tenant: Tenant, url: str = "", *, anyway: bool = False) -> Joined:
        """Leave a space; see `Leaving.leave`."""
        return await self._leaving.leave(caller, tenant, url, anyway=anyway)

    async def standing(self, participant: Participant, link: SpaceLink) -> Standing | None:
        """Ask the anchor of a joined space where the participant stands; nothing if it does not know it. Raises `PeerError`s."""
        return await self._spaces.standing(participant.name, link.url, link.anchor)

    async def _apply(self, case: _Case) -> Joined:
        before = None if case.said.check else await self._spaces.standing(case.tenant, case.space.url, case.space.anchor)
        decided = None if before is None else await self._decided(case, before)
        if decided is not None:
            return decided
        application = await self._application(case)
        shown = asked_of_applicants(case.rulebook)
        # Who is a member, or waits, has fitted; only what it hands in besides is looked at.
        if before is None or before.state not in _UNDER_WAY:
            fit = await self._spaces.fit(case.tenant, case.space, application, shown)
            if not fit.fits or case.said.check:
                return _examined(case, fit)
        standing = await self._spaces.apply(case.tenant, case.space, application, shown)
        if case.said.terms is not None and standing.terms == case.said.terms:
            case.steps.append("The terms are accepted.")
        return _with_terms(case, standing, await self._enter(case, standing))

    async def _decided(self, case: _Case, before: Standing) -> Joined | None:
        """Return what the anchor has decided since we asked, where asking again would not change it or hide it."""
        if before.state == "suspended":
            return case.ends("suspended", f"The anchor has suspended this participant. {before.reason}".rstrip())
        if before.state not in _TURNED_DOWN:
            return None
        link, said = case.link, f"The anchor {_TURNED_DOWN[before.state]}. {before.reason}".rstrip()
        if link is None:
            case.steps.append(f"{said} This is another application.")
            return None
        await self._participants.leave(case.caller, case.tenant, link.url)
        gone = await self._leaving.forget(case.tenant, link)
        return case.ends(before.state, said, "The space is pinned no more. Joining once more is another application.", *gone)

    async def _enter(self, case: _Case, standing: Standing) -> Joined:
        tenant, space, steps = case.tenant, case.space, case.steps
        state = _STATES.get(standing.state, standing.state)
        steps.append(f"The anchor was asked: the participant is {state}." + (f" {standing.reason}" if standing.reason else ""))
        if case.link is None or case.said.replace:
            await self._participants.join(case.caller, tenant, space.url, space.anchor)
        self._directory.forget(space.url)
        steps.append("The space and its anchor are pinned.")
        if state != MEMBER:
            return case.ends(state)
        held, problem = await self._collect(case, entitled(case.rulebook, standing.roles))
        steps.append(await self._read_register(tenant, space.url))
        return Joined(state=state, steps=steps, credentials=held, problem=problem)

    async def _collect(self, case: _Case, wanted: Sequence[str]) -> tuple[list[str], str]:
        """Ask for the credentials that the wallet lacks, wait a little; return what it holds then, and why it will not hold the rest."""
        tenant, anchor, steps = case.tenant, case.space.anchor, case.steps
        held = await self._collecting.held(tenant, anchor, wanted, case.space.url)
        lacking = [kind for kind in wanted if kind not in held]
        if not lacking:
            steps.append(f"The anchor's credentials are in the wallet: {', '.join(held)}.")
            return held, ""
        asked = await self._collecting.ask(tenant, anchor, lacking, "joined", case.space.url)
        answered = await self._collecting.settled(tenant, asked.holder_pid, PATIENCE)
        held = await self._collecting.held(tenant, anchor, wanted, case.space.url)
        if len(held) == len(wanted):
            steps.append(f"The anchor's credentials were verified and are in the wallet: {', '.join(held)}.")
        elif answered.state in OPEN:
            steps.append(f"The anchor's credentials are on their way; `hanse explain {asked.holder_pid}` tells how far they are.")
        else:
            problem = f"The anchor's credentials did not come. {answered.reason}".rstrip()
            return held, f"{problem} `hanse explain {asked.holder_pid}` tells more; `hanse wallet request` asks again."
        return held, ""

    async def _application(self, case: _Case) -> Application:
        said = case.said
        application = Application(
            name=case.participant.title, invitation=said.invitation, evidence=said.evidence, terms=said.terms, hosting=said.hosting
        )
        if said.roles is not None:
            application = structs.replace(application, roles=said.roles)
        if said.sponsor is None:
            return application
        if case.caller.tenant is not None:
            raise Forbidden(
                "Only the server's host can have an intermediary vouch for a participant that it hosts.",
                where="sponsor",
                rule="whose",
                hint="Ask the host, or join without a sponsor.",
            )
        sponsor = await self._participants.get(case.caller, tenant_name(said.sponsor))
        return structs.replace(application, sponsor=await self._token_for(sponsor.name, case.space.anchor))

    async def _unreachable(self, case: _Case, checks: Sequence[FitCheck]) -> Joined:
        steps = [f"{check.what}: " + ("reached." if check.met else f"not reached. {check.why} {check.help}".rstrip()) for check in checks]
        register = await self._spaces.register(case.space)
        hosts = [
            Offerer(did=Did(one.did), name=one.name, hosting=one.hosting or "") for one in register.members if _INTERMEDIARY in one.roles
        ]
        if hosts:
            steps.append("An intermediary of the space can host this participant: " + "; ".join(_contact(one) for one in hosts) + ".")
        else:
            steps.append("The space has no intermediary that could host this participant.")
        return structs.replace(case.ends("unreachable", *steps), hosts=hosts)

    async def _read_register(self, tenant: Tenant, url: str) -> str:
        try:
            members = await self._directory.members(tenant, url)
        except HanseError as error:
            return f"The register could not be read yet: {error.message}"
        return f"The signed register was verified: {len(members)} {'member' if len(members) == 1 else 'members'}."


def _require_same_anchor(participant: Participant, space: PublicSpace, *, replace: bool) -> None:
    link = participant.link(space.url)
    if link is not None and link.anchor != space.anchor and not replace:
        raise Conflict(
            f"The space names {space.anchor} as its anchor now; pinned is {link.anchor}.",
            where="url",
            rule="other-anchor",
            hint="If you know why, pin the other one: `replace` (on the command line `--replace`).",
        )


def _examined(case: _Case, fit: Fit) -> Joined:
    steps = [f"{check.what}: " + ("met." if check.met else _lack(case, check)) for check in fit.checks]
    if fit.fits:
        steps.append(f"It would be decided by {fit.decided_by}.")
    else:
        steps.append(
            "The space would not take this application: something is missing."
            if case.said.check
            else "The application was not sent: something is missing."
        )
    joined = structs.replace(case.ends("fits" if fit.fits else "missing", *steps), fit=fit)
    terms = case.rulebook.terms
    if terms is None or case.said.terms == terms.sha256:
        return joined
    return structs.replace(joined, terms=terms.sha256, terms_url=terms_url(case.rulebook))


def _lack(case: _Case, check: FitCheck) -> str:
    """Say what is not met, and how to give it."""
    kind, _, name = check.what.partition(" ")
    if kind != "evidence":
        return f"missing. {check.why} {check.help}".rstrip()
    if name not in case.rulebook.evidence:
        return f"unknown. {check.why} {_alike(name, case.rulebook.evidence)}"
    return f"missing. {check.why} {check.help}".rstrip() + f" Give it with --evidence {name}=…"


def _alike(name: str, known: Mapping[str, object]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {found[0]}?" if found else f"It knows: {', '.join(known) or 'none'}."


def _with_terms(case: _Case, standing: Standing, joined: Joined) -> Joined:
    """Add the terms that a member has not accepted yet."""
    terms = changed_terms(case.rulebook, standing)
    if terms is None:
        return joined
    return structs.replace(joined, terms=terms.sha256, terms_url=terms_url(case.rulebook))


def changed_terms(rulebook: Rulebook, standing: Standing) -> Terms | None:
    """Return the terms that a member has to accept, where they are others than it has accepted as far as its anchor says."""
    terms = rulebook.terms
    if terms is None or standing.terms is None or standing.state != "active" or standing.terms == terms.sha256:
        return None
    return terms


def terms_url(rulebook: Rulebook) -> str:
    """Return where the terms of a space are to be read."""
    return rulebook.terms.url if rulebook.terms is not None and rulebook.terms.url else f"{rulebook.space}/rulebook.yaml"


def _contact(host: Offerer) -> str:
    return f"{host.name} ({host.hosting or host.did})"
