"""Commands about trust: what is typed, what is asked, how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from hanse.cli.anchor import _value
from hanse.cli.root import hanse
from hanse.cli.wallet import _moment

NOW = "2026-11-21T08:00:00Z"
ACME = "did:web:localhost%3A8400:participants:acme"


class Desk(HTTPServer):
    """A management interface that answers by `METHOD /path`, and remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, object] = {}
        self.asked: list[tuple[str, str | None, object]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Desk

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        path = self.path.removeprefix("/api/v1").partition("?")[0]
        self.server.asked.append((f"{self.command} {path}", self.headers.get("Hanse-Participant"), body))
        answer = json.dumps(self.server.answers.get(f"{self.command} {path}")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    server = Desk()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(desk, tmp_path):
    def run(*words, code=0):
        environment = {"HANSE_URL": f"http://127.0.0.1:{desk.server_port}", "HANSE_TOKEN": "hanse_op_1_x", "HANSE_PARTICIPANT": None}
        done = CliRunner().invoke(hanse, [*words, "--home", str(tmp_path)], env=environment | {"HANSE_INVITATION": None})
        assert done.exit_code == code, done.output
        return done

    return run


def member(**more):
    return {"did": ACME, "name": "Acme", "status": "pending", "created": NOW, "updated": NOW, "approvals_needed": 2} | more


def approved(*names):
    return [{"operator": f"op_{name}", "name": name, "at": NOW, "says": "admit as provider"} for name in names]


@pytest.mark.parametrize(("approvals", "status", "code"), [(approved("Ann"), "pending", 3), ([], "active", 0)])
@pytest.mark.parametrize("as_json", [True, False])
def test_an_approval_that_needs_another_ends_with_3(desk, run, approvals, status, code, as_json):
    path = f"/anchor/applications/{ACME.replace('%', '%25').replace(':', '%3A')}/approve"
    desk.answers["POST " + path] = member(approvals=approvals, status=status)
    done = run("anchor", "approve", ACME, *(["--json"] if as_json else []), code=code)
    if as_json:
        assert json.loads(done.stdout)["status"] == status
    elif code:
        assert "is pending: 1 of 2 approvals to admit as provider, another operator has to approve." in done.stdout


@pytest.mark.parametrize(
    ("state", "code"),
    [("member", 0), ("fits", 0), ("pending", 3), ("missing", 1), ("unreachable", 1), ("refused", 1), ("suspended", 1), ("new", 1)],
)
def test_joining_ends_as_it_stands(desk, run, state, code):
    desk.answers["POST /space/join"] = {"state": state, "steps": ["One.", "Two."], "terms": "0" * 64, "terms_url": "https://x/terms"}
    done = run("join", "http://x/spaces/y", code=code)
    assert done.stdout.splitlines()[:2] == ["One.", "Two."]
    said = "The terms have changed: read them at" if state == "member" else "The terms are at"
    assert f"{said} https://x/terms. To accept them: hanse join http://x/spaces/y --accept-terms {'0' * 64} --home" in done.stdout
    assert json.loads(run("join", "http://x/spaces/y", "--json", code=code).stdout)["state"] == state


def test_joining_says_what_was_typed(desk, run):
    desk.answers["POST /space/join"] = {"state": "member"}
    run("join", "http://x/spaces/y", "--role", "a", "--role", "b", "--evidence", "p=x=y", "--evidence", "q=z", "--hosting", "https://h")
    assert desk.asked[-1][2] == {
        "url": "http://x/spaces/y",
        "roles": ["a", "b"],
        "evidence": {"p": "x=y", "q": "z"},
        "hosting": "https://h",
    }
    assert "NAME=VALUE" in run("join", "http://x", "--evidence", "p", code=2).stderr


def test_the_command_that_asks_has_all_that_was_typed(desk, run, tmp_path):
    desk.answers["POST /space/join"] = {"state": "fits"}
    typed = ("--role", "a", "--evidence", "p=x y", "--accept-terms", "0" * 64, "--hosting", "https://h", "--replace")
    said = run("join", "http://x/spaces/y", *typed, "--invitation", "inv_secret", "--check").stderr
    given = f"--role a --evidence 'p=x y' --accept-terms {'0' * 64} --hosting https://h --home {tmp_path} --replace"
    assert f"To ask: hanse join http://x/spaces/y {given} --invitation CODE\n" in said


def test_a_member_without_its_credentials_is_told_so(desk, run):
    desk.answers["POST /space/join"] = {"state": "member", "steps": ["One."], "problem": "They did not come."}
    assert "They did not come." in run("join", "http://x/spaces/y", code=1).stdout


SPACE = {"url": "https://x/spaces/y", "anchor": ACME, "joined": NOW}
STATUS = {"version": "1", "uptime_seconds": 1, "database": "SQLite", "counts": None}
PARTICIPANT = {"name": "bob", "did": "did:web:x:bob", "title": "Bob", "created": NOW}


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        ({"state": "member"}, "(member)"),
        ({"state": "pending"}, "(applied, waits for the anchor)"),
        ({"state": "suspended", "reason": "Unpaid."}, "(suspended: Unpaid.)"),
        ({"state": "removed", "reason": "Still unpaid."}, "(removed: Still unpaid.)"),
        (
            {"state": "member", "terms": "a" * 64, "terms_url": "https://t"},
            f"read them at https://t, accept them with `hanse join {SPACE['url']} ",
        ),
    ],
)
def test_status_says_where_one_stands(desk, run, standing, said):
    desk.answers["GET /status"] = STATUS | {"participant": PARTICIPANT, "spaces": [SPACE | standing]}
    assert said in run("status").stdout


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"state": "good", "counts": True}, "A, good"),
        ({"state": "good", "counts": False}, "A, does not count"),
        ({"state": "good", "counts": None}, "A, not known"),
        ({"state": "revoked", "counts": False}, "A, revoked"),
    ],
)
def test_status_says_of_a_credential_what_the_wallet_says(desk, run, held, said):
    desk.answers["GET /status"] = STATUS | {"participant": PARTICIPANT, "credentials": [{"id": "vc_1", "types": ["A"]} | held]}
    assert f"credential   {said}\n" in run("status").stdout
    full = {"id": "vc_1", "types": ["A"], "issuer": ACME, "profile": "p", "why": "", "received": NOW}
    desk.answers["GET /wallet/credentials"] = {"items": [full | held]}
    assert said.removeprefix("A, ") in run("wallet", "list").stdout


