"""The issuer service: who gets which credentials, in which order, and what nobody gets."""

from datetime import timedelta

import msgspec
import pytest
from msgspec import structs

from hanse.anchor.issuing import issuer as issuing_module
from hanse.anchor.issuing import mint
from hanse.anchor.issuing.entitlement import read_object_id
from hanse.anchor.issuing.issuer import IssuerRules
from hanse.anchor.issuing.status import mark
from hanse.anchor.records import Admitted, IssuanceState, Space
from hanse.anchor.rulebook.schemas import schema_name, schema_of
from hanse.anchor.standing import Status
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.dcp import messages as m
from hanse.identity.jws import parse_compact
from hanse.identity.rulebook import SpaceTrust, TrustedIssuer
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, StorageFailed, TooMany, Unauthenticated
from tests.unit.anchor.issuing_memory import (
    ACME,
    BOLT,
    CITY,
    FACTORY,
    MEMBERSHIP,
    NOON,
    PROVIDER,
    URL,
    House,
    credentials,
    kind,
    rulebook,
    run,
    subject,
)

RECEIVED, ISSUED, REJECTED = IssuanceState.RECEIVED, IssuanceState.ISSUED, IssuanceState.REJECTED


@pytest.fixture
def house():
    return House()


def state(house, issuance, did=ACME):
    return run(house.issuing.status("port", house.caller(did), issuance.id)).status


# Metadata and schemas.


def test_metadata_names_each_own_type_in_each_profile_with_all_its_members(house):
    metadata = run(house.issuing.metadata("port"))
    assert metadata.issuer == house.anchor
    assert [(one.credential_type, one.profile) for one in metadata.credentials_supported] == [
        (MEMBERSHIP, VC20),
        (MEMBERSHIP, VC11),
        (PROVIDER, VC20),
        (FACTORY, VC20),
    ]
    first = metadata.credentials_supported[0]
    assert first.id == f"{URL}/credentials/MembershipCredential/vc20-bssl-jwt"
    assert (first.type, first.credential_schema) == ("CredentialObject", f"{URL}/schemas/MembershipCredential.json")
    assert all(one.offer_reason and one.binding_methods == ["did:web"] for one in metadata.credentials_supported)
    assert metadata == run(house.issuing.metadata("port"))  # stable


def test_an_anchor_of_two_spaces_issues_for_both(house):
    second = found_second(house)
    ids = [one.id for one in run(house.issuing.metadata("port")).credentials_supported]
    assert len(ids) == len(set(ids)) == 8
    assert sum(id.startswith(second.url) for id in ids) == 4


def test_who_anchors_nothing_issues_nothing(house):
    with pytest.raises(NotFound):
        run(house.issuing.metadata("acme"))


def test_the_schema_of_a_type_is_the_rulebooks_or_asks_for_little(house):
    book = house.rulebooks["baltic"]
    assert msgspec.json.decode(schema_of(book, FACTORY)) == {"type": "object", "required": ["trustLevel"]}
    least = msgspec.json.decode(schema_of(book, MEMBERSHIP))
    assert (least["type"], least["required"]) == ("object", ["id"])
    with pytest.raises(NotFound):
        schema_of(book, "OtherCredential")


# An active member.


def test_a_member_gets_all_credentials_of_its_request_in_one_message(house):
    house.member(terms="a" * 64)
    issuance = house.ask(MEMBERSHIP, PROVIDER, caller=house.caller(token="opaque"))
    assert issuance.state is ISSUED
    (letter,) = house.letters
    assert (letter.tenant, letter.to, letter.service, letter.path) == ("port", ACME, "CredentialService", "/credentials")
    assert (letter.kind, letter.about, letter.token) == ("delivery", issuance.id, "opaque")
    message = house.delivered()
    assert (message.issuer_pid, message.holder_pid, message.status) == (issuance.id, "req_1", "ISSUED")
    assert [(one.credential_type, one.format) for one in message.credentials] == [(MEMBERSHIP, VC20), (PROVIDER, VC20)]
    membership, provider = credentials(message)
    assert subject(membership) == {
        "id": ACME,
        "memberOf": URL,
        "name": "Acme Ltd",
        "since": "2026-06-01T12:00:00Z",
        "termsHash": "a" * 64,
    }
    assert subject(provider) == {"id": ACME, "memberOf": URL, "role": "provider"}
    assert {one.issuer for one in (membership, provider)} == {house.anchor}
    assert state(house, issuance) == "ISSUED"


