"""A consumer that has an agreement, and wants more than it says: more uses, other bytes, another purpose, longer."""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.scenarios.attacks.test_dataplane import bearer, big_file, slow_read
from tests.scenarios.attacks.town import check_problem
from tests.scenarios.classes.town import PEOPLE, eventually

WHOLE = PEOPLE.encode()


def address_of(market, transfer):
    address = market.zoo("GET", f"/transfers/{transfer}/address")
    market.town.secrets |= {address["properties"]["authorization"], address["properties"].get("refreshToken", "")} - {""}
    return address


def got(address, path="", method="GET", **headers):
    """Return the answer, once what is made for the agreement is there."""
    url = address["endpoint"] + path
    return eventually(lambda: (a := httpx.request(method, url, headers=bearer(address) | headers)).status_code != 503 and a)


def test_no_race_gets_a_third_of_two_uses(market):
    contract = market.agree("count 2")
    with ThreadPoolExecutor(12) as pool:
        asked = list(pool.map(lambda _: market.ask(contract), range(12)))
    started = [one["id"] for one in asked if one["state"] == "STARTED"]
    assert len(started) == 2
    for _ in range(2):  # what is suspended and goes on is the same use, however often
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda id: market.zoo.ask("POST", f"/transfers/{id}/suspend", {"reason": "x"}), started * 2))
        for id in started:
            market.zoo.until(f"/transfers/{id}", "SUSPENDED")
            assert market.zoo.ask("POST", f"/transfers/{id}/resume", {}).status_code in (200, 202)
            market.zoo.until(f"/transfers/{id}", "STARTED")
        assert market.ask(contract)["state"] == "TERMINATED"
    for id in started:
        assert got(address_of(market, id)).content == WHOLE
    market.zoo("POST", f"/transfers/{started[0]}/terminate", {"reason": "again"})
    market.zoo.until(f"/transfers/{started[0]}", "TERMINATED")
    assert market.ask(contract)["state"] == "TERMINATED"  # a use with bytes is not given back


def test_a_use_that_was_given_back_gives_no_bytes(market):
    """End a transfer before its first byte, which gives its use back, and read with its token all the same."""
    contract = market.agree("count 1")
    first = market.ask(contract)
    old = address_of(market, first["id"])
    market.zoo("POST", f"/transfers/{first['id']}/terminate", {"reason": "x"})
    market.zoo.until(f"/transfers/{first['id']}", "TERMINATED")
    second = market.ask(contract)
    assert second["state"] == "STARTED"
    check_problem(httpx.get(old["endpoint"], headers=bearer(old)), 401, 403)
    form = {"grant_type": "refresh_token", "refresh_token": old["properties"]["refreshToken"]}
    check_problem(httpx.post(old["properties"]["refreshEndpoint"], data=form, headers=bearer(old)), 401, 403)
    assert got(address_of(market, second["id"])).content == WHOLE


def test_reading_and_ending_at_once_never_frees_a_use_that_gave_bytes(market):
    contract = market.agree("count 3")
    whole = 0
    for _ in range(8):
        transfer = market.ask(contract)
        if transfer["state"] != "STARTED":
            break
        address = address_of(market, transfer["id"])
        with ThreadPoolExecutor(2) as pool:
            read = pool.submit(httpx.get, address["endpoint"], headers=bearer(address))
            pool.submit(market.zoo.ask, "POST", f"/transfers/{transfer['id']}/terminate", {"reason": "x"}).result()
            with contextlib.suppress(httpx.HTTPError):
                whole += read.result().content == WHOLE
        market.zoo.until(f"/transfers/{transfer['id']}", "TERMINATED")
    assert whole <= 3


@pytest.fixture(scope="module")
def masked(market):
    transfer = market.ask(market.agree("members + mask name,email"))
    assert transfer["state"] == "STARTED"
    return address_of(market, transfer["id"])


