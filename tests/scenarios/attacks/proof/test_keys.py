"""Keys that are rotated, stolen, declared compromised, and recovered."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from hanse.app.keys import FILE, VARIABLE
from hanse.app.recovery.backup import backup
from hanse.app.recovery.confirm import confirm
from hanse.app.recovery.restore import restore
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue as issue_token
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Misconfigured
from tests.scenarios.attacks.proof.test_standing import until_refused
from tests.scenarios.attacks.proof.world import ASK, MEMBERSHIP, SCOPE, Harbour, Issuer, claims_of, refused
from tests.scenarios.attacks.town import Host, allow


@pytest.fixture(scope="module")
def quay(town, tmp_path_factory):
    """A harbour of its own: what happens to keys here is for good."""
    made = Harbour(tmp_path_factory.mktemp("quay").resolve())
    yield made
    town.secrets |= made.secrets
    made.close()


async def _steal(server, name):
    key = await server.ground.wallet.signing_key(name)
    return SigningKey.from_private_jwk(key.to_private_jwk(), key.kid)


def steal(quay, name):
    """Return the private key with which a participant signs now, as a thief would have it."""
    return quay.host.call(lambda s: _steal(s, name))


def called(quay, key, to="acme"):
    """Ask a participant for its catalogue, with a token of that key's owner; it lets its credentials be read."""
    did = key.did
    name = did.rpartition(":")[2]
    granted = quay.host.call(lambda s: s.wallet.tokens.secure_token(name, quay.made[to].did, parse_scopes([SCOPE])))
    audience = quay.made[to].did
    token = issue_token(key, did, audience, datetime.now(UTC), f"jti-{datetime.now(UTC).timestamp()}", token=claims_of(granted)["token"])
    quay.member.seen |= {token, granted}
    url = f"{quay.host.root}/participants/{to}/dsp/2025-1/catalog/request"
    return httpx.post(url, json=ASK, headers={"Authorization": f"Bearer {token}"})


def document(quay, name):
    return httpx.get(f"{quay.host.root}/participants/{name}/did.json").json()


def looks(quay):
    return quay.operators["zoo"].ask("POST", "/catalog", {"peer": quay.made["acme"].did})


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_keys_can_be_rotated(quay, kind):
    """What the old key signed stays good: tokens under way, credentials, presentations' access tokens."""
    for name in ("zoo", "anchor"):
        before = steal(quay, name)
        assert called(quay, before).status_code == 200
        made = quay.operators[name]("POST", "/wallet/keys/rotate", {"kind": kind})
        after = steal(quay, name)
        assert after.kid == made["kid"] != before.kid
        published = document(quay, name)
        assert {before.kid, after.kid} <= {method["id"] for method in published["verificationMethod"]}
        assert '"d"' not in json.dumps(published)
        assert called(quay, before).status_code == 200  # a token that was under way
        assert called(quay, after).status_code == 200
        assert looks(quay).is_success


def test_what_was_signed_after_a_compromise_is_refused(quay):
    """A thief has a member's key. Its owner says so; the thief gets nothing more, and the owner goes on with another key."""
    stolen = steal(quay, "zoo")
    assert called(quay, stolen).status_code == 200
    said = quay.operators["zoo"]("POST", "/wallet/keys/compromise", {"kid": stolen.kid, "since": datetime.now(UTC).isoformat()})
    assert said["active"]["kid"] != stolen.kid
    answer = refused(called(quay, stolen), 401)
    assert answer["code"] in {"key-purpose", "key-unknown", "key-revoked"}
    for door in quay.doors.NAMES:
        token = issue_token(stolen, stolen.did, quay.doors.audience(door), datetime.now(UTC), f"jti-{door}")
        quay.member.seen.add(token)
        refused(quay.doors.knock(door, token), 401)
    assert called(quay, steal(quay, "zoo")).status_code == 200
    assert looks(quay).is_success
    with pytest.raises(Misconfigured):  # the private key is destroyed, so that nobody signs with it any more, not even here
        quay.host.call(lambda s: _unsealed(s, "zoo", stolen.kid))


async def _unsealed(server, tenant, kid):
    keys = await server.ground.database.read(lambda tx: tx.keys.list(tenant))
    one = next(key for key in keys if key.kid == kid)
    return server.ground.wallet._sealer.unseal(one.sealed, tenant=tenant, kid=kid)


