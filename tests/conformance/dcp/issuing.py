"""The issuer service (`issuance.issuer` in the kits): discovery, metadata, requests, their status, and what is delivered."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from tests.conformance.dcp.faults import FAULTS, Call, table
from tests.conformance.dcp.letters import VC11, Message, message
from tests.conformance.dcp.peer import WAIT_SECONDS, Delivered, Wrong, demand, refused, taken
from tests.conformance.dcp.world import Case, World
from tests.unit.identity.dcp.schemas import validate

QUIET_SECONDS = 0.5

# --- steps


async def _metadata(world: World, header: str | None = None) -> Message:
    headers = {} if header is None else {"Authorization": header}
    answer = await world.peer.client.get(await world.peer.endpoint("IssuerService") + "/metadata", headers=headers)
    taken(answer, 200)
    body: Message = answer.json()
    validate("issuer-metadata", body)
    demand(body["issuer"] == world.peer.did and body["credentialsSupported"], body)
    return body


async def _wanted(world: World) -> dict[str, str]:
    """Return the types of all credentials that the issuer makes in the profile of VC 1.1, by id."""
    supported = (await _metadata(world, world.peer.holder.bearer(world.peer.did)))["credentialsSupported"]
    return {entry["id"]: entry["credentialType"] for entry in supported if entry["profile"] == VC11}


def _pid(world: World) -> str:
    """Return the holder's name for a request: the first version of the kit has one name for all of them."""
    return "shared-by-all-requests" if world.version.repeated_requests else f"request-{uuid4()}"


async def _message(world: World) -> Message:
    ids = [{"id": id} for id in await _wanted(world)]
    return message("CredentialRequestMessage", holderPid=_pid(world), credentials=ids)


async def _post(world: World, header: str | None, body: Message) -> httpx.Response:
    return await world.peer.post(await world.peer.endpoint("IssuerService") + "/credentials", header, body)


def _bearer(world: World, **claims: Any) -> str:
    return world.peer.holder.bearer(world.peer.did, claims)


async def _accepted(world: World, answer: httpx.Response) -> str:
    """Return the address of the request that was accepted with 201 (6.4.1)."""
    taken(answer, 201)
    endpoint = await world.peer.endpoint("IssuerService")
    location = answer.headers["Location"]  # absolute: the kits join what is not to different addresses
    demand(location.startswith(f"{endpoint}/requests/"), location)
    return location


async def _requested(world: World, **claims: Any) -> tuple[str, str]:
    """Ask for all that there is; return the address of the request and the holder's name for it."""
    body = await _message(world)
    return await _accepted(world, await _post(world, _bearer(world, **claims), body)), body["holderPid"]


async def _delivered(world: World, **claims: Any) -> Delivered:
    location, pid = await _requested(world, **claims)
    return await world.peer.wait_for(pid, location.rpartition("/")[2])


async def _get(world: World, url: str, header: str | None) -> httpx.Response:
    return await world.peer.client.get(url, headers={} if header is None else {"Authorization": header})


async def _status(world: World, url: str, pid: str) -> str:
    answer = await _get(world, url, _bearer(world))
    taken(answer, 200)
    body = answer.json()
    validate("credential-status", body)
    demand((body["holderPid"], body["issuerPid"]) == (pid, url.rpartition("/")[2]), body)
    return str(body["status"])


async def _credentials(world: World, delivered: Delivered) -> dict[str, Message]:
    """Return the credentials of a delivery by type, once each is checked as a verifier would (5.4.3, 6.5.2)."""
    found = {}
    for container in delivered.message["credentials"]:
        demand(container["format"] == VC11, container)
        claims = await world.peer.open_signed(container["payload"], "assertionMethod", world.peer.did)
        vc = claims["vc"]
        demand({"VerifiableCredential", container["credentialType"]} <= set(vc["type"]), vc)
        demand(isinstance(vc.get("credentialStatus", {}), dict), vc)  # VC 1.1, 4.9 has a single one, and the kits read no array
        issuer = vc["issuer"] if isinstance(vc["issuer"], str) else vc["issuer"]["id"]
        demand((claims["iss"], issuer, vc["credentialSubject"]["id"]) == (world.peer.did, world.peer.did, world.peer.holder.did), vc)
        found[container["credentialType"]] = vc
    return found


# --- cases: discovery and metadata


async def discovery(world: World) -> None:
    """The DID document names the issuer service."""
    demand((await world.peer.endpoint("IssuerService")).startswith("http"), "no address")


async def metadata(world: World) -> None:
    """What it makes is there for everybody; two types in the profile of VC 1.1."""
    await _metadata(world)
    demand(len(await _wanted(world)) == 2, await _wanted(world))


