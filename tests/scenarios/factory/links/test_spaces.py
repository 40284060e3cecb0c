"""One participant in two spaces: whom it lets in, what it tells of itself, and under which rules a contract stands."""

from __future__ import annotations

import json

import pytest
from joserfc.util import urlsafe_b64decode

from hanse.app.trust import watch_of
from hanse.trust.ports import Watched
from tests.unit.http.api.rig import ROOT, did_of, run

HARBOUR, MEADOW = f"{ROOT}/spaces/harbour", f"{ROOT}/spaces/meadow"


async def both(rig, *names):
    """Let `other` found a second space, and let these join it, who are in the first one."""
    await rig.good("POST", "/anchor", "other", body={"name": "meadow", "title": "The Meadow"})
    for name in names:
        await enter(rig, name)


async def enter(rig, name):
    invited = await rig.good("POST", "/anchor/invitations", "other", body={"did": did_of(name)})
    joined = await rig.good("POST", "/space/join", name, body={"url": MEADOW, "invitation": invited["code"]})
    assert joined["state"] == "member"
    await rig.arrived()


def escaped(name):
    return did_of(name).replace("%", "%25")


async def expel(rig, anchor, name):
    await rig.good("POST", f"/anchor/members/{escaped(name)}/remove", anchor, body={"reason": "Unpaid."})
    await rig.arrived()


async def spaces_of(rig, contract, who):
    """Return the spaces under whose rules a participant has this contract."""
    found = await rig.database.read(lambda tx: tx.contracts.get(who, contract))
    return {url.rpartition("/")[2] for url in found.spaces}


async def asked_of(rig):
    """Return which types of credentials were asked of the peers, from now on."""
    asked = []
    present = rig.server.wallet.dcp.present

    async def listening(tenant, holder, message, token):
        asked.append((tenant, holder, tuple(message.scope)))
        return await present(tenant, holder, message, token)

    rig.server.wallet.dcp.present = listening
    return asked


def test_a_member_of_the_second_space_deals_with_us_as_one_of_the_first_does(tmp_path):
    async def scenario(rig):
        await both(rig, "acme")
        _, contract = await rig.agreed()
        assert await spaces_of(rig, contract, "zoo") == await spaces_of(rig, contract, "acme") == {"harbour"}
        # `other` is in the meadow alone.
        asset = await rig.asset()
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
        begun = await rig.good("POST", "/negotiations", "other", body=body)
        shown = await rig.until(f"/negotiations/{begun['id']}", "other", "FINALIZED")
        assert await spaces_of(rig, shown["contract"], "acme") == {"meadow"}

    run(tmp_path, scenario)


def test_what_was_agreed_in_a_space_ends_with_the_membership_there_whatever_else_both_are_in(tmp_path):
    async def scenario(rig):
        await both(rig, "acme")
        _, contract = await rig.agreed()
        transfer = await rig.fetched(contract)
        await enter(rig, "zoo")
        await expel(rig, "acme", "zoo")
        rig.server.trust.changed(HARBOUR)
        # It is a member of the meadow, and may read our catalogue and agree on something new.
        catalogue = await rig.good("POST", "/catalog", "zoo", body={"peer": did_of("acme")})
        assert len(catalogue["datasets"]) == 1
        offer = catalogue["datasets"][0]["offers"][0]["id"]
        body = {"peer": did_of("acme"), "dataset": catalogue["datasets"][0]["id"], "offer": offer}
        begun = await rig.good("POST", "/negotiations", "zoo", body=body)
        shown = await rig.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED")
        assert await spaces_of(rig, shown["contract"], "acme") == {"meadow"}
        # What was agreed in the harbour gives it nothing any more.
        again = await rig.good("POST", "/transfers", "zoo", "operate", {"contract": contract})
        ended = await rig.until(f"/transfers/{again['id']}", "zoo", "TERMINATED", "STARTED")
        assert ended["state"] == "TERMINATED"
        assert f"made in the space {HARBOUR}" in json.dumps(await rig.good("GET", f"/explain/{again['id']}", "zoo"))
        assert transfer["state"] == "STARTED"
        assert (await rig.fetched(shown["contract"]))["state"] == "STARTED"

    run(tmp_path, scenario)


def test_a_space_that_is_left_takes_its_contracts_rights_with_it(tmp_path):
    async def scenario(rig):
        await both(rig, "acme", "zoo")
        asset, contract = await rig.agreed()
        assert await spaces_of(rig, contract, "acme") == {"harbour", "meadow"}
        await rig.good("POST", "/space/leave", "zoo", body={"url": "meadow"})
        await rig.arrived()
        assert (await rig.fetched(contract))["state"] == "STARTED", "it stands by the rules of the other one, in which both are still"
        assert asset["id"]

    run(tmp_path, scenario)


