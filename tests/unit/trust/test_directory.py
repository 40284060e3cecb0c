"""How a participant reads its anchor's list, and when it stops believing it."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from hanse.trust.directory import Directory
from hanse.anchor.members import Members
from hanse.anchor.records import Applicant
from hanse.anchor.spaces import LIFETIME, Spaces
from hanse.identity.statements import REGISTER, Member, Register
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden, PeerRefused, PeerUnreachable, StorageFailed
from hanse.kernel.ids import CountedIds
from tests.unit.anchor.memory import Keyring, Memory, NoLocalSpaces, OneLink, Web

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ACME = "did:web:acme.example"
BOLT = "did:web:bolt.example"
URL = "https://port.example/spaces/baltic"


def run(awaitable):
    return asyncio.run(awaitable)


class Reader:
    """A member's server, whose web is one anchor that signs what it is told to."""

    def __init__(self):
        self.clock = ManualClock(NOON)
        self.keyring = Keyring(self.clock)
        self.db = Memory()
        self.web = Web(self.sign)
        self.links = OneLink(URL, self.keyring.did("port"))
        self.signer, self.version, self.dids, self.space, self.kind, self.lifetime = "port", 5, [ACME], URL, REGISTER, LIFETIME
        self.away = None
        self.restart()

    def restart(self):
        self.directory = Directory(self.db, self.clock, self.links, NoLocalSpaces(), self.web, self.keyring)

    async def sign(self):
        if self.away:
            raise self.away
        members = Register(self.space, [Member(did, "A member", ["provider"], NOON) for did in self.dids])
        return await self.keyring.sign(self.signer, self.kind, members, version=self.version, lifetime=self.lifetime)

    def require(self, peer=ACME):
        return run(self.directory.require("us", peer))

    def refused(self, peer=ACME):
        with pytest.raises(Forbidden) as fault:
            self.require(peer)
        return fault.value


@pytest.fixture
def reader():
    return Reader()


def test_a_member_passes_and_a_stranger_does_not(reader):
    assert reader.require().did == ACME
    assert reader.refused(BOLT).rule == "not-a-member"
    assert [m.did for m in run(reader.directory.members("us"))] == [ACME]
    assert reader.web.asked == [f"{URL}/register"]


def test_without_a_space_nobody_passes(reader):
    reader.links.link = None
    assert reader.refused().rule == "no-space"


def test_the_list_is_read_again_after_a_minute(reader):
    reader.require()
    reader.dids, reader.version = [BOLT], 6
    reader.clock.advance(seconds=59)
    reader.require()
    reader.clock.advance(seconds=1)
    assert reader.refused().rule == "not-a-member"
    assert reader.require(BOLT).did == BOLT


def test_a_change_that_is_told_is_seen_at_once(reader):
    reader.require()
    reader.dids, reader.version = [BOLT], 6
    reader.directory.forget("https://other.example/spaces/x")
    reader.require()
    reader.directory.forget(URL)
    reader.refused()


def test_all_who_wait_share_one_reading(reader):
    async def many():
        await asyncio.gather(*(reader.directory.require("us", ACME) for _ in range(20)))

    run(many())
    assert len(reader.web.asked) == 1


def test_one_who_goes_away_does_not_take_the_list_from_the_others(reader):
    async def scene():
        entered, leave = asyncio.Event(), asyncio.Event()

        async def slow():
            entered.set()
            await leave.wait()
            return await reader.sign()

        reader.web.answer = slow
        first = asyncio.create_task(reader.directory.require("us", ACME))
        await entered.wait()
        second = asyncio.create_task(reader.directory.require("us", ACME))
        await asyncio.sleep(0)
        first.cancel()
        leave.set()
        assert (await second).did == ACME
        assert first.cancelled()

    run(scene())
    assert len(reader.web.asked) == 1


# Not to be believed.


def test_an_older_list_is_refused(reader):
    reader.require()
    reader.clock.advance(seconds=60)
    reader.version = 4
    fault = reader.refused()
    assert fault.rule == "list-refused"
    assert "older" in fault.message


def test_an_older_list_is_refused_after_a_restart_too(reader):
    reader.require()
    reader.restart()
    reader.version = 4
    assert reader.refused().rule == "list-refused"


def test_the_same_version_again_is_fine(reader):
    reader.require()
    reader.restart()
    reader.require()
    assert reader.db.tx.watermarks.get(URL, reader.keyring.did("port")) == 5


def test_the_list_of_another_anchor_is_refused(reader):
    reader.keyring.did("pirate")
    reader.signer = "pirate"
    assert reader.refused().rule == "list-refused"


def test_the_list_of_another_space_is_refused(reader):
    reader.space = "https://port.example/spaces/north"
    assert reader.refused().rule == "list-refused"


