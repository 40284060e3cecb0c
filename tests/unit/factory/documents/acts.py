"""A little world for the documents of the AI Act: a model, trained on one derived version that was made of two datasets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from hanse.dcat.holding import DatasetVersion, Origin, Source
from hanse.dcat.model import Dataset
from hanse.evidence.kinds import Acquired, Derived, Figure, Input, Prepared, Trained
from hanse.factory.documents.fields import BY_NAME, FIELDS
from hanse.factory.documents.proofs import Detail, Opinion, Piece, Proofs
from hanse.factory.documents.training_summary import DOMAINS, HOURS, RANGES

ME = "did:web:factory.example"
BOUGHT_AT, MADE_AT, TRAINED_AT = (datetime(2026, month, 21, 9, 30, tzinfo=UTC) for month in (9, 10, 11))
TRAIN, EVALUATE = "urn:hanse:odrl:train", "urn:hanse:odrl:evaluate"
OFFERED = Dataset(
    id="ds_news",
    title="News in two languages",
    description="Articles of a paper.",
    licence="CC-BY-4.0",
    language=("de", "fr"),
    landing_page="https://news.example/corpus",
)
NEWS = DatasetVersion(
    tenant="t", name="news", number=3, root="a1" * 32, count=17, size=123_456_789, stored=BOUGHT_AT, agreement="agr_n",
    provider="did:web:news.example", dataset="ds_news", offered=OFFERED, sums="provider",
    origin=Origin(places=("DE", "FR"), collection="Document analysis", rights="CC-BY-4.0", personal=False, source="the provider"),
)  # fmt: skip
PAGES = DatasetVersion(
    tenant="t", name="pages", number=1, root="b2" * 32, count=5, size=98_765, stored=BOUGHT_AT.replace(day=2),
    dataset="/home/ada/pages", origin=Origin(collection="Web Scraping"),
)  # fmt: skip
CLEAN = DatasetVersion(
    tenant="t", name="clean", number=2, root="c3" * 32, count=9, size=65_432, stored=MADE_AT, under=("agr_n",), made_by="d4" * 32,
    made_of=(Source("news@3", NEWS.root, ("agr_n",)), Source("pages@1", PAGES.root)),
    origin=Origin(places=("DE", "FR"), collection="Document analysis; Web Scraping"),
)  # fmt: skip
MADE = Derived(
    id="led_made", by=ME, at=MADE_AT, entry=41, version="clean@2", root=CLEAN.root, count=9, size=65_432, action=TRAIN,
    inputs=(Input("news@3", NEWS.root, "agr_n"), Input("pages@1", PAGES.root)), under=("agr_n",), pipeline="e5" * 32,
    account="d4" * 32, steps=4,
)  # fmt: skip


def _step(number, step, records_in, records_out, **how):
    return Prepared(
        id=f"led_step{number}", by=ME, at=MADE_AT, entry=41 + number, version="clean@2", root=CLEAN.root, number=number, step=step,
        step_version="1", code="hanse 0.6.0", inputs=("00" * 32,), output="11" * 32, records_in=records_in, records_out=records_out, **how,
    )  # fmt: skip


STEPS = (
    _step(1, "decode", 0, 1_900, added=2_000, dropped={"damaged": 100}),
    _step(2, "opt-out", 1_900, 1_850, dropped={"opt-out": 48, "opt-out-unreadable-address": 2}, parameters={"column": '"opt_out"'}),
    _step(3, "gopher", 1_850, 1_500, dropped={"gopher-too-short": 350}, parameters={"min_words": "50"}),
    _step(4, "tokenise", 1_500, 1_500, counts={"tokens": 777_001}, parameters={"tokenizer": '"bpe.json"'}),
)
ASSESSED = Opinion(
    by=ME, at=MADE_AT, stage="factory", report="f6" * 32, statement="led_assessed",
    details=(Detail(part="column sex, group f", figure=Figure(metric="selection-rate", value=0.4321)),),
    figures=(
        Figure(metric="completeness", value=0.987, method="completeness/1", better="higher"),
        Figure(metric="disparate-impact", value=0.81, method="bias/1", low=0.74, high=0.88, better="higher"),
        Figure(metric="personal-data", value=0.0031, method="personal/1", better="lower"),
    ),
)  # fmt: skip
TRAINED = Trained(
    id="led_trained", by=ME, at=TRAINED_AT, entry=60, model="little-lm", digest="ab" * 32, action=TRAIN,
    inputs=(Input("clean@2", CLEAN.root, "", ("agr_n",)),), code="git:4f2a9c1", parameters={"epochs": "3", "lr": "0.0004"},
)  # fmt: skip
CAME = {
    "news@3": Acquired(
        id="led_news",
        by=ME,
        at=BOUGHT_AT,
        entry=7,
        agreement="agr_n",
        version="news@3",
        dataset="ds_news",
        root=NEWS.root,
        count=17,
        size=1,
    ),
    "pages@1": Acquired(id="led_pages", by=ME, at=BOUGHT_AT, entry=3, version="pages@1", dataset="pages", root=PAGES.root, count=5, size=1),
}


def pieces(**answers) -> tuple[Piece, ...]:
    """Return the three versions; `answers` by the name of the dataset."""
    return (
        Piece(version=CLEAN, came=MADE, steps=STEPS, assessed=(ASSESSED,), answers=answers.get("clean", {})),
        Piece(version=NEWS, came=CAME["news@3"], records=31_415, media={"text": 17}, answers=answers.get("news", {})),
        Piece(version=PAGES, came=CAME["pages@1"], media={"application": 5}, answers=answers.get("pages", {})),
    )


def model(answers=None, **of_data) -> Proofs:
    """Return what is known of the model."""
    return Proofs(
        subject="little-lm", by=ME, pieces=pieces(**of_data), direct=("clean@2",), trainings=(TRAINED,), answers=answers or {}
    )  # fmt: skip


def version() -> Proofs:
    """Return what is known of the derived version."""
    return Proofs(subject="clean@2", by=ME, pieces=pieces(), direct=("clean@2",))


def said(act, ref, *, known=True) -> list[str]:
    """Return what an act says under a point: what is known, or what is not."""
    found = [one for section in act.sections for point in section.points if point.ref == ref for one in point.items]
    return [one.text for one in found if bool(one.source) is known]


def told(field, answer) -> str:
    """Return what is said of an answer."""
    return f"{BY_NAME[field].question} {answer}"


def asked(act, ref) -> set[str]:
    """Return the fields that a point asks for."""
    found = [one for section in act.sections for point in section.points if point.ref == ref for one in point.items]
    return {one.ask for one in found if one.ask}


def figures(text: str) -> set[str]:
    """Return all figures in a text, without the commas between thousands."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", re.sub(r"(?i)sha-?256", "", text))
    return set(re.findall(r"\d+(?:\.\d+)?", plain))


def figures_of(proofs: Proofs) -> set[str]:
    """Return all figures of the evidence, of the template, and of our questions; the moments as they are written."""
    given = msgspec.json.encode(proofs).decode()
    moments = " ".join(f"{one.version.stored:%m %Y}" for one in proofs.pieces)
    ours = " ".join(one.question for one in FIELDS)
    return figures(f"{given} {moments} {RANGES} {HOURS} {DOMAINS} {ours}")
