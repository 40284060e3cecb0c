"""Hostile policies through the management interface: whoever writes policies may have got them from a stranger."""

from __future__ import annotations

import time

import pytest

from tests.scenarios.attacks.policies.hostile import REFUSED, UNDECIDABLE, raw
from tests.scenarios.attacks.town import check_problem

BODIES = {
    "check": lambda terms: {"terms": [terms]},
    "simulate": lambda terms: {"terms": terms},
    "translate": lambda terms: {"terms": terms, "language": "de"},
    "match": lambda terms: {"wanted": terms, "offer": terms},
    "diff": lambda terms: {"first": terms, "second": "members"},
}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.usefixtures("unchanged")
def test_what_only_looks_at_policies_bears_them_all(town, path):
    for name, terms in (REFUSED | UNDECIDABLE).items():
        began = time.process_time()
        answer = town.operators["acme"].ask("POST", f"/policies/{path}", content=raw(BODIES[path](terms)), headers=JSON)
        assert time.process_time() - began < 10, name
        if answer.status_code != 200:
            body = check_problem(answer, 400, 413, 422)
            assert len(answer.content) < 5_000
            assert body["detail"]


NAMES = ("Jinja", "format", "SQL", "a sentence of ours", "a regular expression", "direction", "shell", "Python", "SPARQL", "NUL")
"""What only has odd names in it: a purpose or an event may be called anything, and stays a name."""
MEANT = ("bare number", "no list", "bare fraction", "many values", "many duties", "long parties")
"""JSON-LD has numbers and single values, and the others are only large."""
OFFERED = [name for name in (*REFUSED, *UNDECIDABLE) if name not in (*NAMES, *MEANT)]


@pytest.mark.usefixtures("unchanged")
def test_no_offer_is_made_of_them(town):
    source = {"kind": "file", "path": str(town.roots["acme"] / "rain.csv")}
    for name in OFFERED:
        body = {"source": source, "terms": [(REFUSED | UNDECIDABLE)[name]]}
        began = time.process_time()
        answer = town.operators["acme"].ask("POST", "/assets", content=raw(body), headers=JSON)
        assert time.process_time() - began < 10, name
        check_problem(answer, 400, 413, 422)


ODD = [
    "members + count 1e9",
    "count 99999999999999999999",
    "until 10000-01-01",
    "for P99999999999Y",
    "members " * 2000,
    '"' * 999,
    "+" * 999,
]
ODD += [
    "mask {{7*7}}",
    "purpose $(id)",
    "\u202emembers",
    "members\0",
    "ｍembers",
    "claim X $..a = b",
    "pay NaN EUR",
    "pay 1e99 EUR",
    "volume 9e99 GB",
]


@pytest.mark.parametrize("template", ODD)
def test_odd_templates_are_refused_or_are_names(town, template):
    answer = town.operators["acme"].ask("POST", "/policies/check", {"terms": [template]})
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert "49" not in answer.text
    else:
        check_problem(answer, 422)


@pytest.mark.parametrize(
    "fact", [{"count": "1e999999999"}, {"count": ["1"] * 64}, {"urn:x": "1"}, {"payAmount": "NaN EUR"}, {"elapsedTime": "P99999Y"}]
)
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-25T00:00:00Z"])
def test_simulation_bears_odd_facts_and_moments(town, fact, at):
    terms = "members + count 3 + for P30D + until 2099-01-01"
    answer = town.operators["acme"].ask("POST", "/policies/simulate", {"terms": terms, "facts": fact, "at": at, "participants": ["member"]})
    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize(
    "sentences",
    [
        "Permitted: " + "[" * 5000,
        "Permitted: to use the data" + ", if x" * 5000,
        '"' * 9000,
        "Permitted: to use the data.\n" * 3000,
        "\u202e",
        "{{7*7}}",
    ],
)
def test_sentences_that_are_none_are_refused(town, sentences):
    began = time.process_time()
    answer = town.operators["acme"].ask("POST", "/policies/translate", {"english": sentences})
    assert time.process_time() - began < 5
    check_problem(answer, 422)


def test_a_circle_of_parents_is_refused(town):
    parents = [
        {"@id": f"urn:{n}", "@type": "Set", "permission": [{"action": "use"}], "inheritFrom": f"urn:{(n + 1) % 3}"} for n in range(3)
    ]
    answer = town.operators["acme"].ask("POST", "/policies/check", {"terms": [parents[0]], "parents": parents})
    body = check_problem(answer, 422)
    assert "circle" in body["detail"]
