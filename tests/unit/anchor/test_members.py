"""Spaces and their members at the anchor."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hanse.anchor.joining import admission, settle
from hanse.anchor.joining.members import Members
from hanse.anchor.records import Admitted, Applicant, Applied, MembersChanged
from hanse.anchor.spaces import Spaces
from hanse.anchor.standing import TABLE, Act, Status, advance
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, Misconfigured, NotFound, TooMany, Unauthenticated
from hanse.kernel.ids import CountedIds
from tests.unit.anchor.memory import Keyring, Memory

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ACME = "did:web:acme.example"
BOLT = "did:web:bolt.example"


def run(awaitable):
    return asyncio.run(awaitable)


class House:
    def __init__(self):
        self.clock = ManualClock(NOON)
        self.db = Memory()
        self.keyring = Keyring(self.clock)
        self.spaces = Spaces(self.db, self.clock, self.keyring, root="http://localhost:8400")
        self.members = Members(self.db, self.clock, CountedIds())
        self.jti = 0
        self.space = run(self.spaces.found("port", self.keyring.did("port"), "baltic", "Baltic trade"))

    def apply(self, did=ACME, name="Acme", *, jti=None, **more):
        self.jti += 1
        applicant = Applicant(did, jti or f"jti_{self.jti}", self.clock.now() + timedelta(minutes=5))
        return run(self.members.apply("baltic", applicant, name, **more))

    def invite(self, **more):
        return run(self.members.invite("port", "baltic", **more)).code

    def version(self):
        return run(self.spaces.get("baltic")).version

    def listed(self):
        return {m.did for m in run(self.spaces.register_of(self.space.url)).body.members} - {self.space.anchor}


@pytest.fixture
def house():
    return House()


# Spaces.


def test_a_space_is_founded_with_its_anchor_as_first_member(house):
    assert house.space.url == "http://localhost:8400/spaces/baltic"
    statement = run(house.spaces.register_of(house.space.url))
    assert [(m.did, m.roles) for m in statement.body.members] == [(house.space.anchor, ["anchor"])]
    assert statement.version == house.space.version >= 1
    assert [s.name for s in run(house.spaces.page("port"))] == ["baltic"]
    assert run(house.spaces.page("other")) == []


def test_names_of_spaces_are_checked_and_unique(house):
    with pytest.raises(Conflict):
        run(house.spaces.found("other", BOLT, "baltic", "Mine"))
    for bad in ("", "Baltic", "../x", "a" * 64):
        with pytest.raises(Invalid):
            run(house.spaces.found("port", house.space.anchor, bad, "Bad"))
    far = Spaces(house.db, house.clock, house.keyring, root=f"https://{'a' * 63}.{'b' * 63}.example")
    with pytest.raises(Misconfigured):
        run(far.found("port", house.space.anchor, "far", "Far"))


def test_only_spaces_of_this_server_are_local(house):
    for url in ("https://elsewhere.example/spaces/baltic", "http://localhost:8400/spaces/none", "baltic", ""):
        assert run(house.spaces.register_of(url)) is None
    with pytest.raises(NotFound):
        run(house.spaces.signed_register("none"))


def test_the_list_is_signed_anew_on_change_and_after_a_minute(house):
    first = run(house.spaces.signed_register("baltic"))
    house.clock.advance(seconds=59)
    assert run(house.spaces.signed_register("baltic")) == first
    assert house.keyring.signed == 1
    house.clock.advance(seconds=1)
    second = run(house.spaces.signed_register("baltic"))
    assert second != first
    house.apply(invitation=house.invite())
    assert run(house.spaces.signed_register("baltic")) != second
    assert house.keyring.signed == 3


def test_versions_only_grow_and_follow_the_clock(house):
    seen = [house.version()]
    for _ in range(3):
        seen.append(run(house.spaces.renew("baltic")).version)
    assert seen == sorted(set(seen))
    house.clock.advance(days=-30)
    assert run(house.spaces.renew("baltic")).version == seen[-1] + 1
    house.clock.advance(days=60)
    assert run(house.spaces.renew("baltic")).version == int(house.clock.now().timestamp())


# Applying.


def test_an_application_waits_and_is_approved(house):
    before = house.version()
    assert house.apply(roles=("provider",)).status is Status.PENDING
    assert house.version() == before
    assert house.listed() == set()
    assert house.db.tx.events[-1] == Applied("port", "baltic", ACME)
    house.clock.advance(hours=1)
    member = run(house.members.approve("port", "baltic", ACME, reason="known to us"))
    assert (member.status, member.roles, member.since, member.reason) == (Status.ACTIVE, ("provider",), house.clock.now(), "known to us")
    assert house.listed() == {ACME}
    changed = MembersChanged("port", "baltic", house.space.url, house.version())
    assert house.db.tx.events[-2:] == [changed, Admitted("port", "baltic", ACME)]
    assert house.version() > before
    assert run(house.members.standing("baltic", ACME)) == member


def test_a_refused_applicant_may_ask_again(house):
    house.apply()
    assert run(house.members.refuse("port", "baltic", ACME, "who?")).status is Status.REFUSED
    assert house.listed() == set()
    assert house.apply().status is Status.PENDING


def test_asking_twice_changes_nothing(house):
    first = house.apply(name="Acme")
    assert house.apply(name="Acme the second") == first
    run(house.members.approve("port", "baltic", ACME))
    version = house.version()
    assert house.apply(roles=("anchor",)).roles == ("provider", "consumer")
    assert house.version() == version


def test_a_replayed_token_is_refused_even_after_a_refusal(house):
    with pytest.raises(Forbidden):
        house.apply(jti="once", invitation="wrong")
    with pytest.raises(Unauthenticated) as fault:
        house.apply(jti="once")
    assert fault.value.rule == "replayed"
    assert not run(house.members.page("port", "baltic", status=Status.PENDING))


def test_applications_are_bounded(house, monkeypatch):
    monkeypatch.setattr(admission, "PENDING_LIMIT", 2)
    house.apply("did:web:a.example")
    house.apply("did:web:b.example")
    with pytest.raises(TooMany):
        house.apply("did:web:c.example")
    assert house.apply("did:web:a.example").status is Status.PENDING


def test_a_full_space_says_so(house, monkeypatch):
    monkeypatch.setattr(settle, "MAX_MEMBERS", 1)
    code = house.invite()
    with pytest.raises(Conflict) as fault:
        house.apply(invitation=code)
    assert fault.value.rule == "full"
    monkeypatch.setattr(settle, "MAX_MEMBERS", 2)
    assert house.apply(invitation=code).status is Status.ACTIVE


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "a\nb"), ("name", "x" * 201), ("roles", ()), ("roles", ("A",)), ("roles", ("a b",))]
)
def test_bad_applications_name_the_field(house, field, value):
    with pytest.raises(Invalid) as fault:
        house.apply(**{field: value})
    assert fault.value.where == field
    with pytest.raises(NotFound):
        run(house.members.standing("baltic", ACME))


# Invitations.


def test_an_invitation_admits_at_once_with_its_roles(house):
    member = house.apply(invitation=house.invite(roles=("ai-factory",)), roles=("anchor",))
    assert (member.status, member.roles) == (Status.ACTIVE, ("ai-factory",))
    assert house.listed() == {ACME}


def test_an_invitation_works_once(house):
    code = house.invite()
    first = house.apply(invitation=code)
    assert house.apply(invitation=code) == first
    with pytest.raises(Forbidden) as fault:
        house.apply(BOLT, "Bolt", invitation=code)
    assert fault.value.rule == "invitation"
    assert house.listed() == {ACME}
    used = run(house.members.invitations("port", "baltic"))
    assert [(i.used_by, i.code_hash) for i in used] == [(ACME, "")]


def test_every_bad_invitation_gets_the_same_answer(house):
    run(house.spaces.found("other", BOLT, "north", "North"))
    elsewhere = run(house.members.invite("other", "north")).code
    good, personal, withdrawn, expired = house.invite(), house.invite(did=BOLT), house.invite(), house.invite(valid=timedelta(hours=1))
    run(house.members.withdraw("port", "baltic", withdrawn[:-44]))
    house.clock.advance(hours=1)
    said = set()
    for code in (elsewhere, personal, withdrawn, expired, good[:-43] + "A" * 43, good[:-1], "", "x" * 10_000):
        with pytest.raises(Forbidden) as fault:
            house.apply(invitation=code)
        said.add(str(fault.value))
    assert len(said) == 1
    assert house.listed() == set()
    assert house.apply(BOLT, "Bolt", invitation=personal).status is Status.ACTIVE


def test_codes_are_not_stored(house):
    code = house.invite()
    assert code[-43:] not in repr(house.db.tx.invitations.rows)


def test_invitations_have_a_sensible_end(house):
    for valid in (timedelta(), timedelta(days=91), timedelta(days=-1)):
        with pytest.raises(Invalid):
            house.invite(valid=valid)


# Decisions.


def test_a_suspended_member_is_off_the_list_until_it_is_reinstated(house):
    since = house.apply(invitation=house.invite()).since
    house.clock.advance(days=1)
    run(house.members.suspend("port", "baltic", ACME, "unpaid"))
    assert house.listed() == set()
    with pytest.raises(Conflict):
        house.apply(invitation=house.invite())
    back = run(house.members.reinstate("port", "baltic", ACME))
    assert (back.status, back.since) == (Status.ACTIVE, since)
    assert house.listed() == {ACME}


def test_an_old_invitation_does_not_bring_a_removed_member_back(house):
    house.apply(invitation=house.invite())
    spare = house.invite()
    run(house.members.remove("port", "baltic", ACME, "left"))
    assert house.listed() == set()
    with pytest.raises(Conflict):
        house.apply(invitation=spare)
    assert house.apply().status is Status.PENDING


def test_the_anchor_cannot_be_put_out(house):
    for act in (house.members.suspend, house.members.remove):
        with pytest.raises(Conflict):
            run(act("port", "baltic", house.space.anchor, "no"))


def test_another_tenant_finds_nothing(house):
    house.apply()
    code = house.invite()
    m = house.members
    attempts = [
        m.invite("other", "baltic"),
        m.invitations("other", "baltic"),
        m.withdraw("other", "baltic", code[:-44]),
        m.page("other", "baltic"),
        m.approve("other", "baltic", ACME),
        m.refuse("other", "baltic", ACME, ""),
        m.suspend("other", "baltic", house.space.anchor, ""),
        m.reinstate("other", "baltic", ACME),
        m.remove("other", "baltic", house.space.anchor, ""),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound) as fault:
            run(attempt)
        assert str(fault.value) == "There is no space 'baltic' here. (at space)"
    assert run(m.standing("baltic", ACME)).status is Status.PENDING


def test_pages_of_members_follow_the_did(house):
    for name in ("c", "a", "b"):
        house.apply(f"did:web:{name}.example")
    first = run(house.members.page("port", "baltic", status=Status.PENDING, limit=2))
    assert [m.did for m in first] == ["did:web:a.example", "did:web:b.example"]
    rest = run(house.members.page("port", "baltic", status=Status.PENDING, after=first[-1].did))
    assert [m.did for m in rest] == ["did:web:c.example"]


PAIRS = [(status, act) for status in (None, *Status) for act in Act]


@pytest.mark.parametrize(("status", "act"), [pair for pair in PAIRS if pair not in TABLE])
def test_what_is_not_in_the_table_is_a_conflict(status, act):
    with pytest.raises(Conflict):
        advance(status, act)


def test_nobody_who_was_put_out_comes_back_alone():
    alone = {Act.APPLY, Act.ENTER}
    for status in (Status.SUSPENDED, Status.REMOVED):
        assert all(after is not Status.ACTIVE for (before, act), after in TABLE.items() if before is status and act in alone)
