"""`hanse link`: one line per requirement, sizes and dates as they are typed, and the exit code."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.test_trust import NOW, desk, run  # noqa: F401 - fixtures

HARBOUR = "https://x/spaces/harbour"
MET, UNMET, UNKNOWN = (
    {"what": f"a {word}", "met": met, "how": "So."} for word, met in (("first", True), ("second", False), ("third", None))
)
LINK = {"space": HARBOUR, "mode": "participant", "set": False, "since": NOW, "rights": ["acquire"], "needs": [MET], "contracts": 2}


@pytest.mark.parametrize(("needs", "code"), [([MET], 0), ([MET, UNMET], 1), ([UNKNOWN], 1)])
def test_needs_are_a_line_each_and_end_with_1_if_something_is_missing(desk, run, needs, code):  # noqa: F811
    desk.answers["POST /links/needs"] = {"mode": "own-role", "needs": needs, "rights": ["acquire", "mirror"]}
    done = run("link", "needs", "own-role", "--space", "harbour", code=code)
    lines = {"a first": "      met  a first. So.", "a second": "  not met  a second. So.", "a third": "not known  a third. So."}
    for one in needs:
        assert lines[one["what"]] in done.stdout
    assert desk.asked[-1][2] == {"mode": "own-role", "space": "harbour"}
    assert json.loads(run("link", "needs", "own-role", "--json", code=code).stdout)["needs"] == needs


def test_without_a_mode_it_is_the_next_one(desk, run):  # noqa: F811
    desk.answers["GET /links/one"] = LINK | {"next": {"mode": "own-role", "needs": [UNMET], "rights": ["mirror"]}}
    assert "The mode own-role needs:" in run("link", "needs", code=1).stdout
    desk.answers["GET /links/one"] = LINK | {"mode": "automated", "next": None}
    assert "name one" in run("link", "needs", code=2).stderr


def test_a_link_is_shown_with_what_it_allows(desk, run):  # noqa: F811
    limits = {"budget": "5 EUR", "datasets": 3, "size": 2_000_000, "days": 7}
    desk.answers["GET /links/one"] = LINK | {"limits": limits, "set": True, "without": ["ds_1"]}
    shown = run("link", "harbour").stdout
    for part in (
        "mode        participant\n",
        "allows now  acquire",
        "contracts   2",
        "5 EUR, 3 datasets, 2.0 MB in 7 days",
        "left out    ds_1",
    ):
        assert part in shown
    desk.answers["GET /links/one"] = LINK
    assert "mode        participant (not chosen: as any member)" in run("link", "show").stdout


def test_what_is_set_is_sent_as_it_was_typed(desk, run):  # noqa: F811
    desk.answers["POST /links"] = {"space": HARBOUR, "mode": "automated", "kept": ["agr_1"], "new": ["It takes none."]}
    typed = ("--budget", "500EUR", "--size", "2TB", "--datasets", "20", "--days", "7", "--without", "ds_1", "--without", "did:web:x")
    done = run("link", "set", "automated", "--space", "harbour", *typed)
    limits = {"budget": "500EUR", "size": 2 * 10**12, "datasets": 20, "days": 7}
    assert desk.asked[-1][2] == {"mode": "automated", "space": "harbour", "limits": limits, "without": ["ds_1", "did:web:x"]}
    assert "1 contract stands as before: agr_1." in done.stdout
    assert "It takes none." in done.stdout
    run("link", "set", "ad-hoc", "--project", "flood", "--until", "2030-01-01")
    assert desk.asked[-1][2] == {"mode": "ad-hoc", "project": "flood", "until": "2030-01-01T00:00:00+00:00"}
    for wrong in ("2 barrels", "TB", "1.5TB"):
        assert "is no size" in run("link", "set", "automated", "--size", wrong, code=2).stderr
    assert "somehow" in run("link", "set", "somehow", code=2).stderr


def test_an_end_asks_a_person_and_tells_what_ended(desk, run):  # noqa: F811
    desk.answers["POST /links/end"] = {"space": HARBOUR, "contracts": ["agr_1"], "orders": ["ord_1"], "kept": ["agr_2"]}
    assert "Add --yes" in run("link", "end", "harbour", code=1).stderr
    assert desk.asked == []
    told = run("link", "end", "harbour", "--yes", "--reason", "Over.").stdout
    assert desk.asked[-1][2] == {"space": "harbour", "reason": "Over."}
    for part in ("Contracts ended: agr_1.", "Standing orders revoked: ord_1.", "Contracts kept: agr_2."):
        assert part in told


def test_several_spaces_are_all_shown_and_the_one_to_leave_is_named(desk, run):  # noqa: F811
    one = {"anchor": "did:web:x", "joined": NOW, "state": "member", "members": 2}
    spaces = [one | {"url": HARBOUR}, one | {"url": "https://y/spaces/meadow", "state": "pending"}]
    participant = {"name": "bob", "did": "did:web:x:bob", "title": "Bob", "created": NOW}
    desk.answers["GET /status"] = {"version": "1", "uptime_seconds": 1, "database": "SQLite", "participant": participant, "spaces": spaces}
    desk.answers["GET /members"] = {
        "items": [{"did": "did:web:z", "name": "Zoo", "since": NOW, "spaces": [HARBOUR, "https://y/spaces/meadow"]}]
    }
    shown = run("status", "--members").stdout
    for part in (f"{HARBOUR} (member)", "https://y/spaces/meadow (applied, waits for the anchor)", "harbour, meadow"):
        assert part in shown
    desk.answers["POST /space/leave"] = {"state": "left", "steps": ["One."]}
    run("leave", "harbour", "--yes")
    assert desk.asked[-1][2] == {"url": "harbour"}


def test_a_space_that_was_not_joined_is_looked_into(desk, run):  # noqa: F811
    desk.answers["GET /spaces"] = {"items": []}
    role = {"name": "ai-factory", "title": "AI factory", "needs": ["LegalEntityCredential"], "trust": ["mirror"]}
    desk.answers["POST /space/look"] = {
        "url": HARBOUR, "title": "The Harbour", "anchor": "did:web:x", "joined": False, "rulebook": 3, "decided_by": "1 operator",
        "members": [{"did": "did:web:z", "name": "Zoo", "roles": ["provider"], "since": NOW}], "roles": [role],
        "closed": {"did:web:z": "No."},
    }  # fmt: skip
    done = run("catalog", "--space", HARBOUR, "--filter", "language=de")
    for part in ("The Harbour", "ai-factory", "LegalEntityCredential", "mirror", "did:web:z"):
        assert part in done.stdout
    assert "hanse join https://x/spaces/harbour --check" in done.stderr
    assert desk.asked[-1][2] == {"url": HARBOUR, "offers": True, "filter": [{"language": "de"}]}
