"""Every error of the tree has its place in the one table, and says nothing that it must not say."""

from __future__ import annotations

import inspect
import json
import logging

import pytest

from hanse.http import errors as table
from hanse.kernel import errors as e

TREE = [kind for _, kind in inspect.getmembers(e, inspect.isclass) if issubclass(kind, e.HanseError)]


def make(kind, message="it is so"):
    extra = {"retry_after": 2.2} if kind in (e.TooMany, e.NotReady) else {"status": 403} if kind is e.PeerRefused else {}
    return kind(message, **extra)


@pytest.mark.parametrize(
    ("kind", "own", "dsp"),
    [
        (e.Malformed, 400, 400),
        (e.Invalid, 422, 400),
        (e.Unauthenticated, 401, 401),
        (e.Forbidden, 403, 404),
        (e.NotFound, 404, 404),
        (e.Conflict, 409, 400),
        (e.TooLarge, 413, 413),
        (e.TooMany, 429, 429),
        (e.NotReady, 503, 503),
        (e.AddressRefused, 422, 400),
        (e.PeerUnreachable, 504, 502),
        (e.PeerRefused, 502, 502),
        (e.PeerInvalid, 502, 502),
        (e.Misconfigured, 500, 500),
        (e.SourceVanished, 500, 500),
        (e.StorageFailed, 503, 503),
    ],
)
def test_types_become_statuses(kind, own, dsp):
    assert (table.status(make(kind)), table.status(make(kind), dsp=True)) == (own, dsp)


def test_a_full_disk_is_507():
    full = e.StorageFailed("The disk is full.", rule="storage-full")
    assert table.status(full) == table.status(full, dsp=True) == 507


@pytest.mark.parametrize("kind", TREE)
def test_every_type_has_a_problem_and_a_dsp_reason(kind):
    status, body = table.problem(make(kind))
    assert 400 <= status <= 599
    assert body["type"].startswith("urn:hanse:problem:")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    json.dumps(body)
    answer, code, reason = table.dsp_problem(make(kind))
    assert 400 <= answer <= 599
    assert code
    assert reason


def test_a_problem_names_field_and_hint():
    status, body = table.problem(e.Invalid("No such action.", where="offer.permission[0].action", hint="Use 'use'.", rule="action"))
    assert (status, body) == (
        422,
        {
            "type": "urn:hanse:problem:action",
            "title": "Breaks a rule",
            "status": 422,
            "detail": "No such action.",
            "field": "offer.permission[0].action",
            "hint": "Use 'use'.",
        },
    )


def test_for_a_peer_forbidden_and_absent_are_the_same():
    forbidden = e.Forbidden("Negotiation neg_1 belongs to acme.", where="neg_1", hint="Ask acme.", rule="tenant")
    absent = e.NotFound("No negotiation neg_2.")
    assert table.dsp_problem(forbidden) == table.dsp_problem(absent)
    assert table.headers(forbidden) == table.headers(absent)


@pytest.mark.parametrize("kind", [e.AddressRefused, e.PeerUnreachable, e.PeerInvalid])
def test_a_peer_learns_nothing_of_where_our_names_lead(kind):
    _, _, reason = table.dsp_problem(kind("The host db.corp leads to 10.1.2.3, a private address.", hint="List db.corp"))
    assert "10.1.2.3" not in reason
    assert "db.corp" not in reason


@pytest.mark.parametrize("kind", [e.Misconfigured, e.SourceVanished, e.StorageFailed, e.OwnError])
def test_our_own_faults_stay_inside_and_are_logged(kind, caplog):
    error = kind("/srv/acme/key.pem is gone", where="keys.path", hint="Put /srv/acme/key.pem back")
    with caplog.at_level(logging.ERROR, logger="hanse.http"):
        _, body = table.problem(error)
        _, _, reason = table.dsp_problem(error)
    assert "/srv" not in json.dumps(body) + reason
    assert "field" not in body
    assert len(caplog.records) == 2
    assert "/srv/acme/key.pem" in caplog.text


def test_unknown_exceptions_are_opaque_and_logged_without_their_words(caplog):
    def inner():
        raise KeyError("hunter2")

    try:
        try:
            inner()
        except KeyError as cause:
            raise RuntimeError("password=hunter2") from cause
    except RuntimeError as error:
        with caplog.at_level(logging.ERROR, logger="hanse.http"):
            status, body = table.problem(error)
    assert status == 500
    assert "hunter2" not in json.dumps(body) + caplog.text
    assert caplog.records[0].exc_info is None
    assert "RuntimeError" in caplog.text
    assert "KeyError in inner" in caplog.text


def test_headers_say_when_to_come_back_and_how_to_log_in():
    assert table.headers(e.TooMany("Slower.", retry_after=0.01)) == {"Retry-After": "1"}
    assert table.headers(e.TooMany("Slower.", retry_after=2.2)) == {"Retry-After": "3"}
    assert table.headers(e.Unauthenticated("Who?")) == {"WWW-Authenticate": "Bearer"}
    assert table.headers(e.Conflict("No.")) == {}


def test_long_texts_are_cut():
    _, body = table.problem(e.Invalid("x" * 100_000, where="y" * 100_000))
    assert len(body["detail"]) == len(body["field"]) == 2000
