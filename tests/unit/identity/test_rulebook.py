"""The rulebook's model and the trust that follows from it: who may say what, within which bounds, and what does not fit together."""

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.credentials.model import VC11, VC20, Credential
from hanse.identity.credentials.verify import Rules
from hanse.identity.exchange import drive
from hanse.identity.rulebook import RULEBOOK, Rulebook, SpaceTrust, within
from hanse.identity.statements import open_statement, sign_statement
from hanse.kernel.errors import PeerInvalid, Unauthenticated
from tests.unit.identity.credentials.world import FOREVER, NOW, PROFILES, World

ANCHOR = "did:web:anchor.example"
OTHER = "did:web:other.example"
HOLDER = "did:web:holder.example"
SPACE = "https://anchor.example/spaces/baltic"


def book(**changes):
    """A rulebook as JSON has it, with two anchors, each for its own types."""
    given_ = {
        "space": SPACE,
        "anchor": ANCHOR,
        "title": "The Baltic space",
        "credentials": {
            "MembershipCredential": {"title": "Member", "issuers": [{"did": ANCHOR, "claims": {"memberOf": [SPACE]}}]},
            "AIFactoryCredential": {
                "title": "AI factory",
                "issuers": [{"did": ANCHOR, "claims": {"trustLevel": ["basic", "high"]}, "days": 365}],
            },
            "AuditorCredential": {
                "title": "Auditor",
                "issuers": [
                    {"did": OTHER, "claims": {"sector": ["energy", "water"]}, "days": 30},
                    {"did": OTHER, "claims": {"sector": ["traffic"]}},
                    {"did": ANCHOR},
                ],
            },
            "NumberCredential": {"title": "Numbers", "issuers": [{"did": OTHER, "claims": {"level": [1, "one"], "open": [True]}}]},
        },
        "roles": {
            "ai-factory": {"title": "AI factory", "credential": "AIFactoryCredential", "needs": ["AuditorCredential"], "evidence": ["iso"]},
            "auditor": {"title": "Auditor", "credential": "AuditorCredential"},
        },
        "evidence": {"iso": {"title": "A certificate"}},
        "joining": {"approvals": 2, "automatic": [{"roles": ["auditor"], "needs": ["NumberCredential"], "claims": {"open": [True]}}]},
    }
    return {**given_, **changes}


def read(**changes):
    return msgspec.json.decode(json.dumps(book(**changes)), type=Rulebook)


def said(issuer, *types, days=None, subjects=None, **claims):
    """A credential that was read, and what the policy objects to it."""
    credential = Credential(
        profile=VC20,
        issuer=issuer,
        types=types,
        subjects=subjects or ({"id": HOLDER, **claims},),
        valid_from=NOW,
        valid_until=None if days is None else NOW + timedelta(days=days),
    )
    return SpaceTrust(read()).objection(credential)


# --- who may say what


def test_an_issuer_within_its_bounds():
    assert said(ANCHOR, "MembershipCredential", memberOf=SPACE) is None
    assert said(ANCHOR, "AIFactoryCredential", trustLevel="high", days=365) is None
    assert said(ANCHOR, "AuditorCredential") is None
    assert said(OTHER, "AuditorCredential", sector="water", days=30) is None


def test_a_type_that_the_rulebook_does_not_know():
    for kind in ("UnknownCredential", "membershipCredential", "MembershipCredentials", "Membership", ""):
        assert said(ANCHOR, kind, memberOf=SPACE) == f"The space's rulebook does not know the type {kind}."


@pytest.mark.parametrize("where", [SPACE + "x", SPACE[:-1], "https://anchor.example/spaces/other", None, [], [SPACE, "x"], {"id": SPACE}])
def test_membership_of_another_space_is_none_of_this_one_whatever_the_bounds(where):
    types = book()["credentials"]
    types["MembershipCredential"] = {"title": "Member", "issuers": [{"did": ANCHOR}]}  # an anchor of two spaces, and no bounds
    trust = SpaceTrust(read(credentials=types))

    def objection(*subjects, issuer=ANCHOR):
        return trust.objection(Credential(profile=VC20, issuer=issuer, types=("MembershipCredential",), subjects=subjects))

    assert objection({"id": HOLDER, "memberOf": where}) == f"Its memberOf is another space than {SPACE}."
    assert objection({"id": HOLDER, "memberOf": SPACE}, {"id": HOLDER, "memberOf": where}) is not None
    assert objection({"id": HOLDER, "memberOf": SPACE}) is None
    assert objection({"id": HOLDER}) is None


