"""Declared quality: signed by its provider, published, verified by whoever acquired the data, and disputed where it does not hold."""

from __future__ import annotations

import base64
import hashlib
import json
from zipfile import ZipFile

import pytest

import hanse
from hanse.client.factory.evidence_check import save_archive, verify_archive
from hanse.factory.quality.report import digest_of_report, read_report, write_report
from hanse.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from tests.scenarios.factory.quality.relay_town import Relay, embellished


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Yield the town, where the provider has declared a completeness of 0.99 that is 0.9."""
    town = Relay(tmp_path_factory.mktemp("relay").resolve())
    try:
        town.begin()
        town.signed = town.meteo.assessments.sign(embellished(town.honest, "completeness", 0.99), of=town.asset, stage="provider")
        town.published = town.meteo.assessments.publish(town.asset)
        town.version = town.acquire("rain")
        yield town
    finally:
        town.close()


@pytest.fixture(scope="module")
def ours(town):
    """Return the factory's own assessment, signed."""
    report = hanse.assess(town.version, action="train", purpose="dpv:AcademicResearch", client=town.client).report
    assert report.assessed.root == town.signed.root, "the same content has the same name at both ends"
    return town.client.assessments.sign(write_report(report), of=town.version, stage="factory")


def test_the_catalogue_shows_signed_measures_and_the_stored_version_keeps_them(town):
    catalogue = town.client.catalog(town.made.provider_did)
    [dataset] = [one for one in catalogue.datasets if one.id == town.asset]
    shown = {one.metric: one for one in dataset.measures}
    assert (shown["completeness"].value, shown["completeness"].claim) == (0.99, town.signed.statement)
    [held] = [one for one in town.versions() if one.id == town.version]
    assert {one.metric.rpartition(":")[2]: one.value for one in held.offered.measures}["completeness"] == 0.99
    assert [one.statement for one in held.offered.claims] == [town.signed.statement]


def test_without_an_own_assessment_nothing_is_judged(town):
    found = town.client.assessments.compare(town.version)
    if found.ours is None:
        assert {row.verdict for row in found.rows} == {"not measured"}
        with pytest.raises(Conflict, match="not assessed here"):
            town.client.assessments.dispute(town.version)


def test_what_was_declared_is_verified_and_compared(town, ours):
    found = town.client.assessments.compare(town.version)
    assert (found.ours, found.provider, found.stage) == (ours.id, town.made.provider_did, "factory")
    rows = {row.metric: row for row in found.rows}
    row = rows["completeness"]
    assert (row.declared, row.measured, row.by, row.stage, row.proved) == (0.99, 0.9, town.made.provider_did, "provider", True)
    assert row.difference == pytest.approx(-0.09)
    assert (row.verdict, row.claim) == ("does not hold", town.signed.statement)
    others = {row.verdict for row in found.rows if row.metric != "completeness"}
    assert "does not hold" not in others
    assert "holds" in others
    agreed = {row.metric: row.verdict for row in town.client.assessments.compare(town.version, tolerance=0.1).rows}
    assert agreed["completeness"] == "holds"


def test_the_same_report_is_signed_once_and_other_content_never(town, ours):
    kept = town.client.assessments.report(ours.id)
    assert kept.sha256 == ours.report
    assert town.client.assessments.sign(kept.content, of=town.version, stage="factory").id == ours.id
    assert [one.report for one in town.ledger("assessed")] == [ours.report]
    with pytest.raises(NotFound):
        town.client.assessments.sign(kept.content, of="snow@1", stage="user")
    report = json.loads(kept.content)
    report["assessed"]["root"] = "0" * 64
    with pytest.raises(Invalid, match="other content"):
        town.client.assessments.sign(json.dumps(report).encode(), of=town.version, stage="user")


def test_the_log_holds_numbers_and_no_words_of_a_report(town, ours):
    [says] = town.ledger("assessed")
    assert says.measures
    text = repr(says)
    assert "rain.csv" not in text
    assert "day" not in text.replace("birthday", "")


def test_a_claim_of_somebody_else_is_taken_once_it_is_proved(town, ours):
    taken = town.client.assessments.take(town.signed.claim.encode(), of=town.version)
    assert (taken.by, taken.stage, taken.entry, taken.kept) == (town.made.provider_did, "provider", None, False)
    assert taken.proved is not None
    assert town.client.assessments.take(town.signed.claim.encode(), of=town.version).id == taken.id
    forged = json.loads(town.signed.claim)
    payload = base64.b64decode(forged["payload"]).replace(b'"value":0.99', b'"value":1.00')
    forged["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(Unauthenticated):
        town.client.assessments.take(json.dumps(forged).encode(), of=town.version)
    with pytest.raises(NotFound, match="not kept here"):
        town.client.assessments.report(taken.id)
    story = town.client.explain(taken.id)
    assert story.kind == "assessment"
    assert story.related["of"] == town.version


def test_a_dispute_is_stated_to_the_provider_and_its_case_file_proves_itself(town, ours, tmp_path):
    with pytest.raises(Invalid, match="Nobody declared"):
        town.client.assessments.dispute(town.version, ["mood"])
    case = town.client.assessments.dispute(town.version)
    assert [(one.metric, one.declared, one.measured) for one in case.measures] == [("completeness", 0.99, 0.9)]
    assert case.told
    assert "no remedy" in case.remedies[0]
    file = tmp_path / "rain.case.zip"
    save_archive(file, case.archive)
    found = verify_archive(file)
    assert found.verdict.sound, found.verdict
    with ZipFile(file) as archive:
        documents = {one["kind"]: archive.read(one["file"]) for one in json.loads(archive.read("documents.json"))}
    words = documents["quality-dispute"].decode()
    assert "completeness: 0.99, declared by" in words
    assert "measured 0.9" in words
    assert town.version in words
    assert digest_of_report(read_report(documents["quality"])) == ours.report
    assert json.loads(documents["quality-claim"])["payload"]
    [says] = town.ledger("disputed")
    assert says.claim == town.signed.statement
    assert says.comparison == hashlib.sha256(documents["quality-comparison"]).hexdigest()
    assert town.received("disputed") == [says], "the provider has it in its own log"


def test_measures_are_withdrawn_when_the_data_changes_and_cannot_be_published_for_it(town, ours):
    town.edit("day,rain\n2026-01-01,1\n")
    catalogue = town.client.catalog(town.made.provider_did)
    assert [one.measures for one in catalogue.datasets if one.id == town.asset] == [[]]
    with pytest.raises(Conflict, match="other content"):
        town.meteo.assessments.publish(town.asset)
    with pytest.raises(Invalid, match="on offer"):
        town.client.assessments.publish(town.version)
