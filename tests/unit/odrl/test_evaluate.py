"""Decisions: three values, and unknown never permits (odrl.evaluate)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl.evaluate import Facts, Proofs, decide, proofs_named, unsupported
from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.names import CREDENTIAL, MEMBERSHIP, PARTICIPANT, ROLE
from tests.unit.odrl.strategies import DIDS, NOW, known, mixed, timed

TICK = timedelta(microseconds=1)
YES, NO = Atomic("dateTime", "gt", "2020-01-01"), Atomic("dateTime", "lt", "2020-01-01")
HUH = Atomic("https://a.example/mood", "eq", "good")
FACTS = Facts(now=NOW, assignee=DIDS[0], is_member=True)

facts = st.builds(
    Facts,
    now=st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours)),
    assignee=st.none() | st.sampled_from(DIDS),
    is_member=st.none() | st.booleans(),
)


def one(*constraints):
    return Terms(permissions=(Rule("use", constraints),))


def none_but(*constraints):
    return Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", constraints),))


def permitted(terms, given=FACTS):
    return decide(terms, given).permitted


@pytest.mark.parametrize(
    ("operator", "right", "before", "at", "after"),
    [
        ("lt", "2026-06-15T12:00:00Z", True, False, False),
        ("lteq", "2026-06-15T12:00:00Z", True, True, False),
        ("gt", "2026-06-15T12:00:00Z", False, False, True),
        ("gteq", "2026-06-15T12:00:00Z", False, True, True),
        ("eq", "2026-06-15T12:00:00Z", False, True, False),
        ("neq", "2026-06-15T12:00:00Z", True, False, True),
    ],
)
def test_moments(operator, right, before, at, after):
    terms = one(Atomic("dateTime", operator, right))
    assert [permitted(terms, Facts(now=NOW + shift)) for shift in (-TICK, timedelta(0), TICK)] == [before, at, after]


@pytest.mark.parametrize(
    ("operator", "day_before", "that_day", "day_after"),
    [
        ("lt", True, False, False),
        ("lteq", True, True, False),
        ("gt", False, False, True),
        ("gteq", False, True, True),
        ("eq", False, True, False),
        ("neq", True, False, True),
    ],
)
def test_days(operator, day_before, that_day, day_after):
    terms = one(Atomic("dateTime", operator, "2026-06-15"))
    midnight = datetime(2026, 6, 15, tzinfo=UTC)
    for moment, expected in [
        (midnight - TICK, day_before),
        (midnight, that_day),
        (midnight + timedelta(days=1) - TICK, that_day),
        (midnight + timedelta(days=1), day_after),
    ]:
        assert permitted(terms, Facts(now=moment)) is expected


@pytest.mark.parametrize(("is_member", "expected"), [(True, True), (False, False), (None, False)])
def test_membership(is_member, expected):
    given = Facts(now=NOW, is_member=is_member)
    decision = decide(one(Atomic(MEMBERSHIP, "eq", "active")), given)
    assert decision.permitted is expected
    assert bool(decision.unknown) is (is_member is None)
    assert not permitted(one(Atomic(MEMBERSHIP, "eq", "suspended")), given)
    assert not permitted(one(Atomic(MEMBERSHIP, "neq", "active")), given)


@pytest.mark.parametrize(
    ("operator", "right", "expected"),
    [
        ("eq", "did:web:a.example", True),
        ("eq", {"@id": "did:web:a.example"}, True),
        ("eq", "did:web:A.EXAMPLE", True),
        ("eq", "did:web:b.example", False),
        ("eq", ["did:web:a.example"], False),
        ("isAnyOf", ["did:web:b.example", "did:web:a.example"], True),
        ("isAnyOf", "did:web:a.example", True),
        ("isAnyOf", [], False),
        ("neq", "did:web:b.example", True),
        ("neq", "did:web:A.example", False),
        ("neq", "everybody", False),
        ("neq", ["did:web:b.example"], False),
        ("isNoneOf", ["did:web:b.example"], True),
        ("isNoneOf", ["did:web:b.example", "did:web:a.example"], False),
        ("isNoneOf", [], False),
        ("isNoneOf", ["did:web:b.example", 5], False),
        ("isPartOf", "did:web:a.example", False),
    ],
)
def test_participants(operator, right, expected):
    terms = one(Atomic(PARTICIPANT, operator, right))
    assert permitted(terms) is expected
    assert not permitted(terms, Facts(now=NOW)), "who asks is not known"


def test_a_did_in_other_letters_is_the_same():
    terms = one(Atomic(PARTICIPANT, "neq", "did:web:localhost%3A8400:participants:c"))
    assert not permitted(terms, Facts(now=NOW, assignee="did:web:LOCALHOST%3a8400:participants:c"))
    assert permitted(terms, Facts(now=NOW, assignee="did:web:localhost%3A8400:participants:C"))


def test_further_values():
    given = Facts(now=NOW, values={HUH.left: "good"})
    assert permitted(one(HUH), given)
    assert permitted(one(Atomic(HUH.left, "isAnyOf", ["bad", "good"])), given)
    assert not permitted(one(Atomic(HUH.left, "neq", "good")), given)
    assert not permitted(one(Atomic(HUH.left, "gt", "bad")), given)
    assert not permitted(one(HUH), Facts(now=NOW, values={"other": "good"}))


@pytest.mark.parametrize(
    ("operator", "operands", "truth"),
    [
        ("and", (YES, YES), True), ("and", (YES, NO), False), ("and", (YES, HUH), None), ("and", (NO, HUH), False),
        ("andSequence", (YES, HUH), None), ("andSequence", (HUH, NO), False),
        ("or", (NO, NO), False), ("or", (YES, HUH), True), ("or", (NO, HUH), None),
        ("xone", (YES, NO), True), ("xone", (YES, YES), False), ("xone", (NO, NO), False), ("xone", (YES, HUH), None),
        ("xone", (NO, HUH), None), ("xone", (YES, YES, HUH), False),
    ],
)  # fmt: skip
def test_kleene(operator, operands, truth):
    logical = Logical(operator, operands)
    assert permitted(one(logical)) is (truth is True)
    assert permitted(none_but(logical)) is (truth is False)
    assert bool(decide(one(logical), FACTS).unknown) is (truth is None)


def test_prohibitions_win():
    assert permitted(none_but(NO))
    assert not permitted(none_but(YES))
    assert not permitted(none_but(HUH)), "it might apply"
    assert not permitted(none_but())
    assert permitted(none_but(HUH, NO)), "it cannot apply"
    assert not permitted(Terms(prohibitions=(Rule("use", (NO,)),))), "nothing is permitted"
    assert not permitted(Terms(permissions=(Rule("use"),), prohibitions=(Rule("https://a.example/train"),)))


def test_one_permission_is_enough():
    assert permitted(Terms(permissions=(Rule("use", (NO,)), Rule("use", (HUH,)), Rule("use", (YES,)))))


def test_what_cannot_be_seen_to_never_permits():
    duty = Rule("https://a.example/pay")
    for terms in (
        Terms(permissions=(Rule("use", (), (duty,)),)),
        Terms(permissions=(Rule("use"),), obligations=(duty,)),
        Terms(permissions=(Rule("use"),), profile=("https://a.example/profile",)),
        Terms(permissions=(Rule("https://a.example/train"),)),
    ):
        decision = decide(terms, FACTS)
        assert not decision.permitted
        assert decision.unknown
        assert unsupported(terms)


def test_actions():
    train = Terms(permissions=(Rule("https://a.example/train"),))
    assert permitted(train, Facts(now=NOW, action="https://a.example/train"))
    assert not permitted(one(), Facts(now=NOW, action="https://a.example/train"))
    assert permitted(Terms(permissions=(Rule("odrl:use"),)))


def test_reasons_name_every_rule():
    terms = Terms(permissions=(Rule("use", (YES,)), Rule("use", (NO,))), prohibitions=(Rule("use", (HUH,)),))
    assert decide(terms, FACTS).reasons == (
        "permission[0] permits it",
        'permission[1] does not apply: permission[1].constraint[0] "dateTime" lt "2020-01-01" does not hold',
        "prohibition[0] forbids it, because something is unknown: "
        'prohibition[0].constraint[0] "https://a.example/mood" eq "good": the left operand is not known',
    )


def test_a_stream_is_cut_on_time():
    assert decide(one(Atomic("dateTime", "lt", "2026-06-15T13:00:00Z")), FACTS).valid_until == NOW + timedelta(hours=1)
    assert decide(one(Atomic("dateTime", "lteq", "2026-06-15T13:00:00Z")), FACTS).valid_until == NOW + timedelta(hours=1) + TICK
    assert decide(one(Atomic("dateTime", "lteq", "2026-06-15")), FACTS).valid_until == datetime(2026, 6, 16, tzinfo=UTC)
    assert decide(one(YES), FACTS).valid_until is None


@given(timed | known, facts, st.lists(st.integers(0, 400), max_size=8))
def test_no_answer_changes_before_its_boundary(terms, given, hours):
    decision = decide(terms, given)
    end = decision.valid_until or given.now + timedelta(hours=500)
    assert end > given.now
    for moment in [given.now + timedelta(hours=step) for step in hours] + [end - TICK]:
        if moment < end:
            later = decide(terms, msgspec.structs.replace(given, now=moment))
            assert later.permitted == decision.permitted
            assert later.valid_until == decision.valid_until


@given(known, facts)
def test_terms_that_are_supported_are_decided(terms, given):
    assert unsupported(terms) == []
    if given.assignee is not None and given.is_member is not None:
        assert decide(terms, given).unknown == ()


@given(mixed, facts, st.sampled_from(DIDS), st.booleans())
def test_what_is_permitted_without_a_fact_is_permitted_whatever_the_fact(terms, given, did, is_member):
    if decide(terms, given).permitted:
        assignee = given.assignee if given.assignee is not None else did
        member = given.is_member if given.is_member is not None else is_member
        assert permitted(terms, msgspec.structs.replace(given, assignee=assignee, is_member=member))


@given(mixed, facts)
def test_a_permission_that_counts_is_known_whole(terms, given):
    decision = decide(terms, given)
    if decision.permitted:
        assert any(reason.endswith(" permits it") for reason in decision.reasons)
        assert not any(" forbids it" in reason for reason in decision.reasons)
        assert not terms.obligations
        assert not terms.profile
    assert len(decision.reasons) >= len(terms.permissions) + len(terms.prohibitions)


def test_unsupported_says_where():
    terms = Terms(
        permissions=(Rule("use", (YES, Logical("or", (YES, HUH))), (Rule("x"),)),),
        prohibitions=(Rule("y"),),
        obligations=(Rule("z"),),
    )
    assert [path for path, _ in unsupported(terms)] == [
        "permission[0].constraint[1].or[1]",
        "permission[0].duty[0]",
        "prohibition[0].action",
        "obligation[0]",
    ]
    assert unsupported(one(HUH), known=[HUH.left]) == []
    assert unsupported(one(Atomic("dateTime", "isPartOf", "2027"))) == [
        ("permission[0].constraint[0]", "the operator isPartOf does not compare moments")
    ]


PROVED = {ROLE: Proofs(frozenset({"ai-factory"})), CREDENTIAL: Proofs(frozenset(), frozenset({"ai-factory"}))}


@pytest.mark.parametrize("left", [ROLE, CREDENTIAL])
def test_what_was_proved_holds_and_proves_nothing_else(left):
    def truth(operator, right, proofs):
        return permitted(one(Atomic(left, operator, right)), Facts(now=NOW, assignee=DIDS[0], is_member=True, proofs=proofs))

    other = PROVED[CREDENTIAL if left == ROLE else ROLE]
    for operator, right in (("eq", "ai-factory"), ("isAnyOf", ["auditor", "ai-factory"]), ("eq", {"@id": "ai-factory"})):
        assert truth(operator, right, PROVED[left])
        assert not truth(operator, right, other), "a role is no credential, and a credential no role"
        assert not truth(operator, right, Proofs())
        assert not truth(operator, right, None)
    assert not truth("eq", "AI-Factory", PROVED[left])
    assert not truth("eq", "ai-factory ", PROVED[left])


@pytest.mark.parametrize("left", [ROLE, CREDENTIAL])
@pytest.mark.parametrize(("operator", "right"), [("neq", "auditor"), ("isNoneOf", ["auditor"]), ("isAllOf", ["auditor"]), ("eq", ["x"])])
def test_that_somebody_lacks_a_role_or_a_credential_cannot_be_asked(left, operator, right):
    terms = one(Atomic(left, operator, right))
    assert [path for path, _ in unsupported(terms)] == ["permission[0].constraint[0]"]
    assert not permitted(terms, Facts(now=NOW, assignee=DIDS[0], is_member=True, proofs=PROVED[left]))


@pytest.mark.parametrize("left", [ROLE, CREDENTIAL])
def test_a_prohibition_for_want_of_proof_is_unknown_until_something_was_proved(left):
    terms = none_but(Atomic(left, "eq", "ai-factory"))
    for proofs, expected in ((None, False), (Proofs(), True), (PROVED[left], False)):
        assert permitted(terms, Facts(now=NOW, assignee=DIDS[0], is_member=True, proofs=proofs)) is expected


@pytest.mark.parametrize(("left", "shown"), [(ROLE, "(proved roles: ai-factory)"), (CREDENTIAL, "(proved credentials: ai-factory)")])
def test_a_refusal_for_want_of_proof_says_what_was_proved(left, shown):
    terms = one(Atomic(left, "eq", "king"))
    for proofs, words in ((PROVED[left], shown), (Proofs(), shown.replace("ai-factory", "none"))):
        decision = decide(terms, Facts(now=NOW, assignee=DIDS[0], is_member=True, proofs=proofs))
        assert decision.reasons[0].endswith(f'eq "king" does not hold {words}')


def test_what_has_to_be_proved_is_found_wherever_it_is_named():
    deep = Logical("or", (Atomic(ROLE, "isAnyOf", ["auditor", "provider"]), Logical("and", (Atomic(CREDENTIAL, "eq", "GuildCredential"),))))
    terms = Terms(permissions=(Rule("use", (deep,)),), prohibitions=(Rule("use", (Atomic(CREDENTIAL, "eq", "LegalEntityCredential"),)),))
    expected = Proofs(frozenset({"auditor", "provider"}), frozenset({"GuildCredential", "LegalEntityCredential"}))
    assert proofs_named(terms) == expected
    assert proofs_named(one(YES)) == Proofs()