def test_another_kind_of_statement_is_refused(reader):
    reader.kind = "hanse-other+jwt"
    assert reader.refused().rule == "list-refused"


@pytest.mark.parametrize("junk", ["", "é", "a.b.c", "{}", "x" * 5_000])
def test_junk_is_refused(reader, junk):
    async def answer():
        return junk

    reader.web.answer = answer
    assert reader.refused().rule == "list-refused"


def test_a_changed_list_is_refused(reader):
    async def answer():
        head, _, signature = (await reader.sign()).split(".")
        reader.dids = [BOLT]
        return ".".join((head, (await reader.sign()).split(".")[1], signature))

    reader.web.answer = answer
    assert reader.refused(BOLT).rule == "list-refused"


def test_an_expired_list_is_refused(reader):
    old = run(reader.sign())

    async def answer():
        return old

    reader.web.answer = answer
    reader.require()
    reader.clock.advance(hours=24)
    fault = reader.refused()
    assert (fault.rule, "expired" in fault.message) == ("list-refused", True)


# The anchor is away.


@pytest.mark.parametrize("away", [PeerUnreachable("No answer."), PeerRefused("No.", status=503), TimeoutError()])
def test_a_stale_list_serves_for_five_minutes_and_then_nobody_passes(reader, away):
    reader.require()
    reader.away = away
    reader.clock.advance(seconds=299)
    reader.require()
    reader.clock.advance(seconds=1)
    fault = reader.refused()
    assert fault.rule == "anchor-unreachable"
    assert "cannot be reached" in fault.message
    reader.away = None
    reader.clock.advance(seconds=5)
    reader.require()


def test_without_any_list_nobody_passes(reader):
    reader.away = PeerUnreachable("No answer.")
    assert reader.refused().rule == "anchor-unreachable"


def test_an_anchor_that_is_away_is_asked_every_five_seconds_only(reader):
    reader.away = PeerUnreachable("No answer.")
    for _ in range(10):
        reader.refused()
    assert len(reader.web.asked) == 1
    reader.clock.advance(seconds=5)
    reader.refused()
    assert len(reader.web.asked) == 2


def test_no_list_serves_past_its_own_expiry(reader):
    reader.lifetime = timedelta(seconds=90)
    reader.require()
    reader.away = PeerUnreachable("No answer.")
    reader.clock.advance(seconds=89)
    reader.require()
    reader.clock.advance(seconds=1)
    assert reader.refused().rule == "anchor-unreachable"


def test_a_clock_that_was_set_back_makes_no_list_younger(reader):
    reader.require()
    reader.clock.advance(seconds=-30)
    reader.require()
    assert len(reader.web.asked) == 2


def test_a_fault_of_our_own_is_told_as_such(reader):
    reader.away = StorageFailed("The disk is full.")
    with pytest.raises(StorageFailed):
        reader.require()
    reader.away = None
    reader.require()


# The anchor lives on this server.


class LocalHouse:
    def __init__(self):
        self.clock, self.db = ManualClock(NOON), Memory()
        keyring = Keyring(self.clock)
        spaces = Spaces(self.db, self.clock, keyring, root="http://localhost:8400")
        self.members = Members(self.db, self.clock, CountedIds())
        space = run(spaces.found("port", keyring.did("port"), "baltic", "Baltic"))
        code = run(self.members.invite("port", "baltic")).code
        run(self.members.apply("baltic", Applicant(ACME, "jti_1", NOON), "Acme", invitation=code))
        self.web = Web(None)
        self.links = OneLink(space.url, space.anchor)
        self.directory = Directory(self.db, self.clock, self.links, spaces, self.web, keyring)


def test_a_local_list_is_read_without_http_and_a_second_old_at_most():
    house = LocalHouse()
    assert run(house.directory.require("us", ACME)).did == ACME
    run(house.members.suspend("port", "baltic", ACME, "unpaid"))
    house.clock.advance(seconds=1)
    with pytest.raises(Forbidden):
        run(house.directory.require("us", ACME))
    assert house.web.asked == []


def test_a_local_space_of_another_anchor_is_refused_too():
    house = LocalHouse()
    house.links.link = SimpleNamespace(url=house.links.link.url, anchor=BOLT)
    with pytest.raises(Forbidden) as fault:
        run(house.directory.require("us", ACME))
    assert fault.value.rule == "list-refused"


def test_a_foreign_list_is_read_and_published_by_the_same_code():
    house = LocalHouse()
    keyring = house.directory._resolver
    anchor = Spaces(house.db, house.clock, keyring, root="http://localhost:8400")
    web = Web(lambda: anchor.signed_register("baltic"))
    far = Directory(Memory(), house.clock, house.links, NoLocalSpaces(), web, keyring)
    assert run(far.require("us", ACME)).did == ACME
