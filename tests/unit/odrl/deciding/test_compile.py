"""Whole policies decided and reported (ODRL 2.2 IM, 2.6 to 2.9)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl import names as n
from hanse.odrl.deciding.compile import MAX_DEPTH, Settings, compile_agreement, compile_terms
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.model import Agreement, Atomic, Logical, Rule, Scope, Terms
from tests.unit.odrl import strategies

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
A, B = "did:web:a.example", "did:web:b.example"
YES = Atomic("dateTime", "gteq", "2000-01-01")
NO = Atomic("dateTime", "lt", "2000-01-01")
MAYBE = Atomic("industry", "eq", "x")
WORLD = Facts(now=NOW, action="use", target="urn:t", assignee=A, assigner=B)
TRUTHS = {True: YES, False: NO, None: MAYBE}


def may(*constraints, action="use", **more):
    return Rule(action, constraints, **more)


def policy(permissions=(), prohibitions=(), obligations=(), **more):
    return Terms(permissions=tuple(permissions), prohibitions=tuple(prohibitions), obligations=tuple(obligations), **more)


def told(terms, facts=WORLD, **settings):
    """Decide and report; both must agree."""
    compiled = compile_terms(terms, Settings(**settings))
    report = compiled.report(facts)
    assert compiled.decide(facts) is report.permitted
    assert report.valid_until == compiled.valid_until(facts)
    return report


def truth(rule, facts=WORLD, kind="permissions"):
    report = told(Terms(**{kind: (rule,)}), facts)
    return report.rules[0].truth


def with_duties(**states):
    return Facts(now=NOW, target="urn:t", assignee=A, duties={key: Duty(state, "test") for key, state in states.items()})


# --- Rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("permission", [True, False, None, "none"])
@pytest.mark.parametrize("prohibition", [True, False, None, "none"])
@pytest.mark.parametrize("behaviour", ["closed", "open"])
@pytest.mark.parametrize("conflict", ["perm", "prohibit", "invalid"])
def test_every_combination_of_permission_and_prohibition(permission, prohibition, behaviour, conflict):
    terms = policy([] if permission == "none" else [may(TRUTHS[permission])], [] if prohibition == "none" else [may(TRUTHS[prohibition])])
    report = told(terms, behaviour=behaviour, conflict=conflict)
    if permission == prohibition == "none":
        assert (report.permitted, report.beyond) == (False, ("empty",))
        return
    forbidden = prohibition is True or prohibition is None
    if conflict == "perm" and permission is True:
        forbidden = False
    assert report.permitted is (not forbidden and (permission is True or behaviour == "open"))
    void = conflict == "invalid" and permission is True and prohibition is True
    assert report.beyond == (("conflict",) if void else ())


def test_the_policy_says_how_conflicts_are_decided():
    rules = ([may()], [may()])
    assert told(policy(*rules, conflict="perm"), conflict="prohibit").permitted is True
    assert told(policy(*rules, conflict="prohibit"), conflict="perm").permitted is False
    assert told(policy(*rules), conflict="perm").permitted is True
    assert told(policy(*rules)).permitted is False


def test_one_permission_suffices():
    assert told(policy([may(NO), may(MAYBE), may()])).permitted is True
    assert told(policy([may(NO), may(MAYBE)])).permitted is False


def test_all_constraints_of_a_rule_count():
    assert truth(may(YES, YES)) is True
    assert truth(may(YES, MAYBE)) is None
    assert truth(may(MAYBE, NO)) is False
    assert truth(may(YES, NO), kind="prohibitions") is False
    assert truth(may(YES, MAYBE), kind="prohibitions") is None
    assert truth(may(), kind="prohibitions") is True


def test_an_offer_of_nothing_permits_nothing():
    for behaviour in ("closed", "open"):
        assert told(Terms(), behaviour=behaviour).permitted is False


def test_a_prohibition_for_another_action_or_asset_does_not_matter():
    elsewhere = may(target=Scope(id="urn:other"))
    assert told(policy([may()], [elsewhere])).permitted is True
    assert told(policy([may()], [may(action="sell")])).permitted is True
    assert told(policy([may()], [may(action="urn:x:grind")])).permitted is False


# --- Actions, targets, parties ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "asked", "expected"),
    [
        ("use", "use", True),
        ("use", "read", True),
        ("odrl:use", "http://www.w3.org/ns/odrl/2/use", True),
        ("use", "odrl:display", True),
        ("use", "write", True),
        ("write", "modify", True),
        ("write", "write", True),
        ("use", "sell", False),
        ("use", "odrl:sell", False),
        ("read", "use", False),
        ("use", n.TRAIN, True),
        (n.MINE, n.RETRIEVE, False),
        ("use", "lend", None),
        ("lend", "lend", True),
        ("use", "urn:x", None),
        ("urn:x", "urn:x", True),
        ("urn:x", "use", None),
    ],
)
def test_actions(rule, asked, expected):
    assert truth(may(action=rule), Facts(now=NOW, action=asked)) is expected


@pytest.mark.parametrize("who", ["target", "assignee", "assigner"])
def test_scopes(who):
    def asked(name, parts=None):
        return Facts(now=NOW, parts=parts or {}, **{who: name})

    plain, group = may(**{who: Scope(id="urn:g")}), may(**{who: Scope(collection="urn:g")})
    inside, outside = {"urn:m": frozenset({"urn:g", "urn:h"})}, {"urn:m": frozenset({"urn:h"})}
    assert truth(plain, asked("urn:g")) is True
    assert truth(plain, asked("urn:m")) is False
    assert truth(plain, asked("urn:m", inside)) is True
    assert truth(plain, asked("urn:m", outside)) is False
    assert truth(plain, asked(None)) is None
    assert truth(group, asked("urn:m", inside)) is True
    assert truth(group, asked("urn:m", outside)) is False
    assert truth(group, asked("urn:m")) is None
    assert truth(group, asked("urn:g")) is True
    assert truth(group, asked(None)) is None


@pytest.mark.parametrize("who", ["target", "assignee"])
@pytest.mark.parametrize("value", [True, False, None])
def test_refinements_narrow_a_collection(who, value):
    rule = may(**{who: Scope(collection="urn:g", refinements=(TRUTHS[value],))})
    facts = Facts(now=NOW, target="urn:t", assignee=A, parts={"urn:t": frozenset({"urn:g"}), A: frozenset({"urn:g"})})
    assert truth(rule, facts) is value
    report = told(policy([rule]), facts)
    assert [finding.path for finding in report.rules[0].findings] == [
        "permission[0].action",
        f"permission[0].{who}",
        f"permission[0].{who}.refinement[0]",
    ]


def test_refinements_narrow_the_action():
    for value, atomic in TRUTHS.items():
        assert truth(may(refinements=(atomic,))) is value


def test_spellings_of_one_party_are_one_party():
    rule = may(assignee=Scope(id="did:web:A.example%3a80"))
    assert truth(rule, Facts(now=NOW, assignee="did:web:a.example%3A80")) is True


# --- Logical constraints ---------------------------------------------------------------------------------------------


def _three(operator, truths):
    held, open_ = truths.count(True), truths.count(None)
    if operator == "or":
        return True if held else None if open_ else False
    if operator == "xone":
        return False if held > 1 else None if open_ else held == 1
    return False if False in truths else None if open_ else True


@given(st.sampled_from(["and", "or", "xone", "andSequence"]), st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=4))
def test_joined_constraints(operator, truths):
    joined = Logical(operator, tuple(TRUTHS[value] for value in truths))
    expected = _three(operator, truths)
    assert truth(may(joined)) is expected
    assert truth(may(Logical("and", (joined, YES)))) is expected


def test_joining_nothing_means_nothing():
    for operator in ("and", "or", "xone", "andSequence"):
        assert truth(may(Logical(operator, ()))) is None


def test_joined_constraints_are_reported_with_their_members():
    report = told(policy([may(Logical("xone", (YES, Logical("or", (YES, NO)))))]))
    found = {finding.path: (finding.truth, finding.logical) for finding in report.rules[0].findings[1:]}
    assert found == {
        "permission[0].constraint[0]": (False, "xone"),
        "permission[0].constraint[0].xone[0]": (True, None),
        "permission[0].constraint[0].xone[1]": (True, "or"),
        "permission[0].constraint[0].xone[1].or[0]": (True, None),
        "permission[0].constraint[0].xone[1].or[1]": (False, None),
    }


# --- Duties, obligations, remedies -----------------------------------------------------------------------------------

PAY = Rule("compensate", uid="urn:pay")
FINE = Rule("compensate", uid="urn:fine")


@pytest.mark.parametrize(
    ("state", "w3c", "advise"),
    [(Done.FULFILLED, True, True), (Done.PENDING, False, True), (Done.VIOLATED, False, False), (None, None, True)],
)
def test_duties(state, w3c, advise):
    terms = policy([may(duties=(PAY,))])
    facts = WORLD if state is None else with_duties(**{"urn:pay": state})
    assert told(terms, facts).rules[0].truth is w3c
    assert told(terms, facts, duty_semantics="advise").rules[0].truth is advise


def test_duties_are_found_by_their_place_if_they_have_no_id():
    terms = policy([may(), may(duties=(Rule(n.LOG), Rule("inform")))], [may(NO)])
    found = {"permission[1].duty[0]": Done.FULFILLED, "permission[1].duty[1]": Done.FULFILLED}
    assert told(terms, with_duties(**found)).rules[1].truth is True
    assert told(terms, with_duties(**{"permission[1].duty[0]": Done.FULFILLED})).rules[1].truth is None


def test_a_duty_shared_by_permissions_is_done_once():
    terms = policy([may(duties=(PAY,)), may(action="read", duties=(PAY,))])
    assert [rule.truth for rule in told(terms, with_duties(**{"urn:pay": Done.FULFILLED})).rules] == [True, False]
    facts = Facts(now=NOW, action="read", duties={"urn:pay": Duty(Done.FULFILLED, "test")})
    assert [rule.truth for rule in told(terms, facts).rules] == [True, True]


@pytest.mark.parametrize(
    ("duty", "consequence", "expected"),
    [
        (Done.FULFILLED, None, True),
        (Done.FULFILLED, Done.FULFILLED, True),
        (Done.FULFILLED, Done.PENDING, False),
        (Done.FULFILLED, Done.VIOLATED, False),
        (Done.VIOLATED, None, False),
        (Done.VIOLATED, Done.FULFILLED, False),
        (Done.PENDING, Done.FULFILLED, False),
        (None, Done.FULFILLED, None),
    ],
)
def test_a_consequence_is_owed_beside_the_duty(duty, consequence, expected):
    rule = may(duties=(Rule("compensate", uid="urn:pay", consequences=(FINE,)),))
    states = {key: state for key, state in (("urn:pay", duty), ("urn:fine", consequence)) if state is not None}
    assert truth(rule, with_duties(**states)) is expected


def test_a_condition_of_a_duty_says_when_it_is_owed():
    for value, atomic in TRUTHS.items():
        rule = may(duties=(Rule("compensate", (atomic if value is None else Atomic(n.PARTICIPANT, "eq", A if value else B),)),))
        assert truth(rule) is (True if value is False else None), value
    assert truth(may(duties=(Rule("compensate", (MAYBE,), uid="urn:pay"),)), with_duties(**{"urn:pay": Done.FULFILLED})) is True


def test_a_parameter_of_a_duty_does_not_excuse_from_it():
    paid = Facts(now=NOW, known={"payAmount": Fact((1, "EUR"), "test")})
    much = Atomic("payAmount", "gteq", {"@value": "500", "@type": "urn:hanse:odrl:unit:EUR"})
    late = Atomic("dateTime", "lteq", "2000-01-01")
    for constraint in (much, late, Logical("or", (late, Atomic(n.PARTICIPANT, "eq", B)))):
        assert truth(may(duties=(Rule("compensate", (constraint,)),)), paid) is None


@pytest.mark.parametrize(
    ("state", "expected", "permitted"),
    [(Done.FULFILLED, True, True), (Done.PENDING, True, True), (Done.VIOLATED, False, False), (None, None, False)],
)
@pytest.mark.parametrize("behaviour", ["closed", "open"])
@pytest.mark.parametrize("duty_semantics", ["w3c", "advise"])
def test_obligations(state, expected, permitted, behaviour, duty_semantics):
    terms = policy([may()], obligations=[Rule("delete", uid="urn:del", consequences=(FINE,))])
    facts = WORLD if state is None else with_duties(**{"urn:del": state})
    report = told(terms, facts, behaviour=behaviour, duty_semantics=duty_semantics)
    assert (report.rules[1].truth, report.permitted) == (expected, permitted)
    assert report.decided_by == (("permission[0]",) if permitted else ("urn:del",))


def test_an_obligation_fulfilled_late_needs_its_consequences():
    terms = policy([may()], obligations=[Rule("delete", uid="urn:del", consequences=(FINE,))])
    for fine, permitted in {Done.FULFILLED: True, Done.PENDING: True, Done.VIOLATED: False}.items():
        assert told(terms, with_duties(**{"urn:del": Done.FULFILLED, "urn:fine": fine})).permitted is permitted
    assert told(terms, with_duties(**{"urn:del": Done.VIOLATED, "urn:fine": Done.FULFILLED})).permitted is False


def test_an_obligation_blocks_even_where_permissions_win():
    terms = policy([may()], [may()], [Rule("delete")], conflict="perm")
    assert told(terms).permitted is False


@pytest.mark.parametrize("state", [*Done, None])
def test_a_remedy_is_no_licence(state):
    terms = policy([may()], [may(remedies=(PAY,), duties=(PAY,))])
    facts = WORLD if state is None else with_duties(**{"urn:pay": state})
    assert told(terms, facts).permitted is False


# --- Beyond the rules ------------------------------------------------------------------------------------------------


def test_what_keeps_everything_from_being_permitted():
    assert told(policy([may()], profile=("urn:x",))).beyond == ("profile urn:x",)
    assert told(policy([may()], profile=tuple(n.KNOWN_PROFILES))).permitted is True
    assert told(policy([may()], inherits=("urn:parent",))).beyond == ("inherits urn:parent",)
    assert told(policy([may()], inherits=("urn:parent",)), behaviour="open", conflict="perm").permitted is False


def test_nothing_that_is_not_known_permits():
    for atomic in [
        Atomic("urn:x:left", "eq", "x"),
        Atomic("http://evil.example/dateTime", "gteq", "2000-01-01"),
        Atomic("DateTime", "gteq", "2000-01-01"),
        Atomic("dateTime", "term-lteq", "2100-01-01"),
        Atomic("dateTime", "gteq", "2000-01-01", data_type="urn:x"),
        Atomic("count", "lteq", [3]),
    ]:
        assert truth(may(atomic)) is None
        assert told(policy([may()], [may(atomic)])).permitted is False


# --- The report ------------------------------------------------------------------------------------------------------


def test_the_report_says_on_what_it_was_decided():
    fact = Fact("dpv:Marketing", "statement of did:web:a.example", NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    facts = Facts(now=NOW, assignee=A, known={"purpose": fact})
    rule = may(Atomic("purpose", "isA", "dpv:Marketing"), YES, Atomic(n.PARTICIPANT, "eq", A), uid="urn:rule")
    report = told(policy([rule]), facts)
    found = {finding.path: finding for finding in report.rules[0].findings}
    assert (report.rules[0].id, report.rules[0].path, report.rules[0].action) == ("urn:rule", "permission[0]", "use")
    assert found["permission[0].constraint[0]"].fact is fact
    assert found["permission[0].constraint[0]"].atomic is rule.constraints[0]
    assert found["permission[0].constraint[1]"].fact == Fact(NOW, "clock", NOW)
    assert found["permission[0].constraint[2]"].fact == Fact(A, "request", NOW)
    assert found["permission[0].action"].fact == Fact("use", "request", NOW)
    assert report.decided_by == ("urn:rule",)
    assert report.valid_until == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("constraint", "known", "why", "needs"),
    [
        (Atomic("count", "lteq", "3"), {}, "missing", "count"),
        (Atomic("count", "lteq", "3"), {"count": Fact(1, "test", expires=NOW)}, "stale", "count"),
        (Atomic("count", "lteq", "3"), {"count": Fact("one", "test")}, "value", ""),
        (Atomic("urn:x", "lteq", "3"), {}, "operand", ""),
        (Atomic("count", "isA", "3"), {}, "term", ""),
        (Atomic(f"{n.CLAIM}Org#$.a", "eq", "x"), {}, "missing", n.CREDENTIAL),
        (Atomic(f"{n.CLAIM}Org#$.a", "eq", "x"), {n.CREDENTIAL: Fact({}, "test")}, "missing", n.CREDENTIAL),
        (Atomic(n.PARTICIPANT, "eq", A), {}, "missing", n.PARTICIPANT),
    ],
)
def test_the_report_says_why_something_is_unknown(constraint, known, why, needs):
    report = told(policy([may(constraint)]), Facts(now=NOW, known=known))
    (finding,) = report.unknown
    assert (finding.truth, finding.why, finding.needs) == (None, why, needs)
    assert report.missing == ({needs} if needs else set())


def test_the_report_says_what_the_request_leaves_open():
    def why(scope, target):
        return told(policy([may(target=scope)]), Facts(now=NOW, target=target)).rules[0].findings[1].why

    assert why(Scope(id="urn:t"), "urn:t") == ""
    assert why(Scope(id="urn:t"), None) == "unasked"
    assert why(Scope(collection="urn:g"), None) == "unasked"
    assert why(Scope(collection="urn:g"), "urn:t") == "missing"


def test_beyond_the_rules_no_rule_decides():
    assert told(policy([may()], profile=("urn:x",))).decided_by == ()


def test_the_report_says_why_a_duty_is_not_done():
    terms = policy([may(duties=(Rule("compensate", uid="urn:pay", consequences=(FINE,)),))])
    for states, why in (
        ({}, "missing"),
        ({"urn:pay": Done.PENDING}, "owed"),
        ({"urn:pay": Done.VIOLATED}, "violated"),
        ({"urn:pay": Done.FULFILLED, "urn:fine": Done.PENDING}, "consequence"),
        ({"urn:pay": Done.FULFILLED}, ""),
    ):
        finding = told(terms, with_duties(**states)).rules[0].findings[-1]
        assert (finding.part, finding.path, finding.why) == ("duty", "permission[0].duty[0]", why)
    assert finding.fact == Fact(Done.FULFILLED, "test")


def test_the_report_says_who_decided():
    assert told(policy([may(NO), may(MAYBE), may()])).decided_by == ("permission[2]",)
    assert told(policy([may(NO), may(MAYBE)])).decided_by == ("permission[0]", "permission[1]")
    assert told(policy([may()], [may(NO), may(MAYBE)])).decided_by == ("prohibition[1]",)
    assert told(policy([may()], [may()])).decided_by == ("permission[0]", "prohibition[0]")
    assert told(policy([may(NO)], [may()]), behaviour="open").decided_by == ("prohibition[0]",)


def test_nothing_is_left_out_of_the_report():
    rule = may(NO, MAYBE, YES, duties=(PAY,), target=Scope(id="urn:other"), refinements=(NO,))
    report = told(policy([rule, rule], [rule]))
    assert [len(one.findings) for one in report.rules] == [7, 7, 6]


@pytest.mark.parametrize(
    ("constraints", "known", "until"),
    [
        ([Atomic("dateTime", "lteq", "2026-06-15")], {}, datetime(2026, 6, 16, tzinfo=UTC)),
        ([Atomic("dateTime", "gteq", "2026-07-01")], {}, datetime(2026, 7, 1, tzinfo=UTC)),
        ([YES], {}, None),
        ([MAYBE], {"industry": Fact("x", "t", expires=NOW + timedelta(1))}, NOW + timedelta(1)),
        ([MAYBE], {"industry": Fact("x", "t", expires=NOW)}, None),
        ([YES], {"industry": Fact("x", "t", expires=NOW + timedelta(1))}, None),
        ([Atomic("elapsedTime", "lt", "P1D")], {"elapsedTime": Fact(NOW - timedelta(hours=23), "t")}, NOW + timedelta(hours=1)),
        ([Logical("or", (NO, Atomic("dateTime", "lt", "2026-06-15T13:00:00Z")))], {}, NOW + timedelta(hours=1)),
    ],
)
def test_until_when_the_answer_stands(constraints, known, until):
    assert told(policy([may(*constraints)]), Facts(now=NOW, known=known)).valid_until == until
    assert told(policy([may()], [may(*constraints)]), Facts(now=NOW, known=known)).valid_until == until


@given(strategies.mixed)
def test_the_decision_and_the_report_agree(terms):
    for conflict in ("perm", "prohibit", "invalid"):
        for behaviour in ("closed", "open"):
            told(terms, conflict=conflict, behaviour=behaviour)


@given(strategies.timed)
def test_between_boundaries_nothing_turns(terms):
    report = told(terms)
    until = report.valid_until or NOW + timedelta(days=100)
    for moment in (NOW + (until - NOW) / 2, until - timedelta(microseconds=1)):
        later = told(terms, Facts(now=moment, action="use", target="urn:t", assignee=A, assigner=B))
        assert later.permitted is report.permitted


@given(strategies.mixed, st.sampled_from([YES, NO, MAYBE]))
def test_a_prohibition_never_permits_more(terms, constraint):
    more = Terms(permissions=terms.permissions, prohibitions=(*terms.prohibitions, may(constraint)), profile=terms.profile,
                 obligations=terms.obligations)  # fmt: skip
    assert told(more).permitted <= told(terms).permitted


# --- Hostile policies ------------------------------------------------------------------------------------------------


def nested(depth):
    constraint = YES
    for _ in range(depth):
        constraint = Logical("and", (constraint,))
    return constraint


def test_too_deep_is_never_permitted():
    assert told(policy([may(nested(MAX_DEPTH - 2))])).permitted is True
    for depth in (MAX_DEPTH, 1_000, 20_000):
        assert told(policy([may(nested(depth))])).beyond == ("depth",)
        assert told(policy([may()], [may(nested(depth))]), behaviour="open", conflict="perm").permitted is False
    duty = Rule("compensate")
    for _ in range(1_000):
        duty = Rule("compensate", consequences=(duty,))
    assert told(policy([may(duties=(duty,))])).beyond == ("depth",)


@pytest.mark.parametrize(
    "terms",
    [
        policy([may(Logical("or", (MAYBE,) * 60_000))]),
        policy([may()] * 60_000),
        policy([may(*(Atomic("industry", "isAnyOf", ["x"] * 9_000),) * 8)]),
        policy([may(Atomic("industry", "isAnyOf", ["x" * 1_000] * 5_000))]),
        policy([may(Atomic("spatial", "isPartOf", [f"urn:{index}" for index in range(9_000)]))]),
        policy([may(Atomic("industry", "eq", "x" * 5_000_000))]),
        policy([may(Atomic("purpose", "isA", "https://w3id.org/dpv#" + "a" * 5_000_000))]),
        policy([may(Atomic(f"{n.CLAIM}Org#$" + "['a']" * 1_000_000, "eq", "x"))]),
        policy([may(Atomic("u" * 5_000_000, "eq", "x"))]),
        policy([may(action="a" * 5_000_000)]),
    ],
)
def test_too_much_takes_no_time(terms):
    began = time.perf_counter()
    assert told(terms).permitted is False
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').abort()",
        "{{ 7*7 }}",
        "${jndi:ldap://x}",
        "'; DROP TABLE agreements; --",
        "} FILTER(true) {",
        "$(touch x)",
        "%n%n%n",
        "\x00",
    ],
)
def test_text_of_a_policy_is_text(text):
    for atomic in (Atomic(text, "eq", "x"), Atomic("industry", text, "x"), Atomic("industry", "eq", text), Atomic("dateTime", "lt", text)):
        assert told(policy([may(atomic)])).permitted is False
    world = Facts(now=NOW, known={"industry": Fact(text, "test")})
    assert told(policy([may(Atomic("industry", "eq", text))]), world).permitted is True


# --- Agreements ------------------------------------------------------------------------------------------------------


def test_an_agreement_is_for_its_target_and_party():
    terms = policy([may(), may(action="sell", target=Scope(id="urn:other"))], [may(action="print")])
    compiled = compile_agreement(Agreement(id="urn:a", terms=terms, target="urn:t", assigner=B, assignee=A))
    assert compiled.decide(Facts(now=NOW, target="urn:t", assignee=A)) is True
    assert compiled.decide(Facts(now=NOW, target="urn:u", assignee=A)) is False
    assert compiled.decide(Facts(now=NOW, target="urn:t", assignee=B)) is False
    assert compiled.decide(Facts(now=NOW, target="urn:t", assignee=A, action="print")) is False
    assert compiled.decide(Facts(now=NOW, target="urn:other", assignee=A, action="sell")) is True
    assert compiled.decide(Facts(now=NOW, assignee=A)) is False
