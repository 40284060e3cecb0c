"""`hanse acquire` and `hanse order`: what is said at the end, where a mistake is, and the exit code."""

from __future__ import annotations

import pytest

from tests.unit.cli.test_trust import NOW, desk, run  # noqa: F401 - fixtures

ID = "ord_06f9k2q4m8s1t5v7w9x3yz"
ITEM = {
    "number": 1,
    "run": 1,
    "why": "",
    "name": "rain-1",
    "space": "https://x/spaces/home",
    "provider": "did:web:x:participants:zoo",
    "provider_name": "Zoo",
    "dataset": "ds_1",
    "title": "Rain",
    "cover": "covered",
    "cost": "free",
    "updated": NOW,
}


def order(state, *items, query="rain"):
    wish = {"query": query, "action": "urn:hanse:odrl:train", "purpose": "dpv:AcademicResearch"}
    search = {"number": 1, "began": NOW, "ended": NOW, "spaces": ["https://x/spaces/home"], "asked": 2}
    return {
        "id": ID,
        "state": state,
        "wish": wish,
        "by": "eva",
        "created": NOW,
        "updated": NOW,
        "run": search,
        "totals": {},
        "items": [ITEM | item for item in items],
    }


def shown(desk, run, state, *items, code=0, **more):  # noqa: F811
    desk.answers[f"GET /orders/{ID}"] = order(state, *items, **more)
    return run("order", "show", ID, code=code)


def test_what_is_stored_is_named_and_how_it_is_opened(desk, run):  # noqa: F811
    done = shown(desk, run, "DONE", {"state": "done", "version": "rain-1@2", "price": "5 EUR"})
    assert "1 is stored as rain-1@2" in done.stdout
    assert "5 EUR" not in done.stdout, "it cost nothing, whatever was approved"
    assert "hanse open rain-1@2 --action train --purpose dpv:AcademicResearch" in done.stderr


@pytest.mark.parametrize(("version", "code"), [(None, 1), ("rain-1@1", 0)])
def test_nothing_acquired_is_a_failure_unless_it_is_held(desk, run, version, code):  # noqa: F811
    done = shown(desk, run, "DONE", {"state": "left-out", "why": "Because.", "version": version}, code=code)
    assert "1 Rain: Because." in done.stdout
    assert ("hanse open rain-1@1" in done.stderr) == (version is not None)


def test_nothing_found_says_what_is_looked_at(desk, run):  # noqa: F811
    done = shown(desk, run, "DONE", code=1, query="title:Rain")
    assert "Nothing was found: every word" in done.stdout
    assert "whole titles" in done.stderr


def test_a_dry_run_says_how_to_go_on(desk, run):  # noqa: F811
    assert "The same without --dry-run orders it." in shown(desk, run, "PLANNED", {"state": "candidate"}).stderr


def test_an_item_that_is_not_there(desk, run):  # noqa: F811
    desk.answers[f"GET /orders/{ID}"] = order("DONE", {"state": "done", "version": "rain-1@2"})
    assert f"{ID} has no item 7." in run("order", "explain", ID, "7", code=1).stderr


def test_ids_stay_whole_in_a_narrow_table(desk, run):  # noqa: F811
    desk.answers["GET /orders"] = {"items": [order("DONE", query="keyword:weather,transport,economy,manuals and more")]}
    assert ID in run("order", "list").stdout


@pytest.mark.parametrize(
    ("words", "where", "said"),
    [
        (["--purpose", "trian"], "--purpose", "Near: train"),
        (["--budget", "500"], "--budget", "500EUR"),
        (["--max-size", "big"], "--max-size", "10GB"),
        (["--every", "6h"], "--every", "--standing"),
        (["--total-budget", "5EUR"], "--total-budget", "--standing"),
    ],
)
def test_a_mistake_is_named_as_it_was_typed(run, words, where, said):  # noqa: F811
    done = run("acquire", "rain", *words, code=1)
    assert f"where: {where}\n" in done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("query: rain\nlicense: mit\n", "license", "Perhaps `licence` is meant."),
        ("query: rain\nmax_size: 1GB\n", "max_size", "Perhaps `max-size` is meant."),
        ("query: rain\nbudget: 50\n", "budget", "500EUR"),
        ("query: rain\nevery: 6h\n", "every", "`standing: true`"),
        ("purpose: train\n", "query", "Line 1: `query` is missing."),
    ],
)
def test_a_mistake_in_a_file_is_named_by_file_line_and_field(run, tmp_path, text, where, said):  # noqa: F811
    file = tmp_path / "order.yaml"
    file.write_text(text)
    done = run("acquire", "-f", str(file), code=1)
    assert f"where: {file}: {where}\n" in done.stderr
    assert said in done.stderr


def test_the_status_says_which_orders_wait_for_a_person(desk, run):  # noqa: F811
    counts = {"assets": 1}
    did = "did:web:x:participants:zoo"
    participant = {"name": "zoo", "title": "Zoo", "did": did, "created": NOW}
    desk.answers["GET /status"] = {
        "version": "1",
        "database": "SQLite",
        "uptime_seconds": 1,
        "participant": participant,
        "counts": counts,
        "credentials": [],
    }
    desk.answers["GET /orders"] = {"items": [order("ASKING"), order("DONE"), order("ASKING"), order("WAITING")]}
    desk.answers["GET /facility/usage"] = {"hot": 1, "cold": 0, "staged": 0, "content": 2_000_000, "versions": 2, "quota": 9}
    shown = run("status").stdout
    assert "2 waiting for a person, 1 standing: `hanse order list`" in shown
    assert "2 versions, 2.0 MB" in shown


def test_a_version_is_deleted_only_when_somebody_says_so(desk, run):  # noqa: F811
    assert "--yes" in run("facility", "delete", "rain@1", code=1).stderr
    assert not desk.asked
