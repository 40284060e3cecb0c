import base64
import json
from datetime import timedelta

import pytest

from hanse.identity.credentials.issue import status_entry
from hanse.identity.credentials.lists import MAX_LIST, REFRESH, ListRules, StatusLists, issue_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.exchange import FetchStatusList
from hanse.identity.status import Bits, encode_bits
from hanse.kernel.errors import Invalid
from tests.unit.identity.credentials.world import LIST_URL, NOW, Party, opened


def kept(world, **options):
    return Rules(TrustedIssuers(world.trust), lists=StatusLists(), **options)


@pytest.fixture
def text(world, profile):
    return world.credential(profile, statuses=world.entry(profile, 5))


def test_a_good_status(world, profile, text):
    world.publish(profile, Bits.zeros().with_bit(4, on=True).with_bit(6, on=True))
    verified = world.verify(text)
    assert verified.again == NOW + REFRESH
    assert world.asked[-2] == FetchStatusList(LIST_URL)


@pytest.mark.parametrize(("purpose", "rule"), [("revocation", "revoked"), ("suspension", "suspended")])
def test_a_bit_takes_the_credential_back(world, refused, profile, purpose, rule):
    text = world.credential(profile, statuses=world.entry(profile, 5, purpose))
    world.publish(profile, Bits.zeros().with_bit(5, on=True), purpose=purpose)
    fault = refused(text, rules=kept(world))
    assert (fault.rule, fault.where) == (rule, "credentialStatus")
    world.publish(profile, purpose=purpose)
    assert world.verify(text, kept(world))


def test_every_entry_is_checked(world, refused, profile):
    other = "https://issuer.example/status/2"
    statuses = (*world.entry(profile, 5), status_entry(profile, "suspension", 9, other))
    text = world.credential(profile, statuses=statuses)
    world.publish(profile)
    world.publish(profile, Bits.zeros().with_bit(9, on=True), url=other, purpose="suspension")
    assert refused(text).rule == "suspended"


def test_a_revocation_is_seen_after_a_minute_at_most(world, refused, profile, text):
    rules = kept(world)
    world.publish(profile)
    world.verify(text, rules)
    world.publish(profile, Bits.zeros().with_bit(5, on=True))
    assert world.verify(text, rules, now=NOW + timedelta(seconds=59)).again == NOW + timedelta(seconds=60)
    assert refused(text, rules=rules, now=NOW + timedelta(seconds=60)).rule == "revoked"


def test_many_credentials_share_one_fetch(world, profile):
    world.publish(profile)
    rules = kept(world)
    for index in range(10):
        world.verify(world.credential(profile, statuses=world.entry(profile, index)), rules)
    assert world.asked.count(FetchStatusList(LIST_URL)) == 1


def test_a_list_that_ends_soon_is_fetched_again_then(world, refused, profile, text):
    world.publish(profile, lifetime=timedelta(seconds=20))
    rules = kept(world)
    assert world.verify(text, rules).again == NOW + timedelta(seconds=20)
    assert refused(text, rules=rules, now=NOW + timedelta(seconds=50)).rule == "expired"


def test_a_list_that_cannot_be_had_refuses(refused, text):
    fault = refused(text)
    assert (fault.rule, fault.hint) == ("status-unavailable", "Trying again can help.")


def test_only_the_issuer_decides(world, refused, profile, text):
    world.publish(profile, party=world.stranger)
    assert refused(text).rule == "status-issuer"
    _, body = opened(world.files[LIST_URL].decode())
    inner = body.get("vc", body)
    body["iss"] = inner["issuer"] = world.issuer.did
    header = {"typ": "JWT"} if profile == VC11 else {"typ": "vc+jwt"}
    world.files[LIST_URL] = world.stranger.sign(body, header).encode()
    assert refused(text).rule == "kid"


def test_the_list_is_the_one_that_was_named(world, refused, profile, text):
    world.publish(profile, named="https://issuer.example/status/2")
    assert refused(text).rule == "status-list"


def test_the_list_is_of_the_right_kind_and_purpose(world, refused, profile, text):
    world.publish(profile, purpose="suspension")
    assert refused(text).rule == "status-purpose"
    world.publish(VC11 if profile == VC20 else VC20)
    assert refused(text).rule == "status-purpose"


def test_the_lists_dates_hold(world, refused, profile, text):
    world.publish(profile, made=NOW - timedelta(days=3))
    assert refused(text).rule == "expired"
    world.publish(profile, made=NOW + timedelta(days=3))
    assert refused(text).rule == "not-yet"


