"""mlcroissant, the library of the makers of Croissant, accepts what we write and reads the same records out of it, offline."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import socket
import warnings
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isclose

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from hanse.client.croissant import records as ours
from hanse.dcat.croissant.materialised import Making, write_materialised
from hanse.dcat.croissant.names import FILE
from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.dcat.model import Agent, Checksum, Dataset, Stated
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.documents.kinds import KINDS
from hanse.factory.documents.material import Material
from hanse.kernel.errors import Invalid
from hanse.odrl.model import Atomic, Offer, Rule, Terms
from tests.unit.dcat.croissant.made import DATA, FILES, MEASURED, VERSION
from tests.unit.dcat.strategies import datasets

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
OFFER = Offer(
    id="off_1",
    terms=Terms(
        permissions=(
            Rule(
                "urn:hanse:odrl:train",
                (Atomic("purpose", "isAnyOf", ["dpv:ResearchAndDevelopment"]), Atomic("dateTime", "lteq", "2030-01-01T00:00:00Z")),
                duties=(Rule("compensate", (Atomic("payAmount", "eq", {"@value": "12.50", "@type": "urn:hanse:odrl:unit:EUR"}),)),),
            ),
        )
    ),
)
OFFERED = Dataset(
    id="ds_1",
    title="Wetter in Köln",
    description="Readings of a station.",
    keywords=("weather", "température"),
    theme="http://publications.europa.eu/resource/authority/data-theme/ENVI",
    licence="CC-BY-4.0",
    language=("de", "fr"),
    version="1.2.0",
    issued=NOW,
    modified=NOW,
    creators=(Agent("Station Köln", "https://station.example"), Agent("Ada", person=True)),
    publisher=Agent("", "did:web:a.example"),
    sources=("https://station.example/raw", "a notebook"),
    checksums=(Checksum("sha256", "0" * 64),),
    rai=(Stated("dataBiases", ("One station only.",)),),
    offers=(OFFER,),
    formats=("HttpData-PULL",),
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whatever asks for an address fails: acceptance is offline."""

    def refuse(*args, **kwargs):
        raise OSError("there is no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def described(folder, *, offered=OFFERED, personal=False):
    """Describe the files of a folder in it, as the factory does, and return the description."""
    files = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        files.append(HeldFile(path.relative_to(folder).as_posix(), len(data), hashlib.sha256(data).hexdigest()))
    version = DatasetVersion(
        tenant="t",
        name="weather",
        number=3,
        root=root_of_files([Object(one.path, one.sha256, one.size) for one in files]),
        count=len(files),
        size=sum(one.size for one in files),
        stored=NOW,
        agreement="agr_1",
        provider="did:web:a.example",
        dataset="ds_1",
        offered=offered,
        origin=Origin(places=("DE",), collection="Direct measurement", personal=personal),
    )
    made = KINDS["croissant"](Material(version=version, files=tuple(files), folder=folder, by="did:web:factory.example", at=NOW))
    assert not [one for one in made.findings if one.severity == "error"]
    (folder / FILE).write_bytes(made.data)
    return msgspec.json.decode(made.data)


def records(folder, record_set):
    """Read the records as mlcroissant does, with the prefixes of their fields taken off."""
    import mlcroissant

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(jsonld=folder / FILE)
        assert not dataset.metadata.ctx.issues.errors
        return [plain(one, f"{record_set}/") for one in dataset.records(record_set)]


def plain(value, prefix):
    if isinstance(value, dict):
        return {key.removeprefix(prefix): plain(inner, f"{key}/") for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(one, prefix) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return value


def write(folder, path, data):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data if isinstance(data, bytes) else data.encode())


def same(mine, theirs):
    """Tell whether values are equal; fractions may differ in their last digit, because pandas rounds them when it reads them."""
    if isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, float):
        return isclose(mine, theirs, rel_tol=1e-12)
    if type(mine) is date:  # mlcroissant has only moments
        return theirs == mine if type(theirs) is date else theirs.isoformat() == f"{mine}T00:00:00"
    if isinstance(mine, datetime) and mine.tzinfo is None and getattr(theirs, "tzinfo", None) is not None:
        return mine == theirs.replace(tzinfo=None)
    return mine == theirs