async def full_metadata(world: World) -> None:
    """Each entry says everything."""
    for entry in (await _metadata(world))["credentialsSupported"]:
        demand(all(entry[name] for name in ("id", "credentialType", "profile", "bindingMethods", "credentialSchema")), entry)


async def stable_ids(world: World) -> None:
    """The ids are the same the next time."""
    first, second = [sorted(entry["id"] for entry in (await _metadata(world))["credentialsSupported"]) for _ in range(2)]
    demand(first == second, (first, second))


# --- cases: requests and their status, by token

_REQUESTS = """
is_6_4_2_credentialRequest_noAuthHeader              no header
is_6_4_3_credentialRequest_noBearerPrefix            no prefix
is_6_4_5_credentialRequest_tokenSignedWithWrongKey   wrong key
is_6_4_6_credentialRequest_tokenExpired              expired
is_6_4_7_credentialRequest_iatInFuture               from the future
is_6_4_8_credentialRequest_nbfViolated               not yet
is_6_4_8_credentialRequest_invalidAud                for somebody else
is_6_4_9_credentialRequest_invalidAud                for somebody else
is_6_4_10_credentialRequest_issNotEqualSub           subject is not issuer
is_4_3_3_credentialRequest_unknownKid                unknown kid
is_4_3_3_credentialRequest_unresolvableSubject       unresolvable
"""
_QUESTIONS = """
is_6_8_2_credentialStatusRequest_noAuthHeader            no header
is_6_8_3_credentialStatusRequest_noBearerPrefix          no prefix
is_6_8_5_credentialStatusRequest_tokenSignedWithWrongKey wrong key
is_6_8_6_credentialStatusRequest_tokenExpired            expired
is_6_8_7_credentialStatusRequest_iatInFuture             from the future
is_6_8_8_credentialStatusRequest_nbfViolated             not yet
is_6_8_8_credentialStatusRequest_invalidAud              for somebody else
is_6_8_10_credentialStatusRequest_issNotEqualSub         subject is not issuer
"""


def _header(world: World, fault: str) -> str | None:
    return FAULTS[fault](Call(world.peer.holder, world.peer.did, world.peer.third, {}))


def _request_with(fault: str) -> Case:
    async def play(world: World) -> None:
        refused(await _post(world, _header(world, fault), await _message(world)), 401)

    return play


def _question_with(fault: str) -> Case:
    async def play(world: World) -> None:
        location, _ = await _requested(world)
        refused(await _get(world, location, _header(world, fault)), 401)

    return play


# --- cases: requests


async def request(world: World) -> None:
    """All that there is, which is delivered."""
    delivered = await _delivered(world)
    demand(len(await _credentials(world, delivered)) == 2, delivered)


async def request_jti_twice(world: World) -> None:
    """The same call twice."""
    header, body = _bearer(world), await _message(world)
    taken(await _post(world, header, body), 201)
    refused(await _post(world, header, body), 401)


def _request_without(member: str) -> Case:
    async def play(world: World) -> None:
        body = await _message(world)
        body.pop(member)
        refused(await _post(world, _bearer(world), body), 400)

    return play


async def request_of_nothing(world: World) -> None:
    """An empty list."""
    refused(await _post(world, _bearer(world), await _message(world) | {"credentials": []}), 400)


async def request_of_unknown_id(world: World) -> None:
    """An id that is not in the metadata: refused at once, or accepted and then rejected; never issued."""
    body = await _message(world) | {"credentials": [{"id": f"unsupported-{uuid4()}"}]}
    answer = await _post(world, _bearer(world), body)
    if answer.is_client_error:
        return
    location = await _accepted(world, answer)
    await _becomes(world, location, body["holderPid"], "REJECTED")


async def request_twice(world: World) -> None:
    """Two requests of one name: what the first asks for comes once, whatever the second is told."""
    body = await _message(world)
    location = await _accepted(world, await _post(world, _bearer(world), body))
    await world.peer.wait_for(body["holderPid"], location.rpartition("/")[2])
    answer = await _post(world, _bearer(world), body)
    demand(200 <= answer.status_code < 500, answer.status_code)
    await asyncio.sleep(QUIET_SECONDS)
    came = [one for one in world.peer.inbox.delivered if one.message["holderPid"] == body["holderPid"]]
    demand(len(came) == 1, came)


# --- cases: status


async def status(world: World) -> None:
    """One of three words, and in the end that it was issued."""
    location, pid = await _requested(world)
    demand(await _status(world, location, pid) in ("RECEIVED", "ISSUED", "REJECTED"), "no status")
    await world.peer.wait_for(pid, location.rpartition("/")[2])
    await _becomes(world, location, pid, "ISSUED")


