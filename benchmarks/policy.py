"""What a decision costs: one policy of five constraints, with the report, among 10,000 agreements; beside Cedar and Casbin.

All three decide the same: two moments, a purpose, a place in the European Union, a count, the party, the target and an action that is
contained in the one that is granted. Each has its policies parsed before, and each answers each request anew. Take the ratios.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import casbin
import cedarpy

from benchmarks.report import Figure, median
from hanse.odrl.constraints.places import PLACES
from hanse.odrl.deciding.compile import compile_agreement
from hanse.odrl.deciding.index import Index
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.model import Agreement, Atomic, Rule, Terms

AGREEMENTS, RUNS = 10_000, 9
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CONSUMER, PROVIDER, TARGET = "did:web:consumer.example", "did:web:provider.example", "urn:example:weather"
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
PURPOSE = "dpv:AcademicResearch"


def _terms(number: int) -> Terms:
    """Return terms that no two agreements share but for the place, so that nothing is decided once for all of them."""
    constraints = (
        Atomic("dateTime", "gteq", f"2026-01-01T00:00:{number % 60:02}.{number // 60}Z"),
        Atomic("dateTime", "lt", f"2027-01-01T00:00:{number % 60:02}.{number // 60}Z"),
        Atomic("purpose", "isAnyOf", ["dpv:ScientificResearch", PURPOSE, f"urn:example:purpose:{number}"]),
        Atomic("spatial", "isPartOf", "EU"),
        Atomic("count", "lteq", str(3 + number)),
    )
    return Terms(permissions=(Rule("use", constraints),))


def _agreement(number: int = 0, target: str = TARGET, assignee: str = CONSUMER) -> Agreement:
    return Agreement(id=f"urn:example:{number}", terms=_terms(number), target=target, assigner=PROVIDER, assignee=assignee)


def _facts(target: str = TARGET, assignee: str = CONSUMER) -> Facts:
    known = {
        "purpose": Fact(PURPOSE, "statement", NOW, NOW + timedelta(hours=1)),
        "spatial": Fact("DE", "credential", NOW, NOW + timedelta(hours=1)),
        "count": Fact(2, "uses", NOW),
    }
    return Facts(now=NOW, action="read", target=target, assignee=assignee, known=known)


def _times(work: Callable[[], object], count: int) -> float:
    """Return µs of processor time per call: other work on the machine is not in it."""
    gc.collect()
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count * 1e6


def _cedar() -> Callable[[], object]:
    policies = cedarpy.PolicySet.from_str(
        f'permit(principal == Party::"{CONSUMER}", action in Action::"use", resource == Asset::"{TARGET}") when {{'
        f" context.now >= {BEGIN.timestamp():.0f} && context.now < {END.timestamp():.0f}"
        f' && ["dpv:ScientificResearch", "{PURPOSE}"].contains(context.purpose)'
        ' && context.place in Place::"EU" && context.count <= 3 };'
    )
    world = [{"uid": {"type": "Action", "id": "read"}, "attrs": {}, "parents": [{"type": "Action", "id": "use"}]}]
    world += [
        {"uid": {"type": "Place", "id": country}, "attrs": {}, "parents": [{"type": "Place", "id": "EU"}]}
        for country in sorted(PLACES.extents["EU"])
    ]
    entities = cedarpy.Entities.from_json_str(json.dumps(world))
    request = {
        "principal": f'Party::"{CONSUMER}"',
        "action": 'Action::"read"',
        "resource": f'Asset::"{TARGET}"',
        "context": {
            "now": int(NOW.timestamp()),
            "purpose": PURPOSE,
            "place": {"__entity": {"type": "Place", "id": "DE"}},
            "count": 2,
        },
    }

    def decide() -> bool:
        return cedarpy.is_authorized(request, policies, entities).allowed

    return decide


def _casbin() -> Callable[[], object]:
    model = casbin.Model()
    model.load_model_from_text("""
