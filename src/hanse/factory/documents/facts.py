"""Statements of the AI Act's documents, made of what is stated and told: each names what it is taken from, and no figure is worked out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from hanse.dcat.holding import DatasetVersion
from hanse.dcat.risk import risk_marks
from hanse.evidence.kinds import Derived, Figure, Predicate, Prepared, Trained
from hanse.factory.documents import known
from hanse.factory.documents.fields import BY_NAME
from hanse.factory.documents.proofs import Opinion, Piece, Proofs
from hanse.factory.documents.tree import Item
from hanse.odrl.names import HANSE

BIAS: Final = ("balance", "imbalance", "disparate-impact", "parity-difference", "selection-rate", "representativeness")
"""Measures that tell of biases."""
SETTING: Final = ("place-coverage", "place-share", "setting-declared")
PERSONAL: Final = ("personal-data", "personal-finds")
QUALITY: Final = (
    "relevance", "representativeness", "completeness", "record-completeness", "syntactic-accuracy", "type-errors", "errors", "duplicates",
    "text-duplicates", "near-duplicates", "format-consistency", "rule-consistency", "currentness", "timeliness", "label-completeness",
    "label-validity", "label-conflicts", "annotator-agreement", "provenance-completeness",
)  # fmt: skip
"""Measures that Article 10(3) asks about."""
_MOST: Final = 40
_LONGEST: Final = 300
_LANGUAGE: Final = re.compile(r"tokens-([a-z]{2,3})")
"""How the step `tokenise` names the counts of languages."""
_DOMAIN: Final = "domain "
"""How the step `domains` names the counts of the domains."""


def entry(says: Predicate) -> str:
    """Return how a statement is found again: its place in the log, and its id."""
    return f"log entry {says.entry}, {says.id}"


def came(piece: Piece) -> Iterator[Item]:
    """Say how a version came, as it is stated."""
    version, says = piece.version, piece.came
    source = _register(version) if says is None else entry(says)
    size = f"{known.many(version.count, 'file')}, {version.size:,} bytes, SHA-256 root {version.root}"
    if version.made_of:
        made = ", ".join(one.version for one in version.made_of[:_MOST])
        steps = f" in {known.many(says.steps, 'step')}" if isinstance(says, Derived) else ""
        yield Item(f"{piece.id} was made of {made}{steps}: {size}.", source)
    elif version.provider is None:
        yield Item(f"{piece.id} is data of one's own, stored {known.moment(version.stored)}: {size}.", source)
    else:
        under = f" under agreement {version.agreement}" if version.agreement else ""
        yield Item(f"{piece.id} was acquired from {version.provider}{under}, stored {known.moment(version.stored)}: {size}.", source)


def origin(piece: Piece) -> Iterator[Item]:
    """Say where a source comes from and how it was collected, as far as anybody says."""
    version, made = piece.version, piece.version.origin
    by = _register(version)
    if made.places:
        yield Item(f"{piece.id} was collected in {', '.join(made.places)}.", by)
    else:
        yield Item(f"In which places {piece.id} was collected.")
    if made.collection:
        yield Item(f"{piece.id} was collected by: {made.collection}.", by)
    else:
        yield from told((piece,), "rai:dataCollectionType")
    yield from told((piece,), "rai:dataCollection")
    yield from told((piece,), "rai:dataCollectionTimeframe")


def rights(piece: Piece) -> Iterator[Item]:
    """Say on which ground a source may be used."""
    version = piece.version
    licence = known.licence(known.dataset_of(version, piece.answers)) or version.origin.rights
    if licence:
        yield Item(f"{piece.id} has the licence {licence}.", _told_here(piece, "license") or _register(version))
    else:
        yield Item(f"The licence of {piece.id}.", ask="license")


def persons(piece: Piece) -> Iterator[Item]:
    """Say whether a source is about people, and what it was collected for then."""
    personal = piece.version.origin.personal
    if personal is None:
        yield Item(f"Whether {piece.id} is about people.", ask="rai:personalSensitiveInformation")
    else:
        yield Item(f"{piece.id} is {'' if personal else 'not '}about people.", _register(piece.version))
    if personal is not False:
        yield from told((piece,), "originalPurpose")


def about(piece: Piece) -> Iterator[Item]:
    """Say which places, times and languages a provider says that its data is about."""
    offered = piece.version.offered
    if offered is None:
        return
    by = f"its provider's description of {piece.version.name}"
    for what, values in (("places", offered.spatial), ("languages", offered.language)):
        if values:
            yield Item(f"{piece.id} is about the {what}: {', '.join(values)}.", by)
    if offered.temporal is not None:
        ends = [known.moment(one) if one is not None else "open" for one in (offered.temporal.start, offered.temporal.end)]
        yield Item(f"{piece.id} is about the time from {ends[0]} to {ends[1]}.", by)


def steps(pieces: Iterable[Piece], only: Collection[str] = (), *, public: bool = False) -> Iterator[Item]:
    """Say what each step of the preparation did, in figures; of all steps, or those named.

    For the `public` neither the code nor the parameters are told, which may name files.
    """
    for piece in pieces:
        ran = [says for says in piece.steps if not only or says.step in only]
        codes = {says.code for says in ran}
        if len(codes) == 1 and ran[0].code and not public:
            yield Item(f"Steps of {piece.id} were run by {ran[0].code}.", entry(ran[0]))
        for says in ran:
            yield Item(_did(piece, says) + ("." if public else _how(says, len(codes) > 1)), entry(says))


def _did(piece: Piece, says: Prepared) -> str:
    text = f"Step {says.number} of {piece.id}, {says.step} {says.step_version}: {known.many(says.records_in, 'record')} in"
    text += f", {says.added:,} made anew" if says.added else ""
    text += f", {says.records_out:,} out"
    for name, tallies in (("left out", says.dropped), ("counted", says.counts)):
        text += f"; {name}: {_tallies(tallies)}" if tallies else ""
    return text


def _how(says: Prepared, with_code: bool) -> str:
    code = f"; code {says.code}" if says.code and with_code else ""
    said = "; ".join(f"{key}={_short(value)}" for key, value in sorted(says.parameters.items()))
    return f"{code}; parameters: {said}." if said else f"{code}; no parameters were given."


def languages(piece: Piece) -> Iterator[Item]:
    """Say how many tokens there are in which language (`und`: not determined), where a step has counted."""
    for says in reversed(piece.steps):
        found = {match[1]: count for name, count in says.counts.items() if (match := _LANGUAGE.fullmatch(name))}
        if found:
            yield Item(f"{piece.id}, tokens by language: {_tallies(found)}.", entry(says))
            return


def domains(pieces: Iterable[Piece]) -> Iterator[Item]:
    """Say from which domains most text is, where the step `domains` has counted."""
    for piece in pieces:
        for says in (one for one in piece.steps if one.step == "domains" and "domains" in one.counts):
            named = {name.removeprefix(_DOMAIN): size for name, size in says.counts.items() if name.startswith(_DOMAIN)}
            ranked = sorted(named.items(), key=lambda one: (-one[1], one[0]))
            listed = ", ".join(f"{name} {size:,}" for name, size in ranked)
            share = f"share={says.parameters.get('share', '')}, most={says.parameters.get('most', '')}"
            of = f"Of {known.many(says.counts['domains'], 'domain')} in {piece.id}"
            yield Item(f"{of}, the largest by bytes of text ({share}): {listed or 'none'}.", entry(says))


def _tallies(tallies: Mapping[str, int]) -> str:
    largest = sorted(tallies.items(), key=lambda one: (-one[1], one[0]))
    more = ", and more that the log names" if len(largest) > _MOST else ""
    return ", ".join(f"{name} {count:,}" for name, count in largest[:_MOST]) + more


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def amounts(piece: Piece) -> Iterator[Item]:
    """Say how much there is: files, bytes, records, tokens."""
    version = piece.version
    yield Item(f"{piece.id} has {known.many(version.count, 'file')}, {version.size:,} bytes.", _register(version))
    last = piece.steps[-1] if piece.steps else None
    if last is not None:
        yield Item(f"{piece.id} has {known.many(last.records_out, 'record')}.", entry(last))
    elif piece.records is not None:
        yield Item(f"{piece.id} has {known.many(piece.records, 'record')}.", f"counted in {piece.id}")
    else:
        yield Item(f"How many records {piece.id} has: nothing has counted them.")
    if piece.tokens is not None:
        yield Item(f"{piece.id} has {known.many(piece.tokens[0], 'token')}.", entry(piece.tokens[1]))


def trained(proofs: Proofs) -> Iterator[Item]:
    """Say how a model was made."""
    for says in proofs.trainings:
        code = f"; code {says.code}" if says.code else ""
        said = "; ".join(f"{key}={_short(value)}" for key, value in sorted(says.parameters.items()))
        inputs = ", ".join(one.version for one in says.inputs[:_MOST])
        more = " and others that the log names" if len(says.inputs) > _MOST else ""
        text = f"{says.model} (SHA-256 {says.digest}) was made by `{word(says)}` of {inputs}{more}{code}"
        yield Item(f"{text}; parameters: {said}." if said else f"{text}; no parameters were stated.", entry(says))


def trained_with(proofs: Proofs, piece: Piece) -> str:
    """Return which trainings name a version."""
    return "; ".join(entry(says) for says in proofs.trainings if piece.id in {one.version for one in says.inputs})


def word(says: Trained) -> str:
    """Return a training's action as people write it, e.g. `train`."""
    return says.action.removeprefix(HANSE)


