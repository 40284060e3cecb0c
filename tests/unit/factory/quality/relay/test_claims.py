"""Signed claims: read strictly, made of numbers alone, and put beside what a catalogue declares."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import structs

from hanse.dcat.model import Claim, Dataset, Measured
from hanse.evidence import kinds as k
from hanse.evidence.dsse import seal
from hanse.evidence.statement import Subject, write_statement
from hanse.factory.quality.relay.claims import claims_in, declared, figures_of, read_claim
from hanse.factory.quality.report import Assessed, Interval, Measurement, Metric, Report, Sample, TableSize
from hanse.kernel.errors import Invalid, Malformed

ROOT, STATED = "a" * 64, "c" * 64
ZOO = "did:web:zoo.example"
ALL = Sample(size=10, of=10, how="all")


def report(*measurements, metrics=()):
    known = Metric(name="completeness", title="Completeness", formula="x", better="higher", measure="completeness", version="1")
    return Report(
        assessed=Assessed(version="rain@1", root=ROOT, files=1, size=1),
        by="Ada Lovelace, ada@example.org",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        moment=datetime(2026, 1, 1, tzinfo=UTC),
        software="hanse",
        use="what Ada needs",
        stated=STATED,
        tables=(TableSize(name="rain", records=10, columns=2, files=1),),
        metrics=(known, *metrics),
        measurements=measurements,
        profiles=(),
        declared=(),
        left_out=(),
    )


def claim(value=0.9, says=None, root=ROOT):
    said = says or k.Assessed(
        id="led_1",
        by=ZOO,
        subject="ds_1",
        root=ROOT,
        stage="provider",
        report="e" * 64,
        stated=STATED,
        measures=(k.Figure(metric="completeness", value=value, method="completeness/1", better="higher"),),
    )
    return seal(write_statement(Subject.of("ds_1", root), said), f"{ZOO}#key-1", lambda _: b"x" * 64)


def dataset(*measures, claims=()):
    return Dataset(id="ds_1", title="Rain", measures=tuple(measures), claims=tuple(claims))


def test_figures_are_numbers_of_the_whole_and_nothing_else():
    whole = Measurement(metric="completeness", value=0.9, interval=Interval(0.8, 1.0, "bootstrap"), sample=ALL)
    column = Measurement(metric="completeness", value=0.5, column="name of a person", exact=True, sample=ALL)
    none = Measurement(metric="odd", why="nothing to measure")
    odd = Metric(name="Odd Name, by Ada", title="x", formula="x")
    named = Measurement(metric=odd.name, value=1, exact=True, sample=ALL)
    found = figures_of(report(whole, column, none, named, metrics=(odd, structs.replace(odd, name="odd"))))
    assert found == (k.Figure(metric="completeness", value=0.9, method="completeness/1", low=0.8, high=1.0, better="higher"),)
    assert "Ada" not in repr(found)


def test_only_a_claim_is_read_as_one():
    assert read_claim(claim().encode()).says.measures[0].value == 0.9
    with pytest.raises(Malformed):
        read_claim(b"{}")
    other = k.Notice(id="led_1", by=ZOO, agreement="agr_1", about="x", text="x")
    for wrong in (claim(says=other), claim(root="b" * 64)):
        with pytest.raises(Invalid, match="no signed assessment"):
            read_claim(wrong.encode())


def test_a_claim_goes_by_what_it_holds():
    envelope = claim()
    text = envelope.encode().decode()
    found = claims_in(dataset(claims=[Claim(envelope.hash, text), Claim("0" * 64, text), Claim(envelope.hash, "{}")]))
    assert [hash for hash, _ in found] == [envelope.hash]


def test_what_a_catalogue_adds_to_its_claims_is_by_its_word_alone():
    envelope, says = claim(), read_claim(claim().encode()).says
    metric = "urn:hanse:quality:completeness"
    proved = {envelope.hash: (says, "")}
    same = declared(dataset(Measured(metric, 0.9, envelope.hash)), ZOO, proved)
    assert [(one.value, one.signed) for one in same] == [(0.9, "")]
    found = declared(dataset(Measured(metric, 0.95, envelope.hash), Measured("https://a.example/m", 1.0)), ZOO, proved)
    assert [(one.metric, one.value, bool(one.signed)) for one in found] == [
        ("completeness", 0.9, False),
        ("completeness", 0.95, True),
        ("https://a.example/m", 1.0, True),
    ]
    assert "says 0.9" in found[1].signed
