"""Questions about policies: check, simulate, diff, match, translate; asked of the operations alone, without a server."""

from __future__ import annotations

import pytest

from hanse.kernel.errors import HanseError, Invalid
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.templates import TEMPLATES
from hanse.usage.duties import Capabilities
from tests.unit.http.api.asking import ACME, ZOO, ask


def check(text, **more):
    (one,) = ask("check", terms=[text], **more)["items"]
    return one


def test_templates_are_listed_with_classes_and_examples():
    items = ask("policies")["items"]
    assert [one["name"] for one in items] == [one.name for one in TEMPLATES]
    assert {"usage", "meaning", "example", "classes"} <= items[0].keys()


def test_training_under_terms_that_owe_the_deletion_is_warned_of():
    assert "kept for 10 years" in check("members + train + delete within P30D")["warnings"][0]
    assert check("members + delete within P30D")["warnings"] == []
    assert check("members + train")["warnings"] == []


def test_a_good_policy_has_sentences_badges_and_an_answer():
    one = check("members + count 3 + mask name + delete within P30D")
    assert one["permitted_now"] is True
    assert len(one["sentences"]) == 2
    badges = {term["field"]: (term["badge"], term["sentence"]) for term in one["badges"]}
    assert badges["permission[0].constraint[0]"] == ("ENFORCED", "the recipient is an active member of the space")
    assert badges["permission[0].duty[0]"][0] == "ENFORCED"
    assert badges["obligation[0]"] == ("DECLARED", "to delete the data within 30 days")
    assert all(term["why"] for term in one["badges"])
    assert one["unsupported"] == one["contradictions"] == one["cannot_travel"] == []


def test_every_template_is_checked_without_a_fault():
    answers = [check(template.example) for template in TEMPLATES]
    assert [one for one in answers if one["unsupported"] or one["contradictions"] or one["cannot_travel"]] == []
    assert all(term["sentence"] != term["field"] for one in answers for term in one["badges"])


def test_what_is_unknown_is_named():
    one = check("purpose dpv:Marketing + members")
    assert (one["permitted_now"], one["unknown"]) == (False, ["purpose"])
    assert one["reasons"]


def test_roles_are_taken_as_proved_by_somebody_and_not_by_one_who_is_named():
    assert check("role king + credential CrownCredential")["permitted_now"] is True
    assert check("role king", peer=ZOO)["permitted_now"] is False
    assert check("role ai-factory", peer=ZOO)["permitted_now"] is True


@pytest.mark.parametrize(("signs", "badge"), [(True, "ATTESTED"), (False, "DECLARED"), (None, "DECLARED")])
def test_a_badge_depends_on_whether_the_other_side_signs(signs, badge):
    (term,) = check("purpose dpv:Marketing", peer=ZOO, signs=signs)["badges"]
    assert term["badge"] == badge
    assert ("ATTESTED by a consumer with" in term["why"]) == (signs is None)


def test_contradictions_are_said_at_once():
    permission = {"action": "use", "constraint": [_count("lteq", "3"), _count("gt", "5")]}
    one = check({"permission": [permission]})
    assert one["contradictions"][0]["field"] == "permission[0].constraint[1]"
    assert not one["permitted_now"]


def _count(operator, number):
    return {"leftOperand": "count", "operator": operator, "rightOperand": number}


def test_what_is_unknown_here_is_unsupported():
    one = check(
        {"permission": [{"action": "use", "constraint": [{"leftOperand": "urn:x:mood", "operator": "eq", "rightOperand": "good"}]}]}
    )
    assert one["unsupported"][0]["field"] == "permission[0].constraint[0]"


def test_what_nobody_here_can_see_to_is_unsupported():
    one = check("mask name + log", capabilities=Capabilities(operands=BUILT_IN, transforms=frozenset()))
    assert [fault["field"] for fault in one["unsupported"]] == ["permission[0].duty[0]", "permission[0].duty[1]"]


def test_a_full_policy_can_be_looked_at_and_is_said_not_to_travel():
    policy = {
        "@context": "http://www.w3.org/ns/odrl.jsonld",
        "@type": "Set",
        "uid": "urn:x:1",
        "conflict": "prohibit",
        "permission": [
            {"action": [{"rdf:value": {"@id": "odrl:use"}, "refinement": [_count("lteq", "3")]}]},
        ],
    }
    one = check(policy)
    assert {fault["field"] for fault in one["cannot_travel"]} >= {"conflict", "permission[0].action.refinement"}
    assert all(fault["hint"] for fault in one["cannot_travel"])
    assert one["terms"] == {}
    assert one["sentences"]