@pytest.mark.parametrize(
    "did",
    [
        "did:web:anchor.example.evil",
        "did:web:anchor.example:evil",
        "did:web:anchor.exampl",
        "did:web:anchor",
        "did:web:ANCHOR.example",
        "did:web:anchor.example ",
        "did:web:anchor.example#key-1",
        "DID:WEB:anchor.example",
        "",
    ],
)
def test_issuers_are_compared_whole(did):
    assert said(did, "AuditorCredential") == f"{did} is not trusted for AuditorCredential."


def test_each_anchor_is_trusted_for_its_own_types():
    assert said(OTHER, "MembershipCredential", memberOf=SPACE) == f"{OTHER} is not trusted for MembershipCredential."
    assert said(OTHER, "AIFactoryCredential", trustLevel="high", days=1) == f"{OTHER} is not trusted for AIFactoryCredential."
    assert said(ANCHOR, "NumberCredential", level=1, open=True) == f"{ANCHOR} is not trusted for NumberCredential."
    assert said(OTHER, "NumberCredential", level=1, open=True) is None


def test_each_of_several_types_has_to_be_within_bounds():
    assert said(ANCHOR, "MembershipCredential", "AIFactoryCredential", memberOf=SPACE, trustLevel="basic", days=9) is None
    assert "trustLevel" in said(ANCHOR, "MembershipCredential", "AIFactoryCredential", memberOf=SPACE, days=9)
    assert "memberOf" in said(ANCHOR, "AIFactoryCredential", "MembershipCredential", trustLevel="basic", days=9)
    assert "AIFactoryCredential" in said(OTHER, "AuditorCredential", "AIFactoryCredential", sector="water", trustLevel="high", days=9)
    assert "not know" in said(ANCHOR, "AuditorCredential", "UnknownCredential")


def test_an_issuer_with_two_entries_needs_to_fit_one_of_them():
    assert said(OTHER, "AuditorCredential", sector="traffic") is None  # whose entry has no days
    assert "more than 30 days" in said(OTHER, "AuditorCredential", sector="water")
    assert "sector" in said(OTHER, "AuditorCredential", sector="health", days=1)
    assert "sector" in said(OTHER, "AuditorCredential", sector=["water", "traffic"], days=1)  # not half by the one, half by the other


# --- bounds


def test_a_claim_outside_the_bounds():
    for value in ("low", "HIGH", "high ", "", None, {"high": 1}, {}, 0, ["low"]):
        assert "trustLevel: it is outside the bounds" in said(ANCHOR, "AIFactoryCredential", trustLevel=value, days=1)


def test_a_claim_that_is_missing():
    assert "trustLevel" in said(ANCHOR, "AIFactoryCredential", days=1)
    assert "trustLevel" in said(ANCHOR, "AIFactoryCredential", trustlevel="high", days=1)


def test_a_list_holds_such_values_only():
    assert said(ANCHOR, "AIFactoryCredential", trustLevel=["basic", "high"], days=1) is None
    for value in ([], ["basic", "low"], [["basic"]], ["basic", None], [{"basic": 1}]):
        assert "trustLevel" in said(ANCHOR, "AIFactoryCredential", trustLevel=value, days=1)


def test_true_is_not_1():
    for level in (True, 1.0, "1", [1, True], [True]):
        assert "level" in said(OTHER, "NumberCredential", level=level, open=True)
    for is_open in (1, "true", "True", [True, 1]):
        assert "open" in said(OTHER, "NumberCredential", level=1, open=is_open)
    assert said(OTHER, "NumberCredential", level=[1, "one"], open=[True]) is None


