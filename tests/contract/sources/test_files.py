"""Files and folders: what may be opened, and every way out that must stay shut."""

from __future__ import annotations

import asyncio
import os

import pytest

from hanse.dataplane.manifests import Manifests
from hanse.dataplane.records import Place
from hanse.kernel.errors import Forbidden, HanseError, Invalid, NotFound, SourceVanished
from hanse.sources.files import FileSources
from tests.unit.dataplane.world import ACME, OTHER, Memory


@pytest.fixture
def root(tmp_path):
    base = tmp_path.resolve()
    (base / "acme/set/sub").mkdir(parents=True)
    (base / "acme/set/b.txt").write_bytes(b"b")
    (base / "acme/set/sub/a.csv").write_bytes(b"1,2")
    (base / "acme/set/.hidden").write_bytes(b"key")
    (base / "acme/one.json").write_bytes(b"{}")
    (base / "secret.txt").write_bytes(b"secret")
    return base


@pytest.fixture
def sources(root):
    return FileSources(lambda tenant: [str(root / tenant)] if tenant == ACME else [], max_files=10)


def read(sources, place, path):
    async def work():
        opened = await sources.open(ACME, place, path)
        try:
            return await opened.read(0, 1000)
        finally:
            await opened.close()

    return asyncio.run(work())


def find(sources, place):
    return [found.path for found in asyncio.run(sources.find(ACME, place))]


def test_a_folder_and_a_file(sources, root):
    folder, file = Place("folder", str(root / "acme/set")), Place("file", str(root / "acme/one.json"))
    assert find(sources, folder) == ["b.txt", "sub/a.csv"]
    assert read(sources, folder, "sub/a.csv") == b"1,2"
    assert find(sources, file) == ["one.json"]
    assert read(sources, file, "one.json") == b"{}"
    sources.check(ACME, folder)


@pytest.mark.parametrize("at", ["secret.txt", "acme/../secret.txt", "acme/set/.hidden", "acme2/x", "", "acme/set/./../../secret.txt"])
def test_only_below_the_roots(sources, root, at):
    with pytest.raises(Forbidden):
        sources.check(ACME, Place("file", f"{root}/{at}"))


def test_no_roots_no_files(sources, root):
    with pytest.raises(Forbidden):
        sources.check(OTHER, Place("folder", str(root / "acme/set")))


@pytest.mark.parametrize("path", ["../one.json", "/etc/passwd", "sub/../b.txt", ".hidden", "sub//a.csv", "./b.txt", "a\0b", "sub", ""])
def test_paths_inside_stay_inside(sources, root, path):
    with pytest.raises(HanseError):
        read(sources, Place("folder", str(root / "acme/set")), path)


@pytest.mark.parametrize("link", ["set/link.txt", "linked"])
def test_links_lead_nowhere(sources, root, link):
    target = root / "secret.txt" if link.endswith(".txt") else root
    (root / "acme" / link).symlink_to(target)
    at = root / "acme" / link
    with pytest.raises(Forbidden, match="symbolic link"):
        sources.check(ACME, Place("file", str(at if link.endswith(".txt") else at / "secret.txt")))
    if link.endswith(".txt"):
        with pytest.raises(Invalid, match="symbolic link"):
            find(sources, Place("folder", str(root / "acme/set")))


def test_a_folder_swapped_for_a_link_after_the_listing(sources, root):
    place = Place("folder", str(root / "acme/set"))
    assert find(sources, place)
    (root / "acme/set/sub").rename(root / "acme/moved")
    (root / "elsewhere").mkdir()
    (root / "elsewhere/a.csv").write_bytes(b"secret")
    (root / "acme/set/sub").symlink_to(root / "elsewhere")
    with pytest.raises(Forbidden):
        read(sources, place, "sub/a.csv")


def test_special_files_are_refused_at_once(sources, root):
    os.mkfifo(root / "acme/pipe")
    with pytest.raises(Forbidden, match="regular file"):
        sources.check(ACME, Place("file", str(root / "acme/pipe")))
    os.mkfifo(root / "acme/set/pipe")
    with pytest.raises(Invalid, match="special file"):
        find(sources, Place("folder", str(root / "acme/set")))


@pytest.mark.parametrize("name", [b"bad\xff.txt", b"line\nbreak", b"back\\slash"])
def test_names_that_cannot_be_offered(sources, root, name):
    (root / "acme/set" / os.fsdecode(name)).write_bytes(b"")
    with pytest.raises(Invalid, match="name"):
        find(sources, Place("folder", str(root / "acme/set")))


def test_listings_are_bounded(sources, root):
    for index in range(20):
        (root / f"acme/set/{index}").write_bytes(b"")
    with pytest.raises(Invalid, match="more than 10"):
        find(sources, Place("folder", str(root / "acme/set")))
    deep = root / "acme/deep"
    (deep / "/".join(["d"] * 70)).mkdir(parents=True)
    with pytest.raises(Invalid, match="levels deep"):
        find(sources, Place("folder", str(deep)))


def test_what_is_gone(sources, root):
    with pytest.raises(SourceVanished):
        sources.check(ACME, Place("file", str(root / "acme/nope.txt")))
    with pytest.raises(NotFound):
        read(sources, Place("file", str(root / "acme/one.json")), "other.json")


def test_facts_come_from_the_files(sources, root):
    (root / "acme/set/README.md").write_text("# Weather\n\nHourly values of one station.\n\nlanguage: de\n")
    (root / "acme/set/LICENSE").write_text("Creative Commons\nAttribution 4.0 International\n")
    manifests = Manifests(Memory(), sources)
    seen = []
    facts = asyncio.run(manifests.inspect(ACME, Place("folder", str(root / "acme/set")), lambda done, total: seen.append((done, total))))
    assert (facts.files, facts.title, facts.description, facts.language) == (4, "Weather", "Hourly values of one station.", "de")
    assert facts.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert max(seen) == (facts.size, facts.size)
    single = asyncio.run(manifests.inspect(ACME, Place("file", str(root / "acme/one.json"))))
    assert (single.media_type, single.size) == ("application/json", 2)
    assert single.sha256 == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_only_what_changed_is_read_again(sources, root):
    memory = Memory()
    manifests = Manifests(memory, sources)
    place = Place("folder", str(root / "acme/set"))

    async def work():
        first = await manifests.current(ACME, "ds_1", place)
        (root / "acme/set/b.txt").write_bytes(b"changed")
        second = await manifests.current(ACME, "ds_1", place)
        fresh = await Manifests(memory, sources).current(ACME, "ds_1", place)  # as after a restart
        return first, second, fresh

    first, second, fresh = asyncio.run(work())
    assert first.id != second.id
    assert second == fresh
    assert first.files[1] == second.files[1]