def test_what_was_issued_is_on_record_with_its_place_in_the_lists(house):
    house.member()
    issuance = house.ask()
    records = house.issued()
    assert tuple(one.id for one in records) == issuance.issued
    assert [(one.number, one.index, one.type) for one in records] == [(1, 0, MEMBERSHIP), (1, 1, PROVIDER)]
    assert {one.kid for one in records} == {house.signer.key("port").kid}
    for record, credential in zip(records, credentials(house.delivered()), strict=True):
        assert credential.id == f"{URL}/credentials/{record.id}"
        assert credential.valid_until == record.valid_until == NOON + timedelta(days=90)
        assert [(one.status_purpose, one.index, one.status_list_credential) for one in credential.statuses] == [
            ("revocation", record.index, f"{URL}/status/revocation-1"),
            ("suspension", record.index, f"{URL}/status/suspension-1"),
        ]


def test_the_older_profile_has_the_older_list_and_a_single_status(house):
    house.member()
    house.ask(kind(MEMBERSHIP, VC11))
    (credential,) = credentials(house.delivered())
    assert credential.profile == VC11
    assert [one.status_list_credential for one in credential.statuses] == [f"{URL}/status/revocation-1-2021"]
    written = msgspec.json.decode(parse_compact(credential.text, 100_000).payload)["vc"]
    assert written["credentialStatus"]["id"] == f"{URL}/status/revocation-1-2021#0"


def test_the_spaces_own_trust_accepts_what_its_anchor_issues(house):
    house.member(roles=("provider", "ai-factory"))
    house.ask(MEMBERSHIP, PROVIDER, FACTORY)
    trust = SpaceTrust(house.rulebooks["baltic"])
    assert [trust.objection(one) for one in credentials(house.delivered())] == [None] * 3


def test_a_role_says_the_rulebooks_first_value_or_the_one_that_an_operator_chose(house):
    house.member(roles=("ai-factory",))
    house.member(BOLT, roles=("ai-factory",), claims={"ai-factory": {"trustLevel": "high", "unknown": "x"}})
    house.ask(FACTORY)
    house.ask(FACTORY, caller=house.caller(BOLT))
    first, second = (credentials(house.delivered(number))[0] for number in (0, 1))
    assert subject(first)["trustLevel"] == "basic"
    assert subject(second) == {"id": BOLT, "memberOf": URL, "role": "ai-factory", "trustLevel": "high"}
    assert first.valid_until == NOON + timedelta(days=30)
    schema = f"{URL}/schemas/{schema_name(house.rulebooks['baltic'], FACTORY)}.json"
    assert [(one.id, one.type) for one in first.schemas] == [(schema, "JsonSchemaValidator2018")]


def test_claims_of_a_rulebook_cannot_say_whom_a_credential_is_about(house):
    book = house.rulebooks["baltic"]
    role = structs.replace(book.roles["ai-factory"], claims={"id": [BOLT], "role": ["anchor"], "memberOf": ["http://elsewhere.example"]})
    house.rulebooks["baltic"] = structs.replace(book, roles={**book.roles, "ai-factory": role})
    house.member(roles=("ai-factory",))
    house.ask(FACTORY)
    assert subject(credentials(house.delivered())[0]) == {"id": ACME, "memberOf": URL, "role": "ai-factory"}


def test_a_credential_lives_no_longer_than_the_rulebook_lets_the_anchor_make_it(house):
    book = house.rulebooks["baltic"]
    bounded = structs.replace(book.credentials[PROVIDER], issuers=[TrustedIssuer(did=house.anchor, days=7)])
    house.rulebooks["baltic"] = structs.replace(book, credentials={**book.credentials, PROVIDER: bounded})
    house.member()
    house.ask(PROVIDER)
    assert house.issued()[0].valid_until == NOON + timedelta(days=7)
    assert SpaceTrust(house.rulebooks["baltic"]).objection(credentials(house.delivered())[0]) is None


def test_the_same_id_twice_in_a_request_is_one_credential(house):
    house.member()
    house.ask(MEMBERSHIP, MEMBERSHIP)
    assert len(house.issued()) == 1


def test_the_token_to_echo_is_not_kept_once_it_was_used(house):
    house.member()
    assert house.stored(house.ask(caller=house.caller(token="opaque")).id).token is None


# What nobody may have.


