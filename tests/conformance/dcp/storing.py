"""The credential service receives (`issuance.cs` in the kits): deliveries of section 6.5, offers of section 6.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from tests.conformance.dcp import letters
from tests.conformance.dcp.faults import FAULTS, Call, table
from tests.conformance.dcp.letters import MEMBERSHIP, SENSITIVE, Message
from tests.conformance.dcp.peer import demand, refused, taken
from tests.conformance.dcp.presenting import held
from tests.conformance.dcp.world import Case, World

# --- steps


async def _post(world: World, path: str, header: str | None, message: Message) -> httpx.Response:
    return await world.peer.post(await world.peer.endpoint("CredentialService") + path, header, message)


async def _deliver(world: World, message: Message, header: str | None = None) -> httpx.Response:
    return await _post(world, "/credentials", header or world.peer.issuer.bearer(world.peer.did), message)


async def _offer(world: World, message: Message, header: str | None = None) -> httpx.Response:
    return await _post(world, "/offers", header or world.peer.issuer.bearer(world.peer.did), message)


def _good(world: World, **changes: Any) -> tuple[str, Message]:
    """Return the id of a membership, and a message that delivers it with another credential."""
    issuer, id = world.peer.issuer, letters.new_id()
    membership = letters.credential(issuer, world.peer.did, MEMBERSHIP, id=id)
    sensitive = letters.credential(issuer, world.peer.did, SENSITIVE)
    return id, letters.delivery(world.under.holder_pid, {MEMBERSHIP: membership, SENSITIVE: sensitive}, **changes)


async def _not_held(world: World, id: str) -> None:
    demand(id not in await held(world, MEMBERSHIP), "it was stored all the same")


# --- cases: tokens

_DELIVERIES = """
cs_06_05_01_credentialMessage_noAuthHeader            no header
cs_06_05_01_credentialMessage_missingBearerPrefix     no prefix
cs_06_05_01_credentialMessage_tokenSignedWithWrongKey wrong key
cs_06_05_01_credentialMessage_tokenExpired            expired long ago
cs_06_05_01_credentialMessage_iatInFuture             from the far future
cs_06_05_01_credentialMessage_nbfViolated             not for long
cs_06_05_01_credentialMessage_incorrectAudience       for somebody else
cs_06_05_01_credentialMessage_issNotEqualToSub        issuer is not subject
cs_06_05_01_credentialMessage_unknownKid              unknown kid
cs_06_05_01_credentialMessage_unresolvableSubject     unresolvable
"""
_OFFERS = _DELIVERIES.replace("cs_06_05_01_credentialMessage", "cs_06_06_01_credentialOfferMessage")


def _header(world: World, fault: str) -> str | None:
    return FAULTS[fault](Call(world.peer.issuer, world.peer.did, world.peer.third, {}))


def _delivery_with(fault: str) -> Case:
    async def play(world: World) -> None:
        id, message = _good(world)
        refused(await _post(world, "/credentials", _header(world, fault), message), 401)
        await _not_held(world, id)

    return play


def _offer_with(fault: str) -> Case:
    async def play(world: World) -> None:
        refused(await _post(world, "/offers", _header(world, fault), letters.offer(world.peer.issuer.did)), 401)

    return play


# --- cases: deliveries


async def delivery(world: World) -> None:
    """Two credentials that were asked for."""
    id, message = _good(world)
    taken(await _deliver(world, message))
    demand(id in await held(world, MEMBERSHIP), "it was not stored")


async def delivery_jti_twice(world: World) -> None:
    """The same call twice."""
    _, message = _good(world)
    header = world.peer.issuer.bearer(world.peer.did)
    taken(await _deliver(world, message, header))
    refused(await _deliver(world, message, header), 401)


async def delivery_without(world: World) -> None:
    """A message without one of its required members: the first version of the kit leaves out the holder's pid alone."""
    members = ["holderPid"] if world.version.repeated_requests else ["@context", "type", "issuerPid", "holderPid", "status"]
    for member in members:
        id, message = _good(world)
        message.pop(member)
        refused(await _deliver(world, message), 400)
        await _not_held(world, id)


async def delivery_of_no_status(world: World) -> None:
    """A status that there is not."""
    id, message = _good(world, status="INVALID_STATUS")
    refused(await _deliver(world, message), 400)
    await _not_held(world, id)


async def delivery_of_nothing(world: World) -> None:
    """An empty list of credentials, which leaves the request open."""
    taken(await _deliver(world, letters.delivery(world.under.holder_pid, {})))
    await delivery(world)


async def rejection(world: World) -> None:
    """The issuer says no: the answer is a success, and nothing is stored."""
    id, message = _good(world, holderPid=world.under.rejected_pid, status="REJECTED", rejectionReason="not today")
    taken(await _deliver(world, message))
    await _not_held(world, id)


async def delivery_for_no_request(world: World) -> None:
    """The holder never asked under this pid."""
    id, message = _good(world, holderPid=f"unknown-{uuid4()}")
    refused(await _deliver(world, message))
    await _not_held(world, id)


