"""A materialised description that has a little of everything, and is right."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from hanse.dcat.croissant.materialised import Making, write_materialised
from hanse.dcat.croissant.shape import Column, Counted, Measured, Statistic, Table
from hanse.dcat.holding import DatasetVersion, HeldFile, Origin
from hanse.dcat.model import Agent, Dataset, Stated
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.odrl.model import Atomic, Offer, Rule, Terms

NOW = datetime(2026, 11, 26, tzinfo=UTC)
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
    title="Weather",
    description="Readings of a station.",
    keywords=("weather",),
    licence="CC-BY-4.0",
    language=("de",),
    version="1.2.0",
    issued=NOW,
    modified=NOW,
    landing_page="https://station.example/weather",
    creators=(Agent("Station", "https://station.example"),),
    publisher=Agent("Station"),
    sources=("https://station.example/raw",),
    rai=(Stated("dataBiases", ("One station only.",)),),
    offers=(OFFER,),
    formats=("HttpData-PULL",),
)
DATA = {"a.csv": b"n,s\n1,x\n2,y\n", "t/1.txt": b"one", "t/2.txt": b"two"}
FILES = {path: HeldFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in DATA.items()}
MEASURED = Measured(
    (
        Table(
            name="a",
            paths=("a.csv",),
            columns=(
                Column(
                    name="n",
                    kind="Integer",
                    column="n",
                    statistics=(
                        Statistic("count", 2),
                        Statistic("missing", 0),
                        Statistic("distinct", 2),
                        Statistic("min", 1),
                        Statistic("max", 2),
                        Statistic("mean", 1.5),
                    ),
                ),
                Column(name="s", column="s", statistics=(Statistic("frequent", (Counted("x", 1), Counted("y", 1))),)),
            ),
            records=2,
        ),
        Table(
            name="texts",
            paths=("t/1.txt", "t/2.txt"),
            columns=(Column(name="path", file="fullpath"), Column(name="content", file="content")),
        ),
    )
)
VERSION = DatasetVersion(
    tenant="t",
    name="weather",
    number=1,
    root=root_of_files([Object(one.path, one.sha256, one.size) for one in FILES.values()]),
    count=3,
    size=sum(one.size for one in FILES.values()),
    stored=NOW,
    agreement="agr_1",
    provider="did:web:a.example",
    dataset="ds_1",
    offered=OFFERED,
    origin=Origin(places=("DE",), collection="Direct measurement", personal=False),
)


def description():
    """Return a fresh one, as it comes out of a file."""
    made = write_materialised(VERSION, list(FILES.values()), MEASURED, Making(at=NOW, by="did:web:factory.example"))
    return msgspec.json.decode(msgspec.json.encode(made))