PARENT = {"uid": "urn:x:parent", "prohibition": [{"action": "urn:hanse:odrl:train"}]}
CHILD = {"uid": "urn:x:child", "inheritFrom": "urn:x:parent", "permission": [{"action": "use"}]}


def test_what_is_inherited_is_looked_at_once_the_parent_is_given():
    alone = check(CHILD)
    assert [fault["field"] for fault in alone["cannot_travel"]] == ["inheritFrom[0]"]
    assert alone["permitted_now"] is False
    whole = check(CHILD, parents=[PARENT])
    assert whole["cannot_travel"] == []
    assert whole["terms"] == {"permission": CHILD["permission"], "prohibition": PARENT["prohibition"]}
    assert may(CHILD, participants=["member"], parents=[PARENT], action="train") == {"some member": False}
    with pytest.raises(Invalid):
        check(CHILD, parents=[PARENT | {"uid": "urn:x:other"}])


@pytest.mark.parametrize("language", ["en", "de", "fr", "nl"])
def test_everything_is_said_in_the_language_asked_for(language):
    one = check("members + count 3 + mask name", language=language)
    said = ask("translate", terms="members + count 3 + mask name", language=language)
    assert said["sentences"] == one["sentences"]
    assert (language == "en") == ("active member" in " ".join(one["sentences"]))


def test_english_is_read_back():
    said = ask("translate", terms="members + count 3 + mask name + delete within P30D")
    back = ask("translate", english="\n".join(said["sentences"]), language="de")
    assert back["terms"] == said["terms"]
    assert back["language"] == "de"
    with pytest.raises(Invalid):
        ask("translate", english="Use it as you like.")


@pytest.mark.parametrize("body", [{}, {"terms": "members", "english": "x"}])
def test_translate_wants_one_thing(body):
    with pytest.raises(Invalid):
        ask("translate", **body)


def may(text, members=True, **more):
    return {one["name"] or one["participant"]: one["permitted"] for one in ask("simulate", members, terms=text, **more)["items"]}


def test_every_member_is_asked_about():
    assert may("members + role ai-factory") == {"Acme": False, "Zoo": True}
    assert may(f"only {ACME}") == {"Acme": True, "Zoo": False}
    assert may("open", members=False) == {"some member": True}


def test_those_who_are_named_are_asked_about():
    assert may("members", participants=["did:web:stranger.example", "member"]) == {"did:web:stranger.example": False, "some member": True}
    assert may("role king", participants=["member"], roles=["king"]) == {"some member": True}
    assert may("credential CrownCredential", participants=["member"], credentials=["CrownCredential"]) == {"some member": True}


@pytest.mark.parametrize(
    ("text", "facts", "permitted"),
    [
        ("count 3", {"count": "3"}, True),
        ("count 3", {"count": "4"}, False),
        ("purpose dpv:Marketing", {"purpose": "dpv:DirectMarketing"}, True),
        ("purpose dpv:Marketing", {"purpose": "dpv:AcademicResearch"}, False),
        ("purpose dpv:Marketing", {}, False),
        ("in EU", {"spatial": "DE"}, True),
        ("in EU", {"spatial": "US"}, False),
        ("event launch", {"event": ["launch", "party"]}, True),
        ("volume 10 GB", {"urn:hanse:odrl:volume": "11 GB"}, False),
        ("metered PT1H", {"meteredTime": "PT30M"}, True),
        ("for P30D", {"elapsedTime": "P31D"}, False),
        ("security trust+", {"urn:hanse:odrl:securityLevel": "trust"}, False),
        ("consent", {"urn:hanse:odrl:consent": "given"}, True),
        ("pay 500 EUR", {"payAmount": "500.00 EUR"}, True),
        ("pay 500 EUR", {"payAmount": "500 USD"}, False),
        ("pay 500 EUR", {}, False),
        ("claim LegalEntityCredential $.a.country = DE", {"urn:hanse:odrl:claim:LegalEntityCredential#$.a.country": "DE"}, True),
        ("claim LegalEntityCredential $.a.country = DE", {"urn:hanse:odrl:claim:LegalEntityCredential#$.a.country": "FR"}, False),
        ("mask name + encrypt", {}, True),
        ("delete within P30D", {}, True),
    ],
)
def test_facts_decide(text, facts, permitted):
    assert may(text, participants=["member"], facts=facts) == {"some member": permitted}


