"""Orders from the command line: what is planned, what is asked, and why something is left out."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def goods(space):
    """Offer a few datasets of alice's; bob orders."""
    return {
        "free": space.offer("rain.csv", "--title", "Rain in Delft", "--policy", "train", body="a\n1\n"),
        "paid": space.offer("snow.csv", "--title", "Snow in Delft", "--policy", "train + pay 20 EUR", body="a\n2\n"),
        "rent": space.offer("wind.csv", "--title", "Wind in Delft", "--policy", "train + rent 5 EUR per P30D", body="a\n3\n"),
        "other": space.offer("fog.csv", "--title", "Fog in Delft", "--policy", "evaluate", body="a\n4\n"),
    }


def acquire(space, *words, code=0):
    return space.json("acquire", *words, who="bob", code=code)


def by_dataset(order):
    return {item["dataset"]: item for item in order["items"]}


def test_a_dry_run_shows_the_plan(space, goods):
    order = acquire(space, "delft", "--purpose", "train", "--budget", "50EUR", "--dry-run", "--accept-declared")
    assert order["state"] == "PLANNED"
    found = by_dataset(order)
    assert {name: found[id]["state"] for name, id in goods.items()} == {
        "free": "candidate",
        "paid": "candidate",
        "rent": "candidate",
        "other": "left-out",
    }
    assert (found[goods["paid"]]["price"], order["totals"]["cost"], order["totals"]["unknown_prices"]) == ("20 EUR", ["20 EUR"], 1)
    shown = space.run("order", "show", order["id"], who="bob").stdout
    assert "Snow in Delft" in shown
    assert "20 EUR and 1 unknown" in shown
    told = space.run("order", "explain", order["id"], who="bob").stdout
    assert "Its terms do not cover train" in told


def test_an_order_is_carried_out_and_what_is_held_is_not_bought_again(space, goods):
    order = acquire(space, "rain", "--purpose", "train", "--yes", "--accept-declared")
    (item,) = order["items"]
    assert (order["state"], item["state"], item["done"]) == ("DONE", "done", 4)
    assert item["version"].endswith("@1")
    again = acquire(space, "rain", "--purpose", "train", "--yes", "--accept-declared")
    assert [one["state"] for one in again["items"]] == ["left-out"]
    assert f"held already, as {item['version']} under {item['agreement']}" in again["items"][0]["why"]


def test_a_question_ends_with_the_code_for_waiting_and_a_person_decides(space, goods):
    order = acquire(space, "wind", "--purpose", "train", "--budget", "50EUR", "--yes", "--accept-declared", code=3)
    (item,) = order["items"]
    assert [question["about"] for question in item["questions"]] == ["price"]
    shown = space.run("order", "show", order["id"], who="bob", code=3).stdout
    assert f"hanse order approve {order['id']} 1" in shown
    done = space.json("order", "refuse", order["id"], "1", "--reason", "Too dear.", who="bob")
    assert (done["state"], done["items"][0]["state"], done["items"][0]["why"]) == ("DONE", "refused", "Too dear.")
    assert order["id"] in space.run("order", "list", who="bob").stdout


def test_a_plan_is_asked_for_without_yes(space, goods):
    order = acquire(space, "snow", "--purpose", "train", "--accept-declared", "--budget", "20EUR", code=3)
    assert [question["about"] for question in order["items"][0]["questions"]] == ["plan"]
    space.json("order", "cancel", order["id"], who="bob")
    ended = space.json("order", "show", order["id"], who="bob")
    assert (ended["state"], ended["items"][0]["state"]) == ("CANCELLED", "cancelled")


def test_an_order_file_is_strict_and_names_the_line(space, tmp_path):
    file = tmp_path / "order.yaml"
    file.write_text("query: delft\npurpose: train\nbudgets: 5EUR\n")
    told = space.run("acquire", "-f", str(file), who="bob", code=1).output
    assert "Line 3" in told
    assert "budgets" in told
    file.write_text("query: delft\npurpose: train\nbudget: 50EUR\naccept-declared: true\ndry-run: true\nmax-size: 1kB\n")
    assert acquire(space, "-f", str(file))["state"] == "PLANNED"


def test_a_link_is_measured(space):
    speed = space.json("order", "measure", "alice", who="bob")
    assert 0 < speed["latency"] < 5
    assert "ms" in space.run("order", "measure", "alice", who="bob").stdout


def test_another_participant_does_not_see_it(space):
    order = acquire(space, "delft", "--dry-run")
    assert "There is no order" in space.run("order", "show", order["id"], who="alice", code=1).output


def test_a_standing_order_waits_for_its_next_run_and_is_revoked(space, goods):
    order = acquire(space, "fog", "--purpose", "train", "--standing", "--every", "1h", "--yes")
    assert (order["state"], order["run"]["number"]) == ("WAITING", 1)
    assert space.json("order", "revoke", order["id"], who="bob")["state"] == "CANCELLED"
    story = space.run("explain", order["id"], who="bob").stdout
    assert "revoked" in story


def test_the_members_of_all_spaces_are_asked(space):
    space.run("participant", "add", "carol", "--root", str(space.data), who="host")
    founded = space.json("anchor", "found", "harbour", "The Harbour", who="carol")
    url = founded["url"]
    space.run("join", url, who="carol", code=None)
    code = space.json("anchor", "invite", "--role", "provider", "--role", "consumer", who="carol")["code"]
    space.run("join", url, "--invitation", code, who="bob")
    here = space.offer("hail.csv", "--title", "Ice on the Schie", "--policy", "train", body="a\n5\n")
    there = space.offer("sleet.csv", "--title", "Ice on the Maas", "--policy", "train", body="a\n6\n", who="carol")
    order = acquire(space, "ice", "--purpose", "train", "--yes", "--accept-declared")
    found = by_dataset(order)
    assert (found[here]["state"], found[there]["state"]) == ("done", "done")
    assert found[there]["space"] == url
    assert found[here]["space"] != url
    assert len(order["run"]["spaces"]) == 2
