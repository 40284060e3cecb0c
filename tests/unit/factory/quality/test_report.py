"""The report: what it holds, that it reads back strictly, and how it is shown."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import polars as pl
import pytest
import rdflib
from pypdf import PdfReader

from hanse.factory.quality.assess import Task, assess
from hanse.factory.quality.base import Measure, counted, metric
from hanse.factory.quality.dqv import write_dqv
from hanse.factory.quality.measures.relevance import RelevanceMeasure
from hanse.factory.quality.outline import figure, percent
from hanse.factory.quality.page import write_page
from hanse.factory.quality.pdf import write_pdf
from hanse.factory.quality.registry import BUILT_IN, measures
from hanse.factory.quality.report import Assessed, Report, digest_of_report, read_report, rounded, write_report
from hanse.factory.quality.stated import Stated, stated_of
from hanse.kernel.errors import Invalid, Malformed, Misconfigured, TooLarge

DQV = rdflib.Namespace("http://www.w3.org/ns/dqv#")
EVIL = '<script>alert("x")</script> & "quotes" \'] #panic() $x$ *b*'
STATED: dict[str, Any] = {
    "use": f"Train on it {EVIL}",
    "columns": {"amount": {"type": "number", "min": 0, "max": 30}},
    "label": {"column": "class", "classes": ["a", "b", "c"], "inputs": ["town"]},
    "population": {"sex": {"f": 0.5, "m": 0.4, "d": 0.1}},
    "bias": {"attributes": ["sex"], "outcome": "hired", "favourable": [True]},
    "group_by": ["sex"],
    "setting": {"geographical": "Two towns", "place_column": "town", "places": ["delft", "bonn"]},
}


def make_folder(folder: Path, rows: int = 200) -> list[str]:
    """Write a table with a bit of everything, and a file that is none; return their names."""
    chance = random.Random(6)
    lines = ["town,amount,hired,sex,class,text"]
    for number in range(rows):
        town, sex, label = chance.choice(["delft", "rom", EVIL.replace('"', '""')]), chance.choice("ffm"), chance.choice("aab")
        amount = "n/a" if number % 50 == 0 else f"{chance.gauss(10, 4):.2f}"
        lines.append(f'"{town}",{amount},{chance.choice(["true", "false"])},{sex},{label},rain {number % 70}')
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("\n".join(lines), "utf-8")
    (folder / "note.bin").write_bytes(b"\xff\x00")
    return ["note.bin", "people.csv"]


def make_report(place: Path, **changes: Any) -> Report:
    """Return the report on such a table."""
    paths = make_folder(place / "in")
    (place / "work").mkdir()
    task = Task(
        folder=place / "in",
        paths=paths,
        assessed=Assessed(version="people@1", root="ab" * 32, files=2, size=9_000, title=f"People {EVIL}", provider="did:web:example.org"),
        workshop=place / "work",
        by="did:web:example.org:participants:bob",
        at=datetime(2026, 3, 11, tzinfo=UTC),
        software="hanse 0",
        stated=stated_of(STATED),
    )
    return assess(task, **changes)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One report for all."""
    return make_report(tmp_path_factory.mktemp("report"))


def test_it_says_what_was_assessed_by_whom_for_what_when_and_how(report: Report) -> None:
    assert report.assessed.version == "people@1"
    assert report.by.endswith("bob")
    assert report.use == STATED["use"]
    assert report.stated == stated_of(STATED).digest()
    assert {one.measure for one in report.metrics} == set(BUILT_IN)
    assert all(one.version for one in report.metrics)
    assert report.left_out == ("note.bin: no table",)
    assert (report.value("records"), report.value("completeness")) == (200, 1)
    assert any(one.group == "sex=f" for one in report.profiles)


def test_it_reads_back_and_has_one_digest(report: Report) -> None:
    data = write_report(report)
    assert read_report(data) == report
    spaced = json.dumps(json.loads(data), indent=3).encode()
    assert digest_of_report(read_report(spaced)) == digest_of_report(report)


