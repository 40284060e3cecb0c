"""Terms that ask for one of several roles, or for a credential: what is only wished for, and what of it does not hold."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from hanse.anchor.joining.members import Applicant
from hanse.app.space import found_space, hand_over
from tests.scenarios.attacks.proof.world import ENTITY, MEMBERSHIP, claims_of, publish
from tests.scenarios.attacks.town import CONTEXT, Host, Operator, allow

PROVIDER, CONSUMER, GUILD = "DataProviderCredential", "DataConsumerCredential", "GuildCredential"


async def _forget(server):
    server.trust.verifier.forget_tenant("acme")


@pytest.fixture
def roles(harbour):
    """Let the outsider have fresh credentials of both its roles; put the others back after the test."""
    harbour.host.call(_forget)  # what other tests did: beyond twenty refusals of a peer in a minute none is written down
    before = harbour.member.credentials
    issue = harbour.host.call(lambda s: s.management.issuing.issue_now(harbour.space.tenant, harbour.space.name, harbour.member.did))
    harbour.member.credentials = issue
    harbour.member.seen.update(issue)
    assert {kind for text in issue for kind in claims_of(text)["type"]} > {MEMBERSHIP, PROVIDER, CONSUMER}
    yield
    harbour.member.credentials = before


def offered(harbour, terms):
    return harbour.operators["acme"]("POST", "/assets", {"source": {"kind": "file", "path": str(harbour.file)}, "terms": [terms]})


def asked(harbour, asset, *texts):
    """Let the outsider, with these credentials besides its own, ask for the offer; return the negotiation once it is decided."""
    before = harbour.member.credentials
    harbour.member.credentials = [*before, *texts]
    try:
        return _asked(harbour, asset)
    finally:
        harbour.member.credentials = before


def _asked(harbour, asset):
    offer = asset["dataset"]["offers"][0]
    message = {
        "@context": CONTEXT,
        "@type": "ContractRequestMessage",
        "consumerPid": f"neg-{uuid4().hex}",
        "offer": {"@type": "Offer", "@id": offer["id"], "target": asset["id"], **offer["terms"]},
        "callbackAddress": harbour.member.base,
    }
    token = harbour.member.token(harbour.made["acme"].did, token=uuid4().hex)
    url = f"{harbour.host.root}/participants/acme/dsp/2025-1/negotiations/request"
    answer = httpx.post(url, json=message, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 201, answer.text
    return harbour.operators["acme"].until(f"/negotiations/{answer.json()['providerPid']}", "AGREED", "TERMINATED")


def revoke(harbour, kind):
    did = harbour.member.did
    found = harbour.host.call(lambda s: s.management.issuing.page(harbour.space.tenant, harbour.space.name, holder=did))
    id = next(one.id for one in reversed(found) if one.type == kind and not one.status)
    harbour.operators["anchor"]("POST", f"/anchor/credentials/{id}/revoke?space=port", {"reason": "test"})


@pytest.mark.usefixtures("roles")
def test_of_several_roles_a_good_one_is_enough_though_another_is_revoked(harbour):
    asset = offered(harbour, "role provider,consumer")
    assert asked(harbour, asset)["state"] == "AGREED"
    revoke(harbour, PROVIDER)
    assert asked(harbour, asset)["state"] == "AGREED"
    alone = offered(harbour, "role provider")
    harbour.member.credentials = [one for one in harbour.member.credentials if CONSUMER not in claims_of(one)["type"]]
    assert asked(harbour, alone)["state"] == "TERMINATED"
    told = harbour.operators["acme"].ask("GET", f"/explain/{harbour.member.did.replace('%', '%25')}").json()
    assert any("revoked" in line["detail"] for line in told["history"]), told


def test_a_holder_finds_out_what_was_taken_back_and_keeps_it_to_itself(harbour):
    zoo, did = harbour.operators["zoo"], harbour.made["zoo"].did
    harbour.operators["anchor"]("POST", f"/anchor/credentials/{harbour.credential('zoo', CONSUMER)}/revoke?space=port", {"reason": "test"})
    harbour.host.call(lambda s: s.trust.rechecks.round())
    states = {one["types"][0]: one["state"] for one in zoo("GET", "/wallet/credentials")["items"]}
    assert (states[CONSUMER], states[MEMBERSHIP]) == ("revoked", "good")
    assert CONSUMER not in harbour.host.call(lambda s: s.wallet.credentials.types_held("zoo"))
    harbour.host.call(lambda s: hand_over(s, harbour.space, "zoo", did))
    assert CONSUMER in harbour.host.call(lambda s: s.wallet.credentials.types_held("zoo"))


def test_terms_can_ask_for_a_credential_of_another_issuer(harbour):
    asset, member, chamber = offered(harbour, f"credential {ENTITY}"), harbour.member.did, harbour.chamber
    wrong = {
        "by nobody whom the space trusts": harbour.stranger.issue(member),
        "outside the bounds": chamber.issue(member, country="FR"),
        "for too long": chamber.issue(member, days=31),
        "about somebody else": chamber.issue(harbour.stranger.did),
        "taken back": chamber.issue(member, lists=[chamber.publish("/lists/wishes", 7)]),
        "of another type": chamber.issue(member, "EntityCredential"),
    }
    for what, text in wrong.items():
        assert asked(harbour, asset, text)["state"] == "TERMINATED", what
    assert asked(harbour, asset)["state"] == "TERMINATED"
    assert asked(harbour, asset, chamber.issue(member))["state"] == "AGREED"
    assert asked(harbour, offered(harbour, "role auditor"), chamber.issue(member, role="auditor"))["state"] == "TERMINATED"


@pytest.fixture
def guild(harbour, tmp_path):
    """Yield a second anchor on another server, which makes guild credentials that the first space's rulebook trusts it for."""
    host = Host(tmp_path / "guild", peers_allow=(f"localhost:{harbour.host.settings.port}",))
    allow(harbour.host, SimpleNamespace(port=host.settings.port))
    space, made = host.call(lambda s: found_space(s, "guild", "Guild"))
    text = host.call(lambda s: s.management.rulebooks.published("guild")).text
    publish(host, space, text.replace("AuditorCredential", GUILD))
    before = harbour.host.call(lambda s: s.management.rulebooks.published(harbour.space.name)).text
    yield SimpleNamespace(host=host, space=space, name=made.name, operator=Operator(host.root, made.token))
    publish(harbour.host, harbour.space, before)
    host.stop()