def test_a_type_without_the_role_rejects_the_whole_request_with_a_reason(house):
    house.member(roles=("provider",))
    issuance = house.ask(MEMBERSHIP, FACTORY)
    assert issuance.state is REJECTED
    message = house.delivered()
    assert (message.status, message.credentials) == ("REJECTED", None)
    assert "ai-factory" in message.rejection_reason
    assert house.issued() == []
    assert house.signer.signed == 0
    assert house.db.tx.status_lists.last("baltic") is None
    assert state(house, issuance) == "REJECTED"


def test_a_claim_that_the_rulebook_has_given_up_is_said_by_nobody(house):
    house.member(roles=("ai-factory",), claims={"ai-factory": {"trustLevel": "highest"}})
    assert house.ask(FACTORY).state is REJECTED
    assert "ai-factory" in house.delivered().rejection_reason


def test_true_is_not_one(house):
    book = house.rulebooks["baltic"]
    role = structs.replace(book.roles["ai-factory"], claims={"trustLevel": [2, 1]})
    house.rulebooks["baltic"] = structs.replace(book, roles={**book.roles, "ai-factory": role})
    house.member(roles=("ai-factory",), claims={"ai-factory": {"trustLevel": True}})
    assert house.ask(FACTORY).state is REJECTED
    house.member(roles=("ai-factory",), claims={"ai-factory": {"trustLevel": 1}})
    assert house.ask(FACTORY, pid="req_2").state is ISSUED


def test_a_role_that_the_rulebook_does_not_know_brings_nothing(house):
    house.member(roles=("emperor",))
    assert house.ask(PROVIDER).state is REJECTED
    assert house.ask(MEMBERSHIP, pid="req_2").state is ISSUED


@pytest.mark.parametrize(
    "id",
    [
        "urn:uuid:6a2f8a49-4f5c-4d5e-8f0a-3f2f1f6f0001",
        f"{URL}/credentials/OtherCredential/vc20-bssl-jwt",
        f"{URL}/credentials/DataProviderCredential/vc11-sl2021-jwt",  # a profile in which it is not made
        f"{URL}/credentials/DataProviderCredential/vc20-bssl/jwt",
        f"http://elsewhere.example/spaces/baltic/credentials/{PROVIDER}/vc20-bssl-jwt",
        f"http://localhost:8400/spaces/other/credentials/{PROVIDER}/vc20-bssl-jwt",
        f"{URL}/credentials/{PROVIDER}/vc20-bssl-jwt\n",
    ],
)
def test_an_id_that_is_not_in_the_metadata_is_refused_even_beside_a_good_one(house, id):
    house.member()
    with pytest.raises(Invalid) as refusal:
        house.ask(kind(MEMBERSHIP), id)
    assert refusal.value.rule == "credential-id"
    assert house.db.tx.issuances.rows == {}


def test_credentials_of_two_spaces_are_two_requests(house):
    second = found_second(house)
    house.member()
    house.member(space="second")
    with pytest.raises(Invalid):
        house.ask(kind(MEMBERSHIP), kind(MEMBERSHIP, url=second.url))
    assert house.ask(kind(MEMBERSHIP, url=second.url)).space == "second"
    assert subject(credentials(house.delivered())[0])["memberOf"] == second.url


@pytest.mark.parametrize("status", [None, Status.REFUSED, Status.REMOVED, Status.SUSPENDED])
def test_who_is_no_member_and_no_applicant_is_refused(house, status):
    if status is not None:
        house.member(status=status)
    with pytest.raises(Forbidden):
        house.ask(MEMBERSHIP)
    assert (house.db.tx.issuances.rows, house.letters) == ({}, [])


def test_a_member_of_one_space_gets_nothing_of_another_of_the_same_anchor(house):
    second = found_second(house)
    house.member()
    with pytest.raises(Forbidden):
        house.ask(kind(MEMBERSHIP, url=second.url))


def test_a_tenant_that_anchors_no_space_issues_nothing_even_with_another_anchors_ids(house):
    house.member()
    with pytest.raises(NotFound):
        house.ask(MEMBERSHIP, tenant="acme")


def test_an_anchor_does_not_issue_for_the_space_of_another(house):
    other = Space(
        name="other",
        tenant="zoo",
        anchor="did:web:zoo.example",
        url="http://localhost:8400/spaces/other",
        title="o",
        version=1,
        created=NOON,
    )
    house.db.tx.spaces.put(other)
    house.rulebooks["other"] = rulebook(other.anchor, other.url)
    house.member()
    with pytest.raises(Invalid):
        house.ask(MEMBERSHIP, tenant="zoo")
    with pytest.raises(Invalid):
        house.ask(kind(MEMBERSHIP, url=other.url))