def both(folder, record_set):
    """Return the records as both read them, after seeing that they are the same."""
    theirs = records(folder, record_set)
    found = ours(folder, record_set)
    mine = list(found)
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        assert same(renamed(one, found.fields, record_set), other), (one, other)
    arrow = [one for batch in found.batches() for one in batch.to_pylist()]
    assert len(arrow) == len(mine)
    assert all(map(same, arrow, mine))
    return mine


def renamed(record, fields, above):
    """Return a record under the ids of its fields, as mlcroissant names them."""
    out = {}
    for field in fields:
        value = record[field.name]
        if field.parts and value is not None:
            value = [renamed(one, field.parts, field.id) for one in value] if field.array else renamed(value, field.parts, field.id)
        out[field.id.removeprefix(f"{above}/")] = value
    return out


ROWS = [
    {"id": 1, "name": "Köln, Dom", "temp": 1.5, "ok": True, "day": "2026-01-01", "at": "2026-01-01T10:00:00Z"},
    {"id": 2, "name": 'say "hi"\nplease', "temp": -0.25, "ok": False, "day": "2026-01-02", "at": "2026-01-02T10:00:00Z"},
    {"id": 3, "name": "東京", "temp": 1e5, "ok": True, "day": "2026-01-03", "at": "2026-01-03T10:00:00Z"},
]


def as_text(rows, delimiter):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("weather.csv", lambda: as_text(ROWS, ",")),
        ("weather.tsv", lambda: as_text(ROWS, "\t")),
        ("weather.csv.gz", lambda: gzip.compress(as_text(ROWS, ",").encode())),
        ("weather.jsonl", lambda: "\n".join(json.dumps(row) for row in ROWS)),
        ("weather.jsonl.gz", lambda: gzip.compress("\n".join(json.dumps(row) for row in ROWS).encode())),
        ("weather.json", lambda: json.dumps(ROWS)),
        ("deep/er/wéather data.csv", lambda: "\ufeff" + as_text(ROWS, ",")),
    ],
)
def test_one_table(tmp_path, path, make):
    write(tmp_path, path, make())
    document = described(tmp_path)
    (table,) = document["recordSet"]
    found = both(tmp_path, table["@id"])
    assert found == [{**row, "day": date.fromisoformat(row["day"]), "at": datetime.fromisoformat(row["at"])} for row in ROWS]
    assert [field["dataType"] for field in table["field"]] == [
        "sc:Integer", "sc:Text", "sc:Float", "sc:Boolean", "sc:Date", "sc:DateTime",
    ]  # fmt: skip


def test_missing_values(tmp_path):
    write(tmp_path, "a.csv", 'id,n,x,ok,day,text\n1,5,1.5,true,2026-01-01,a\n,,,,,\n3,NA,nan,false,,"b, c"\n')
    write(tmp_path, "b.jsonl", '{"id":1,"x":1.5,"s":"a","l":[1,2]}\n{"id":null}\n{"id":3,"x":2,"s":null,"l":[]}\n')
    described(tmp_path)
    assert both(tmp_path, "a") == [
        {"id": 1, "n": 5, "x": 1.5, "ok": True, "day": date(2026, 1, 1), "text": "a"},
        {"id": None, "n": None, "x": None, "ok": None, "day": None, "text": None},
        {"id": 3, "n": None, "x": None, "ok": False, "day": None, "text": "b, c"},
    ]
    assert both(tmp_path, "b") == [
        {"id": 1, "x": 1.5, "s": "a", "l": [1, 2]},
        {"id": None, "x": None, "s": None, "l": None},
        {"id": 3, "x": 2.0, "s": None, "l": []},
    ]


def test_columns_with_strange_names(tmp_path):
    names = ["a b", "ä:ö", "@id", "#hash", "x/y", "100%", "日本", "{curly}", "a.b", "", "a b"]
    write(tmp_path, "strange.csv", ",".join(names) + "\n" + ",".join("abcdefghijk") + "\n")
    write(tmp_path, "strange.jsonl", json.dumps({name: "x" for name in names if name}) + "\n")
    described(tmp_path)
    assert list(both(tmp_path, "strange")[0].values()) == list("abcdefghijk")
    assert list(both(tmp_path, "strange-2")[0].values()) == ["x"] * 9