def test_every_subject_is_within_the_bounds():
    good, bad = {"id": HOLDER, "trustLevel": "high"}, {"id": HOLDER, "trustLevel": "low"}
    assert said(ANCHOR, "AIFactoryCredential", subjects=(good, good), days=1) is None
    assert "trustLevel" in said(ANCHOR, "AIFactoryCredential", subjects=(good, bad), days=1)
    assert "trustLevel" in said(ANCHOR, "AIFactoryCredential", subjects=(good, {"id": HOLDER}), days=1)


def test_a_credential_lives_as_long_as_its_issuer_may_make_it_live():
    problem = f"{ANCHOR} may not issue a AIFactoryCredential that lives for more than 365 days."
    assert said(ANCHOR, "AIFactoryCredential", trustLevel="high", days=365) is None
    assert said(ANCHOR, "AIFactoryCredential", trustLevel="high", days=366) == problem
    assert said(ANCHOR, "AIFactoryCredential", trustLevel="high", days=365 + 1 / 86_400) == problem
    assert said(ANCHOR, "AIFactoryCredential", trustLevel="high") == problem  # for ever


def test_a_credential_that_does_not_say_from_when_lives_for_nobody_knows_how_long():
    trust = SpaceTrust(read())
    credential = Credential(
        profile=VC20,
        issuer=ANCHOR,
        types=("AIFactoryCredential",),
        subjects=({"id": HOLDER, "trustLevel": "high"},),
        valid_until=NOW + timedelta(days=1),
    )
    assert "365 days" in trust.objection(credential)


SCALARS = st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["", "a", "True", "1"]))


@given(SCALARS, st.lists(SCALARS, min_size=1, max_size=4))
def test_a_value_is_within_exactly_if_json_has_it_so(value, allowed):
    as_json = [json.dumps(one) for one in allowed]
    assert within({"x": value}, "x", allowed) == (json.dumps(value) in as_json)
    assert within({"x": [value]}, "x", allowed) == within({"x": value}, "x", allowed)
    assert not within({"y": value}, "x", allowed)


@given(st.recursive(SCALARS | st.none() | st.floats(), lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=2)))
def test_any_claim_gets_an_answer(value):
    problem = said(ANCHOR, "AIFactoryCredential", trustLevel=value, days=1)
    assert problem is None or len(problem) < 300


# --- as the policy of a verifier


@pytest.mark.parametrize("profile", PROFILES, ids=["vc20", "vc11"])
def test_a_verifier_keeps_to_it(profile):
    world = World()
    types = {"MembershipCredential": {"title": "Member", "issuers": [{"did": world.issuer.did, "claims": {"level": ["gold"]}, "days": 30}]}}
    roles = {"member": {"title": "Member", "credential": "MembershipCredential"}}
    rules = Rules(SpaceTrust(read(anchor=world.issuer.did, credentials=types, roles=roles, joining={})))
    assert world.verify(world.credential(profile), rules)
    for changes in ({"subject": {"id": world.holder.did}}, {"valid_until": NOW + FOREVER + timedelta(seconds=1)}, {"types": ("Other",)}):
        world.asked.clear()
        with pytest.raises(Unauthenticated) as caught:
            world.verify(world.credential(profile, **changes), rules)
        assert (caught.value.rule, world.asked) == ("untrusted", [])


def test_it_is_published_as_a_statement():
    world = World()
    rulebook = read()
    text = sign_statement(world.issuer.key, RULEBOOK, rulebook, version=3, now=NOW, lifetime=timedelta(days=1))
    assert drive(open_statement(text, RULEBOOK, Rulebook, world.issuer.did, NOW), world.answer).body == rulebook


# --- what does not fit together


def test_the_tests_rulebook_fits_and_goes_round():
    rulebook = read()
    assert msgspec.json.decode(msgspec.json.encode(rulebook), type=Rulebook) == rulebook
    assert rulebook.own_types() == ("MembershipCredential", "AIFactoryCredential", "AuditorCredential")
    assert rulebook.role_of("AuditorCredential") == "auditor"
    assert rulebook.role_of("NumberCredential") is None
    assert rulebook.credentials["MembershipCredential"].profiles == [VC20]


def with_credential(name, **changes):
    credentials = book()["credentials"]
    return {"credentials": {**credentials, name: {**credentials.get(name, {"title": "x", "issuers": [{"did": OTHER}]}), **changes}}}


