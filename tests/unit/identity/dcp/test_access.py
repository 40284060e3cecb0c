from datetime import timedelta

import pytest

from hanse.identity.dcp.access import Access, grant, open_access
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.exchange import drive
from hanse.identity.self_issued import verify
from hanse.kernel.errors import Invalid, Unauthenticated
from tests.unit.identity.credentials.world import NOW, World

SCOPES = parse_scopes(["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"])


@pytest.fixture
def world():
    return World()


@pytest.fixture
def token(world):
    return grant(world.holder.key, world.verifier.did, SCOPES, NOW, "jti_1")


def opened(world, token, *, holder=None, bearer=None, now=NOW):
    return drive(open_access(token, holder or world.holder.did, bearer or world.verifier.did, now), world.answer)


def rule(world, token, **options):
    with pytest.raises(Unauthenticated) as caught:
        opened(world, token, **options)
    return caught.value.rule


def test_its_bearer_may_read(world, token):
    expires = NOW + timedelta(minutes=10)
    assert opened(world, token) == Access(world.holder.did, world.verifier.did, SCOPES, "jti_1", expires)


def test_nobody_else_may(world, token):
    assert rule(world, token, bearer=world.stranger.did) == "bearer"
    assert rule(world, token, bearer=world.verifier.did + ":a") == "bearer"


def test_it_is_the_holders(world, token):
    assert rule(world, token, holder=world.issuer.did) == "issuer"
    assert rule(world, world.changed(token, lambda _: None, world.stranger)) == "kid"
    forged = world.changed(token, lambda body: body.update(scope=[]), world.holder)
    assert opened(world, forged).scopes == ()
    assert rule(world, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")) in {"signature", "shape"}


def test_it_ends(world, token):
    assert rule(world, token, now=NOW + timedelta(minutes=10, seconds=30)) == "expired"
    assert rule(world, token, now=NOW - timedelta(seconds=31)) == "not-yet"


@pytest.mark.parametrize("token", ["", "faketoken", "a.b.c", "e30.e30.AA", "A" * 5000])
def test_rubbish(world, token):
    assert rule(world, token) == "shape"
    assert world.asked == []


def test_kinds_are_not_mixed_up(world, token):
    assert rule(world, world.changed(token, lambda _: None, world.holder, {"typ": "JWT"})) == "kind"
    assert rule(world, world.credential()) == "shape"
    with pytest.raises(Unauthenticated):
        drive(verify(token, world.holder.did, NOW), world.answer)


def test_grants_are_bounded(world):
    for lifetime in (timedelta(0), timedelta(hours=2)):
        with pytest.raises(Invalid):
            grant(world.holder.key, world.verifier.did, SCOPES, NOW, "jti_1", lifetime)
    with pytest.raises(Invalid):
        grant(world.holder.key, world.verifier.did, parse_scopes(f"a:{'x' * 300}{n}" for n in range(20)), NOW, "jti_1")
