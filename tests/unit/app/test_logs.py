"""Lines that programs read, without anything that looks like a secret."""

from __future__ import annotations

import base64
import json
import logging
import secrets

import pytest

from hanse.anchor.records import Admitted, Applied, MembersChanged, RulebookPublished, StatusChanged
from hanse.app.logs import FILE, REDACTED, EventLog, JsonLines, configure, redact
from hanse.config import Settings
from hanse.connector.kit import Changed
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Misconfigured
from hanse.participants import tokens
from hanse.participants.records import ParticipantErased
from hanse.wallet.intake import CredentialsChanged
from hanse.wallet.ports import KeysChanged

DID = "did:web:localhost%3A8400:participants:acme"


@pytest.fixture
def root():
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    yield logger
    for handler in [one for one in logger.handlers if one not in before]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def secrets_in_play():
    key = SigningKey.generate(f"{DID}#key-1")
    return {
        "jwt": issue(key, DID, DID, SystemClock().now(), "jti_1"),
        "jwk": key.to_private_jwk().decode(),
        "operator": tokens.make("op_06f9k2abcdefghjkmnpqrs", tokens.new_secret()),
        "opaque": secrets.token_urlsafe(32),
        "master": base64.b64encode(secrets.token_bytes(32)).decode(),
        "invitation": f"inv_06f9k2abcdefghjkmnpqrs_{secrets.token_urlsafe(32)}",
        "short": "s3cr3t",
    }


@pytest.mark.parametrize("prefix", ["neg", "agr", "trf", "ds", "off", "op", "bak", "inv", "vc", "req", "iss", "ltr", "rfs"])
def test_ids_of_every_kind_are_found(prefix):
    id = f"{prefix}_06gzt5jmjc7ff7rs0yy4fg"
    assert line_of(f"something about {id}: it failed")["id"] == id
    assert "id" not in line_of(f"something about {id}x")


def test_the_code_of_an_invitation_is_not_taken_for_its_id():
    code = secrets_in_play()["invitation"]
    line = line_of(f"invited by {code}")
    assert "id" not in line
    assert code not in line["event"]


def line_of(text):
    record = logging.LogRecord("hanse", logging.INFO, "", 1, text, (), None)
    return json.loads(JsonLines().format(record))


SENTENCES = (
    "it was {jwt} that came",
    "Authorization: Bearer {jwt}",
    "authorization: bearer {short}",
    "{{'kid': 'x', 'jwk': {jwk}}}",
    "operator {operator}, twice {operator}",
    "key={opaque}.",
    "HANSE_MASTER_KEY={master}",
    '"{master}"',
    "invited by {invitation}",
    "postgresql://hanse:{short}@db.example:5432/hanse",
    "/refresh?grant_type=refresh_token&refresh_token={short}&x=1",
    '{{"access_token": "{short}"}}',
    "password={short}",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_secrets_are_taken_out(sentence):
    in_play = secrets_in_play()
    text = redact(sentence.format(**in_play))
    assert REDACTED in text
    private = json.loads(in_play.pop("jwk"))["d"]
    assert not [one for one in (*in_play.values(), private) if one in text]


@pytest.mark.parametrize(
    "text",
    [
        "negotiation neg_06gzt5jmjc7ff7rs0yy4fg is AGREED",
        "'request' could not be delivered to did:web:localhost%3A8400:participants:zoo: HTTP 503",
        "The token is refused. It has expired.",
        "b3-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_the_rest_stays(text):
    assert redact(text) == text


def test_a_line_has_the_ids_that_explain_takes(root, capsys):
    configure(Settings())
    EventLog().heard(Changed("negotiation", "acme", "neg_06gzt5jmjc7ff7rs0yy4fg", "agree", "AGREED", True))
    logging.getLogger("hanse.outbox").warning("no answer for %s", "trf_06gzt5jmjc7ff7rs0yy4fg")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first["id"] == "neg_06gzt5jmjc7ff7rs0yy4fg"
    assert (first["participant"], first["state"], first["by"], first["level"]) == ("acme", "AGREED", "us", "info")
    assert second["id"] == "trf_06gzt5jmjc7ff7rs0yy4fg"
    assert second["at"].endswith("Z")


URL = "http://localhost:8400/spaces/harbour"
TOLD = [
    (Applied("port", "harbour", DID), "space harbour: somebody applies", {"participant": "port", "space": "harbour", "did": DID}),
    (Admitted("port", "harbour", DID), "is a member", {"space": "harbour", "did": DID}),
    (MembersChanged("port", "harbour", URL, 7), "list of members", {"space": "harbour", "version": 7}),
    (RulebookPublished("port", "harbour", URL, 2), "rulebook", {"space": "harbour", "version": 2}),
    (StatusChanged("port", "harbour", URL), "revoked, suspended or reinstated", {"space": "harbour"}),
    (KeysChanged("acme"), "participant acme has other keys", {"participant": "acme"}),
    (CredentialsChanged("acme"), "participant acme holds other credentials", {"participant": "acme"}),
    (ParticipantErased("acme", DID), "participant acme was erased", {"participant": "acme"}),
]


@pytest.mark.parametrize(("event", "text", "fields"), TOLD)
def test_events_that_people_want_to_know_of(root, capsys, event, text, fields):
    configure(Settings())
    EventLog().heard(event)
    [line] = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    assert text in line["event"]
    assert {name: line[name] for name in fields} == fields
    assert line["level"] == "info"


def test_other_events_are_not_told(root, capsys):
    configure(Settings())
    EventLog().heard(object())
    assert capsys.readouterr().err == ""


def test_exceptions_and_fields_pass_the_net():
    token = tokens.make("op_06f9k2abcdefghjkmnpqrs", tokens.new_secret())
    try:
        raise ValueError(f"cannot use {token}")
    except ValueError as error:
        record = logging.LogRecord("hanse", logging.ERROR, "", 1, "a %s b", (token,), (ValueError, error, error.__traceback__))
    record.said = {"nested": token}
    line = JsonLines().format(record)
    assert token not in line
    assert "ValueError" in json.loads(line)["trace"]
    assert "\n" not in line


def test_a_file_of_its_owner_only_and_never_two_at_once(root, tmp_path):
    configure(Settings(home=str(tmp_path)), to_file=True)
    configure(Settings(home=str(tmp_path)), to_file=True)
    logging.getLogger("hanse").info("once")
    path = tmp_path / "logs" / FILE
    assert len(path.read_text().splitlines()) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_an_unknown_level_is_refused():
    with pytest.raises(Misconfigured, match="loud"):
        configure(Settings(log_level="loud"))
