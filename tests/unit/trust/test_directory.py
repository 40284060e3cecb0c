"""How a participant reads its anchor's register and rulebook, and when it stops believing them: the same rules for both."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from hanse.identity.credentials.model import VC20, Credential
from hanse.identity.rulebook import RULEBOOK, CredentialType, Role, Rulebook, TrustedIssuer
from hanse.identity.statements import REGISTER, Member, Register, Statement
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden, Invalid, PeerRefused, PeerUnreachable, StorageFailed
from hanse.trust.directory import REGISTER_AGES, RULEBOOK_AGES, Directory
from tests.unit.trust.memory import Keyring, LocalStatements, Memory, OneLink, Web

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ACME = "did:web:acme.example"
BOLT = "did:web:bolt.example"
URL = "https://port.example/spaces/baltic"
DAY = timedelta(hours=24)


def run(awaitable):
    return asyncio.run(awaitable)


class Reader:
    """A member's server, whose web is one anchor that signs what it is told to. `what` is the statement that a test is about."""

    def __init__(self, what="register"):
        self.what = what
        self.clock = ManualClock(NOON)
        self.keyring = Keyring(self.clock)
        self.db = Memory()
        self.web = Web(register=self.register, rulebook=self.rulebook)
        self.local = LocalStatements()
        self.links = OneLink(URL, self.keyring.did("port"))
        self.signer, self.version, self.dids, self.space, self.lifetime = "port", 5, [ACME], URL, DAY
        self.kind = self.away = None
        self.title, self.anchor, self.names_rulebook, self.book_version = "Baltic", self.keyring.did("port"), 0, None
        self.ages = {"register": REGISTER_AGES, "rulebook": RULEBOOK_AGES}[what]
        self.restart()

    def restart(self):
        self.directory = Directory(self.db, self.clock, self.links, self.local, self.web, self.keyring, rulebooks=self.local)

    def members(self):
        return Register(self.space, [Member(did, "A member", ["provider"], NOON) for did in self.dids], [], self.names_rulebook)

    def rules(self):
        membership = CredentialType(title="Membership", issuers=[TrustedIssuer(did=self.anchor)])
        role = Role(title="Provider", credential="MembershipCredential")
        return Rulebook(
            space=self.space,
            anchor=self.anchor,
            title=self.title,
            credentials={"MembershipCredential": membership},
            roles={"provider": role},
        )

    async def register(self):
        return await self.sign(REGISTER, self.members(), self.version)

    async def rulebook(self):
        return await self.sign(RULEBOOK, self.rules(), self.book_version or self.version)

    async def sign(self, kind, body, version):
        if self.away:
            raise self.away
        return await self.keyring.sign(self.signer, self.kind or kind, body, version=version, lifetime=self.lifetime)

    def publish_here(self, version=5):
        """Anchor the space on this server."""
        anchor, now = self.keyring.did("port"), self.clock.now()
        self.local.registers[URL] = Statement(anchor, REGISTER, version, now, now + DAY, self.members())
        self.local.rulebooks[URL] = Statement(anchor, RULEBOOK, version, now, now + DAY, self.rules())

    def read(self):
        if self.what == "register":
            return [member.did for member in run(self.directory.members("us"))]
        return run(self.directory.ruled("us")).rulebook.title

    def change(self, version=6):
        self.dids, self.title, self.version = [BOLT], "Baltic 2", version

    @property
    def old(self):
        return [ACME] if self.what == "register" else "Baltic"

    @property
    def new(self):
        return [BOLT] if self.what == "register" else "Baltic 2"

    @property
    def mark(self):
        return URL if self.what == "register" else f"{URL}/rulebook"

    def refused(self):
        with pytest.raises(Forbidden) as fault:
            self.read()
        return fault.value

    def not_believed(self):
        fault = self.refused()
        assert fault.rule == {"register": "list-refused", "rulebook": "rulebook-refused"}[self.what]
        return fault.message


@pytest.fixture(params=["register", "rulebook"])
def reader(request):
    return Reader(request.param)


def seconds(age):
    return age.total_seconds()


def test_the_register_names_members():
    reader = Reader()
    assert run(reader.directory.require("us", ACME)).did == ACME
    with pytest.raises(Forbidden) as fault:
        run(reader.directory.require("us", BOLT))
    assert fault.value.rule == "not-a-member"
    assert [m.did for m in run(reader.directory.members("us"))] == [ACME]
    assert reader.web.asked == [f"{URL}/register"]