def test_what_an_issuer_signed_after_a_compromise_is_refused_and_before_it_counts(quay):
    """A thief has the anchor's key: the credentials that it makes are refused, those of before hold until they are made anew."""
    thief = Issuer("thief")
    allow(quay.host, thief)
    renew(quay)
    stolen = steal(quay, "anchor")
    since = datetime.now(UTC) + timedelta(seconds=1)

    def forged(at):
        said = claims_of(quay.member.credentials[0])
        subject = {"id": thief.did, "memberOf": quay.space.url, "name": "Thief", "since": "2026-01-01T00:00:00Z"}
        said |= {"sub": thief.did, "credentialSubject": subject, "iat": int(at.timestamp()), "validFrom": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        said.pop("credentialStatus", None)
        text = stolen.sign(msgspec.json.encode(said), {"typ": "vc+jwt"})
        thief.seen.add(text)
        return text

    try:
        thief.credentials = [forged(since)]
        assert quay.catalogue(thief).status_code == 200  # whoever has the key is the anchor, until that is known
        time.sleep(max(0.0, (since - datetime.now(UTC)).total_seconds()))
        quay.operators["anchor"]("POST", "/wallet/keys/compromise", {"kid": stolen.kid, "since": since.isoformat()})
        quay.host.call(forget)
        for at in (since + timedelta(seconds=1), datetime.now(UTC) + timedelta(seconds=10)):
            thief.credentials = [forged(at)]
            assert refused(quay.catalogue(thief), 403)["code"] == "key-revoked"
        assert quay.catalogue().status_code == 200  # the member's own was signed before
    finally:
        thief.close()


def renew(quay):
    """Let the member have fresh credentials of the anchor's."""
    quay.member.credentials = quay.host.call(lambda s: s.management.issuing.issue_now(quay.space.tenant, quay.space.name, quay.member.did))
    quay.member.seen.update(quay.member.credentials)


def test_a_key_that_is_released_takes_all_that_it_signed_along(quay):
    """A thief dates back what it signs; so an issuer signs anew what it must, and then the key leaves the document."""
    operator, stolen = quay.operators["anchor"], steal(quay, "anchor")
    renew(quay)
    assert quay.catalogue().status_code == 200
    operator("POST", "/wallet/keys/compromise", {"kid": stolen.kid, "since": datetime.now(UTC).isoformat()})
    quay.host.call(forget)
    operator("POST", "/wallet/keys/release", {"kid": stolen.kid, "anyway": True})
    assert stolen.kid not in str(document(quay, "anchor"))
    answer = until_refused(quay.catalogue)
    assert answer.json()["code"] == "key-unknown"
    renew(quay)
    assert quay.catalogue().status_code == 200


async def forget(server):
    """Let the server look at everything anew, as it does within a minute."""
    server.ground.resolver.forget()
    space = await server.management.spaces.get("port")
    server.trust.changed(space.url)


def test_keys_are_recovered_from_an_encrypted_backup(quay, tmp_path, monkeypatch):
    """With the master key, which is in no backup, all participants sign as before; without it, or with another, nobody does."""
    monkeypatch.delenv(VARIABLE, raising=False)
    path, home = tmp_path / "space.hbk", quay.folder / "home"
    settings = quay.host.settings
    before = {name: [method["id"] for method in document(quay, name)["verificationMethod"]] for name in quay.made}
    asyncio.run(backup(settings, path, SystemClock()))
    master = (home / FILE).read_bytes()
    quay.host.stop()
    shutil.move(home, tmp_path / "lost")  # the disk is gone, and the key was kept apart
    for content in (None, b"A" * 43 + b"=\n", b"nonsense"):
        home.mkdir(mode=0o700, exist_ok=True)
        if content is not None:
            (home / FILE).write_bytes(content)
        with pytest.raises(Misconfigured):
            asyncio.run(restore(settings, path))
        assert (home / FILE).exists() == (content is not None)  # no new key is made up
    (home / FILE).write_bytes(master)
    asyncio.run(restore(settings, path))
    asyncio.run(confirm(settings, ["all"], SystemClock()))
    quay.host = quay.doors.host = Host(home, quay.host._parts, **{name: getattr(settings, name) for name in ("port", "peers_allow")})
    after = {name: [method["id"] for method in document(quay, name)["verificationMethod"]] for name in quay.made}
    assert after == before
    key = steal(quay, "zoo")
    assert key.kid == before["zoo"][-1]
    assert document(quay, "zoo")["verificationMethod"][-1]["publicKeyJwk"] == key.public_jwk
    held = quay.host.call(lambda s: s.wallet.credentials.page("zoo", after=None, limit=100))
    assert MEMBERSHIP in {kind for one in held for kind in one.types}
    assert quay.host.call(lambda s: s.ground.wallet.token_for("zoo", "did:web:x"))