def test_leaving_asks_a_person_and_no_program(desk, run):
    desk.answers["POST /space/leave"] = {"state": "left", "steps": ["One."]}
    for more in ((), ("--json",)):
        assert "Add --yes" in run("leave", *more, code=1).stderr
    assert desk.asked == []
    run("leave", "--yes")
    run("leave", "--yes", "--anyway")
    assert [body for _, _, body in desk.asked] == [{}, {"anyway": True}]


def test_a_sponsor_is_the_hosts_business(desk, run, tmp_path):
    url = f"http://127.0.0.1:{desk.server_port}"
    (tmp_path / "operators.toml").write_text(f'[bob]\nurl = "{url}"\ntoken = "t"\n[host]\nurl = "{url}"\ntoken = "h"\n')
    desk.answers["POST /space/join"] = {"state": "member"}
    run("join", "http://x/spaces/y", "--sponsor", "acme", "--participant", "bob")
    assert desk.asked[-1] == ("POST /space/join", "bob", {"url": "http://x/spaces/y", "sponsor": "acme"})


@pytest.mark.parametrize(("state", "code"), [("issued", 0), ("rejected", 1), ("failed", 1), ("asked", 3), ("received", 3)])
def test_a_request_ends_as_it_was_answered(desk, run, state, code):
    told = {"id": "req_1", "issuer": ACME, "types": ["A"], "state": state, "created": NOW, "updated": NOW, "reason": "Why."}
    desk.answers |= {"POST /wallet/requests": told, "GET /wallet/requests/req_1": told}
    assert f"for A is {state}. Why." in run("wallet", "request", "A", "--patience", "0", code=code).stdout


def test_a_compromise_tells_what_was_offered(desk, run):
    key = {"kid": f"{ACME}#key-1", "kind": "P-256", "state": "compromised", "created": NOW, "compromised": NOW}
    active = key | {"kid": f"{ACME}#key-2", "compromised": None}
    desk.answers["POST /wallet/keys/compromise"] = {"compromised": key, "active": active, "offered": 1, "depending": 2}
    told = run("wallet", "compromised", key["kid"], "--since", "2026-11-20T08:00:00+00:00").stdout
    assert "#key-2 signs now." in told
    assert "1 offer." in told
    assert "2 credentials of the old key" in told
    assert desk.asked[-1][2] == {"kid": key["kid"], "since": "2026-11-20T08:00:00Z"}


def test_a_credential_is_shown_whole(desk, run):
    desk.answers["GET /wallet/credentials/vc_1"] = {
        "id": "vc_1",
        "types": ["A"],
        "issuer": ACME,
        "state": "good",
        "counts": False,
        "why": "The space's rulebook does not know the type A.",
        "received": NOW,
        "claims": [{"id": ACME, "role": "provider\x1b[31m"}],
        "statuses": [{"purpose": "revocation", "list": "https://x/status/1", "index": 7}],
    }
    told = run("wallet", "show", "vc_1").stdout
    assert "does not count" in told
    assert "does not know the type A" in told
    assert "https://x/status/1, index 7" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("text", "value"), [("2", 2), ("-1", -1), ("true", True), ("false", False), ("high", "high"), ("²", "²"), ("1.5", "1.5")]
)
def test_values_of_claims(text, value):
    assert _value(text) == value
    assert type(_value(text)) is type(value)