def join(guild, did):
    """Make a participant of another server a member of the guild; return the credentials that the guild makes for it."""

    async def work(there):
        members, ground = there.management.members, there.ground
        invited = await members.invite(guild.name, "guild", roles=("auditor",), did=did)
        applicant = Applicant(did, ground.ids.new("jti"), ground.clock.now() + timedelta(minutes=5))
        await members.apply("guild", applicant, "Zoo", roles=("auditor",), invitation=invited.code)
        return await there.management.issuing.issue_now(guild.name, "guild", did)

    return guild.host.call(work)


def test_a_second_anchor_is_trusted_for_a_type_of_its_own(harbour, guild):
    zoo, did = harbour.operators["zoo"], harbour.made["zoo"].did
    asset = offered(harbour, f"credential {GUILD}")
    text = next(one for one in join(guild, did) if GUILD in claims_of(one)["type"])
    harbour.host.call(lambda s: s.wallet.credentials.keep("zoo", did, guild.space.anchor, [text]))
    assert negotiated(harbour, zoo, asset)["state"] == "TERMINATED", "the rulebook does not know the type"
    described = f"\ncredentials:\n  {GUILD}:\n    title: Guild\n    issuers:\n      - did: {guild.space.anchor}\n"
    harbour.publish(lambda text: text.replace("\ncredentials:\n", described, 1))
    _, address = harbour.started("zoo", asset)
    headers = {"Authorization": f"Bearer {address['properties']['authorization']}"}
    assert httpx.get(address["endpoint"], headers=headers).status_code == 200
    made = guild.host.call(lambda s: s.management.issuing.page(guild.name, "guild", holder=did))
    id = next(one.id for one in made if one.type == GUILD)
    guild.operator("POST", f"/anchor/credentials/{id}/revoke?space=guild", {"reason": "test"})
    harbour.host.call(lambda s: changed(s, guild.space.url))  # as after a minute
    assert httpx.get(address["endpoint"], headers=headers).status_code in {401, 403}
    assert negotiated(harbour, zoo, asset)["state"] == "TERMINATED"
    scopes = harbour.host.call(lambda s: s.wallet.manners.released_to("zoo", harbour.made["acme"].did)).scopes
    assert GUILD in {scope.discriminator for scope in scopes}
    nobody = harbour.host.call(lambda s: s.wallet.manners.released_to("zoo", harbour.stranger.did)).scopes
    assert GUILD not in {scope.discriminator for scope in nobody}, "who is no member may not ask about it"


async def changed(server, url):
    """Look at everything anew that depends on a space, and at what flows."""
    server.trust.changed(url)
    await server.standing.look()


def negotiated(harbour, consumer, asset):
    body = {"peer": harbour.made["acme"].did, "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
    begun = consumer("POST", "/negotiations", body)
    return consumer.until(f"/negotiations/{begun['id']}", "FINALIZED", "TERMINATED")
