"""Two at once: approvals, invitations, suspensions and deliveries, at two server processes with one database."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest

from hanse.identity.did import DCP_CONTEXT
from hanse.participants.roles import SERVER, Role
from tests.scenarios.attacks.proof.test_replays import spaces
from tests.scenarios.attacks.proof.world import ENTITY, MEMBERSHIP, Doors, Issuer, claims_of, publish, refused
from tests.scenarios.attacks.town import Operator, allow

pytestmark = pytest.mark.postgres


def at_once(*asks):
    """Do these at the same moment; return what they return."""
    gate = Barrier(len(asks))

    def one(ask):
        gate.wait()
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def escaped(did):
    return did.replace("%", "%25")


class Port:
    """Both processes, the space, operators of its anchor with tokens of their own, and outsiders that may be reached."""

    def __init__(self, twins):
        self.hosts = twins[:2]
        self.space, self.acme = spaces(self.hosts[0])
        self.member = twins[3]
        made = [self._operator(name) for name in ("Ann", "Bo")]
        self.operators = [[Operator(host.root, token) for host in self.hosts] for token in made]

    def _operator(self, name):
        issued = self.hosts[0].call(lambda s: s.management.operators.add(SERVER, self.space.tenant, name, Role.ADMINISTER))
        return issued.token

    def outsider(self, name):
        one = Issuer(name)
        for host in self.hosts:
            allow(host, one)
        return one

    def rulebook(self, change):
        host = self.hosts[0]
        text = host.call(lambda s: s.management.rulebooks.published("port")).text
        publish(host, self.space, change(text))

    def apply(self, outsider, host, **more):
        headers = {"Authorization": f"Bearer {outsider.token(self.space.anchor, token=None)}"}
        return httpx.post(f"{host.root}/spaces/port/applications", json={"name": "Guest", **more}, headers=headers, timeout=30)

    def standing(self, did):
        return self.hosts[0].call(lambda s: s.management.members.standing("port", did))

    def live(self, did):
        """Return the live credentials of a holder that were not taken back."""
        found = self.hosts[0].call(lambda s: s.management.issuing.page(self.space.tenant, "port", holder=did))
        return [one for one in found if not one.status]


@pytest.fixture(scope="module")
def port(twins):
    return Port(twins)


def test_two_approvals_at_once_are_two_and_one_persons_two_are_one(port):
    port.rulebook(lambda text: text.replace("  approvals: 1\n", "  approvals: 2\n"))
    (ann_here, ann_there), (_, bo_there) = port.operators
    guests = [port.outsider(f"guest{n}") for n in range(4)]
    try:
        for number, guest in enumerate(guests):
            assert port.apply(guest, port.hosts[0]).json()["state"] == "pending"
            path = f"/anchor/applications/{escaped(guest.did)}/approve"
            if number < 2:  # the same person, at both
                got = at_once(*(lambda one=one, p=path: one.ask("POST", p, {}) for one in (ann_here, ann_there)))
                assert sorted(answer.status_code for answer in got) == [200, 409], [answer.text for answer in got]
                assert port.standing(guest.did).status.value == "pending"
                assert len(port.standing(guest.did).approvals) == 1
            else:
                got = at_once(*(lambda one=one, p=path: one.ask("POST", p, {}) for one in (ann_here, bo_there)))
                assert [answer.status_code for answer in got] == [200, 200], [answer.text for answer in got]
                assert port.standing(guest.did).status.value == "active"
    finally:
        port.rulebook(lambda text: text.replace("  approvals: 2\n", "  approvals: 1\n"))
        for guest in guests:
            guest.close()


def test_an_invitation_that_two_use_at_once_lets_one_in(port):
    guests = [port.outsider(f"guest{n}") for n in range(4)]
    try:
        for pair in (guests[:2], guests[2:]):
            invited = port.hosts[0].call(lambda s: s.management.members.invite(port.space.tenant, "port"))
            code = invited.code
            got = at_once(*(lambda g=g, h=h, c=code: port.apply(g, h, invitation=c) for g, h in zip(pair, port.hosts, strict=True)))
            assert sorted(answer.status_code for answer in got) == [200, 403]
    finally:
        for guest in guests:
            guest.close()


def test_nobody_keeps_a_credential_that_is_issued_while_it_is_suspended(port):
    """Asked for at one process, suspended at the other, again and again: what was issued in between is taken back with the rest."""
    doors = Doors(port.hosts[0], port.space, port.acme, port.member)
    did = port.member.did
    path = f"/anchor/members/{escaped(did)}"
    ann = port.operators[0][1]
    for _ in range(6):
        asks = [lambda: doors.knock("issuer/credentials", doors.token("issuer/credentials")) for _ in range(3)]
        *_, suspended = at_once(*asks, lambda: ann.ask("POST", f"{path}/suspend", {"reason": "test"}))
        assert suspended.is_success, suspended.text
        time.sleep(0.2)
        assert port.live(did) == []
        assert port.standing(did).status.value == "suspended"
        ann("POST", f"{path}/reinstate", {})
    assert port.live(did)


def test_what_is_delivered_twice_at_once_is_held_once(port):
    """And a letter that two processes might send is sent once."""
    member, hosts = port.member, port.hosts
    doors = Doors(hosts[0], port.space, port.acme, member)
    issuer = port.outsider("issuer")
    try:
        pid = doors.ask(issuer.did)
        issuer.wait_for("/issuer/credentials")
        text = issuer.issue(port.acme.did)
        container = {"credentialType": ENTITY, "payload": text, "format": "vc20-bssl/jwt"}
        message = {"type": "CredentialMessage", "issuerPid": "i", "holderPid": pid, "status": "ISSUED", "credentials": [container]}
        body = json.dumps({"@context": [DCP_CONTEXT], **message}).encode()

        def deliver(host):
            headers = {"Authorization": f"Bearer {issuer.token(port.acme.did)}"}
            return httpx.post(f"{host.root}/participants/acme/dcp/credentials", content=body, headers=headers, timeout=30).status_code

        assert set(at_once(*(lambda h=h: deliver(h) for h in [*hosts, *hosts]))) == {200}
        held = hosts[0].call(lambda s: s.wallet.credentials.page("acme", after=None, limit=100))
        assert len([one for one in held if one.issuer == issuer.did]) == 1
        asked = [body for method, path, _, body in issuer.taken if path.endswith("/issuer/credentials")]
        assert len(asked) == 1
    finally:
        issuer.close()


NUL = ["\0", "a\0b", "\ud800", "\udfff\ud800", "\U0010ffff" * 50]


def test_postgresql_is_not_asked_for_what_it_cannot_hold(port):
    """U+0000 and halves of characters, wherever a stranger may put a text: nobody's fault becomes ours."""
    doors = Doors(port.hosts[1], port.space, port.acme, port.member)
    for odd in NUL:
        written(port, doors, odd)
        presented(port, doors, odd)


