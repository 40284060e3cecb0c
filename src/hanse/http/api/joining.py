"""How a participant of this server joins a space: look, be reached, fit, apply, pin the anchor, receive its credentials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from msgspec import structs

from hanse.http.api.space_client import SpaceClient, TokenFor
from hanse.http.api.space_structs import Application, Fit, FitCheck, Joined, JoinSpace, Offerer, PublicSpace
from hanse.identity.rulebook import Rulebook, asked_of_applicants
from hanse.kernel.errors import Conflict, Forbidden, HanseError, Invalid
from hanse.kernel.tenant import Did, Tenant, tenant_name
from hanse.participants.records import Participant
from hanse.participants.registry import Participants
from hanse.participants.roles import Action, Caller, authorise
from hanse.trust.directory import Directory

PATIENCE = timedelta(seconds=10)
"""How long joining waits for the credentials of a new member."""

_STATES = {"active": "member"}
_INTERMEDIARY = "intermediary"


class Desk(Protocol):
    """The wallet, as joining needs it."""

    async def request(self, tenant: Tenant, issuer: Did, types: Sequence[str], because: str) -> object:
        """Ask an issuer for credentials."""
        ...

    async def received(self, tenant: Tenant, types: Sequence[str], patience: timedelta) -> Sequence[str]:
        """Return which of the types are held, once all are, or when patience has ended."""
        ...


class Joining:
    """Joins spaces. The anchor is pinned when the participant joins; whoever signs register and rulebook later must be the same."""

    def __init__(self, spaces: SpaceClient, token_for: TokenFor, participants: Participants, directory: Directory, desk: Desk) -> None:
        self._spaces = spaces
        self._token_for = token_for
        self._participants = participants
        self._directory = directory
        self._desk = desk

    async def join(self, caller: Caller, tenant: Tenant, said: JoinSpace) -> Joined:
        """Go through the steps; where one cannot be taken, say why and what would help. Asking again changes nothing.

        Raises `Invalid` (no address of a space), `Conflict` (another space was joined), `PeerError`s.
        """
        address = said.url.strip().rstrip("/")
        authorise(caller, Action.JOIN_SPACE, tenant)
        participant = await self._participants.get(caller, tenant)
        _require_one_space(participant, address, replace=said.replace or said.check)
        space = await self._spaces.look(address)
        rulebook = await self._spaces.rulebook(space)
        steps = [
            f"The space {space.title!r} is anchored by {space.anchor}.",
            f"Its rulebook is signed by the anchor: version {space.rulebook}, roles {', '.join(rulebook.roles)}.",
        ]
        reached = await self._spaces.probe(space, participant.did)
        if not reached.reachable:
            return await self._unreachable(space, reached.checks, steps)
        steps.append("The anchor reaches this participant: its DID document, its protocol endpoint and its credential service.")
        application = await self._application(caller, participant, space, said)
        fit = await self._spaces.fit(tenant, space, application, asked_of_applicants(rulebook))
        if not fit.fits or said.check:
            return _examined(fit, rulebook, steps)
        return await self._enter(caller, participant, space, rulebook, application, steps)

    async def leave(self, caller: Caller, tenant: Tenant) -> Joined:
        """Leave the space: tell its anchor, which takes the credentials back, then trust it no more. Raises `Conflict`, `PeerError`s."""
        authorise(caller, Action.JOIN_SPACE, tenant)
        participant = await self._participants.get(caller, tenant)
        link = participant.space
        if link is None:
            raise Conflict(f"{tenant} has joined no space.", where="space", rule="no-space")
        if link.anchor == participant.did:
            raise Conflict("The anchor itself is always a member of its space.", where="space", rule="anchor")
        await self._spaces.leave(tenant, link.url, link.anchor)
        await self._participants.leave(caller, tenant)
        told = f"The anchor of {link.url} was told, and takes the credentials back."
        return Joined(state="left", steps=[told, "The space is pinned no more."])

    async def _enter(
        self, caller: Caller, participant: Participant, space: PublicSpace, rulebook: Rulebook, application: Application, steps: list[str]
    ) -> Joined:
        tenant = participant.name
        standing = await self._spaces.apply(tenant, space, application, asked_of_applicants(rulebook))
        state = _STATES.get(standing.state, standing.state)
        steps.append(f"The anchor was asked: the participant is {state}." + (f" {standing.reason}" if standing.reason else ""))
        await self._participants.join(caller, tenant, space.url, space.anchor)
        self._directory.forget(space.url)
        steps.append("The space and its anchor are pinned.")
        if state != "member":
            return Joined(state=state, steps=steps)
        wanted = _credentials(rulebook, standing.roles)
        await self._desk.request(tenant, space.anchor, wanted, "joined")
        held = await self._desk.received(tenant, wanted, PATIENCE)
        if len(held) == len(wanted):
            steps.append(f"The anchor's credentials were verified and are in the wallet: {', '.join(held)}.")
        else:
            steps.append("The anchor's credentials are on their way; `hanse wallet list` shows when they have come.")
        steps.append(await self._read_register(tenant))
        return Joined(state=state, steps=steps, credentials=list(held))

    async def _application(self, caller: Caller, participant: Participant, space: PublicSpace, said: JoinSpace) -> Application:
        application = Application(
            name=participant.title, invitation=said.invitation, evidence=said.evidence, terms=said.terms, hosting=said.hosting
        )
        if said.roles is not None:
            application = structs.replace(application, roles=said.roles)
        if said.sponsor is None:
            return application
        if caller.tenant is not None:
            raise Forbidden(
                "Only the server's host can have an intermediary vouch for a participant that it hosts.",
                where="sponsor",
                rule="whose",
                hint="Ask the host, or join without a sponsor.",
            )
        sponsor = await self._participants.get(caller, tenant_name(said.sponsor))
        return structs.replace(application, sponsor=await self._token_for(sponsor.name, space.anchor))

    async def _unreachable(self, space: PublicSpace, checks: list[FitCheck], steps: list[str]) -> Joined:
        steps += [f"{check.what}: " + ("reached." if check.met else f"not reached. {check.why} {check.help}".rstrip()) for check in checks]
        register = await self._spaces.register(space)
        hosts = [
            Offerer(did=Did(one.did), name=one.name, hosting=one.hosting or "") for one in register.members if _INTERMEDIARY in one.roles
        ]
        if hosts:
            steps.append("An intermediary of the space can host this participant: " + "; ".join(_contact(one) for one in hosts) + ".")
        else:
            steps.append("The space has no intermediary that could host this participant.")
        return Joined(state="unreachable", steps=steps, hosts=hosts)

    async def _read_register(self, tenant: Tenant) -> str:
        try:
            members = await self._directory.members(tenant)
        except HanseError as error:
            return f"The register could not be read yet: {error.message}"
        return f"The signed register was verified: {len(members)} members."


def _require_one_space(participant: Participant, address: str, *, replace: bool) -> None:
    if not address:
        raise Invalid("The address of a space is missing.", where="url", rule="required")
    if participant.space is not None and participant.space.url != address and not replace:
        raise Conflict(
            f"{participant.name} has joined the space {participant.space.url}, and is in one space at a time.",
            where="url",
            rule="other-space",
            hint="To give that one up for this: `replace` (on the command line `--replace`).",
        )


def _examined(fit: Fit, rulebook: Rulebook, steps: list[str]) -> Joined:
    steps += [f"{check.what}: " + ("met." if check.met else f"missing. {check.why} {check.help}".rstrip()) for check in fit.checks]
    terms = rulebook.terms.sha256 if rulebook.terms is not None else ""
    steps.append(f"It would be decided by {fit.decided_by}." if fit.fits else "The application was not sent: something is missing.")
    return Joined(state="fits" if fit.fits else "missing", steps=steps, fit=fit, terms=terms)


def _credentials(rulebook: Rulebook, roles: Sequence[str]) -> list[str]:
    """Return the types that a member with these roles is entitled to."""
    own = [rulebook.roles[name].credential for name in roles if name in rulebook.roles]
    return list(dict.fromkeys([rulebook.membership, *own]))


def _contact(host: Offerer) -> str:
    return f"{host.name} ({host.hosting or host.did})"
