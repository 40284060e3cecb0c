"""`hanse facility`: one's own data goes in, is looked at, verified, moved, written out and deleted."""

from __future__ import annotations

import random

import pytest


@pytest.fixture
def folder(space):
    """Return a folder of files of many sizes."""
    folder = space.data / "weather"
    if not folder.exists():
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "rain.csv").write_text("day,rain\n1,2\n")
        (folder / "empty.txt").touch()
        (folder / "deep" / "er" / "large.bin").write_bytes(random.Random(1).randbytes(5 << 20))
        for number in range(300):
            (folder / "deep" / f"{number}.txt").write_text(f"{number}\n")
    return folder


@pytest.fixture
def version(space, folder):
    """Return the id of that folder's version; importing it again gives the same."""
    return space.json("facility", "import", str(folder), "--name", "weather", "--place", "DE", "--rights", "CC-BY-4.0")["id"]


def test_a_folder_goes_in_and_comes_out(space, folder, version, tmp_path):
    assert version == "weather@1"
    shown = space.run("facility", "show", version).stdout
    assert "CC-BY-4.0" in shown
    assert "303" in shown
    assert "weather@1" in space.run("facility").stdout
    assert space.run("facility", "export", version, "--into", str(tmp_path / "out")).stdout
    written = {path.relative_to(tmp_path / "out"): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "something in that place" in space.run("facility", "export", version, "--into", str(tmp_path / "out"), code=1).output
    files = space.json("facility", "show", version, "--files")["files"]
    assert len(files) == 303
    assert "weather@1" in "".join(space.run("ledger").output.split())


def test_what_is_changed_on_the_disk_is_found_and_its_place_is_said(space, version):
    assert "Everything is as it was stored" in space.run("facility", "verify").stdout
    assert space.json("facility", "verify", version)["sound"] is True
    [pack] = [path for path in (space.home / "facility").rglob("packs/*") if path.stat().st_size > 1 << 20]
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    before = pack.read_bytes()
    pack.write_bytes(data)
    said = space.run("facility", "verify", version, code=1).output
    assert "weather@1 deep/er/large.bin from byte" in said
    assert space.json("facility", "verify", code=1)["count"] == 1
    pack.write_bytes(before)
    assert space.json("facility", "verify")["sound"] is True


def test_it_is_moved_to_the_cold_place_and_back(space, version, tmp_path):
    assert "cold" in space.run("facility", "tier", version, "cold").stdout
    assert list((space.home / "facility-cold").rglob("packs/*"))
    assert space.json("facility", "usage")["cold"] > 5 << 20
    assert space.run("facility", "export", version, "--into", str(tmp_path / "cold"))
    assert space.json("facility", "tier", version, "hot")["tier"] == "hot"
    assert "free" in space.run("facility", "collect").stdout
    assert space.json("facility", "verify")["sound"] is True


def test_others_see_nothing_of_it(space, version):
    assert "Nothing is stored" in space.run("facility", who="bob").output
    for words in (["show", version], ["delete", version, "--yes"], ["tier", version, "cold"], ["verify", version]):
        assert "no version" in space.run("facility", *words, who="bob", code=1).output


def test_what_cannot_go_in(space, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a").write_text("a")
    assert "allowed roots" in space.run("facility", "import", str(elsewhere), "--name", "a", who="bob", code=1).output
    bad = space.data / "bad"
    bad.mkdir()
    (bad / "link").symlink_to("/etc/passwd")
    assert "symbolic link" in space.run("facility", "import", str(bad), "--name", "bad", code=1).output
    (bad / "link").unlink()
    assert "no files" in space.run("facility", "import", str(bad), "--name", "bad", code=1).output
    (bad / "A").write_text("a")
    (bad / "a").write_text("a")
    assert "one file" in space.run("facility", "import", str(bad), "--name", "bad", code=1).output
    assert "cannot be the name" in space.run("facility", "import", str(bad), "--name", "B A D", code=1).output
    for words in (["show", "weather"], ["show", "weather@99"], ["export", "nothing@1", "--into", str(tmp_path / "x")]):
        space.run("facility", *words, code=1)


def test_a_deleted_version_is_gone_and_its_receipt_is_in_the_log(space):
    folder = space.data / "soon-gone"
    folder.mkdir()
    (folder / "secret.txt").write_text("a secret text\n")
    version = space.json("facility", "import", str(folder), "--name", "gone")["id"]
    gone = space.json("facility", "delete", version, "--reason", "not needed", "--yes")
    assert gone["deleted"]
    assert "deleted" in space.run("ledger", "show", gone["receipt"]).output
    assert "was deleted" in space.run("facility", "export", version, "--into", str(space.folder / "out"), code=1).output
    assert version not in space.run("facility", "list").stdout
    assert version in space.run("facility", "list", "--deleted").stdout
    assert space.json("facility", "show", version)["receipt"] == gone["receipt"]
