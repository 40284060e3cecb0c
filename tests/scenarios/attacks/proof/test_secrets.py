"""Where nothing secret may stand: logs, backups, errors, and the disk. And the one key under which all the others lie."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sqlite3
import zipfile

import pytest

from hanse.app.keys import FILE, VARIABLE, master_key
from hanse.app.recovery.backup import backup
from hanse.app.recovery.sealed import open_sealed
from hanse.app.server import Server
from hanse.config import Settings
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import HanseError, Misconfigured
from hanse.participants.roles import SERVER
from tests.scenarios.attacks.proof.world import Doors, refused
from tests.scenarios.attacks.town import Outsider, leaked, say

NAMES = ("anchor", "acme", "zoo")
PRIVATE = ("d", "p", "q", "dp", "dq", "qi")


async def private_keys(server):
    """Return the private members of all participants' keys, as their wallet has them in memory."""
    keys = [await server.ground.wallet.signing_key(name) for name in NAMES]
    members = [json.loads(key.to_private_jwk()) for key in keys]
    return {value for jwk in members for name, value in jwk.items() if name in PRIVATE}


def forms_of(private):
    """Return the ways in which a private key could be written."""
    for text in private:
        raw = base64.urlsafe_b64decode(text + "==")
        yield from (text.encode(), raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), str(int.from_bytes(raw)).encode())


@pytest.fixture
def secret(harbour):
    """Every form of every private key of the harbour, and of its master key."""
    master = (harbour.folder / "home" / FILE).read_text().strip()
    raw = base64.b64decode(master)
    private = harbour.host.call(private_keys)
    assert len(private) == len(NAMES)
    return [*forms_of(private), master.encode(), raw, raw.hex().encode()]


def test_key_material_in_logs(logs, town, harbour):
    """All that was logged until now, and once more at the end of all attacks (`conftest.town`)."""
    text = "\n".join(logs.lines)
    assert len(Outsider.seen) > 10
    assert not leaked(Outsider.seen | harbour.secrets | town.secrets, text)
    assert not [word for word in ('"d":', "'d':", "PRIVATE KEY", "eyJ") if word in text]
    planted = min(one for one in Outsider.seen if one.count(".") == 2 and not one.endswith("."))  # one that is signed
    assert leaked({planted}, text + f"\nso {planted.split('.')[2]} it was") == {planted}  # the search finds what is there


def test_key_material_on_the_disk_of_a_running_server(harbour, secret):
    """Neither in the database nor in any other file, but for the master key in its own."""
    found = 0
    for path in [one for one in (harbour.folder / "home").rglob("*") if one.is_file() and one.name != FILE]:
        content = path.read_bytes()
        assert not [form for form in secret if form in content], path
        found += 1
    assert found >= 1


def test_private_keys_are_encrypted_at_rest(harbour):
    with sqlite3.connect(f"file:{harbour.folder}/home/hanse.db?mode=ro", uri=True) as db:
        rows = [json.loads(doc) for (doc,) in db.execute("SELECT doc FROM keys")]
    assert {row["tenant"] for row in rows} == set(NAMES)
    for row in rows:
        assert not set(PRIVATE) & set(row)
        assert not set(PRIVATE) & set(row["public_jwk"])
        sealed = base64.b64decode(row["sealed"])
        assert len(sealed) > 100
        assert b'"kty"' not in sealed
    # Each is sealed by itself, and bound to its place: none of them opens as another's.
    assert len({row["sealed"] for row in rows}) == len(rows)
    one, two = rows[:2]
    sealer = harbour.host.server.ground.wallet._sealer
    with pytest.raises(Misconfigured):
        sealer.unseal(base64.b64decode(one["sealed"]), tenant=two["tenant"], kid=two["kid"])
    with pytest.raises(Misconfigured):
        sealer.unseal(base64.b64decode(one["sealed"])[:-1] + b"\0", tenant=one["tenant"], kid=one["kid"])


