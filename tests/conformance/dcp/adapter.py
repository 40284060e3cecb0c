"""Runs the product in the three roles of DCP, as three participants of one server. All freedoms that a kit needs are here.

The space is real: the participant `issuer` anchors it, its rulebook trusts the kit's issuer beside the anchor, the kit's
holder is a member, and `verifier` has joined. Handed in by `Parts` is only what a user must not have: status lists without a
signature and of any length, tokens of credentials that end sooner than the credentials say, an issuer to believe besides the
anchor, offers of ids that their issuer does not know, and requests that repeat a name, the last two where the version of the
kit wants them.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import uvicorn
from starlette.routing import Mount, Route, Router

from hanse.anchor.issuing.issuer import IssuerRules
from hanse.anchor.records import Applicant, Approval
from hanse.app.build import Parts
from hanse.app.server import Server, config_of
from hanse.config import Settings
from hanse.identity.credentials.lists import ListRules
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Created
from hanse.participants.roles import SERVER
from hanse.storage import Tx
from hanse.wallet.intake import WalletRules
from hanse.wallet.records import CredentialRequest, RequestState
from tests.conformance.dcp import letters
from tests.conformance.dcp.parties import Others
from tests.conformance.dcp.verifying import TRIGGER
from tests.conformance.dcp.versions import Version
from tests.conformance.dcp.world import UnderTest
from tests.conformance.serving import serving
from tests.services import free_port

HOLDER, ISSUER, VERIFIER = Tenant("holder"), Tenant("issuer"), Tenant("verifier")
SPACE, ROLE = "kit", "sensitive"
OPEN, REJECTED = "req_open", "req_rejected"
LISTS = ListRules(signed=False, minimum=1)
CATALOGUE = f"/participants/{VERIFIER}/dsp/2025-1/catalog/request"
KIT_TRIGGER = "/kit/catalog/request"


def rulebook(url: str, anchor: Did, others: Others) -> str:
    """Return the rulebook of the space: the two types that the kits know, of the anchor and of the kit's issuer."""
    issuers = f"[{{did: anchor}}, {{did: '{others.issuer}'}}]"
    return f"""\
space: {url}
anchor: {anchor}
title: Space of the kit
membership: {letters.MEMBERSHIP}
roles:
  {ROLE}:
    title: Has seen sensitive data
    credential: {letters.SENSITIVE}
credentials:
  {letters.MEMBERSHIP}:
    title: Member
    issuers: {issuers}
    profiles: [{letters.VC11}]
  {letters.SENSITIVE}:
    title: Sensitive data
    issuers: {issuers}
    profiles: [{letters.VC11}]
"""


@asynccontextmanager
async def system_under_test(version: Version, others: Others) -> AsyncIterator[UnderTest]:
    """Run the product on a free port of the loopback, with all that the cases need to be there."""
    port = free_port()
    settings = {"port": port, "peers_allow": ("localhost", "127.0.0.1")}
    with tempfile.TemporaryDirectory(prefix="hanse-conformance-") as home:
        server = await Server.open(Settings(home=home, **settings), _parts(version, others))
        under = await _furnish(server, others, f"http://localhost:{port}")
        server.app = Router([Route(KIT_TRIGGER, Compacted(server.app)), Mount("/", app=server.app)])
        await server.start()
        try:
            async with serving(uvicorn.Server(config_of(server))):
                yield under
        finally:
            await server.stop()


def _parts(version: Version, others: Others) -> Parts:
    return Parts(
        list_rules=LISTS,
        exact_dates=False,
        issuer_rules=IssuerRules(repeat_holder_pid=not version.repeated_requests, per_hour=1_000),
        wallet_rules=WalletRules(
            unknown_offers=version.unknown_sparse_offers, issuers=frozenset({others.issuer}), status=LISTS, exact_dates=False
        ),
    )


async def _furnish(server: Server, others: Others, root: str) -> UnderTest:
    holder, issuer, verifier = [await _participant(server, name) for name in (HOLDER, ISSUER, VERIFIER)]
    await _space(server, issuer.participant.did, others)
    await server.ground.database.run(lambda tx: _ask(tx, server, Did(others.issuer)))
    return UnderTest(
        holder=holder.participant.did,
        issuer=issuer.participant.did,
        verifier=verifier.participant.did,
        trigger=root + CATALOGUE,
        kit_trigger=root + KIT_TRIGGER,
        sts=f"{root}/participants/{HOLDER}/dcp/sts",
        client_id=holder.administrator.operator.id,
        client_secret=holder.administrator.token,
        holder_pid=OPEN,
        rejected_pid=REJECTED,
    )


async def _participant(server: Server, name: Tenant) -> Created:
    created = await server.management.participants.create(SERVER, name, f"The {name} under test")
    await server.ground.tenants.refresh(name)
    return created


async def _space(server: Server, anchor: Did, others: Others) -> None:
    """Found the space, publish its rulebook, and have the verifier and the kit's holder as members."""
    management, ground = server.management, server.ground
    space = await management.spaces.found(ISSUER, anchor, SPACE, "Space of the kit")
    by = Approval(operator="adapter", name="the adapter", at=ground.clock.now())
    await management.rulebooks.publish(ISSUER, SPACE, rulebook(space.url, anchor, others), by)
    await management.participants.join(SERVER, VERIFIER, space.url, anchor)
    did = Did(others.holder)
    invited = await management.members.invite(ISSUER, SPACE, roles=(ROLE,), did=did)
    applicant = Applicant(did, ground.ids.new("jti"), ground.clock.now() + timedelta(minutes=5))
    await management.members.apply(SPACE, applicant, "The kit's holder", roles=(ROLE,), invitation=invited.code)
    # It has its credentials, so it is offered none when the server starts: nobody is there yet who could hear that, and that
    # its DID document could not be had would be remembered for a while.
    await management.issuing.issue_now(ISSUER, SPACE, did)


def _ask(tx: Tx, server: Server, issuer: Did) -> None:
    """Store two requests of the holder at the kit's issuer, as if they had been taken there."""
    now = server.ground.clock.now()
    for pid in (OPEN, REJECTED):
        request = CredentialRequest(
            holder_pid=pid,
            tenant=HOLDER,
            issuer=issuer,
            wanted=(),
            types=(letters.MEMBERSHIP, letters.SENSITIVE),
            state=RequestState.RECEIVED,
            because="by hand",
            created=now,
            updated=now,
        )
        tx.requests.put(request)


class Compacted:
    """Passes on the kits' trigger as the catalogue request that DSP prescribes: their body is another form of JSON-LD."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._body = letters.encoded(TRIGGER)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one request."""
        body = [{"type": "http.request", "body": self._body, "more_body": False}]
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        length = (b"content-length", str(len(self._body)).encode())
        passed = scope | {"path": CATALOGUE, "raw_path": CATALOGUE.encode(), "headers": [*headers, length]}

        async def given() -> Any:
            return body.pop() if body else await receive()

        await self._app(passed, given, send)