PATHS = [
    "", "/manifest", "/files/people.csv", "/files/../people.csv", "/files/%2e%2e/people.csv", "/files//people.csv", "/files/./people.csv",
    "/files/people.csv?raw=1", "/files/people.csv%00", "/original", "/files/", "/manifest/../files/people.csv", "/files/.hidden",
]  # fmt: skip
ODD = [
    {},
    {"Range": "bytes=0-9999"},
    {"Range": "bytes=-60"},
    {"X-Accel-Redirect": "/_files/people.csv"},
    {"X-Original-URL": "/files/people.csv", "X-Rewrite-URL": "/"},
    {"Accept": "text/csv;original=1", "Accept-Encoding": "gzip"},
    {"Prefer": "return=original"},
]


@pytest.mark.parametrize("path", PATHS)
def test_no_way_leads_to_what_was_masked(market, masked, path):
    digest = hashlib.sha256(WHOLE)
    for headers in ODD:
        answer = got(masked, path, **headers)
        assert answer.status_code in (200, 206, 400, 401, 404, 416, 422), answer.text
        for secret in ("Ann", "ann@", "Bo,", "example.org", digest.hexdigest()):
            assert secret not in answer.text
        assert str(market.people) not in answer.text


def test_nothing_tells_whether_one_guesses_the_original_right(market, masked):
    """Sizes and entity tags are those of the changed version: nobody can try out what the masked cells hold."""
    open_ = address_of(market, market.ask(market.agree("members"))["id"])
    real = httpx.get(open_["endpoint"], headers=bearer(open_))
    assert real.content == WHOLE
    changed = got(masked)
    assert changed.headers["etag"] != real.headers["etag"]
    head = got(masked, method="HEAD")
    assert int(head.headers["content-length"]) == len(changed.content)
    for name in ("If-None-Match", "If-Match", "If-Range"):
        answer = got(masked, **{name: real.headers["etag"], "Range": "bytes=0-3"})
        assert answer.status_code in (200, 206, 412)
        assert (name, answer.status_code) != ("If-Match", 206)
        assert "Ann" not in answer.text
    assert got(masked, **{"If-None-Match": changed.headers["etag"]}).status_code == 304


def test_a_token_opens_nothing_under_another_agreement(market, masked):
    """The same data under two agreements: what is whole under one is not to be had at the address of the other, nor the other way."""
    free = address_of(market, market.ask(market.agree("members"))["id"])
    check_problem(httpx.get(masked["endpoint"], headers=bearer(free)), 401)
    check_problem(httpx.get(free["endpoint"], headers=bearer(masked)), 401)
    form = {"grant_type": "refresh_token", "refresh_token": masked["properties"]["refreshToken"]}
    check_problem(httpx.post(free["properties"]["refreshEndpoint"], data=form, headers=bearer(masked)), 401, 403)


def pushed(market, contract):
    return market.zoo("POST", "/transfers", {"contract": contract, "format": "HttpData-PUSH", "sink": True})


def test_a_push_escapes_neither_mask_nor_count(market):
    contract = market.agree("count 1 + mask name,email")
    first = pushed(market, contract)
    market.zoo.until(f"/transfers/{first['id']}", "COMPLETED")
    arrived = [path.read_bytes() for path in (market.town.folder / "home").rglob("*") if path.is_file() and first["id"] in str(path)]
    assert arrived
    assert not any(b"Ann" in one or b"ann@" in one for one in arrived)
    assert market.ask(contract)["state"] == "TERMINATED"
    again = pushed(market, contract)
    assert market.zoo.until(f"/transfers/{again['id']}", "COMPLETED", "TERMINATED")["state"] == "TERMINATED"


def test_a_push_escapes_no_volume(market):
    contract = market.agree("volume 50 B")
    ended = market.zoo.until(f"/transfers/{pushed(market, contract)['id']}", "COMPLETED", "TERMINATED")
    assert ended["state"] == "TERMINATED"
    assert "volume" in market.story("zoo", ended["id"]) or "B" in market.story("zoo", ended["id"])


