"""`hanse plan` in a space with two providers: one priced, one free; and a factory that has prepared a version."""

from __future__ import annotations

import hashlib
import shlex
from xml.etree import ElementTree

import pytest

import hanse
from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.kernel.errors import NotFound
from hanse.odrl.names import TRAIN

PLAN = ("plan", "--parameters", "1000", "--languages", "de=0.75,fr=0.25")
"""20,000 tokens: 15,000 German, 5,000 French."""


@pytest.fixture(scope="module")
def goods(space):
    """Two providers' offers by name. Bob has acquired `base`, 4,000 bytes, and prepared 1,000 tokens of it: 0.25 for a byte."""
    space.run("participant", "add", "carol", "--root", str(space.data), "--join", who="host")
    free, health, law = ("--policy", "train"), ("--keyword", "Health"), ("--keyword", "law")
    german, french = ("--language", "de"), ("--language", "fr")
    made = {
        "base": space.offer("base.txt", *german, *health, "--licence", "cc-by-4.0", *free, body="x" * 4_000),
        "paid": space.offer("paid.txt", *german, *health, "--licence", "cc-by-4.0", "--policy", "train + pay 20 EUR", body="y" * 40_000),
        "rent": space.offer("rent.txt", *french, *law, "--policy", "train + rent 5 EUR per P30D", body="z" * 20_000),
        "unfit": space.offer("unfit.txt", *german, "--policy", "evaluate", body="v" * 20_000),
        "free": space.offer("free.txt", *german, *french, *law, "--licence", "CC0-1.0", *free, body="w" * 40_000, who="carol"),
    }
    query = f"id:{made['base']}"
    [item] = space.json("acquire", query, "--purpose", "train", "--yes", "--accept-declared", who="bob")["items"]
    return made | {"version": item["version"]}


@pytest.fixture(scope="module")
def ready(space, goods, tmp_path_factory):
    """Return the account of what bob prepared; the product is stored."""
    folder = tmp_path_factory.mktemp("product")
    folder.joinpath("train.bin").write_bytes(b"\1\2" * 1_000)
    digest = hashlib.sha256(b"\1\2" * 1_000).hexdigest()
    with hanse.Client(home=space.home, participant="bob") as client:
        with hanse.open(goods["version"], action="train", client=client):
            pass
        source = Source(goods["version"], client.facility.get(goods["version"]).root)
        first = StepAccount(step="decode", inputs=(source.root,), output="5" * 64, records_out=9, added=10, dropped={"broken": 1})
        counts = {"tokens": 1_000, "tokens-de": 1_000}
        root = root_of_files([Object("train.bin", digest, 2_000)])
        last = StepAccount(
            step="tokenise",
            code="hanse",
            parameters={"end": '"x"'},
            inputs=("5" * 64,),
            output=root,
            records_in=9,
            records_out=9,
            counts=counts,
        )
        told = Account(inputs=(source,), action=TRAIN, pipeline="c" * 64, steps=(first, last))
        assert client.preparations.store(folder, "base-ready", told).id == "base-ready@1"
    return told


def test_the_account_is_read_back_as_it_was_signed(space, goods, ready):
    with hanse.Client(home=space.home, participant="bob") as client:
        told = client.preparations.account("base-ready@1")
        shown = client.facility.get(goods["version"])
        assert (told.steps, told.action, told.pipeline) == (ready.steps, ready.action, ready.pipeline)
        assert [(one.version, one.root, one.under) for one in told.inputs] == [(shown.id, shown.root, tuple(shown.contracts))]
        assert (shown.languages, shown.licence, shown.keywords, shown.theme) == (("de",), "CC-BY-4.0", ("Health",), None)
        for unknown, rule in ((goods["version"], "no-account"), ("nothing@1", "not-found")):
            with pytest.raises(NotFound) as none:
                client.preparations.account(unknown)
            assert none.value.rule == rule
    with hanse.Client(home=space.home, participant="carol") as client, pytest.raises(NotFound):
        client.preparations.account("base-ready@1")


