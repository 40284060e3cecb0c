"""Credentials that were taken back: refused at the door, and what flows is cut: at once where the anchor is, else within a minute."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest

from hanse.app.build import Parts
from hanse.app.space import found_space, hand_over, host_token
from tests.scenarios.attacks.proof.reading import reading
from tests.scenarios.attacks.proof.world import Ahead, refused
from tests.scenarios.attacks.town import Host, Operator
from tests.services import free_port

AT_ONCE = 3.0
"""Seconds in which a watch that was woken has looked, on a busy machine."""
MINUTE = timedelta(seconds=60)
BIG = 256 << 20


def escaped(did):
    return did.replace("%", "%25")


def until_refused(call, seconds=AT_ONCE):
    """Call until the answer is an error; return it."""
    end = time.monotonic() + seconds
    while (answer := call()).is_success:
        assert time.monotonic() < end, "it is let in still"
        time.sleep(0.02)
    return answer


@pytest.fixture(scope="module")
def big(harbour):
    path = harbour.folder / "data" / "big.bin"
    with path.open("wb") as file:
        file.truncate(BIG)
    return harbour.operators["acme"](
        "POST", "/assets", {"source": {"kind": "file", "path": str(path)}, "terms": ["members"], "title": "Big"}
    )


def looks(harbour):
    """Return a look of the consumer at the provider's catalogue."""
    return lambda: harbour.operators["zoo"].ask("POST", "/catalog", {"peer": harbour.made["acme"].did})


def give_back(harbour):
    """Let the consumer have good credentials again, and everybody know it."""
    harbour.host.call(lambda s: hand_over(s, harbour.space, "zoo", harbour.made["zoo"].did))
    end = time.monotonic() + AT_ONCE
    while not looks(harbour)().is_success:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_revoked_credential_is_refused_and_a_running_transfer_is_cut(harbour, big):
    anchor = harbour.operators["anchor"]
    _, address = harbour.started("zoo", big)
    with reading(harbour.host, address) as stream:
        assert stream.flows()
        anchor("POST", f"/anchor/credentials/{harbour.credential('zoo')}/revoke?space=port", {"reason": "test"})
        assert stream.cut_within(AT_ONCE)
    refused(httpx.get(address["endpoint"], headers={"Authorization": f"Bearer {address['properties']['authorization']}"}), 401, 403)
    assert "revoked" in until_refused(looks(harbour)).text
    give_back(harbour)


def test_a_suspended_credential_is_refused_and_a_running_transfer_is_cut(harbour, big):
    anchor, member = harbour.operators["anchor"], f"/anchor/members/{escaped(harbour.made['zoo'].did)}"
    _, address = harbour.started("zoo", big)
    with reading(harbour.host, address) as stream:
        assert stream.flows()
        anchor("POST", f"{member}/suspend?space=port", {"reason": "test"})
        assert stream.cut_within(AT_ONCE)
    refused(httpx.get(address["endpoint"], headers={"Authorization": f"Bearer {address['properties']['authorization']}"}), 401, 403)
    until_refused(looks(harbour))
    anchor("POST", f"{member}/reinstate?space=port", {})
    give_back(harbour)
    with reading(harbour.host, address) as stream:
        assert stream.flows()


def test_a_revoked_or_suspended_credential_of_an_outsider_is_refused(harbour):
    """It has its own wallet, and presents what it has all the same."""
    anchor, member = harbour.operators["anchor"], f"/anchor/members/{escaped(harbour.member.did)}"
    assert harbour.catalogue().status_code == 200
    anchor("POST", f"{member}/suspend?space=port", {"reason": "test"})
    answer = refused(harbour.catalogue(), 403)
    assert answer["code"] == "suspended"
    anchor("POST", f"{member}/reinstate?space=port", {})
    assert harbour.catalogue().status_code == 200


def test_a_revoked_credential_of_another_issuer_is_refused(harbour):
    fine, taken_back = harbour.chamber.publish("/lists/fine"), harbour.chamber.publish("/lists/taken-back", 7)
    member = harbour.member.did
    assert harbour.holding(harbour.chamber.issue(member, lists=[fine])).status_code == 200
    answer = refused(harbour.holding(harbour.chamber.issue(member, lists=[taken_back])), 403)
    assert answer["code"] == "revoked"
    assert refused(harbour.holding(harbour.chamber.issue(member, lists=[fine, taken_back])), 403)["code"] == "revoked"


def test_an_ended_membership_is_refused_in_every_role(harbour):
    """Roles alone open nothing, and neither does a credential about nobody's membership."""
    own = harbour.member.credentials
    try:
        harbour.member.credentials = own[1:]
        assert refused(harbour.catalogue(), 403)["code"] == "missing"
        harbour.member.credentials = []
        assert refused(harbour.catalogue(), 403)["code"] == "missing"
    finally:
        harbour.member.credentials = own


async def wake(server):
    server.standing.wake()