# Tokens.


def test_a_token_causes_one_thing_once(house):
    house.member()
    caller = house.caller(jti="again")
    issuance = house.ask(caller=caller)
    with pytest.raises(Unauthenticated):
        house.ask(caller=caller, pid="req_2")
    with pytest.raises(Unauthenticated):
        run(house.issuing.status("port", caller, issuance.id))
    assert len(house.letters) == 1


def test_a_token_is_used_up_by_what_was_refused(house):
    caller = house.caller(jti="again")
    with pytest.raises(Forbidden):
        house.ask(caller=caller)
    house.member()
    with pytest.raises(Unauthenticated):
        house.ask(caller=caller)
    with pytest.raises(NotFound):
        run(house.issuing.status("port", house.caller(jti="third"), "iss_999"))
    with pytest.raises(Unauthenticated):
        house.ask(caller=house.caller(jti="third"))


# Status.


def test_only_the_holder_hears_of_its_request_and_only_from_its_issuer(house):
    house.member()
    issuance = house.ask()
    house.member(BOLT)
    for tenant, did, id in (("port", BOLT, issuance.id), ("port", CITY, issuance.id), ("zoo", ACME, issuance.id), ("port", ACME, "iss_0")):
        with pytest.raises(NotFound) as refusal:
            run(house.issuing.status(tenant, house.caller(did), id))
        assert refusal.value.message == "There is no such request of yours here."
    answer = run(house.issuing.status("port", house.caller(), issuance.id))
    assert (answer.issuer_pid, answer.holder_pid) == (issuance.id, "req_1")


# Repeats.


def test_the_same_holder_pid_again_is_the_same_request_and_delivers_nothing_again(house):
    house.member()
    first = house.ask()
    assert house.ask() == house.stored(first.id)
    assert (len(house.letters), len(house.issued())) == (1, 2)


def test_the_same_holder_pid_for_other_credentials_is_a_conflict(house):
    house.member()
    house.ask(MEMBERSHIP)
    with pytest.raises(Conflict):
        house.ask(PROVIDER)


def test_a_holder_pid_is_the_holders_own(house):
    house.member()
    house.member(BOLT)
    first, second = house.ask(), house.ask(caller=house.caller(BOLT))
    assert first.id != second.id
    assert [letter.to for letter in house.letters] == [ACME, BOLT]


def test_a_kit_may_switch_repeats_off():
    house = House(IssuerRules(repeat_holder_pid=False))
    house.member()
    first, second = house.ask(), house.ask(MEMBERSHIP)
    assert first.id != second.id
    assert len(house.letters) == 2


# Applicants.


def test_an_applicants_request_waits_until_it_is_admitted(house):
    house.member(status=Status.PENDING)
    issuance = house.ask(caller=house.caller(token="opaque"))
    assert (issuance.state, house.letters) == (RECEIVED, [])
    run(house.issuing.issue_due())
    assert state(house, issuance) == "RECEIVED"
    house.member()
    run(house.issuing.on_admitted(admitted()))
    assert state(house, issuance) == "ISSUED"
    (letter,) = house.letters  # an answer, and no offer
    assert (letter.kind, letter.token) == ("delivery", "opaque")
    assert len(house.issued()) == 2


def test_a_refused_applicants_request_is_rejected(house):
    house.member(status=Status.PENDING)
    issuance = house.ask()
    house.member(status=Status.REFUSED)
    assert run(house.issuing.answer_waiting("baltic", ACME)) == 1
    assert state(house, issuance) == "REJECTED"
    assert house.delivered().status == "REJECTED"
    assert house.issued() == []


def test_what_is_decided_counts_and_not_what_was_asked_for(house):
    house.member(status=Status.PENDING, roles=("ai-factory",))
    issuance = house.ask(FACTORY)
    house.member(roles=("provider",))
    run(house.issuing.on_admitted(admitted()))
    assert state(house, issuance) == "REJECTED"


