"""Openings and leases through their ports: what is counted, logged and handed out, in which order, and what a refusal leaves."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from hanse.client.reading.node import make_key, open_leased, public_key
from hanse.dcat.holding import DatasetVersion, Source
from hanse.evidence.dsse import seal
from hanse.evidence.statement import write_statement
from hanse.factory.opening.leases import LONGEST, MOST_OPENINGS, Lending, until_of
from hanse.factory.opening.openings import Openings
from hanse.factory.opening.records import Place, Unlocked
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from hanse.kernel.tenant import Tenant

ACME = Tenant("acme")
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
FACTORY = SigningKey.generate("did:web:factory.example#key-1")
PLACE = Place("hot", "cold")
DAY = timedelta(days=1)


class World:
    """Everything that opening needs, in memory; `told` is what happened, in order."""

    def __init__(self, uses=10, agreement="agr_1", ends=None, **derived):
        self.left = uses
        self.ends = ends
        self.told = []
        self.kept = {}
        self.now_ = NOW
        fields = {"name": "rain", "number": 1, "root": "ab" * 32, "count": 1, "size": 1, "stored": NOW, "agreement": agreement}
        version = DatasetVersion(tenant=ACME, **fields | derived)
        self.stored = Unlocked(version=version, manifest="acme/v/versions/m", key=b"k" * 32)
        self.leases = self
        self.lending = Lending(self, self, self.Uses(self), self, PLACE, self, self)
        self.openings = Openings(self, self, self.Uses(self), self, PLACE)

    class Uses:
        """Uses that are counted down."""

        def __init__(self, world):
            self.world = world

        async def open(self, tenant, agreements, action, stated, times=1):
            """Count so many under each, or none."""
            times *= len(agreements)
            if self.world.left < times:
                raise Forbidden("So many uses are not left.", rule="policy", where=agreements[-1] if len(agreements) > 1 else "agreement")
            self.world.left -= times
            self.world.told += ["counted"] * times
            return tuple(f"use_{self.world.left + number}" for number in range(times))

        async def close(self, tenant, id):
            """End one."""
            self.world.told.append(f"ended {id}")

        async def holds_until(self, tenant, agreements, action, stated):
            """Return the end."""
            return self.world.ends

    async def run(self, work):
        """A transaction, whose work runs twice, as a database may do."""
        kept, told = dict(self.kept), list(self.told)
        work(self)
        self.kept, self.told = kept, told
        return work(self)

    async def read(self, work):
        return work(self)

    async def unlocked(self, tenant, version):
        if version.partition("@")[0] != "rain":
            raise NotFound("There is no such version.")
        return self.stored

    def state(self, tx, tenant, subject, says):
        self.told.append(says)
        return seal(write_statement(subject, says), FACTORY.kid, FACTORY.sign_bytes).encode()

    def get(self, tenant, id):
        return self.kept.get((tenant, id))

    def put(self, lease):
        self.kept[lease.tenant, lease.id] = lease

    def page(self, tenant, *, after, limit):
        return list(self.kept.values())[:limit]

    def now(self):
        return self.now_

    def new(self, kind):
        return f"{kind}_{len(self.kept)}"

    def give(self, node, **changed):
        """Give a lease to a node."""
        said = {"action": "use", "stated": {}, "lasts": DAY, "openings": 3} | changed
        return asyncio.run(self.lending.give(ACME, "rain", public_key(node), **said))

    def back(self, id, log):
        """Take one back."""
        return asyncio.run(self.lending.take_back(ACME, id, log))


@pytest.fixture
def node(tmp_path):
    make_key(tmp_path / "node.key")
    return tmp_path / "node.key"


def open_times(world, node, file, times):
    """Open by a lease so often; return the node's log."""
    import msgspec

    lease = node.parent / "run.lease"
    lease.write_bytes(msgspec.json.encode(file))
    for _ in range(times):
        world.now_ += timedelta(minutes=1)
        open_leased("rain@1", lease, node, action=None, purpose="", clock=world)
    return (node.parent / "run.lease.log").read_bytes()


def kinds(world):
    return [one if isinstance(one, str) else type(one).__name__ for one in world.told]


def test_an_opening_is_counted_then_logged_and_only_then_is_there_a_key():
    world = World()
    opening = asyncio.run(world.openings.open(ACME, "rain", "train", {}, "op_1"))
    assert kinds(world) == ["counted", "Opened"]
    assert opening.unlocked.key == b"k" * 32
    assert (world.told[-1].use, world.told[-1].operator, world.told[-1].root) == (opening.uses[0], "op_1", "ab" * 32)
    assert "kkkk" not in repr(opening)


DERIVED = {
    "agreement": None,
    "under": ("agr_1", "agr_2"),
    "made_of": (Source("a@1", "a" * 64, ("agr_1",)), Source("b@1", "b" * 64, ("agr_1", "agr_2"))),
}


