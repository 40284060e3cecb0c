"""Participants and their operators: made, confined, suspended, erased; who may do what to whom."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, Misconfigured, NotFound, Unauthenticated
from hanse.kernel.ids import CountedIds
from hanse.participants import naming, tokens
from hanse.participants.operators import OPERATORS_LIMIT, Operators
from hanse.participants.records import Participant, ParticipantChanged, ParticipantErased, Quota, read_participant
from hanse.participants.registry import SPACES_LIMIT, Participants
from hanse.participants.roles import RULES, SERVER, Action, Role, authorise, may
from tests.unit.participants.memory import EraserInMemory, KeysInMemory, Memory

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


class House:
    def __init__(self, host="localhost", port=8400):
        self.clock = ManualClock(NOON)
        self.db = Memory()
        self.operators = Operators(self.db, self.clock, CountedIds())
        self.participants = Participants(self.db, self.clock, self.operators, KeysInMemory(), EraserInMemory(), host=host, port=port)

    def create(self, name, **more):
        return run(self.participants.create(SERVER, name, name.title(), **more))

    def caller(self, token):
        return run(self.operators.authenticate(token))

    def administrator(self, name):
        return self.caller(self.create(name).administrator.token)


@pytest.fixture
def house():
    return House()


def run(awaitable):
    return asyncio.run(awaitable)


# Making.


def test_a_participant_is_made_with_did_key_and_one_administrator(house):
    made = house.create("acme", allowed_roots=("/srv/acme/",), allowed_hosts=("Data.example:8443",))
    assert made.participant.did == "did:web:localhost%3A8400:participants:acme"
    assert made.participant.allowed_roots == ("/srv/acme",)
    assert made.participant.allowed_hosts == ("data.example:8443",)
    assert house.db.tx.keys == {"acme": made.participant.did}
    caller = house.caller(made.administrator.token)
    assert (caller.tenant, caller.name, caller.role) == ("acme", "administrator", Role.ADMINISTER)
    assert ParticipantChanged("acme") in house.db.tx.events


@pytest.mark.parametrize(
    ("host", "did"),
    [
        ("127.0.0.1", "did:web:localhost%3A8400:participants:acme"),
        ("::1", "did:web:localhost%3A8400:participants:acme"),
        ("LOCALHOST", "did:web:localhost%3A8400:participants:acme"),
        ("Data.Example.org", "did:web:data.example.org%3A8400:participants:acme"),
    ],
)
def test_the_did_names_the_public_host(host, did):
    assert House(host).create("acme").participant.did == did


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::1", "", "a b", "x:y", "-a.example", "a..example", "a" * 64])
def test_a_did_needs_a_name(host):
    with pytest.raises(Misconfigured):
        House(host).create("acme")


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_a_did_needs_a_port(port):
    with pytest.raises(Misconfigured):
        naming.did_of("localhost", port, "acme")


@pytest.mark.parametrize("name", ["", "Acme", "../x", "a/b", "-a", "a" * 64, "a\n"])
def test_bad_names_are_named(house, name):
    with pytest.raises(Invalid) as fault:
        house.create(name)
    assert fault.value.where == "name"


def test_a_taken_name_is_refused(house):
    house.create("acme")
    with pytest.raises(Conflict) as fault:
        house.create("acme")
    assert fault.value.rule == "taken"


@pytest.mark.parametrize("root", ["relative", "/", "/srv/../etc", "/srv/a\nb", ""])
def test_bad_roots_are_named(house, root):
    with pytest.raises(Invalid) as fault:
        house.create("acme", allowed_roots=("/srv/ok", root))
    assert fault.value.where == "allowed_roots[1]"


@pytest.mark.parametrize("host", ["http://a.example", "a.example/x", "a.example:0", "a.example:99999", "user@a", "", "*"])
def test_bad_hosts_are_named(house, host):
    with pytest.raises(Invalid) as fault:
        house.create("acme", allowed_hosts=(host,))
    assert fault.value.where == "allowed_hosts[0]"


def test_lists_and_quotas_are_bounded(house):
    with pytest.raises(Invalid) as fault:
        house.create("acme", allowed_roots=("/srv/x",) * 101)
    assert fault.value.rule == "count"
    with pytest.raises(Invalid) as fault:
        house.create("acme", quota=Quota(requests_per_second=0))
    assert fault.value.where == "quota.requests_per_second"
    with pytest.raises(Invalid):
        house.create("acme", quota=Quota(assets=-1))


# Finding and changing.


def test_find_sees_a_change_at_once_here_and_within_a_second_elsewhere(house):
    admin = house.administrator("acme")
    elsewhere = Participants(house.db, house.clock, house.operators, KeysInMemory(), EraserInMemory(), host="localhost", port=8400)
    assert run(elsewhere.find("acme")).title == "Acme"
    assert run(house.participants.find("acme")).title == "Acme"
    run(house.participants.edit(admin, "acme", title="Acme Ltd"))
    assert run(house.participants.find("acme")).title == "Acme Ltd"
    house.clock.advance(seconds=1)
    assert run(elsewhere.find("acme")).title == "Acme Ltd"
    with pytest.raises(NotFound):
        run(house.participants.find("nobody"))


def test_joining_pins_the_anchor(house):
    admin = house.administrator("acme")
    assert run(house.participants.spaces_of("acme")) == ()
    run(house.participants.join(admin, "acme", "https://a.example/spaces/s/", "did:web:a.example"))
    (link,) = run(house.participants.spaces_of("acme"))
    assert (link.url, link.anchor, link.joined) == ("https://a.example/spaces/s", "did:web:a.example", NOON)
    assert run(house.participants.leave(admin, "acme", "https://a.example/spaces/s")).spaces == ()


def test_only_the_host_confines(house):
    admin = house.administrator("acme")
    for change in ({"allowed_roots": ("/etc",)}, {"allowed_hosts": ("10.0.0.1",)}, {"quota": Quota(assets=1)}):
        with pytest.raises(Forbidden) as fault:
            run(house.participants.confine(admin, "acme", **change))
        assert fault.value.rule == "whose"
    changed = run(house.participants.confine(SERVER, "acme", allowed_roots=("/srv",)))
    assert (changed.allowed_roots, changed.quota) == (("/srv",), Quota())


def test_pages_of_participants_are_for_the_host(house):
    admin = house.administrator("bolt")
    house.create("acme")
    house.create("coil")
    assert [p.name for p in run(house.participants.page(SERVER, limit=2))] == ["acme", "bolt"]
    assert [p.name for p in run(house.participants.page(SERVER, after="bolt"))] == ["coil"]
    with pytest.raises(Forbidden):
        run(house.participants.page(admin))


def test_a_suspended_participant_can_only_be_read(house):
    made = house.create("acme")
    run(house.participants.suspend(SERVER, "acme"))
    assert run(house.participants.find("acme")).suspended == NOON
    caller = house.caller(made.administrator.token)
    assert caller.role is Role.READ
    with pytest.raises(Forbidden):
        run(house.participants.resume(caller, "acme"))
    assert run(house.participants.resume(SERVER, "acme")).suspended is None
    assert house.caller(made.administrator.token).role is Role.ADMINISTER


# Erasing.


def test_erasure_leaves_a_receipt_and_nothing_else(house):
    token = house.create("acme").administrator.token
    receipt = run(house.participants.erase(SERVER, "acme"))
    assert receipt.counts == {"participants": 1, "operators": 1, "keys": 1, "assets": 3}
    assert (receipt.erased, receipt.did) == (NOON, "did:web:localhost%3A8400:participants:acme")
    assert not house.db.tx.participants.rows
    assert not house.db.tx.operators.rows
    assert house.db.tx.events[-1] == ParticipantErased("acme", receipt.did)
    with pytest.raises(Unauthenticated):
        house.caller(token)
    with pytest.raises(NotFound):
        run(house.participants.find("acme"))


def test_an_erased_name_is_never_given_again(house):
    house.create("acme")
    run(house.participants.erase(SERVER, "acme"))
    with pytest.raises(Conflict) as fault:
        house.create("acme")
    assert fault.value.rule == "erased"


def test_erasing_again_gets_the_same_receipt(house):
    house.create("acme")
    first = run(house.participants.erase(SERVER, "acme"))
    house.clock.advance(days=1)
    assert run(house.participants.erase(SERVER, "acme")) == first
    with pytest.raises(NotFound):
        run(house.participants.erase(SERVER, "nobody"))


def test_a_participants_administrator_cannot_erase_it(house):
    admin = house.administrator("acme")
    with pytest.raises(Forbidden):
        run(house.participants.erase(admin, "acme"))


# Operators.


def test_the_hosts_token_is_made_once(house):
    first = run(house.operators.first_host())
    caller = house.caller(first.token)
    assert (caller.tenant, caller.role) == (None, Role.ADMINISTER)
    assert run(house.operators.first_host()) is None
    assert run(house.participants.create(caller, "acme", "Acme")).participant.name == "acme"


def test_tokens_have_their_shape_and_only_a_hash_is_stored(house):
    issued = house.create("acme").administrator
    operator_id, secret = issued.token[6:-44], issued.token[-43:]
    assert issued.token == f"hanse_{operator_id}_{secret}"
    assert tokens.operator_of(issued.token) == operator_id == issued.operator.id
    stored = house.db.tx.operators.get("acme", operator_id)
    assert stored.token_hash == tokens.digest(issued.token)
    assert secret not in repr(stored)
    assert issued.operator.token_hash == ""


def test_what_is_no_token_is_refused(house):
    token = house.create("acme").administrator.token
    for bad in ("", "hanse_", token[:-1], token + "x", token.upper(), "hanse_op_9_" + token[-43:], token[:-43] + "A" * 43, "é" * 60):
        with pytest.raises(Unauthenticated) as fault:
            house.caller(bad)
        assert token[-43:] not in str(fault.value)


def test_an_expired_token_is_refused(house):
    admin = house.administrator("acme")
    issued = run(house.operators.add(admin, "acme", "guest", Role.READ, expires=NOON + timedelta(hours=1)))
    assert house.caller(issued.token).role is Role.READ
    house.clock.advance(hours=1)
    with pytest.raises(Unauthenticated) as fault:
        house.caller(issued.token)
    assert fault.value.rule == "expired"
    with pytest.raises(Invalid):
        run(house.operators.add(admin, "acme", "late", Role.READ, expires=NOON))


def test_rotation_voids_the_old_token_and_keeps_the_rest(house):
    admin = house.administrator("acme")
    old = run(house.operators.add(admin, "acme", "clerk", Role.OPERATE))
    new = run(house.operators.rotate(house.caller(old.token), "acme", old.operator.id))
    assert (new.operator.role, new.operator.name, new.operator.created) == (Role.OPERATE, "clerk", old.operator.created)
    assert house.caller(new.token).operator == old.operator.id
    with pytest.raises(Unauthenticated):
        house.caller(old.token)
    with pytest.raises(Forbidden):
        run(house.operators.rotate(house.caller(new.token), "acme", admin.operator))


def test_a_removed_operator_is_out(house):
    admin = house.administrator("acme")
    clerk = run(house.operators.add(admin, "acme", "clerk", Role.OPERATE))
    run(house.operators.remove(admin, "acme", clerk.operator.id))
    with pytest.raises(Unauthenticated):
        house.caller(clerk.token)
    with pytest.raises(NotFound):
        run(house.operators.remove(admin, "acme", clerk.operator.id))


def test_the_last_administrator_stays(house):
    admin = house.administrator("acme")
    run(house.operators.add(admin, "acme", "deputy", Role.APPROVE))
    run(house.operators.add(admin, "acme", "short", Role.ADMINISTER, expires=NOON + timedelta(days=1)))
    with pytest.raises(Conflict) as fault:
        run(house.operators.remove(admin, "acme", admin.operator))
    assert fault.value.rule == "last-administrator"
    run(house.operators.add(admin, "acme", "second", Role.ADMINISTER))
    run(house.operators.remove(admin, "acme", admin.operator))


def test_the_last_host_stays(house):
    host = house.caller(run(house.operators.first_host()).token)
    house.create("acme")
    with pytest.raises(Conflict):
        run(house.operators.remove(host, None, host.operator))


def test_operators_are_listed_without_hashes_and_bounded(house):
    admin = house.administrator("acme")
    with pytest.raises(Conflict) as fault:
        run(house.operators.add(admin, "acme", "administrator", Role.READ))
    assert fault.value.rule == "taken"
    for number in range(OPERATORS_LIMIT - 1):
        run(house.operators.add(admin, "acme", f"clerk {number}", Role.READ))
    with pytest.raises(Conflict) as fault:
        run(house.operators.add(admin, "acme", "one more", Role.READ))
    assert fault.value.rule == "operators"
    listed = run(house.operators.page(admin, "acme"))
    assert len(listed) == OPERATORS_LIMIT
    assert not any(o.token_hash for o in listed)


# Who may do what to whom.


def test_anothers_operator_finds_nothing(house):
    mine, _ = house.administrator("acme"), house.administrator("bolt")
    attempts = [
        house.participants.get(mine, "bolt"),
        house.participants.edit(mine, "bolt", title="Mine"),
        house.participants.confine(mine, "bolt", allowed_roots=("/",)),
        house.participants.join(mine, "bolt", "https://a.example/s", "did:web:a"),
        house.participants.erase(mine, "bolt"),
        house.operators.page(mine, "bolt"),
        house.operators.add(mine, "bolt", "spy", Role.READ),
        house.operators.rotate(mine, "bolt", "op_2"),
        house.operators.remove(mine, "bolt", "op_2"),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound) as fault:
            run(attempt)
        assert str(fault.value) == str(missing(mine))


def missing(caller):
    with pytest.raises(NotFound) as fault:
        authorise(caller, Action.READ, "bolt")
    return fault.value


def test_anothers_operator_id_under_the_own_name_is_not_found(house):
    mine, other = house.administrator("acme"), house.administrator("bolt")
    with pytest.raises(NotFound):
        run(house.operators.rotate(mine, "acme", other.operator))


def test_small_roles_do_small_things(house):
    admin = house.administrator("acme")
    for role in (Role.READ, Role.OPERATE, Role.APPROVE):
        caller = house.caller(run(house.operators.add(admin, "acme", role.value, role)).token)
        with pytest.raises(Forbidden) as fault:
            run(house.operators.add(caller, "acme", "friend", Role.ADMINISTER))
        assert fault.value.rule == "role"
        with pytest.raises(Forbidden):
            run(house.participants.edit(caller, "acme", title="Mine"))
        assert run(house.participants.get(caller, "acme")).name == "acme"


def test_a_participants_administrator_is_not_the_host(house):
    admin = house.administrator("acme")
    for attempt in (
        house.participants.create(admin, "bolt", "Bolt"),
        house.operators.add(admin, None, "root", Role.ADMINISTER),
        house.operators.page(admin, None),
    ):
        with pytest.raises((Forbidden, NotFound)):
            run(attempt)


def test_the_host_sees_nothing_of_a_participants_business():
    for action in (Action.READ, Action.OFFER, Action.NEGOTIATE, Action.TRANSFER, Action.ANSWER, Action.END_CONTRACT):
        with pytest.raises(Forbidden):
            authorise(SERVER, action, "acme")


def test_the_table_covers_every_action_and_grows_with_the_role():
    assert set(RULES) == set(Action)
    assert all(rule.own or rule.host for rule in RULES.values())
    allowed = [{a for a in Action if may(role, a)} for role in Role]
    assert all(small < large for small, large in itertools.pairwise(allowed))
    assert allowed[-1] == set(Action)
    assert (may(Role.OPERATE, Action.ANSWER), may(Role.APPROVE, Action.ANSWER)) == (False, True)


def test_a_participant_is_in_several_spaces_by_address_once(house):
    admin = house.administrator("acme")
    one, two = "https://a.example/spaces/s", "https://b.example/spaces/t"
    for url, anchor in ((one, "did:web:a.example"), (two, "did:web:b.example"), (one, "did:web:new.example")):
        joined = run(house.participants.join(admin, "acme", url, anchor))
    assert [(link.url, link.anchor) for link in joined.spaces] == [(one, "did:web:new.example"), (two, "did:web:b.example")]
    assert [link.url for link in run(house.participants.leave(admin, "acme", one)).spaces] == [two]
    assert [link.url for link in run(house.participants.leave(admin, "acme", one)).spaces] == [two]
    for number in range(SPACES_LIMIT - 1):
        run(house.participants.join(admin, "acme", f"https://c.example/spaces/{number}", "did:web:c.example"))
    with pytest.raises(Conflict) as fault:
        run(house.participants.join(admin, "acme", "https://d.example/spaces/x", "did:web:d.example"))
    assert fault.value.rule == "too-many"


def test_a_participant_written_when_it_could_be_in_one_space_is_read(house):
    now = Participant(name="acme", did="did:web:acme.example", title="Acme", created=NOON, quota=Quota(assets=7))
    link = {"url": "https://a.example/spaces/s", "anchor": "did:web:a.example", "joined": "2026-01-02T03:04:05Z"}
    then = {name: value for name, value in msgspec.to_builtins(now).items() if name != "spaces"}
    read = read_participant(msgspec.json.encode(then | {"space": link}))
    assert type(read) is Participant
    assert [(one.url, one.anchor, one.joined.year) for one in read.spaces] == [(link["url"], link["anchor"], 2026)]
    assert read_participant(msgspec.json.encode(then | {"space": None})) == now
    assert read_participant(msgspec.json.encode(read)) == read