def test_empty_files(tmp_path):
    write(tmp_path, "nothing.csv", "")
    write(tmp_path, "header.csv", "a,b\n")
    write(tmp_path, "nothing.jsonl", "")
    write(tmp_path, "nothing.parquet", "")
    write(tmp_path, "nothing.txt", "")
    write(tmp_path, "nothing.json", "[]")
    document = described(tmp_path)
    assert both(tmp_path, "header") == []
    assert both(tmp_path, "texts") == [{"path": "nothing.txt", "content": ""}]
    assert [one["@id"] for one in document["recordSet"]] == ["header", "texts"]
    assert len(document["hanse:unmeasured"]) == 4


def test_nested_json(tmp_path):
    rows = [
        {
            "id": 1,
            "user": {"name": "a", "home": {"city": "Köln", "no 1": 5}},
            "tags": ["x", "y"],
            "items": [{"n": 1, "s": "p"}, {"n": 2, "s": None}],
        },
        {"id": 2, "user": {"name": None, "home": {"city": "Paris"}}, "tags": [], "items": []},
    ]
    write(tmp_path, "nested.jsonl", "\n".join(map(json.dumps, rows)))
    described(tmp_path)
    assert both(tmp_path, "nested") == [
        {
            "id": 1,
            "user": {"name": "a", "home.city": "Köln", "home.no 1": 5},
            "tags": ["x", "y"],
            "items": [{"n": 1, "s": "p"}, {"n": 2, "s": None}],
        },
        {"id": 2, "user": {"name": None, "home.city": "Paris", "home.no 1": None}, "tags": [], "items": []},
    ]


def test_parquet_of_many_types(tmp_path):
    table = pa.table(
        {
            "i": pa.array([1, None, 3], pa.int32()),
            "u": pa.array([1, 2, 3], pa.uint8()),
            "f": pa.array([1.5, None, -2.25], pa.float32()),
            "d": pa.array([Decimal("1.25"), None, Decimal("3.50")], pa.decimal128(9, 2)),
            "s": pa.array(["ä", None, ""], pa.large_string()),
            "c": pa.array(["x", "y", "x"]).dictionary_encode(),
            "b": pa.array([True, None, False]),
            "day": pa.array([date(2026, 1, 1), None, date(1999, 12, 31)]),
            "at": pa.array(
                [datetime.fromisoformat("2026-01-01T12:00:00"), None, datetime.fromisoformat("2000-01-01T00:00:00")], pa.timestamp("ms")
            ),
            "t": pa.array([time(1, 2, 3), None, time(4, 5, 6)], pa.time64("us")),
            "l": pa.array([[1, 2], [], [3]], pa.list_(pa.int64())),
            "o": pa.array([{"x": 1, "y": "a"}, {"x": None, "y": "b"}, {"x": 3, "y": None}]),
            "lo": pa.array([[{"x": 1}], [{"x": 2}, {"x": 3}], []]),
        }
    )
    pq.write_table(table, tmp_path / "many.parquet")
    document = described(tmp_path)
    assert len(document["recordSet"][0]["field"]) == 13
    found = both(tmp_path, "many")
    assert found[0]["d"] == 1.25
    assert found[1]["lo"] == [{"x": 2}, {"x": 3}]
    assert found[2]["o"] == {"x": 3, "y": None}


def test_shards_are_one_table(tmp_path):
    for number in range(3):
        pq.write_table(pa.table({"n": [number * 10, number * 10 + 1]}), tmp_path / f"part-0000{number}-of-00003.parquet")
        write(tmp_path, f"rows/{number}.csv", f"n,s\n{number},x\n")
    document = described(tmp_path)
    assert [one["@type"] for one in document["distribution"]].count("cr:FileSet") == 2
    assert [one["n"] for one in both(tmp_path, document["recordSet"][0]["@id"])] == [0, 1, 10, 11, 20, 21]
    assert [one["n"] for one in both(tmp_path, document["recordSet"][1]["@id"])] == [0, 1, 2]