def test_who_is_admitted_without_having_asked_is_told_what_it_may_ask_for(house):
    house.member(roles=("provider", "emperor"))
    run(house.issuing.on_admitted(admitted()))
    (letter,) = house.letters
    assert (letter.to, letter.path, letter.kind, letter.token) == (ACME, "/offers", "offer", None)
    offered = house.offered()
    assert offered.issuer == house.anchor
    assert [one.id for one in offered.credentials] == [kind(MEMBERSHIP), kind(PROVIDER)]  # each once, in the preferred profile
    known = {one.id: one for one in run(house.issuing.metadata("port")).credentials_supported}
    assert all(known[one.id] == one and one.offer_reason == "issue" and not one.is_sparse for one in offered.credentials)


def test_a_member_with_another_role_is_told_of_what_it_does_not_have_yet(house):
    house.member()
    house.ask(MEMBERSHIP, PROVIDER)
    house.member(roles=("provider", "ai-factory"))
    run(house.issuing.on_admitted(admitted()))
    assert [one.id for one in house.offered().credentials] == [kind(FACTORY)]


def test_who_comes_back_from_a_suspension_has_what_it_needs(house):
    house.member()
    house.ask(MEMBERSHIP, PROVIDER)
    mark(house.db.tx, house.space, ACME, "suspended", "", NOON)
    mark(house.db.tx, house.space, ACME, "", "", NOON)
    run(house.issuing.on_admitted(admitted()))
    assert len(house.letters) == 1
    mark(house.db.tx, house.space, ACME, "revoked", "says something else now", NOON, types={PROVIDER})
    run(house.issuing.on_admitted(admitted()))
    assert [one.id for one in house.offered().credentials] == [kind(PROVIDER)]


def test_what_a_suspension_took_for_good_is_offered_anew(house):
    house.member()
    house.ask(kind(MEMBERSHIP, VC11), kind(PROVIDER))
    mark(house.db.tx, house.space, ACME, "suspended", "", NOON)
    mark(house.db.tx, house.space, ACME, "", "", NOON)
    run(house.issuing.on_admitted(admitted()))
    assert [one.id for one in house.offered().credentials] == [kind(MEMBERSHIP)]


def test_nothing_is_offered_to_who_is_no_member_any_more(house):
    house.member(status=Status.SUSPENDED)
    run(house.issuing.on_admitted(admitted()))
    assert house.letters == []


# What happens while something is being signed.


def test_who_is_suspended_between_request_and_delivery_gets_nothing(house):
    house.member()

    async def suspend():
        house.member(status=Status.SUSPENDED)

    house.signer.before = suspend
    issuance = house.ask()
    assert issuance.state is REJECTED
    assert (house.issued(), house.delivered().credentials) == ([], None)


def test_who_loses_a_role_meanwhile_does_not_get_its_credential(house):
    house.member(roles=("provider", "ai-factory"))

    async def change():
        house.member(roles=("provider",))

    house.signer.before = change
    assert house.ask(FACTORY).state is REJECTED
    assert house.issued() == []


def test_who_changes_meanwhile_and_stays_entitled_gets_what_holds_now(house):
    house.member(name="Old")

    async def rename():
        house.member(name="New")

    house.signer.before = rename
    assert house.ask(MEMBERSHIP).state is ISSUED
    assert subject(credentials(house.delivered())[0])["name"] == "New"
    assert [one.index for one in house.issued()] == [1]  # the first place is wasted, and not given again


def test_who_changes_all_the_time_waits(house):
    house.member()
    names = iter(range(100))

    async def rename():
        house.member(name=f"Name {next(names)}")

    house.signer.before = rename
    issuance = house.ask()
    assert (issuance.state, house.issued(), house.letters) == (RECEIVED, [], [])
    house.signer.before = None
    run(house.issuing.issue_due())
    assert state(house, issuance) == "ISSUED"


def test_a_fault_after_the_request_was_stored_leaves_it_for_later(house):
    house.member()

    async def fail():
        raise StorageFailed("The disk is full.")

    house.signer.before = fail
    issuance = house.ask()
    assert (issuance.state, house.letters) == (RECEIVED, [])
    house.signer.before = None
    run(house.issuing.issue_due())
    assert (state(house, issuance), len(house.letters)) == ("ISSUED", 1)
    assert [one.index for one in house.issued()] == [2, 3]


def test_a_fault_while_storing_leaves_nothing_half_done(house):
    house.member()

    async def full_disk():
        house.db.fault = StorageFailed("The disk is full.")

    house.signer.before = full_disk
    issuance = house.ask()
    assert (issuance.state, house.issued(), house.letters) == (RECEIVED, [], [])