[request_definition]
r = sub, obj, act, now, purpose, place, count
[policy_definition]
p = sub, obj, act, begin, end, purposes, group, limit
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && g(r.act, p.act) && r.now >= p.begin && r.now < p.end && listed(r.purpose, p.purposes) \
 && g2(r.place, p.group) && r.count <= number(p.limit)
""")
    enforcer = casbin.Enforcer(model)
    # Its policies are rows of text; moments of one form compare as text.
    enforcer.add_function("listed", lambda name, names: name in names.split())
    enforcer.add_function("number", int)
    purposes = f"dpv:ScientificResearch {PURPOSE}"
    enforcer.add_policy(CONSUMER, TARGET, "use", BEGIN.isoformat(), END.isoformat(), purposes, "EU", "3")
    enforcer.add_grouping_policy("read", "use")
    for country in PLACES.extents["EU"]:
        enforcer.add_named_grouping_policy("g2", country, "EU")
    now = NOW.isoformat()

    def decide() -> bool:
        return enforcer.enforce(CONSUMER, TARGET, "read", now, PURPOSE, "DE", 2)

    return decide


def decisions() -> list[Figure]:
    """Decide one policy, with and without a report, and have others decide the same."""
    agreement, facts = _agreement(), _facts()
    compiled = compile_agreement(agreement)
    cedar, pycasbin = _cedar(), _casbin()
    if not (compiled.decide(facts) and compiled.report(facts).permitted and cedar() is True and pycasbin() is True):
        raise RuntimeError("the engines do not agree")
    numbers = iter(range(1_000_000))
    work: dict[str, tuple[Callable[[], object], int]] = {
        "decide": (lambda: compiled.decide(facts), 20_000),
        "report": (lambda: compiled.report(facts), 5_000),
        "compile": (lambda: compile_agreement(_agreement(next(numbers))), 500),
        "cedarpy": (cedar, 500),
        "pycasbin": (pycasbin, 500),
    }
    # In turn, so that all see the same machine.
    runs = [{name: _times(*one) for name, one in work.items()} for _ in range(RUNS)]
    figures = [
        median("a decision of 5 constraints", [run["decide"] for run in runs], "µs", 5),
        median("with the full report", [run["report"] for run in runs], "µs", 25, note="every constraint with its fact, no short cut"),
        median("compiling it", [run["compile"] for run in runs], "µs", 100),
    ]
    for name in ("cedarpy", "pycasbin"):
        note = f"{name}: {statistics.median(run[name] for run in runs):.0f} µs, its policy parsed before"
        ratios = [run[name] / run["decide"] for run in runs]
        figures.append(median(f"times as fast as {name}", ratios, "x", 10, higher=True, note=note))
        ratios = [run[name] / run["report"] for run in runs]
        figures.append(median(f"times as fast as {name}, with the report", ratios, "x", 3, higher=True))
    return figures


def many() -> list[Figure]:
    """Decide among 10,000 agreements: 100 targets with 100 consumers each, asked about in turn."""
    index = Index()
    pairs = [(f"{TARGET}:{number % 100}", f"did:web:consumer-{number}.example") for number in range(AGREEMENTS)]
    agreements = [_agreement(number, *pair) for number, pair in enumerate(pairs)]
    began = time.process_time()
    for agreement in agreements:
        index.add(agreement)
    seconds = time.process_time() - began
    requests = [_facts(*pair) for pair in pairs[:: AGREEMENTS // 1_000]]
    if not all(index.decide(facts) for facts in requests):
        raise RuntimeError("an agreement was not found")
    times = [_times(lambda: [index.decide(facts) for facts in requests], 5) / len(requests) for _ in range(RUNS)]
    return [
        median(f"a decision among {AGREEMENTS:,} agreements", times, "µs", 10),
        Figure(f"{AGREEMENTS:,} agreements compiled and indexed", seconds, "s", 3),
    ]


ALL: dict[str, Callable[[], list[Figure]]] = {"Policy decisions": decisions, "Policies, many": many}
