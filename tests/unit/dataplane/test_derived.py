"""Derived versions: made once, by whoever comes first; kept within a quota; gone with what they were made for."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import threading

import pytest
from msgspec.structs import replace

from hanse.dataplane.derived import Derived
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.records import Permit, Place
from hanse.dataplane.spool import KIND, Spool
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.kernel.errors import Forbidden, NotFound, NotReady, SourceVanished, StorageFailed
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from hanse.sources.files import FileSources
from hanse.sources.router import SourceRouter
from tests.unit.dataplane.world import ACME, CONSUMER, OTHER, Memory

MASK = Step(n.MASK, ("b",))


class Remote:
    """A source that is no local file: it has no descriptor, and each file may change while it is read."""

    def __init__(self, inner):
        self.inner = inner

    def check(self, tenant, place):
        self.inner.check(tenant, Place("file", place.at))

    async def find(self, tenant, place):
        return await self.inner.find(tenant, Place("file", place.at))

    async def open(self, tenant, place, path):
        opened = await self.inner.open(tenant, Place("file", place.at), path)
        return _RemoteFile(opened)


class _RemoteFile:
    fd = path = None

    def __init__(self, opened):
        self.stamp, self.read, self.changed, self.close = opened.stamp, opened.read, opened.changed, opened.close


class World:
    """One installation; `process` is one more server process on the same home."""

    def __init__(self, root, room=1 << 20):
        self.root = root
        self.room = room
        self.memory = Memory()
        (root / "acme").mkdir(parents=True)
        self.data = root / "acme/a.csv"
        self.data.write_bytes(b"a,b\n1,secret\n")

    def process(self, patience=5.0, recipients=None):
        files = FileSources(lambda tenant: [str(self.root / tenant)])
        spool = Spool(lambda tenant: self.root / "spool" / tenant, lambda tenant: self.room)
        sources = SourceRouter({"file": files, "folder": files, "http": Remote(files), KIND: spool})
        manifests = Manifests(self.memory, sources, spool)

        async def nobody(tenant, did):
            return None

        derived = Derived(
            manifests, sources, spool, lambda t, a: hashlib.sha256(a.encode()).digest(), recipients or nobody, patience=patience
        )
        derived.spool, derived.manifests, derived.sources = spool, manifests, sources
        return derived

    def permit(self, chain=(MASK,), agreement="agr_1", kind="file", name="a.csv"):
        return Permit("ds_1", Place(kind, str(self.root / "acme" / name)), None, CONSUMER, agreement, chain=chain)

    def versions(self):
        return sorted(path.parent for path in (self.root / "spool").rglob("version"))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path.resolve())


async def content(derived, permit, tenant=ACME, path="a.csv"):
    found = await derived.resolve(tenant, permit)
    opened = await derived.sources.open(tenant, found.place, path)
    data = await opened.read(0, 1 << 20)
    await opened.close()
    return data


def test_a_permit_without_steps_is_left_alone(world):
    permit = world.permit(())
    assert asyncio.run(world.process().resolve(ACME, permit)) is permit


def test_the_version_has_a_manifest_of_its_own(world):
    async def run():
        derived = world.process()
        found = await derived.resolve(ACME, world.permit())
        assert (found.chain, found.asset, found.consumer) == ((), "ds_1", CONSUMER)
        manifest = await derived.manifests.current(ACME, "ds_1", found.place)
        assert [(e.path, e.size, e.sha256) for e in manifest.files] == [("a.csv", 10, hashlib.sha256(b"a,b\n1,***\n").digest())]
        entry, opened = await derived.manifests.entry(ACME, "ds_1", found.place, "a.csv")
        assert opened.stamp.agrees(entry.stamp)
        assert opened.path is None
        await opened.close()
        with pytest.raises(NotFound):
            await derived.sources.open(ACME, found.place, "b.csv")
        record = derived.spool.version(ACME, found.place)
        original = await derived.manifests.current(ACME, "ds_1", world.permit().place)
        assert (record.agreement, record.source, record.chain) == ("agr_1", original.id, (MASK,))
        assert manifest.id != original.id

    asyncio.run(run())


def test_only_the_server_may_read_what_is_spooled(world):
    asyncio.run(content(world.process(), world.permit()))
    for path in (world.root / "spool/acme").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_version_lives_on_in_the_next_process(world):
    assert asyncio.run(content(world.process(), world.permit())) == b"a,b\n1,***\n"
    before = world.versions()[0].stat().st_ino
    assert asyncio.run(content(world.process(), world.permit())) == b"a,b\n1,***\n"
    assert world.versions()[0].stat().st_ino == before


def test_other_agreements_steps_and_participants_get_others(world):
    (world.root / "other").mkdir()

    async def run():
        derived = world.process()
        places = {(await derived.resolve(ACME, permit)).place for permit in (world.permit(), world.permit(agreement="agr_2"))}
        assert len(places) == 2
        found = await derived.resolve(ACME, world.permit())
        with pytest.raises(SourceVanished):
            await derived.sources.open(OTHER, found.place, "a.csv")

    asyncio.run(run())


@pytest.mark.parametrize("at", ["", "x", "../..", "../../etc/passwd", "a/../b", "/", "a/"])
def test_a_place_leads_nowhere_else(world, at):
    with pytest.raises(SourceVanished):
        world.process().sources.check(ACME, Place(KIND, at))


def test_when_the_source_changes_there_is_a_new_version_and_the_old_one_is_gone(world, monkeypatch):
    monkeypatch.setattr("hanse.dataplane.derived.FRESH", -1.0)

    async def run():
        derived = world.process()
        assert await content(derived, world.permit()) == b"a,b\n1,***\n"
        world.data.write_bytes(b"a,b\n2,secret\n3,x\n")
        assert await content(derived, world.permit()) == b"a,b\n2,***\n3,***\n"

    asyncio.run(run())
    assert len(world.versions()) == 1


def test_two_processes_make_it_once(world):
    async def run():
        one, two = world.process(), world.process()
        begun, held, tried, made = threading.Event(), threading.Event(), threading.Event(), []
        for derived in (one, two):
            finish = derived.spool.making

            def making(tenant, place, needed, finish=finish):
                return _slow(finish(tenant, place, needed), begun, held, made, tried)

            derived.spool.making = making
        first = asyncio.create_task(content(one, world.permit()))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.create_task(content(two, world.permit()))
        await asyncio.to_thread(tried.wait, 10)
        held.set()
        assert await asyncio.gather(first, second) == [b"a,b\n1,***\n"] * 2
        assert made[:2] == ["made", "left to the other"]
        assert made.count("made") == 1

    asyncio.run(run())


class _slow:  # noqa: N801 - a context manager
    def __init__(self, inner, begun, held, made, tried=None):
        self.inner, self.begun, self.held, self.made = inner, begun, held, made
        self.tried = tried or threading.Event()

    def __enter__(self):
        making = self.inner.__enter__()
        self.made.append("made" if making is not None else "left to the other")
        if making is None:
            self.tried.set()
        else:
            self.begun.set()
            self.held.wait(10)
        return making

    def __exit__(self, *error):
        return self.inner.__exit__(*error)


def test_a_source_that_is_no_local_file_is_copied_first_and_the_copy_goes(world):
    permit = world.permit((Step("anonymize", ("b",), 1 + 1),), kind="http")
    world.data.write_bytes(b"a,b\n1,x\n2,x\n3,y\n")
    assert asyncio.run(content(world.process(), permit)) == b"a,b\n1,x\n2,x\n"
    assert sum(len(list(path.iterdir())) for path in world.versions()) == 2


def test_what_cannot_be_changed_is_refused_and_that_is_remembered(world):
    async def run():
        derived = world.process()
        made = []
        finish = derived.spool.making
        derived.spool.making = lambda *args: made.append(args) or finish(*args)
        for _ in range(3):
            with pytest.raises(Unkeepable, match="phone"):
                await derived.resolve(ACME, world.permit((Step(n.MASK, ("phone",)),)))
        assert len(made) == 1
        with pytest.raises(Unkeepable):
            await derived.resolve(ACME, world.permit((Step(n.ENCRYPT),)))

    asyncio.run(run())
    assert not [path for path in (world.root / "spool").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_source_that_changes_while_it_is_read_releases_nothing(world):
    async def run():
        derived = world.process()
        finish = derived.spool.making

        def making(*args):
            world.data.write_bytes(b"a,b\n5,other\n")
            return finish(*args)

        derived.spool.making = making
        with pytest.raises(SourceVanished):
            await derived.resolve(ACME, world.permit())
        derived.spool.making = finish
        assert await content(derived, world.permit()) == b"a,b\n5,***\n"

    asyncio.run(run())


def test_who_does_not_wait_is_told_how_far_it_is(world):
    async def run():
        derived = world.process(patience=0.0)
        with pytest.raises(NotReady) as caught:
            await derived.resolve(ACME, world.permit())
        assert caught.value.retry_after >= 1
        found = await derived.resolve(ACME, world.permit(), until_made=True)
        assert found.place.kind == KIND

    asyncio.run(run())


def test_an_agreement_that_ends_stops_what_is_being_made(world):
    async def run():
        derived = world.process(patience=0.0)
        begun, held, made = threading.Event(), threading.Event(), []
        finish = derived.spool.making
        derived.spool.making = lambda *args: _slow(finish(*args), begun, held, made)
        with pytest.raises(NotReady):
            await derived.resolve(ACME, world.permit())
        await asyncio.to_thread(begun.wait, 10)
        waiting = asyncio.create_task(derived.resolve(ACME, world.permit(), until_made=True))
        await asyncio.sleep(0)
        derived.forget(ACME, "agr_1")
        held.set()
        with pytest.raises((Forbidden, StorageFailed)):
            await waiting

    asyncio.run(run())
    assert not world.versions()


def test_room_is_made_by_what_was_used_longest_ago(world):
    world.data.write_bytes(b"a,b\n" + b"1,x\n" * 10_000)
    world.room = 100_000

    async def run():
        derived = world.process()
        for number, agreement in enumerate(("one", "two", "three")):
            await derived.resolve(ACME, world.permit((Step(n.DROP, ("b",)),), agreement=agreement))
            for version in world.versions():
                if derived.spool.place(agreement, version.name).at.startswith(version.parent.name):
                    os.utime(version / "version", (number, number))
        for agreement in ("four", "five", "six"):
            await derived.resolve(ACME, world.permit((Step(n.DROP, ("b",)),), agreement=agreement))
        kept = {name for name, _ in derived.spool.agreements(ACME) if name}
        assert "one" not in kept
        assert {"five", "six"} <= kept

    asyncio.run(run())


def test_what_has_no_room_is_not_made(world):
    world.data.write_bytes(b"a,b\n" + b"1,x\n" * 100_000)
    world.room = 100_000
    with pytest.raises(StorageFailed) as caught:
        asyncio.run(world.process().resolve(ACME, world.permit()))
    assert caught.value.rule == "storage-full"
    assert not world.versions()


def test_what_grows_beyond_its_room_is_given_up(world):
    world.data.write_bytes(b"a,b\n" + b"".join(b"%d,\n" % i for i in range(20_000)))
    world.room = 200_000
    with pytest.raises(StorageFailed):
        asyncio.run(world.process().resolve(ACME, world.permit((Step(n.PSEUDONYMISE, ("a",)),))))
    assert not world.versions()


def test_the_sweep_takes_what_no_living_agreement_needs(world):
    async def alive(agreement):
        return agreement == "agr_2"

    async def run():
        derived = world.process()
        for agreement in ("agr_1", "agr_2"):
            await derived.resolve(ACME, world.permit(agreement=agreement))
        left = world.versions()[0].parent / ".0123456789abcdef"
        left.mkdir()
        (left / "half").write_bytes(b"half")
        await world.process().sweep(ACME, alive)
        assert {name for name, _ in derived.spool.agreements(ACME)} == {"agr_2"}
        assert not list((world.root / "spool").rglob("half"))

    asyncio.run(run())


def test_a_closed_server_stops_making(world):
    async def run():
        derived = world.process(patience=0.0)
        begun, held, made = threading.Event(), threading.Event(), []
        finish = derived.spool.making
        derived.spool.making = lambda *args: _slow(finish(*args), begun, held, made)
        with pytest.raises(NotReady):
            await derived.resolve(ACME, world.permit())
        await asyncio.to_thread(begun.wait, 10)
        held.set()
        await derived.close()

    asyncio.run(run())
    assert len(world.versions()) == 0


def test_the_permit_is_for_that_agreement(world):
    async def run():
        derived = world.process()
        one = await derived.resolve(ACME, world.permit())
        other = await derived.resolve(ACME, replace(world.permit(), agreement="agr_9"))
        assert one.place != other.place

    asyncio.run(run())