def written(port, doors, odd):
    raw = json.dumps(odd).encode()
    for door in Doors.NAMES:
        body = doors.message(door)
        for there in (b'"Outsider"', doors.asked.encode().join([b'"', b'"']), b'"there"', b'"urn:offered"', b'"No."'):
            if there in body:
                answer = doors.knock(door, doors.token(door), body=body.replace(there, raw))
                assert answer.status_code < 500, (door, there, answer.text)
    with_pid = doors.message("issuer/credentials")
    pid = json.dumps(json.loads(with_pid)["holderPid"]).encode()
    assert doors.knock("issuer/credentials", doors.token("issuer/credentials"), body=with_pid.replace(pid, raw)).status_code < 500
    for door in Doors.NAMES:
        answer = doors.knock(door, doors.token(door, jti=f"{odd}{uuid4().hex}"))
        assert answer.status_code < 500, (door, answer.text)
    for more in (
        {"evidence": {odd: "x"}},
        {"evidence": {"x": odd}},
        {"roles": [odd]},
        {"invitation": odd},
        {"hosting": f"https://x/{odd}"},
    ):
        body = json.dumps({"name": "Outsider", **more}).encode()
        for door in ("fit", "applications"):
            assert doors.knock(door, doors.token(door), body=body).status_code < 500
    answer = httpx.post(f"{port.hosts[1].root}/spaces/port/probe", content=json.dumps({"did": f"did:web:{odd}"}))
    assert answer.status_code < 500


def presented(port, doors, odd):
    """Names of members, values, ids; refusals of them are stored."""
    member = port.member
    for claims in ({odd: "x"}, {"country": odd}, {"id": odd}):
        said = claims_of(member.credentials[0]) | {"type": ["VerifiableCredential", MEMBERSHIP], "credentialSubject": claims}
        wrong = member.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})
        own, member.credentials = member.credentials, [wrong]
        answer = doors.knock("catalog/request", doors.token("catalog/request", token=uuid4().hex))
        member.credentials = own
        refused(answer, 401, 403)
