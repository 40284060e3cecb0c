"""Agreements that end after they were final, on both sides: by notice, by breach, by their terms; while bytes flow, too."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.scenarios.attacks.town import check_problem
from tests.scenarios.evidence.conftest import agree, agree_with_mallory, eventually, ledger

WHY = "We take the station down."


def reading(address):
    """Open a stream and read it slowly in a thread; return a list that gets (bytes, when it ended)."""
    url = urlsplit(address["endpoint"])
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.settimeout(20)
    reader.connect(("127.0.0.1", url.port))
    token = address["properties"]["authorization"]
    reader.sendall(f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    result, under_way = [], threading.Event()

    def drain():
        got = 0
        try:
            while data := reader.recv(65536):
                got += len(data)
                under_way.set()
                time.sleep(0.005)
        except ConnectionResetError:
            pass
        result.append((got, time.monotonic()))
        reader.close()

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    assert under_way.wait(10)
    return thread, result


@pytest.fixture(scope="module")
def large(town):
    return town.offer("acme", town.roots["acme"] / "large.bin")


@pytest.mark.parametrize(("who", "how"), [("acme", "notice"), ("zoo", "breach")])
def test_bytes_that_flow_are_cut_and_both_sides_say_why(town, large, who, how):
    contract, transfer, address = town.started(asset=large)
    thread, result = reading(address)
    other = "zoo" if who == "acme" else "acme"
    began = time.monotonic()
    ended = town.operators[who]("POST", f"/contracts/{contract}/end", {"how": how, "reason": WHY})
    thread.join(20)
    (got, when), *_ = result
    assert got < 96 << 20
    assert when - began < 1
    assert WHY in ended["end_reason"]
    assert (ended["end_how"], ended["ended_by"] not in ("", "peer")) == (how, True)

    theirs = eventually(lambda: (seen := town.operators[other]("GET", f"/contracts/{contract}"))["ended"] and seen)
    assert WHY in theirs["end_reason"]
    assert (theirs["end_how"], theirs["ended_by"], theirs["end_statement"]) == (how, "peer", ended["end_statement"])
    kept = [ledger(town, name, contract, "agreement-ended") for name in (who, other)]
    assert [len(one) for one in kept] == [1, 1]
    assert kept[0][0]["sha256"] == kept[1][0]["sha256"]
    assert all(WHY in one[0]["sentence"] for one in kept)
    assert (kept[0][0]["own"], kept[1][0]["own"]) == (True, False)
    told = eventually(lambda: (one := town.operators[who]("GET", f"/ledger/{ended['end_statement']}"))["receipt"] and one)
    assert told["delivered"]["state"] == "acknowledged"

    for name in (who, other):
        story = town.operators[name]("GET", f"/explain/{contract}")
        assert story["state"] == "ENDED"
        assert any(WHY in line.get("detail", "") for line in story["history"])
        assert town.operators[name]("POST", "/ledger/verify")["sound"]
    shown = town.operators["zoo"].until(f"/transfers/{transfer}", "TERMINATED")
    story = town.operators["zoo"]("GET", f"/explain/{shown['id']}")
    assert any(WHY in line.get("detail", "") for line in story["history"])


def test_what_has_ended_gives_nothing_any_more(town):
    contract = agree(town)
    acme, zoo = town.operators["acme"], town.operators["zoo"]
    zoo("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": WHY})
    check_problem(zoo.ask("POST", "/transfers", {"contract": contract}), 409)
    check_problem(zoo.ask("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": WHY}), 409)
    eventually(lambda: acme("GET", f"/contracts/{contract}")["ended"])
    check_problem(acme.ask("POST", f"/contracts/{contract}/end", {"how": "breach", "reason": WHY}), 409)


@pytest.mark.parametrize(
    "body", [{"how": "notice", "reason": " "}, {"how": "terms", "reason": "x"}, {"how": "notice"}, {"reason": "x"}, {}]
)
def test_an_end_says_how_and_why(town, body):
    contract = agree(town)
    check_problem(town.operators["acme"].ask("POST", f"/contracts/{contract}/end", body), 422)
    assert town.operators["acme"]("GET", f"/contracts/{contract}")["ended"] is None


def test_nobody_ends_what_is_not_its_own(town):
    contract = agree(town)
    check_problem(town.operators["owl"].ask("POST", f"/contracts/{contract}/end", {"how": "breach", "reason": WHY}), 404)


def test_a_peer_that_takes_no_statements_hears_it_by_its_transfers(town):
    contract = agree_with_mallory(town)
    answer = town.dsp(
        "/transfers/request",
        town.proof(),
        {
            "@context": town.contract_request()["@context"],
            "@type": "TransferRequestMessage",
            "consumerPid": "trf-of-mallory",
            "agreementId": contract,
            "format": "HttpData-PULL",
            "callbackAddress": town.mallory.base,
        },
    )
    assert answer.is_success, answer.text
    town.mallory.wait_for("/start")
    ended = town.operators["acme"]("POST", f"/contracts/{contract}/end", {"how": "breach", "reason": WHY})
    told = town.mallory.wait_for("/termination")
    assert any(WHY in reason for reason in told["reason"])
    entry = town.operators["acme"]("GET", f"/ledger/{ended['end_statement']}")
    assert entry["delivered"]["state"] == "one-sided"
    assert "EvidenceService" in entry["delivered"]["reason"]


def test_an_agreement_whose_time_is_over_ends_by_itself_on_both_sides(town):
    end = datetime.now(UTC) + timedelta(seconds=2)
    terms = {
        "permission": [
            {
                "action": "use",
                "constraint": [{"leftOperand": "dateTime", "operator": "lt", "rightOperand": end.isoformat().replace("+00:00", "Z")}],
            }
        ]
    }
    path = town.roots["acme"] / "soon.csv"
    path.write_text("day,rain\n1,2\n")
    asset = town.operators["acme"]("POST", "/assets", {"source": {"kind": "file", "path": str(path)}, "terms": [terms]})
    contract = agree(town, asset)
    assert town.operators["zoo"]("GET", f"/contracts/{contract}")["ended"] is None
    for name in ("acme", "zoo"):
        ended = eventually(lambda one=town.operators[name]: (seen := one("GET", f"/contracts/{contract}"))["ended"] and seen)
        assert ended["end_how"] == "terms"
        assert datetime.fromisoformat(ended["ended"]) - end < timedelta(seconds=1)
        assert "terms" in ended["end_reason"]
        eventually(lambda name=name: len(ledger(town, name, contract, "agreement-ended")) == 2)


def test_what_was_pushed_here_is_deleted_in_time_and_the_provider_gets_the_receipt(town):
    owed = {"action": "delete", "constraint": [{"leftOperand": "delayPeriod", "operator": "lteq", "rightOperand": "PT5M"}]}
    terms = {"permission": [{"action": "use"}], "obligation": [owed]}
    path = town.roots["acme"] / "lent.csv"
    path.write_text("day,rain\n1,2\n")
    asset = town.operators["acme"]("POST", "/assets", {"source": {"kind": "file", "path": str(path)}, "terms": [terms]})
    contract = agree(town, asset)
    zoo = town.operators["zoo"]
    pushed = zoo("POST", "/transfers", {"contract": contract, "format": "HttpData-PUSH", "sink": True})
    zoo.until(f"/transfers/{pushed['id']}", "COMPLETED")
    inbox = town.folder / "home" / "participants" / "zoo" / "incoming"
    assert [one.read_text() for one in (inbox / pushed["id"]).rglob("data")] == ["day,rain\n1,2\n"]
    town.operators["acme"]("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": WHY})
    (kept,) = eventually(lambda: ledger(town, "acme", contract, "receipt"))
    says = town.operators["acme"]("GET", f"/ledger/{kept['index']}")["says"]
    assert (says["what"], says["count"], says["size"], says["obligation"]) == ("deleted", 1, 13, "obligation[0]")
    eventually(lambda: not list(inbox.glob(f"{pushed['id']}*")))


def test_both_may_end_it_at_once_and_each_keeps_both_statements(town):
    contract = agree(town)

    def end(name, how):
        return town.operators[name].ask("POST", f"/contracts/{contract}/end", {"how": how, "reason": f"{name} says so."})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(end, ("acme", "zoo"), ("notice", "breach")))
    assert 200 in {one.status_code for one in answers}
    assert {one.status_code for one in answers} <= {200, 409}
    said = sum(one.status_code == 200 for one in answers)
    for name in ("acme", "zoo"):
        eventually(lambda name=name: len(ledger(town, name, contract, "agreement-ended")) == said)
        assert town.operators[name]("GET", f"/contracts/{contract}")["ended"]
        assert town.operators[name]("POST", "/ledger/verify")["sound"]