class Abroad:
    """An anchor on one server, and a provider with its consumers on another, whose clock can be put forward."""

    def __init__(self, folder):
        ports = free_port(), free_port()
        allowed = tuple(f"localhost:{port}" for port in ports)
        self.clock = Ahead()
        self.anchor = Host(folder / "anchor", port=ports[0], peers_allow=allowed)
        self.host = Host(folder / "home", Parts(clock=self.clock), port=ports[1], peers_allow=allowed)
        self.space, made = self.anchor.call(lambda s: found_space(s, "abroad", "Abroad"))
        self.operator = Operator(self.anchor.root, made.token)
        self.keeper = Operator(self.host.root, self.host.call(host_token))
        self.secrets = {made.token, self.keeper.token}
        self.people, self.dids = {}, {}
        (folder / "data").mkdir()
        with (folder / "data" / "big.bin").open("wb") as file:
            file.truncate(BIG)
        for name in ("acme", "one", "two", "three"):
            self.join(name, str(folder / "data"))
        source = {"kind": "file", "path": str(folder / "data" / "big.bin")}
        self.asset = self.people["acme"]("POST", "/assets", {"source": source, "terms": ["members"], "title": "Big"})

    def join(self, name, root):
        made = self.keeper("POST", "/participants", {"name": name, "title": name.title(), "allowed_roots": [root]})
        self.people[name], self.dids[name] = Operator(self.host.root, made["token"]), made["participant"]["did"]
        self.secrets.add(made["token"])
        invited = self.anchor.call(lambda s: s.management.members.invite(self.space.tenant, self.space.name))
        joined = self.people[name]("POST", "/space/join", {"url": self.space.url, "invitation": invited.code})
        assert joined["state"] == "member", joined

    def started(self, name):
        one = self.people[name]
        offer = self.asset["dataset"]["offers"][0]["id"]
        begun = one("POST", "/negotiations", {"peer": self.dids["acme"], "dataset": self.asset["id"], "offer": offer})
        agreed = one.until(f"/negotiations/{begun['id']}", "FINALIZED")
        transfer = one("POST", "/transfers", {"contract": agreed["contract"]})
        one.until(f"/transfers/{transfer['id']}", "STARTED")
        return one("GET", f"/transfers/{transfer['id']}/address")

    def look(self, name):
        return self.people[name].ask("POST", "/catalog", {"peer": self.dids["acme"]})

    def a_minute_later(self):
        """Put the clock of everybody but the anchor forward; the watch, which looks every five seconds, looks now."""
        self.clock.by += MINUTE
        self.host.call(wake)

    def close(self):
        self.host.stop()
        self.anchor.stop()


@pytest.fixture(scope="module")
def abroad(town, tmp_path_factory):
    made = Abroad(tmp_path_factory.mktemp("abroad").resolve())
    yield made
    town.secrets |= made.secrets
    made.close()


def test_within_a_minute_a_credential_that_was_revoked_elsewhere_is_refused_and_a_running_transfer_is_cut(abroad):
    address = abroad.started("one")
    with reading(abroad.host, address) as stream:
        assert stream.flows()
        issued = abroad.anchor.call(lambda s: s.management.issuing.page(abroad.space.tenant, abroad.space.name, holder=abroad.dids["one"]))
        for one in issued:
            abroad.operator("POST", f"/anchor/credentials/{one.id}/revoke", {"reason": "test"})
        assert stream.flows()  # nobody has told the provider
        abroad.a_minute_later()
        assert stream.cut_within(AT_ONCE)
    answer = abroad.look("one")
    assert not answer.is_success
    assert "revoked" in answer.text
    refused(httpx.get(address["endpoint"], headers={"Authorization": f"Bearer {address['properties']['authorization']}"}), 401, 403)


def test_within_a_minute_a_member_that_was_suspended_elsewhere_is_refused_and_comes_back(abroad):
    address, member = abroad.started("two"), f"/anchor/members/{escaped(abroad.dids['two'])}"
    with reading(abroad.host, address) as stream:
        assert stream.flows()
        abroad.operator("POST", f"{member}/suspend", {"reason": "test"})
        abroad.a_minute_later()
        assert stream.cut_within(AT_ONCE)
    assert not abroad.look("two").is_success
    abroad.operator("POST", f"{member}/reinstate", {})
    abroad.a_minute_later()
    assert abroad.look("two").is_success


def test_within_a_minute_a_status_list_that_is_withheld_ends_what_flows(abroad):
    """Whoever keeps the list from us, or the anchor, keeps nobody in: what cannot be known does not count."""
    address = abroad.started("three")
    with reading(abroad.host, address) as stream:
        assert stream.flows()
        abroad.anchor.stop()
        abroad.a_minute_later()
        assert stream.cut_within(AT_ONCE + 5)  # the lists may take five seconds not to come
    answer = abroad.look("three")
    assert not answer.is_success