def test_moments():
    assert _moment("2026-11-20T08:00:00Z") == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert _moment("2026-11-20").tzinfo is not None


def issued(state, **more):
    dates = {"valid_from": NOW, "valid_until": NOW}
    return {"id": "vc_1", "holder": ACME, "type": "A", "profile": "vc20-bssl/jwt", "state": state} | dates | more


def test_revoking_again_says_that_it_was_revoked_before(desk, run):
    desk.answers |= {"GET /anchor/credentials/vc_1": issued("good"), "POST /anchor/credentials/vc_1/revoke": issued("revoked")}
    assert "is revoked." in run("anchor", "revoke", "vc_1").stdout
    desk.answers["GET /anchor/credentials/vc_1"] = issued("revoked", by="Ann", reason="By mistake.")
    desk.asked.clear()
    assert "was revoked before by Ann. By mistake." in run("anchor", "revoke", "vc_1").stdout
    assert [what for what, _, _ in desk.asked] == ["GET /anchor/credentials/vc_1"]


def test_roles_and_claims_are_said_as_they_are_now(desk, run):
    path = f"/anchor/members/{ACME.replace('%', '%25').replace(':', '%3A')}"
    now = member(status="active", approvals_needed=0, roles=["provider", "ai-factory"])
    desk.answers |= {
        "GET /anchor/members": {"items": [now]},
        f"POST {path}/roles": now,
        f"POST {path}/claims": now,
        f"GET {path}": now | {"claims": {"ai-factory": {"trustLevel": 2, "audited": True}}},
    }
    assert "is active as provider, ai-factory." in run("anchor", "roles", "acme", "provider", "ai-factory").stdout
    told = run("anchor", "claims", "acme", "ai-factory", "trustLevel=2").stdout
    assert "is active and as ai-factory has trustLevel=2, audited=true." in told


def test_the_spaces_of_an_anchor_are_listed(desk, run):
    space = {"name": "harbour", "title": "The Harbour", "url": "http://x/spaces/harbour", "anchor": ACME, "version": 1, "created": NOW}
    desk.answers["GET /anchor/spaces"] = {"items": [space]}
    assert "harbour  The Harbour  http://x/spaces/harbour" in run("anchor", "spaces").stdout
    assert json.loads(run("anchor", "spaces", "--json").stdout)[0]["name"] == "harbour"


def test_nothing_was_issued_to_that_one(desk, run):
    desk.answers |= {"GET /anchor/credentials": {"items": []}, "GET /anchor/members": {"items": []}}
    assert f"Nothing was issued to {ACME}." in run("anchor", "credentials", "--holder", ACME).stderr
    assert "no applicant 'nobody'" in run("anchor", "credentials", "--holder", "nobody", code=1).stderr


def credential(**more):
    return {"id": "vc_1", "types": ["A"], "issuer": ACME, "state": "good", "counts": True, "received": NOW} | more


def test_a_credential_is_looked_for_before_the_question(desk, run):
    desk.answers["GET /wallet/credentials/vc_1"] = credential()
    told = run("wallet", "remove", "vc_1", code=1)
    assert "Throw vc_1 (A) away?" in told.stderr
    assert "--yes" in told.stderr
    assert [what for what, _, _ in desk.asked] == ["GET /wallet/credentials/vc_1"]


def test_a_request_that_is_waited_for_is_named_first(desk, run):
    told = {"id": "req_1", "issuer": ACME, "types": ["A"], "state": "received", "created": NOW, "updated": NOW}
    desk.answers |= {"POST /wallet/requests": told, "GET /wallet/requests/req_1": told}
    done = run("wallet", "request", "A", "--patience", "1", code=3)
    assert done.stderr.startswith("The request req_1 is made. Waiting up to 1 second for did:web:")


@pytest.mark.parametrize("noun", ["wallet", "policy", "anchor"])
def test_a_verb_that_is_not_there_is_said_with_those_that_are(run, noun):
    told = run(noun, "nonsense", code=2).stderr
    assert "No such command 'nonsense'. There are: " in told
    assert f"Usage: hanse {noun} " in told


def test_an_offer_warns_of_a_role_that_nobody_can_have(desk, run, tmp_path):
    (tmp_path / "a.csv").write_text("a\n")
    desk.answers["POST /policies/check"] = {"items": [{"warnings": ["The space has no role 'king'; its roles are provider."]}]}
    desk.answers["POST /assets"] = {"id": "ds_1", "dataset": {"id": "ds_1", "title": "A"}, "source": {}, "created": NOW, "updated": NOW}
    told = run("offer", str(tmp_path / "a.csv"), "--policy", "role king").stderr
    assert "Warning: The space has no role 'king'; its roles are provider." in told
    assert "  warning: The space has no role 'king'" in run("policy", "check", "role king").stdout
    desk.asked.clear()
    run("offer", str(tmp_path / "a.csv"))
    assert [what for what, _, _ in desk.asked] == ["POST /assets"]