def test_the_rulebook_comes_with_the_trust_that_follows_from_it():
    reader = Reader("rulebook")
    ruled = run(reader.directory.ruled("us"))
    assert ruled.version == 5
    assert run(reader.directory.rulebook("us")) is ruled.rulebook
    claimed = SimpleNamespace(types=("MembershipCredential",), issuer=ACME, subjects=())
    assert ruled.trust.objection(claimed).startswith(f"{ACME} is not trusted")
    assert reader.web.asked == [f"{URL}/rulebook"]


def test_without_a_space_there_is_nothing_to_go_by(reader):
    reader.links.link = None
    assert reader.refused().rule == "no-space"


def test_the_ages_are_those_that_were_promised():
    assert (REGISTER_AGES.fresh, REGISTER_AGES.stale) == (timedelta(seconds=60), timedelta(minutes=5))
    assert (RULEBOOK_AGES.fresh, RULEBOOK_AGES.stale) == (timedelta(seconds=60), timedelta(hours=1))


def test_it_is_read_again_when_it_is_old(reader):
    assert reader.read() == reader.old
    reader.change()
    reader.clock.advance(seconds=seconds(reader.ages.fresh) - 1)
    assert reader.read() == reader.old
    reader.clock.advance(seconds=1)
    assert reader.read() == reader.new


def test_a_change_that_is_told_is_seen_at_once(reader):
    reader.read()
    reader.change()
    reader.directory.forget("https://other.example/spaces/x")
    assert reader.read() == reader.old
    reader.directory.forget(URL)
    assert reader.read() == reader.new


def test_what_has_not_changed_stays_the_same_object():
    reader = Reader("rulebook")
    first = run(reader.directory.ruled("us"))
    reader.clock.advance(minutes=5)
    assert run(reader.directory.ruled("us")) is first
    assert len(reader.web.asked) == 2
    reader.change(version=5)  # the same version with other content: judged anew all the same
    reader.directory.forget(URL)
    assert run(reader.directory.ruled("us")) is not first


def test_all_who_wait_share_one_reading(reader):
    async def many():
        await asyncio.gather(*(reader.directory.ruled("us") for _ in range(20)), *(reader.directory.members("us") for _ in range(20)))

    run(many())
    assert sorted(reader.web.asked) == [f"{URL}/register", f"{URL}/rulebook"]


def test_one_who_goes_away_does_not_take_the_list_from_the_others():
    reader = Reader()

    async def scene():
        entered, leave = asyncio.Event(), asyncio.Event()

        async def slow():
            entered.set()
            await leave.wait()
            return await reader.register()

        reader.web.answers["register"] = slow
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


# A newer rulebook than the one at hand.


def test_a_register_that_names_a_newer_rulebook_makes_it_read_anew():
    reader = Reader("rulebook")
    run(reader.directory.members("us"))
    reader.clock.advance(seconds=30)
    assert reader.read() == "Baltic"
    reader.change()
    reader.names_rulebook = 6
    reader.clock.advance(seconds=30)
    assert reader.read() == "Baltic"  # nobody has read the register yet
    run(reader.directory.members("us"))
    assert reader.read() == "Baltic 2"


def test_a_newer_rulebook_that_is_not_published_is_asked_for_every_five_seconds():
    reader = Reader("rulebook")
    reader.names_rulebook, reader.book_version = 7, 5
    run(reader.directory.members("us"))
    for _ in range(10):
        assert reader.read() == "Baltic"
    assert reader.web.asked.count(f"{URL}/rulebook") == 1
    reader.clock.advance(seconds=5)
    assert reader.read() == "Baltic"
    assert reader.web.asked.count(f"{URL}/rulebook") == 2


# Not to be believed.


def test_an_older_version_is_refused(reader):
    reader.read()
    reader.clock.advance(hours=1)
    reader.version = 4
    assert "older" in reader.not_believed()


def test_an_older_version_is_refused_after_a_restart_too(reader):
    reader.read()
    reader.restart()
    reader.version = 4
    assert "older" in reader.not_believed()


def test_an_older_version_of_a_space_on_this_server_is_refused_too(reader):
    reader.publish_here()
    reader.read()
    reader.publish_here(version=4)
    reader.clock.advance(seconds=1)
    assert "older" in reader.not_believed()


