"""Declared against measured: differences, tolerances and verdicts by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hanse.evidence.kinds.quality import Figure
from hanse.factory.quality.relay.comparing import compare, required
from hanse.factory.quality.relay.records import Assessment, Told
from hanse.kernel.tenant import Did, Tenant

ROOT, OTHER, STATED = "a" * 64, "b" * 64, "c" * 64


def ours(*figures):
    """Return our own assessment with these figures."""
    return Assessment(
        tenant=Tenant("acme"),
        id="asm_1",
        about="rain@1",
        root=ROOT,
        stage="factory",
        by=Did("did:web:acme.example"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        statement="d" * 64,
        envelope="{}",
        report="e" * 64,
        stated=STATED,
        figures=figures,
    )


def figure(value, metric="completeness", method="completeness/1", better="higher", **more):
    return Figure(metric=metric, value=value, method=method, better=better, **more)


def told(value, metric="completeness", method="completeness/1", **more):
    fields = {"by": "did:web:zoo.example", "stage": "provider", "root": ROOT, "stated": STATED} | more
    return Told(metric=metric, value=value, method=method, **fields)


@pytest.mark.parametrize(
    ("declared", "measured", "verdict"),
    [
        (told(0.99), figure(0.9), "does not hold"),
        (told(0.9), figure(0.99), "holds"),
        (told(0.9), figure(0.9), "holds"),
        (told(0.9), figure(0.9 - 1e-9), "holds"),
        (told(0.9), figure(0.9 - 1e-7), "does not hold"),
        (told(0.01, "duplicates"), figure(0.2, "duplicates", better="lower"), "does not hold"),
        (told(0.2, "duplicates"), figure(0.01, "duplicates", better="lower"), "holds"),
        (told(0.5, "share"), figure(0.6, "share", better=""), "does not hold"),
        (told(0.5, "share"), figure(0.5, "share", better=""), "holds"),
    ],
)
def test_what_is_worse_than_declared_does_not_hold(declared, measured, verdict):
    [row] = compare([declared], ours(measured), ROOT)
    assert row.verdict == verdict
    assert row.difference == pytest.approx(measured.value - declared.value)


def test_the_tolerance_is_half_of_both_intervals_or_what_was_agreed():
    declared, measured = told(0.99, low=0.98, high=1.0), figure(0.96, low=0.94, high=0.98)
    [row] = compare([declared], ours(measured), ROOT)
    assert row.tolerance == pytest.approx(0.01 + 0.02)
    assert row.verdict == "holds"
    [row] = compare([told(0.99)], ours(figure(0.96)), ROOT, floor=0.03)
    assert (row.tolerance, row.verdict) == (0.03, "holds")
    [row] = compare([told(0.99)], ours(figure(0.96)), ROOT, floor=0.02)
    assert row.verdict == "does not hold"


@pytest.mark.parametrize(
    ("declared", "measured", "why"),
    [
        (told(0.99, root=OTHER), figure(0.9), "other content"),
        (told(0.99, method="completeness/2"), figure(0.9), "measured by completeness/2, here by completeness/1"),
        (told(0.99, method=""), figure(0.9), "does not say how"),
        (told(0.99, "relevance", stated=OTHER), figure(0.9, "relevance"), "Other types"),
        (told(0.0, "type-errors", stated=OTHER), figure(0.9, "type-errors"), "Other types"),
        (told(0.99, "timeliness", moment=datetime(2025, 1, 1, tzinfo=UTC)), figure(0.9, "timeliness"), "another moment"),
    ],
)
def test_what_is_another_thing_is_not_compared(declared, measured, why):
    [row] = compare([declared], ours(measured), ROOT)
    assert row.verdict == "not comparable"
    assert why in row.why
    assert row.measured == 0.9, "both figures are shown all the same"


def test_what_was_not_measured_is_not_judged():
    rows = [*compare([told(0.99)], None, ROOT), *compare([told(0.99)], ours(figure(0.1, "duplicates")), ROOT)]
    assert [(row.verdict, row.measured) for row in rows] == [("not measured", None)] * 2


@pytest.mark.parametrize(
    ("operator", "limit", "value", "verdict"),
    [
        ("gteq", 0.95, 0.95, "holds"),
        ("gteq", 0.95, 0.94, "does not hold"),
        ("lteq", 0.01, 0.02, "does not hold"),
        ("lteq", 0.01, 0.01, "holds"),
        ("eq", 5.0, 5.0, "holds"),
        ("eq", 5.0, 4.0, "does not hold"),
    ],
)
def test_what_the_agreement_asks_for_is_compared_too(operator, limit, value, verdict):
    [row] = required({"completeness": [(operator, limit)]}, ours(figure(value)), "agr_1")
    assert (row.verdict, row.stage, row.by, row.measured) == (verdict, "agreement", "agr_1", value)
    [unknown] = required({"completeness": [(operator, limit)]}, None, "agr_1")
    assert unknown.verdict == "not measured"