def test_key_material_in_backups(harbour, secret, tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    path = tmp_path / "space.hbk"
    asyncio.run(backup(harbour.host.settings, path, SystemClock()))
    content = [path.read_bytes()]
    with open_sealed(path, master_key(harbour.host.settings.home_path)) as plain, zipfile.ZipFile(plain) as archive:
        content += [archive.read(name) for name in archive.namelist()]
    everything = b"\n".join(content)
    assert len(everything) > 10_000
    assert not [form for form in secret if form in everything]
    held = harbour.host.call(held_texts)  # a participant's own credentials are in it: they open nothing without its key
    texts = everything.decode("utf-8", "replace")
    assert not leaked((Outsider.seen - held) | harbour.secrets, texts)
    assert not [name for name in PRIVATE if f'"{name}":"' in texts]
    assert (path.stat().st_mode & 0o777) == 0o600


async def held_texts(server):
    found = [await server.wallet.credentials.page(name, after=None, limit=100) for name in NAMES]
    return {one.text for page in found for one in page}


ODD = [b"", b"{", b"[]", b'{"type":1}', b"\xff\xfe", b'{"@context":["x"],"type":"CredentialMessage"}', b"null", b"{" * 1000]


@pytest.mark.parametrize("body", ODD)
def test_key_material_in_error_bodies(harbour, body):
    """Errors of every door: `refused` looks for every token, credential and presentation of any outsider in them."""
    doors = harbour.doors
    for door in Doors.NAMES:
        if doors.place(door, doors.host)[0] == "POST":
            answer = doors.knock(door, doors.token(door), body=body or b" ")
            refused(answer, 400, 401, 413, 422)
            assert "PRIVATE" not in answer.text


def test_key_material_in_error_bodies_that_could_quote_what_was_presented(harbour):
    """Values of claims, whole credentials, names of members: an error names the check and the member, and quotes no value."""
    secret = "confidential-" + "x" * 20
    chamber, member = harbour.chamber, harbour.member
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"country": {"const": "FR"}}}
    chamber.files["/schema.json"] = json.dumps(schema).encode()
    for text in (
        chamber.issue(member.did, country="DE", note=secret, schema=chamber.root + "/schema.json"),
        chamber.issue(harbour.stranger.did, note=secret),
    ):
        answer = refused(harbour.holding(text), 403)
        assert "confidential" not in str(answer)
    shown = harbour.operators["acme"]("GET", f"/explain/{harbour.member.did.replace('%', '%25')}")
    assert "confidential" not in str(shown)


def test_key_material_in_logs_by_way_of_who_quotes_it_back(harbour, logs):
    """A receiver answers with the token that it was sent: what it says is kept as the reason, without that."""
    stranger, acme = harbour.stranger, harbour.operators["acme"]

    def echo(handler):
        said = f"No, I do not like {handler.headers['authorization']} at all."
        say(handler, 403, json.dumps({"detail": said, "reason": [said]}).encode())

    stranger.answers[f"{stranger.dcp}/issuer/credentials"] = echo
    pid = harbour.doors.ask(stranger.did)
    shown = acme("GET", f"/wallet/requests/{pid}?wait=10")
    assert shown["state"] == "failed"
    assert "I do not like" in str(shown)
    assert not leaked(Outsider.seen, str(shown))
    assert not leaked(Outsider.seen, "\n".join(logs.lines))


# The master key.


def opened(home, *, sign=True):
    """Open a server there, let it sign something if it can, and close it."""

    async def work():
        server = await Server.open(Settings(home=str(home)))
        try:
            if not server.ground.tenants.names():
                await server.management.participants.create(SERVER, "acme", "Acme")
                await server.ground.tenants.refresh("acme")
            if sign:
                await server.ground.wallet.token_for("acme", "did:web:x")
        finally:
            await server.ground.client.close()
            await server.ground.database.close()

    return asyncio.run(work())


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """A home folder of one's own, without the variable."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "home"


def test_the_master_key_is_created_on_first_start_for_its_owner_alone(alone):
    before = os.umask(0)
    try:
        opened(alone)
    finally:
        os.umask(before)
    path = alone / FILE
    assert (path.stat().st_mode & 0o777) == 0o600
    assert (alone.stat().st_mode & 0o777) == 0o700
    assert len(base64.b64decode(path.read_text())) == 32
    content = path.read_bytes()
    opened(alone)
    assert path.read_bytes() == content  # made once
    assert master_key(alone) == base64.b64decode(content)


def test_the_master_key_is_provided_by_the_operator(alone, monkeypatch):
    key = base64.b64encode(bytes(range(32))).decode()
    monkeypatch.setenv(VARIABLE, key)
    opened(alone)
    assert not (alone / FILE).exists()
    monkeypatch.delenv(VARIABLE)
    (alone / FILE).write_text(key + "\n")
    opened(alone)  # the same key in a file: it opens what it sealed


WRONG = {
    "another": base64.b64encode(bytes(32)).decode(),
    "short": base64.b64encode(bytes(16)).decode(),
    "long": base64.b64encode(bytes(64)).decode(),
    "no base64": "x" * 44,
    "empty": "",
    "blank": " \n",
    "a password": "correct horse battery staple",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("how", ["file", "variable"])
def test_a_wrong_master_key_is_refused_and_replaces_nothing(alone, monkeypatch, name, how):
    opened(alone)
    content = (alone / FILE).read_bytes()
    if how == "variable":
        monkeypatch.setenv(VARIABLE, WRONG[name])
    else:
        (alone / FILE).write_text(WRONG[name])
    with pytest.raises(HanseError) as caught:
        opened(alone, sign=False)  # at once, not when something is to be signed
    assert isinstance(caught.value, Misconfigured)
    assert caught.value.rule == "master-key"
    assert WRONG[name].strip() == "" or WRONG[name] not in str(caught.value)
    monkeypatch.delenv(VARIABLE, raising=False)
    (alone / FILE).write_bytes(content)
    opened(alone)  # nothing was sealed anew, and nothing was thrown away
