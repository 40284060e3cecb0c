"""The verifier (`presentation.verifier` in the kits): tokens of section 4.3.3, presentations of section 5.4.3.

Each refusal has to come for the right reason: a bad token before anything is asked of the holder, a bad presentation after it
was fetched, and a list or a schema once that was fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.conformance.dcp import letters
from tests.conformance.dcp.faults import FAULTS, Call, table
from tests.conformance.dcp.letters import MEMBERSHIP, SENSITIVE
from tests.conformance.dcp.peer import Peer, demand, refused, taken
from tests.conformance.dcp.world import Case, World
from tests.wire.schemas import validate

Credentials = Callable[[Peer], list[str]]
"""Makes the credentials that the holder presents."""

TRIGGER = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogRequestMessage", "filter": []}

# --- steps


def _token(peer: Peer, present: Credentials | None) -> str:
    """Return an access token of the holder, for one query. None presents nothing, not even an empty presentation."""
    token = f"access-{uuid4()}"

    def answer() -> list[str]:
        return [] if present is None else [letters.presentation(peer.holder, peer.did, present(peer))]

    peer.inbox.answers[token] = answer
    return token


async def _call(world: World, header: str | None) -> httpx.Response:
    return await world.peer.post(world.under.trigger, header, TRIGGER)


def _bearer(peer: Peer, token: str | None, **claims: Any) -> str:
    return peer.holder.bearer(peer.did, {"token": token} | claims)


def _was_asked(peer: Peer, token: str, answer: httpx.Response) -> None:
    """Demand that the holder was asked for its presentation, and well."""
    fault = peer.inbox.asked.get(token, f"it did not ask the holder; HTTP {answer.status_code}: {answer.text}")
    demand(fault == "", fault)


async def _let_in(world: World, header: str, token: str) -> None:
    answer = await _call(world, header)
    _was_asked(world.peer, token, answer)
    taken(answer, 200)
    validate("catalog", answer.json())


def _membership(peer: Peer, **changes: Any) -> list[str]:
    return [letters.credential(peer.issuer, peer.holder.did, MEMBERSHIP, **changes)]


# --- cases: tokens

_TOKENS = """
presentationResponse_rejectMissingBearerPrefix  no prefix
verifier_04_03_03_idTokenInvalidSub             issuer is not subject
verifier_04_03_03_idTokenIncorrectAud           for somebody else
verifier_04_03_03_idTokenIncorrectSub           issuer is not subject
verifier_04_03_03_idTokenNbfInFuture            not yet
verifier_04_03_03_idTokenExpired                expired
"""


def _with(fault: str) -> Case:
    async def play(world: World) -> None:
        peer = world.peer
        token = _token(peer, _membership)
        header = FAULTS[fault](Call(peer.holder, peer.did, peer.third, {"token": token}))
        refused(await _call(world, header), 401)
        demand(token not in peer.inbox.asked, "it asked the holder before it had checked the token")
        # It was the fault alone: the same access token serves a token without it.
        await _let_in(world, _bearer(peer, token), token)

    return play


async def bound_to_another(world: World) -> None:
    """A token of the third party, with the holder's access token, that was made for the holder."""
    peer = world.peer
    token = _token(peer, _membership)
    refused(await _call(world, peer.third.bearer(peer.holder.did, {"token": token})), 401)
    demand(token not in peer.inbox.asked, "it asked the holder before it had checked the token")


async def jti_twice(world: World) -> None:
    """Two tokens with one jti, each with an access token of its own."""
    peer, jti = world.peer, str(uuid4())
    first, second = _token(peer, _membership), _token(peer, _membership)
    await _let_in(world, _bearer(peer, first, jti=jti), first)
    refused(await _call(world, _bearer(peer, second, jti=jti)), 401)


async def no_access_token(world: World) -> None:
    """A good token that lets nobody ask for anything."""
    refused(await _call(world, _bearer(world.peer, None)))


# --- cases: presentations


async def discovery(world: World) -> None:
    """The verifier's DID document names a credential service, too."""
    demand((await world.peer.endpoint("CredentialService")).startswith("http"), "no address")


def _accepts(present: Credentials) -> Case:
    async def play(world: World) -> None:
        token = _token(world.peer, present)
        await _let_in(world, _bearer(world.peer, token), token)

    return play


def _refuses(present: Credentials | None, fetches: str = "") -> Case:
    async def play(world: World) -> None:
        peer = world.peer
        token, before = _token(peer, present), len(peer.inbox.fetched)
        answer = await _call(world, _bearer(peer, token))
        _was_asked(peer, token, answer)
        refused(answer)
        demand(any(path.startswith(fetches) for path in peer.inbox.fetched[before:]) or not fetches, f"{fetches} was not fetched")

    return play


def _with_more(peer: Peer) -> list[str]:
    return [*_membership(peer), letters.credential(peer.issuer, peer.holder.did, SENSITIVE)]


def _of_another_type(peer: Peer) -> list[str]:
    return [letters.credential(peer.issuer, peer.holder.did, "SomeOtherCredential")]


def _of_somebody_else(peer: Peer) -> list[str]:
    return _membership(peer, credentialSubject={"id": peer.third.did, "foo": "bar"})


def _revoked(peer: Peer) -> list[str]:
    return _membership(peer, credentialStatus=letters.status_entry(f"{peer.base}/status/{uuid4()}", peer.revoked))


def _against_its_schema(peer: Peer) -> list[str]:
    schema = {"id": f"{peer.base}/schema/membership-schema.json", "type": "JsonSchemaValidator2018"}
    return _membership(peer, credentialSubject={"id": peer.holder.did, "baz": "quazz"}, credentialSchema=schema)


CASES: dict[str, Case] = {
    **{name: _with(fault) for name, fault in table(_TOKENS).items()},
    "verifier_04_03_03_idTokenInvalidIssuerSub": bound_to_another,
    "verifier_04_03_03_idTokenJtiUsedTwice": jti_twice,
    "verifier_04_03_01_presentationResponse_idTokenNoTokenClaim": no_access_token,
    "presentationResponse_endpointDiscovery": discovery,
    "verifier_05_01_presentationResponse_success": _accepts(_membership),
    "verifier_05_04_02_01_presentationResponse_tooFewCredentials": _refuses(_of_another_type),
    "verifier_05_04_02_02_presentationResponse_tooManyCredentials": _accepts(_with_more),
    "verifier_05_04_02_03_presentationResponse_emptyPresentations": _refuses(None),
    "verifier_05_04_02_04_presentationResponse_emptyCredentials": _refuses(lambda peer: []),
    "verifier_05_04_03_presentationResponse_holderNotEqualSubjectId": _refuses(_of_somebody_else),
    "verifier_05_04_03_07_presentationResponse_expiredCredential": _refuses(
        lambda peer: _membership(peer, expirationDate=letters.moment(-100))
    ),
    "verifier_05_04_03_06_presentationResponse_credentialRevoked": _refuses(_revoked, "/status/"),
    "verifier_05_04_03_06_presentationResponse_notYetValidCredential": _refuses(
        lambda peer: _membership(peer, issuanceDate=letters.moment(3600))
    ),
    "verifier_x_x_presentationResponse_invalidCredentialSchema": _refuses(_against_its_schema, "/schema/"),
}
