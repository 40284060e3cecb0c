"""The credential service presents (`presentation.cs` in the kits): tokens of sections 4.3.3 and 5.3, queries of section 5.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.conformance.dcp import letters
from tests.conformance.dcp.faults import FAULTS, Call, table
from tests.conformance.dcp.letters import MEMBERSHIP, SENSITIVE, Message, query, scope
from tests.conformance.dcp.peer import demand, refused, taken
from tests.conformance.dcp.world import Case, World
from tests.unit.identity.dcp.schemas import validate

PATH = "/presentations/query"

# --- steps


async def access_token(world: World, *scopes: str) -> str:
    """Return the access token that the holder's token service gives for the verifier, inside a self-issued token."""
    under, peer = world.under, world.peer
    form = {
        "grant_type": "client_credentials",
        "client_id": under.client_id,
        "client_secret": under.client_secret,
        "audience": peer.verifier.did,
        "bearer_access_scope": " ".join(scopes),
    }
    answer = await peer.client.post(f"{under.sts}/token", data=form)
    taken(answer, 200)
    body = answer.json()
    demand(body["token_type"] == "Bearer" and body["expires_in"] > 0, body)
    claims = await peer.open_token(f"Bearer {body['access_token']}", peer.verifier.did)
    return str(claims["token"])


async def stored(world: World) -> dict[str, str]:
    """Have the peer's issuer deliver the two credentials; return their ids by type."""
    peer = world.peer
    ids = {type: letters.new_id() for type in (MEMBERSHIP, SENSITIVE)}
    credentials = {type: letters.credential(peer.issuer, peer.did, type, id=id) for type, id in ids.items()}
    message = letters.delivery(world.under.holder_pid, credentials)
    endpoint = await peer.endpoint("CredentialService")
    taken(await peer.post(f"{endpoint}/credentials", peer.issuer.bearer(peer.did), message))
    return ids


async def ask(world: World, header: str | None, message: Message) -> httpx.Response:
    """Send a query as it is."""
    return await world.peer.post(await world.peer.endpoint("CredentialService") + PATH, header, message)


async def asked(world: World, access: str, message: Message) -> httpx.Response:
    """Send a query of the verifier with a good token of its own."""
    return await ask(world, world.peer.verifier.bearer(world.peer.did, {"token": access}), message)


