"""What becomes of a key: in the DID document, in the database, and for those who verify what it signed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.identity.credentials.issue import Draft, status_entry
from hanse.identity.credentials.lists import open_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.dcp import access
from hanse.identity.dcp.scopes import parse_scope
from hanse.identity.did import MAX_ENTRIES, decode_document
from hanse.identity.exchange import drive
from hanse.identity.self_issued import issue
from hanse.identity.statements import REGISTER, Register, open_statement
from hanse.identity.status import Bits
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.wallet import keys as life
from hanse.wallet.keys import GRACE, KEY_AGE, MAX_PUBLISHED, KeyInfo, whole_day
from hanse.wallet.ports import KeysChanged, SealedKey
from tests.unit.wallet.conftest import NOW
from tests.unit.wallet.house import ALL, CITY, DID, House

LIST_URL = "http://localhost:8400/spaces/demo/status/1"
DAYS = timedelta(days=90)
KINDS = ["P-256", "P-384", "Ed25519", "RSA"]


@pytest.fixture
def house():
    return House()


# --- rotation


def test_a_retired_key_stays_what_it_was_for_a_grace_and_leaves_when_nothing_needs_it(house):
    house.rotate()
    assert house.shown() == {1: (ALL, None), 2: (ALL, None)}
    house.clock.advance(seconds=GRACE.total_seconds() - 1)
    assert house.shown() == {1: (ALL, None), 2: (ALL, None)}
    house.clock.advance(seconds=1)
    assert house.shown() == {2: (ALL, None)}


def test_what_it_signed_verifies_until_its_end(house):
    text, kid = house.issue(days=90)
    assert kid == f"{DID}#key-1"
    house.rotate()
    house.clock.advance(days=89)
    assert house.shown() == {1: (("assertionMethod",), None), 2: (ALL, None)}
    assert house.holds(text)
    house.clock.advance(days=1, seconds=29)
    assert house.holds(text)  # within the leeway
    house.clock.advance(days=1)
    assert house.shown() == {2: (ALL, None)}


def test_the_grace_covers_what_other_processes_sign_meanwhile(house):
    other = house.process()
    house.token(other)
    house.clock.advance(minutes=1)
    house.rotate()
    house.clock.advance(seconds=KEY_AGE.total_seconds() - 61)
    late = house.token(other)
    assert house.is_caller(late)
    house.clock.advance(minutes=5, seconds=29)
    assert house.is_caller(late)
    house.clock.advance(minutes=1)
    assert house.is_caller(house.token(other))  # which has looked anew
    house.clock.advance(hours=1)
    assert house.shown() == {2: (ALL, None)}


def test_the_grace_covers_access_tokens_of_the_longest_life(house):
    key = asyncio.run(house.wallet.signing_key("acme"))
    scope = parse_scope("org.eclipse.dspace.dcp.vc.type:MembershipCredential:read")
    text = access.grant(key, CITY, [scope], house.clock.now(), "jti_1", access.MAX_LIFETIME)
    house.rotate()
    house.clock.advance(hours=1, seconds=29)
    assert drive(access.open_access(text, DID, CITY, house.clock.now()), house.answer).bearer == CITY


def test_after_its_grace_a_retired_key_makes_no_tokens(house):
    other = house.process()
    house.issue()
    key = asyncio.run(other.signing_key("acme"))
    house.rotate()
    house.clock.advance(hours=2)
    token = issue(key, DID, CITY, house.clock.now(), "jti_1")
    assert house.why_not(house.is_caller, token) == "key-purpose"


def test_the_private_part_is_destroyed_when_the_grace_is_over(house):
    house.rotate()
    house.clock.advance(seconds=GRACE.total_seconds() - 1)
    assert house.tidy() == 0
    assert house.record(1).sealed
    house.clock.advance(seconds=1)
    assert house.tidy() == 1
    assert house.record(1).sealed == b""
    assert house.record(2).sealed
    assert house.tidy() == 0
    assert house.is_caller(house.token())


def test_the_next_rotation_destroys_it_too(house):
    house.rotate()
    house.clock.advance(hours=2)
    house.rotate()
    assert [bool(house.record(number).sealed) for number in (1, 2, 3)] == [False, True, True]
    assert house.record(1).retired == NOW


def test_tidying_leaves_everybody_elses_keys_alone(house):
    house.run(lambda tx: house.wallet.create(tx, "city", CITY))
    house.clock.advance(days=400)
    assert house.tidy() == 0
    house.rotate()
    house.clock.advance(hours=2)
    assert house.tidy() == 1
    assert house.database.keys.get("city").sealed


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_may_be_of_any_kind(house, kind):
    made = house.rotate(kind)
    assert made.kind == kind
    text, kid = house.issue()
    assert kid == made.kid
    assert house.holds(text)
    assert house.is_caller(house.token())
    assert house.rotate().kind == kind  # and stays so


def test_a_first_key_may_be_of_any_kind(house):
    made = house.run(lambda tx: house.wallet.create(tx, "city", CITY, "Ed25519"))
    assert (made.kind, made.public_jwk["crv"]) == ("Ed25519", "Ed25519")


def test_a_document_never_has_more_keys_than_readers_take(house):
    for _ in range(MAX_PUBLISHED - 1):
        house.rotate()
    with pytest.raises(Conflict) as caught:
        house.rotate()
    assert caught.value.rule == "keys"
    assert len(house.document().verification_method) == MAX_PUBLISHED < MAX_ENTRIES
    house.compromise(MAX_PUBLISHED)  # which cannot wait
    house.clock.advance(hours=2)
    assert house.rotate()


def test_who_is_not_here_has_no_keys(house):
    for work in (
        lambda tx: house.wallet.rotate(tx, "nobody"),
        lambda tx: house.wallet.compromise(tx, "nobody", f"{DID}#key-1", NOW),
        lambda tx: house.wallet.release(tx, "nobody", f"{DID}#key-1"),
    ):
        with pytest.raises(NotFound):
            house.run(work)
    with pytest.raises(NotFound):
        asyncio.run(house.wallet.keys("nobody"))
    with pytest.raises(NotFound):
        asyncio.run(
            house.wallet.issue("nobody", Draft(profile=VC20, types=("A",), subject={"id": DID}, valid_from=NOW, valid_until=NOW + DAYS))
        )


# --- compromise


def test_a_compromised_key_is_replaced_and_destroyed_at_once(house):
    text, _ = house.issue()
    made = house.compromise()
    assert made.kid == f"{DID}#key-2"
    assert house.record(1).sealed == b""
    assert house.shown() == {1: (("assertionMethod",), "2027-03-01T12:00:00Z"), 2: (ALL, None)}
    assert house.is_caller(house.token())
    assert house.issue()[1] == made.kid
    assert text


def test_what_was_signed_before_counts_and_what_was_signed_after_does_not(house):
    before, _ = house.issue()
    thief = asyncio.run(house.wallet.signing_key("acme"))
    house.clock.advance(hours=3)
    after, _ = house.issue()
    house.clock.advance(hours=3)
    house.compromise(since=NOW + timedelta(hours=1))
    assert house.holds(before)
    assert house.why_not(house.holds, after) == "key-revoked"
    for moment in (house.clock.now(), house.clock.now() - timedelta(minutes=4)):
        assert house.why_not(house.is_caller, issue(thief, DID, CITY, moment, "jti_1")) == "key-revoked"


def test_tokens_under_way_are_refused_even_those_of_before(house):
    token = house.token()
    house.issue()
    house.clock.advance(seconds=10)
    house.compromise()
    assert house.why_not(house.is_caller, token) == "key-purpose"


def test_a_compromised_key_that_nothing_needs_leaves_at_once(house):
    token = house.token()
    house.compromise()
    assert house.shown() == {2: (ALL, None)}
    assert house.why_not(house.is_caller, token) == "key-unknown"


def test_it_leaves_when_what_it_signed_has_ended(house):
    house.issue(days=90)
    house.compromise()
    house.clock.advance(days=92)
    assert house.shown() == {2: (ALL, None)}


def test_it_leaves_when_everything_has_been_signed_anew(house):
    old, _ = house.issue()
    house.compromise()
    new, kid = house.issue()
    house.release()
    assert (kid, house.shown()) == (f"{DID}#key-2", {2: (ALL, None)})
    assert house.holds(new)
    assert house.why_not(house.holds, old) == "key-unknown"


def test_a_retired_key_that_is_released_stays_for_its_grace(house):
    house.issue()
    token = house.token()
    house.rotate()
    house.release()
    assert house.is_caller(token)
    house.clock.advance(seconds=GRACE.total_seconds())
    assert house.shown() == {2: (ALL, None)}


def test_the_key_that_signs_is_not_released(house):
    with pytest.raises(Conflict):
        house.release()
    with pytest.raises(NotFound):
        house.release(7)


def test_a_retired_key_can_be_compromised(house):
    house.issue()
    house.rotate()
    assert house.compromise(1).kid == f"{DID}#key-2"
    assert house.shown() == {1: (("assertionMethod",), "2027-03-01T12:00:00Z"), 2: (ALL, None)}
    assert house.record(1).sealed == b""


def test_the_earliest_moment_counts(house):
    house.issue()
    house.clock.advance(days=2)
    house.compromise(since=NOW + timedelta(days=1))
    house.compromise(since=NOW + timedelta(hours=1))
    house.compromise(since=NOW + timedelta(hours=9))
    assert house.shown()[1][1] == "2027-03-01T13:00:00Z"
    assert len(house.database.keys.list("acme")) == 2  # replaced once


@pytest.mark.parametrize("since", [NOW + timedelta(seconds=1), NOW.replace(tzinfo=None)])
def test_a_moment_that_has_not_been_is_refused(house, since):
    with pytest.raises(Invalid):
        house.compromise(since=since)
    assert house.record(1).compromised is None


def test_an_unknown_key_is_not_compromised(house):
    with pytest.raises(NotFound):
        house.compromise(2)
    with pytest.raises(NotFound):
        house.run(lambda tx: house.wallet.compromise(tx, "acme", f"{CITY}#key-1", NOW))


def test_other_processes_are_told(house):
    house.rotate(told=False)
    house.run(lambda tx: house.wallet.compromise(tx, "acme", f"{DID}#key-2", NOW))
    assert house.database.events == [KeysChanged("acme"), KeysChanged("acme")]


def test_a_process_that_was_told_signs_with_the_new_key_at_once(house):
    other = house.process()
    house.token(other)
    house.compromise()
    other.forget("acme")
    assert house.is_caller(house.token(other))


def test_a_key_that_was_read_just_before_a_rotation_is_not_kept_after_it(house):
    wallet, database = house.process(), house.database
    plain = database.read

    async def slow(work):
        """Reads, and then somebody rotates and tells, before whoever asked goes on."""
        result = await plain(work)
        database.read = plain
        await database.run(lambda tx: house.wallet.compromise(tx, "acme", f"{DID}#key-1", NOW))
        wallet.forget("acme")
        return result

    database.read = slow
    asyncio.run(wallet.token_for("acme", CITY))
    assert house.is_caller(house.token(wallet))


# --- what is needed until when


def test_the_database_is_told_once_a_day_what_a_key_is_needed_for(house):
    writes = house.database.writes
    for _ in range(10):
        house.issue()
    assert house.database.writes == writes + 1
    assert house.record().needed_until == datetime(2027, 5, 31, tzinfo=UTC)
    house.clock.advance(hours=11)
    house.issue()
    assert house.database.writes == writes + 1
    house.clock.advance(hours=2)
    house.issue()
    assert house.database.writes == writes + 2
    house.issue(days=1)
    assert house.database.writes == writes + 2
    assert house.record().needed_until == datetime(2027, 6, 1, tzinfo=UTC)


@given(st.timedeltas(timedelta(0), timedelta(days=30_000)), st.integers(-14, 14))
def test_a_whole_day_is_never_too_early(after, hours):
    moment = (NOW + after).astimezone(timezone(timedelta(hours=hours)))
    day = whole_day(moment)
    assert timedelta(seconds=30) <= day - moment < timedelta(days=1, seconds=30)
    assert (day.hour, day.minute, day.second, day.microsecond, day.utcoffset()) == (0, 0, 0, 0, timedelta(0))


def test_a_key_is_needed_for_the_leeway_after_the_end_and_no_moment_longer(house):
    text, _ = house.issue(valid_until=datetime(2027, 3, 5, tzinfo=UTC))  # an end at midnight itself
    assert house.record().needed_until == datetime(2027, 3, 6, tzinfo=UTC)
    assert whole_day(datetime(2027, 3, 4, 23, 59, 30, tzinfo=UTC)) == datetime(2027, 3, 5, tzinfo=UTC)
    house.rotate()
    house.clock.advance(days=3, hours=12, seconds=29)
    assert house.holds(text)
    house.clock.advance(hours=23, minutes=59, seconds=30)
    assert set(house.shown()) == {1, 2}
    house.clock.advance(seconds=1)
    assert set(house.shown()) == {2}


def test_a_list_is_needed_too(house):
    text = asyncio.run(house.wallet.issue_list("acme", LIST_URL, Bits.zeros().with_bit(5, on=True), VC20))
    house.rotate()
    house.clock.advance(hours=23)
    assert house.shown()[1] == (("assertionMethod",), None)
    opened = drive(open_list(text.encode(), LIST_URL, DID, house.clock.now()), house.answer)
    assert opened.bits[5]
    house.clock.advance(days=2)
    assert house.shown() == {2: (ALL, None)}


@pytest.mark.parametrize("profile", [VC20, VC11])
def test_a_credential_and_its_list_survive_a_rotation(house, profile):
    text, _ = house.issue(profile, statuses=(status_entry(profile, "suspension", 9, LIST_URL),))
    house.rotate("Ed25519")
    for on, outcome in ((False, None), (True, "suspended"), (False, None)):
        bits = Bits.zeros().with_bit(9, on=on)
        house.lists = asyncio.run(
            house.wallet.issue_list("acme", LIST_URL, bits, profile, purpose="suspension", lifetime=timedelta(hours=1))
        )
        if outcome is None:
            assert house.holds(text)
        else:
            assert house.why_not(house.holds, text) == outcome


def test_a_statement_is_needed_too(house):
    text = asyncio.run(house.wallet.sign("acme", REGISTER, Register("demo", []), version=1, lifetime=timedelta(days=7)))
    house.rotate()
    house.clock.advance(days=6)
    assert drive(open_statement(text, REGISTER, Register, DID, house.clock.now()), house.answer).version == 1


def test_another_process_that_has_not_heard_of_a_rotation_issues_what_verifies(house):
    other = house.process()
    house.issue(wallet=other, days=1)
    house.rotate()
    short, kid = house.issue(wallet=other, days=1)
    assert kid.endswith("#key-1")  # nothing to write, so it did not look
    long, kid = house.issue(wallet=other, days=90)
    assert kid.endswith("#key-2")  # it had to write, and found the new key
    house.clock.advance(hours=23)
    assert house.holds(short)
    house.clock.advance(days=80)
    assert house.holds(long)


@pytest.mark.parametrize("end", [None, (NOW + DAYS).replace(tzinfo=None), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_a_credential_has_an_end(house, end):
    with pytest.raises(Invalid):
        house.issue(valid_until=end)
    assert house.record().needed_until is None


# --- what people see


def test_people_see_no_secrets(house):
    house.issue()
    house.rotate("Ed25519")
    house.clock.advance(hours=2)
    house.rotate("P-384")
    house.compromise(2, NOW + timedelta(hours=1))
    told = asyncio.run(house.wallet.keys("acme"))
    later = NOW + timedelta(hours=2)
    assert told == [
        KeyInfo(f"{DID}#key-1", "P-256", NOW, "retired", datetime(2027, 5, 31, tzinfo=UTC)),
        KeyInfo(f"{DID}#key-2", "Ed25519", NOW, "compromised", later, NOW + timedelta(hours=1)),
        KeyInfo(f"{DID}#key-3", "P-384", later, "active"),
    ]
    text = msgspec.json.encode(told).decode()
    for record in house.database.keys.rows.values():
        assert not record.sealed or msgspec.json.encode(record.sealed).decode() not in text
        assert record.public_jwk["x"] not in text


def test_a_retired_key_that_nothing_needs_says_when_it_leaves(house):
    house.rotate()
    assert [one.until for one in asyncio.run(house.wallet.keys("acme"))] == [NOW + GRACE, None]


# --- records of before


def test_rows_of_before_are_read_and_go_on(house):
    full = json.loads(msgspec.json.encode(house.record()))
    old = {name: full[name] for name in ("tenant", "did", "kid", "number", "public_jwk", "sealed", "created")}
    record = msgspec.json.decode(json.dumps(old), type=SealedKey)
    assert record == house.record()
    house.database.keys.put(record)
    assert house.is_caller(house.token())
    text, _ = house.issue()
    house.rotate()
    house.clock.advance(days=30)
    assert house.holds(text)


def test_old_keys_that_were_rotated_before_are_retired_with_the_next_rotation(house):
    house.rotate()
    house.database.keys.put(msgspec.structs.replace(house.record(1), retired=None))
    house.clock.advance(days=1)
    assert house.shown() == {1: (ALL, None), 2: (ALL, None)}
    house.rotate()
    house.clock.advance(hours=2)
    assert house.shown() == {3: (ALL, None)}


# --- two at once


class Waiting:
    """Shows what PostgreSQL shows to whoever waited for the lock of a rotation: the old row as it is now, and no new one."""

    def __init__(self, keys):
        self._keys = keys
        self.stale = True

    def _cut(self, tenant):
        rows = self._keys.list(tenant)
        stale, self.stale = self.stale, False
        return rows[:-1] if stale else rows

    def list(self, tenant):
        return self._cut(tenant)

    def get(self, tenant):
        return next(iter(reversed(self._cut(tenant))), None)

    def put(self, key):
        self._keys.put(key)


def test_whoever_waited_for_a_rotation_finds_the_new_key(house):
    house.rotate()
    for call in (lambda tx: life.newest(tx, "acme"), lambda tx: life.all_keys(tx, "acme")[-1]):

        class Late:
            keys = Waiting(house.database.keys)

        assert call(Late).number == 2


# --- any life


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rotate"), st.integers(0, 1)),
        st.tuples(st.just("compromise"), st.integers(0, 10)),
        st.tuples(st.just("release"), st.integers(0, 10)),
        st.tuples(st.just("tidy"), st.just(0)),
        st.tuples(st.just("issue"), st.integers(1, 40)),
        st.tuples(st.just("wait"), st.integers(1, 40 * 24)),
    ),
    max_size=14,
)


def one_step(house, name, number):
    newest = house.database.keys.get("acme").number
    match name:
        case "rotate":
            house.rotate(("P-256", "Ed25519")[number])
        case "compromise":
            house.compromise(number % newest + 1, house.clock.now() - timedelta(minutes=number))
        case "release":
            house.release(number % newest + 1)
        case "tidy":
            house.tidy()
        case "wait":
            house.clock.advance(hours=number)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_whatever_happens_the_newest_signs_and_no_other_does_for_long(steps):
    house, issued = House(), []
    for name, number in steps:
        if name == "issue":
            issued.append((*house.issue(days=number), house.clock.now() + timedelta(days=number), house.clock.now()))
            continue
        try:
            one_step(house, name, number)
        except HanseError as fault:
            assert isinstance(fault, Conflict), fault  # the one that signs is not released
    records, shown, now = house.database.keys.list("acme"), house.shown(), house.clock.now()
    assert records[-1].retired is records[-1].compromised is None
    assert shown[records[-1].number] == (ALL, None)
    assert house.is_caller(house.token())
    assert decode_document(msgspec.json.encode(house.document())) == house.document()
    for record in records[:-1]:
        uses, revoked = shown.get(record.number, ((), None))
        assert (uses == ALL) == (record.compromised is None and now < record.retired + GRACE)
        assert (revoked is not None) == (record.compromised is not None and uses != ())
        assert record.compromised is None or record.sealed == b""
    for text, kid, end, made in issued:
        record = house.database.keys.rows["acme", kid]
        sound = record.compromised is None or made.replace(microsecond=0) < record.compromised.replace(microsecond=0)
        if sound and now < end and record.needed_until is not None and record.needed_until >= end:
            assert house.holds(text)
        elif not sound:
            assert house.why_not(house.holds, text) in {"key-revoked", "key-unknown", "expired"}
