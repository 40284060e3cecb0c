"""Generated datasets for documents: folders of files with a version each, and answers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.dcat.model import Agent, Dataset, Period, Stated
from hanse.evidence.kinds import Input, Object, Trained
from hanse.evidence.statement import root_of_files
from hanse.factory.documents.apart import measure_apart
from hanse.factory.documents.material import Contract, Material, Trainings

NOW = datetime(2026, 11, 26, 2, 0, 0, 123456, tzinfo=UTC)
ME = "did:web:factory.example"
CONTRACT = Contract(id="agr_1", words=("You may train with it.", "You must delete it by 2030-01-01."), since=NOW)
RICH = Dataset(
    id="ds_1",
    title="Wetter in Köln | <b>1</b>",
    description="Readings of a station.\n# Not a heading\n<script>alert(1)</script>",
    keywords=("weather",),
    licence="http://creativecommons.org/licenses/by/4.0/",
    language=("de", "fr"),
    version="1.2.0",
    issued=NOW,
    creators=(Agent("Station Köln", "https://station.example"), Agent("Ada", person=True)),
    temporal=Period(NOW, None),
    sources=("https://station.example/raw",),
    rai=(Stated("dataBiases", ("One station only.",)),),
)
POOR = Dataset(id="ds_2", title="x")
ANSWERS = {
    "description": "What is in it.",
    "creator": "Ada; Bob",
    "license": "CC0-1.0",
    "datePublished": "2026-01-31",
    "url": "https://data.example/rain",
    "motivation": '=HYPERLINK("https://evil.example")\n- [x](javascript:alert(1))\n<img src=x onerror=alert(1)>',
    "sensitiveData": "no",
    "rai:dataLimitations": "| a | b |\n|---|---|",
    "rai:dataCollection": "1. By hand",
    "contactName": "Ada",
    "contactMail": "data@factory.example",
    "contactId": "https://orcid.org/0000-0000-0000-0000",
    "dataProtectionOfficer": "Bob, dpo@factory.example",
    "ethicalIssues": "no",
    "ethicalIssuesDescription": "None.",
    "project": "Rain",
    "hostPlace": "de",
    "qualityAssurance": "Looked at twice.",
    "preservation": "Ten years.",
    "consent": "Not about people.",
}
MODEL_ANSWERS = {
    "modelDescription": "Tells rain.",
    "modelType": "transformer",
    "modelDomain": "weather",
    "modelLicense": "Apache-2.0",
    "modelUses": "Forecasts.",
    "modelLimitations": "Köln only.",
    "modelEthics": "None known.",
    "modelPerformance": "0.9 by F1.",
}


def _table(rows):
    return pa.table({"day": list(range(rows)), "rain": [one * 1.5 for one in range(rows)], "place": ["Köln"] * rows})


def _parquet(path, rows=100):
    pq.write_table(_table(rows), path)


def _shards(folder):
    for number in range(3):
        _parquet(folder / f"part-{number:05}.parquet", 10 + number)


def _many(folder):
    for number in range(300):
        (folder / f"f-{number:05}.txt").write_text(f"text {number}")


FOLDERS = {
    "csv": lambda folder: (folder / "rain.csv").write_text("day,rain\n" + "".join(f"{one},{one % 7}\n" for one in range(500))),
    "tsv": lambda folder: (folder / "rain.tsv").write_text("day\train\n1\t2\n"),
    "parquet": lambda folder: _parquet(folder / "rain.parquet"),
    "shards": _shards,
    "jsonl": lambda folder: (folder / "rain.jsonl").write_text(
        "".join(json.dumps({"day": one, "at": {"x": one}}) + "\n" for one in range(50))
    ),
    "json": lambda folder: (folder / "rain.json").write_text(json.dumps([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])),
    "texts": lambda folder: [(folder / f"{name}.txt").write_text(f"Text {name}") for name in ("a", "b", "ü")],
    "binary": lambda folder: (folder / "x.bin").write_bytes(bytes(range(256))),
    "images": lambda folder: (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40)),
    "broken": lambda folder: (folder / "rain.parquet").write_bytes(b"PAR1 no, it is none PAR1"),
    "odd-names": lambda folder: (folder / "a,b ` | <x>.csv").write_text("a|b,=c\n1,2\n"),
    "many": _many,
    "mixed": lambda folder: (FOLDERS["csv"](folder), FOLDERS["jsonl"](folder), FOLDERS["texts"](folder), FOLDERS["binary"](folder)),
}


def files_of(folder: Path) -> tuple[HeldFile, ...]:
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        found.append(HeldFile(path.relative_to(folder).as_posix(), len(data), hashlib.sha256(data).hexdigest()))
    return tuple(found)


def version_of(files, *, name="rain", number=1, offered=RICH, own=False, sums="provider"):
    return DatasetVersion(
        tenant="t",
        name=name,
        number=number,
        root=root_of_files([Object(one.path, one.sha256, one.size) for one in files]),
        count=len(files),
        size=sum(one.size for one in files),
        stored=NOW,
        agreement=None if own else "agr_1",
        provider=None if own else "did:web:a.example",
        dataset="/data/rain" if own else "ds_1",
        offered=None if own else offered,
        origin=Origin() if own else Origin(places=("DE",), collection="Direct measurement", personal=False, rights="CC-BY-4.0"),
        sums="measured" if own else sums,
    )


def material_of(folder: Path, **how) -> Material:
    answers, measured = how.pop("answers", {}), how.pop("measured", None)
    files = files_of(folder)
    version = version_of(files, **how)
    return Material(
        version=version,
        files=files,
        by=ME,
        at=version.stored,
        measured=measured or measure_apart(folder, files),
        answers=answers,
        answered=NOW if answers else None,
        contract=None if version.agreement is None else CONTRACT,
        kept=NOW,
    )


def model_of(*versions: DatasetVersion, answers=None, gone: str = "") -> Trainings:
    inputs = tuple(Input(one.id, one.root, one.agreement or "") for one in versions)
    lost = (Input(gone, "ab" * 32, "agr_9"),) if gone else ()
    trained = Trained(
        model="rain-net",
        digest="cd" * 32,
        action="urn:hanse:odrl:train",
        inputs=(*inputs, *lost),
        code="git:4f2a9c1",
        parameters={"epochs": "3", "=cmd": "<b>"},
    )
    return Trainings(name="rain-net", trainings=((NOW, trained),), inputs=versions, by=ME, answers=answers or {})