def with_role(**changes):
    return {"roles": {**book()["roles"], "auditor": {"title": "Auditor", "credential": "AuditorCredential", **changes}}}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"membership": "BalticCredential"}, "BalticCredential is named, but not described"),
        ({"membership": "NumberCredential"}, "NumberCredential is not issued by the anchor"),
        ({"anchor": OTHER}, "MembershipCredential is not issued by the anchor"),
        (with_role(credential="NoCredential"), "NoCredential is named, but not described"),
        (with_role(credential="NumberCredential"), "NumberCredential is not issued by the anchor"),
        (with_role(needs=["NoCredential"]), "NoCredential is named, but not described"),
        (with_role(evidence=["passport"]), "The role auditor asks for the evidence passport"),
        (with_credential("AIFactoryCredential", issuers=[{"did": ANCHOR + ".evil"}]), "AIFactoryCredential is not issued by the anchor"),
        ({"joining": {"automatic": [{"roles": ["auditor", "king"]}]}}, "names the role king"),
        ({"joining": {"automatic": [{"roles": ["auditor"], "needs": ["NoCredential"]}]}}, "NoCredential is named, but not described"),
        ({"joining": {"approvals": 2, "approvers": ["Ann"]}}, "one approver is named"),
        ({"joining": {"approvals": 2, "approvers": ["Ann", "Ann"]}}, "one approver is named"),
    ],
)
def test_parts_that_do_not_fit_each_other(changes, problem):
    with pytest.raises(msgspec.ValidationError, match=problem):
        read(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"joining": {"approvals": 2}},
        {"joining": {"approvals": 1, "approvers": ["Ann"]}},
        {"joining": {"approvals": 2, "approvers": ["Ann", "Ben"]}},
        {"membership": "AuditorCredential"},
        with_role(needs=["NumberCredential"], evidence=["iso"]),
        with_credential("MoreCredential", profiles=[VC20, VC11]),
    ],
)
def test_parts_that_do(changes):
    assert read(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"title": ""},
        {"credentials": {}},
        {"roles": {}},
        {"space": ""},
        {"terms": {"title": "Terms", "sha256": "A" * 64}},
        {"terms": {"title": "Terms", "sha256": "a" * 63}},
        {"joining": {"approvals": 0}},
        {"joining": {"approvals": 3}},
        {"joining": {"automatic": [{"roles": []}]}},
        {"joining": {"automatic": [{"roles": ["auditor"], "always": True}]}},
        {"evidence": {"Iso": {"title": "A certificate"}}},
        with_role(credential="Auditor Credential"),
        with_role(claims={"level": []}),
        with_role(claims={"level": [1.5]}),
        with_role(claims={"level": [None]}),
        with_role(claims={"": ["a"]}),
        with_role(until="2030-01-01"),
        with_credential("AuditorCredential", issuers=[]),
        with_credential("AuditorCredential", issuers=[{"did": ""}]),
        with_credential("AuditorCredential", issuers=[{"did": ANCHOR, "days": 0}]),
        with_credential("AuditorCredential", issuers=[{"did": ANCHOR, "days": True}]),
        with_credential("AuditorCredential", issuers=[{"did": ANCHOR, "claim": {}}]),
        with_credential("AuditorCredential", days=3661),
        with_credential("AuditorCredential", profiles=[]),
        with_credential("AuditorCredential", profiles=["vc20"]),
        with_credential("Auditor-Credential"),
    ],
)
def test_the_shape_is_the_models(changes):
    with pytest.raises(msgspec.ValidationError):
        read(**changes)


def test_a_statement_with_a_rulebook_that_does_not_fit_is_refused():
    world = World()
    rulebook = json.loads(msgspec.json.encode(read()))
    rulebook["anchor"] = OTHER
    claims = {"iss": world.issuer.did, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60, "version": 1, "body": rulebook}
    text = world.issuer.sign(claims, {"typ": RULEBOOK})
    with pytest.raises(PeerInvalid) as caught:
        drive(open_statement(text, RULEBOOK, Rulebook, world.issuer.did, NOW), world.answer)
    assert caught.value.rule == "shape"