async def status_jti_twice(world: World) -> None:
    """The same call twice."""
    location, _ = await _requested(world)
    header = _bearer(world)
    taken(await _get(world, location, header), 200)
    refused(await _get(world, location, header), 401)


async def status_of_nothing(world: World) -> None:
    """There is no such request."""
    refused(await _get(world, await world.peer.endpoint("IssuerService") + "/requests/not-exist", _bearer(world)))


async def _becomes(world: World, location: str, pid: str, status: str) -> None:
    """Ask until it says so: its own step is committed a moment after the delivery."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while await _status(world, location, pid) != status:  # noqa: ASYNC110 - it has to be asked
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Wrong(f"{location} never became {status}") from None


# --- cases: what is delivered


async def envelope(world: World) -> None:
    """The message says what it answers."""
    delivered = await _delivered(world)
    demand(delivered.message["status"] == "ISSUED" and delivered.message["credentials"], delivered.message)


async def one_message(world: World) -> None:
    """All that was asked for comes in one message."""
    location, pid = await _requested(world)
    delivered = await world.peer.wait_for(pid, location.rpartition("/")[2])
    await asyncio.sleep(QUIET_SECONDS)
    came = [one for one in world.peer.inbox.delivered if one.message["holderPid"] == pid]
    demand(came == [delivered] and len(delivered.message["credentials"]) == len(await _wanted(world)), came)


async def delivery_token(world: World) -> None:
    """The token that a delivery comes with is the issuer's, for the holder: the peer has opened it."""
    delivered = await _delivered(world)
    demand("token" not in delivered.claims, delivered.claims)


async def echo(world: World) -> None:
    """The holder's access token comes back in the delivery's token (6.1)."""
    token = f"access-{uuid4()}"
    delivered = await _delivered(world, token=token)
    demand(delivered.claims.get("token") == token, delivered.claims)


async def sound_credentials(world: World) -> None:
    """What is delivered can be verified."""
    delivered = await _delivered(world)
    demand(set(await _credentials(world, delivered)) == set((await _wanted(world)).values()), delivered.message)


CASES: dict[str, Case] = {
    "is_6_2_endpointDiscovery": discovery,
    "is_6_7_issuerMetadata": metadata,
    "is_6_7_1_issuerMetadata_credentialObjectProperties": full_metadata,
    "is_6_7_issuerMetadata_stableIds": stable_ids,
    **{name: _request_with(fault) for name, fault in table(_REQUESTS).items()},
    **{name: _question_with(fault) for name, fault in table(_QUESTIONS).items()},
    "is_6_4_1_credentialRequest": request,
    "is_6_4_4_credentialRequest_invalidBody": _request_without("credentials"),
    "is_6_4_11_credentialRequest_jtiAlreadyUsed": request_jti_twice,
    "is_6_4_12_credentialRequest_missingHolderPid": _request_without("holderPid"),
    "is_6_4_1_credentialRequest_emptyCredentials": request_of_nothing,
    "is_6_4_1_credentialRequest_unsupportedCredentialId": request_of_unknown_id,
    "is_6_4_1_credentialRequest_duplicateHolderPid": request_twice,
    "is_6_8_1_credentialStatusRequest": status,
    "is_6_8_11_credentialStatusRequest_jtiAlreadyUsed": status_jti_twice,
    "is_6_8_12_credentialStatusRequest_requestIdNotFound": status_of_nothing,
    "is_6_5_1_credentialDelivery_envelope": envelope,
    "is_6_5_1_credentialDelivery_singleMessageForBatch": one_message,
    "is_4_3_credentialDelivery_selfIssuedToken": delivery_token,
    "is_6_1_credentialDelivery_echoesAccessToken": echo,
    "is_6_5_2_credentialDelivery_credentialsVerify": sound_credentials,
}
ONLY_IN_1_0_2 = {"is_6_4_8_credentialRequest_invalidAud"}
ONLY_IN_1_2_1 = {
    "is_6_7_1_issuerMetadata_credentialObjectProperties",
    "is_6_7_issuerMetadata_stableIds",
    "is_6_4_9_credentialRequest_invalidAud",
    "is_4_3_3_credentialRequest_unknownKid",
    "is_4_3_3_credentialRequest_unresolvableSubject",
    "is_6_4_1_credentialRequest_emptyCredentials",
    "is_6_4_1_credentialRequest_unsupportedCredentialId",
    "is_6_4_1_credentialRequest_duplicateHolderPid",
    "is_6_5_1_credentialDelivery_envelope",
    "is_6_5_1_credentialDelivery_singleMessageForBatch",
    "is_4_3_credentialDelivery_selfIssuedToken",
    "is_6_1_credentialDelivery_echoesAccessToken",
    "is_6_5_2_credentialDelivery_credentialsVerify",
}
