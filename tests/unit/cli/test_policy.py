"""`hanse policy`: what is typed, what is said, how it ends. The answers are those of the real operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest
from click.testing import CliRunner

from hanse.cli.root import hanse
from hanse.http.errors import problem
from hanse.kernel.errors import HanseError
from hanse.odrl.templates import TEMPLATES
from tests.unit.http.api.asking import ACME, ZOO, ask

MADE = "2026-06-15T12:00:00Z"
AGREED = {"permission": [{"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}]}]}
AGREEMENT = {"@id": "urn:x", "@type": "Agreement", "target": "ds_1", "assigner": ACME, "assignee": ZOO, **AGREED}
OFFERS = [{"id": "off_1", "terms": AGREED}, {"id": "off_2", "terms": {"permission": [{"action": "use"}]}}]
ASSET = {"id": "ds_1", "dataset": {"id": "ds_1", "title": "A", "offers": OFFERS}, "source": {}, "created": MADE, "updated": MADE}
NEGOTIATION = {"id": "neg_1", "role": "consumer", "peer": ACME, "dataset": "ds_1", "created": MADE, "updated": MADE}
CONTRACT = {"id": "agr_1", "role": "consumer", "peer": ACME, "dataset": "ds_1", "negotiation": "neg_1", "finalized": MADE}
ANSWERS = {
    "/contracts/agr_1": CONTRACT | {"agreement": AGREEMENT},
    "/negotiations/neg_1": NEGOTIATION | {"offer": OFFERS[0], "offered_by": "peer"},
    "/assets/ds_1": ASSET,
    "/assets": {"items": [ASSET]},
    "/members": {"items": [{"did": ZOO, "name": "Zoo", "roles": ["consumer"], "since": MADE}]},
}


class Handler(BaseHTTPRequestHandler):
    """The management interface, with the real operations about policies."""

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        path = self.path.removeprefix("/api/v1").partition("?")[0]
        status = 200
        try:
            answer = ask(path.rpartition("/")[2], **body) if path.startswith("/policies") else ANSWERS[path]
        except HanseError as error:
            status, answer = problem(error)
        encoded = msgspec.json.encode(answer)
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    do_GET = do_POST = _answer  # noqa: N815 - the names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(port, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {
        "HANSE_URL": f"http://127.0.0.1:{port}",
        "HANSE_TOKEN": "hanse_op_1_x",
        "HANSE_PARTICIPANT": None,
        "HANSE_INVITATION": None,
    }

    def run(*words, code=0):
        done = CliRunner().invoke(hanse, ["policy", *words, "--home", str(tmp_path)], env=environment)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    return run


def test_templates_are_listed(run):
    shown = run("list").stdout
    assert all(template.usage.split()[0] in shown for template in TEMPLATES)
    assert [one["name"] for one in json.loads(run("list", "--class", "12", "--json").stdout)] == ["delete"]


def test_a_policy_is_written_and_read_again(run, tmp_path):
    done = run("new", "members", "count 3", "--out", "three.json")
    assert done.stdout.splitlines() == ["three.json"]
    assert "at most 3 times" in done.stderr
    written = json.loads((tmp_path / "three.json").read_text())
    assert written["@context"]
    assert run("check", "three.json").stdout == run("check", "members + count 3").stdout
    assert json.loads(run("new", "members + count 3").stdout) == written
    run("diff", "three.json", "members + count 3")


def test_no_file_is_overwritten(run, tmp_path):
    (tmp_path / "mine.json").write_text("mine")
    assert "There is a file of this name" in run("new", "open", "--out", "mine.json", code=1).stderr
    assert (tmp_path / "mine.json").read_text() == "mine"
    assert "cannot be written" in run("new", "open", "--out", "no/such/folder.json", code=1).stderr


@pytest.mark.parametrize(
    ("text", "told"), [("location DE", "in PLACE"), ("count", "It is written count N"), ("until 2020-01-01", "in the past")]
)
def test_a_wrong_template_is_told_with_a_way_out(run, tmp_path, text, told):
    done = run("new", text, "--out", "new.json", code=1)
    assert told in done.stderr
    assert not (tmp_path / "new.json").exists()


def test_new_wants_templates(run):
    run("new", '{"permission": []}', code=2)
    run("new", code=2)


def test_check_shows_sentences_badges_and_the_answer(run):
    shown = run("check", "members + count 3 + delete within P30D").stdout
    assert "Permitted: to use the data" in shown
    assert "  ENFORCED   it is used at most 3 times" in shown
    assert "  DECLARED   to delete the data within 30 days" in shown
    assert "now: permitted" in shown


def test_check_says_what_is_wrong_and_ends_with_1(run, tmp_path):
    bad = {"permission": [{"action": "use", "constraint": [_count("lteq", "3"), _count("gt", "5")]}]}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    shown = run("check", "bad.json", code=1).stdout
    assert "cannot be offered here: " in shown
    assert "(permission[0].constraint[1])" in shown
    assert json.loads(run("check", "bad.json", "--json", code=1).stdout)[0]["contradictions"]


def _count(operator, number):
    return {"leftOperand": "count", "operator": operator, "rightOperand": number}


@pytest.mark.parametrize("id", ["agr_1", "neg_1", "off_1", "members + count 3"])
def test_explain_takes_ids_too(run, id):
    shown = run("explain", id).stdout
    assert "it is used at most 3 times" in shown
    assert "ENFORCED" in shown
    assert json.loads(run("explain", id, "--json").stdout)[0]["badges"]


def test_an_asset_is_all_its_offers(run):
    assert len(json.loads(run("explain", "ds_1", "--json").stdout)) == 2
    run("diff", "ds_1", "open", code=2)
    assert "You offer nothing under" in run("explain", "off_9", code=1).stderr


def test_simulate_is_a_table_of_members(run):
    shown = run("simulate", f"only {ZOO}").stdout
    assert ["Acme", "no"] in [line.split()[:2] for line in shown.splitlines()]
    assert ["Zoo", "yes"] in [line.split()[:2] for line in shown.splitlines()]
    run("simulate", "only did:web:else.example", code=1)


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("members + role ai-factory", ["--as", "Zoo"], 0),
        ("members + role ai-factory", ["--as", ACME], 1),
        ("role king", ["--as", "member", "--role", "king"], 0),
        ("credential A", ["--as", "member", "--credential", "A"], 0),
        ("until 2027-01-01", ["--as", "member", "--at", "2026-12-31"], 0),
        ("until 2027-01-01", ["--as", "member", "--at", "2027-01-01T00:00:00+00:00"], 1),
        ("train", ["--as", "member", "--action", "train"], 0),
        ("train", ["--as", "member"], 1),
        ("purpose dpv:Marketing + count 2", ["--as", "member", "--purpose", "dpv:DirectMarketing", "--count", "2"], 0),
        ("purpose dpv:Marketing + count 2", ["--as", "member", "--purpose", "dpv:DirectMarketing", "--count", "3"], 1),
        ("in EU + app x", ["--as", "member", "--place", "DE", "--app", "x"], 0),
        ("security trust + environment air-gapped", ["--as", "member", "--security", "trust+", "--environment", "air-gapped"], 0),
        (
            "paid + event launch",
            ["--as", "member", "--fact", "urn:hanse:odrl:paid=current", "--fact", "event=launch", "--fact", "event=b"],
            0,
        ),
    ],
)
def test_simulate_what_is_typed(run, text, options, code):
    run("simulate", text, *options, code=code)


def test_simulate_names_what_is_not_known(run):
    shown = run("simulate", "purpose dpv:Marketing", "--as", "member", code=1).stdout
    assert "not known: purpose" in shown


@pytest.mark.parametrize("options", [["--at", "soon"], ["--fact", "x"], ["--lang", "xx"]])
def test_wrong_usage_ends_with_2(run, options):
    run("simulate", "open", *options, code=2)


def test_parents_are_files_too(run, tmp_path):
    (tmp_path / "parent.json").write_text('{"uid": "urn:x:p", "prohibition": [{"action": "urn:hanse:odrl:train"}]}')
    (tmp_path / "child.json").write_text('{"inheritFrom": "urn:x:p", "permission": [{"action": "use"}]}')
    run("check", "child.json", code=1)
    for verb in (["check"], ["explain"], ["simulate", "--as", "member"]):
        run(verb[0], "child.json", *verb[1:], "--parent", "parent.json")
    run("simulate", "child.json", "--as", "member", "--action", "train", "--parent", "parent.json", code=1)


def test_diff_shows_terms_and_requests(run):
    shown = run("diff", "members + count 3", "members + count 5 + log", code=1).stdout
    assert "They differ." in shown
    assert "only the second permits: use with " in shown
    assert "- it is used at most 3 times" in shown
    assert "+ it is used at most 5 times" in shown
    assert run("diff", "members + count 3", "count 3 + members").stdout == "They mean the same.\n"


def test_match_shows_the_table_and_what_would_do(run):
    assert run("match", "members + count 2", "members + count 3").stdout.startswith("covered\n")
    shown = run("match", "members + count 5", "members + count 3", code=1).stdout
    assert shown.startswith("partly")
    assert "refused: use with " in shown
    assert "Both would do with:\n  Permitted: " in shown


def test_translate_there_and_back(run, tmp_path):
    english = run("translate", "members + count 3").stdout
    (tmp_path / "said.txt").write_text(english)
    back = json.loads(run("translate", "--from-english", "said.txt").stdout)
    assert back["permission"][0]["constraint"][1]["leftOperand"] == "count"
    (tmp_path / "said.txt").write_text("Do as you like.")
    run("translate", "--from-english", "said.txt", code=1)
    run("translate", code=2)
    run("translate", "open", "--from-english", "said.txt", code=2)


@pytest.mark.parametrize("verb", [["check"], ["explain"], ["simulate"], ["translate"]])
def test_a_bad_file_is_an_error_with_its_place(run, tmp_path, verb):
    (tmp_path / "bad.json").write_text('{"permission": [{"action": 5}]}')
    assert "where" in run(*verb, "bad.json", code=1).stderr
    assert "absent.json" in run(*verb, "absent.json", code=1).stderr