def test_the_same_data_gives_the_same_report_streamed_or_not(report: Report, tmp_path: Path) -> None:
    streamed = make_report(tmp_path, in_memory=0)
    assert streamed.measurements == report.measurements
    assert [(one.column, one.mean, one.sd, one.bars) for one in streamed.profiles if one.kind == "number" and not one.group] == [
        (one.column, one.mean, one.sd, one.bars) for one in report.profiles if one.kind == "number" and not one.group
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda plain: plain | {"more": 1}, Invalid),
        (lambda plain: plain | {"format": "hanse-quality/9"}, Invalid),
        (lambda plain: plain | {"metrics": plain["metrics"][1:]}, Invalid),
        (lambda plain: plain | {"metrics": plain["metrics"][:1] + plain["metrics"]}, Invalid),
        (lambda plain: plain | {"measurements": [{"metric": "records"}]}, Invalid),
        (lambda plain: plain | {"measurements": [{"metric": "records", "value": 1, "why": "no"}]}, Invalid),
        (lambda plain: plain | {"measurements": [{"metric": "records", "value": 1}]}, Invalid),
        (lambda plain: [plain], Invalid),
    ],
    ids=["unknown field", "other format", "metric missing", "metric twice", "neither", "both", "no sample", "no object"],
)
def test_what_is_no_report_is_refused(report: Report, change: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_report(json.dumps(change(json.loads(write_report(report)))).encode())


def test_what_cannot_be_read_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"", b"{", b'{"assessed":' * 100_000, b"\xff"):
        with pytest.raises((Malformed, Invalid)):
            read_report(data)
    monkeypatch.setattr("hanse.factory.quality.report.MAX_SIZE", 3)
    with pytest.raises(TooLarge):
        read_report(b"1234")


def test_figures_do_not_hang_on_the_order_of_adding_up() -> None:
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(12) == 12
    with pytest.raises(ValueError, match="finite"):
        rounded(float("nan"))


def test_linked_data(report: Report) -> None:
    graph = rdflib.Graph().parse(data=write_dqv(report), format="json-ld")
    found = list(graph.subjects(rdflib.RDF.type, DQV.QualityMeasurement))
    figures = len([one for one in found if "m" in str(one).rpartition(":")[2]])
    assert figures == len(report.measurements)
    for one in found:
        metric = graph.value(one, DQV.isMeasurementOf)
        assert (metric, rdflib.RDF.type, DQV.Metric) in graph
        dimension = graph.value(metric, DQV.inDimension)
        assert (dimension, rdflib.RDF.type, DQV.Dimension) in graph
        assert graph.value(one, DQV.computedOn) is not None
        assert (graph.value(one, DQV.value) is not None) != (graph.value(one, rdflib.URIRef("urn:hanse:quality:notMeasured")) is not None)
    whole = rdflib.URIRef(f"urn:hanse:version:people@1:{'ab' * 32}")
    query = """SELECT ?value WHERE { ?m dqv:isMeasurementOf <urn:hanse:quality:completeness> ; dqv:computedOn ?whole ; dqv:value ?value }"""
    (row,) = graph.query(query, initNs={"dqv": DQV}, initBindings={"whole": whole})
    assert row[0].toPython() == 1.0  # type: ignore[index]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_and_runs_nothing(report: Report) -> None:
    page = _Page()
    page.feed(write_page(report).decode())
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "img", "object", "form", "b"}
    assert not [
        attrs
        for _, attrs in page.tags
        if any(name.startswith("on") or name in ("src", "href") for name in attrs) and attrs.get("class") != "skip"
    ]
    plots = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("aria-hidden") is None]
    assert plots
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in plots)
    assert EVIL not in write_page(report).decode()