def test_the_two_statements_have_versions_of_their_own():
    reader = Reader("rulebook")
    reader.book_version = 2
    run(reader.directory.members("us"))
    assert reader.read() == "Baltic"
    anchor = reader.keyring.did("port")
    assert reader.db.tx.watermarks.rows == {(URL, anchor): 5, (f"{URL}/rulebook", anchor): 2}


def test_the_same_version_again_is_fine(reader):
    reader.read()
    reader.restart()
    reader.read()
    assert reader.db.tx.watermarks.get(reader.mark, reader.keyring.did("port")) == 5


def test_the_statement_of_another_anchor_is_refused(reader):
    reader.keyring.did("pirate")
    reader.signer = "pirate"
    reader.not_believed()


def test_the_statement_of_another_space_is_refused(reader):
    reader.space = "https://port.example/spaces/north"
    reader.not_believed()


def test_a_rulebook_that_names_another_anchor_is_refused():
    reader = Reader("rulebook")
    reader.anchor = BOLT
    assert "another anchor" in reader.not_believed()


def test_another_kind_of_statement_is_refused(reader):
    reader.kind = "hanse-other+jwt"
    reader.not_believed()


def test_one_statement_does_not_pass_for_the_other():
    reader = Reader()
    reader.web.answers = {"register": reader.rulebook, "rulebook": reader.register}
    reader.not_believed()
    reader.what = "rulebook"
    reader.not_believed()


@pytest.mark.parametrize("junk", ["", "é", "a.b.c", "{}", "x" * 5_000])
def test_junk_is_refused(reader, junk):
    async def answer():
        return junk

    reader.web.answers[reader.what] = answer
    reader.not_believed()


def test_a_changed_statement_is_refused(reader):
    original = reader.web.answers[reader.what]

    async def answer():
        head, _, signature = (await original()).split(".")
        reader.change()
        return ".".join((head, (await original()).split(".")[1], signature))

    reader.web.answers[reader.what] = answer
    reader.not_believed()


def test_an_expired_statement_is_refused(reader):
    old = run(reader.web.answers[reader.what]())

    async def answer():
        return old

    reader.web.answers[reader.what] = answer
    reader.read()
    reader.clock.advance(hours=24)
    assert "expired" in reader.not_believed()


# The anchor is away.


@pytest.mark.parametrize("away", [PeerUnreachable("No answer."), PeerRefused("No.", status=503), TimeoutError()])
def test_a_stale_statement_serves_for_a_while_and_then_nobody_passes(reader, away):
    reader.read()
    reader.away = away
    reader.clock.advance(seconds=seconds(reader.ages.stale) - 1)
    reader.read()
    reader.clock.advance(seconds=1)
    fault = reader.refused()
    assert fault.rule == "anchor-unreachable"
    assert "cannot be reached" in fault.message
    reader.away = None
    reader.clock.advance(seconds=5)
    reader.read()


def test_without_any_statement_nobody_passes(reader):
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


def test_no_statement_serves_past_its_own_expiry(reader):
    reader.lifetime = reader.ages.fresh + timedelta(seconds=30)
    reader.read()
    reader.away = PeerUnreachable("No answer.")
    reader.clock.advance(seconds=seconds(reader.lifetime) - 1)
    reader.read()
    reader.clock.advance(seconds=1)
    assert reader.refused().rule == "anchor-unreachable"


def test_a_clock_that_was_set_back_makes_no_statement_younger(reader):
    reader.read()
    reader.clock.advance(seconds=-30)
    reader.read()
    assert len(reader.web.asked) == 2


def test_a_fault_of_our_own_is_told_as_such(reader):
    reader.away = StorageFailed("The disk is full.")
    with pytest.raises(StorageFailed):
        reader.read()
    reader.away = None
    reader.read()


# The anchor lives on this server.


def test_what_is_anchored_here_is_read_without_http_and_a_second_old_at_most(reader):
    reader.publish_here()
    assert reader.read() == reader.old
    reader.change()
    reader.publish_here(version=6)
    assert reader.read() == reader.old
    reader.clock.advance(seconds=1)
    assert reader.read() == reader.new
    assert reader.web.asked == []


def test_a_space_here_of_another_anchor_is_refused_too(reader):
    reader.publish_here()
    reader.links.link = SimpleNamespace(url=URL, anchor=BOLT)
    reader.not_believed()
    assert reader.web.asked == []


