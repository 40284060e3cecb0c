"""What is wrong with a description is found, named and placed (dcat.croissant.checks)."""

from __future__ import annotations

import copy
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.dcat.croissant.checks.description import check
from hanse.dcat.croissant.checks.finding import MAX_FINDINGS
from hanse.dcat.holding import HeldFile
from tests.unit.dcat.croissant.made import FILES, NOW, description
from tests.unit.odrl.strategies import json


def found(document, **more):
    return {(one.rule, one.path) for one in check(document, NOW, **more)}


def test_a_right_one_has_nothing_wrong():
    assert check(description(), NOW, files=FILES) == []


def at(document, path):
    *before, last = path
    for one in before:
        document = document[one]
    return document, last


def put(*path, value):
    def change(document):
        holder, last = at(document, path)
        holder[last] = value

    return change


def drop(*path):
    def change(document):
        holder, last = at(document, path)
        del holder[last]

    return change


def both(*changes):
    def change(document):
        for one in changes:
            one(document)

    return change


FIELD = ("recordSet", 0, "field", 0)
RULE = ("usageInfo", 0, "odrl:permission", 0)
CASES = {
    "no-context": (drop("@context"), "required", "@context"),
    "remote-context": (put("@context", value="https://schema.org"), "context-remote", "@context"),
    "list-context": (put("@context", value=[{"@vocab": "https://schema.org/"}]), "context-list", "@context"),
    "other-vocabulary": (put("@context", "@vocab", value="https://other.example/"), "context-vocab", "@context.@vocab"),
    "hugging-face-rai": (put("@context", "dataBiases", value="cr:dataBiases"), "rai-namespace", "@context.dataBiases"),
    "no-dataset": (put("@type", value="sc:Thing"), "type", "@type"),
    **{f"no-{name}": (drop(name), "required", name) for name in ("name", "description", "license", "url", "creator", "datePublished")},
    "no-distribution": (put("distribution", value=[]), "required", "distribution"),
    "old-version": (put("conformsTo", value="http://mlcommons.org/croissant/0.8"), "conforms-to", "conformsTo"),
    "rai-unsaid": (put("conformsTo", value="http://mlcommons.org/croissant/1.1"), "conforms-to-rai", "conformsTo"),
    "two-addresses": (put("url", value=["https://a.example", "https://b.example"]), "cardinality", "url"),
    "address": (put("url", value="no address"), "url", "url"),
    "licence-name": (put("license", value="CC-BY-4.0"), "licence-address", "license[0]"),
    "licence-case": (put("license", value="https://spdx.org/licenses/cc-by-4.0"), "licence-spdx", "license[0]"),
    "licence-unknown": (put("license", value="https://spdx.org/licenses/CCBY-40"), "licence-spdx", "license[0]"),
    "creator-text": (put("creator", value="Ada"), "agent", "creator[0]"),
    "creator-type": (put("creator", value={"@type": "Thing", "name": "Ada"}), "agent-type", "creator[0]"),
    "creator-nobody": (put("creator", value={"@type": "Person"}), "agent-name", "creator[0]"),
    "date": (put("datePublished", value="last week"), "date", "datePublished"),
    "dates": (put("dateModified", value="2020-01-01"), "date-order", "dateModified"),
    "version": (put("version", value="v1"), "version", "version"),
    "version-short": (put("version", value="1.2"), "version", "version"),
    "language": (put("inLanguage", value="deutsch sprache"), "language", "inLanguage[0]"),
    "unknown": (put("licence", value="x"), "property-unknown", "licence"),
    "prefix": (put("foo:bar", value="x"), "prefix-unknown", "foo:bar"),
    "id-twice": (put("distribution", 1, "@id", value="a.csv"), "id-duplicate", "distribution[1].@id"),
    "id-missing": (drop("distribution", 0, "@id"), "id-missing", "distribution[0].@id"),
    "id-space": (put("distribution", 0, "@id", value="a b"), "id-space", "distribution[0].@id"),
    "data-download": (put("distribution", 0, "@type", value="sc:DataDownload"), "type", "distribution[0].@type"),
    "no-file-address": (drop("distribution", 0, "contentUrl"), "required", "distribution[0].contentUrl"),
    "no-format": (drop("distribution", 0, "encodingFormat"), "required", "distribution[0].encodingFormat"),
    "format": (put("distribution", 0, "encodingFormat", value="csv"), "media-type", "distribution[0].encodingFormat[0]"),
    "no-hash": (drop("distribution", 0, "sha256"), "hash-missing", "distribution[0].sha256"),
    "fake-hash": (
        put("distribution", 0, "sha256", value="https://github.com/mlcommons/croissant/issues/80"),
        "hash-form",
        "distribution[0].sha256",
    ),
    "short-hash": (put("distribution", 0, "sha256", value="ab" * 16), "hash-form", "distribution[0].sha256"),
    "zero-hash": (put("distribution", 0, "sha256", value="0" * 64), "hash-form", "distribution[0].sha256"),
    "false-hash": (put("distribution", 0, "sha256", value="ab" * 32), "hash-false", "distribution[0].sha256"),
    "false-size": (put("distribution", 0, "contentSize", value="7 B"), "size-false", "distribution[0].contentSize"),
    "no-size": (put("distribution", 0, "contentSize", value="big"), "size", "distribution[0].contentSize"),
    "up": (put("distribution", 0, "contentUrl", value="../a.csv"), "path", "distribution[0].contentUrl"),
    "up-inside": (put("distribution", 0, "contentUrl", value="x/../../a.csv"), "path", "distribution[0].contentUrl"),
    "absolute": (put("distribution", 0, "contentUrl", value="/etc/passwd"), "path", "distribution[0].contentUrl"),
    "windows": (put("distribution", 0, "contentUrl", value="C:\\a.csv"), "path", "distribution[0].contentUrl"),
    "file-scheme": (put("distribution", 0, "contentUrl", value="file:///etc/passwd"), "path", "distribution[0].contentUrl"),
    "not-there": (put("distribution", 0, "contentUrl", value="b.csv"), "file-missing", "distribution[0].contentUrl"),
    "undescribed": (drop("distribution", 0), "file-undescribed", "distribution"),
    "no-pattern": (drop("distribution", 3, "includes"), "required", "distribution[3].includes"),
    "pattern-up": (put("distribution", 3, "includes", value="../*"), "path", "distribution[3].includes[0]"),
    "pattern-none": (put("distribution", 3, "includes", value="*.png"), "file-missing", "distribution[3].includes"),
    "pattern-few": (put("distribution", 3, "includes", value="*1.txt"), "file-count", "distribution[3].includes"),
    "container": (put("distribution", 0, "containedIn", value={"@id": "zip"}), "reference-dangling", "distribution[0].containedIn"),
    "root": (put("hanse:root", value="ab" * 32), "root-false", "hanse:root"),
    "no-fields": (put("recordSet", 0, "field", value=[]), "required", "recordSet[0].field"),
    "key": (put("recordSet", 0, "key", value={"@id": "a/x"}), "reference-dangling", "recordSet[0].key"),
    "source-dangling": (
        put(*FIELD, "source", "fileObject", value={"@id": "b.csv"}),
        "reference-dangling",
        "recordSet[0].field[0].source.fileObject",
    ),
    "source-kind": (
        put(*FIELD, "source", value={"fileSet": {"@id": "a.csv"}, "extract": {"column": "n"}}),
        "reference-kind",
        "recordSet[0].field[0].source.fileSet",
    ),
    "source-none": (drop(*FIELD, "source"), "required", "recordSet[0].field[0].source"),
    "source-value": (put(*FIELD, "value", value=1), "source-value", "recordSet[0].field[0]"),
    "extract-two": (
        put(*FIELD, "source", "extract", value={"column": "n", "jsonPath": "n"}),
        "extract",
        "recordSet[0].field[0].source.extract",
    ),
    "file-property": (
        put("recordSet", 1, "field", 0, "source", "extract", value={"fileProperty": "size"}),
        "file-property",
        "recordSet[1].field[0].source.extract.fileProperty",
    ),
    "regex": (put(*FIELD, "source", "transform", value={"regex": "("}), "regex", "recordSet[0].field[0].source.transform[0].regex"),
    "type": (put(*FIELD, "dataType", value="sc:Whole"), "data-type", "recordSet[0].field[0].dataType"),
    "no-type": (drop(*FIELD, "dataType"), "required", "recordSet[0].field[0].dataType"),
    "repeated": (put(*FIELD, "repeated", value=True), "deprecated", "recordSet[0].field[0].repeated"),
    "shape": (put(*FIELD, "arrayShape", value="-1"), "array", "recordSet[0].field[0].isArray"),
    "mean-above-max": (put(*FIELD, "annotation", 5, "value", value=9.5), "statistics", "recordSet[0].field[0].annotation"),
    "distinct-above-count": (put(*FIELD, "annotation", 2, "value", value=9), "statistics", "recordSet[0].field[0].annotation"),
    "references": (put(*FIELD, "references", value={"@idfield": "x"}), "reference", "recordSet[0].field[0].references"),
    "equivalent": (
        put(*FIELD, "annotation", 0, "equivalentProperty", value="count"),
        "equivalent",
        "recordSet[0].field[0].annotation[0].equivalentProperty[0]",
    ),
    "rai-name": (put("rai:useCases", value="x"), "rai-name", "rai:useCases"),
    "rai-plain": (put("dataBiases", value="x"), "rai-namespace", "dataBiases"),
    "rai-value": (put("rai:dataBiases", value={"x": 1}), "rai-value", "rai:dataBiases"),
    "rai-timeframe": (put("rai:dataCollectionTimeframe", value="last summer"), "rai-timeframe", "rai:dataCollectionTimeframe"),
    "prov-name": (put("prov:derivedFrom", value="x"), "prov-name", "prov:derivedFrom"),
    "prov-nothing": (put("prov:wasDerivedFrom", value={"@type": "prov:Entity"}), "prov-reference", "prov:wasDerivedFrom"),
    "prov-type": (put("prov:wasGeneratedBy", "@type", value="prov:Agent"), "prov-type", "prov:wasGeneratedBy"),
    "prov-dataset": (
        put("prov:wasDerivedFrom", value={"@type": "sc:Dataset", "name": "x"}),
        "prov-dataset",
        "prov:wasDerivedFrom",
    ),
    "prov-order": (
        put("prov:wasGeneratedBy", "prov:startedAtTime", value="2030-01-01T00:00:00Z"),
        "prov-order",
        "prov:wasGeneratedBy.prov:endedAtTime",
    ),
    "usage-untyped": (put("usageInfo", 0, "@type", value="CreativeWork"), "odrl-type", "usageInfo[0].@type"),
    "usage-nothing": (put("usageInfo", value=[{"name": "x"}]), "usage", "usageInfo[0]"),
    "usage-duo": (put("usageInfo", value={"@type": "DefinedTerm", "termCode": "DUO_42"}), "usage-term", "usageInfo[0]"),
    "left-operand": (
        drop(*RULE, "odrl:constraint", 0, "odrl:leftOperand"),
        "odrl-left-operand",
        "usageInfo[0].odrl:permission[0].odrl:constraint[0]",
    ),
    "action": (put(*RULE, "odrl:action", value={"@id": "odrl:frobnicate"}), "odrl-unknown", "usageInfo[0].permission[0].action"),
    "operand": (
        put(*RULE, "odrl:constraint", 0, "odrl:leftOperand", value={"@id": "odrl:mood"}),
        "odrl-unknown",
        "usageInfo[0].permission[0].constraint[0]",
    ),
    "remedy": (put(*RULE, "odrl:remedy", value=[]), "policy-unknown-member", "usageInfo[0].permission[0].remedy"),
    "over": (
        put(*RULE, "odrl:constraint", 1, "odrl:rightOperand", value="2020-01-01T00:00:00Z"),
        "odrl-contradiction",
        "usageInfo[0].permission[0].constraint[1]",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong(name):
    change, rule, path = CASES[name]
    document = description()
    change(document)
    assert (rule, path) in found(document, files=FILES)


def test_every_finding_says_what_it_is():
    for change, _, _ in CASES.values():
        document = description()
        change(document)
        for one in check(document, NOW, files=FILES):
            assert one.what.endswith(".")
            assert one.path
            assert one.rule


def test_hints_name_what_was_meant():
    document = description()
    document["keyword"] = "x"
    document["rai:dataBias"] = "x"
    document["recordSet"][0]["field"][0]["source"]["fileObject"] = {"@id": "a.cvs"}
    hints = {one.rule: one.hint for one in check(document, NOW)}
    assert hints["property-unknown"] == "Perhaps keywords is meant."
    assert hints["rai-name"] == "Perhaps dataBiases is meant."
    assert hints["reference-dangling"] == "Perhaps a.csv is meant."


def test_the_example_of_the_specification_has_no_left_operand():
    document = description()
    document["usageInfo"] = {
        "@type": ["CreativeWork", "odrl:Offer"],
        "name": "DUO Usage Policy",
        "odrl:permission": {
            "@type": "odrl:Permission",
            "odrl:action": {"@id": "duo:0000006"},
            "odrl:constraint": [
                {"@type": "odrl:Constraint", "odrl:operator": {"@id": "odrl:eq"}, "odrl:rightOperand": {"@id": "duo:0000018"}}
            ],
        },
    }
    assert ("odrl-left-operand", "usageInfo[0].odrl:permission.odrl:constraint[0]") in found(document)


def test_both_names_of_schema_org_are_the_same():
    document = description()
    document["@context"]["@vocab"] = document["@context"]["sc"] = "http://schema.org/"
    assert check(document, NOW, files=FILES) == []
    renamed = {(f"sc:{key}" if key in ("name", "license", "creator", "distribution") else key): one for key, one in description().items()}
    assert check(renamed, NOW, files=FILES) == []


def test_a_file_that_changed_is_noticed():
    files = {**FILES, "a.csv": HeldFile("a.csv", 99, "cd" * 32)}
    rules = {rule for rule, _ in found(description(), files=files)}
    assert rules == {"hash-false", "size-false", "root-false"}


def test_what_is_too_much_is_refused_quickly():
    wide = description() | {f"p{number}": number for number in range(20_000)}
    began = time.monotonic()
    assert len(check(wide, NOW)) == MAX_FINDINGS
    deep = current = {}
    for _ in range(10_000):
        current["hasPart"] = {}
        current = current["hasPart"]
    assert [one.rule for one in check(description() | {"hasPart": deep}, NOW)] == ["croissant-depth"]
    long = description() | {"name": "x" * 10_000_000, "license": "x" * 10_000_000, "version": "1" * 1_000_000}
    assert all(len(one.what) < 500 for one in check(long, NOW))
    assert time.monotonic() - began < 30


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_in_it_nothing_breaks(data):
    document = description()
    paths = list(places(document))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, last = data.draw(st.sampled_from(paths))
        if last in holder if isinstance(holder, dict) else last < len(holder):
            holder[last] = copy.deepcopy(data.draw(json))
    assert isinstance(check(document, NOW, files=FILES), list)


def places(value):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(inner):
        yield value, key
        yield from places(one)


@pytest.mark.parametrize("bad", [None, [], "text", 5, {"@graph": []}, {}])
def test_what_is_no_description(bad):
    assert any(one.severity == "error" for one in check(bad, NOW))
