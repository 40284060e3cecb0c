"""Article 10 of the AI Act: data and data governance, point by point, for a model or a version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hanse.factory.documents import facts
from hanse.factory.documents.proofs import Proofs
from hanse.factory.documents.tree import Act, Item, Section, point

BASIS: Final = (
    "The points are those of Article 10 of Regulation (EU) 2024/1689 (AI Act) as published on 12 July 2024; "
    "later changes are not looked at."
)
SECTIONS: Final = (
    "Data governance, Article 10(2)",
    "Quality of the data, Article 10(3)",
    "Setting, Article 10(4)",
    "Special categories of personal data, Article 10(5)",
)


def article10(proofs: Proofs) -> Act:
    """Return what the evidence shows of each point of Article 10."""
    return Act(
        law="article10",
        title="Data and data governance (AI Act, Article 10)",
        subject=proofs.subject,
        by=proofs.by,
        basis=BASIS,
        sections=(_governance(proofs), _quality(proofs), _setting(proofs), _special(proofs)),
    )


def _governance(proofs: Proofs) -> Section:
    inputs, sources = proofs.inputs, proofs.sources
    collected = [item for one in sources for make in (facts.origin, facts.rights, facts.persons) for item in make(one)]
    labels = [*facts.told(sources, "rai:dataPreprocessingProtocol"), *facts.told(sources, "rai:dataAnnotationProtocol")]
    points = (
        point("10(2)(a)", "Design choices", facts.trained(proofs), facts.told(inputs, "designChoices")),
        point("10(2)(b)", "Collection and origin, and the original purpose", _came(proofs), collected),
        point("10(2)(c)", "Preparation: labelling, cleaning, updating, enrichment", facts.steps(proofs.made), labels),
        point("10(2)(d)", "Assumptions: what the data is to measure and represent", facts.told(inputs, "assumptions")),
        point("10(2)(e)", "Availability, quantity and suitability", _amounts(proofs), facts.told(inputs, "suitability")),
        point(
            "10(2)(f)",
            "Examination for possible biases",
            facts.measures(inputs, facts.BIAS, "Bias", proofs.made),
            facts.told(proofs.made, "rai:dataBiases"),
        ),
        point("10(2)(g)", "What is done about biases", facts.told(inputs, "biasMeasures")),
        point("10(2)(h)", "Gaps and shortcomings", gaps(proofs), facts.told(inputs, "gapsAddressed")),
    )
    return Section(SECTIONS[0], points)


def _came(proofs: Proofs) -> Iterator[Item]:
    for one in proofs.made:
        yield from facts.came(one)


def _amounts(proofs: Proofs) -> Iterator[Item]:
    for one in proofs.made:
        yield from facts.amounts(one)


def gaps(proofs: Proofs) -> Iterator[Item]:
    """Say what is missing, was not measured, or has to be watched."""
    yield from facts.lost(proofs)
    for one in proofs.sources:
        yield from facts.marks(one)
    for one in proofs.inputs:
        yield from facts.unmeasured(one, (*facts.QUALITY, *facts.BIAS[:-1]))
    yield from facts.told(proofs.made, "rai:dataLimitations")


def _quality(proofs: Proofs) -> Section:
    what = "Relevance, errors, completeness"
    purpose = facts.told_of_model(proofs, "modelUses") if proofs.is_model else facts.told(proofs.inputs, "rai:dataUseCases")
    title = "Relevant, representative, free of errors, complete, in view of the purpose"
    shown = point("10(3)", title, purpose, facts.measures(proofs.inputs, facts.QUALITY, what, proofs.made))
    return Section(SECTIONS[1], (shown,))


def _setting(proofs: Proofs) -> Section:
    measured = facts.measures(proofs.inputs, facts.SETTING, "Setting", proofs.made)
    places = [item for one in proofs.sources for item in facts.about(one)]
    return Section(
        SECTIONS[2],
        (
            point(
                "10(4)",
                "Geographical, contextual, behavioural and functional setting",
                places,
                measured,
                facts.told(proofs.inputs, "setting"),
            ),
        ),
    )


def _special(proofs: Proofs) -> Section:
    none = all(one.answers.get("sensitiveData") == "no" for one in proofs.sources)
    return Section(
        SECTIONS[3],
        (
            point(
                "10(5)",
                "Special categories, and safeguards",
                facts.told(proofs.sources, "sensitiveData"),
                facts.steps(proofs.made, ("personal",)),
                facts.measures(proofs.inputs, facts.PERSONAL, "Personal data", proofs.made),
                () if none else facts.told(proofs.inputs, "safeguards"),
            ),
        ),
    )
