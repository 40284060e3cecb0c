"""What Annex IV of the AI Act asks about data (high-risk systems), and Annexes XI and XII (general-purpose models)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hanse.factory.documents import facts
from hanse.factory.documents.article10 import gaps
from hanse.factory.documents.proofs import Proofs
from hanse.factory.documents.tree import Act, Item, Section, point

BASIS: Final = (
    "The points are those about data of Annexes IV, XI and XII of Regulation (EU) 2024/1689 (AI Act) as published on 12 July 2024; "
    "later changes are not looked at. What these annexes ask besides is not in here."
)
SECTIONS: Final = (
    "Annex IV, point 2(d): the data used for training",
    "Annex IV, point 2(g): the data used for validation and testing",
    "Annex IV, point 3: input data",
    "Annex XI, section 1, point 2(c), and Annex XII, point 2(c): general-purpose models",
)
_SELECTING: Final = ("language", "gopher", "c4", "fineweb", "licence", "opt-out", "exact-duplicates", "near-duplicates", "decontaminate")
_CLEANING: Final = ("decode", "gopher", "c4", "fineweb", "exact-duplicates", "near-duplicates", "personal")
_UNSUITABLE: Final = ("gopher", "c4", "fineweb", "licence", "opt-out", "decontaminate")


def annex_iv(proofs: Proofs) -> Act:
    """Return the parts about data of the technical documentation of a model or a version."""
    return Act(
        law="annex-iv",
        title="Technical documentation: data (AI Act, Annexes IV, XI, XII)",
        subject=proofs.subject,
        by=proofs.by,
        basis=BASIS,
        sections=(_datasheet(proofs), _testing(proofs), _input(proofs), _general(proofs)),
    )


def _datasheet(proofs: Proofs) -> Section:
    ref, made, sources = "IV.2(d)", proofs.made, proofs.sources
    points = [
        point(ref, "Training methods", facts.trained(proofs)) if proofs.is_model else None,
        point(ref, "General description", facts.told(made, "description")),
        point(ref, "Provenance", *_provenance(proofs)),
        point(ref, "Scope and main characteristics", *_characteristics(proofs)),
        point(ref, "How it was obtained and selected", *_selection(proofs)),
        point(ref, "Labelling", facts.told(sources, "rai:dataAnnotationProtocol")),
        point(ref, "Cleaning", facts.steps(made, _CLEANING), facts.told(sources, "rai:dataPreprocessingProtocol")),
    ]
    return Section(SECTIONS[0], tuple(one for one in points if one is not None))


def _provenance(proofs: Proofs) -> Iterator[Iterator[Item]]:
    for one in proofs.made:
        yield facts.came(one)
    for one in proofs.sources:
        yield facts.origin(one)
        yield facts.rights(one)


def _characteristics(proofs: Proofs) -> Iterator[Iterator[Item]]:
    for one in proofs.made:
        yield facts.amounts(one)
    for one in proofs.sources:
        yield facts.about(one)
        yield facts.persons(one)
    yield facts.measures(proofs.inputs, (*facts.QUALITY, *facts.SETTING), "Quality", proofs.made)


def _selection(proofs: Proofs) -> Iterator[Iterator[Item]]:
    yield facts.steps(proofs.made, _SELECTING)
    yield facts.told(proofs.sources, "selection")
    yield facts.told(proofs.inputs, "suitability")


def _testing(proofs: Proofs) -> Section:
    tests = proofs.tests
    found = [item for one in tests for item in (*facts.came(one), *facts.amounts(one))]
    both = [Item(f"{one.id} was also trained with.", facts.trained_with(proofs, one)) for one in tests if one.id in proofs.direct]
    split = list(facts.steps(proofs.made, ("split",)))
    missing = () if found or split else (Item("Which data it was validated and tested with: no statement in the log names any."),)
    title = "Validation and testing data, and its main characteristics"
    return Section(SECTIONS[1], (point("IV.2(g)", title, found, both, split, missing, facts.measures(tests, facts.QUALITY, "Quality")),))


def _input(proofs: Proofs) -> Section:
    items = facts.told_of_model(proofs, "inputData") if proofs.is_model else iter((Item("It is asked of models alone."),))
    return Section(SECTIONS[2], (point("IV.3", "Specifications on input data", items),))


def _general(proofs: Proofs) -> Section:
    ref, made, inputs = "XI.1.2(c), XII.2(c)", proofs.made, proofs.inputs
    points = (
        point(ref, "Type and provenance", *_provenance(proofs)),
        point(ref, "Curation", facts.steps(made), facts.told(proofs.sources, "rai:dataPreprocessingProtocol")),
        point(ref, "Number of data points", *[facts.amounts(one) for one in made]),
        point(ref, "Scope and main characteristics", *_characteristics(proofs)),
        point(ref, "How it was obtained and selected", *_selection(proofs)),
        point(ref, "What is done to find unsuitable sources", facts.steps(made, _UNSUITABLE), gaps(proofs)),
        point(
            ref,
            "What is done to find biases",
            facts.measures(inputs, facts.BIAS, "Bias", made),
            facts.told(inputs, "biasMeasures"),
            facts.told(made, "rai:dataBiases"),
        ),
    )
    return Section(SECTIONS[3], points)
