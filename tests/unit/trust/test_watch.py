"""Whoever loses its standing while its data flows is cut off, within a minute and not before it has to be."""

import asyncio

import pytest

from hanse.kernel.errors import Forbidden, PeerUnreachable, StorageFailed
from hanse.trust.ports import Watched
from hanse.trust.watch import StandingWatch
from tests.unit.trust.world import FACTORY, SPACE, US, run

EVERY = 5


class Flowing:
    """The transfers under way, and what ends them."""

    def __init__(self):
        self.served, self.cuts, self.asked, self.has_cut = [], [], asyncio.Event(), asyncio.Event()
        self.trouble = self.stuck = None

    async def peers(self):
        self.asked.set()
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return list(self.served)

    async def cut(self, watched, reason):
        if watched == self.stuck:
            raise StorageFailed("The disk is full.")
        self.cuts.append((watched.peer, reason.rule))
        self.served.remove(watched)
        self.has_cut.set()


class Rights:
    """What the transfers of a world need: membership, and the credentials named by transfer."""

    def __init__(self, world):
        self.verifier, self.needs = world.verifier, {}

    async def check(self, watched):
        await self.verifier.standing(watched.tenant, watched.peer, self.needs.get(watched.transfer, ()))

    def relied_on(self, watched):
        return bool(self.verifier.known(watched.tenant, watched.peer, [SPACE]))


@pytest.fixture
def flowing():
    return Flowing()


@pytest.fixture
def watch(world, flowing):
    for peer in (world.acme, world.bolt):
        world.member(peer)
        world.admit(peer)
        flowing.served.append(Watched(US, peer.did, "trf_1"))
    return StandingWatch(Rights(world), flowing, flowing, every=3600)


def until_cut(world, flowing, watch, most=120):
    """Look every five seconds of the world's clock; return how many seconds it took until somebody was cut off."""
    for elapsed in range(0, most + 1, EVERY):
        run(watch.look())
        if flowing.cuts:
            return elapsed
        world.clock.advance(seconds=EVERY)
    return None


def test_who_stands_is_left_alone(world, flowing, watch):
    assert until_cut(world, flowing, watch, most=600) is None


@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_who_is_revoked_is_cut_off_within_a_minute(world, flowing, watch, purpose):
    world.port.flip(world.acme.holds[0], purpose)
    assert 0 < until_cut(world, flowing, watch) <= 60
    assert [peer for peer, _ in flowing.cuts] == [world.acme.did]
    assert [one.peer for one in flowing.served] == [world.bolt.did]


def test_who_is_revoked_is_cut_off_at_once_where_it_is_told(world, flowing, watch):
    world.port.flip(world.acme.holds[0])
    world.verifier.forget_list(world.port.space)
    run(watch.look())
    assert flowing.cuts == [(world.acme.did, "revoked")]


def test_who_withholds_the_list_wins_less_than_a_minute(world, flowing, watch):
    world.port.flip(world.acme.holds[0])
    world.away.add(world.port.url("revocation"))
    assert 40 <= until_cut(world, flowing, watch) <= 60
    assert flowing.cuts == [(world.acme.did, "status-unavailable"), (world.bolt.did, "status-unavailable")]


def test_a_list_that_is_away_for_ten_seconds_cuts_nobody_off(world, flowing, watch):
    world.clock.advance(seconds=34)
    world.away.add(world.port.url("revocation"))
    assert until_cut(world, flowing, watch, most=5) is None
    world.away.clear()
    assert until_cut(world, flowing, watch, most=600) is None


def test_a_list_that_never_comes_is_waited_for_no_longer_than_the_last_one_lasts(world, flowing, watch):
    impatient = StandingWatch(Rights(world), flowing, flowing, patience=0.01)
    fetch = world.fetch

    async def hang(request):
        if hasattr(request, "url"):
            await asyncio.Event().wait()
        return await fetch(request)

    world.fetch = hang
    assert 40 <= until_cut(world, flowing, impatient) <= 60
    assert {rule for _, rule in flowing.cuts} == {"unproved"}


def test_an_expired_credential_cuts_off(world, flowing, watch):
    world.acme.holds = []
    world.member(world.acme, days=1)
    world.admit(token="another")
    world.clock.advance(hours=23, minutes=59, seconds=58)
    for purpose in world.port.bits:
        world.port.publish(purpose)
    run(watch.look())
    assert flowing.cuts == []
    world.clock.advance(seconds=2)
    run(watch.look())
    assert flowing.cuts == [(world.acme.did, "expired")]


def test_a_new_rulebook_cuts_off(world, flowing, watch):
    world.current = Forbidden("The rulebook is not to be believed.", rule="rulebook-refused")
    run(watch.look())
    assert {rule for _, rule in flowing.cuts} == {"rulebook-refused"}


def test_who_never_presented_anything_is_cut_off(world, flowing, watch):
    world.db.tx.presented.rows.clear()
    world.verifier.forget_tenant(US)
    run(watch.look())
    assert {rule for _, rule in flowing.cuts} == {"not-presented"}


def test_only_what_needs_a_credential_is_cut_off_with_it(world, flowing, watch):
    factory = world.factory(world.acme)
    world.admit(needs=[FACTORY])
    needy = Watched(US, world.acme.did, "trf_2")
    flowing.served.append(needy)
    watch._rights.needs["trf_2"] = [FACTORY]
    world.port.flip(factory)
    world.verifier.forget_list(world.port.space)
    assert [(one, error.rule) for one, error in run(watch.check(flowing.served))] == [(needy, "revoked")]


def test_a_fault_of_our_own_cuts_off_only_when_nothing_is_known_any_more(world, flowing, watch):
    async def read(work):
        raise StorageFailed("The database is gone.")

    world.db.read = read
    world.clock.advance(seconds=40)
    run(watch.look())
    assert flowing.cuts == []
    world.clock.advance(seconds=5)
    run(watch.look())
    assert {rule for _, rule in flowing.cuts} == {"storage-failed"}


def test_one_that_cannot_be_cut_off_does_not_save_the_others(world, flowing, watch):
    flowing.stuck = flowing.served[0]
    world.current = Forbidden("The rulebook is not to be believed.", rule="rulebook-refused")
    run(watch.look())
    assert [peer for peer, _ in flowing.cuts] == [world.bolt.did]
    flowing.stuck = None
    run(watch.look())
    assert {peer for peer, _ in flowing.cuts} == {world.acme.did, world.bolt.did}


def test_the_watch_looks_when_it_begins_and_when_it_is_woken_and_survives_what_it_meets(world, flowing, watch):
    async def looked():
        await asyncio.wait_for(flowing.asked.wait(), 10)
        flowing.asked.clear()

    async def scene():
        for trouble in (None, PeerUnreachable("?"), RuntimeError("a mistake of ours")):
            flowing.trouble = trouble
            if trouble is None:
                watch.start()
            else:
                watch.wake()
            await looked()
        world.port.flip(world.acme.holds[0])
        world.verifier.forget_list(world.port.space)
        watch.wake()
        await looked()
        await asyncio.wait_for(flowing.has_cut.wait(), 10)
        await watch.stop()
        watch.wake()
        await asyncio.sleep(0)
        assert not flowing.asked.is_set()

    run(scene())
    assert flowing.cuts == [(world.acme.did, "revoked")]


def test_the_watch_looks_again_by_itself(world, flowing, watch):
    async def scene():
        often = StandingWatch(Rights(world), flowing, flowing, every=0)
        often.start()
        for _ in range(3):
            await asyncio.wait_for(flowing.asked.wait(), 10)
            flowing.asked.clear()
        await often.stop()

    run(scene())
