"""Joining under a rulebook: what is asked for, rules that decide, sponsors, four eyes, and what a member can change."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hanse.anchor.issuing.status import allocate
from hanse.anchor.joining import admission
from hanse.anchor.joining.admission import BOTH
from hanse.anchor.joining.members import Members
from hanse.anchor.joining.settle import HISTORY
from hanse.anchor.records import Admitted, Applicant, Applied, Approval, Issued, MembersChanged, Proposal
from hanse.anchor.rulebooks import Rulebooks
from hanse.anchor.spaces import Spaces
from hanse.anchor.standing import Status
from hanse.identity.credentials.model import VC20
from hanse.identity.status import Bits
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from hanse.kernel.ids import CountedIds
from tests.unit.anchor.books import LEGAL, PAPER, TERMS, TERMS_HASH, URL, book, needing, proof
from tests.unit.anchor.issuing_memory import IssuedInMemory, StatusListsInMemory
from tests.unit.anchor.memory import Keyring, Memory

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ROOT = "http://localhost:8400"
ACME = "did:web:acme.example"
BOLT = "did:web:bolt.example"
HELPER = "did:web:helper.example%3A8400:participants:helper"
HOSTED = "did:web:helper.example%3A8400:participants:small"
OLD_TERMS = "0" * 64
ASKING = book(needing(needs="[LegalEntityCredential]", evidence="[registration]"), more=LEGAL + PAPER + TERMS)
PROVED = book(joining="  automatic: [{roles: [consumer], needs: [LegalEntityCredential], claims: {country: [FI]}}]", more=LEGAL)
SPONSORED = book(joining="  automatic: [{roles: [provider, consumer], sponsored: true}]")
TWO = book(joining="  approvals: 2")
NAMED = book(joining="  approvals: 2\n  approvers: [Ann, Bo, Cy]")


def operator(name, id=None):
    return Approval(operator=id or f"op_{name.lower()}", name=name, at=datetime(2000, 1, 1, tzinfo=UTC))


ANN, BO, EVE = operator("Ann"), operator("Bo"), operator("Eve")


def run(awaitable):
    return asyncio.run(awaitable)


def marking(tx, space, holder, status, reason, now, *, types=None):
    tx.marks.append((holder, status, None if types is None else tuple(sorted(types))))
    return 1


class House:
    def __init__(self):
        self.clock, self.db = ManualClock(NOON), Memory()
        self.keyring = Keyring(self.clock)
        self.spaces = Spaces(self.db, self.clock, self.keyring, root=ROOT)
        self.rulebooks = Rulebooks(self.db, self.clock, self.keyring, root=ROOT)
        self.members = Members(self.db, self.clock, CountedIds(), mark=marking)
        self.jti = 0
        self.space = run(self.spaces.found("port", self.keyring.did("port"), "baltic", "Baltic trade"))

    def rules(self, text):
        """Put a rulebook in force, by two where the one before asks for two."""
        if isinstance(run(self.rulebooks.publish("port", "baltic", text, ANN)), Proposal):
            run(self.rulebooks.publish("port", "baltic", text, BO))

    def token(self, did):
        self.jti += 1
        return Applicant(did, f"jti_{self.jti}", self.clock.now() + timedelta(minutes=5))

    def apply(self, did=ACME, roles=("consumer",), sponsor=None, **more):
        vouching = None if sponsor is None else self.token(sponsor)
        return run(self.members.apply("baltic", self.token(did), "Acme", roles=roles, sponsor=vouching, **more))

    def fit(self, did=ACME, roles=("consumer",), **more):
        return run(self.members.fit("baltic", did, roles=roles, **more))

    def refused(self, kind=Invalid, **more):
        with pytest.raises(kind) as fault:
            self.apply(**more)
        return fault.value

    def act(self, verb, *args, did=ACME, **more):
        return run(getattr(self.members, verb)("port", "baltic", did, *args, **more))

    def cannot(self, kind, verb, *args, **more):
        with pytest.raises(kind) as fault:
            self.act(verb, *args, **more)
        return fault.value

    def invite(self, **more):
        return run(self.members.invite("port", "baltic", **more)).code

    def member(self, did=ACME):
        return run(self.members.standing("baltic", did))

    def nobody(self, did=ACME):
        with pytest.raises(NotFound):
            self.member(did)

    def listed(self, did=ACME):
        return next((m for m in run(self.spaces.register_of(URL)).body.members if m.did == did), None)

    @property
    def tx(self):
        return self.db.tx

    def admitted(self):
        return [event.did for event in self.tx.events if isinstance(event, Admitted)]


@pytest.fixture
def house():
    return House()


# What the rulebook asks for.


def test_what_is_missing_is_listed_and_nothing_is_stored(house):
    house.rules(ASKING)
    fault = house.refused()
    assert fault.rule == "fit"
    for word in ("LegalEntityCredential", "registration", "Terms of use"):
        assert word in fault.message
    for word in (TERMS_HASH, "/spaces/baltic/rulebook.yaml", "did:web:chamber.example", "Name the register"):
        assert word in fault.hint
    house.nobody()
    assert not any(isinstance(event, Applied) for event in house.tx.events)
    fit = house.fit()
    assert {check.where for check in fit.missing} == {"presented", "evidence.registration", "terms"}


def test_what_is_handed_in_is_kept_with_the_application(house):
    house.rules(ASKING)
    more = {"evidence": {"registration": " HRB 1\nKiel "}, "terms": TERMS_HASH, "presented": (proof(),)}
    assert house.fit(**more).fits
    member = house.apply(**more)
    assert (member.status, member.evidence, member.terms) == (Status.PENDING, {"registration": "HRB 1\nKiel"}, TERMS_HASH)
    assert member.presented == ("LegalEntityCredential",)
    assert [(done.what, done.by) for done in member.history] == [("applied as consumer", ACME)]
    assert house.act("approve").status is Status.ACTIVE


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"terms": OLD_TERMS}, "terms"),
        ({"terms": ""}, "terms"),
        ({"evidence": {}}, "evidence.registration"),
        ({"evidence": {"registration": "x", "vat": "y"}}, "evidence"),
        ({"evidence": {"registration": " "}}, "evidence"),
        ({"evidence": {"registration": "x" * 4001}}, "evidence"),
        ({"evidence": {"registration": "a\x00b"}}, "evidence"),
        ({"evidence": {f"n{number}": "x" for number in range(33)}}, "evidence"),
        ({"presented": ()}, "presented"),
        ({"presented": (proof(country="FR"),)}, "presented"),
        ({"presented": (proof(holder=BOLT),)}, "presented"),
        ({"presented": (proof(issuer="did:web:x.example"),)}, "presented"),
        ({"roles": ("consumer", "pilot")}, "roles"),
        ({"roles": ("anchor",)}, "roles"),
        ({"hosting": "https://acme.example/host"}, "hosting"),
        ({"roles": ("intermediary",), "hosting": "ftp://acme.example"}, "hosting"),
        ({"roles": ("intermediary",), "hosting": "https://user@acme.example/"}, "hosting"),
    ],
)
def test_one_thing_wrong_names_the_place(house, change, where):
    house.rules(ASKING)
    good = {"evidence": {"registration": "HRB 1"}, "terms": TERMS_HASH, "presented": (proof(),)}
    assert house.refused(**{**good, **change}).where == where
    house.nobody()
    assert house.apply(**good).status is Status.PENDING


def test_an_invitation_spares_nobody_what_its_roles_need(house):
    house.rules(ASKING)
    code = house.invite(roles=("consumer",))
    assert house.refused(invitation=code).rule == "fit"
    good = {"evidence": {"registration": "HRB 1"}, "terms": TERMS_HASH, "presented": (proof(),)}
    assert house.fit(invitation=code, roles=("auditor",), **good).decided_by == "invitation"
    member = house.apply(invitation=code, roles=("auditor",), **good)
    assert (member.status, member.roles) == (Status.ACTIVE, ("consumer",))


def test_an_approval_needs_what_the_rulebook_asks_for_now(house):
    house.apply()
    house.rules(ASKING)
    assert house.cannot(Invalid, "approve").rule == "fit"
    assert house.cannot(Invalid, "approve", roles=("pilot",)).where == "roles"
    assert house.member().status is Status.PENDING


def test_invitations_are_for_roles_of_the_space(house):
    with pytest.raises(Invalid) as fault:
        house.invite(roles=("pilot",))
    assert fault.value.where == "roles"


# Rules that decide.


def test_a_rule_lets_in_at_once(house):
    house.rules(PROVED)
    assert house.fit(presented=(proof(),)).decided_by == "automatic rule"
    member = house.apply(presented=(proof(),))
    assert (member.status, member.since, member.history[-1].by) == (Status.ACTIVE, NOON, "rulebook")
    assert house.listed().roles == ["consumer"]
    assert house.admitted() == [ACME]
    assert house.apply(BOLT, presented=(proof(holder=ACME),)).status is Status.PENDING


def test_who_waits_is_let_in_when_it_proves_more(house):
    house.rules(PROVED)
    assert house.apply().status is Status.PENDING
    assert house.apply(presented=(proof(),)).status is Status.ACTIVE


@pytest.mark.parametrize("put_out", ["refuse", "remove"])
def test_a_rule_does_not_undo_what_people_decided(house, put_out):
    """Not at once, not on the second try, and not by taking the application back in between."""
    house.rules(PROVED)
    house.apply()
    if put_out == "remove":
        house.act("approve")
    house.act(put_out, "no")
    for _ in range(3):
        assert house.apply(presented=(proof(),)).status is Status.PENDING
        run(house.members.leave("baltic", house.token(ACME)))
    house.apply(presented=(proof(),))
    assert house.act("approve").barred is None
    run(house.members.leave("baltic", house.token(ACME)))
    assert house.apply(presented=(proof(),)).status is Status.ACTIVE


def test_an_old_invitation_does_not_undo_a_removal_in_two_steps(house):
    spare, house_code = house.invite(), house.invite()
    house.apply(invitation=house_code)
    house.act("remove", "fraud")
    assert house.apply().status is Status.PENDING
    house.refused(Conflict, invitation=spare)
    run(house.members.leave("baltic", house.token(ACME)))
    house.refused(Conflict, invitation=spare)
    assert house.member().status is Status.LEFT


# Sponsors.


def intermediary(house, did=HELPER):
    member = house.apply(did, ("intermediary",), hosting="https://helper.example/hosting", invitation=house.invite(roles=("intermediary",)))
    assert member.status is Status.ACTIVE


def test_an_intermediary_brings_in_whom_it_hosts(house):
    house.rules(SPONSORED)
    intermediary(house)
    assert house.listed(HELPER).hosting == "https://helper.example/hosting"
    assert house.fit(HOSTED, sponsor=HELPER).decided_by == "automatic rule"
    member = house.apply(HOSTED, sponsor=HELPER)
    assert (member.status, member.sponsor) == (Status.ACTIVE, HELPER)
    assert house.apply(HOSTED[:-1], roles=("auditor",), sponsor=HELPER).status is Status.PENDING


@pytest.mark.parametrize(
    ("did", "sponsor"),
    [
        (ACME, HELPER),
        (HOSTED, ACME),
        (HOSTED, "did:web:stranger.example"),
        (HOSTED.replace("8400", "8401"), HELPER),
        ("did:web:helper.example:participants:small", HELPER),
        ("did:jwk:eyJ4IjoxfQ", HELPER),
        ("did:web:helper.example.evil.example%3A8400:participants:small", HELPER),
    ],
)
def test_nobody_else_brings_in_anybody(house, did, sponsor):
    house.rules(SPONSORED)
    intermediary(house)
    house.apply(ACME, invitation=house.invite()) if sponsor == ACME else None
    with pytest.raises(Invalid) as fault:
        house.apply(did, sponsor=sponsor)
    assert (fault.value.rule, fault.value.where) == ("fit", "sponsor")


def test_a_suspended_intermediary_vouches_for_nobody_nor_does_one_for_itself(house):
    house.rules(SPONSORED)
    intermediary(house)
    assert house.fit(HELPER, sponsor=HELPER).missing[0].why == "Nobody vouches for itself."
    house.act("suspend", "", did=HELPER)
    assert house.refused(did=HOSTED, sponsor=HELPER).where == "sponsor"


def test_who_has_no_host_vouches_for_nobody(house):
    house.rules(SPONSORED)
    intermediary(house, "did:jwk:eyJ4IjoxfQ")
    assert house.refused(did="did:jwk:eyJ4IjoyfQ", sponsor="did:jwk:eyJ4IjoxfQ").where == "sponsor"


def test_a_sponsors_token_counts_once(house):
    house.rules(SPONSORED)
    intermediary(house)
    vouching = house.token(HELPER)
    run(house.members.apply("baltic", house.token(HOSTED), "Small", sponsor=vouching))
    with pytest.raises(Unauthenticated):
        run(house.members.apply("baltic", house.token(HOSTED + "2"), "Small 2", sponsor=vouching))
    house.nobody(HOSTED + "2")


# Four eyes.


def test_two_operators_admit_together(house):
    house.rules(TWO)
    house.apply()
    house.clock.advance(hours=1)
    waiting = house.act("approve", by=ANN, reason="known")
    assert waiting.status is Status.PENDING
    assert [(one.name, one.operator, one.at, one.says) for one in waiting.approvals] == [
        ("Ann", "op_ann", house.clock.now(), "admit as consumer")
    ]
    assert house.listed() is None
    assert house.admitted() == []
    member = house.act("approve", by=BO)
    assert (member.status, member.approvals) == (Status.ACTIVE, ())
    assert [(done.what, done.by) for done in member.history[1:]] == [("yes to: admit as consumer", "Ann"), ("admit as consumer", "Bo")]
    assert house.admitted() == [ACME]


@pytest.mark.parametrize("again", [ANN, operator("Ann", "op_other"), operator(" ann", "op_other"), operator("Bo", "op_ann")])
def test_the_same_person_twice_is_one(house, again):
    house.rules(TWO)
    house.apply()
    house.act("approve", by=ANN)
    fault = house.cannot(Conflict, "approve", by=again)
    assert fault.rule == "same-operator"
    assert "Ann approved" in fault.message
    assert house.member().status is Status.PENDING


def test_a_yes_to_something_else_begins_anew_and_that_is_told(house):
    house.rules(TWO)
    house.apply(roles=("provider", "consumer"))
    house.act("approve", by=ANN)
    member = house.act("approve", by=BO, roles=("consumer",))
    assert (member.status, [one.name for one in member.approvals]) == (Status.PENDING, ["Bo"])
    assert member.history[-1].what == "yes to: admit as consumer; that of Ann was to something else, and counts no more"


def test_who_waits_and_hands_in_something_else_is_judged_anew(house):
    house.rules(book(needing(evidence="[registration]"), joining="  approvals: 2", more=PAPER))
    first = house.apply(evidence={"registration": "HRB 1"})
    house.act("approve", by=ANN)
    asks = house.apply(evidence={"registration": "HRB 1"})
    assert [one.name for one in asks.approvals] == ["Ann"]  # the same once more: just a question
    assert house.apply(roles=BOTH).evidence == {"registration": "HRB 1"}  # and so are no papers at all
    house.clock.advance(hours=1)
    second = house.apply(evidence={"registration": "HRB 2"})
    assert (second.status, second.evidence, second.approvals) == (Status.PENDING, {"registration": "HRB 2"}, ())
    assert second.history[-1].what == "applied again as consumer"
    assert second.history[: len(first.history)] == first.history
    house.refused(evidence={"registration": ""}, roles=("provider",))
    assert house.member() == second
    house.act("approve", by=ANN)
    assert house.act("approve", by=BO).status is Status.ACTIVE


def test_who_approves_is_known_by_name_where_it_matters(house):
    house.apply()
    assert house.act("approve").status is Status.ACTIVE
    for rules in (TWO, NAMED, book(joining="  approvers: [Ann]")):
        house.rules(rules)
        house.apply(BOLT)
        assert house.cannot(Forbidden, "approve", did=BOLT).rule == "approver"


def test_only_named_people_approve(house):
    house.rules(NAMED)
    house.apply()
    assert "Ann, Bo, Cy" in house.cannot(Forbidden, "approve", by=EVE).hint
    house.act("approve", by=ANN)
    house.cannot(Forbidden, "approve", by=EVE)
    assert house.act("approve", by=BO).status is Status.ACTIVE


def test_a_yes_counts_only_for_as_long_as_its_giver_may_give_it(house):
    house.rules(NAMED)
    house.apply()
    house.act("approve", by=ANN)
    house.rules(book(joining="  approvals: 2\n  approvers: [Bo, Cy]"))
    assert house.act("approve", by=BO).status is Status.PENDING
    assert house.act("approve", by=operator("Cy")).status is Status.ACTIVE


def test_where_one_is_enough_now_the_first_yes_can_be_repeated(house):
    house.rules(TWO)
    house.apply()
    house.act("approve", by=ANN)
    house.rules(book())
    assert house.act("approve", by=ANN).status is Status.ACTIVE


def test_both_agree_to_the_same_roles(house):
    house.rules(TWO)
    house.apply(roles=("consumer", "provider"))
    house.act("approve", roles=("auditor",), by=ANN)
    # Bo, who says yes to what was asked for, does not say yes to what Ann made of it.
    assert house.act("approve", by=BO).status is Status.PENDING
    assert [one.name for one in house.member().approvals] == ["Bo"]
    house.act("approve", roles=("auditor",), by=ANN)
    member = house.act("approve", roles=("auditor",), by=BO)
    assert (member.status, member.roles) == (Status.ACTIVE, ("auditor",))


def test_the_order_of_roles_is_no_difference(house):
    house.rules(TWO)
    house.apply(roles=("consumer", "provider"))
    house.act("approve", roles=("provider", "consumer"), by=ANN)
    assert house.act("approve", roles=("consumer", "provider"), by=BO).status is Status.ACTIVE


def test_an_invitation_is_its_makers_yes(house):
    house.rules(TWO)
    code = house.invite(by=ANN, roles=("consumer",))
    member = house.apply(invitation=code)
    assert (member.status, [one.name for one in member.approvals]) == (Status.PENDING, ["Ann"])
    assert house.tx.events[-1] == Applied("port", "baltic", ACME)
    assert house.apply(invitation=code) == member
    house.refused(Forbidden, did=BOLT, invitation=code)
    assert house.cannot(Conflict, "approve", by=ANN).rule == "same-operator"
    assert house.act("approve", by=BO).status is Status.ACTIVE


def test_an_invitation_completes_what_another_began(house):
    house.rules(TWO)
    house.apply()
    house.act("approve", by=ANN)
    own, other = house.invite(by=ANN, roles=("consumer",)), house.invite(by=BO, roles=("consumer",))
    assert house.fit(invitation=other).decided_by == "invitation"
    assert house.apply(invitation=own).status is Status.PENDING
    assert house.apply(invitation=other).status is Status.ACTIVE


@pytest.mark.parametrize("change", [{"roles": ("consumer", "auditor")}, {"papers": {"registration": "another"}}])
def test_a_yes_to_something_else_does_not_count_with_an_invitation(house, change):
    house.rules(book(joining="  approvals: 2", more=PAPER))
    house.apply(evidence={"registration": "HRB 1"})
    house.act("approve", by=ANN)
    code = house.invite(by=BO, roles=change.get("roles", ("consumer",)))
    member = house.apply(invitation=code, evidence=change.get("papers", {"registration": "HRB 1"}))
    assert (member.status, [one.name for one in member.approvals]) == (Status.PENDING, ["Bo"])


def test_an_invitation_by_nobody_or_by_who_may_not_is_no_yes(house):
    nameless, early = house.invite(roles=("consumer",)), house.invite(roles=("consumer",), by=EVE)
    house.rules(book(joining="  approvers: [Ann, Bo]"))
    with pytest.raises(Forbidden):
        house.invite(by=EVE)
    for did, code in ((ACME, nameless), (BOLT, early)):
        member = house.apply(did, invitation=code)
        assert (member.status, member.approvals) == (Status.PENDING, ())
    assert house.apply("did:web:c.example", invitation=house.invite(by=ANN)).status is Status.ACTIVE


def test_a_refused_application_starts_from_nothing(house):
    house.rules(TWO)
    house.apply()
    house.act("approve", by=ANN)
    house.act("refuse", "no", by=BO)
    assert house.apply().approvals == ()


# Standing, and what it does to credentials.


def entered(house, did=ACME, roles=("consumer",)):
    return house.apply(did, roles, invitation=house.invite(roles=roles))


def test_credentials_follow_the_standing_in_the_same_transaction(house):
    entered(house)
    house.act("suspend", "unpaid", by=ANN)
    house.act("reinstate", by=ANN)
    house.act("remove", "fraud", by=BO)
    assert house.tx.marks == [(ACME, "suspended", None), (ACME, "", None), (ACME, "revoked", None)]
    assert [(done.what, done.by, done.reason) for done in house.member().history[1:]] == [
        ("was suspended", "Ann", "unpaid"),
        ("was reinstated", "Ann", ""),
        ("was removed", "Bo", "fraud"),
    ]
    assert house.admitted() == [ACME, ACME]


def test_what_cannot_be_marked_is_not_decided(house):
    def broken(tx, *_, types=None):
        raise Conflict("no")

    entered(house)
    house.members._mark = broken
    for verb in ("suspend", "remove"):
        house.cannot(Conflict, verb, "")
    assert house.member().status is Status.ACTIVE


def test_a_member_leaves(house):
    entered(house)
    token = house.token(ACME)
    assert run(house.members.leave("baltic", token, "We are done.")).status is Status.LEFT
    assert (house.listed(), house.tx.marks) == (None, [(ACME, "revoked", None)])
    with pytest.raises(Unauthenticated):
        run(house.members.leave("baltic", token))
    with pytest.raises(Conflict):
        run(house.members.leave("baltic", house.token(ACME)))
    assert entered(house).status is Status.ACTIVE


def test_leaving_is_no_way_around_a_suspension(house):
    entered(house)
    spare = house.invite()
    house.act("suspend", "unpaid")
    assert run(house.members.leave("baltic", house.token(ACME))).status is Status.REMOVED
    house.refused(Conflict, invitation=spare)
    assert house.apply().status is Status.PENDING


def test_an_application_is_taken_back_and_marks_nothing(house):
    house.apply()
    assert run(house.members.leave("baltic", house.token(ACME))).status is Status.LEFT
    assert house.tx.marks == []
    assert house.apply(roles=("auditor",)).roles == ("auditor",)


def test_strangers_and_the_anchor_do_not_leave(house):
    with pytest.raises(NotFound):
        run(house.members.leave("baltic", house.token(BOLT)))
    with pytest.raises(Conflict):
        run(house.members.leave("baltic", house.token(house.space.anchor)))


# Roles and claims.


def test_roles_change_with_their_credentials(house):
    entered(house, roles=("consumer", "provider", "ai-factory"))
    house.act("set_claims", "ai-factory", {"trustLevel": 2})
    member = house.act("change_roles", ("consumer", "auditor"), by=ANN, reason="new task")
    assert (member.roles, member.claims, house.listed().roles) == (("consumer", "auditor"), {}, ["consumer", "auditor"])
    assert house.tx.marks[-1] == (ACME, "revoked", ("AIFactoryCredential", "DataProviderCredential"))
    assert house.admitted() == [ACME] * 3
    before = len(house.tx.events)
    assert house.act("change_roles", ("auditor", "consumer")) == member
    assert len(house.tx.events) == before


def test_a_role_more_revokes_nothing(house):
    entered(house)
    house.act("change_roles", ("consumer", "auditor"))
    assert house.tx.marks == []


def test_new_roles_take_as_many_eyes_as_joining(house):
    entered(house)
    house.rules(TWO)
    waiting = house.act("change_roles", ("consumer", "auditor"), by=ANN)
    assert (waiting.roles, waiting.status, waiting.approvals[0].says) == (("consumer",), Status.ACTIVE, "change roles to auditor, consumer")
    house.cannot(Conflict, "change_roles", ("auditor", "consumer"), by=ANN)
    assert house.act("change_roles", ("auditor", "consumer"), by=BO).roles == ("auditor", "consumer")
    # Taking away takes one.
    assert house.act("change_roles", ("consumer",), by=ANN).roles == ("consumer",)
    house.cannot(Forbidden, "change_roles", ("consumer", "auditor"))


def test_new_roles_need_what_the_rulebook_asks_for_them(house):
    entered(house, roles=("provider",))
    house.rules(book(needing(needs="[LegalEntityCredential]", evidence="[registration]"), more=LEGAL + PAPER))
    assert "registration" in house.cannot(Invalid, "change_roles", ("consumer",)).message
    assert house.cannot(Invalid, "change_roles", ("pilot",)).where == "roles"
    assert house.cannot(Invalid, "change_roles", ("anchor",)).where == "roles"
    house.apply(roles=("consumer",), evidence={"registration": "HRB 1"}, presented=(proof(),))
    assert house.member().roles == ("provider",)
    assert house.act("change_roles", ("consumer",)).roles == ("consumer",)


def test_the_anchor_has_roles_too_and_stays_the_anchor(house):
    member = house.act("change_roles", ("provider",), did=house.space.anchor)
    assert member.roles == ("anchor", "provider")
    assert house.act("change_roles", ("anchor", "consumer"), did=house.space.anchor).roles == ("anchor", "consumer")
    assert house.tx.marks == [(house.space.anchor, "revoked", ("DataProviderCredential",))]


def test_only_members_have_roles_and_claims_to_change(house):
    house.apply(roles=("ai-factory",))
    house.cannot(Conflict, "change_roles", ("consumer",))
    house.cannot(Conflict, "set_claims", "ai-factory", {"trustLevel": 2})


def test_claims_stay_within_the_rulebook(house):
    entered(house, roles=("ai-factory",))
    for claims, where in (
        ({"trustLevel": 4}, "claims.trustLevel"),
        ({"trustLevel": True}, "claims.trustLevel"),
        ({"level": 1}, "claims"),
        ({}, "claims"),
    ):
        assert house.cannot(Invalid, "set_claims", "ai-factory", claims).where == where
    assert house.cannot(Conflict, "set_claims", "auditor", {"trustLevel": 1}).where == "role"
    # The first value is what it says already.
    assert house.act("set_claims", "ai-factory", {"trustLevel": 1}).claims == {}
    assert house.tx.marks == []
    assert house.act("set_claims", "ai-factory", {"trustLevel": 3}, by=ANN).claims == {"ai-factory": {"trustLevel": 3}}
    assert house.tx.marks == [(ACME, "revoked", ("AIFactoryCredential",))]
    assert house.member().history[-1].what == "as ai-factory say trustLevel 3"


def test_claims_take_as_many_eyes_as_joining(house):
    entered(house, roles=("ai-factory",))
    house.rules(TWO)
    assert house.act("set_claims", "ai-factory", {"trustLevel": 3}, by=ANN).claims == {}
    assert house.act("set_claims", "ai-factory", {"trustLevel": 2}, by=BO).claims == {}
    assert house.act("set_claims", "ai-factory", {"trustLevel": 2}, by=ANN).claims == {"ai-factory": {"trustLevel": 2}}


def test_a_yes_to_one_thing_is_none_to_another(house):
    entered(house, roles=("ai-factory",))
    house.rules(TWO)
    house.act("set_claims", "ai-factory", {"trustLevel": 3}, by=ANN)
    assert house.act("change_roles", ("ai-factory", "auditor"), by=BO).roles == ("ai-factory",)
    house.act("suspend", "")
    house.act("reinstate")
    assert house.act("set_claims", "ai-factory", {"trustLevel": 3}, by=BO).claims == {}


# A member that asks again.


def test_a_member_accepts_new_terms(house):
    entered(house)
    house.rules(book(more=TERMS))
    assert house.refused(terms=OLD_TERMS).where == "terms"
    assert house.apply().terms == ""
    before = len(house.admitted())
    member = house.apply(terms=TERMS_HASH)
    assert (member.terms, member.status, member.history[-1].what) == (TERMS_HASH, Status.ACTIVE, "handed in more")
    assert len(house.admitted()) == before + 1
    assert house.apply(terms=TERMS_HASH) == member


def test_a_member_says_where_it_hosts_now(house):
    intermediary(house)
    version = run(house.spaces.get("baltic")).version
    house.apply(HELPER, ("intermediary",), hosting="https://helper.example/new")
    assert house.listed(HELPER).hosting == "https://helper.example/new"
    assert run(house.spaces.get("baltic")).version > version
    assert isinstance(house.tx.events[-1], MembersChanged)
    house.act("change_roles", ("consumer",), did=HELPER)
    assert house.listed(HELPER).hosting is None


def test_a_member_does_not_write_its_own_history(house):
    house.rules(book(more=PAPER))
    entered(house)
    for number in range(2 * HISTORY):
        house.apply(evidence={"registration": str(number)})
    assert [done.what for done in house.member().history] == ["entered with an invitation", "handed in more"]
    assert house.refused(evidence={"vat": "1"}).where == "evidence"


def test_history_is_bounded(house):
    entered(house)
    for _ in range(HISTORY):
        house.act("suspend", "")
        house.act("reinstate")
    assert len(house.member().history) == HISTORY
    assert house.member().history[-1].what == "was reinstated"


# All of it by one tenant only.


def test_another_tenant_finds_nothing(house):
    entered(house, roles=("ai-factory",))
    for attempt in (
        house.members.change_roles("other", "baltic", ACME, ("consumer",)),
        house.members.set_claims("other", "baltic", ACME, "ai-factory", {"trustLevel": 2}),
    ):
        with pytest.raises(NotFound):
            run(attempt)


def test_the_code_of_an_invitation_is_compared_whole():
    assert admission.digest("a") != admission.digest("b")
    assert len(admission.digest("a")) == 64


def test_the_bits_of_the_status_lists_follow(house):
    """With the real status lists instead of a note that they were asked to change."""
    house.db.tx.issued, house.db.tx.status_lists = IssuedInMemory(), StatusListsInMemory()
    house.members = Members(house.db, house.clock, CountedIds())
    entered(house, roles=("consumer", "auditor"))
    kinds = ("MembershipCredential", "DataConsumerCredential", "AuditorCredential")

    def issue(tx):
        for place, kind in zip(allocate(tx, house.space, len(kinds)), kinds, strict=True):
            fields = {"valid_from": NOON, "valid_until": NOON + timedelta(days=90), "kid": "k", "issuance": "i", "profile": VC20}
            tx.issued.put(
                Issued(id=kind, space="baltic", tenant="port", holder=ACME, type=kind, number=place.number, index=place.index, **fields)
            )

    def states():
        lists = house.tx.status_lists.get("baltic", 1)
        return [(Bits(lists.revoked)[n], Bits(lists.suspended)[n]) for n in range(3)]

    run(house.db.run(issue))
    house.act("change_roles", ("consumer",))
    assert states() == [(False, False), (False, False), (True, False)]
    house.act("suspend", "")
    assert states() == [(False, True), (False, True), (True, False)]
    house.act("reinstate")
    assert states() == [(False, False), (False, False), (True, False)]
    run(house.members.leave("baltic", house.token(ACME)))
    assert [revoked for revoked, _ in states()] == [True, True, True]
