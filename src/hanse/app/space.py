"""A whole space on this machine: an anchor and participants that have joined it, made before the server runs."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from hanse.anchor.records import Applicant, Space
from hanse.app.server import Server
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Created
from hanse.participants.roles import SERVER

ANCHOR = "anchor"
"""The name of the participant that anchors a space made here."""


class Made(Struct, frozen=True):
    """A participant of the space with the token of its administrator, which is kept nowhere else."""

    name: Tenant
    did: Did
    title: str
    token: str


async def host_token(server: Server) -> str | None:
    """Return the token of the server's first operator, at the first start only."""
    issued = await server.management.operators.first_host()
    return None if issued is None else issued.token


async def found_space(server: Server, name: str, title: str, *, anchor: str = ANCHOR) -> tuple[Space, Made]:
    """Make the anchor and found its space. Raises `Conflict` if either is there already."""
    made = await _create(server, anchor, f"Anchor of {title}", ())
    space = await server.management.spaces.found(made.name, made.did, name, title)
    await server.management.participants.join(SERVER, made.name, space.url, made.did)
    await hand_over(server, space, made.name, made.did)
    return space, made


async def add_participant(
    server: Server, space: Space, name: str, title: str, *, roots: tuple[str, ...] = (), roles: tuple[str, ...] = ("provider", "consumer")
) -> Made:
    """Make a participant that may offer what lies below `roots`, and let it join by an invitation of the anchor's."""
    made = await _create(server, name, title, roots)
    invited = await server.management.members.invite(space.tenant, space.name, roles=roles, did=made.did)
    ground = server.ground
    applicant = Applicant(made.did, ground.ids.new("jti"), ground.clock.now() + timedelta(minutes=5))
    await server.management.members.apply(space.name, applicant, title, roles=roles, invitation=invited.code)
    await server.management.participants.join(SERVER, made.name, space.url, space.anchor)
    await hand_over(server, space, made.name, made.did)
    return made


async def add_newcomer(server: Server, name: str, title: str, *, roots: tuple[str, ...] = ()) -> Made:
    """Make a participant that has joined no space, and may offer what lies below `roots`."""
    return await _create(server, name, title, roots)


async def hand_over(server: Server, space: Space, name: Tenant, did: Did, home: Server | None = None) -> None:
    """Put a new member's credentials into its wallet without any message: its server, this one or `home`, may not run yet."""
    texts = await server.management.issuing.issue_now(space.tenant, space.name, did)
    own = home or server
    await own.wallet.credentials.keep(name, did, space.anchor, texts)
    await own.ground.tenants.refresh(name)


async def _create(server: Server, name: str, title: str, roots: tuple[str, ...]) -> Made:
    created: Created = await server.management.participants.create(SERVER, name, title, allowed_roots=roots)
    participant = created.participant
    await server.ground.tenants.refresh(participant.name)
    return Made(participant.name, participant.did, title, created.administrator.token)