def test_rulebooks_are_read_elsewhere_where_nobody_serves_them_here():
    reader = Reader("rulebook")
    reader.publish_here()
    directory = Directory(reader.db, reader.clock, reader.links, reader.local, reader.web, reader.keyring)
    assert run(directory.ruled("us")).rulebook.title == "Baltic"
    assert reader.web.asked == [f"{URL}/rulebook"]


# In several spaces.

NORTH = "https://north.example/spaces/north"


class TwoAnchors:
    """A member of two spaces, whose anchors can be away one by one."""

    def __init__(self):
        self.clock = ManualClock(NOON)
        self.keyring = Keyring(self.clock)
        self.away = set()
        self.listed = {URL: [ACME, BOLT], NORTH: [BOLT]}
        self.anchors = {URL: self.keyring.did("port"), NORTH: self.keyring.did("north")}
        self.urls = [URL, NORTH]
        self.directory = Directory(Memory(), self.clock, self, LocalStatements(), self, self.keyring)

    async def spaces_of(self, name):
        return [SimpleNamespace(url=url, anchor=self.anchors[url]) for url in self.urls]

    async def get(self, url, limit):
        space, _, what = url.rpartition("/")
        if space in self.away:
            raise PeerUnreachable("away")
        name = "port" if space == URL else "north"
        if what == "register":
            body = Register(space, [Member(did, f"Of {name}", ["provider"], NOON) for did in self.listed[space]], [], 1)
            return (await self.keyring.sign(name, REGISTER, body, version=1, lifetime=DAY)).encode()
        types = {"MembershipCredential": CredentialType(title="Membership", issuers=[TrustedIssuer(did=self.anchors[space])])}
        role = Role(title="Provider", credential="MembershipCredential")
        book = Rulebook(space=space, anchor=self.anchors[space], title=name, credentials=types, roles={"provider": role})
        return (await self.keyring.sign(name, RULEBOOK, book, version=1, lifetime=DAY)).encode()


@pytest.fixture
def two():
    return TwoAnchors()


def test_members_of_several_spaces_are_each_listed_once(two):
    found = {member.did: member.name for member in run(two.directory.members("us"))}
    assert found == {ACME: "Of port", BOLT: "Of port"}
    assert [member.did for member in run(two.directory.members("us", NORTH))] == [BOLT]
    assert run(two.directory.require("us", BOLT)).name == "Of port"


def test_where_one_anchor_is_away_the_other_space_goes_on(two):
    two.away = {URL}
    assert [member.did for member in run(two.directory.members("us"))] == [BOLT]
    assert [one.problem is None for one in run(two.directory.listings("us"))] == [False, True]
    assert [book.space for book in run(two.directory.rulebooks("us"))] == [NORTH]
    assert run(two.directory.require("us", BOLT)).did == BOLT
    with pytest.raises(Forbidden) as fault:
        run(two.directory.require("us", ACME))
    assert fault.value.rule == "anchor-unreachable", "it may be a member of the space that is not heard of"
    assert run(two.directory.naming("us", ACME)) == []
    two.away = {URL, NORTH}
    two.directory.forget(NORTH)
    two.clock.advance(seconds=10)
    with pytest.raises(Forbidden):
        run(two.directory.members("us"))


def test_a_register_that_was_read_before_still_tells_where_a_peer_is(two):
    assert run(two.directory.naming("us", BOLT)) == [URL, NORTH]
    two.away = {URL}
    two.clock.advance(hours=1)
    assert run(two.directory.naming("us", BOLT)) == [URL, NORTH]
    assert run(two.directory.naming("us", "did:web:nobody.example")) == []


def test_one_of_several_spaces_has_to_be_named(two):
    with pytest.raises(Invalid) as fault:
        run(two.directory.ruled("us"))
    assert (fault.value.rule, NORTH in fault.value.hint) == ("which-space", True)
    assert run(two.directory.rulebook("us", NORTH)).title == "north"
    with pytest.raises(Forbidden) as fault:
        run(two.directory.ruled("us", "https://elsewhere.example/spaces/x"))
    assert fault.value.rule == "no-space"


def test_what_one_of_the_spaces_believes_is_believed(two):
    trust = run(two.directory.trust("us"))

    def said_by(issuer):
        return Credential(profile=VC20, issuer=issuer, types=("MembershipCredential",), subjects=())

    assert trust.objection(said_by(two.anchors[NORTH])) is None
    assert trust.objection(said_by(two.anchors[URL])) is None
    assert "not trusted" in trust.objection(said_by(ACME))