def test_time_and_action_decide():
    someone = {"participants": ["member"]}
    assert may("until 2027-01-01", at="2026-12-31T23:59:59Z", **someone) == {"some member": True}
    assert may("until 2027-01-01", at="2027-01-01T00:00:00Z", **someone) == {"some member": False}
    assert may("train", action="train", **someone) == {"some member": True}
    assert may("train", **someone) == {"some member": False}
    assert may("open", action="train", **someone) == {"some member": True}
    assert may("open + forbid train", action="train", **someone) == {"some member": False}


def test_what_would_have_to_be_known_is_named():
    (one,) = ask("simulate", terms="purpose dpv:Marketing + app model", participants=["member"])["items"]
    assert one["unknown"] == ["purpose", "urn:hanse:odrl:application"]


def test_until_when_is_said():
    found = ask("simulate", terms="until 2027-01-01", participants=["member"])
    assert found["items"][0]["valid_until"].startswith("2027-01-01") if isinstance(found["items"][0]["valid_until"], str) else True
    assert found["action"] == "use"


@pytest.mark.parametrize("facts", [{"urn:x:mood": "good"}, {"count": "many"}, {"urn:hanse:odrl:claim:A": "x"}, {"meteredTime": "P1M"}])
def test_a_fact_that_makes_no_sense_is_refused(facts):
    with pytest.raises(Invalid) as error:
        ask("simulate", terms="open", facts=facts)
    assert error.value.where.startswith("facts.")


def test_two_policies_that_mean_the_same():
    found = ask("diff", first="members + count 3", second="count 3 + members")
    assert found["same"] is True
    assert found["removed"] == found["added"] == []


def test_two_policies_that_differ():
    found = ask("diff", first="members + count 3", second="members + count 5 + log")
    assert found["same"] is False
    assert [one["sentence"] for one in found["removed"]] == ["it is used at most 3 times"]
    assert [one["field"] for one in found["added"]] == ["permission[0].constraint[1]", "permission[0].duty[0]"]
    assert found["only_first"] is None
    assert "count: 4" in found["only_second"]["circumstances"]


def test_a_use_is_matched():
    found = ask("match", wanted="members + purpose dpv:AcademicResearch", offer="members + purpose dpv:ResearchAndDevelopment")
    assert found["verdict"] == "covered"
    found = ask("match", wanted="members + purpose dpv:Marketing", offer="members + purpose dpv:ResearchAndDevelopment")
    assert found["verdict"] == "conflict"
    found = ask("match", wanted="members + count 5", offer="members + count 3")
    assert found["verdict"] == "partly"
    assert found["counter_sentences"]
    assert found["counter"]["permission"]
    assert {row["about"] for row in found["rows"]} >= {"action", "count", "membership"}
    assert found["refused"]["circumstances"]


@pytest.mark.parametrize(
    ("offer", "verdict"),
    [("members + count 3", "covered"), (f"only {ACME}", "covered"), (f"only {ZOO}", "conflict"), ("role provider", "covered")],
)
def test_who_one_is_goes_without_saying(offer, verdict):
    assert ask("match", wanted="count 2", offer=offer)["verdict"] == verdict


@pytest.mark.parametrize("verb", ["check", "simulate", "diff", "match", "translate"])
def test_bad_input_is_refused_with_its_field(verb):
    bad = {"permission": [{"action": "use", "constraint": [{"and": []}]}]}
    body = {
        "check": {"terms": [bad]},
        "simulate": {"terms": bad},
        "diff": {"first": "open", "second": bad},
        "match": {"wanted": bad, "offer": "open"},
        "translate": {"terms": bad},
    }[verb]
    with pytest.raises(HanseError) as error:
        ask(verb, **body)
    assert error.value.where.startswith(("terms", "second", "wanted"))


def test_injections_stay_text():
    evil = "{{7*7}}'; DROP TABLE x; --${jndi}__import__('os')"
    one = check({"permission": [{"action": "use", "constraint": [{"leftOperand": "purpose", "operator": "eq", "rightOperand": evil}]}]})
    assert "49" not in str(one)
    assert evil in str(one).replace("\\'", "'").replace("\\\\", "\\")