async def shown(world: World, answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the credentials that an answer presents, once all that was signed is checked (5.4.2, 5.4.3)."""
    taken(answer, 200)
    body = answer.json()
    validate("presentation-response-message", body)
    return [vc for text in body["presentation"] for vc in await _opened(world, text)]


async def _opened(world: World, text: str) -> list[dict[str, Any]]:
    peer = world.peer
    claims = await peer.open_signed(text, "authentication", peer.did)
    demand((claims["iss"], claims["sub"]) == (peer.did, peer.did), claims)
    demand(claims["aud"] in (peer.verifier.did, [peer.verifier.did]), claims)
    vp = claims["vp"]
    demand("VerifiablePresentation" in vp["type"] and vp["holder"] == peer.did, vp)
    found = []
    for credential in vp["verifiableCredential"]:
        said = await peer.open_signed(credential, "assertionMethod", peer.issuer.did)
        demand(said["iss"] == peer.issuer.did and said["vc"]["credentialSubject"]["id"] == peer.did, said)
        found.append(said["vc"])
    return found


async def held(world: World, type: str) -> set[str]:
    """Return the ids of the credentials of that type that the credential service presents."""
    access = await access_token(world, scope(type))
    return {vc["id"] for vc in await shown(world, await asked(world, access, query(scope(type))))}


def _types(credentials: Sequence[dict[str, Any]]) -> set[str]:
    return {type for credential in credentials for type in credential["type"]}


# --- cases: tokens


_TOKENS = """
cs_04_03_03_idTokenInvalidSub                 issuer is not subject
cs_04_03_03_idtokenIncorrectAud               for somebody else
cs_04_03_03_idtokenNbfInFuture                not yet
cs_04_03_03_idtokenExpired                    expired
cs_05_03_01_accessTokenInvalidHeader          no prefix
cs_04_03_03_idTokenKidNoCapabilityInvocation  not for invocation
"""
TOKENS = table(_TOKENS)


def _with(fault: str) -> Case:
    async def play(world: World) -> None:
        peer = world.peer
        await stored(world)
        token = await access_token(world, scope(MEMBERSHIP))
        header = FAULTS[fault](Call(peer.verifier, peer.did, peer.third, {"token": token}))
        refused(await ask(world, header, query(scope(MEMBERSHIP))), 401)
        # It was the fault alone: the same access token serves a token without it.
        demand(await shown(world, await asked(world, token, query(scope(MEMBERSHIP)))), "nothing was presented")

    return play


async def bound_to_another(world: World) -> None:
    """An access token that was made for the verifier, in a good token of somebody else."""
    await stored(world)
    token = await access_token(world, scope(MEMBERSHIP))
    refused(await ask(world, world.peer.third.bearer(world.peer.did, {"token": token}), query(scope(MEMBERSHIP))))


async def sent_by_another(world: World) -> None:
    """A token that says that the third party sends it, signed by the verifier under the name of the third party's key."""
    peer = world.peer
    await stored(world)
    token = await access_token(world, scope(MEMBERSHIP))
    claims = peer.third.claims(peer.did, {"token": token})
    header = "Bearer " + peer.verifier.key.sign(claims, kid=peer.third.key.kid)
    refused(await ask(world, header, query(scope(MEMBERSHIP))), 401)


async def jti_twice(world: World) -> None:
    """Two tokens with one jti, each with an access token of its own."""
    peer = world.peer
    await stored(world)
    tokens = [await access_token(world, scope(MEMBERSHIP)) for _ in range(2)]
    jti = letters.new_id()
    first, second = (peer.verifier.bearer(peer.did, {"jti": jti, "token": token}) for token in tokens)
    found = await shown(world, await ask(world, first, query(scope(MEMBERSHIP))))
    demand(_types(found) == {"VerifiableCredential", MEMBERSHIP}, found)
    refused(await ask(world, second, query(scope(MEMBERSHIP))), 401)


async def no_access_token(world: World) -> None:
    """Something that is no access token at all."""
    await stored(world)
    refused(await asked(world, "faketoken", query(scope(MEMBERSHIP))))


# --- cases: queries


async def discovery(world: World) -> None:
    """The DID document names the credential service."""
    demand((await world.peer.endpoint("CredentialService")).startswith("http"), "no address")


async def scope_and_definition(world: World) -> None:
    """Both a scope and a presentation definition."""
    await stored(world)
    field = {"path": ["$.type"], "filter": {"type": "string", "pattern": MEMBERSHIP}}
    definition = {"id": letters.new_id(), "input_descriptors": [{"id": "credential", "constraints": {"fields": [field]}}]}
    message = query(scope(MEMBERSHIP)) | {"presentationDefinition": definition}
    refused(await asked(world, await access_token(world, scope(MEMBERSHIP)), message), 400)


async def _all_refused(world: World, *messages: Message) -> None:
    await stored(world)
    token = await access_token(world, scope(MEMBERSHIP))
    for message in messages:
        refused(await asked(world, token, message))


async def empty_definition(world: World) -> None:
    """A presentation definition that says nothing."""
    empty = letters.message("PresentationQueryMessage", presentationDefinition={})
    await _all_refused(world, empty, empty | {"presentationDefinition": None})


async def empty_scope(world: World) -> None:
    """No scope, and nothing else."""
    await _all_refused(world, query(), letters.message("PresentationQueryMessage"))


def _scopes(granted: Sequence[str], wanted: Sequence[str], expected: str) -> Case:
    async def play(world: World) -> None:
        ids = await stored(world)
        token = await access_token(world, *map(scope, granted))
        found = await shown(world, await asked(world, token, query(*map(scope, wanted))))
        demand(_types(found) == {"VerifiableCredential", expected}, found)
        demand(ids[expected] in {vc["id"] for vc in found}, found)

    return play


CASES: dict[str, Case] = {
    **{name: _with(fault) for name, fault in TOKENS.items()},
    "cs_04_03_03_idTokenInvalidIssuerSub": bound_to_another,
    "cs_04_03_03_idtokenIncorrectSub": sent_by_another,
    "cs_04_03_03_idtokenJtiUsedTwice": jti_twice,
    "cs_05_02_endpointDiscovery": discovery,
    "cs_05_04_invalidTokenNotAuthorized": no_access_token,
    "cs_05_04_01_invalidScopeAndPresentationRequest": scope_and_definition,
    "cs_05_04_01_emptyPresentationDefinition": empty_definition,
    "cs_05_04_02_emptyScopeExpect4xx": empty_scope,
    "cs_05_04_01_02_scopeByTypeRequest": _scopes([MEMBERSHIP], [MEMBERSHIP], MEMBERSHIP),
    "cs_05_04_01_02_lessScopesThanAuthorizedByTypeRequest": _scopes([MEMBERSHIP, SENSITIVE], [SENSITIVE], SENSITIVE),
    "cs_05_04_01_02_invalidScopeEscalationRequest": _scopes([MEMBERSHIP], [MEMBERSHIP, SENSITIVE], MEMBERSHIP),
}
ONLY_IN_1_2_1 = {"cs_04_03_03_idTokenKidNoCapabilityInvocation"}