async def delivery_by_a_stranger(world: World) -> None:
    """A good token of somebody whom the holder never asked."""
    id, message = _good(world)
    refused(await _deliver(world, message, world.peer.third.bearer(world.peer.did)))
    await _not_held(world, id)


def _credential_with(make: Mapping[str, Any]) -> Case:
    async def play(world: World) -> None:
        peer, id = world.peer, letters.new_id()
        usual = {"subject": peer.did, "key": None}
        wrong = usual | {name: choose(peer) for name, choose in make.items()}
        text = letters.credential(peer.issuer, wrong["subject"], MEMBERSHIP, key=wrong["key"], id=id)
        refused(await _deliver(world, letters.delivery(world.under.holder_pid, {MEMBERSHIP: text})))
        await _not_held(world, id)

    return play


# --- cases: offers


async def offer(world: World) -> None:
    """A full entry needs no look at the issuer's metadata."""
    taken(await _offer(world, letters.offer(world.peer.issuer.did)), 200)


async def offer_without_issuer(world: World) -> None:
    """An offer of nobody."""
    refused(await _offer(world, letters.offer(None)), 400)


async def offer_jti_twice(world: World) -> None:
    """The same call twice."""
    header, message = world.peer.issuer.bearer(world.peer.did), letters.offer(world.peer.issuer.did)
    taken(await _offer(world, message, header))
    refused(await _offer(world, message, header), 401)


async def offer_of_nothing(world: World) -> None:
    """An empty list."""
    refused(await _offer(world, letters.offer(world.peer.issuer.did, [])), 400)


async def sparse_offer(world: World) -> None:
    """Nothing but ids, which are in the issuer's metadata."""
    taken(await _offer(world, letters.offer(world.peer.issuer.did, [{"id": id} for id in world.peer.offered])), 200)


async def sparse_offer_of_unknown_ids(world: World) -> None:
    """Nothing but ids, which are not in the issuer's metadata: the versions of the kit contradict each other."""
    answer = await _offer(world, letters.offer(world.peer.issuer.did, [{"id": str(uuid4())}, {"id": str(uuid4())}]))
    if world.version.unknown_sparse_offers:
        taken(answer, 200)
    else:
        refused(answer)


CASES: dict[str, Case] = {
    **{name: _delivery_with(fault) for name, fault in table(_DELIVERIES).items()},
    **{name: _offer_with(fault) for name, fault in table(_OFFERS).items()},
    "cs_06_05_01_credentialMessage": delivery,
    "cs_06_05_01_credentialMessage_invalidBody": delivery_without,
    "cs_06_05_01_credentialMessage_jtiAlreadyUsed": delivery_jti_twice,
    "cs_06_05_01_credentialMessage_invalidStatus": delivery_of_no_status,
    "cs_06_05_01_credentialMessage_emptyCredentials": delivery_of_nothing,
    "cs_06_05_01_credentialMessage_rejectedStatus": rejection,
    "cs_06_05_01_credentialMessage_untrustedIssuer": delivery_by_a_stranger,
    "cs_06_05_credentialMessage_unknownHolderPid": delivery_for_no_request,
    "cs_06_05_02_credentialMessage_unverifiableProof": _credential_with({"key": lambda peer: peer.third.key}),
    "cs_06_05_02_credentialMessage_subjectNotHolder": _credential_with({"subject": lambda peer: peer.third.did}),
    "cs_06_06_01_credentialOfferMessage": offer,
    "cs_06_06_01_credentialOfferMessage_invalidBody": offer_without_issuer,
    "cs_06_06_01_credentialOfferMessage_jtiAlreadyUsed": offer_jti_twice,
    "cs_06_06_01_credentialOfferMessage_onlyIds": sparse_offer_of_unknown_ids,
    "cs_06_06_01_credentialOfferMessage_emptyCredentials": offer_of_nothing,
    "cs_06_06_01_credentialOfferMessage_sparse": sparse_offer,
    "cs_06_06_01_credentialOfferMessage_sparse_randomIds_expect400": sparse_offer_of_unknown_ids,
}
ONLY_IN_1_0_2 = {"cs_06_06_01_credentialOfferMessage_onlyIds"}
ONLY_IN_1_2_1 = {
    "cs_06_05_01_credentialMessage_unknownKid",
    "cs_06_05_01_credentialMessage_unresolvableSubject",
    "cs_06_05_01_credentialMessage_emptyCredentials",
    "cs_06_05_01_credentialMessage_rejectedStatus",
    "cs_06_05_01_credentialMessage_untrustedIssuer",
    "cs_06_05_credentialMessage_unknownHolderPid",
    "cs_06_05_02_credentialMessage_unverifiableProof",
    "cs_06_05_02_credentialMessage_subjectNotHolder",
    "cs_06_06_01_credentialOfferMessage_unknownKid",
    "cs_06_06_01_credentialOfferMessage_unresolvableSubject",
    "cs_06_06_01_credentialOfferMessage_emptyCredentials",
    "cs_06_06_01_credentialOfferMessage_sparse",
    "cs_06_06_01_credentialOfferMessage_sparse_randomIds_expect400",
}
