"""`hanse mirror` and `hanse offer --stored`: alice has a collection, bob is the factory, alice its user, too."""

from __future__ import annotations

import time

PASS_ON = 'members + pass-on "members + until 2035-01-01"'


def collection(space, name, policy=PASS_ON):
    """Offer a folder; return its id."""
    folder = space.data / name
    (folder / "deep").mkdir(parents=True)
    (folder / "rain.csv").write_text("day,rain\n1,2\n")
    (folder / "deep" / "text.txt").write_text("a text\n")
    return space.json("offer", str(folder), "--policy", policy)["id"]


def look(ask, done):
    """Look again and again until it is so; return what was seen."""
    for _ in range(100):
        found = ask()
        if done(found):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def reported(space, name):
    """Return the first report with a use: one that has just ended is settled a second later."""
    return look(lambda: space.json("mirror", "report", name, who="bob"), lambda one: one["uses"])


def test_a_collection_is_mirrored_refreshed_served_onward_and_ended(space, tmp_path):
    dataset = collection(space, "whole")
    assert "Nothing is mirrored" in space.run("mirror", who="bob").output
    more = ("--every", "6h", "--purpose", "ResearchAndDevelopment")
    made = space.json("mirror", "make", "alice", dataset, "--name", "whole", *more, who="bob")
    assert (made["version"], made["files"], made["every"], made["problem"]) == ("whole@1", 2, 21_600, "")
    assert "every 6h" in space.run("mirror", "list", who="bob").stdout
    assert "a mirror whole already" in space.run("mirror", "make", "alice", dataset, "--name", "whole", who="bob", code=1).output
    (space.data / "whole" / "rain.csv").write_text("day,rain\n1,3\n")
    refreshed = space.run("mirror", "refresh", "whole", who="bob").stdout
    assert "whole@2" in refreshed
    assert "day,rain" not in refreshed
    # It is served onward within the next policy, and no further.
    refused = space.run("offer", "--stored", "whole", "--policy", "members", who="bob", code=1).output
    assert "hanse policy diff" in refused
    onward = space.json("offer", "--stored", "whole", "--policy", "members + until 2030-01-01", who="bob")
    assert onward["derived_from"] == [made["contract"]]
    part = space.json("offer", "--stored", "whole@2/rain.csv", "--policy", "members + until 2030-01-01", who="bob")
    assert "whole@2/rain.csv" in space.run("offer", "show", part["id"], who="bob").stdout
    space.run("get", part["id"], "--from", "bob", "--into", str(tmp_path / "got"))
    [got] = [path for path in (tmp_path / "got").rglob("*") if path.is_file()]
    assert got.read_text() == "day,rain\n1,3\n"
    report = reported(space, "whole")
    assert (report["uses"], report["size"], len(report["users"])) == (1, 13, 1)
    assert "nothing to report" in space.run("mirror", "report", "whole", who="bob").output
    assert "1 use by 1 user" in " ".join(space.run("ledger").output.split())
    assert "by hand" in space.run("mirror", "schedule", "whole", "--by-hand", who="bob").stdout
    # Its end destroys what it held.
    ended = space.json("mirror", "end", "whole", "--reason", "Done.", "--yes", who="bob")
    assert (ended["state"], len(ended["receipts"]), ended["why"]) == ("ended", 2, "Done.")
    assert "Done." in space.run("mirror", "show", "whole", who="bob").stdout
    assert "whole@2" not in space.run("facility", "list", who="bob").stdout
    assert "has ended" in space.run("mirror", "refresh", "whole", who="bob", code=1).output
    assert "has ended" in space.run("mirror", "purge", "whole", "--yes", who="bob", code=1).output


def test_a_provider_recalls_its_data(space):
    dataset = collection(space, "recalled", "members")
    made = space.json("mirror", "make", "alice", dataset, "--name", "recalled", who="bob")
    assert "who gets data" in space.run("mirror", "recall", made["contract"], "--yes", who="bob", code=1).output
    assert "Asked" in space.run("mirror", "recall", made["contract"], "--reason", "We erred.", "--yes").stdout
    found = look(lambda: space.json("mirror", "show", "recalled", who="bob"), lambda one: one["state"] == "ended")
    assert "We erred." in found["why"]
    space.run("mirror", "recall", "agr_nonsense", "--yes", code=1)


def test_own_data_is_offered_from_the_facility(space, tmp_path):
    folder = space.data / "mine"
    folder.mkdir()
    (folder / "a.csv").write_text("a,b\n1,2\n")
    space.run("facility", "import", str(folder), "--name", "mine", who="bob")
    asset = space.json("offer", "--stored", "mine@1", who="bob")
    assert (asset["source"]["version"], asset["dataset"]["title"], asset["derived_from"]) == ("mine@1", "mine@1", [])
    space.run("get", asset["id"], "--from", "bob", "--into", str(tmp_path / "got"))
    assert [path.read_text() for path in (tmp_path / "got").rglob("*.csv")] == ["a,b\n1,2\n"]


def test_what_is_wrong_is_said(space):
    dataset = collection(space, "wrong", "members")
    for words, said in (
        (["make", "alice", dataset, "--name", "W R"], "cannot be the name"),
        (["make", "alice", dataset, "--name", "x", "--every", "1m"], ""),
        (["make", "alice", "ds_nothing", "--name", "x"], "no dataset"),
        (["make", "nobody", dataset, "--name", "x"], "no member"),
        (["make", "alice", dataset, "--name", "x", "--purpose", "Nonsense"], ""),
        (["show", "nothing"], "no mirror"),
        (["schedule", "nothing", "--keep", "2"], "no mirror"),
    ):
        assert said in space.run("mirror", *words, who="bob", code=1).output
    space.run("mirror", "make", "alice", dataset, "--name", "x", "--every", "soon", who="bob", code=2)
    space.run("offer", who="bob", code=2)
    space.run("offer", str(space.data), "--stored", "mine@1", who="bob", code=2)
    assert "name@number" in space.run("offer", "--stored", "nonsense@x", who="bob", code=1).output
    priced = space.json("offer", str(space.data / "wrong"), "--policy", "members + pay 10 EUR")["id"]
    refused = space.run("mirror", "make", "alice", priced, "--name", "x", who="bob", code=1).output
    assert "costs something" in refused