def measures(pieces: Iterable[Piece], names: Collection[str], what: str, also: Iterable[Piece] = ()) -> Iterator[Item]:
    """Say what was measured under these names, by the newest assessment of each stage, and what providers declare.

    What nobody has measured of `pieces` is not known; of those that are looked at `also`, nothing is missed.
    """
    needed = list(pieces)
    for piece in needed:
        found = list(_measured(piece, names))
        yield from found or (Item(f"{what} of {piece.id}: no signed assessment has such a measure."),)
    ids = {one.id for one in needed}
    for piece in also:
        if piece.id not in ids:
            yield from _measured(piece, names)


def _measured(piece: Piece, names: Collection[str]) -> Iterator[Item]:
    for says in _newest(piece):
        parts = [("", one) for one in says.figures] + [(one.part, one.figure) for one in says.details]
        for part, one in parts:
            if one.metric in names:
                yield _figure(piece, says, part, one)
    for declared in () if piece.version.offered is None else piece.version.offered.measures:
        name = declared.metric.rpartition(":")[2]
        if name in names:
            by = f"its provider's description of {piece.version.name}"
            yield Item(f"{name} of {piece.id}, declared by its provider and not measured here: {declared.value:.9g}.", by)


def _newest(piece: Piece) -> list[Opinion]:
    by_stage: dict[str, Opinion] = {}
    for one in piece.assessed:
        by_stage.setdefault(one.stage, one)
    return list(by_stage.values())