def test_outside_the_list_is_refused(world, refused, profile):
    world.publish(profile)
    assert refused(world.credential(profile, statuses=world.entry(profile, 131_072))).rule == "status-index"


def test_what_is_no_list_is_refused(world, refused, profile, text):
    for raw in (b"", b"\xff", b"{}", b"[]", b"a.b.c", b"x" * (MAX_LIST + 1), world.credential(profile).encode(), text.encode()):
        world.files[LIST_URL] = raw
        assert refused(text).rule in {"status-list"}, raw[:40]


@pytest.mark.parametrize("subject", [{"encodedList": "uAAAA"}, {"encodedList": 5}, {"type": "Other"}, {"statusPurpose": 5}])
def test_lists_of_another_shape(world, refused, profile, text, subject):
    world.publish(profile)

    def change(body):
        body.get("vc", body)["credentialSubject"].update(subject)

    world.files[LIST_URL] = world.changed(world.files[LIST_URL].decode(), change).encode()
    assert refused(text).rule == "status-list"


def test_a_list_in_several_purposes(world, profile, text):
    world.publish(profile)

    def change(body):
        body.get("vc", body)["credentialSubject"]["statusPurpose"] = ["suspension", "revocation"]

    world.files[LIST_URL] = world.changed(world.files[LIST_URL].decode(), change).encode()
    assert world.verify(text)


def kit_list(world, profile, bits):
    form = "BitstringStatusList" if profile == VC20 else "StatusList2021"
    subject = {"id": "9c5e", "type": form, "statusPurpose": "revocation", "encodedList": encode_bits(bits)}
    types = ["VerifiableCredential", form + "Credential"]
    return json.dumps({"id": "9c5e", "type": types, "issuer": world.issuer.did, "credentialSubject": subject}).encode()


def test_a_list_without_signature_needs_an_explicit_yes(world, refused, profile, text):
    world.files[LIST_URL] = kit_list(world, profile, Bits(bytes(2048)))
    assert refused(text).rule == "status-list"
    lenient = kept(world, status=ListRules(signed=False, minimum=1))
    assert world.verify(text, lenient)
    world.files[LIST_URL] = kit_list(world, profile, Bits(bytes(2048)).with_bit(5, on=True))
    assert refused(text, rules=kept(world, status=ListRules(signed=False, minimum=1))).rule == "revoked"
    assert refused(text, rules=kept(world, status=ListRules(signed=False))).rule == "status-list"


def test_the_list_credential_has_the_form_of_its_standard(world, profile):
    head, body = opened(issue_list(world.issuer.key, LIST_URL, Bits.zeros(), profile, NOW))
    inner = body.get("vc", body)
    form = "BitstringStatusList" if profile == VC20 else "StatusList2021"
    assert head["typ"] == ("vc+jwt" if profile == VC20 else "JWT")
    assert inner["id"] == LIST_URL
    assert inner["type"] == ["VerifiableCredential", form + "Credential"]
    assert inner["credentialSubject"]["type"] == form
    encoded = inner["credentialSubject"]["encodedList"]
    assert encoded.startswith("u" if profile == VC20 else "H4sI")
    assert base64.urlsafe_b64decode(encoded.removeprefix("u") + "==")


def test_what_is_no_entry_is_not_made():
    for index, url in ((-1, LIST_URL), (1, "ftp://x"), (10**11, LIST_URL)):
        with pytest.raises(Invalid):
            status_entry(VC20, "revocation", index, url)


def test_lists_that_are_kept_are_bounded():
    from hanse.identity.credentials.lists import StatusList

    lists = StatusLists()
    big = StatusList("BitstringStatusList", ("revocation",), Bits(bytes(1024 * 1024)), NOW + REFRESH)
    for number in range(40):
        lists.put(f"https://x.example/{number}", "did:web:x", big)
        lists.put(f"https://x.example/{number}", "did:web:x", big)
    assert lists.get("https://x.example/39", "did:web:x", NOW) is big
    assert lists.get("https://x.example/39", "did:web:y", NOW) is None
    assert lists.get("https://x.example/39", "did:web:x", NOW + REFRESH) is None
    assert sum(lists.get(f"https://x.example/{n}", "did:web:x", NOW) is not None for n in range(40)) == 32


def test_a_party_with_another_key_type_signs_lists(world, profile):
    party = Party("issuer.example", "Ed25519")
    world.documents[party.did] = party.document
    world.publish(profile, party=party)
    text = world.credential(profile, key=party.key, statuses=world.entry(profile))
    assert world.verify(text)
