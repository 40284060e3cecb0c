import asyncio

import pytest

from hanse.identity.dcp.access import open_access
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.did import did_document, key_id
from hanse.identity.exchange import drive
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import verify
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Invalid, NotFound, Unauthenticated
from hanse.kernel.ids import CountedIds
from hanse.wallet import tokens as module
from hanse.wallet.ports import Release
from hanse.wallet.tokens import TokenService
from tests.unit.identity.credentials.world import NOW, Party

CITY, ZOO = "did:web:city.example", "did:web:zoo.example"
MEMBERSHIP = parse_scopes(["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"])
ALL = parse_scopes(["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read", "org.eclipse.dspace.dcp.vc.type:RoleCredential:read"])


class Holders:
    """Signer and releases in one."""

    def __init__(self):
        self.parties = {"acme": Party("acme.example"), "mill": Party("mill.example")}
        self.released, self.spaces = MEMBERSHIP, ()

    async def signing_key(self, tenant):
        if tenant not in self.parties:
            raise NotFound("There is no such participant.")
        return self.parties[tenant].key

    async def released_to(self, tenant, audience):
        return Release(self.released, self.spaces)

    def rotate(self, tenant):
        party = self.parties[tenant]
        before = party.document
        party.key = SigningKey.generate(key_id(party.did, 2))
        old = before.verification_method[0]
        party.document = did_document(party.did, [(old.id, old.public_key_jwk), (party.key.kid, party.key.public_jwk)])


@pytest.fixture
def holders():
    return Holders()


@pytest.fixture
def time():
    return ManualClock(NOW)


@pytest.fixture
def service(holders, time):
    return TokenService(holders, holders, time, CountedIds())


def caller_of(holders, time, text, audience=CITY, tenant="acme"):
    return drive(verify(text, audience, time.now()), lambda _request: holders.parties[tenant].document)


def opened(holders, time, token, bearer=CITY, tenant="acme"):
    party = holders.parties[tenant]
    return drive(open_access(token, party.did, bearer, time.now()), lambda _request: party.document)


def token_for(service, holders, time, audience=CITY, tenant="acme"):
    return caller_of(holders, time, asyncio.run(service.token_for(tenant, audience)), audience, tenant)


def test_each_token_is_new_and_grants_the_releases_to_its_audience(service, holders, time):
    callers = [token_for(service, holders, time) for _ in range(3)]
    assert len({caller.jti for caller in callers}) == 3
    assert len({caller.token for caller in callers}) == 1
    assert callers[0].did == holders.parties["acme"].did
    access = opened(holders, time, callers[0].token)
    assert (access.bearer, access.scopes) == (CITY, MEMBERSHIP)
    with pytest.raises(Unauthenticated):
        opened(holders, time, callers[0].token, bearer=ZOO)


def test_the_access_token_is_one_per_participant_audience_and_releases(service, holders, time):
    first = token_for(service, holders, time).token
    other_audience = token_for(service, holders, time, ZOO).token
    other_tenant = token_for(service, holders, time, tenant="mill").token
    holders.released = ALL
    other_releases = token_for(service, holders, time).token
    assert len({first, other_audience, other_tenant, other_releases}) == 4
    assert opened(holders, time, other_releases).scopes == ALL
    holders.released = MEMBERSHIP
    assert token_for(service, holders, time).token == first


def test_it_is_replaced_when_a_minute_is_left(service, holders, time):
    first = token_for(service, holders, time).token
    time.advance(minutes=8, seconds=59)
    assert token_for(service, holders, time).token == first
    time.advance(seconds=1)
    second = token_for(service, holders, time).token
    assert second != first
    assert opened(holders, time, second).expires - time.now() == module.access.LIFETIME


def test_what_is_released_of_some_spaces_says_so_and_of_others_takes_another_token(service, holders, time):
    one, two = "https://port.example/spaces/baltic", "https://north.example/spaces/north"
    tokens = {}
    for spaces in ((one,), (one, two), (one,)):
        holders.spaces = spaces
        token = token_for(service, holders, time).token
        assert opened(holders, time, token).spaces == spaces
        assert tokens.setdefault(spaces, token) == token
    assert len(set(tokens.values())) == 2


def test_who_releases_nothing_grants_nothing(service, holders, time):
    holders.released = ()
    assert token_for(service, holders, time).token is None


def test_after_a_rotation_the_new_key_signs_both(service, holders, time):
    first = token_for(service, holders, time)
    other = token_for(service, holders, time, tenant="mill").token
    holders.rotate("acme")  # by another process: nothing was forgotten here
    second = token_for(service, holders, time)
    assert second.token != first.token
    assert "key-2" in module.access.parse_compact(second.token, 4096).header.kid
    service.forget("acme")
    assert token_for(service, holders, time).token != second.token
    assert token_for(service, holders, time, tenant="mill").token == other


def test_a_bare_token_lets_nothing_be_read_and_may_echo(service, holders, time):
    assert caller_of(holders, time, asyncio.run(service.bare_token("acme", CITY))).token is None
    assert caller_of(holders, time, asyncio.run(service.bare_token("acme", CITY, "theirs"))).token == "theirs"


def test_who_is_not_here_gets_nothing(service):
    for make in (service.token_for, service.bare_token, service.secure_token):
        with pytest.raises(NotFound):
            asyncio.run(make("nobody", CITY))


def test_the_secure_token_service_adds_a_token_only_when_it_is_asked(service, holders, time):
    def made(*args):
        return caller_of(holders, time, asyncio.run(service.secure_token("acme", CITY, *args)))

    assert made().token is None
    assert made((), "given").token == "given"
    assert opened(holders, time, made(ALL).token).scopes == ALL
    assert made(ALL).token == made(ALL).token


@pytest.mark.parametrize(
    ("audience", "scopes", "token", "where"),
    [
        ("https://city.example", (), None, "audience"),
        ("did:web:" + "a" * 600, (), None, "audience"),
        ("did:web:a\nb", (), None, "audience"),
        (CITY, ALL, "given", "token"),
        (CITY, (), "", "token"),
        (CITY, (), "x" * 4097, "token"),
    ],
)
def test_what_the_secure_token_service_refuses(service, audience, scopes, token, where):
    with pytest.raises(Invalid) as caught:
        asyncio.run(service.secure_token("acme", audience, scopes, token))
    assert caught.value.where == where


def test_scopes_that_do_not_fit_are_refused_not_cut(service):
    many = parse_scopes(f"org.eclipse.dspace.dcp.vc.type:{'x' * 90}{n}" for n in range(60))
    with pytest.raises(Invalid):
        asyncio.run(service.secure_token("acme", CITY, many))


def test_the_least_recently_used_leaves_memory_first(service, holders, time, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)
    first, second = (token_for(service, holders, time, did).token for did in (CITY, ZOO))
    assert token_for(service, holders, time, CITY).token == first
    token_for(service, holders, time, "did:web:third.example")
    assert token_for(service, holders, time, CITY).token == first
    assert token_for(service, holders, time, ZOO).token != second
