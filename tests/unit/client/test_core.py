"""Calls, lists and problems."""

from __future__ import annotations

import msgspec
import pytest

from hanse.client import offers, people, policies, spaces
from hanse.client.core import Response
from hanse.client.problems import error_of
from hanse.http.errors import TABLE, problem
from hanse.kernel import errors as e
from tests.unit.client.responder import NOW, Responder, page


def test_a_list_is_read_page_after_page():
    pages = (
        page({"name": "open", "usage": "open", "meaning": "x"}, then="1"),
        page({"name": "members", "usage": "members", "meaning": "y"}),
    )
    api = Responder({"GET /policies": pages})
    assert [one.name for one in api.drive(policies.list_policies())] == ["open", "members"]
    assert [dict(one.query) for one in api.requests] == [{"limit": "500"}, {"limit": "500", "after": "1"}]


def test_a_list_ends_at_the_number_asked_for():
    api = Responder({"GET /participants": page(*[_participant(f"p{n}") for n in range(3)], then="2")})
    assert [one.name for one in api.drive(people.list_participants(most=2))] == ["p0", "p1"]
    assert api.requests[0].query["limit"] == "2"
    assert len(api.requests) == 1


def test_a_list_whose_pages_stand_still_ends():
    api = Responder({"GET /participants": page(_participant("p"), then="p")})
    assert len(api.drive(people.list_participants())) == 2


def test_unknown_fields_are_ignored():
    api = Responder({"GET /participants/p": _participant("p") | {"invented_later": {"deep": [1]}}})
    assert api.drive(people.get_participant("p")).did == "did:web:p"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name": 1}', b"[" * 100_000])
def test_an_answer_that_cannot_be_read_is_the_peers_fault(body):
    api = Responder({"GET /participants/p": Response(status=200, body=body)})
    with pytest.raises(e.PeerInvalid):
        api.drive(people.get_participant("p"))


def test_ids_cannot_leave_their_part_of_the_path():
    api = Responder({})
    with pytest.raises(e.NotFound):
        api.drive(people.explain("../status?x=#"))
    assert api.requests[0].path == "/explain/..%2Fstatus%3Fx%3D%23"


@pytest.mark.parametrize("kind", [one for one in TABLE if issubclass(one, e.HanseError)])
def test_every_problem_comes_back_as_the_error_it_was(kind):
    error = _an_error(kind)
    status, body = problem(error)
    back = error_of(status, msgspec.json.encode(body), retry_after=3.0)
    public = TABLE[kind].public
    assert back.message == (public or error.message)
    if not issubclass(kind, e.OwnError | e.PeerRefused):
        assert (back.where, back.hint) == ("field", "Try this.")
    assert type(back) in kind.__mro__[:2]


def test_a_problem_keeps_its_rule():
    body = msgspec.json.encode(problem(e.Conflict("No.", rule="transition"))[1])
    assert error_of(409, body).rule == "transition"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"detail": 5}'])
def test_what_is_no_problem_document_tells_its_status(body):
    error = error_of(500, body)
    assert isinstance(error, e.OwnError)
    assert "500" in error.message


def test_too_many_says_when_to_come_back():
    error = error_of(429, b"{}", retry_after=7.0)
    assert isinstance(error, e.TooMany)
    assert error.retry_after == 7.0


def test_a_catalogue_is_read_to_its_end_and_never_in_a_circle():
    first = {"participant": "did:web:acme", "datasets": [{"id": "a", "title": "A"}], "next": "n1"}
    second = {"participant": "did:web:acme", "datasets": [{"id": "b", "title": "B"}], "next": "n1"}
    api = Responder({"POST /catalog": (first, second)})
    whole = api.drive(offers.catalog("did:web:acme", [{"language": "en"}]))
    assert [one.id for one in whole.datasets] == ["a", "b"]
    assert [msgspec.json.decode(one.body or b"") for one in api.requests] == [
        {"peer": "did:web:acme", "filter": [{"language": "en"}]},
        {"peer": "did:web:acme", "next": "n1"},
    ]


def test_a_member_is_found_by_its_name_or_the_last_part_of_its_did():
    members = page(_member("did:web:h:participants:acme", "Acme Inc."), _member("did:web:h:participants:bob", "Bob"))
    api = Responder({"GET /members": members})
    assert api.drive(spaces.did_of("acme")) == api.drive(spaces.did_of("Acme Inc.")) == "did:web:h:participants:acme"
    assert api.drive(spaces.did_of("did:web:elsewhere")) == "did:web:elsewhere"


def test_a_name_that_two_members_have_names_neither():
    api = Responder({"GET /members": page(_member("did:web:a", "Same"), _member("did:web:b", "Same"))})
    with pytest.raises(e.NotFound, match="more than one"):
        api.drive(spaces.did_of("Same"))


def test_browsing_leaves_out_who_does_not_answer_and_oneself():
    members = page(_member("did:web:me", "Me"), _member("did:web:dead", "Dead"), _member("did:web:acme", "Acme"))
    catalogue = {"participant": "did:web:acme", "datasets": [{"id": "a", "title": "A"}], "next": None}

    def answer(request):
        peer = msgspec.json.decode(request.body)["peer"]
        return e.PeerUnreachable("Nobody there.") if peer == "did:web:dead" else catalogue

    me = {"operator": "op_1", "name": "x", "role": "read", "participant": _participant("me")}
    api = Responder({"GET /members": members, "GET /whoami": me, "POST /catalog": answer})
    everything = api.drive(offers.browse())
    assert [one.participant for one in everything.catalogues] == ["did:web:acme"]
    assert everything.unreachable == {"did:web:dead": "Nobody there."}


def test_browsing_says_what_is_wrong_where_nobody_answers():
    me = {"operator": "op_1", "name": "x", "role": "read"}
    api = Responder(
        {"GET /members": page(_member("did:web:a", "A")), "GET /whoami": me, "POST /catalog": e.PeerUnreachable("Nobody there.")}
    )
    with pytest.raises(e.PeerUnreachable):
        api.drive(offers.browse())


def test_a_description_holds_only_what_was_said():
    about = offers.Description(title="T", licence=None)
    assert about.body() == {"title": "T", "licence": None}


def test_tokens_are_not_in_what_is_printed():
    token = "hanse_op_1_" + "s" * 43
    operator = {"id": "op_1", "name": "n", "role": "read", "created": NOW}
    api = Responder(
        {
            "POST /operators": {"operator": operator, "token": token},
            "POST /participants": {"participant": _participant("p"), "operator": operator, "token": token},
        }
    )
    issued = api.drive(people.add_operator("n", "read"))
    created = api.drive(people.create_participant("p"))
    assert issued.token == created.token == token
    assert token not in f"{issued} {issued!r} {created} {created!r}"


def test_a_host_names_the_participant_in_a_header():
    api = Responder({"GET /operators": page(), "POST /operators/op_1/rotate": e.NotFound("No.")})
    api.drive(people.list_operators(participant="acme"))
    with pytest.raises(e.NotFound):
        api.drive(people.rotate_operator("op_1", participant="acme"))
    assert [one.headers for one in api.requests] == [{"Hanse-Participant": "acme"}] * 2


def _participant(name):
    return {"name": name, "did": f"did:web:{name}", "title": name, "created": NOW}


def _member(did, name):
    return {"did": did, "name": name, "roles": ["provider"], "since": NOW}


def _an_error(kind):
    if kind in (e.TooMany, e.NotReady):
        return kind("It is wrong.", retry_after=3.0, where="field", hint="Try this.")
    return kind("It is wrong.", where="field", hint="Try this.")
