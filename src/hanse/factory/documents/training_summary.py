"""The public summary of the content that a general-purpose model was trained on (AI Act, Article 53(1)(d)), by the Commission's template.

The template: C(2025) 8311 final of 5 December 2025, first issued as C(2025) 5235 final on 24 July 2025; three sections. Its ranges of sizes
and its rule for domains are in `RANGES` and `DOMAINS`; see docs/decisions/0039-ai-act-documents.md for where they were looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hanse.factory.documents import facts, known
from hanse.factory.documents.proofs import Piece, Proofs
from hanse.factory.documents.sources import TITLES, category, listed, unsorted
from hanse.factory.documents.tree import Act, Item, Point, Section, point
from hanse.kernel.errors import Invalid

BASIS: Final = (
    "The sections are those of the template in C(2025) 8311 final for Article 53(1)(d) of Regulation (EU) 2024/1689 (AI Act). "
    "It is a draft for its provider: what stands in square brackets is for checking it, and need not be published."
)
SECTIONS: Final = ("1. General information", "2. List of data sources", "3. Aspects of data processing")
RANGES: Final = {
    "Text": ((10**9, "less than 1 billion tokens"), (10**13, "1 billion to 10 trillion tokens"), (None, "more than 10 trillion tokens")),
    "Images": ((10**6, "less than 1 million images"), (10**9, "1 million to 1 billion images"), (None, "more than 1 billion images")),
}
"""The template's ranges (1.3): below which figure each ends."""
HOURS: Final = "less than 10,000 hours, 10,000 to 1 million hours, or more than 1 million hours"
DOMAINS: Final = {
    "no": "the top 10 % of all domains by the size of the content scraped",
    "yes": "the top 5 % of all domains by the size of the content scraped, or 1,000 domains, for a small or medium-sized enterprise",
}
"""Which domains the template wants to be named (2.3), by whether the provider is a small or medium-sized enterprise."""
_RIGHTS: Final = ("opt-out", "licence")


def training_summary(proofs: Proofs) -> Act:
    """Return the summary of a model. Raises `Invalid` for what is no model."""
    if not proofs.is_model:
        hint = "Name a model: `hanse model list` shows them."
        raise Invalid(f"{proofs.subject} is no model: what was trained has a summary.", where="subject", rule="model", hint=hint)
    return Act(
        law="training-summary",
        title="Public summary of training content (AI Act, Article 53(1)(d))",
        subject=proofs.subject,
        by=proofs.by,
        basis=BASIS,
        sections=(_general(proofs), _sources(proofs), _processing(proofs)),
    )


# 1. General information.


def _general(proofs: Proofs) -> Section:
    provider = [item for name in ("providerName", "providerContact", "representative") for item in facts.told_of_model(proofs, name)]
    model = [*_named(proofs), *facts.told_of_model(proofs, "baseModels"), *facts.told_of_model(proofs, "marketDate")]
    return Section(
        SECTIONS[0],
        (
            point("1.1", "Provider", provider),
            point("1.2", "Model", model),
            point("1.3", "Modalities and sizes of the training data", _modalities(proofs)),
            point("1.3", "Types of content", facts.told(proofs.sources, "contentTypes")),
            point("1.3", "Latest date of acquisition", _latest(proofs), facts.told_of_model(proofs, "continuous")),
            point("1.3", "Languages", _languages(proofs)),
            point("1.3", "Other characteristics", _others(proofs)),
        ),
    )


def _named(proofs: Proofs) -> Iterator[Item]:
    for says in proofs.trainings:
        yield Item(f"{says.model} (SHA-256 {says.digest}), {facts.word(says)}, {known.moment(says.at)}.", facts.entry(says))


def _modalities(proofs: Proofs) -> Iterator[Item]:
    texts = [one for one in proofs.made if one.tokens or any(step.step in ("decode", "tokenise") for step in one.steps)]
    if texts or any(one.media.get("text") for one in proofs.sources):
        yield from _text(proofs)
    images = [one for one in proofs.sources if one.media.get("image")]
    if images:
        count = sum(one.media["image"] for one in images)
        yield Item(f"Images: {_range('Images', count)}.", ", ".join(f"image files counted in {one.id}" for one in images))
    for word in ("audio", "video"):
        if any(one.media.get(word) for one in proofs.sources):
            yield Item(f"{word.capitalize()}: whether it is {HOURS}.", ask="mediaSize")
    if not texts and not any(one.media.get(word) for one in proofs.sources for word in ("text", "image", "audio", "video")):
        yield Item("Which modalities the training data has: neither the types of the files nor the steps tell.")


