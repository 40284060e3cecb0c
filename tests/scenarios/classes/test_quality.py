"""Terms about the quality of data, kept by the measures that its owner has signed and published with it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.quality.report import Assessed, Measurement, Metric, Report, Sample, write_report

COMPLETE = "quality completeness>=0.95,duplicates<=0.1"
SAMPLE = Sample(size=3, of=3, how="all")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def report(data: bytes, **values: float) -> bytes:
    """Return a report that says this of the people."""
    root = root_of_files([Object("people.csv", hashlib.sha256(data).hexdigest(), len(data))])
    found = Report(
        assessed=Assessed(version="people.csv", root=root, files=1, size=len(data)),
        by="acme",
        at=MOMENT,
        moment=MOMENT,
        software="test",
        use="",
        stated="0" * 64,
        tables=(),
        metrics=tuple(Metric(name=name, title=name, formula=name, measure=name, version="1") for name in values),
        measurements=tuple(Measurement(metric=name, value=value, exact=True, sample=SAMPLE) for name, value in values.items()),
        profiles=(),
        declared=(),
        left_out=(),
    )
    return write_report(found)


def publish(market, asset, **values):
    """Sign measures of the asset, and publish them with it."""
    at = f"/assessments?of={asset['id']}&stage=provider"
    signed = market.acme.ask("POST", at, content=report(market.people.read_bytes(), **values))
    assert signed.status_code == 201, signed.text
    market.acme("POST", f"/assessments/published/{asset['id']}")


def test_data_is_released_only_while_what_is_published_keeps_the_terms(market):
    asset = market.offer(COMPLETE)
    assert "completeness of the data is at least 0.95" in asset["dataset"]["offers"][0]["sentences"][0].replace('"', "")
    refused = market.begin(asset)
    assert refused["state"] == "TERMINATED", "nothing is published yet"
    assert "not known" in market.story("zoo", refused["id"])
    publish(market, asset, completeness=0.97, duplicates=0.05)
    contract = market.begin(asset)["contract"]
    assert market.fetch(contract).decode().count("\n") > 1
    publish(market, asset, completeness=0.9, duplicates=0.05)
    assert "completeness 0.9" in market.refused(contract)
    publish(market, asset, completeness=1.0)
    assert "not known" in market.refused(contract), "of duplicates nothing is published any more"
    market.acme("DELETE", f"/assessments/published/{asset['id']}")
    assert "not known" in market.refused(contract)


def test_measures_of_other_content_are_signed_for_nothing(market):
    asset = market.offer("members")
    at = f"/assessments?of={asset['id']}&stage="
    told = [
        market.acme.ask("POST", f"{at}provider", content=report(b"other", completeness=1.0)),
        market.acme.ask("POST", f"{at}judge", content=b"{}"),
        market.acme.ask("POST", f"{at}user", content=b'{"format": 1}'),
        market.acme.ask("POST", f"{at}user", content=b"\xff"),
        market.acme.ask("POST", f"/assessments/published/{asset['id']}"),
    ]
    assert [(one.status_code, one.json()["field"]) for one in told] == [
        (422, "of"),
        (422, "stage"),
        (422, "report"),
        (400, "report"),
        (409, "asset"),
    ], [one.text for one in told]
