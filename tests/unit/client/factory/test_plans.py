"""What a plan is made of: versions with their accounts, items of an order that only plans."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hanse.client.factory.plans import plan, tokens_of
from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount
from hanse.kernel.errors import Invalid
from hanse.odrl.price import FREE, Cost, Price
from tests.unit.client.responder import NOW, Responder

ROOT = {"a@1": "a" * 64, "made@1": "b" * 64}


def version(id, **said):
    name, _, number = id.partition("@")
    plain = {"files": 1, "size": 100, "stored": NOW, "tier": "hot", "sums": "measured", "origin": {}, "root": ROOT.get(id, "c" * 64)}
    return plain | {"id": id, "name": name, "number": int(number)} | said


def item(number, **said):
    plain = {"run": 1, "state": "candidate", "why": "", "name": "n", "space": "s", "provider": "did:web:p", "provider_name": "P"}
    plain |= {"number": number, "dataset": f"ds_{number}", "title": f"T{number}", "cover": "covered", "cost": "free", "updated": NOW}
    return plain | {"size": 800, "languages": ["de"]} | said


def order(*items, **said):
    plain = {"id": "ord_1", "state": "PLANNED", "wish": {"query": "q"}, "by": "bob", "created": NOW, "updated": NOW, "items": list(items)}
    run = {"number": 1, "began": NOW, "asked": 3, "silent": [{"space": "s", "member": "did:web:x", "name": "X", "why": "no answer"}]}
    return plain | {"run": run} | said


def account(*counts):
    steps = tuple(StepAccount(step="s", inputs=("a" * 64,), output="b" * 64, counts=one) for one in counts)
    return Account(inputs=(Source("a@1", "a" * 64),), action="use", pipeline="c" * 64, steps=steps)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([{"records": 3}], (None, {})),
        ([{"tokens": 7}], (7, {})),
        ([{"tokens": 10, "tokens-de": 6, "tokens-fr": 4}], (10, {"de": 6, "fr": 4})),
        ([{"tokens-de": 6, "tokens-zh-Hant": 3, "tokens-und": 0}], (9, {"de": 6, "zh-Hant": 3})),
        # Packing counts the ends of documents, too: 14 in the proportion 6 to 4 are 8 and 5, and the one left over goes to the most.
        (
            [{"tokens": 10, "tokens-de": 6, "tokens-fr": 4}, {"tokens": 14, "tokens-padded": 2, "tokens-dropped": 9}],
            (14, {"de": 9, "fr": 5}),
        ),
        ([{"tokens": 10, "tokens-other": 10}, {"records": 1}], (10, {"und": 10})),
        ([{"tokens": 10, "tokens-de": 10}, {"tokens": 0}], (0, {"de": 0})),
    ],
)
def test_tokens_of_an_account(counts, found):
    assert tokens_of(account(*counts)) == found


def test_what_is_held_is_asked_for_with_its_accounts_and_what_is_missing_by_an_order():
    versions = [
        version("a@1", languages=["de"], licence="MIT", provider="did:web:p", dataset="ds_1"),
        version("made@1", made_of=[{"version": "a@1", "root": "a" * 64}]),
        version("lost@1", made_of=[{"version": "gone@1", "root": "d" * 64}]),
        version("gone@1", deleted=NOW),
    ]
    fine, wrong = {"about": "price", "fine": True}, {"about": "licence", "fine": False}
    items = [
        item(1),
        item(2, state="left-out", version="a@1"),
        item(3, state="left-out", reasons=[fine, wrong]),
        item(4, state="left-out", why="ord_0 is acquiring it already."),
        item(5, cost="7.50 EUR", licence="MIT", keywords=["Law"], risks=["personal"], declared=["x"]),
        item(6, cost="the payment depends on more than an amount", size=None),
        item(7, cost="9 EUR", agreement="agr_1"),
    ]
    answering = Responder(
        {
            "GET /facility/versions": {"items": versions},
            "GET /facility/versions/made%401/account": account({"tokens": 50, "tokens-de": 50}),
            "POST /orders": order(state="SEARCHING"),
            "GET /orders/ord_1": order(*items),
        }
    )
    found = answering.drive(plan("1e3", "de-AT,fr", licences=["MIT"], purpose=["train", "dpv:AcademicResearch"]))
    asked = [one for one in answering.requests if one.method == "POST"]
    assert len(asked) == 1
    assert b'"query":"language:de,fr"' in asked[0].body
    assert b'"dry_run":true' in asked[0].body
    assert (found.order, found.asked, [one.name for one in found.silent]) == ("ord_1", 3, ["X"])
    assert found.out == {"double or under way": 1, "held": 2, "licence": 1}
    german = found.plan.languages[0]
    assert (german.name, german.counted, found.plan.measured.tokens_per_byte) == ("de-at", 50, 0.5)
    [fill] = found.plan.fills
    assert (fill.entry.dataset, fill.entry.cost, fill.entry.topics) == ("ds_5", Cost(Price(Decimal("7.50"), "EUR")), ("law",))
    assert (fill.entry.risks, fill.entry.declared, fill.tokens) == (("personal",), ("x",), {"de-at": 400})
    free, priced, unknown = answering.drive(plan("1e3", "de,fr")).plan.fills
    assert (free.entry.dataset, free.entry.cost) == ("ds_7", FREE), "it was agreed on before"
    assert priced.entry.dataset == "ds_5"
    assert (unknown.tokens, unknown.entry.cost) == (None, Cost(unknown="the payment depends on more than an amount"))


def test_nobody_is_asked_for_nothing():
    answering = Responder({"GET /facility/versions": {"items": [version("a@1", languages=["de"], size=1_000)]}})
    enough = answering.drive(plan("1", "de"))
    assert (enough.order, enough.plan.unfilled) == (None, {})
    assert answering.drive(plan("1e9", "de", search=False)).order is None
    with pytest.raises(Invalid):
        answering.drive(plan("1e9", "de", budget="much"))
    assert {one.method for one in answering.requests} == {"GET"}