def _text(proofs: Proofs) -> Iterator[Item]:
    counted = [one.tokens for one in proofs.inputs]
    told = [one for one in counted if one is not None]
    if told and len(told) == len(counted) and not proofs.lost:
        source = "; ".join(facts.entry(says) for _, says in told)
        yield Item(f"Text: {_range('Text', sum(count for count, _ in told))}.", source)
    for one in proofs.inputs:
        if one.tokens is None:
            yield Item(f"Text: how many tokens {one.id} has. Nothing has counted them; the step `tokenise` does.")
        else:
            yield Item(f"{one.id} has {known.many(one.tokens[0], 'token')}.", facts.entry(one.tokens[1]))


def _range(what: str, count: int) -> str:
    return next(words for end, words in RANGES[what] if end is None or count < end)


def _latest(proofs: Proofs) -> Iterator[Item]:
    newest = max(proofs.sources, key=lambda one: one.version.stored, default=None)
    if newest is not None:
        stored = newest.version.stored
        source = facts.entry(newest.came) if newest.came is not None else f"register, {newest.id}"
        yield Item(f"{stored:%m/%Y}: {newest.id} was stored {known.moment(stored)}.", source)
    yield from facts.told(proofs.sources, "rai:dataCollectionTimeframe")


def _languages(proofs: Proofs) -> Iterator[Item]:
    counted = [list(facts.languages(one)) for one in proofs.inputs]
    for some in counted:
        yield from some
    for one in proofs.sources:
        if one.version.offered is not None and one.version.offered.language:
            said = ", ".join(one.version.offered.language)
            yield Item(f"{one.id}: {said}.", f"its provider's description of {one.version.name}")
        elif not all(counted):
            yield from facts.told((one,), "languages")


def _others(proofs: Proofs) -> Iterator[Item]:
    for one in proofs.sources:
        if one.version.origin.places:
            yield Item(f"{one.id} was collected in {', '.join(one.version.origin.places)}.", f"register, {one.id}")
        else:
            yield Item(f"In which places {one.id} was collected.")


# 2. List of data sources.


def _sources(proofs: Proofs) -> Section:
    found: dict[str, list[tuple[Piece, str]]] = {name: [] for name in TITLES}
    for one in proofs.sources:
        name, source = category(one)
        if name in found:
            found[name].append((one, source))
    left = [one for one in proofs.sources if category(one)[0] not in found]
    open_ = bool(left or proofs.lost)
    points = [_category(name, some, open_, proofs) for name, some in found.items()]
    if open_:
        points.insert(0, point("2", "Sources whose category is not known", map(unsorted, left), facts.lost(proofs)))
    return Section(SECTIONS[1], tuple(points))


def _category(name: str, some: list[tuple[Piece, str]], open_: bool, proofs: Proofs) -> Point:
    pieces, items = [one for one, _ in some], [listed(*one) for one in some]
    if not some and open_:
        items = [Item("Whether any: the category of some sources is not known.")]
    elif not some:
        items = [Item("None of the sources in the register.", "register: the category of every source is known")]
    more: Iterable[Item] = ()
    if name == "crawled" and some:
        more = _crawled(pieces, proofs)
    elif name == "users":
        more = facts.told(pieces, "userServices")
    elif name == "synthetic":
        more = facts.told(pieces, "generators")
    return point(*TITLES[name], items, more)


def _crawled(pieces: list[Piece], proofs: Proofs) -> Iterator[Item]:
    yield from facts.told(pieces, "crawlers")
    yield from facts.told(pieces, "rai:dataCollectionTimeframe")
    wanted = DOMAINS.get(proofs.answers.get("smallEnterprise", ""))
    if wanted is None:
        yield from facts.told_of_model(proofs, "smallEnterprise")
    else:
        yield Item(f"The template wants to see {wanted}.", "told here as smallEnterprise")
    counted = list(facts.domains(proofs.made))
    yield from counted or facts.told(pieces, "topDomains")


# 3. Aspects of data processing.


def _processing(proofs: Proofs) -> Section:
    return Section(
        SECTIONS[2],
        (
            point(
                "3.1",
                "Respect of reservations against text and data mining",
                _reservations(proofs),
                facts.told_of_model(proofs, "miningMeasures"),
                facts.told_of_model(proofs, "codeOfPractice"),
            ),
            point("3.2", "Removal of illegal content", facts.told_of_model(proofs, "illegalContent")),
            point("3.3", "Other processing", facts.steps(proofs.made, public=True)),
        ),
    )


def _reservations(proofs: Proofs) -> Iterator[Item]:
    yield from facts.steps(proofs.made, _RIGHTS, public=True)
    for one in proofs.inputs:
        ran = {step.step for each in proofs.behind((one.id,)) for step in each.steps}
        left = [name for name in _RIGHTS if name not in ran]
        if left:
            yield Item(f"Whether reservations were looked at in {one.id} by the step {' or '.join(left)}: the log has no such step of it.")
