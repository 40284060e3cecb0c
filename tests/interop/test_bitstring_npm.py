"""@digitalbazaar/vc-bitstring-status-list from npm, which this project did not write, reads our status lists, and we read its lists."""

import random
from pathlib import Path

import pytest

from hanse.identity.credentials.issue import status_entry
from hanse.identity.credentials.lists import MAX_LIST
from hanse.identity.credentials.model import VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.status import MAX_ENTRIES, MIN_ENTRIES, Bits, decode_bits, encode_bits
from hanse.kernel.errors import Unauthenticated
from tests.interop.node import run_script
from tests.unit.identity.credentials.world import LIST_URL, World, opened

SCRIPT = Path(__file__).with_name("bitstring.mjs")
PACKAGES = ("@digitalbazaar/vc-bitstring-status-list@2.0.1", "@digitalbazaar/bitstring@3.1.0")
SECOND_URL = "https://issuer.example/status/2"

RANDOM = random.Random(20260301)
SETS = [
    [],
    [0],
    [7],
    [8],
    [MIN_ENTRIES - 1],
    list(range(64)),
    [0, 1, 94_567, 131_070, 131_071],
    *(sorted(RANDOM.sample(range(MIN_ENTRIES), count)) for count in (10, 1_000, 60_000)),
]


def ask(*questions):
    """What the decoder says to each question."""
    return run_script(SCRIPT, [dict(question) for question in questions], *PACKAGES)


def bits_of(indexes, entries=MIN_ENTRIES):
    data = bytearray(entries // 8)
    for index in indexes:
        data[index >> 3] |= 0x80 >> (index & 7)
    return Bits(bytes(data))


@pytest.fixture
def world():
    return World()


def payload(text):
    """The credential in a VC 2.0 as JWT."""
    return opened(text)[1]


def test_they_read_our_lists():
    questions = [{"call": "decode", "encodedList": encode_bits(bits_of(one))} for one in SETS]
    assert ask(*questions) == [{"length": MIN_ENTRIES, "set": one} for one in SETS]


def test_they_read_our_lists_of_the_older_standard():
    questions = [{"call": "decode2021", "encodedList": encode_bits(bits_of(one), "StatusList2021")} for one in SETS]
    assert ask(*questions) == [{"length": MIN_ENTRIES, "set": one} for one in SETS]


def test_they_read_our_largest_list():
    indexes = [0, 1_000_000, MAX_ENTRIES - 1]
    assert ask({"call": "decode", "encodedList": encode_bits(bits_of(indexes, MAX_ENTRIES))}) == [{"length": MAX_ENTRIES, "set": indexes}]


def test_a_bit_that_is_flipped_and_flipped_back():
    bits, questions, expected = Bits.zeros(), [], []
    for index, on in ((5, True), (131_071, True), (5, False), (131_071, False)):
        bits = bits.with_bit(index, on=on)
        questions.append({"call": "decode", "encodedList": encode_bits(bits)})
        expected.append([5] if index == 5 and on else [5, 131_071] if on else [131_071] if index == 5 else [])
    assert [one["set"] for one in ask(*questions)] == expected


def test_they_refuse_what_is_no_list():
    assert all("refused" in one for one in ask({"call": "decode", "encodedList": "H4sI"}, {"call": "decode", "encodedList": "uAAAA"}))


def test_they_check_our_credentials_with_our_lists(world):
    """The whole of their check, but for the signature: theirs are linked-data proofs, ours are JOSE."""
    statuses = (status_entry(VC20, "revocation", 94_567, LIST_URL), status_entry(VC20, "suspension", 12, SECOND_URL))
    credential = payload(world.credential(statuses=statuses))
    questions = []
    for revoked, suspended in ((False, False), (True, False), (False, True), (True, True)):
        world.publish(bits=Bits.zeros().with_bit(94_567, on=revoked))
        world.publish(bits=Bits.zeros().with_bit(12, on=suspended), url=SECOND_URL, purpose="suspension")
        lists = {url: payload(world.files[url].decode()) for url in (LIST_URL, SECOND_URL)}
        questions.append({"call": "check", "credential": credential, "lists": lists})
    answers = ask(*questions)
    assert [(one["matches"], one["verified"], one.get("error")) for one in answers] == [(True, True, None)] * 4
    assert [one["results"] for one in answers] == [[False, False], [True, False], [False, True], [True, True]]


def test_they_hold_lists_to_purpose_and_issuer_as_we_do(world):
    credential = payload(world.credential(statuses=world.entry()))
    world.publish(purpose="suspension")
    other_purpose = payload(world.files[LIST_URL].decode())
    world.publish(party=world.stranger)
    other_issuer = payload(world.files[LIST_URL].decode())
    answers = ask(*({"call": "check", "credential": credential, "lists": {LIST_URL: one}} for one in (other_purpose, other_issuer)))
    assert [one["verified"] for one in answers] == [False, False]


def test_they_find_our_entries(world):
    statuses = (*world.entry(index=5), status_entry(VC20, "suspension", 9, SECOND_URL))
    credential = payload(world.credential(statuses=statuses))
    found = ask(*({"call": "entry", "credential": credential, "statusPurpose": one} for one in ("revocation", "suspension", "message")))
    assert [(one.get("statusListIndex"), one.get("statusListCredential")) for one in found[:2]] == [("5", LIST_URL), ("9", SECOND_URL)]
    assert "refused" in found[2]


def test_we_read_their_lists():
    made = ask(*({"call": "create", "id": LIST_URL, "length": MIN_ENTRIES, "set": one, "statusPurpose": "revocation"} for one in SETS))
    assert [decode_bits(one["credentialSubject"]["encodedList"]) for one in made] == [bits_of(one) for one in SETS]


@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_we_check_credentials_with_their_list_credentials(world, purpose):
    text = world.credential(statuses=world.entry(index=94_567, purpose=purpose))
    base = {"call": "create", "id": LIST_URL, "length": MIN_ENTRIES, "statusPurpose": purpose}
    for credential, rule in zip(ask({**base, "set": [94_566, 94_568]}, {**base, "set": [94_567]}), (None, purpose), strict=True):
        # They leave issuer, dates and the signature to whoever publishes the list.
        signed = world.issuer.sign({**credential, "issuer": world.issuer.did, "validFrom": "2027-03-01T12:00:00Z"}, {"typ": "vc+jwt"})
        assert len(signed) <= MAX_LIST
        world.files[LIST_URL] = signed.encode()
        rules = Rules(TrustedIssuers(world.trust))
        if rule is None:
            assert world.verify(text, rules)
            continue
        with pytest.raises(Unauthenticated) as caught:
            world.verify(text, rules)
        assert caught.value.rule == {"revocation": "revoked", "suspension": "suspended"}[rule]


def test_the_answers_can_tell_a_wrong_list():
    """The test would notice a list whose bits are counted from the other end of each byte."""
    mirrored = Bits(bytes(int(f"{byte:08b}"[::-1], 2) for byte in bits_of([5]).data))
    assert ask({"call": "decode", "encodedList": encode_bits(mirrored)}) == [{"length": MIN_ENTRIES, "set": [2]}]