def test_a_fault_before_anything_is_stored_is_told(house):
    house.member()
    house.db.fault = StorageFailed("The disk is full.")
    with pytest.raises(StorageFailed):
        house.ask()


def test_what_cannot_be_signed_is_rejected_and_does_not_come_back_for_ever(house):
    house.member(name="x" * 70_000)
    issuance = house.ask(MEMBERSHIP)
    assert issuance.state is REJECTED
    assert house.delivered().status == "REJECTED"


def test_after_a_crash_what_waits_is_answered_once(house):
    house.member()
    house.member(BOLT, status=Status.PENDING)

    async def crash():
        raise KeyboardInterrupt

    house.signer.before = crash
    with pytest.raises(KeyboardInterrupt):
        house.ask()
    house.signer.before = None
    house.ask(caller=house.caller(BOLT))
    run(house.issuing.issue_due())
    house.clock.advance(minutes=2)
    run(house.issuing.issue_due())
    assert [letter.to for letter in house.letters] == [ACME]


def test_a_request_that_another_process_answers_meanwhile_is_delivered_once(house):
    house.member()
    other = House()
    other.db, other.clock = house.db, house.clock
    rival = issuing_module.Issuing(house.db, house.clock, house.ids, other.signer, house.post, house.rulebook_of)

    async def overtake():
        house.signer.before = None
        await rival.issue_due()

    house.signer.before = overtake
    issuance = house.ask()
    assert issuance.state is ISSUED
    assert len(house.letters) == 1
    assert len(house.issued()) == 2


def test_the_chore_leaves_alone_what_this_process_is_at(house):
    house.member()

    async def look():
        house.signer.before = None
        await house.issuing.issue_due()
        assert house.letters == []

    house.signer.before = look
    assert house.ask().state is ISSUED
    assert house.signer.signed == 2


def test_the_chore_looks_once_a_minute(house):
    run(house.issuing.issue_due())
    house.member(status=Status.PENDING)
    issuance = house.ask()
    house.member()
    run(house.issuing.issue_due())
    assert state(house, issuance) == "RECEIVED"
    house.clock.advance(minutes=1)
    run(house.issuing.issue_due())
    assert state(house, issuance) == "ISSUED"


def test_the_chore_goes_through_all_in_batches(house, monkeypatch):
    monkeypatch.setattr(issuing_module, "_BATCH", 2)
    dids = [f"did:web:m{number}.example" for number in range(5)]
    for did in dids:
        house.member(did, status=Status.PENDING)
        house.ask(MEMBERSHIP, caller=house.caller(did))
        house.member(did)
    run(house.issuing.issue_due())
    assert sorted(letter.to for letter in house.letters) == dids


# Bounds.


def test_requests_are_bounded_by_the_hour():
    house = House(IssuerRules(per_hour=3))
    house.member()
    for number in range(3):
        house.ask(MEMBERSHIP, pid=f"req_{number}")
    with pytest.raises(TooMany):
        house.ask(MEMBERSHIP, pid="req_9")
    assert house.ask(MEMBERSHIP, pid="req_1").state is ISSUED  # a repeat costs nothing
    house.clock.advance(hours=1, seconds=1)
    assert house.ask(MEMBERSHIP, pid="req_9").state is ISSUED


def test_an_applicants_waiting_requests_are_bounded(house, monkeypatch):
    monkeypatch.setattr(issuing_module, "WAITING_LIMIT", 2)
    house.member(status=Status.PENDING)
    for number in range(2):
        house.ask(MEMBERSHIP, pid=f"req_{number}")
    with pytest.raises(TooMany):
        house.ask(MEMBERSHIP, pid="req_9")


def test_credentials_of_a_holder_are_bounded(house, monkeypatch):
    monkeypatch.setattr(mint, "LIVE_LIMIT", 2)
    house.member()
    assert house.ask(pid="req_1").state is ISSUED
    assert house.ask(pid="req_2").state is REJECTED
    house.clock.advance(days=91)
    assert house.ask(pid="req_3").state is ISSUED


# Without messages, and for operators.