def test_texts_in_folders(tmp_path):
    texts = {"de/ä 1.txt": "Grüße\n", "fr/[b].txt": "ça", "en/c.txt": "hello, world"}
    for path, text in texts.items():
        write(tmp_path, path, text)
    write(tmp_path, "README.txt", "not a record")
    write(tmp_path, "image.png", b"\x89PNG")
    described(tmp_path)
    assert {one["path"]: one["content"] for one in both(tmp_path, "texts")} == texts


def test_two_thousand_files(tmp_path):
    for number in range(2000):
        write(tmp_path, f"{number % 20:02}/{number:04}.txt", f"text {number}")
    document = described(tmp_path)
    assert len(document["distribution"]) == 2001
    assert len(both(tmp_path, "texts")) == 2000


def test_cells_that_look_like_formulas(tmp_path):
    cells = ["=1+1", "+49 221 1", "-cmd|' /C calc'!A0", "@SUM(A1)"]
    write(tmp_path, "cells.csv", "cell\n" + "\n".join(f'"{one}"' for one in cells) + "\n")
    described(tmp_path)
    assert [one["cell"] for one in both(tmp_path, "cells")] == cells


def test_many_columns(tmp_path):
    names = [f"c{number}" for number in range(100)]
    write(tmp_path, "wide.csv", ",".join(names) + "\n" + ",".join(map(str, range(100))) + "\n")
    described(tmp_path)
    assert both(tmp_path, "wide") == [{name: number for number, name in enumerate(names)}]


def test_numbers_that_readers_take_for_moments(tmp_path):
    write(tmp_path, "events.jsonl", '{"created_at": 1700000000, "n": 1}\n{"created_at": 1700000060, "n": 2}\n')
    described(tmp_path)
    assert [one["created_at"] for one in both(tmp_path, "events")] == [
        datetime.fromisoformat("2023-11-14T22:13:20"),
        datetime.fromisoformat("2023-11-14T22:14:20"),
    ]


def test_terms_survive_in_the_description(tmp_path):
    write(tmp_path, "a.csv", "a\n1\n")
    document = described(tmp_path)
    (info,) = document["usageInfo"]
    assert info["@type"] == ["CreativeWork", "odrl:Offer"]
    assert document["offers"] == [{"@type": "Offer", "price": "12.50", "priceCurrency": "EUR"}]
    assert document["prov:wasGeneratedBy"]["prov:used"]["identifier"] == "agr_1"


def test_a_changed_file_is_noticed(tmp_path):
    write(tmp_path, "a.csv", "a\n1\n")
    described(tmp_path)
    write(tmp_path, "a.csv", "a\n2\n")
    with pytest.raises(Invalid) as error:
        list(ours(tmp_path))
    assert error.value.rule == "records-hash"
    with pytest.raises(Exception, match="An error"):
        records(tmp_path, "a")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(datasets)
def test_whatever_was_offered_is_accepted(tmp_path, dataset):
    for path, data in DATA.items():
        write(tmp_path, path, data)
    version = msgspec.structs.replace(VERSION, offered=dataset)
    document = write_materialised(version, list(FILES.values()), MEASURED, Making(at=NOW, by="did:web:factory.example"))
    (tmp_path / FILE).write_bytes(msgspec.json.encode(document))
    assert [one["n"] for one in both(tmp_path, "a")] == [1, 2]


@pytest.mark.parametrize(
    "name", ["..0", "cr:a", "http:", "urn:x:y", "%20", "[a]", "*", "?", "#x", "@id", "_:b", "a b", "é日", "a\nb", "{}", "\\"]
)
def test_names_of_files(tmp_path, name):
    write(tmp_path, f"{name}.csv", "n\n1\n")
    write(tmp_path, f"{name}/{name}.csv", "n\n2\n")
    write(tmp_path, f"{name}.txt", "x")
    sets = [one["@id"] for one in described(tmp_path)["recordSet"]]
    found = [both(tmp_path, one) for one in sets]
    assert sorted(one[0]["n"] for one in found if "n" in one[0]) == [1, 2]
    assert found[-1] == [{"path": f"{name}.txt", "content": "x"}]