def test_the_pdf_is_tagged_and_has_its_fonts(report: Report, tmp_path: Path) -> None:
    data = write_pdf(report)
    assert data == write_pdf(report), "the same report gives the same bytes"
    (tmp_path / "report.pdf").write_bytes(data)
    reader = PdfReader(tmp_path / "report.pdf")
    assert reader.metadata is not None
    assert reader.metadata.title == f"Quality of People {EVIL}"
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value  # type: ignore[index]
    assert root["/Lang"] == "en"  # type: ignore[index]
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Completeness" in text
    assert "#panic()" in text, "what looks like a command is a text"
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"].get("/Font", {}).values()]  # type: ignore[union-attr, index]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert descriptors
    assert all("/FontFile3" in one or "/FontFile2" in one for one in descriptors)


ODD: dict[str, pl.DataFrame] = {
    "no rows": pl.DataFrame({"x": [], "text": []}, schema={"x": pl.Int64, "text": pl.String}),
    "all null": pl.DataFrame({"x": [None, None], "text": [None, None]}),
    "one row": pl.DataFrame({"x": [1], "text": ["a"]}),
    "nested": pl.DataFrame({"x": [[1, 2], [1, 2], None], "text": [{"a": 1}, {"a": 2}, None], "b": [b"\xff", b"", None]}),
    "not finite": pl.DataFrame({"x": [float("nan"), float("inf"), None], "text": ["NaN", "inf", ""]}),
    "huge": pl.DataFrame({"x": pl.Series([2**100, -(2**100), None], dtype=pl.Int128), "text": ["9" * 30, "-" + "9" * 30, "0"]}),
    "decimal": pl.DataFrame({"x": [Decimal("1.5"), Decimal("12345678901234567890.12"), None]}),
    "names": pl.DataFrame({"": ["a", "b"], "\n": ["1", "2"], EVIL: ["\x00", "\u202e"]}),
    "booleans": pl.DataFrame({"x": [True, False, None], "text": ["true", "false", "x"]}),
    "far dates": pl.DataFrame({"x": [date(1, 1, 1), date(9999, 12, 31)], "when": ["0001-01-01", "9999-12-31"]}),
    "1,000 columns": pl.DataFrame({f"c{number}": [number, None] for number in range(1_000)}),
}
EVERYTHING: dict[str, Any] = {
    "columns": {
        "x": {"type": "number", "min": 0, "nullable": False, "unique": True},
        "text": {"pattern": "[a-z]+"},
        "when": {"type": "date"},
    },
    "rules": [
        {"name": "one", "then": {"left": "x", "is": ">", "value": 1}},
        {"name": "two", "when": {"left": "text", "is": "==", "value": True}, "then": {"left": "x", "is": "!=", "column": "text"}},
    ],
    "label": {"column": "x", "classes": ["1", 1.5, True], "inputs": ["text"], "annotators": ["x", "text"]},
    "time": {"column": "when", "max_age": 3, "arrived": "when", "max_delay": 1},
    "population": {"x": {"1": 0.5, "2": 0.5}, "text": {"a": 1.0}},
    "group_by": ["text", "x"],
    "bias": {"attributes": ["text", "x"], "outcome": "x", "favourable": [1, True]},
    "setting": {"place_column": "text", "places": ["a"]},
    "relevance": {"columns": ["x"], "languages": ["de"], "language_column": "text", "terms": ["a", "("]},
}