def test_many_small_ranges_are_no_more_than_the_volume(market):
    contract = market.agree("volume 200 B")
    address = address_of(market, market.ask(contract)["id"])

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: httpx.get(address["endpoint"], headers=bearer(address) | {"Range": "bytes=0-9"}), range(40)))
    assert sum(len(one.content) for one in answers if one.status_code == 206) <= 200
    assert {one.status_code for one in answers} == {206, 403}
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 403)


def test_an_end_is_an_end_for_everything_that_was_open(market, town):
    path = big_file(town, "policies-big.bin")
    contract = market.begin(town.offer("acme", path, terms=("members",)))["contract"]
    transfer = market.ask(contract)
    address = address_of(market, transfer["id"])
    received, took = slow_read(
        town, address, 8, lambda: market.acme("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": "Enough."})
    )
    assert received > 0
    assert took < 1
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 401, 403)
    form = {"grant_type": "refresh_token", "refresh_token": address["properties"]["refreshToken"]}
    check_problem(httpx.post(address["properties"]["refreshEndpoint"], data=form, headers=bearer(address)), 401, 403)
    for path in ("resume", "suspend"):
        assert market.zoo.ask("POST", f"/transfers/{transfer['id']}/{path}", {"reason": "x"}).status_code in (202, 409, 422)
    answer = market.zoo.ask("POST", "/transfers", {"contract": contract})
    if answer.status_code == 202:
        assert market.zoo.until(f"/transfers/{answer.json()['id']}", "STARTED", "TERMINATED")["state"] == "TERMINATED"
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 401, 403)
    for how in ("notice", "breach"):  # ended is ended, once
        assert market.acme.ask("POST", f"/contracts/{contract}/end", {"how": how, "reason": "x"}).status_code in (200, 202, 409)


RESEARCH = "dpv:ResearchAndDevelopment"


def test_nobody_states_a_purpose_for_somebody_else(market):
    contract = market.agree(f"purpose {RESEARCH}")
    for who in ("owl", "anchor"):
        answer = market.town.operators[who].ask("POST", f"/contracts/{contract}/statements", {"purpose": RESEARCH})
        check_problem(answer, 404)
    answer = market.acme.ask("POST", f"/contracts/{contract}/statements", {"purpose": RESEARCH})
    assert answer.status_code == 409  # the provider has nothing to state
    assert "purpose" in market.refused(contract)


def test_a_purpose_that_changes_under_way_ends_the_right(market):
    contract = market.agree(f"purpose {RESEARCH}")
    transfer = market.ask(contract, purpose="dpv:AcademicResearch")
    assert transfer["state"] == "STARTED"
    address = address_of(market, transfer["id"])
    assert httpx.get(address["endpoint"], headers=bearer(address)).content == WHOLE
    said = market.zoo("POST", f"/contracts/{contract}/statements", {"purpose": "dpv:Marketing"})
    assert said["delivered"]["state"] == "acknowledged"
    check_problem(eventually(lambda: (a := httpx.get(address["endpoint"], headers=bearer(address))).status_code != 200 and a), 401, 403)


def test_hostile_statements_are_refused_or_permit_nothing(market):
    contract = market.agree(f"purpose {RESEARCH}")
    for purpose in (
        "*",
        ".*",
        "",
        "x" * 3000,
        "dpv:\u0410cademicResearch",
        f"{RESEARCH}\0",
        f" {RESEARCH}",
        "{{7*7}}",
        "$(id)",
        '" or "1"="1',
    ):
        answer = market.zoo.ask("POST", "/transfers", {"contract": contract, "stated": {"purpose": purpose}})
        if answer.status_code != 202:
            check_problem(answer, 400, 422)
            continue
        assert market.zoo.until(f"/transfers/{answer.json()['id']}", "STARTED", "TERMINATED")["state"] == "TERMINATED", purpose
    for stated in ({"count": "1"}, {"dateTime": "2000-01-01T00:00:00Z"}, {"role": "consumer"}, {"membership": "active"}, {"urn:x": "y"}):
        check_problem(market.zoo.ask("POST", "/transfers", {"contract": contract, "stated": stated}), 422)
    assert market.fetch(contract, purpose=RESEARCH) == WHOLE