def test_a_wallet_at_hand_gets_all_that_its_owner_may_have_without_a_message(house):
    house.member(house.anchor, roles=("anchor", "provider"))
    texts = run(house.issuing.issue_now("port", "baltic", house.anchor))
    assert [one.type for one in house.issued(house.anchor)] == [MEMBERSHIP, PROVIDER]
    assert len(texts) == 2
    assert (house.letters, house.db.tx.issuances.rows) == ([], {})
    for tenant, did, error in (("zoo", house.anchor, NotFound), ("port", BOLT, Conflict)):
        with pytest.raises(error):
            run(house.issuing.issue_now(tenant, "baltic", did))


def test_a_wallet_at_hand_gets_nothing_for_who_is_suspended_meanwhile(house):
    house.member()

    async def suspend():
        house.member(status=Status.SUSPENDED)

    house.signer.before = suspend
    with pytest.raises(Conflict):
        run(house.issuing.issue_now("port", "baltic", ACME))
    assert house.issued() == []


def test_an_operator_takes_one_credential_back_for_good(house):
    house.member()
    house.ask()
    first, second = house.issued()
    revoked = run(house.issuing.revoke("port", "baltic", first.id, " key lost ", "Ann"))
    assert (revoked.status, revoked.reason, revoked.by) == ("revoked", "key lost", "Ann")
    assert run(house.issuing.get("port", "baltic", first.id)) == revoked
    assert run(house.issuing.get("port", "baltic", second.id)) == second
    assert run(house.issuing.revoke("port", "baltic", first.id, "again", "Bo")) == revoked
    assert len(house.db.tx.events) == 1


def test_records_are_the_anchors_own(house):
    second = found_second(house)
    house.member()
    house.ask()
    id = house.issued()[0].id
    for tenant, space in (("zoo", "baltic"), ("port", second.name), ("port", "elsewhere")):
        with pytest.raises(NotFound):
            run(house.issuing.get(tenant, space, id))
        with pytest.raises(NotFound):
            run(house.issuing.revoke(tenant, space, id, "", "Mallory"))
    with pytest.raises(NotFound):
        run(house.issuing.page("zoo", "baltic"))
    assert run(house.issuing.requests("zoo", ACME)) == []
    assert house.issued()[0].status == ""


def test_records_in_pages_and_requests_with_what_became_of_them(house):
    house.member()
    house.member(BOLT)
    house.ask()
    house.ask(FACTORY, caller=house.caller(BOLT), pid="req_b")
    house.ask(MEMBERSHIP, caller=house.caller(BOLT), pid="req_c")
    first, *rest = run(house.issuing.page("port", "baltic", limit=1)), run(house.issuing.page("port", "baltic", after="vc_4", limit=9))
    assert (len(first), first[0].holder) == (1, ACME)
    assert all(one.id > "vc_4" for one in rest[0])
    assert [one.type for one in run(house.issuing.page("port", "baltic", holder=BOLT))] == [MEMBERSHIP]
    newest, oldest = run(house.issuing.requests("port", BOLT))
    assert {newest.state, oldest.state} == {ISSUED, REJECTED}
    assert any("ai-factory" in one.reason for one in (newest, oldest))


def test_ids_of_kinds_are_read_exactly():
    assert read_object_id(kind(PROVIDER))[0] == "baltic"
    for id in (
        "",
        "baltic",
        f"{URL}/credentials/X/other",
        f"{URL}/credentials//vc20-bssl-jwt",
        f"/spaces/baltic/credentials/{PROVIDER}/vc20-bssl-jwt",
    ):
        assert read_object_id(id) is None


def admitted(did=ACME):
    return Admitted("port", "baltic", did)


def found_second(house):
    second = structs.replace(house.space, name="second", url="http://localhost:8400/spaces/second")
    house.db.tx.spaces.put(second)
    house.rulebooks["second"] = rulebook(house.anchor, second.url)
    return second


def test_the_messages_keep_to_the_shapes_of_the_protocol(house):
    house.member()
    house.ask()
    raw = msgspec.json.decode(house.letters[0].body)
    assert raw["type"] == "CredentialMessage"
    assert set(raw) == {"@context", "type", "issuerPid", "holderPid", "status", "credentials"}
    assert m.read(m.IssuerMetadata, m.write(run(house.issuing.metadata("port")))).issuer == house.anchor


def test_members_who_never_got_anything_are_offered_their_credentials(house):
    house.member(CITY)
    run(house.issuing.issue_now("port", "baltic", CITY))
    house.member(BOLT)
    assert run(house.issuing.offer_missing("port")) == 1
    assert [one.to for one in house.letters] == [BOLT]
    assert run(house.issuing.offer_missing("acme")) == 0