@pytest.mark.parametrize("in_memory", [None, 0], ids=["in memory", "streamed"])
@pytest.mark.parametrize("name", ODD)
def test_every_measure_on_odd_tables(name: str, in_memory: int | None, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    ODD[name].write_parquet(tmp_path / "in" / "a.parquet")
    assessed = Assessed(version="odd", root="0" * 64, files=1, size=4)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    place = {"folder": tmp_path / "in", "paths": ["a.parquet"], "workshop": tmp_path / "work"}
    found = assess(Task(**place, assessed=assessed, by="me", at=at, software="hanse", stated=stated_of(EVERYTHING)), in_memory=in_memory)
    assert found.left_out == ()
    assert {one.metric for one in found.measurements} >= {"completeness", "relevance", "label-completeness", "disparate-impact"}
    assert read_report(write_report(found)) == found
    assert write_page(found)
    assert write_dqv(found)
    if name == "names":
        assert write_pdf(found)


def test_a_report_on_nothing_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(b"x,y\n")
    assessed = Assessed(version="nothing", root="0" * 64, files=1, size=4)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    task = Task(folder=tmp_path / "in", paths=["a.csv"], assessed=assessed, workshop=tmp_path, by="me", at=at, software="hanse")
    found = assess(task)
    assert found.value("records") == 0
    assert {one.why for one in found.measurements if one.metric == "completeness" and not one.column} == {"there are no records"}
    assert write_page(found)
    assert write_pdf(found)[:5] == b"%PDF-"
    assert write_dqv(found)


def test_letters_of_all_the_world(report: Report) -> None:
    assessed = msgspec.structs.replace(report.assessed, title="質量 Ποιότητα Качество جودة 🌧 \x07\u202e")
    odd = msgspec.structs.replace(report, assessed=assessed, profiles=(), measurements=())
    assert "[U+8CEA]" in PdfReader(io.BytesIO(write_pdf(odd))).pages[0].extract_text()
    assert "質量" in write_page(odd).decode()


def test_figures_in_words() -> None:
    assert [percent(one) for one in (1, 0, 0.5, 0.999999, 0.00000001)] == ["100 %", "0 %", "50 %", "> 99.99 %", "< 0.01 %"]
    assert [figure(one) for one in (1234567, 0.12345, 1234.567, None)] == ["1,234,567", "0.1235", "1,234.57", "–"]


class _Own(Measure):
    name: ClassVar[str] = "own"
    metrics = (metric("own-figure", "Our own figure", "relevance", "One."),)

    def measure(self, subject: Any) -> Any:
        yield counted(self.metrics[0], 1.0, 1)


class _Again(_Own):
    metrics = RelevanceMeasure.metrics


class _Undescribed(_Own):
    def measure(self, subject: Any) -> Any:
        yield counted(metric("other", "", "", ""), 1.0, 1)


def test_measures_of_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hanse.factory.quality.registry.load", lambda _: {"own": _Own})
    found = make_report(tmp_path / "a")
    assert found.value("own-figure") == 1.0
    assert b"Our own figure" in write_page(found)
    monkeypatch.setattr("hanse.factory.quality.registry.load", lambda _: {"own": _Undescribed})
    with pytest.raises(Misconfigured):
        make_report(tmp_path / "b")
    for bad in ({"own": object()}, {"own": _Again}, {"errors": _Own}):
        monkeypatch.setattr("hanse.factory.quality.registry.load", lambda _, bad=bad: bad)
        with pytest.raises(Misconfigured):
            measures()


@pytest.mark.parametrize(
    ("plain", "where"),
    [
        ({"column": {}}, "column"),
        ({"population": {"x": {"a": 0.5}}}, "population.x"),
        ({"population": {"x": {"a": -1, "b": 2}}}, "population.x"),
        ({"columns": {"x": {"min": 1}}}, "columns.x.min"),
        ({"columns": {"x": {"type": "number", "min": "1"}}}, "columns.x.min"),
        ({"columns": {"x": {"type": "date", "max": "soon"}}}, "columns.x.max"),
        ({"columns": {"x": {"format": "%Y"}}}, "columns.x.format"),
        ({"columns": {"x": {"type": "number", "pattern": "x"}}}, "columns.x.pattern"),
        ({"rules": [{"name": "r", "then": {"left": "a", "is": "=="}}]}, "rules[0].then"),
        ({"bias": {"attributes": [], "outcome": "y", "favourable": [1]}}, "bias.attributes"),
        ({"time": {"column": "x", "max_age": -1}}, "time.max_age"),
        ([], "use"),
    ],
)
def test_what_is_stated_wrongly_is_named(plain: Any, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        stated_of(plain)
    assert caught.value.where == where


def test_what_is_stated_has_a_digest() -> None:
    assert Stated().digest() == stated_of({}).digest()
    assert Stated(use="x").digest() != Stated().digest()
