"""Tokens that are used a second time: at each door, at another door, after a refusal, at once, and at another server process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.scenarios.attacks.proof.world import Doors, refused
from tests.scenarios.attacks.town import Outsider, allow


def statuses(doors, door, token, hosts):
    """Use a token at that door of all hosts at the same moment; return what each answers, in order."""
    gate, body = Barrier(len(hosts)), doors.message(door)

    def knock(host):
        gate.wait()
        return doors.knock(door, token, host=host, body=body).status_code

    with ThreadPoolExecutor(len(hosts)) as pool:
        return sorted(pool.map(knock, hosts))


@pytest.mark.parametrize("door", Doors.NAMES)
def test_a_replayed_jti(doors, door):
    token, body = doors.token(door), doors.message(door)
    assert doors.knock(door, token, body=body).is_success
    for _ in range(2):
        answer = refused(doors.knock(door, token, body=body), 401)
        assert "used before" in str(answer)


@pytest.mark.parametrize("door", Doors.NAMES)
def test_a_replayed_jti_in_another_token(doors, door):
    """It is the jti that counts, whatever else the second token says."""
    assert doors.knock(door, doors.token(door, jti=f"once-{door}")).is_success
    refused(doors.knock(door, doors.token(door, jti=f"once-{door}")), 401)
    assert doors.knock(door, doors.token(door, jti=f"once-{door}x")).is_success


@pytest.mark.parametrize("first", Doors.NAMES)
def test_a_replayed_jti_at_another_door_of_the_same_participant(doors, first):
    for second in Doors.NAMES:
        if second != first and doors.audience(second) == doors.audience(first):
            claims = {"token": doors.access()} if "presentations/query" in (first, second) else {}
            token = doors.token(first, **claims)
            assert doors.knock(first, token).status_code in (200, 201), (first, second)
            refused(doors.knock(second, token), 401)


# What is wrong at each door: something in the body (this in place of that), or something that the token carries.
REFUSED = {
    "presentations/query": {"token": "not-ours"},
    "credentials": lambda d: (d.asked, "req_none"),
    "offers": lambda d: (d.member.did, d.acme.did),
    "issuer/credentials": lambda d: ("MembershipCredential/", "OtherCredential/"),
    "applications": lambda d: ('"Outsider"', '"Outsider","evidence":{"none":"x"}'),
    "fit": lambda d: ('"Outsider"', '"Outsider","invitation":"inv_none"'),
    "catalog/request": {"token": None},
}


@pytest.mark.parametrize("door", REFUSED)
def test_a_replayed_jti_after_a_refusal(doors, door):
    """What was refused has used its token up: whoever saw it fail cannot do better with it."""
    wrong, body = REFUSED[door], doors.message(door)
    token = doors.token(door, **(wrong if isinstance(wrong, dict) else {}))
    if callable(wrong):
        there, instead = wrong(doors)
        body = body.replace(there.encode(), instead.encode())
    refused(doors.knock(door, token, body=body), 401, 403, 404, 422, 400)
    answer = refused(doors.knock(door, token), 401)
    assert "used before" in str(answer) or isinstance(wrong, dict)


@pytest.mark.parametrize("door", Doors.NAMES)
def test_a_replayed_jti_at_once(doors, door):
    got = statuses(doors, door, doors.token(door), [doors.host] * 5)
    assert got[0] in (200, 201)
    assert got[1:] == [401] * 4


@pytest.mark.postgres
def test_a_replayed_jti_at_two_server_processes_with_one_database(twins):
    first, second, acme, member = twins
    doors = Doors(first, *spaces(first), member)
    assert doors.acme.did == acme.did
    for door in Doors.NAMES:
        for hosts in ([first, second], [second, first, second, first]):
            got = statuses(doors, door, doors.token(door), hosts)
            assert got[0] in (200, 201), (door, got)
            assert got[1:] == [401] * (len(hosts) - 1), (door, got)
        token = doors.token(door)
        assert doors.knock(door, token, host=second).is_success
        refused(doors.knock(door, token, host=first), 401)
    guest = Outsider("guest")  # who leaves
    for host in (first, second):
        allow(host, guest)
    guest.enter(first, doors.space)
    token = guest.token(doors.space.anchor)
    assert doors.knock("leave", token, host=first).is_success
    refused(doors.knock("leave", token, host=second), 401)
    guest.close()


def spaces(host):
    """Return the space that is anchored there, and its provider."""
    from hanse.app.space import Made

    async def work(server):
        space = await server.management.spaces.get("port")
        did = server.ground.tenants.did_of("acme")
        return space, Made("acme", did, "Acme", "")

    return host.call(work)


def test_a_replayed_jti_of_a_sponsor(harbour):
    """The token of an intermediary that vouches is used up, too: it vouches once."""
    doors, hub = harbour.doors, Outsider("hub")
    allow(harbour.host, hub)
    try:
        sponsor = hub.token(harbour.space.anchor)
        body = b'{"name":"Outsider","sponsor":"%s"}' % sponsor.encode()
        doors.knock("applications", doors.token("applications"), body=body)
        answer = refused(doors.knock("applications", doors.token("applications"), body=body), 401)
        assert "used before" in str(answer)
        refused(doors.knock("standing", sponsor), 401)
    finally:
        hub.close()