def test_a_derived_version_is_opened_and_lent_under_each_of_its_agreements(node):
    world = World(uses=10, **DERIVED)
    opening = asyncio.run(world.openings.open(ACME, "rain", "train", {}, "op_1"))
    assert kinds(world) == ["counted", "counted", "Opened", "Opened"]
    assert [(one.agreement, one.use) for one in world.told[-2:]] == list(zip(("agr_1", "agr_2"), opening.uses, strict=True))
    lease, file = world.give(node)
    assert (lease.agreements, len(lease.uses), file.terms.agreement) == (("agr_1", "agr_2"), 6, "agr_1")
    world.back(lease.id, open_times(world, node, file, 2))
    for kind in ("Leased", "Returned"):
        assert [one.agreement for one in world.told if type(one).__name__ == kind] == ["agr_1", "agr_2"]


def test_a_refusal_of_a_derived_version_names_the_agreement_and_the_input(node):
    world = World(uses=1, **DERIVED)
    for ask in (lambda: asyncio.run(world.openings.open(ACME, "rain", "train", {}, "op_1")), lambda: world.give(node)):
        with pytest.raises(Forbidden) as refused:
            ask()
        assert refused.value.message == "rain@1 is made of b@1, and stands under agr_2. So many uses are not left."
        assert (refused.value.where, refused.value.rule) == ("agr_2", "policy")
    assert kinds(world) == []


def test_what_is_refused_is_not_logged_as_opened_and_own_data_is_logged_without_a_use():
    world = World(uses=0)
    with pytest.raises(Forbidden):
        asyncio.run(world.openings.open(ACME, "rain", "train", {}, "op_1"))
    assert kinds(world) == []
    own = World(uses=0, agreement=None)
    assert asyncio.run(own.openings.open(ACME, "rain", "", {}, "op_1")).uses == ()
    assert kinds(own) == ["Opened"]


def test_all_openings_of_a_lease_are_counted_when_it_is_given(node):
    world = World(uses=10)
    lease, file = world.give(node, openings=4, stated={"purpose": "dpv:X"})
    assert world.left == 6
    assert kinds(world) == ["counted"] * 4 + ["Leased"]
    assert (file.terms.openings, file.terms.purpose, file.terms.until) == (4, "dpv:X", NOW + DAY)
    assert world.back(lease.id, b"").used == 0
    assert world.left == 6  # what was not used stays used
    assert sum(one.startswith("ended") for one in kinds(world)) == 4


def test_a_lease_lasts_no_longer_than_the_permission(node):
    assert World(ends=NOW + timedelta(hours=1)).give(node)[1].terms.until == NOW + timedelta(hours=1)
    assert World(ends=NOW + timedelta(days=9)).give(node)[1].terms.until == NOW + DAY
    assert World(ends=None).give(node, lasts=LONGEST)[1].terms.until == NOW + LONGEST


def test_a_lease_that_is_refused_is_none(node):
    world = World(uses=2)
    with pytest.raises(Forbidden):
        world.give(node, openings=3)
    assert world.kept == {}
    assert "Leased" not in kinds(world)
    assert kinds(world).count("counted") == sum(one.startswith("ended") for one in kinds(world))
    assert world.left == 2


@pytest.mark.parametrize(
    "changed",
    [{"openings": 0}, {"openings": MOST_OPENINGS + 1}, {"lasts": timedelta()}, {"lasts": LONGEST + timedelta(seconds=1)}, {"lasts": -DAY}],
)
def test_a_lease_has_bounds_and_nothing_is_counted_beyond_them(node, changed):
    world = World(uses=100_000)
    with pytest.raises(Invalid):
        world.give(node, **changed)
    assert world.left == 100_000


def test_a_private_key_another_curve_or_no_key_is_refused(node):
    world = World()
    private, public = json.loads(node.read_bytes()), public_key(node)
    for jwk in (private, public | {"crv": "P-384"}, public | {"x": "AAAA"}, {"kty": "oct", "k": "AAAA"}, {}):
        with pytest.raises(Invalid) as caught:
            asyncio.run(world.lending.give(ACME, "rain", jwk, action="use", stated={}, lasts=DAY, openings=1))
        assert str(private["d"]) not in str(caught.value)
    assert world.left == 10


def test_nothing_of_the_key_is_in_the_lease_but_for_the_node(node):
    import msgspec

    lease, file = World().give(node)
    raw = msgspec.json.encode(file)
    for secret in (b"kkkk", b"a2tr", b"versions/m", b'"hot"'):
        assert secret not in raw
    assert lease.statement in raw


def test_a_log_comes_back_once_and_the_same_again_is_the_same(node):
    world = World()
    lease, file = world.give(node)
    log = open_times(world, node, file, 2)
    with pytest.raises(Invalid, match="Line 2"):
        world.back(lease.id, log.replace(b'"number":2', b'"number":3'))
    with pytest.raises(NotFound):
        world.back("lea_none", log)
    back = world.back(lease.id, log)
    assert (back.used, back.gaps) == (2, ())
    assert world.back(lease.id, log) == back
    assert [one for one in kinds(world) if one == "Returned"] == ["Returned"]
    with pytest.raises(Conflict):
        world.back(lease.id, b"")


def test_how_a_lease_stands(node):
    lease, _ = World().give(node)
    assert until_of(lease, NOW) == "lent"
    assert until_of(lease, NOW + DAY) == "overdue"
    assert until_of(structs.replace(lease, returned=NOW), NOW + DAY) == "returned"
