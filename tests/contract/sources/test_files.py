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


@pytest.mark.parametrize(
    ("home", "offered", "allowed"),
    [
        ("home", "home", False),
        ("home", "home/participants", False),
        ("home", ".", False),
        ("home", "other", True),
        ("home", "home/data", True),
        (".hanse", ".", True),
    ],
)
def test_the_servers_own_home_is_never_offered(tmp_path, home, offered, allowed):
    for name in (home, f"{home}/participants", f"{home}/data", "other"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "file.txt").write_text("x")
    sources = FileSources(lambda tenant: [str(tmp_path)], home=str(tmp_path / home))
    place = Place("folder", str(tmp_path / offered))
    if allowed:
        sources.check(ACME, place)
    else:
        with pytest.raises(Forbidden) as error:
            sources.check(ACME, place)
        assert error.value.rule == "home"


@pytest.fixture
def with_home(root):
    """Return sources whose one root holds the server's home folder, and the home."""
    home = root / "acme/home"
    (home / "data").mkdir(parents=True)
    (home / "participants/other/incoming").mkdir(parents=True)
    for name in ("master.key", "hanse.db", "data/a.csv", "participants/other/incoming/x"):
        (home / name).write_bytes(b"key")
    return FileSources(lambda tenant: [str(root / "acme"), str(home)], home=str(home)), home


@pytest.mark.parametrize("at", ["master.key", "hanse.db", "participants/other/incoming/x", "data/../master.key"])
def test_no_root_opens_the_home_of_the_server(with_home, at):
    sources, home = with_home
    with pytest.raises(Forbidden):
        sources.check(ACME, Place("file", str(home / at)))
    with pytest.raises((Forbidden, NotFound)):
        read(sources, Place("folder", str(home.parent)), f"home/{at}")


@pytest.mark.parametrize("at", ["", "..", "participants"])
def test_a_folder_that_is_or_holds_the_home_is_not_offered(with_home, at):
    sources, home = with_home
    with pytest.raises(Forbidden):
        find(sources, Place("folder", str((home / at).resolve())))


def test_a_link_as_root_does_not_lead_into_the_home(with_home, tmp_path):
    _, home = with_home
    (tmp_path / "link").symlink_to(home)
    sources = FileSources(lambda tenant: [str(tmp_path / "link")], home=str(home))
    with pytest.raises(Forbidden, match="home folder"):
        sources.check(ACME, Place("file", str(tmp_path / "link/master.key")))


def test_the_folder_for_data_in_the_home_may_be_offered(with_home):
    sources, home = with_home
    place = Place("folder", str(home / "data"))
    assert find(sources, place) == ["a.csv"]
    assert read(sources, place, "a.csv") == b"key"


def test_a_hidden_home_is_left_out_of_its_folder(root):
    (root / "acme/set/.hanse").mkdir()
    (root / "acme/set/.hanse/master.key").write_bytes(b"key")
    sources = FileSources(lambda tenant: [str(root / tenant)], home=str(root / "acme/set/.hanse"))
    assert find(sources, Place("folder", str(root / "acme/set"))) == ["b.txt", "sub/a.csv"]