def test_what_is_missing_is_filled_by_what_is_free_and_then_by_what_is_priced(space, goods, ready, tmp_path):
    told = space.json(*PLAN, "--plot", str(tmp_path / "plan.svg"), who="bob")
    plan = told["plan"]
    german, french = plan["languages"]
    assert german == {"name": "de", "wanted": 15_000, "counted": 1_000, "estimated": 0, "offered": 15_000, "missing": 14_000}
    assert french == {"name": "fr", "wanted": 5_000, "counted": 0, "estimated": 0, "offered": 10_000, "missing": 5_000}
    assert plan["measured"] == {"tokens_per_byte": 0.25, "of": ["base-ready@1"]}
    assert [(one["entry"]["dataset"], one["tokens"], one["per_million"]) for one in plan["fills"]] == [
        (goods["free"], {"de": 5_000, "fr": 5_000}, "0"),
        (goods["paid"], {"de": 10_000}, "2000"),
    ]
    assert (plan["costs"], plan["unfilled"], plan["unpriced"]) == ([{"amount": "20", "currency": "EUR"}], {}, 0)
    assert told["left_out"] == {"held": 1, "terms": 1}
    assert [one["name"] for one in plan["licences"]] == ["CC-BY-4.0", "CC0-1.0", "not said"]
    assert ElementTree.parse(tmp_path / "plan.svg").getroot().get("viewBox") == "0 0 640 274"
    for line, dataset in zip(told["next"], (goods["free"], goods["paid"]), strict=True):
        hanse_, *words = shlex.split(line)
        order = space.json(*words, "--dry-run", who="bob")
        assert (hanse_, [one["dataset"] for one in order["items"]]) == ("hanse", [dataset])
        assert order["items"][0]["state"] == "candidate"


def test_domains_licences_and_a_budget_narrow_it(space, goods, ready):
    narrow = space.json(*PLAN, "--domain", "health", "--licence", "CC-BY-4.0", "--budget", "20EUR", who="bob")["plan"]
    assert [one["entry"]["dataset"] for one in narrow["fills"]] == [goods["paid"]]
    assert narrow["unfilled"] == {"de": 4_000, "fr": 5_000}
    assert [(one["name"], one["wanted"], one["counted"], one["missing"]) for one in narrow["domains"]] == [
        ("health", 20_000, 1_000, 19_000)
    ]
    poor = space.json(*PLAN, "--domain", "law", "--budget", "1EUR", who="bob")["plan"]
    assert poor["aside"] == {"another domain": 1_000}
    assert [one["entry"]["dataset"] for one in poor["fills"]] == [goods["free"]]
    here = space.json(*PLAN, "--no-search", who="bob")
    assert (here["order"], here["plan"]["unfilled"], here["next"]) == (None, {"de": 14_000, "fr": 5_000}, [])


def test_a_person_reads_it(space, goods, ready):
    shown = space.run(*PLAN, who="bob").output
    for words in (
        "A model of 1.0 k parameters wants 20.0 k tokens, 20 for each.",
        "WOULD FILL IT",
        "2000.00",
        "cost in all",
        "20 EUR",
        "held 1, terms 1; `hanse order explain ord_",
        "measured on base-ready@1",
        f"hanse acquire id:{goods['paid']} --purpose train --budget 20EUR",
    ):
        assert words in shown, shown
    assert "ON OFFER" in shown
    alone = space.run("plan", "--parameters", "50", "--languages", "de", who="bob").output
    assert "ON OFFER" not in alone, "nothing is missing, so nobody is asked"
    assert "still missing  nothing" in alone
    wrong = space.run("plan", "--parameters", "many", "--languages", "de", "--no-search", who="bob", code=1).output
    assert "--parameters" in wrong
    assert "7B" in wrong
    assert ".svg" in space.run(*PLAN, "--plot", "plan.png", who="bob", code=2).output