def test_a_peer_of_one_space_is_shown_and_asked_nothing_of_the_other(tmp_path):
    async def scenario(rig):
        await both(rig, "zoo")
        asked = await asked_of(rig)
        sent = []
        send = rig.peers.send

        async def listening(method, url, body=None, headers=None, **said):
            answer = await send(method, url, body, headers, **said)
            if "/participants/acme/" in url or url.endswith("/presentations/query"):
                sent.extend([body, *(headers or {}).values(), answer.body])
            return answer

        rig.peers.send = listening
        await rig.agreed()
        assert {holder for _, holder, _ in asked} == {did_of("acme"), did_of("zoo")}
        told = b"".join(part.encode() if isinstance(part, str) else part or b"" for part in sent)
        assert b"meadow" not in told + opened(told)
        assert b"harbour" in opened(told)

    run(tmp_path, scenario)


def opened(text):
    """Return what lies inside all JWTs of a text, and inside those."""
    found = []
    for word in text.replace(b'"', b" ").replace(b",", b" ").split():
        parts = word.rpartition(b":")[2].split(b".")
        if len(parts) == 3:
            try:
                payload = urlsafe_b64decode(parts[1])
                json.loads(payload)
            except ValueError:
                continue
            found += [payload, opened(payload)]
    return b" ".join(found)


@pytest.mark.parametrize("peer", ["acme", "other"])
def test_each_peer_gets_the_credentials_of_its_own_space(tmp_path, peer):
    async def scenario(rig):
        await both(rig, "zoo")
        release = await rig.server.wallet.manners.released_to("zoo", did_of(peer))
        assert release.spaces == ({"acme": HARBOUR, "other": MEADOW}[peer],)
        shown = await rig.server.wallet.manners.showing("zoo", release.spaces)
        held = await rig.server.wallet.credentials.page("zoo", after=None, limit=100)
        assert {one.issuer for one in held if shown(one)} == {did_of(peer)}
        assert {one.issuer for one in held} == {did_of("acme"), did_of("other")}

    run(tmp_path, scenario)


# From outside.


def test_what_is_public_of_a_space_is_seen_by_who_is_in_none(tmp_path):
    async def scenario(rig):
        await rig.asset()
        seen = await rig.good("POST", "/space/look", "other", body={"url": HARBOUR, "offers": True})
        assert (seen["title"], seen["joined"], seen["anchor"]) == ("The Harbour", False, did_of("acme"))
        assert {one["did"] for one in seen["members"]} == {did_of("acme"), did_of("zoo")}
        roles = {one["name"]: one for one in seen["roles"]}
        assert {"provider", "consumer"} <= set(roles)
        assert seen["decided_by"] == "1 operator"
        assert seen["catalogues"] == []
        assert set(seen["closed"]) == {did_of("acme"), did_of("zoo")}, "they do not answer strangers"
        assert (await rig.good("GET", "/spaces", "other"))["items"] == [], "to look is not to join"
        assert (await rig.good("POST", "/space/look", "zoo", body={"url": HARBOUR}))["joined"]
        assert (await rig.ask("POST", "/space/look", "zoo", body={"url": f"{ROOT}/spaces/nothing"}))[0] == 422

    run(tmp_path, scenario)


def test_a_member_that_answers_anybody_shows_what_it_offers(tmp_path):
    async def scenario(rig):
        await rig.asset()

        async def admit(sender, asked):
            return None

        rig.server.trust.door.admit = admit  # as a server of another make may be
        seen = await rig.good("POST", "/space/look", "other", body={"url": HARBOUR, "offers": True})
        assert [one["participant"] for one in seen["catalogues"] if one["datasets"]] == [did_of("acme")]
        assert seen["closed"] == {}

    run(tmp_path, scenario)


def test_the_watch_over_what_flows_goes_by_the_space_of_each_contract(tmp_path):
    async def scenario(rig):
        await both(rig, "acme", "zoo")
        _, shared = await rig.agreed()
        await rig.good("POST", "/space/leave", "zoo", body={"url": "meadow"})
        await rig.arrived()
        asset = await rig.asset(title="Second")
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
        begun = await rig.good("POST", "/negotiations", "zoo", body=body)
        harbour = (await rig.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED"))["contract"]
        assert await spaces_of(rig, harbour, "acme") == {"harbour"}
        watched = [await flowing(rig, contract) for contract in (shared, harbour)]
        await enter(rig, "zoo")
        catalogue = await rig.good("POST", "/catalog", "zoo", body={"peer": did_of("acme")})
        assert catalogue["datasets"]
        watch = watch_of(rig.server.ground, rig.server.trust, rig.server.data.running, rig.server.usage)
        assert await watch.check(watched) == []
        await expel(rig, "acme", "zoo")
        rig.server.trust.changed(HARBOUR)
        ((lost, reason),) = await watch.check(watched)
        assert (lost, reason.rule) == (watched[1], "revoked"), "what both spaces hold goes on in the other"
        # And now we leave the other one ourselves.
        await rig.good("POST", "/space/leave", "acme", body={"url": "meadow"})
        await rig.arrived()
        assert [one for one, _ in await watch.check(watched)] == watched

    run(tmp_path, scenario)


async def flowing(rig, contract):
    """Let zoo's transfer start; return it as the provider's watch sees it."""
    await rig.fetched(contract)
    transfers = (await rig.good("GET", "/transfers"))["items"]
    id = next(one["id"] for one in transfers if one["contract"] == contract)
    return Watched("acme", did_of("zoo"), id)
