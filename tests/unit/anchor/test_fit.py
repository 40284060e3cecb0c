"""The fit report: what an applicant meets, what is missing, and who decides."""

import pytest

from hanse.anchor.joining.fit import Sponsor, refusal, report
from hanse.anchor.rulebook.document import read
from tests.unit.anchor.books import LEGAL, PAPER, TERMS, TERMS_HASH, book, needing, proof

HELPER = "did:web:helper.example"
ASKING = needing(needs="[LegalEntityCredential]", evidence="[registration]")


def judged(text=None, roles=("consumer",), presented=(), evidence=None, terms="", sponsor=None):
    return report(read(text or book()), roles, presented, evidence or {}, terms, sponsor)


def said(found):
    return {check.what: check.met for check in found.checks}


def test_a_new_space_asks_for_nothing_but_one_operators_yes():
    found = judged(roles=("provider", "consumer"))
    assert (found.fits, found.decided_by, found.missing) == (True, "1 operator", ())
    assert said(found) == {"role provider": True, "role consumer": True}
    assert judged(book(joining="  approvals: 2")).decided_by == "2 operators"


def test_all_that_is_missing_is_listed_with_what_would_help():
    text = book(ASKING, more=LEGAL + PAPER + TERMS)
    found = judged(text, roles=("consumer", "pilot"), evidence={"vat": "1"})
    assert said(found) == {
        "role consumer": True,
        "role pilot": False,
        "credential LegalEntityCredential": False,
        "evidence registration": False,
        "terms": False,
        "evidence vat": False,
    }
    assert not found.fits
    helps = " ".join(check.help for check in found.missing)
    for word in ("ai-factory", "did:web:chamber.example", "Name the register", TERMS_HASH, "/spaces/baltic/rulebook.yaml", "registration"):
        assert word in helps
    fault = refusal(found.missing)
    assert (fault.rule, fault.where) == ("fit", "roles")
    assert all(check.why in fault.message for check in found.missing)
    assert all(check.why and check.where for check in found.checks)


def test_what_is_there_is_met():
    text = book(ASKING, more=LEGAL + PAPER + TERMS)
    found = judged(text, presented=[proof()], evidence={"registration": "HRB 1"}, terms=TERMS_HASH)
    assert found.fits, found.missing
    assert len(found.checks) == 4


def test_other_terms_are_not_these():
    (check,) = judged(book(more=TERMS), terms="0" * 64).missing
    assert (check.where, check.why) == ("terms", "Other terms are accepted than those that hold now.")


@pytest.mark.parametrize(
    "presented", [proof(country="FR"), proof(issuer="did:web:chamber.example.evil.example"), proof(issuer="did:web:chamber.example:x")]
)
def test_what_the_rulebook_does_not_trust_does_not_count(presented):
    found = judged(book(ASKING, more=LEGAL + PAPER), presented=[presented], evidence={"registration": "x"})
    (check,) = found.missing
    assert check.what == "credential LegalEntityCredential"
    assert "does not count: did:web:chamber.example" in check.why


# Automatic rules.


def decider(rule, **asked):
    return judged(book(joining=f"  automatic:\n    - {rule}", more=LEGAL), **asked).decided_by


PROVED = "{roles: [consumer], needs: [LegalEntityCredential], claims: {country: [FI, SE]}}"


def test_a_rule_decides_if_all_that_it_asks_is_proved():
    assert decider(PROVED, presented=[proof()]) == "automatic rule"
    assert decider(PROVED) == "1 operator"
    assert decider(PROVED, presented=[proof(country="DE")]) == "1 operator"
    assert decider(PROVED, presented=[proof(country=["FI", "DE"])]) == "1 operator"
    # The claim made by a credential that the rule does not name, or by one that the rulebook does not trust.
    assert decider(PROVED, presented=[proof(name="x")]) == "1 operator"
    assert decider(PROVED, presented=[proof("AuditorCredential"), proof(issuer="did:web:x.example")]) == "1 operator"


TWO_TYPES = LEGAL + "  TaxCredential: {title: Tax, issuers: [{did: did:web:chamber.example}]}\n"


def test_each_type_must_be_there_and_each_claim_be_made():
    text = book(
        joining="  automatic: [{roles: [consumer], needs: [LegalEntityCredential, TaxCredential], claims: {paid: [true]}}]", more=TWO_TYPES
    )
    for presented, who in (
        ([proof()], "1 operator"),
        ([proof(), proof("TaxCredential", number="1")], "1 operator"),
        ([proof("TaxCredential", paid=True)], "1 operator"),
        ([proof(), proof("TaxCredential", paid=False)], "1 operator"),
        ([proof(), proof("TaxCredential", paid=True)], "automatic rule"),
        ([proof(country="FI", paid=True), proof("TaxCredential", number="1")], "automatic rule"),
    ):
        assert judged(text, presented=presented).decided_by == who, presented


def test_a_claim_counts_only_in_a_credential_that_the_rule_names():
    text = book(joining="  automatic: [{roles: [consumer], needs: [TaxCredential], claims: {country: [FI]}}]", more=TWO_TYPES)
    assert judged(text, presented=[proof(), proof("TaxCredential", number="1")]).decided_by == "1 operator"
    # And what another credential says of it is no contradiction.
    assert judged(text, presented=[proof(country="DE"), proof("TaxCredential", country="FI")]).decided_by == "automatic rule"


def test_one_good_credential_is_enough_beside_one_that_says_otherwise():
    assert decider(PROVED, presented=[proof(country="DE"), proof(country="FI")]) == "automatic rule"


def test_a_rule_covers_the_roles_that_it_names():
    assert decider(PROVED, presented=[proof()], roles=("consumer", "provider")) == "1 operator"
    both = f"{PROVED}\n    - {{roles: [provider, auditor]}}"
    assert decider(both, presented=[proof()], roles=("consumer", "provider")) == "automatic rule"
    assert decider(both, roles=("provider", "auditor")) == "automatic rule"
    assert decider(both, roles=()) == "1 operator"


def test_the_type_of_a_value_counts():
    text = book(
        joining="  automatic: [{roles: [consumer], needs: [LegalEntityCredential], claims: {level: [1]}}]",
        more=LEGAL.replace("        claims: {country: [DE, FI]}\n", ""),
    )
    for value, who in (
        (1, "automatic rule"),
        (True, "1 operator"),
        ("1", "1 operator"),
        (1.0, "1 operator"),
        ([1], "automatic rule"),
        ([], "1 operator"),
    ):
        assert judged(text, presented=[proof(level=value)]).decided_by == who, value


def test_who_is_vouched_for():
    rule = "{roles: [consumer], sponsored: true}"
    assert decider(rule) == "1 operator"
    assert decider(rule, sponsor=Sponsor(HELPER)) == "automatic rule"
    bad = judged(sponsor=Sponsor(HELPER, "It is no intermediary."))
    assert (bad.fits, bad.missing[0].where, bad.missing[0].why) == (False, "sponsor", "It is no intermediary.")


def test_a_rule_lets_nobody_in_that_lacks_something():
    found = judged(book(ASKING, joining="  automatic: [{roles: [consumer]}]", more=LEGAL + PAPER))
    assert (found.fits, found.decided_by) == (False, "1 operator")