def _figure(piece: Piece, says: Opinion, part: str, one: Figure) -> Item:
    ends = f", between {one.low:.9g} and {one.high:.9g}" if one.low is not None and one.high is not None else ""
    way = f"; {one.better} is better" if one.better else ""
    by = f" by {one.method}" if one.method else ""
    of = f"{piece.id}, {part}," if part else f"{piece.id},"
    text = f"{one.metric} of {of} measured at the stage {says.stage}{by}: {one.value:.9g}{ends}{way}."
    return Item(text, f"statement {says.statement} of {says.by}; report sha256 {says.report}")


def unmeasured(piece: Piece, names: Sequence[str]) -> Iterator[Item]:
    """Say which measures nobody has taken of a version."""
    there = {one.metric for says in piece.assessed for one in (*says.figures, *(each.figure for each in says.details))}
    left = [one for one in names if one not in there]
    if not piece.assessed:
        yield Item(f"Nobody has stated an assessment of {piece.id}: `hanse quality assess {piece.id}` makes one.")
    elif left:
        yield Item(f"No assessment of {piece.id} has: {', '.join(left)}.")


def marks(piece: Piece) -> Iterator[Item]:
    """Say what has to be watched in a source."""
    offered = piece.version.offered
    found = risk_marks(piece.version.origin, None if offered is None else offered.licence)
    if found:
        yield Item(f"To be watched in {piece.id}: {', '.join(found)}.", _register(piece.version))


def lost(proofs: Proofs) -> Iterator[Item]:
    """Say of which inputs nothing is left but what the log has."""
    for one in proofs.lost:
        yield Item(f"Everything about {one.version} (SHA-256 root {one.root}) but its name: no record of it is left here.")


def told(pieces: Iterable[Piece], name: str) -> Iterator[Item]:
    """Say what was told of each dataset under a field, by a person here or by its provider; each dataset once."""
    for dataset, piece in {one.version.name: one for one in pieces}.items():
        here = piece.answers.get(name)
        if here:
            yield Item(f"{BY_NAME[name].question} {dataset}: {here}", f"told here of {dataset} as {name}")
            continue
        text = _by_provider(piece, name)
        if text:
            yield Item(f"{BY_NAME[name].question} {dataset}: {text}", f"its provider's description of {dataset}")
        else:
            yield Item(f"{BY_NAME[name].question} ({dataset})", ask=name)


def told_of_model(proofs: Proofs, name: str) -> Iterator[Item]:
    """Say what was told of the model, or of the participant, under a field."""
    text = proofs.answers.get(name)
    question = BY_NAME[name].question
    yield Item(f"{question} {text}", f"told here as {name}") if text else Item(question, ask=name)


def _by_provider(piece: Piece, name: str) -> str | None:
    offered = piece.version.offered
    if offered is None:
        return None
    if name == "description":
        return offered.description or None
    return known.rai(offered, {}, name.removeprefix("rai:")) if name.startswith("rai:") else None


def _told_here(piece: Piece, name: str) -> str:
    offered = piece.version.offered
    by_provider = offered is not None and bool(offered.licence)
    return f"told here of {piece.version.name} as {name}" if piece.answers.get(name) and not by_provider else ""


def _register(version: DatasetVersion) -> str:
    said = f"; origin as told by: {version.origin.source}" if version.origin.source else ""
    return f"register, {version.id}{said}"
