"""The kit's report is read right: its exit code says nothing, and an empty or cut run must not look green."""

from __future__ import annotations

import pytest

from tests.conformance.kit.dsp_properties import EXPECTED, sample_ids
from tests.conformance.kit.kits import DCP_1_0_2, DCP_1_2_1, DSP, Kit
from tests.conformance.kit.registry import POM, KitMissing, KitNotInRegistry, require_kit, why_missing
from tests.conformance.kit.runner import KitFailed, read_results

REPORT = """
[2026-11-21T07:00:25.913730923] Started: TP:03-01: Verify transfer request, consumer completed
[2026-11-21T07:00:26.65139973] SUCCESSFUL: TP:03-01
[2026-11-21T07:00:26.655860744] Started: CN_C:03-02: Verify something
[2026-11-21T07:00:26.665860744] FAILED: CN_C:03-02
[2026-11-21T07:00:53.545493726] Passed tests: 1
[2026-11-21T07:00:53.545862203] Failed tests: 1
[2026-11-21T07:00:53.546082506] Test run complete
"""


DCP_REPORT = """
[2026-11-25T19:11:12.293080019] Started: 6.4.5 IssuerService should reject - wrong signature
[2026-11-25T19:11:12.49072904] SUCCESSFUL: 6.4.5 IssuerService should reject - wrong signature
[2026-11-25T19:11:12.593080019] Started: 6.4.5 IssuerService should reject - wrong signature
[2026-11-25T19:11:12.79072904] SUCCESSFUL: 6.4.5 IssuerService should reject - wrong signature
[2026-11-25T19:11:15.518688909] Test run complete
"""


def test_results_are_read_by_name() -> None:
    result = read_results(REPORT)

    assert (result.passed, result.failed, result.output) == (["TP:03-01"], ["CN_C:03-02"], REPORT)
    assert result.line == "1/2"


def test_names_of_several_words_are_counted_as_often_as_they_come() -> None:
    result = read_results(DCP_REPORT)

    assert result.passed == ["6.4.5 IssuerService should reject - wrong signature"] * 2
    assert (result.failed, result.line) == ([], "2/2")


@pytest.mark.parametrize(
    "report",
    [
        "",
        REPORT.replace("Test run complete", ""),
        REPORT.replace("Passed tests: 1", "Passed tests: 2"),
        "\n".join(line for line in REPORT.splitlines() if "FAILED" not in line),
        "\n".join(DCP_REPORT.splitlines()[:-2] + DCP_REPORT.splitlines()[-1:]),
        "[2026-11-25T19:11:15.518688909] Test run complete",
    ],
)
def test_a_report_that_is_cut_or_contradicts_itself_is_no_result(report: str) -> None:
    with pytest.raises(KitFailed):
        read_results(report)


def test_the_kit_has_65_tests_and_each_has_its_ids() -> None:
    ids = sample_ids()

    assert len(EXPECTED) == 65
    assert (ids["CN_01_02_DATASETID"], ids["CN_01_02_OFFERID"]) == ("ACN0102", "CD123:ACN0102:456")
    assert (ids["TP_C_01_05_AGREEMENTID"], ids["TP_03_06_FORMAT"]) == ("ATPC0104", "HttpData-PULL")


ABSENT = "[ERROR] Failed: Could not find artifact org.eclipse.dataspacetck.dsp:dsp-tck:jar:1.0.1 in central -> [Help 1]"


@pytest.mark.parametrize(
    ("said", "control", "reason"),
    [
        (ABSENT, True, KitNotInRegistry),
        (ABSENT, False, KitMissing),
        (ABSENT.replace("Could not find artifact", "Could not transfer artifact"), True, KitMissing),
        (ABSENT.replace("dataspacetck.dsp:dsp-tck", "jetty:jetty-server"), True, KitMissing),
        (ABSENT.replace("1.0.1", "1.0.10"), True, KitMissing),
        ("", True, KitMissing),
    ],
)
def test_only_a_registry_that_works_can_say_that_it_has_no_kit(said: str, control: bool, reason: type[KitMissing]) -> None:
    assert type(why_missing(DSP, said, lambda: control)) is reason


@pytest.mark.parametrize(
    ("ci", "missing", "outcome"),
    [
        ("true", KitNotInRegistry("not there"), pytest.skip.Exception),
        ("", KitNotInRegistry("not there"), pytest.skip.Exception),
        ("true", KitMissing("no Java"), pytest.fail.Exception),
        ("", KitMissing("no Java"), pytest.skip.Exception),
    ],
)
def test_what_is_missing_fails_with_ci_unless_nobody_can_mend_it(
    monkeypatch: pytest.MonkeyPatch, ci: str, missing: KitMissing, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    lines: list[str] = []

    def find(kit: Kit) -> str:
        raise missing

    with pytest.raises(outcome):
        require_kit(DCP_1_0_2, "DCP 1.0.2 verifier", lines.append, find)
    loud = ["DCP 1.0.2 verifier: NOT RUN, the registry does not hold org.eclipse.dataspacetck.dcp:dcp-tck:1.0.2"]
    assert lines == (loud if isinstance(missing, KitNotInRegistry) else [])


@pytest.mark.parametrize("kit", [DSP, DCP_1_0_2, DCP_1_2_1])
def test_maven_is_told_what_the_pom_leaves_open(kit: Kit) -> None:
    told = {argument.removeprefix("-D").partition("=")[0] for argument in kit.arguments()}
    text = POM.read_text()

    assert all(f"${{{name}}}" in text for name in told)
    assert text.count("${") == len(told)


def test_a_copy_of_a_kit_is_named_by_a_variable_of_its_own() -> None:
    assert len({kit.own_class_path for kit in (DSP, DCP_1_0_2, DCP_1_2_1)}) == 3
